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

type doubleTotal struct {
	exactsum.Sum
	n int64
}

// doubleSum is sum and avg of a DOUBLE, exact until the result is rounded.
type doubleSum struct {
	totals  []doubleTotal
	wide    wideSums
	touched uint64
}

func newDoubleSum() state { return &doubleSum{} }

func (s *doubleSum) grow(n int)   { s.totals = grown(s.totals, n) }
func (s *doubleSum) bytes() int64 { return 32*int64(cap(s.totals)) + s.wide.bytes() }

func (s *doubleSum) fold(in *folding) error {
	values := in.args[0].(*array.Float64).Float64Values()
	totals := s.totals
	if in.all {
		for groups := in.groups; len(groups) > 0; {
			n := min(len(groups), touchRows)
			if len(totals) > touchGroupsMin {
				for _, g := range groups[:n] {
					s.touched ^= totals[g].W0
				}
			}
			for i, g := range groups[:n] {
				t := &totals[g]
				t.n++
				if !t.Add(values[i]) {
					s.wide.of(g).Add(values[i])
				}
			}
			groups, values = groups[n:], values[n:]
		}
		return nil
	}
	for _, r := range in.rows {
		g := in.groups[r]
		t := &totals[g]
		t.n++
		if !t.Add(values[r]) {
			s.wide.of(g).Add(values[r])
		}
	}
	return nil
}

func (s *doubleSum) combine(groups []uint32, columns []arrow.Array) error {
	w0 := columns[0].(*array.Uint64).Uint64Values()
	w1 := columns[1].(*array.Uint64).Uint64Values()
	w2 := columns[2].(*array.Int64).Int64Values()
	n := columns[4].(*array.Int64).Int64Values()
	for i, g := range groups {
		t := &s.totals[g]
		t.AddSum(exactsum.Sum{W0: w0[i], W1: w1[i], W2: w2[i]})
		t.n += n[i]
	}
	return s.wide.combine(groups, columns[3].(*array.Binary))
}

func (s *doubleSum) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].W0 }), nil)
	c.add(uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].W1 }), nil)
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].W2 }), nil)
	c.add(s.wide.column(alloc, groups))
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].n }), nil)
	return c.result()
}

func (s *doubleSum) size(g uint32) int64 { return s.wide.size(g) }

func (s *doubleSum) sum(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := &s.totals[g]
		return exactsum.Total(t.Sum, s.wide.get(g)), t.n > 0
	}), nil
}

func (s *doubleSum) avg(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := &s.totals[g]
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
