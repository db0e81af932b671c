package aggregate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/exactsum"
)

var doubleSumFields = []arrow.Field{
	{Name: "w0", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "w1", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "w2", Type: arrow.PrimitiveTypes.Int64},
	{Name: "wide", Type: arrow.BinaryTypes.Binary, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64},
}

// doubleSum is sum and avg of a DOUBLE, exact until the result is rounded. It
// is the sum of three parts, by group.
type doubleSum struct {
	// cells take rows, as long as these are within scale; nil while there
	// were none. They also count the rows.
	cells []exactsum.Cell
	scale exactsum.Range
	// totals are the cells that were settled, and the states combined. It is
	// short or nil while all are 0.
	totals []doubleTotal
	wide   wideSums // what fits neither
	groups int

	folded, missed int // rows since scale was chosen; those that are not within it
}

type doubleTotal struct {
	exactsum.Sum
	n int64 // of the states combined
}

const (
	// scaleSampleRows is how many rows the scale is chosen from.
	scaleSampleRows = 1024
	// scaleMissed is the share of rows, as its inverse, that may not be within
	// the scale before another is chosen.
	scaleMissed = 8
)

func newDoubleSum() state { return &doubleSum{} }

func (s *doubleSum) grow(n int) { s.groups = n }

func (s *doubleSum) bytes() int64 {
	return 24*int64(cap(s.cells)) + 32*int64(cap(s.totals)) + s.wide.bytes()
}

func (s *doubleSum) fold(in *folding) error {
	values := in.args[0].(*array.Float64).Float64Values()
	if len(values) == 0 {
		return nil
	}
	s.cells = grown(s.cells, s.groups)
	s.rescale(values)
	if !in.all {
		s.folded += len(in.rows)
		for rows := in.rows; len(rows) > 0; {
			n := s.scale.AddRows(s.cells, in.groups, values, rows)
			if rows = rows[n:]; len(rows) > 0 {
				s.add(in.groups[rows[0]], values[rows[0]])
				rows = rows[1:]
			}
		}
		return nil
	}
	values = values[:len(in.groups)]
	s.folded += len(values)
	if s.groups == 1 {
		s.foldOne(values)
		return nil
	}
	for at := 0; at < len(values); at++ {
		if at += s.scale.AddEach(s.cells, in.groups[at:], values[at:]); at < len(values) {
			s.add(in.groups[at], values[at])
		}
	}
	return nil
}

// foldOne adds values to the only group.
func (s *doubleSum) foldOne(values []float64) {
	s.totals = grown(s.totals, 1)
	for len(values) > 0 {
		n := s.scale.AddTo(&s.totals[0].Sum, values)
		s.totals[0].n += int64(n)
		if values = values[n:]; len(values) > 0 {
			s.add(0, values[0])
			values = values[1:]
		}
	}
}

// add adds a value that the loops leave over.
func (s *doubleSum) add(g uint32, v float64) {
	s.totals = grown(s.totals, int(g)+1)
	if !s.scale.Holds(v) {
		s.missed++
	}
	if !s.scale.Add(&s.cells[g], &s.totals[g].Sum, v) {
		s.wide.of(g).Add(v)
	}
}

// rescale chooses the scale from values where there is none or where the one
// there is does not serve.
func (s *doubleSum) rescale(values []float64) {
	if s.folded > 0 && (s.missed < s.folded/scaleMissed || s.folded < max(scaleSampleRows, s.groups)) {
		return
	}
	scale := exactsum.RangeOf(values[:min(len(values), scaleSampleRows)])
	if scale != s.scale {
		for g := range s.cells {
			s.settle(uint32(g))
		}
		s.scale = scale
	}
	s.folded, s.missed = 0, 0
}

// settle moves what the group's cell holds to its total.
func (s *doubleSum) settle(g uint32) {
	if int(g) < len(s.cells) && !s.cells[g].Empty() {
		s.totals = grown(s.totals, int(g)+1)
		s.scale.Settle(&s.cells[g], &s.totals[g].Sum)
	}
}

