package aggregate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func placeFields(t arrow.DataType) []arrow.Field {
	return []arrow.Field{
		{Name: "value", Type: t, Nullable: true},
		{Name: "source", Type: arrow.PrimitiveTypes.Int64},
		{Name: "line", Type: arrow.PrimitiveTypes.Int64},
	}
}

// place is where a row stands in the input. The zero value stands nowhere:
// lines begin with 1.
type place struct{ source, line int64 }

func (p place) before(q place) bool {
	return p.source < q.source || p.source == q.source && p.line < q.line
}

// atPlace is first and last: the value of the row that comes first, or last,
// in the input. any_value is first without NULLs.
type atPlace struct {
	last   bool
	places []place
	cells  cells

	// winners of the batch at hand
	groups []uint32
	rows   []int32
}

func newAtPlace(t arrow.DataType, last bool) (func() state, error) {
	if _, err := newCells(t); err != nil {
		return nil, err
	}
	return func() state {
		c, _ := newCells(t)
		return &atPlace{last: last, cells: c}
	}, nil
}

func (s *atPlace) grow(n int) {
	s.places = grown(s.places, n)
	s.cells.grow(n)
}

func (s *atPlace) bytes() int64 {
	return 16*int64(cap(s.places)) + s.cells.bytes() + 4*int64(cap(s.groups)+cap(s.rows))
}

func (s *atPlace) size(g uint32) int64 { return s.cells.size(g) }

func (s *atPlace) fold(in *folding) error {
	n := len(in.rows)
	if in.all {
		n = len(in.groups)
	}
	for i := range n {
		// Rows of a batch are in input order, so that going through them
		// from the right end each group has one winner and no more.
		if s.last {
			i = n - 1 - i
		}
		r := int32(i)
		if !in.all {
			r = in.rows[i]
		}
		s.meet(in.groups[r], place{in.source, in.lines[r]}, r)
	}
	s.keep(in.args[0])
	return nil
}

func (s *atPlace) meet(g uint32, at place, row int32) {
	old := &s.places[g]
	if old.line == 0 || at.before(*old) != s.last && at != *old {
		*old = at
		s.groups = pushed(s.groups, g)
		s.rows = pushed(s.rows, row)
	}
}

// keep copies the winners' values.
func (s *atPlace) keep(values arrow.Array) {
	s.cells.put(s.groups, values, s.rows)
	s.groups, s.rows = s.groups[:0], s.rows[:0]
}

func (s *atPlace) combine(groups []uint32, columns []arrow.Array) error {
	source := columns[1].(*array.Int64).Int64Values()
	line := columns[2].(*array.Int64).Int64Values()
	for i, g := range groups {
		if line[i] != 0 {
			s.meet(g, place{source[i], line[i]}, int32(i))
		}
	}
	s.keep(columns[0])
	return nil
}

func (s *atPlace) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(s.cells.array(alloc, groups))
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.places[g].source }), nil)
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.places[g].line }), nil)
	return c.result()
}
