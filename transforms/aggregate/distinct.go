package aggregate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func distinctFields(t arrow.DataType) []arrow.Field {
	return []arrow.Field{{Name: "values", Type: arrow.ListOf(t)}}
}

// distinct is f(DISTINCT x): the set of values of each group, of which f is
// computed at the end.
type distinct struct {
	values dictionary
	pairs  wordTable // group<<32 | number of the value
	counts []int64   // of distinct values, by group
	inner  state     // f; nothing is folded into it before finish
	ids    []uint32
	words  []uint64

	// the numbers of each group's values, made of pairs when somebody asks
	grouped []uint32
	starts  []int
}

// newDistinct returns the state of a function of distinct values of a type.
func newDistinct(t arrow.DataType, inner func() state) (func() state, error) {
	if _, err := newDictionary([]arrow.DataType{t}); err != nil {
		return nil, err
	}
	return func() state {
		d, _ := newDictionary([]arrow.DataType{t})
		return &distinct{values: d, inner: inner()}
	}, nil
}

func (s *distinct) grow(n int) { s.counts = grown(s.counts, n) }

func (s *distinct) bytes() int64 {
	return s.values.bytes() + s.pairs.bytes() + 8*int64(cap(s.counts)+cap(s.words)) + 4*int64(cap(s.ids))
}

func (s *distinct) size(g uint32) int64 { return 16 * s.counts[g] }

func (s *distinct) fold(in *folding) error {
	ids := s.number(in.args[:1])
	s.words = s.words[:0]
	if in.all {
		for i, g := range in.groups {
			s.words = pushed(s.words, uint64(g)<<32|uint64(ids[i]))
		}
	} else {
		for _, r := range in.rows {
			s.words = pushed(s.words, uint64(in.groups[r])<<32|uint64(ids[r]))
		}
	}
	s.insert()
	return nil
}

// number numbers the values of a column.
func (s *distinct) number(column []arrow.Array) []uint32 {
	s.ids = grown(s.ids[:0], column[0].Len())
	s.values.lookup(column, s.ids)
	return s.ids
}

// insert adds the pairs in words.
func (s *distinct) insert() {
	before := len(s.pairs.keys)
	s.ids = grown(s.ids[:0], len(s.words))
	s.pairs.lookup(s.words, s.ids)
	for _, pair := range s.pairs.keys[before:] {
		s.counts[pair>>32]++
	}
}

func (s *distinct) combine(groups []uint32, columns []arrow.Array) error {
	list := columns[0].(*array.List)
	s.words = s.words[:0]
	if list.Len() > 0 {
		first, _ := list.ValueOffsets(0)
		_, last := list.ValueOffsets(list.Len() - 1)
		values := array.NewSlice(list.ListValues(), first, last)
		defer values.Release()
		ids := s.number([]arrow.Array{values})
		for i, g := range groups {
			start, end := list.ValueOffsets(i)
			for _, id := range ids[start-first : end-first] {
				s.words = pushed(s.words, uint64(g)<<32|uint64(id))
			}
		}
	}
	s.insert()
	return nil
}

// group brings the numbers of each group's values together.
func (s *distinct) group() {
	if s.starts != nil {
		return
	}
	s.starts = make([]int, len(s.counts)+1)
	next := make([]int, len(s.counts))
	at := 0
	for g, n := range s.counts {
		s.starts[g], next[g] = at, at
		at += int(n)
	}
	s.starts[len(s.counts)] = at
	s.grouped = make([]uint32, at)
	for _, pair := range s.pairs.keys {
		g := pair >> 32
		s.grouped[next[g]] = uint32(pair)
		next[g]++
	}
}

func (s *distinct) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	s.group()
	var ids []uint32
	offsets := memory.NewResizableBuffer(alloc)
	defer offsets.Release()
	offsets.Resize(4 * (len(groups) + 1))
	ends := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	ends[0] = 0
	for i, g := range groups {
		ids = append(ids, s.grouped[s.starts[g]:s.starts[g+1]]...)
		ends[i+1] = int32(len(ids))
	}
	values, err := s.values.arrays(alloc, ids)
	if err != nil {
		return nil, err
	}
	defer releaseAll(values)
	d := array.NewData(arrow.ListOf(values[0].DataType()), len(groups), []*memory.Buffer{nil, offsets},
		[]arrow.ArrayData{values[0].Data()}, 0, 0)
	defer d.Release()
	return []arrow.Array{array.NewListData(d)}, nil
}

// finish computes the function.
func (s *distinct) finish() error {
	s.inner.grow(len(s.counts))
	for pairs := s.pairs.keys; len(pairs) > 0; {
		n := min(len(pairs), batchRowsMax)
		in := folding{all: true, groups: make([]uint32, n)}
		ids := make([]uint32, n)
		for i, pair := range pairs[:n] {
			in.groups[i], ids[i] = uint32(pair>>32), uint32(pair)
		}
		pairs = pairs[n:]
		var err error
		if in.args, err = s.values.arrays(memory.DefaultAllocator, ids); err != nil {
			return err
		}
		err = s.inner.fold(&in)
		releaseAll(in.args)
		if err != nil {
			return err
		}
	}
	if f, ok := s.inner.(finisher); ok {
		return f.finish()
	}
	return nil
}
