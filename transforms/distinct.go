package transforms

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/transforms/aggregate"
	"csvloom/transforms/expr"
	"csvloom/transforms/internal/radix"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

// distinct drops rows that are equal to an earlier one.
type distinct struct{ columns []string }

// Distinct returns the reducer that keeps the first row, in input order, of
// those that are equal in the given columns, or in all columns if none is
// given. NULLs are equal to each other. The rows kept stay in input order.
//
// Its state is the rows kept, with the hash partition of the values compared in
// the column partition, by which they ascend, and their places in row.source and
// row.line.
func Distinct(columns []string) (pipeline.Reducer, error) {
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c] {
			return nil, fmt.Errorf("distinct: column %q is named twice", c)
		}
		seen[c] = true
	}
	return &distinct{slices.Clone(columns)}, nil
}

func (d *distinct) String() string {
	return strings.TrimSpace("distinct " + strings.Join(d.columns, ", "))
}

func (d *distinct) Bind(in *arrow.Schema) (pipeline.BoundReducer, error) {
	b := &boundDistinct{schema: in, placed: placedSchema(in)}
	b.partial = partitionedSchema(b.placed)
	var errs []error
	if len(d.columns) == 0 {
		for i := range in.NumFields() {
			b.keys = append(b.keys, i)
		}
	}
	for _, name := range d.columns {
		i, err := expr.Resolve(in, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("distinct: %w", err))
			continue
		}
		b.keys = append(b.keys, i)
	}
	for _, k := range b.keys {
		f := in.Field(k)
		if !rowkey.Supported(f.Type) {
			errs = append(errs, fmt.Errorf("distinct: values of column %q of type %s cannot be compared; name other columns or cast it",
				f.Name, sqltype.Name(f.Type)))
		}
		b.types = append(b.types, f.Type)
	}
	return b, errors.Join(errs...)
}

type boundDistinct struct {
	schema  *arrow.Schema
	placed  *arrow.Schema // of the input's columns and places
	partial *arrow.Schema // of the partition and these
	keys    []int
	types   []arrow.DataType
}

func (d *boundDistinct) Schema() *arrow.Schema  { return d.schema }
func (d *boundDistinct) Partial() *arrow.Schema { return d.partial }

func (d *boundDistinct) Needs(wanted pipeline.Columns) pipeline.Columns {
	need := cloneColumns(wanted)
	for _, k := range d.keys {
		need[d.schema.Field(k).Name] = true
	}
	return need
}

func (d *boundDistinct) NewLocal(t *pipeline.Task) (pipeline.Local, error) {
	l := &distinctLocal{bound: d, task: t}
	return l, l.firsts.reset(d)
}

// firsts keeps the first row of each key.
type firsts struct {
	index   *aggregate.Index
	rows    []first // by number of the key
	numbers []uint32
	held    int64 // bytes of records
	recs    []arrow.Record
	columns []arrow.Array
	fresh   []int32 // rows of the batch at hand that are the first so far
}

// first is the first row of a key so far; line is 0 while there is none.
type first struct {
	place
	ref take.Ref
}

const firstBytes = 24

func (f *firsts) reset(d *boundDistinct) (err error) {
	releaseRecords(f.recs)
	*f = firsts{}
	f.index, err = aggregate.NewIndex(d.types)
	return err
}

// meet looks at all rows of a record, whose columns begin with the input's. The
// rows that are the first of their keys so far are in f.fresh; the caller adds a
// record of just these.
func (f *firsts) meet(d *boundDistinct, rec arrow.Record, at func(row int) place) {
	f.number(d, rec)
	f.fresh = f.fresh[:0]
	chunk := uint32(len(f.recs))
	for i, number := range f.numbers {
		p, row := at(i), &f.rows[number]
		if row.line != 0 && p.compare(row.place) >= 0 {
			continue
		}
		*row = first{p, take.Ref{Chunk: chunk, Row: uint32(len(f.fresh))}}
		f.fresh = append(f.fresh, int32(i))
	}
}

