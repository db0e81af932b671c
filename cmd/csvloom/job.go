package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"csvloom/pipeline"
	"csvloom/sinks"
	"csvloom/sinks/parquet"
	"csvloom/sinks/rejects"
	"csvloom/transforms"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/pflag"
)

// jobFlags are the flags of the commands that read inputs.
type jobFlags struct {
	input   inputFlags
	schema  schemaFlags
	rejects rejectFlags
	workers int
	readers int
	tempDir string
	memory  string
}

func (f *jobFlags) register(fs *pflag.FlagSet) {
	f.input.register(fs)
	f.schema.register(fs)
	f.rejects.register(fs)
	fs.IntVar(&f.workers, "workers", 0, "`CPUs` to use, and how many goroutines decode and transform; by default all there are")
	fs.IntVar(&f.readers, "readers", 0, "`inputs` read at the same time; by default as many as workers")
	fs.StringVar(&f.memory, "memory", "", "about how much memory to use, such as `512MiB`; by default a quarter of what there is, at most 4 GiB. Rows to sort, distinct rows and groups that take more than half of it go to --temp-dir; one group of median, count(distinct) or string_agg must fit that half")
	fs.StringVar(&f.tempDir, "temp-dir", "", "`directory` for temporary files")
}

// job is a run being set up: inputs, steps and a sink.
type job struct {
	cli      *cli
	flags    *jobFlags
	inputs   *inputs
	steps    []pipeline.Step
	memory   int64  // bytes
	sort     string // the order that the rows end in; "" for none
	out      *outputFlags
	sink     *publishing
	rejects  *rejects.File
	counters *pipeline.Counters
}

// publishing is a sink that remembers what it has published.
type publishing struct {
	*sinks.Sink
	tx     pipeline.Tx
	before func() error // called before the output is made visible
}

// checkedTx is an output that is made visible only when nothing speaks against it.
type checkedTx struct {
	pipeline.Tx
	before func() error
}

func (t checkedTx) Commit(ctx context.Context) error {
	if err := t.before(); err != nil {
		return err
	}
	return t.Tx.Commit(ctx)
}

// published is what a run has published.
type published struct {
	sinks.Output
	partitioned bool               // the output is a directory
	files       []sinks.FileOutput // in it
}

// published tells what the sink has published.
func (p *publishing) published() published {
	switch tx := p.tx.(type) {
	case *sinks.Tx:
		return published{Output: tx.Output()}
	case *sinks.PartitionTx:
		return published{tx.Output(), true, tx.Files()}
	}
	return published{}
}

func (p *publishing) Begin(ctx context.Context, t *pipeline.Task, s *arrow.Schema) (pipeline.Tx, error) {
	tx, err := p.Sink.Begin(ctx, t, s)
	if err != nil {
		return nil, err
	}
	p.tx = tx
	return checkedTx{tx, p.before}, nil
}

// newJob sets a job up. All mistakes in flags are reported together, before
// anything is read.
func (c *cli) newJob(ctx context.Context, args []string, f *jobFlags, steps *stepFlags, out *outputFlags) (*job, error) {
	j := &job{cli: c, flags: f, counters: new(pipeline.Counters)}
	var errs []error
	var err error
	output := ""
	if steps != nil {
		j.steps, err = steps.steps()
		j.sort = steps.sort
		errs = append(errs, err)
	}
	if out != nil {
		sink, err := out.sink(&c.terminal)
		errs = append(errs, err)
		j.out, j.sink = out, &publishing{Sink: sink, before: j.keepRejects}
		output = out.sinks.Path
	}
	if f.workers > 0 && c.limitCPUs != nil {
		c.limitCPUs(f.workers)
	}
	j.memory, err = j.memoryBytes()
	errs = append(errs, err)
	if f.input.csv.BlockBytes == 0 {
		f.input.csv.BlockBytes = blockBytesFor(j.memory)
	}
	errs = append(errs, f.rejects.settle(&f.input.csv, output))
	errs = append(errs, f.schema.settle(&f.input.csv))
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, f.input.settle())
	}
	if args, f.input.again, err = f.rejects.args(args); err != nil {
		return nil, errors.Join(err, f.input.settle())
	}
	if j.rejects, err = f.rejects.open(out != nil && out.sinks.Overwrite); err != nil {
		return nil, err
	}
	j.inputs, err = f.input.open(ctx, args, &c.terminal, f.tempDir, output, f.workers)
	return j, err
}

