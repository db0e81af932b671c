package parquet

import (
	"sort"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// rowGroup is a row group in the making. Its rows come in strips; what is kept of
// them until it is written is encoded.
type rowGroup struct {
	rows   int
	bytes  int64 // of the values, not encoded
	strips int   // submitted so far

	chunks []chunk
	left   atomic.Int64  // columns of strips not encoded yet, and one while more may come
	done   chan struct{} // closed when none is left
}

func newRowGroup(columns int) *rowGroup {
	g := &rowGroup{chunks: make([]chunk, columns), done: make(chan struct{})}
	g.left.Store(1)
	return g
}

// finish notes that n columns of strips have been encoded, or that no more
// strips will come.
func (g *rowGroup) finish(n int64) {
	if g.left.Add(-n) == 0 {
		close(g.done)
	}
}

// strip is consecutive rows of a row group on their way to the encoder: as many
// whole pages as are enough to choose encodings by.
type strip struct {
	group    *rowGroup
	firstRow int // within the row group
	rows     int // none at all in a strip that only ends its row group
	bytes    int64
	// rowsExpected is how many rows the row group will have, by what is known
	// with this strip.
	rowsExpected int
	last         bool // of its row group

	// arrays are the rows of each column, retained until it is encoded.
	arrays [][]arrow.Array
	left   atomic.Int32 // columns not encoded yet
}

// stripRowsMin is how many rows a strip has at least, but at the end of a row
// group: encodings are chosen by them.
const stripRowsMin = 1 << 14

// stripRows is how many rows a strip has, but at the end of a row group.
func (o *Options) stripRows() int {
	return o.PageRows * max(1, (stripRowsMin+o.PageRows-1)/o.PageRows)
}

func newStrip(g *rowGroup) *strip {
	t := &strip{group: g, firstRow: g.rows, arrays: make([][]arrow.Array, len(g.chunks))}
	t.left.Store(int32(len(g.chunks)))
	return t
}

// add retains the rows of rec from low to before high.
func (t *strip) add(rec arrow.Record, low, high int) {
	for i, a := range rec.Columns() {
		if low == 0 && high == a.Len() {
			a.Retain()
		} else {
			a = array.NewSlice(a, int64(low), int64(high))
		}
		t.arrays[i] = append(t.arrays[i], a)
	}
	t.rows += high - low
}

// releaseColumn gives the rows of a column back.
func (t *strip) releaseColumn(i int) {
	for _, a := range t.arrays[i] {
		a.Release()
	}
	t.arrays[i] = nil
}

// release gives all rows back that are still held.
func (t *strip) release() {
	for i := range t.arrays {
		t.releaseColumn(i)
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
		a := rec.Column(i)
		switch d, coded := a.(*array.Dictionary); {
		case a.Len() == 0:
		case coded:
			s.variable = append(s.variable, codedOffsets(d))
		default:
			start := a.Data().Offset()
			s.variable = append(s.variable, arrow.Int32Traits.CastFromBytes(buffer(a, 1))[start:start+a.Len()+1])
		}
	}
	return s
}

// codedOffsets returns the offsets that the strings of a coded column would
// have by themselves. They may go beyond 32 bits, and wrap around then: only
// differences of a row group's worth are looked at.
func codedOffsets(d *array.Dictionary) []int32 {
	places, values := codedStrings(d)
	offsets := make([]int32, d.Len()+1)
	at := int32(0)
	bitmap, start := d.NullBitmapBytes(), d.Data().Offset()
	for i, p := range places {
		if d.NullN() == 0 || bitutil.BitIsSet(bitmap, start+i) {
			at += values.offsets[p+1] - values.offsets[p]
		}
		offsets[i+1] = at
	}
	return offsets
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
