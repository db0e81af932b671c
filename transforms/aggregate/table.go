package aggregate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// Rows is a batch of rows to fold into a [Table], which borrows the arrays for
// the call.
type Rows struct {
	Len    int
	Keys   []arrow.Array // of the plan's keys
	Inputs []arrow.Array // of the plan's inputs
	// Source and Lines are where the rows stand in the input; Lines ascends
	// and begins with 1 at least. It may be nil if the plan does not
	// [Plan.NeedsPlaces].
	Source int64
	Lines  []int64
}

// Table is the state of one worker: groups by key, and the states of the
// functions by group. It is not safe for concurrent use.
type Table struct {
	plan     *Plan
	alloc    memory.Allocator
	grouping *grouping
	states   []state
	level    int // of the partitions that Flush makes

	groups   []uint32
	selected [][]int32 // by selection
	all      []bool
	truths   []int32
	valid    []int32
}

// NewTable returns an empty table.
func (p *Plan) NewTable(alloc memory.Allocator) (*Table, error) {
	t := &Table{plan: p, alloc: alloc, selected: make([][]int32, len(p.selects)), all: make([]bool, len(p.selects))}
	return t, t.reset()
}

func (t *Table) reset() (err error) {
	if t.grouping, err = newGrouping(t.plan.types); err != nil {
		return err
	}
	t.states = make([]state, len(t.plan.states))
	for i := range t.states {
		t.states[i] = t.plan.states[i].make()
	}
	return nil
}

// Bytes estimates the memory the table holds.
func (t *Table) Bytes() int64 {
	n := t.grouping.bytes() + 4*int64(cap(t.groups))
	for _, s := range t.states {
		n += s.bytes()
	}
	return n
}

// Fold adds rows.
func (t *Table) Fold(rows *Rows) error {
	t.assign(rows.Keys, rows.Len)
	t.choose(rows)
	in := folding{groups: t.groups, source: rows.Source, lines: rows.Lines}
	var args [8]arrow.Array
	for i, s := range t.states {
		p := &t.plan.states[i]
		in.args = args[:0]
		for _, a := range p.args {
			in.args = append(in.args, rows.Inputs[a])
		}
		in.rows, in.all = t.selected[p.sel], t.all[p.sel]
		if err := s.fold(&in); err != nil {
			return err
		}
	}
	return nil
}

// assign sets t.groups to the groups of n rows and makes room for them.
func (t *Table) assign(keys []arrow.Array, n int) {
	t.groups = slices.Grow(t.groups[:0], n)[:n]
	t.grouping.lookup(keys, t.groups)
	t.room()
}

func (t *Table) room() {
	for _, s := range t.states {
		s.grow(t.grouping.len())
	}
}

// choose computes the selections of the plan.
func (t *Table) choose(rows *Rows) {
	for i, sel := range t.plan.selects {
		nulls := sel.arg >= 0 && rows.Inputs[sel.arg].NullN() > 0
		chosen := t.selected[i][:0]
		switch {
		case sel.filter >= 0:
			t.truths = trueRows(t.truths[:0], rows.Inputs[sel.filter].(*array.Boolean))
			if nulls {
				t.valid = validRows(t.valid[:0], rows.Inputs[sel.arg])
				chosen = bothRows(chosen, t.truths, t.valid)
			} else {
				chosen = append(chosen, t.truths...)
			}
		case nulls:
			chosen = validRows(chosen, rows.Inputs[sel.arg])
		}
		t.selected[i], t.all[i] = chosen, sel.filter < 0 && !nulls
	}
}

// combine adds rows lo to hi of a batch of the plan's Partial schema.
func (t *Table) combine(rec arrow.Record, lo, hi int) error {
	var held []arrow.Array
	defer func() { releaseAll(held) }()
	slice := func(column, n int) []arrow.Array {
		start := len(held)
		for i := column; i < column+n; i++ {
			held = append(held, array.NewSlice(rec.Column(i), int64(lo), int64(hi)))
		}
		return held[start:]
	}
	t.assign(slice(1, len(t.plan.keys)), hi-lo)
	for i, s := range t.states {
		p := &t.plan.states[i]
		if err := s.combine(t.groups, slice(p.column, len(p.fields))); err != nil {
			return err
		}
	}
	return nil
}