// bind looks at the inputs and binds the plan to them.
func (j *job) bind(ctx context.Context) (*pipeline.Job, error) {
	plan := pipeline.Plan{
		MemoryBytes: j.memory,
		Source:      j.inputs.source, Steps: j.steps,
		Workers: j.flags.workers, Readers: j.flags.readers, TempDir: j.flags.tempDir, Counters: j.counters, Alloc: j.cli.alloc,
		Rejects: j.rejects,
	}
	if j.sink != nil {
		plan.Sink = j.sink
	}
	bound, err := plan.Bind(ctx)
	for _, n := range append(j.inputs.set.Notes(), j.inputs.notes...) {
		j.cli.messages.note("%s", n)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range j.inputs.source.Notes() {
		j.cli.messages.note("%s", n)
	}
	for _, w := range j.inputs.source.Warnings() {
		j.cli.messages.warn("%s", w)
	}
	return bound, j.declareOrder(bound.Schema())
}

// declareOrder has a Parquet file say by which columns its rows are sorted,
// which is known only now.
func (j *job) declareOrder(schema *arrow.Schema) error {
	if j.sink == nil || j.sort == "" {
		return nil
	}
	for _, c := range transforms.SortColumns(j.sort, schema) {
		j.out.sinks.Parquet.SortedBy = append(j.out.sinks.Parquet.SortedBy, parquet.SortColumn(c))
	}
	var err error
	j.sink.Sink, err = j.out.sink(&j.cli.terminal)
	return err
}

// run runs the job to its end and tells what it did.
func (j *job) run(ctx context.Context, reportPath string) error {
	start := time.Now()
	p := startProgress(j)
	var ran *pipeline.Report
	bound, err := j.bind(ctx)
	if err == nil {
		ran, err = bound.Run(ctx)
	}
	p.stop()
	if errors.As(err, new(*rejects.TooManyError)) {
		err = errors.Join(err, j.rejects.Publish())
	}
	for _, w := range j.inputs.source.Widened() {
		j.cli.messages.warn("%s", w)
	}
	if reportPath != "" {
		err = j.report(reportPath, start, ran, err)
	}
	if err != nil {
		return err
	}
	failures := j.inputs.set.Failures()
	for i := range failures {
		j.cli.messages.warn("skipped: %v", &failures[i])
	}
	for _, d := range j.inputs.source.Departures() {
		j.cli.messages.warn("%s", d)
	}
	j.flags.rejects.tell(j.cli.messages, j.rejects)
	output := j.sink.published()
	j.tellStages(ran)
	j.cli.messages.note("%s", summary(ran, output, time.Since(start)))
	if len(failures) > 0 {
		return errSourcesSkipped
	}
	return nil
}

// close gives the inputs back.
func (j *job) close() error { return errors.Join(j.inputs.close(), j.rejects.Close()) }

// keepRejects publishes the rejects, unless there are too many.
func (j *job) keepRejects() error {
	if err := j.flags.rejects.tooMany(j.counters, j.rejects); err != nil {
		return err
	}
	return j.rejects.Publish()
}

// summary is the line that ends every run.
func summary(r *pipeline.Report, out published, wall time.Duration) string {
	to := out.Path
	if to == "-" || to == "" {
		to = "standard output"
	}
	s := fmt.Sprintf("%s from %s", countOf(int(r.RowsIn()), "row"), countOf(len(r.Inputs), "input"))
	var filtered, rejected int64
	for i := range r.Inputs {
		filtered += r.Inputs[i].RowsFiltered
		rejected += r.Inputs[i].RowsRejected
	}
	if filtered > 0 {
		s += fmt.Sprintf(", %s filtered", thousands(filtered))
	}
	if rejected > 0 {
		s += fmt.Sprintf(", %s rejected", thousands(rejected))
	}
	size := binaryBytes(out.Bytes)
	if out.partitioned {
		size = countOf(len(out.files), "file") + ", " + size
	}
	return s + fmt.Sprintf("; %s to %s (%s) in %.2f s", countOf(int(out.Rows), "row"), to, size, wall.Seconds())
}

// tellStages prints the work of each stage with --verbose.
func (j *job) tellStages(r *pipeline.Report) {
	j.cli.messages.detail("%-40s %12s %12s %9s %9s", "stage", "rows in", "rows out", "busy", "waiting")
	for i := range r.Stages {
		s := &r.Stages[i]
		j.cli.messages.detail("%-40.40s %12s %12s %8.3fs %8.3fs", s.Name, thousands(s.RowsIn), thousands(s.RowsOut), s.Busy.Seconds(), s.Waiting.Seconds())
	}
}
