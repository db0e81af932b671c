package transforms

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// lines is an Origin whose row i stands on a given line.
type lines []int64

func (l lines) File() string       { return "test.csv" }
func (l lines) Line(row int) int64 { return l[row] }

// input is a table in the form of text: the schema as `name TYPE` and rows of
// values, NULL for a missing one.
type input struct {
	schema *arrow.Schema
	rows   [][]string
}

// table reads `a BIGINT, b VARCHAR` and lines of values between bars.
func table(t testing.TB, columns, rows string) input {
	t.Helper()
	var in input
	var fields []arrow.Field
	for _, c := range strings.Split(columns, "; ") {
		name, typ, _ := strings.Cut(c, " ")
		dt, err := sqltype.Parse(typ)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, arrow.Field{Name: name, Type: dt, Nullable: true})
	}
	in.schema = arrow.NewSchema(fields, nil)
	for _, line := range strings.Split(strings.TrimSpace(rows), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		row := strings.Split(line, "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if len(row) != len(fields) {
			t.Fatalf("row %q has %d values, the table %d columns", line, len(row), len(fields))
		}
		in.rows = append(in.rows, row)
	}
	return in
}

// record makes a record of rows.
func (in input) record(alloc memory.Allocator, rows [][]string) arrow.Record {
	b := array.NewRecordBuilder(alloc, in.schema)
	defer b.Release()
	for _, row := range rows {
		for i, text := range row {
			appendText(b.Field(i), text)
		}
	}
	return b.NewRecord()
}

func appendText(b array.Builder, text string) {
	if text == "NULL" {
		b.AppendNull()
		return
	}
	ok := true
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(strings.Trim(text, "'"))
	case *array.Int64Builder:
		var v int64
		v, ok = sqltype.ParseInt([]byte(text))
		b.Append(v)
	case *array.Float64Builder:
		var v float64
		v, ok = sqltype.ParseDouble([]byte(text))
		b.Append(v)
	case *array.BooleanBuilder:
		b.Append(text == "true")
	case *array.Date32Builder:
		var v arrow.Date32
		v, ok = sqltype.ParseDate([]byte(text))
		b.Append(v)
	case *array.TimestampBuilder:
		var v int64
		v, _, ok = sqltype.ParseTimestamp([]byte(text))
		b.Append(arrow.Timestamp(v))
	case *array.Decimal128Builder:
		t := b.Type().(*arrow.Decimal128Type)
		v, good := sqltype.ParseDecimal([]byte(text), t.Precision, t.Scale)
		ok = good
		b.Append(v)
	default:
		panic(fmt.Sprintf("no text form for %T", b))
	}
	if !ok {
		panic(fmt.Sprintf("%q is no value of %s", text, b.Type()))
	}
}

// batches cuts the rows at random places into blocks of one or more sources;
// lines have gaps, as quoted newlines make them. Which places rows have does not
// depend on the cuts into blocks.
func (in input) batches(alloc memory.Allocator, rng *rand.Rand) []pipeline.Batch {
	var out []pipeline.Batch
	seq, line := pipeline.Seq{}, int64(2)
	for i := 0; i < len(in.rows); {
		n := 1 + rng.IntN(len(in.rows)-i)
		if rng.IntN(2) == 0 {
			n = min(n, 1+rng.IntN(4))
		}
		// A source ends every 37 rows.
		n = min(n, 37-i%37)
		var l lines
		for r := i; r < i+n; r++ {
			l = append(l, line)
			line += 1 + int64(r%3)
		}
		b := pipeline.Batch{Record: in.record(alloc, in.rows[i:i+n]), Seq: seq, Origin: l}
		out = append(out, b)
		i += n
		seq.Block++
		if i%37 == 0 {
			seq, line = pipeline.Seq{Source: seq.Source + 1}, 2
		}
	}
	return out
}

// way is one way to run a reducer.
type way struct {
	rng     *rand.Rand
	locals  int
	shuffle bool // batches, flushes and states come in any order
	workers int
}

