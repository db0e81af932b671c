package aggregate

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

func valueFields(t arrow.DataType) []arrow.Field {
	return []arrow.Field{{Name: "value", Type: t, Nullable: true}}
}

// newExtreme returns the state of min, or of max, of a type.
func newExtreme(t arrow.DataType, largest bool) func() state {
	switch {
	case rowkey.Fixed(t):
		s := wordExtreme{wordCells: wordCells{typ: t}}
		if largest {
			s.flip = ^uint64(0)
		}
		return func() state { c := s; return &c }
	case t.ID() == arrow.DECIMAL128:
		return func() state {
			return &decimalExtreme{decimalCells{typ: t.(*arrow.Decimal128Type)}, largest}
		}
	}
	return func() state { return &textExtreme{textCells{typ: t}, largest} }
}

// wordExtreme is min and max of values of at most eight bytes. The words of max
// are inverted while they are compared, so that the least word wins always.
type wordExtreme struct {
	wordCells
	flip uint64
}

func (s *wordExtreme) fold(in *folding) error {
	s.buf = rowkey.Words(s.buf, in.args[0])
	s.fill(in.groups, in.rows, in.all)
	return nil
}

func (s *wordExtreme) fill(groups []uint32, rows []int32, all bool) {
	words, valid, flip := s.words, s.valid, s.flip
	if all {
		buf := s.buf[:len(groups)]
		for i, g := range groups {
			if w := buf[i]; !valid[g] || w^flip < words[g]^flip {
				words[g], valid[g] = w, true
			}
		}
		return
	}
	for _, r := range rows {
		g := groups[r]
		if w := s.buf[r]; !valid[g] || w^flip < words[g]^flip {
			words[g], valid[g] = w, true
		}
	}
}

func (s *wordExtreme) combine(groups []uint32, columns []arrow.Array) error {
	s.buf = rowkey.Words(s.buf, columns[0])
	rows, all := present(columns[0])
	s.fill(groups, rows, all)
	return nil
}

func (s *wordExtreme) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.array(alloc, groups))
	return c.result()
}

// textExtreme is min and max of texts, bytewise.
type textExtreme struct {
	textCells
	largest bool
}

func (s *textExtreme) fold(in *folding) error {
	data, offsets := textBuffers(in.args[0])
	if in.all {
		for i, g := range in.groups {
			s.meet(g, data[offsets[i]:offsets[i+1]])
		}
		return nil
	}
	for _, r := range in.rows {
		s.meet(in.groups[r], data[offsets[r]:offsets[r+1]])
	}
	return nil
}

func (s *textExtreme) meet(g uint32, text []byte) {
	old := s.texts[g]
	if old == nil || (bytes.Compare(text, old) < 0) != s.largest && !bytes.Equal(text, old) {
		s.set(g, text)
	}
}

func (s *textExtreme) combine(groups []uint32, columns []arrow.Array) error {
	rows, all := present(columns[0])
	return s.fold(&folding{groups: groups, rows: rows, all: all, args: columns})
}

func (s *textExtreme) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.array(alloc, groups))
	return c.result()
}

// decimalExtreme is min and max of decimals.
type decimalExtreme struct {
	decimalCells
	largest bool
}

func (s *decimalExtreme) fold(in *folding) error {
	values := in.args[0].(*array.Decimal128).Values()
	each(in, func(r int, g uint32) {
		v := values[r]
		if !s.valid[g] || !s.largest && v.Less(s.values[g]) || s.largest && s.values[g].Less(v) {
			s.values[g], s.valid[g] = v, true
		}
	})
	return nil
}

func (s *decimalExtreme) combine(groups []uint32, columns []arrow.Array) error {
	rows, all := present(columns[0])
	return s.fold(&folding{groups: groups, rows: rows, all: all, args: columns})
}

func (s *decimalExtreme) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.array(alloc, groups))
	return c.result()
}
