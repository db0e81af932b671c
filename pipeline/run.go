package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// Run runs the job. What exists while it does, for each segment (the part of
// the job between two reducers; most jobs have one or two):
//
//	feed ──inputs──▶ readers ──work──▶ workers ──ordered──▶ the calling goroutine
//
//	feed      1 goroutine. First segment: lists the inputs. Later ones: runs
//	          the Merge of the reducer before. Closes inputs, then, once the
//	          readers have ended, work.
//	readers   Plan.Readers goroutines. Each takes an input, pulls its splits
//	          and sends them on, then says how many there were.
//	workers   Plan.Workers goroutines. Each decodes a split, applies the
//	          row-wise stages and either folds the batch into its Local or
//	          sends it on. When all have ended, ordered is closed.
//	caller    puts batches in input order, applies the stages that need it,
//	          and folds them or writes them to the sink.
//
// All channels are bounded, and [gate] bounds the blocks in flight. A fault in
// the data stops only what comes after it in the input, so that of several
// faults the first in the input is reported, whichever was met first. Any
// other failure, and cancelling ctx, stops everything at once. Run returns
// when all goroutines have ended; the sink is committed only when none failed.
//
// When the fault is that the source knew too little of its data (see
// [Relearner]), the job is bound and run once more from the beginning; nothing
// has been published yet.
func (j *Job) Run(ctx context.Context) (*Report, error) {
	report, err := j.runOnce(ctx)
	source, ok := j.plan.Source.(Relearner)
	if err == nil || !ok || ctx.Err() != nil {
		return report, err
	}
	again, e := source.Relearn(ctx, j.task, err)
	if e != nil || !again {
		return report, errors.Join(err, e)
	}
	j.plan.Counters.reset()
	if j.plan.Rejects != nil {
		j.plan.Rejects.Reset()
	}
	next, err := j.plan.Bind(ctx)
	if err != nil {
		return report, err
	}
	*j = *next
	return j.runOnce(ctx)
}

func (j *Job) runOnce(ctx context.Context) (report *Report, err error) {
	start := time.Now()
	counters := j.plan.Counters
	defer func() {
		report = counters.report()
		for _, s := range report.Stages {
			if s.Name == stageWrite {
				report.RowsOut = s.RowsOut
			}
		}
		report.Wall = time.Since(start)
	}()

	tx, err := j.plan.Sink.Begin(ctx, j.task, j.out)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := tx.Rollback(); e != nil {
			err = errors.Join(err, e)
		}
	}()

	var held states // between two segments
	defer func() { held.release() }()
	for i, s := range j.segments {
		f := newFlow(j, s, i == 0)
		f.tx = tx
		feed := f.readSource
		if i > 0 {
			before := j.segments[i-1]
			input := held
			feed = func(ctx context.Context) { f.merge(ctx, before, &input) }
		}
		if held, err = f.run(ctx, feed); err != nil {
			return nil, err
		}
	}
	if err := counters.report().balance(); err != nil {
		return nil, err
	}
	return nil, tx.Commit(ctx)
}

// Names of the stages that every job has.
const (
	stageRead   = "read"
	stageDecode = "decode"
	stageWrite  = "write"
)

// balance holds promise 2: every input row is kept, filtered or rejected.
func (r *Report) balance() error {
	for _, in := range r.Inputs {
		if in.RowsFiltered < 0 || in.RowsIn != in.RowsKept+in.RowsFiltered+in.RowsRejected {
			return fmt.Errorf("%s: bug: %d rows were read but %d kept, %d filtered and %d rejected",
				in.Name, in.RowsIn, in.RowsKept, in.RowsFiltered, in.RowsRejected)
		}
	}
	return nil
}

// flow is one segment being run.
type flow struct {
	job      *Job
	seg      *segment
	first    bool // reads the source
	gate     *gate
	work     chan work
	ordered  chan message
	tx       Tx
	counters []*StageCounters // parallel stages, in-order stages, then reducer or sink
	read     *StageCounters   // first segment only
	decode   *StageCounters   // first segment only

	cancel context.CancelCauseFunc // stops the segment at once

	mu       sync.Mutex
	states   states
	failed   error // the failure with the lowest place so far
	failedAt Seq
	stopped  bool // ended early because no more rows are wanted
}