// number numbers the keys of a record's rows.
func (f *firsts) number(d *boundDistinct, rec arrow.Record) {
	n := int(rec.NumRows())
	f.columns = f.columns[:0]
	for _, k := range d.keys {
		f.columns = append(f.columns, rec.Column(k))
	}
	f.numbers = slices.Grow(f.numbers[:0], n)[:n]
	f.index.Number(f.columns, f.numbers)
	for len(f.rows) < f.index.Len() {
		f.rows = append(f.rows, first{})
	}
}

// add keeps the record of the fresh rows.
func (f *firsts) add(rec arrow.Record) {
	f.recs = append(f.recs, rec)
	f.held += recordBytes(rec)
}

// byPlace orders rows by their places.
func byPlace(rows []first) []first {
	ids := make([]uint32, len(rows))
	words := make([]uint64, len(rows))
	for i, r := range rows {
		ids[i], words[i] = uint32(i), uint64(r.line)
	}
	radix.Sort(words, ids)
	for i, id := range ids {
		words[i] = uint64(rows[id].source)
	}
	radix.Sort(words, ids)
	sorted := make([]first, len(rows))
	for i, id := range ids {
		sorted[i] = rows[id]
	}
	return sorted
}

func refsOf(rows []first) []take.Ref {
	refs := make([]take.Ref, len(rows))
	for i, r := range rows {
		refs[i] = r.ref
	}
	return refs
}

// byPartition orders rows by the hash partition of their keys, and returns it
// for each.
func (f *firsts) byPartition(level int) ([]take.Ref, []uint8) {
	partitions := f.index.Partitions(level)
	var starts [aggregate.PartitionCount + 1]int
	for _, p := range partitions {
		starts[p+1]++
	}
	for p := range aggregate.PartitionCount {
		starts[p+1] += starts[p]
	}
	refs, sorted := make([]take.Ref, len(f.rows)), make([]uint8, len(f.rows))
	for i, p := range partitions {
		refs[starts[p]], sorted[starts[p]] = f.rows[i].ref, p
		starts[p]++
	}
	return refs, sorted
}

func (f *firsts) bytes() int64 {
	return f.index.Bytes() + f.held + firstBytes*int64(cap(f.rows)) + 4*int64(cap(f.numbers)+cap(f.fresh))
}

type distinctLocal struct {
	bound  *boundDistinct
	task   *pipeline.Task
	level  int // of the partitions that Flush makes
	firsts firsts
	lines  []int64
}

func (l *distinctLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	l.lines = linesOf(l.lines, &b)
	source := int64(b.Seq.Source)
	l.firsts.meet(l.bound, b.Record, func(i int) place { return place{source, l.lines[i]} })
	if len(l.firsts.fresh) == 0 {
		return nil
	}
	all := withPlaces(l.task.Alloc, l.bound.placed, &b, nil, l.lines)
	defer all.Release()
	if len(l.firsts.fresh) == len(l.lines) {
		all.Retain()
		l.firsts.add(all)
		return nil
	}
	rec, err := take.Record(l.task.Alloc, all, l.firsts.fresh)
	if err != nil {
		return err
	}
	l.firsts.add(rec)
	return nil
}

func (l *distinctLocal) Bytes() int64 { return l.firsts.bytes() + 8*int64(cap(l.lines)) }

func (l *distinctLocal) Flush(emit pipeline.Emit) error {
	refs, partitions := l.firsts.byPartition(l.level)
	err := flushRows(l.task.Alloc, l.bound.placed, l.firsts.recs, refs, func(rec arrow.Record) error {
		n := int(rec.NumRows())
		state := withPartitions(l.task.Alloc, l.bound.partial, rec, partitions[:n])
		partitions = partitions[n:]
		return emit(pipeline.Batch{Record: state})
	})
	if err != nil {
		return err
	}
	return l.firsts.reset(l.bound)
}

func (l *distinctLocal) Close() {
	releaseRecords(l.firsts.recs)
	l.firsts.recs = nil
}

// errState says that a state is not the reducer's own; states can come from
// files.
func errState(step string) error {
	return fmt.Errorf("%s: a partial state has the schema of another step or version", step)
}
