package parquet

import (
	"sort"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// rowGroup is rows on their way: first gathered by Write, then encoded column by
// column, then written.
type rowGroup struct {
	rows  int
	bytes int64 // of the values, not encoded

	// arrays are the rows of each column, retained until it is encoded.
	arrays [][]arrow.Array
	chunks []chunk
	left   atomic.Int32  // columns not encoded yet
	done   chan struct{} // closed when none is
}

func newRowGroup(columns int) *rowGroup {
	g := &rowGroup{
		arrays: make([][]arrow.Array, columns),
		chunks: make([]chunk, columns),
		done:   make(chan struct{}),
	}
	g.left.Store(int32(columns))
	return g
}

// add retains the rows of rec from low to before high.
func (g *rowGroup) add(rec arrow.Record, low, high int) {
	for i, a := range rec.Columns() {
		if low == 0 && high == a.Len() {
			a.Retain()
		} else {
			a = array.NewSlice(a, int64(low), int64(high))
		}
		g.arrays[i] = append(g.arrays[i], a)
	}
	g.rows += high - low
}

// releaseColumn gives the rows of a column back.
func (g *rowGroup) releaseColumn(i int) {
	for _, a := range g.arrays[i] {
		a.Release()
	}
	g.arrays[i] = nil
}

// release gives all rows back that are still held.
func (g *rowGroup) release() {
	for i := range g.arrays {
		g.releaseColumn(i)
	}
}

// rowSizes tells how many bytes the values of rows take, before encoding.
type rowSizes struct {
	fixedBytes int64
	variable   [][]int32 // offsets of the columns of variable length
}

// sizesOf prepares to size the rows of a record.
func sizesOf(columns []column, rec arrow.Record) rowSizes {
	var s rowSizes
	for i, c := range columns {
		if !c.variableLength() {
			s.fixedBytes += int64(c.valueBytes())
			continue
		}
		s.fixedBytes += 4
		if a := rec.Column(i); a.Len() > 0 {
			start := a.Data().Offset()
			s.variable = append(s.variable, arrow.Int32Traits.CastFromBytes(buffer(a, 1))[start:start+a.Len()+1])
		}
	}
	return s
}

// bytes returns the size of the rows from low to before high.
func (s *rowSizes) bytes(low, high int) int64 {
	size := s.fixedBytes * int64(high-low)
	for _, offsets := range s.variable {
		size += int64(offsets[high] - offsets[low])
	}
	return size
}

// fitting returns how many of the rows from low to before high fit into room.
func (s *rowSizes) fitting(low, high int, room int64) int {
	if s.bytes(low, high) <= room {
		return high - low
	}
	return sort.Search(high-low, func(n int) bool { return s.bytes(low, low+n+1) > room })
}