// work is a block on its way to a worker: a split to decode, or a batch that a
// merge has made.
type work struct {
	seq   Seq
	split Split
	batch Batch
	input *InputCounters // nil for the batches of a merge

	rejects iter.Seq[Reject] // of the batch, to be told when its turn has come
	fault   error            // behind the batch
}

func (w *work) discard() {
	if w.split != nil {
		w.split.Discard()
	}
	w.batch.Release()
}

// message is what the ordering goroutine receives: a batch, or, with last set,
// the news that input seq.Source has seq.Block blocks, or, with failed set, that
// a batch will not come; see flow.fail.
type message struct {
	work
	last, failed bool
}

// Blocks in flight: each worker has one in hand, one waiting before it and two
// behind it. The head of the input may use as many again; see gate.
const blocksPerWorker = 4

func newFlow(j *Job, s *segment, first bool) *flow {
	f := &flow{job: j, seg: s, first: first, failedAt: seqAfterAll}
	n := j.plan.Workers
	f.gate = newGate(blocksPerWorker*n, blocksPerWorker*n)
	f.work = make(chan work, n)
	f.ordered = make(chan message, n)
	if first {
		f.read = j.plan.Counters.stage(stageRead)
		f.decode = j.plan.Counters.stage(stageDecode)
	}
	for _, st := range s.parallel {
		f.counters = append(f.counters, j.plan.Counters.stage(st.name))
	}
	for _, st := range s.inOrder {
		f.counters = append(f.counters, j.plan.Counters.stage(st.name))
	}
	if s.reducer != nil {
		f.counters = append(f.counters, j.plan.Counters.stage(s.name))
	} else {
		f.counters = append(f.counters, j.plan.Counters.stage(stageWrite))
	}
	return f
}

// seqAfterAll comes after every place in the input.
var seqAfterAll = Seq{Source: 1<<62 - 1}

// last is the counters of the reducer or the sink.
func (f *flow) last() *StageCounters { return f.counters[len(f.counters)-1] }

// foldsInWorkers reports whether batches end in the workers, in any order.
func (f *flow) foldsInWorkers() bool { return f.seg.reducer != nil && len(f.seg.inOrder) == 0 }

// run runs the segment to its end and returns the states of its reducer.
func (f *flow) run(ctx context.Context, feed func(context.Context)) (states, error) {
	parent := ctx
	ctx, f.cancel = context.WithCancelCause(ctx)
	defer f.cancel(nil)

	var feeding, working sync.WaitGroup
	feeding.Go(func() {
		defer close(f.work)
		feed(ctx)
	})
	for range f.job.plan.Workers {
		working.Go(func() { f.worker(ctx) })
	}
	feeding.Go(func() {
		working.Wait()
		close(f.ordered)
	})
	f.consume(ctx)
	feeding.Wait()

	err := f.failed
	switch {
	case parent.Err() != nil:
		err = context.Cause(parent)
	case f.stopped:
		err = nil // a fault behind the last row that was wanted does not matter
	case err == nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	if err != nil {
		f.states.release()
		return states{}, err
	}
	return f.states, nil
}

// fail notes a fault at a place of the input. What comes before it goes on.
func (f *flow) fail(seq Seq, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		f.cancel(err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq.Compare(f.failedAt) < 0 {
		f.failed, f.failedAt = err, seq
	}
}

// stop ends the segment early and without a fault.
func (f *flow) stop() {
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	f.cancel(ErrStop)
}

// pastFailure reports whether seq lies behind a fault, so that nothing there
// matters any more.
func (f *flow) pastFailure(seq Seq) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return seq.Compare(f.failedAt) > 0
}

// openStages opens the stages for one goroutine.
func openStages(stages []boundStage, t *Task) ([]Apply, error) {
	applies := make([]Apply, len(stages))
	for i, s := range stages {
		var err error
		if applies[i], err = s.Open(t); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return applies, nil
}