// Flush hands the state to emit, which takes ownership, in batches of the
// plan's Partial schema, by hash partition, and leaves the table empty.
func (t *Table) Flush(emit pipeline.Emit) error {
	n := t.grouping.len()
	partitions := t.grouping.partitions(t.level)
	// Counting sort by partition.
	var starts [partitionCount + 1]int
	for _, p := range partitions {
		starts[p+1]++
	}
	for p := range partitionCount {
		starts[p+1] += starts[p]
	}
	order := make([]uint32, n)
	for g, p := range partitions {
		order[starts[p]] = uint32(g)
		starts[p]++
	}
	for len(order) > 0 {
		rows := t.batchRows(order)
		rec, err := t.partial(order[:rows], partitions)
		if err != nil {
			return err
		}
		if err := emit(pipeline.Batch{Record: rec}); err != nil {
			return err
		}
		order = order[rows:]
	}
	return t.reset()
}

// batchRows returns how many of the groups make a batch: at least one.
func (t *Table) batchRows(groups []uint32) int {
	rows := min(len(groups), batchRowsMax)
	for _, s := range t.states {
		s, ok := s.(sized)
		if !ok {
			continue
		}
		total := int64(0)
		for i, g := range groups[:rows] {
			if total += s.size(g); total > batchBytesAim && i > 0 {
				rows = i
				break
			}
		}
	}
	return rows
}

// partial returns the state of some groups.
func (t *Table) partial(groups []uint32, partitions []uint8) (arrow.Record, error) {
	var columns []arrow.Array
	defer func() { releaseAll(columns) }()
	b := array.NewUint8Builder(t.alloc)
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		b.UnsafeAppend(partitions[g])
	}
	columns = append(columns, b.NewArray())
	keys, err := t.grouping.keys(t.alloc, groups)
	if err != nil {
		return nil, err
	}
	columns = append(columns, keys...)
	for _, s := range t.states {
		c, err := s.columns(t.alloc, groups)
		if err != nil {
			return nil, err
		}
		columns = append(columns, c...)
	}
	return array.NewRecord(t.plan.partial, columns, int64(len(groups))), nil
}

// finish prepares the states for results.
func (t *Table) finish() error {
	for _, s := range t.states {
		if f, ok := s.(finisher); ok {
			if err := f.finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

// results returns the columns of the result for some groups, keys first, or
// the number of the call at fault, -1 for the keys.
func (t *Table) results(groups []uint32) ([]arrow.Array, int, error) {
	columns, err := t.grouping.keys(t.alloc, groups)
	if err != nil {
		return nil, -1, err
	}
	for i, c := range t.plan.calls {
		a, err := c.result(t.states[c.state])(t.alloc, groups)
		if err != nil {
			releaseAll(columns)
			return nil, i, err
		}
		columns = append(columns, a)
	}
	return columns, 0, nil
}

// explain adds to the fault of a call which call, and of which group.
func (t *Table) explain(err error, call int) error {
	g := (*groupError)(nil)
	if call < 0 || !errors.As(err, &g) {
		return err
	}
	var s strings.Builder
	s.WriteString(t.plan.calls[call].text)
	if keys, e := t.grouping.keys(memory.DefaultAllocator, []uint32{g.group}); e == nil && len(keys) > 0 {
		s.WriteString(" of the group")
		for i, k := range keys {
			text := []byte("NULL")
			if k.IsValid(0) {
				text = []byte(pipeline.Excerpt(string(sqltype.AppendValue(nil, k, 0))))
			}
			fmt.Fprintf(&s, " %s=%s", t.plan.keys[i].Name, text)
		}
		releaseAll(keys)
	}
	return fmt.Errorf("%s: %w", s.String(), g.err)
}
