package pipeline

import (
	"context"
	"errors"
	"iter"
)

// worker decodes splits, applies the parallel stages, and folds the result or
// sends it on to be ordered. It ends when work is closed, and empties it also
// when the segment has been stopped, so that every split is accounted for.
func (f *flow) worker(ctx context.Context) {
	task := f.job.task
	applies, err := openStages(f.seg.parallel, task)
	var filter Apply
	if err == nil && f.first && f.job.filter != nil {
		filter, err = f.job.filter.Open(task)
	}
	var local Local
	if err == nil && f.foldsInWorkers() {
		if local, err = f.seg.reducer.NewLocal(task); err == nil {
			defer local.Close()
		}
	}
	if err != nil {
		f.cancel(err)
	}
	watch := newStopwatch(f.last())
	for w := range f.work {
		watch.waited()
		if ctx.Err() != nil || f.pastFailure(w.seq) {
			w.discard()
			f.gate.release()
			continue
		}
		b, err := f.transform(ctx, &w, applies, filter)
		if err != nil {
			f.fail(w.seq, err)
			f.gate.release()
			if local == nil {
				// All other places may be held by batches that wait for
				// this one: nobody else would tell the orderer.
				select {
				case f.ordered <- message{failed: true}:
				case <-ctx.Done():
				}
			}
			continue
		}
		if local == nil {
			w.split, w.batch = nil, b
			select {
			case f.ordered <- message{work: w}: // the place in flight goes with it
			case <-ctx.Done():
				b.Release()
				f.gate.release()
			}
			continue
		}
		watch.restart()
		if err := f.fold(ctx, local, b, w.input); err != nil {
			f.fail(w.seq, err)
		}
		watch.busy()
		f.gate.release()
	}
	watch.waited()
	if local != nil && ctx.Err() == nil && !f.hasFailed() {
		if err := local.Flush(f.addState); err != nil {
			f.cancel(err)
		}
		watch.busy()
	}
}

// reject hands rejects to whoever wants them.
func (f *flow) reject(seq Seq, rejects iter.Seq[Reject]) error {
	if rejects == nil || f.job.plan.Rejects == nil {
		return nil
	}
	return f.job.plan.Rejects.Add(seq, rejects)
}

// transform decodes w and applies the parallel stages. filter, if not nil, does
// what the first of them does and can do so before all columns are decoded.
func (f *flow) transform(ctx context.Context, w *work, applies []Apply, filter Apply) (Batch, error) {
	b := w.batch
	w.batch = Batch{}
	done := 0 // stages
	if w.split != nil {
		var err error
		if s, ok := w.split.(FilteredSplit); ok && filter != nil {
			done = 1
			b, err = f.decodeWhere(ctx, s, w.seq, filter)
		} else {
			b, err = f.decodeAll(ctx, w.split)
		}
		if err != nil {
			return Batch{}, err
		}
		b.Seq = w.seq
		w.fault, b.Fault = b.Fault, nil
		if len(f.seg.inOrder) > 0 {
			w.rejects = b.Rejects // those behind the last row that is wanted do not matter
		} else if err := f.reject(b.Seq, b.Rejects); err != nil {
			b.Release()
			return Batch{}, err
		}
		b.Rejects = nil
		f.decode.Batches.Add(1)
		f.decode.RowsIn.Add(b.Tally.RowsIn)
		f.decode.RowsOut.Add(b.Tally.RowsIn - b.Tally.RowsRejected)
		f.decode.Bytes.Add(b.Tally.Bytes)
	}
	for i := done; i < len(applies); i++ {
		var err error
		if b, err = applyStage(applies[i], b, f.seg.parallel[i].name, f.counters[i]); err != nil {
			b.Release()
			return Batch{}, err
		}
	}
	return b, nil
}

func (f *flow) decodeAll(ctx context.Context, s Split) (Batch, error) {
	watch := newStopwatch(f.decode)
	defer watch.busy()
	return s.Decode(ctx, f.job.task)
}

// decodeWhere decodes s, dropping rows on the way as the first stage does.
func (f *flow) decodeWhere(ctx context.Context, s FilteredSplit, seq Seq, filter Apply) (Batch, error) {
	watch := newStopwatch(f.decode)
	defer watch.busy()
	return s.DecodeWhere(ctx, f.job.task, func(b Batch) (Batch, error) {
		watch.busy()
		defer watch.restart()
		b.Seq = seq
		return applyStage(filter, b, f.job.filter.name, f.counters[0])
	})
}

// applyStage applies one stage and counts it. With ErrStop it returns the
// stage's last batch.
func applyStage(apply Apply, b Batch, name string, count *StageCounters) (Batch, error) {
	watch := newStopwatch(count)
	before := b
	count.Batches.Add(1)
	count.RowsIn.Add(b.Record.NumRows())
	b, err := apply(b)
	watch.busy()
	if err != nil && !errors.Is(err, ErrStop) {
		return Batch{}, asInputError(err, &before, name)
	}
	if b.Record != nil {
		count.RowsOut.Add(b.Record.NumRows())
	}
	return b, err
}

// fold folds a batch into a Local and books its rows.
func (f *flow) fold(ctx context.Context, local Local, b Batch, input *InputCounters) error {
	rows := b.Record.NumRows()
	if input != nil {
		input.consume(b.Tally, rows)
	}
	f.last().Batches.Add(1)
	f.last().RowsIn.Add(rows)
	before := b
	if err := local.Fold(b); err != nil {
		return asInputError(err, &before, f.seg.name)
	}
	return f.spillIfShort(ctx, local)
}

func (f *flow) hasFailed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed != nil
}
