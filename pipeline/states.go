package pipeline

import (
	"context"
	"iter"
)

// states are what the Locals of a segment have flushed: batches in memory, and
// files where memory was short.
type states struct {
	batches []Batch
	spilled *spill // nil: all is in memory
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
}

// all yields the states in memory and hands them over; what is not pulled
// stays.
func (s *states) all(ctx context.Context) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		for i := range s.batches {
			if ctx.Err() != nil {
				yield(Batch{}, context.Cause(ctx))
				return
			}
			b := s.batches[i]
			s.batches[i] = Batch{}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// merge runs the reducer's Merge over the states, by way of the disk where some
// of them are there.
func (s *states) merge(ctx context.Context, t *Task, r BoundReducer, emit Emit) error {
	if s.spilled == nil {
		return r.Merge(ctx, t, s.all(ctx), emit)
	}
	for b, err := range s.all(ctx) {
		if err == nil {
			err = s.spilled.addState(b)
		}
		if err != nil {
			return err
		}
	}
	return mergeSpilled(ctx, t, r.(Spiller), s.spilled, emit)
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
func (f *flow) spillIfShort(local Local) error {
	t := f.job.task
	r, ok := f.seg.reducer.(Spiller)
	if !ok || t.MemoryBytes == 0 || r.Partitions() < 2 || local.Bytes() <= t.MemoryBytes {
		return nil
	}
	f.mu.Lock()
	if f.states.spilled == nil {
		f.states.spilled = newSpill(t, r.Partial(), r.Partitions())
	}
	spilled := f.states.spilled
	f.mu.Unlock()
	return local.Flush(spilled.addState)
}
