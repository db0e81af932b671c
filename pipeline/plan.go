package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Plan says what a run does: rows come from Source, pass through Steps in
// order, and go to Sink. The zero value of every other field is a good choice.
type Plan struct {
	Source Source
	Steps  []Step
	Sink   Sink

	// Workers is how many goroutines decode and transform blocks.
	// 0 means one per CPU that Go may use.
	Workers int
	// Readers is how many inputs are read at the same time. 0 means Workers.
	Readers int
	// Alloc is where Arrow memory comes from; nil means a new [Recycler].
	Alloc memory.Allocator
	// MemoryBytes bounds the states of reducers that can spill to disk; 0
	// means no bound. Half of it is for all workers together, and then for
	// merging; the rest is for what is in flight.
	MemoryBytes int64
	// TempDir is where temporary files go; empty means the system's place.
	TempDir string
	// Rejects, if not nil, receives the rows that could not be read.
	Rejects Rejects
	// Counters, if not nil, is kept up to date while the job runs, for
	// whoever shows progress.
	Counters *Counters
}

// workersMax bounds Workers and Readers: more goroutines than this only cost
// memory on any machine there is.
const workersMax = 4096

// Job is a Plan that has been bound: the schemas of all steps are known and
// the mistakes that can be known before reading are not there.
type Job struct {
	plan     Plan
	task     *Task
	want     Want
	filter   *boundStage // the first stage again, bound to want.First alone; nil when there is none
	segments []*segment
	out      *arrow.Schema
}

// segment is a part of the job that runs without a barrier: rows flow through
// parallel on N workers, then, one batch at a time and in input order, through
// inOrder, and end in reducer or, in the last segment, in the sink.
type segment struct {
	parallel []boundStage
	inOrder  []boundStage
	reducer  BoundReducer // nil in the last segment
	name     string       // of the reducer
}

// boundStage is a stage with what its errors and counters call it.
type boundStage struct {
	BoundStage
	name string
}

// Pruner is implemented by a BoundStage that should be replaced when only some
// of its output columns are wanted, because binding the same text again to
// the fewer columns would not mean the same: `select *` for one.
type Pruner interface {
	// Prune returns the stage that computes just the wanted columns.
	Prune(wanted Columns) Stage
}

// Bind looks at the source and binds every step. Mistakes of the user are a
// [UsageError].
func (p Plan) Bind(ctx context.Context) (*Job, error) {
	if p.Source == nil {
		return nil, errors.New("pipeline: a plan needs a Source")
	}
	if p.Workers < 0 || p.Workers > workersMax || p.Readers < 0 || p.Readers > workersMax {
		return nil, Usagef("workers and readers must be between 0 and %d", workersMax)
	}
	if p.Workers == 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if p.Readers == 0 {
		p.Readers = p.Workers
	}
	if p.Alloc == nil {
		p.Alloc = NewRecycler()
	}
	if p.Counters == nil {
		p.Counters = new(Counters)
	}
	j := &Job{plan: p, task: &Task{Alloc: p.Alloc, Workers: p.Workers, TempDir: p.TempDir}}

	if p.MemoryBytes > 0 {
		j.task.MemoryBytes = max(p.MemoryBytes/2/int64(p.Workers), 1)
	}
	schema, err := p.Source.Schema(ctx, j.task)
	if err != nil {
		return nil, err
	}
	steps, err := bindSteps(p.Steps, schema)
	if err != nil {
		return nil, err
	}
	// Which columns are needed is known from the end backwards; the steps
	// are then bound again to what is left.
	wanted := columnsOf(steps[len(steps)-1].schema)
	pruned := make([]Step, len(p.Steps))
	for i := len(p.Steps) - 1; i >= 0; i-- {
		b := steps[i+1]
		pruned[i] = p.Steps[i]
		if s, ok := b.bound.(Pruner); ok {
			pruned[i] = s.Prune(wanted)
		}
		wanted = b.bound.Needs(wanted)
	}
	var fields []arrow.Field
	for _, f := range schema.Fields() {
		if wanted[f.Name] {
			fields = append(fields, f)
			j.want.Columns = append(j.want.Columns, f.Name)
		}
	}
	if len(fields) < schema.NumFields() {
		meta := schema.Metadata()
		if steps, err = bindSteps(pruned, arrow.NewSchema(fields, &meta)); err != nil {
			return nil, fmt.Errorf("pipeline: binding to the needed columns %q: %w", j.want.Columns, err)
		}
	}
	j.segments = segmentsOf(p.Steps, steps[1:])
	j.out = steps[len(steps)-1].schema
	j.want.Coded = codedColumns(steps, p.Sink)
	j.want.Partial = len(j.segments[0].inOrder) > 0
	if err := j.pushDown(pruned, steps); err != nil {
		return nil, err
	}
	return j, nil
}

