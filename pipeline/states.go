package pipeline

import (
	"context"
	"iter"
)

// states are what the Locals of a segment have flushed: batches in memory, and
// files where memory was short.
type states struct {
	batches []Batch
	spilled *spill     // of a Spiller; nil: all is in memory
	runs    *spillRuns // of a RunSpiller; nil: all is in memory
}

func (s *states) release() {
	for i := range s.batches {
		s.batches[i].Release()
	}
	s.batches = nil
	if s.spilled != nil {
		s.spilled.close()
		s.spilled = nil
	}
	if s.runs != nil {
		s.runs.close()
		s.runs = nil
	}
}

// handOver yields batches and hands them over; what is not pulled stays.
func handOver(ctx context.Context, batches []Batch) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		for i := range batches {
			if ctx.Err() != nil {
				yield(Batch{}, context.Cause(ctx))
				return
			}
			b := batches[i]
			batches[i] = Batch{}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// merge runs the reducer's Merge over the states, by way of the disk where some
// of them are there.
func (s *states) merge(ctx context.Context, t *Task, r BoundReducer, emit Emit) error {
	inMemory := handOver(ctx, s.batches)
	switch {
	case s.runs != nil:
		r := r.(RunSpiller)
		if len(s.batches) > 0 {
			err := s.runs.add(func(emit Emit) error { return r.SortStates(ctx, t, inMemory, emit) })
			if err != nil {
				return err
			}
		}
		return s.runs.merge(ctx, r, emit)
	case s.spilled != nil:
		for b, err := range inMemory {
			if err == nil {
				err = s.spilled.addState(b)
			}
			if err != nil {
				return err
			}
		}
		return mergeSpilled(ctx, t, r.(Spiller), s.spilled, emit)
	}
	return r.Merge(ctx, t, inMemory, emit)
}

// addState keeps a state that a Local has flushed at its end.
func (f *flow) addState(b Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.states.batches = append(f.states.batches, b)
	return nil
}

// spillIfShort flushes a Local that has more than its share of memory to disk,
// if its reducer can do with that.
func (f *flow) spillIfShort(ctx context.Context, local Local) error {
	t := f.job.task
	if t.MemoryBytes == 0 || local.Bytes() <= t.MemoryBytes {
		return nil
	}
	switch r := f.seg.reducer.(type) {
	case Spiller:
		if r.Partitions() < 2 {
			return nil
		}
		f.mu.Lock()
		if f.states.spilled == nil {
			f.states.spilled = newSpill(t, r.Partial(), r.Partitions())
		}
		spilled := f.states.spilled
		f.mu.Unlock()
		return local.Flush(spilled.addState)
	case RunSpiller:
		f.mu.Lock()
		if f.states.runs == nil {
			f.states.runs = newSpillRuns(t, r.Partial())
		}
		runs := f.states.runs
		f.mu.Unlock()
		return flushRun(ctx, t, r, local, runs)
	}
	return nil
}

// flushRun flushes a Local to disk as one run.
func flushRun(ctx context.Context, t *Task, r RunSpiller, local Local, runs *spillRuns) error {
	var batches []Batch
	defer func() {
		for i := range batches {
			batches[i].Release()
		}
	}()
	err := local.Flush(func(b Batch) error {
		batches = append(batches, b)
		return nil
	})
	if err != nil {
		return err
	}
	alone := *t
	alone.Workers = 1
	return runs.add(func(emit Emit) error { return r.SortStates(ctx, &alone, handOver(ctx, batches), emit) })
}
