package aggregate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

var countFields = []arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}

// count counts the rows it is given: those whose argument is not NULL, or all.
type count struct{ n []int64 }

func newCount() state { return &count{} }

func (s *count) grow(n int)   { s.n = grown(s.n, n) }
func (s *count) bytes() int64 { return 8 * int64(cap(s.n)) }

func (s *count) fold(in *folding) error {
	n := s.n
	switch {
	case len(n) == 1 && in.all:
		n[0] += int64(len(in.groups))
	case len(n) == 1:
		n[0] += int64(len(in.rows))
	case in.all && len(n) <= countLanesMax:
		s.foldFew(in.groups)
	case in.all:
		for _, g := range in.groups {
			n[g]++
		}
	default:
		for _, r := range in.rows {
			n[in.groups[r]]++
		}
	}
	return nil
}

// countLanesMax is up to how many groups foldFew serves.
const countLanesMax = 64

// foldFew counts rows of few groups in four arrays, because an increment of a
// word that was just incremented has to wait for it.
func (s *count) foldFew(groups []uint32) {
	var lanes [4][countLanesMax]int64
	for ; len(groups) >= 4; groups = groups[4:] {
		lanes[0][groups[0]%countLanesMax]++
		lanes[1][groups[1]%countLanesMax]++
		lanes[2][groups[2]%countLanesMax]++
		lanes[3][groups[3]%countLanesMax]++
	}
	for _, g := range groups {
		lanes[0][g%countLanesMax]++
	}
	for g := range s.n {
		s.n[g] += lanes[0][g] + lanes[1][g] + lanes[2][g] + lanes[3][g]
	}
}

func (s *count) combine(groups []uint32, columns []arrow.Array) error {
	values := columns[0].(*array.Int64).Int64Values()
	for i, g := range groups {
		s.n[g] += values[i]
	}
	return nil
}

func (s *count) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	return []arrow.Array{s.result(alloc, groups)}, nil
}

func (s *count) result(alloc memory.Allocator, groups []uint32) arrow.Array {
	return picked(alloc, s.n, groups)
}

// picked is a column of the groups' values. The loop is as short as it is
// because groups come by hash partition, so that nearly every value is a cache
// miss of its own, and the processor is to have many of them under way.
func picked(alloc memory.Allocator, values []int64, groups []uint32) arrow.Array {
	data := memory.NewResizableBuffer(alloc)
	defer data.Release()
	data.Resize(8 * len(groups))
	column := arrow.Int64Traits.CastFromBytes(data.Bytes())[:len(groups)]
	for i, g := range groups {
		column[i] = values[g]
	}
	d := array.NewData(arrow.PrimitiveTypes.Int64, len(groups), []*memory.Buffer{nil, data}, nil, 0, 0)
	defer d.Release()
	return array.MakeFromData(d)
}