// reduce runs a bound reducer and returns its result.
func (w way) reduce(t testing.TB, alloc memory.Allocator, in input, r pipeline.BoundReducer) ([]arrow.Record, error) {
	t.Helper()
	task := &pipeline.Task{Alloc: alloc, Workers: w.workers}
	batches := in.batches(alloc, w.rng)
	if c, ok := r.(pipeline.Coder); ok {
		may := c.Coded(r.Needs(nil))
		for i, b := range batches {
			batches[i] = withCodes(alloc, w.rng, b, may)
		}
	}
	if w.shuffle {
		w.rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	}
	locals := make([]pipeline.Local, w.locals)
	for i := range locals {
		var err error
		if locals[i], err = r.NewLocal(task); err != nil {
			t.Fatal(err)
		}
		defer locals[i].Close()
	}
	var states []pipeline.Batch
	defer func() {
		for i := range states {
			states[i].Release()
		}
	}()
	keep := func(b pipeline.Batch) error {
		if !b.Record.Schema().Equal(r.Partial()) {
			t.Fatalf("the state's schema is %v, Partial says %v", b.Record.Schema(), r.Partial())
		}
		states = append(states, throughIPC(t, alloc, b))
		return nil
	}
	for i, b := range batches {
		l := locals[w.rng.IntN(len(locals))]
		if err := l.Fold(b); err != nil {
			for _, rest := range batches[i+1:] {
				rest.Release()
			}
			return nil, err
		}
		if l.Bytes() < 0 {
			t.Fatalf("the state takes %d bytes", l.Bytes())
		}
		if w.shuffle && w.rng.IntN(5) == 0 {
			if err := l.Flush(keep); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range locals {
		if err := l.Flush(keep); err != nil {
			return nil, err
		}
	}
	if w.shuffle {
		w.rng.Shuffle(len(states), func(i, j int) { states[i], states[j] = states[j], states[i] })
	}
	var out []arrow.Record
	err := r.Merge(context.Background(), task, handOver(&states), func(b pipeline.Batch) error {
		if !b.Record.Schema().Equal(r.Schema()) {
			t.Fatalf("the result's schema is %v, Schema says %v", b.Record.Schema(), r.Schema())
		}
		out = append(out, b.Record)
		return nil
	})
	if err != nil {
		releaseRecords(out)
		return nil, err
	}
	return out, nil
}

func handOver(states *[]pipeline.Batch) iter.Seq2[pipeline.Batch, error] {
	return func(yield func(pipeline.Batch, error) bool) {
		for len(*states) > 0 {
			b := (*states)[0]
			*states = (*states)[1:]
			if !yield(b, nil) {
				return
			}
		}
	}
}

// throughIPC writes a state as an Arrow stream and reads it back, as spilling
// does.
func throughIPC(t testing.TB, alloc memory.Allocator, b pipeline.Batch) pipeline.Batch {
	t.Helper()
	defer b.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(b.Record.Schema()), ipc.WithAllocator(alloc))
	if err := w.Write(b.Record); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(&buf, ipc.WithAllocator(alloc))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal(r.Err())
	}
	rec := r.Record()
	rec.Retain()
	return pipeline.Batch{Record: rec}
}

// show prints records as text, one line a row. Doubles are printed such that
// different bits are different texts.
func show(schema *arrow.Schema, recs []arrow.Record) string {
	var s strings.Builder
	for i, f := range schema.Fields() {
		if i > 0 {
			s.WriteString(" | ")
		}
		s.WriteString(f.Name)
	}
	s.WriteByte('\n')
	for _, rec := range recs {
		for r := range int(rec.NumRows()) {
			for i, c := range rec.Columns() {
				if i > 0 {
					s.WriteString(" | ")
				}
				switch {
				case c.IsNull(r):
					s.WriteString("NULL")
				default:
					s.Write(sqltype.AppendValue(nil, c, r))
					if f, ok := c.(*array.Float64); ok && f.Value(r) == 0 && math.Signbit(f.Value(r)) {
						s.WriteString("(negative)")
					}
				}
			}
			s.WriteByte('\n')
		}
	}
	return s.String()
}

