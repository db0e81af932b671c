package pipeline

import (
	"context"
	"errors"
	"sync"
)

// readSource feeds the first segment: it lists the inputs and has readers pull
// their splits. It returns when all readers have ended.
func (f *flow) readSource(ctx context.Context) {
	type opened struct {
		source int
		input  Input
		count  *InputCounters
	}
	inputs := make(chan opened)
	var readers sync.WaitGroup
	for range f.job.plan.Readers {
		readers.Go(func() {
			for in := range inputs {
				f.readInput(ctx, in.source, in.input, in.count)
			}
		})
	}
	defer readers.Wait()
	defer close(inputs)

	source := 0
	for in, err := range f.job.plan.Source.Inputs(ctx, f.job.want) {
		if err != nil {
			f.failUnlessStopped(ctx, Seq{Source: source}, err)
			return
		}
		if f.pastFailure(Seq{Source: source}) {
			return
		}
		select {
		case inputs <- opened{source, in, f.job.plan.Counters.input(in.Name())}:
			source++
		case <-ctx.Done():
			return
		}
	}
}

// readInput pulls the splits of one input, sends them to the workers, and
// tells the ordering goroutine how many there were.
func (f *flow) readInput(ctx context.Context, source int, in Input, count *InputCounters) {
	seq := Seq{Source: source}
	watch := newStopwatch(f.read)
	for split, err := range in.Splits(ctx, f.job.task) {
		watch.busy()
		if err != nil {
			f.failUnlessStopped(ctx, seq, err)
			break
		}
		if f.pastFailure(seq) || !f.send(ctx, work{seq: seq, split: split, input: count}) {
			split.Discard()
			break
		}
		f.read.Batches.Add(1)
		seq.Block++
		watch.waited()
	}
	watch.busy()
	f.end(ctx, seq, count)
}

// merge feeds a later segment: it runs the merge of the reducer before it.
func (f *flow) merge(ctx context.Context, before *segment, input *states) {
	defer input.release()
	seq := Seq{}
	row := int64(1)
	err := input.merge(ctx, f.job.task, before.reducer, func(b Batch) error {
		rows := b.Record.NumRows()
		b.Seq, b.Origin, b.Rows, b.Tally = seq, ordinals{row}, nil, Tally{}
		if !f.send(ctx, work{seq: seq, batch: b}) {
			b.Release()
			return ErrStop
		}
		seq.Block++
		row += rows
		return nil
	})
	if err != nil && !errors.Is(err, ErrStop) {
		f.failUnlessStopped(ctx, seq, err)
	}
	f.end(ctx, seq, nil)
}

// ordinals is the Origin of rows that a reducer made: row i is number first+i.
type ordinals struct{ first int64 }

func (o ordinals) File() string       { return "" }
func (o ordinals) Line(row int) int64 { return o.first + int64(row) }

// send waits for a place in flight and hands w to the workers. It reports
// false, and w stays the caller's, when the segment has been stopped.
func (f *flow) send(ctx context.Context, w work) bool {
	if f.gate.acquire(ctx, w.seq.Source) != nil {
		return false
	}
	select {
	case f.work <- w:
		return true
	case <-ctx.Done():
		f.gate.release()
		return false
	}
}

// end tells the ordering goroutine that an input has seq.Block blocks.
func (f *flow) end(ctx context.Context, seq Seq, count *InputCounters) {
	select {
	case f.ordered <- message{work: work{seq: seq, input: count}, last: true}:
	case <-ctx.Done():
	}
}

// failUnlessStopped notes a fault, but not the consequences of being told to
// stop.
func (f *flow) failUnlessStopped(ctx context.Context, seq Seq, err error) {
	if ctx.Err() == nil {
		f.fail(seq, err)
	}
}
