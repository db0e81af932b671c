package pipeline

import (
	"cmp"
	"context"
	"errors"
	"iter"
)

// consume is the end of a segment. It receives until ordered is closed; where
// batches do not end in the workers it puts them in input order and consumes
// them.
func (f *flow) consume(ctx context.Context) {
	o := orderer{flow: f, pending: map[Seq]work{}, blocks: map[int]message{}}
	defer o.close()
	if err := o.open(); err != nil {
		f.cancel(err)
	}
	for m := range f.ordered {
		switch {
		case m.failed:
		case m.last:
			o.blocks[m.seq.Source] = m
		default:
			o.pending[m.seq] = m.work
		}
		for o.step(ctx) {
		}
		o.failIfReached()
	}
	if o.local != nil && (f.stopped || ctx.Err() == nil && !f.hasFailed()) {
		if err := o.local.Flush(f.addState); err != nil {
			f.fail(o.next, err)
		}
	}
}

// orderer holds the batches that came before their turn.
type orderer struct {
	flow    *flow
	next    Seq
	pending map[Seq]work
	blocks  map[int]message // inputs whose number of blocks is known
	applies []Apply
	local   Local // when a reducer follows in-order stages
}

func (o *orderer) open() (err error) {
	f := o.flow
	if o.applies, err = openStages(f.seg.inOrder, f.job.task); err != nil {
		return err
	}
	if f.seg.reducer != nil && !f.foldsInWorkers() {
		o.local, err = f.seg.reducer.NewLocal(f.job.task)
	}
	return err
}

func (o *orderer) close() {
	for _, w := range o.pending {
		w.discard()
	}
	if o.local != nil {
		o.local.Close()
	}
}

// step consumes the next batch in input order, if it is there.
func (o *orderer) step(ctx context.Context) bool {
	f := o.flow
	if w, ok := o.pending[o.next]; ok {
		delete(o.pending, o.next)
		o.next.Block++
		if ctx.Err() != nil || f.pastFailure(w.seq) {
			w.discard()
		} else if err := o.deliver(ctx, &w); errors.Is(err, ErrStop) {
			f.stop()
		} else if err != nil {
			f.fail(w.seq, err)
		}
		f.gate.release()
		return true
	}
	if m, ok := o.blocks[o.next.Source]; ok && (m.seq.Block == o.next.Block || f.foldsInWorkers()) {
		delete(o.blocks, o.next.Source)
		if m.input != nil {
			m.input.done.Store(true)
		}
		o.next = Seq{Source: o.next.Source + 1}
		f.gate.advance(o.next.Source)
		return true
	}
	return false
}

// failIfReached stops the segment when all that comes before its fault has been
// consumed: no fault of a lower place can come any more.
func (o *orderer) failIfReached() {
	f := o.flow
	if f.foldsInWorkers() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil && f.failedAt.Compare(o.next) <= 0 {
		f.cancel(f.failed)
	}
}

// deliver takes one batch through the in-order stages to the sink or reducer.
func (o *orderer) deliver(ctx context.Context, w *work) error {
	f := o.flow
	b, tally, rejects := w.batch, w.batch.Tally, w.rejects
	var stop error
	for i, apply := range o.applies {
		var err error
		b, err = applyStage(apply, b, f.seg.inOrder[i].name, f.counters[len(f.seg.parallel)+i])
		if err != nil && !errors.Is(err, ErrStop) {
			return err
		}
		if err != nil {
			stop = err
		}
	}
	rows := b.Record.NumRows()
	if stop != nil {
		rejects = rejectsBefore(rejects, &b, &tally)
	}
	if err := f.reject(w.seq, rejects); err != nil {
		b.Release()
		return err
	}
	if f.seg.reducer != nil {
		b.Tally = tally
		if err := f.fold(ctx, o.local, b, w.input); err != nil {
			return err
		}
		return cmp.Or(stop, w.fault)
	}
	if w.input != nil {
		w.input.consume(tally, rows)
	}
	watch := newStopwatch(f.last())
	f.last().RowsIn.Add(rows)
	f.last().Batches.Add(1)
	err := f.tx.Write(ctx, b)
	watch.busy()
	if err != nil && !errors.Is(err, ErrStop) {
		return err
	}
	f.last().RowsOut.Add(rows)
	return cmp.Or(errors.Join(stop, err), w.fault)
}

// rejectsBefore returns the rejects that come before the last row of b, the
// last that is wanted, and takes the others from the tally.
func rejectsBefore(rejects iter.Seq[Reject], b *Batch, tally *Tally) iter.Seq[Reject] {
	if rejects == nil {
		return nil
	}
	last := int64(0)
	if n := int(b.Record.NumRows()); n > 0 {
		last = b.Position(n - 1).Line
	}
	for r := range rejects {
		if r.Line >= last && (r.Action == Rejected || r.Action == Truncated) {
			tally.RowsIn--
			tally.RowsRejected--
		}
	}
	return func(yield func(Reject) bool) {
		for r := range rejects {
			if r.Line >= last || !yield(r) {
				return
			}
		}
	}
}