// codedColumns returns the source's VARCHAR columns that all who read them, up
// to the first reducer or the sink, take as codes.
func codedColumns(steps []boundStep, sink Sink) Columns {
	schema := steps[0].schema
	end := 1
	var coded Columns
	for ; end < len(steps); end++ {
		if r, ok := steps[end].bound.(BoundReducer); ok {
			if c, ok := r.(Coder); ok {
				coded = c.Coded(columnsOf(steps[end-1].schema))
			}
			break
		}
	}
	if end == len(steps) {
		if c, ok := sink.(Coder); ok {
			coded = c.Coded(columnsOf(steps[end-1].schema))
		}
	}
	for i := end - 1; i > 0; i-- {
		c, ok := steps[i].bound.(Coder)
		if !ok {
			return nil
		}
		coded = c.Coded(coded)
	}
	text := make(Columns)
	for _, f := range schema.Fields() {
		if f.Type.ID() == arrow.STRING && coded[f.Name] {
			text[f.Name] = true
		}
	}
	return text
}

// pushDown has the source drop rows itself when the first step does nothing
// else and reads some of the columns only.
func (j *Job) pushDown(steps []Step, bound []boundStep) error {
	if len(steps) == 0 {
		return nil
	}
	f, ok := bound[1].bound.(RowFilter)
	if !ok || f.InOrder() {
		return nil
	}
	reads := f.Reads()
	if len(reads) == 0 || len(reads) >= len(j.want.Columns) {
		return nil
	}
	var fields []arrow.Field
	for _, f := range bound[0].schema.Fields() {
		if reads[f.Name] {
			fields = append(fields, f)
		}
	}
	b, err := steps[0].(Stage).Bind(arrow.NewSchema(fields, nil))
	if err != nil {
		return fmt.Errorf("pipeline: binding %s to the columns it reads: %w", steps[0], err)
	}
	j.want.First = reads
	j.filter = &boundStage{b, steps[0].String()}
	return nil
}

// boundStep is what stages and reducers have in common once bound.
type boundStep struct {
	schema *arrow.Schema
	bound  interface{ Needs(Columns) Columns }
}

// bindSteps binds the steps one after the other; element 0 of the result
// stands for the source.
func bindSteps(steps []Step, schema *arrow.Schema) ([]boundStep, error) {
	bound := []boundStep{{schema: schema}}
	for _, s := range steps {
		var b interface {
			Schema() *arrow.Schema
			Needs(Columns) Columns
		}
		var err error
		switch s := s.(type) {
		case Stage:
			b, err = s.Bind(schema)
		case Reducer:
			b, err = s.Bind(schema)
		default:
			return nil, fmt.Errorf("pipeline: step %q is neither a Stage nor a Reducer", s)
		}
		if err != nil {
			return nil, &UsageError{Err: err}
		}
		schema = b.Schema()
		seen := make(Columns, schema.NumFields())
		for _, f := range schema.Fields() {
			if seen[f.Name] {
				return nil, Usagef("%s: the result would have two columns named %q; give one of them another name with AS", s, f.Name)
			}
			seen[f.Name] = true
		}
		bound = append(bound, boundStep{schema, b})
	}
	return bound, nil
}

func columnsOf(s *arrow.Schema) Columns {
	c := make(Columns, s.NumFields())
	for _, f := range s.Fields() {
		c[f.Name] = true
	}
	return c
}

// segmentsOf cuts the steps at the reducers.
func segmentsOf(steps []Step, bound []boundStep) []*segment {
	cur := new(segment)
	segments := []*segment{cur}
	for i, b := range bound {
		name := steps[i].String()
		switch b := b.bound.(type) {
		case BoundReducer:
			cur.reducer, cur.name = b, name
			cur = new(segment)
			segments = append(segments, cur)
		case BoundStage:
			if b.InOrder() || len(cur.inOrder) > 0 {
				cur.inOrder = append(cur.inOrder, boundStage{b, name})
			} else {
				cur.parallel = append(cur.parallel, boundStage{b, name})
			}
		}
	}
	return segments
}

// Schema is the schema of the job's result.
func (j *Job) Schema() *arrow.Schema { return j.out }

// Columns are the source's columns that the job reads, in schema order.
func (j *Job) Columns() []string { return j.want.Columns }

// Run binds and runs a plan. It returns after every goroutine it started has
// ended and all Arrow memory has been given back. The report is not nil, also
// when an error is returned.
func Run(ctx context.Context, p Plan) (*Report, error) {
	j, err := p.Bind(ctx)
	if err != nil {
		return new(Report), err
	}
	return j.Run(ctx)
}