// plainly runs a reducer in the simplest way and shows the result.
func plainly(t testing.TB, in input, r pipeline.Step) string {
	t.Helper()
	got, err := run(t, in, r, way{rng: rand.New(rand.NewPCG(1, 1)), locals: 1, workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// run binds a reducer and runs it in some way; all memory must be back at the
// end.
func run(t testing.TB, in input, step pipeline.Step, w way) (string, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	r, err := step.(pipeline.Reducer).Bind(in.schema)
	if err != nil {
		return "", err
	}
	recs, err := w.reduce(t, alloc, in, r)
	defer releaseRecords(recs)
	return show(r.Schema(), recs), err
}

// everyWay checks that a reducer gives the same result however it is run.
func everyWay(t *testing.T, in input, step pipeline.Step) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(len(in.rows)), 2))
	want, wantErr := run(t, in, step, way{rng: rng, locals: 1, workers: 1})
	for i := range 12 {
		w := way{rng: rng, locals: 1 + i%4, shuffle: i%2 == 1, workers: []int{1, 2, 8}[i%3]}
		got, err := run(t, in, step, w)
		if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%s: %d locals, shuffle %t, %d workers: the result is\n%s(%v)\nin one piece it was\n%s(%v)",
				step, w.locals, w.shuffle, w.workers, got, err, want, wantErr)
		}
	}
}

// apply runs a stage over the batches in order and shows the result, with the
// rows' lines.
func apply(t testing.TB, in input, stage pipeline.Stage) (string, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	bound, err := stage.Bind(in.schema)
	if err != nil {
		return "", err
	}
	f, err := bound.Open(&pipeline.Task{Alloc: alloc, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	batches := in.batches(alloc, rand.New(rand.NewPCG(4, 4)))
	var recs []arrow.Record
	defer func() { releaseRecords(recs) }()
	defer func() {
		for i := range batches {
			batches[i].Release()
		}
	}()
	var at []string
	for len(batches) > 0 {
		b := batches[0]
		batches = batches[1:]
		b.Tally.RowsIn = b.Record.NumRows()
		tally, seq := b.Tally, b.Seq
		out, err := f(b)
		stopped := err == pipeline.ErrStop
		if err != nil && !stopped {
			return "", err
		}
		if out.Tally != tally || out.Seq != seq || !out.Record.Schema().Equal(bound.Schema()) {
			t.Fatalf("a batch %v %v became %v %v %v", seq, tally, out.Seq, out.Tally, out.Record.Schema())
		}
		recs = append(recs, out.Record)
		for i := range int(out.Record.NumRows()) {
			at = append(at, fmt.Sprintf("%d:%d", out.Seq.Source, out.Position(i).Line))
		}
		if stopped {
			break
		}
	}
	rows := strings.Split(strings.TrimSuffix(show(bound.Schema(), recs), "\n"), "\n")
	for i, p := range at {
		rows[i+1] += " @" + p
	}
	return strings.Join(rows, "\n") + "\n", nil
}

// sameText compares texts, leaving out indentation.
func sameText(t *testing.T, got, want string) {
	t.Helper()
	clean := func(s string) string {
		l := strings.Split(strings.TrimSpace(s), "\n")
		for i := range l {
			l[i] = strings.TrimSpace(l[i])
		}
		return strings.Join(l, "\n")
	}
	if clean(got) != clean(want) {
		t.Errorf("got\n%s\nwant\n%s", clean(got), clean(want))
	}
}

// reducerOf returns the only step of an Aggregate.
func reducerOf(t testing.TB, by []string, aggs string) pipeline.Step {
	t.Helper()
	steps, err := Aggregate(by, aggs)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 1 {
		t.Fatalf("%d steps: %v", len(steps), steps)
	}
	return steps[0]
}

// narrowed is the schema of some of the columns.
func narrowed(in input, columns pipeline.Columns) *arrow.Schema {
	var fields []arrow.Field
	for _, f := range in.schema.Fields() {
		if columns[f.Name] {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}
