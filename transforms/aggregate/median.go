package aggregate

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

var medianFields = []arrow.Field{{Name: "values", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)}}

// median is the exact median. There is no way around keeping the values; users
// with many of them are better served by approx_quantile(x, 0.5).
type median struct {
	words  []uint64 // of all values, as they came; rowkey words of doubles
	owners []uint32 // the group of each
	counts []int64  // of values, by group
	buf    []float64

	// by group, made of words and owners when somebody asks
	grouped []uint64
	starts  []int
}

func newMedian() state { return &median{} }

func (s *median) grow(n int) { s.counts = grown(s.counts, n) }

// bytes counts the values twice: they are copied to be grouped.
func (s *median) bytes() int64 {
	return 8*int64(2*cap(s.words)+cap(s.counts)+cap(s.buf)) + 4*int64(cap(s.owners))
}

func (s *median) size(g uint32) int64 { return 8 * s.counts[g] }

func (s *median) fold(in *folding) error {
	s.buf = doubles(s.buf, in.args[0])
	each(in, func(r int, g uint32) { s.add(g, s.buf[r]) })
	return nil
}

func (s *median) add(g uint32, v float64) {
	s.words = pushed(s.words, rowkey.DoubleWord(v))
	s.owners = pushed(s.owners, g)
	s.counts[g]++
}

// group brings the values of each group together.
func (s *median) group() {
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
	s.grouped = make([]uint64, at)
	for i, g := range s.owners {
		s.grouped[next[g]] = s.words[i]
		next[g]++
	}
}

func (s *median) of(g uint32) []uint64 { return s.grouped[s.starts[g]:s.starts[g+1]] }

func (s *median) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	s.group()
	b := array.NewListBuilder(alloc, arrow.PrimitiveTypes.Float64)
	defer b.Release()
	values := b.ValueBuilder().(*array.Float64Builder)
	for _, g := range groups {
		b.Append(true)
		for _, w := range s.of(g) {
			values.Append(rowkey.WordDouble(w))
		}
	}
	return []arrow.Array{b.NewArray()}, nil
}

func (s *median) combine(groups []uint32, columns []arrow.Array) error {
	list := columns[0].(*array.List)
	values := list.ListValues().(*array.Float64).Float64Values()
	for i, g := range groups {
		start, end := list.ValueOffsets(i)
		for _, v := range values[start:end] {
			s.add(g, v)
		}
	}
	return nil
}

// finish sorts the values of every group.
func (s *median) finish() error {
	s.group()
	for g := range s.counts {
		slices.Sort(s.of(uint32(g)))
	}
	return nil
}

func (s *median) result(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		words := s.of(g)
		n := len(words)
		if n == 0 {
			return 0, false
		}
		high := rowkey.WordDouble(words[n/2])
		if n%2 != 0 {
			return high, true
		}
		low := rowkey.WordDouble(words[n/2-1])
		if low == high {
			return low, true
		}
		// Halved first where the sum would be out of range.
		if mean := (low + high) / 2; mean-mean == 0 {
			return mean, true
		}
		return low/2 + high/2, true
	}), nil
}
