package aggregate

import (
	"bytes"
	"math"

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
	case t.ID() == arrow.FLOAT64:
		return func() state { return &doubleExtreme{largest: largest} }
	case rowkey.Fixed(t):
		s := wordExtreme{typ: t}
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

// wordExtreme is min and max of values of at most eight bytes, but for doubles.
// The words of max are kept inverted, so that the least word wins always; where
// there is no value yet the largest word stands.
type wordExtreme struct {
	typ   arrow.DataType
	words []uint64
	valid []bool
	flip  uint64
	buf   []uint64
}

func (s *wordExtreme) grow(n int) {
	old := len(s.words)
	s.words, s.valid = grown(s.words, n), grown(s.valid, n)
	for i := old; i < len(s.words); i++ {
		s.words[i] = ^uint64(0)
	}
}

func (s *wordExtreme) bytes() int64 { return 9*int64(cap(s.words)) + 8*int64(cap(s.buf)) }

func (s *wordExtreme) fold(in *folding) error {
	s.buf = rowkey.Words(s.buf, in.args[0])
	words, valid, flip := s.words, s.valid[:len(s.words)], s.flip
	if in.all {
		buf := s.buf[:len(in.groups)]
		for i, g := range in.groups {
			if w := buf[i] ^ flip; w < words[g] {
				words[g] = w
			}
			valid[g] = true
		}
		return nil
	}
	for _, r := range in.rows {
		g := in.groups[r]
		if w := s.buf[r] ^ flip; w < words[g] {
			words[g] = w
		}
		valid[g] = true
	}
	return nil
}

func (s *wordExtreme) combine(groups []uint32, columns []arrow.Array) error {
	rows, all := present(columns[0])
	return s.fold(&folding{groups: groups, rows: rows, all: all, args: columns})
}

func (s *wordExtreme) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.array(alloc, groups))
	return c.result()
}

func (s *wordExtreme) array(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	picked := make([]uint64, len(groups)+1)
	ids := make([]uint32, len(groups))
	null := uint32(len(groups))
	for i, g := range groups {
		picked[i], ids[i] = s.words[g]^s.flip, uint32(i)
		if !s.valid[g] {
			ids[i] = null
		}
	}
	return rowkey.FromWords(alloc, s.typ, picked, ids, null)
}

// doubleExtreme is min and max of doubles. NaN is the largest value, and also
// stands where there is no value yet: it is in no relation to another, so that
// the loops can tell by one comparison that a value changes nothing.
type doubleExtreme struct {
	largest bool
	best    []float64
	valid   []bool
}

func (s *doubleExtreme) grow(n int) {
	old := len(s.best)
	s.best, s.valid = grown(s.best, n), grown(s.valid, n)
	for i := old; i < len(s.best); i++ {
		s.best[i] = math.NaN()
	}
}

func (s *doubleExtreme) bytes() int64 { return 9 * int64(cap(s.best)) }

func (s *doubleExtreme) fold(in *folding) error {
	values, best := in.args[0].(*array.Float64).Float64Values(), s.best
	if !in.all {
		for _, r := range in.rows {
			s.meet(in.groups[r], values[r])
		}
		return nil
	}
	values = values[:len(in.groups)]
	if s.largest {
		for i, g := range in.groups {
			if v := values[i]; !(v <= best[g]) {
				s.meet(g, v)
			}
		}
		return nil
	}
	for i, g := range in.groups {
		if v := values[i]; !(v >= best[g]) {
			s.meet(g, v)
		}
	}
	return nil
}

// meet takes one value into account. -0.0 is kept as 0, and NaN as one of all
// NaNs, as rowkey has them.
func (s *doubleExtreme) meet(g uint32, v float64) {
	word := rowkey.DoubleWord(v)
	if old := rowkey.DoubleWord(s.best[g]); s.valid[g] && (word == old || word < old == s.largest) {
		return
	}
	s.best[g], s.valid[g] = rowkey.WordDouble(word), true
}

func (s *doubleExtreme) combine(groups []uint32, columns []arrow.Array) error {
	rows, all := present(columns[0])
	return s.fold(&folding{groups: groups, rows: rows, all: all, args: columns})
}

func (s *doubleExtreme) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.array(alloc, groups))
	return c.result()
}

func (s *doubleExtreme) array(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) { return s.best[g], s.valid[g] }), nil
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