// total returns the group's sum, but for its wide part, and how many values it
// is of.
func (s *doubleSum) total(g uint32) (t doubleTotal) {
	if int(g) < len(s.totals) {
		t = s.totals[g]
	}
	if int(g) < len(s.cells) {
		c := s.cells[g]
		s.scale.Settle(&c, &t.Sum)
		t.n += c.N
	}
	return t
}

func (s *doubleSum) combine(groups []uint32, columns []arrow.Array) error {
	w0 := columns[0].(*array.Uint64).Uint64Values()
	w1 := columns[1].(*array.Uint64).Uint64Values()
	w2 := columns[2].(*array.Int64).Int64Values()
	n := columns[4].(*array.Int64).Int64Values()
	s.totals = grown(s.totals, s.groups)
	for i, g := range groups {
		t := &s.totals[g]
		t.AddSum(exactsum.Sum{W0: w0[i], W1: w1[i], W2: w2[i]})
		t.n += n[i]
	}
	return s.wide.combine(groups, columns[3].(*array.Binary))
}

func (s *doubleSum) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	totals := make([]doubleTotal, len(groups))
	places := make([]uint32, len(groups))
	for i, g := range groups {
		totals[i], places[i] = s.total(g), uint32(i)
	}
	var c collect
	c.add(uint64Column(alloc, places, func(i uint32) uint64 { return totals[i].W0 }), nil)
	c.add(uint64Column(alloc, places, func(i uint32) uint64 { return totals[i].W1 }), nil)
	c.add(int64Column(alloc, places, func(i uint32) int64 { return totals[i].W2 }), nil)
	c.add(s.wide.column(alloc, groups))
	c.add(int64Column(alloc, places, func(i uint32) int64 { return totals[i].n }), nil)
	return c.result()
}

func (s *doubleSum) size(g uint32) int64 { return s.wide.size(g) }

func (s *doubleSum) sum(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := s.total(g)
		return exactsum.Total(t.Sum, s.wide.get(g)), t.n > 0
	}), nil
}

func (s *doubleSum) avg(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := s.total(g)
		if t.n == 0 {
			return 0, false
		}
		return exactsum.Mean(t.Sum, s.wide.get(g), t.n), true
	}), nil
}

// wideSums holds what did not fit the windows, for the few groups that have
// such values.
type wideSums struct {
	index []uint32 // by group: place in sums plus one; short or nil while all are 0
	sums  []*exactsum.Wide
}

// wideSumBytes is the size of an exactsum.Wide, nearly.
const wideSumBytes = 824

func (w *wideSums) bytes() int64 {
	return 4*int64(cap(w.index)) + (8+wideSumBytes)*int64(len(w.sums))
}

// get returns the group's wide sum, nil if it has none.
func (w *wideSums) get(g uint32) *exactsum.Wide {
	if int(g) >= len(w.index) || w.index[g] == 0 {
		return nil
	}
	return w.sums[w.index[g]-1]
}

// of returns the group's wide sum, made when it has none.
func (w *wideSums) of(g uint32) *exactsum.Wide {
	if s := w.get(g); s != nil {
		return s
	}
	w.index = grown(w.index, int(g)+1)
	s := new(exactsum.Wide)
	w.sums = append(w.sums, s)
	w.index[g] = uint32(len(w.sums))
	return s
}

func (w *wideSums) size(g uint32) int64 {
	if w.get(g) == nil {
		return 0
	}
	return wideSumBytes
}

func (w *wideSums) combine(groups []uint32, column *array.Binary) error {
	if column.NullN() == column.Len() {
		return nil
	}
	var o exactsum.Wide
	for i, g := range groups {
		if column.IsNull(i) {
			continue
		}
		if err := o.UnmarshalBinary(column.Value(i)); err != nil {
			return errState("sum, avg or stddev")
		}
		w.of(g).AddWide(&o)
	}
	return nil
}

func (w *wideSums) column(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return blobColumn(alloc, groups, func(buf []byte, g uint32) ([]byte, error) {
		if s := w.get(g); s != nil {
			return s.AppendBinary(buf)
		}
		return nil, nil
	})
}
