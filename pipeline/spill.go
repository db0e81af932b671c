package pipeline

import (
	"context"
	"fmt"
	"iter"
	"sort"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"
)

// spill keeps record batches in temporary files, one for each hash partition, as
// Arrow IPC streams.
type spill struct {
	task   *Task
	schema *arrow.Schema
	files  []partitionFile
}

// partitionFile is one partition. Its lock covers its fields.
type partitionFile struct {
	mu     sync.Mutex
	file   *spillFile // nil: nothing was written
	stream *spillStream
}

func newSpill(t *Task, schema *arrow.Schema, partitions int) *spill {
	return &spill{task: t, schema: schema, files: make([]partitionFile, partitions)}
}

// addState takes ownership of a state batch and writes each of its rows to the
// partition that the first column names; it ascends.
func (s *spill) addState(b Batch) error {
	defer b.Release()
	rows := int(b.Record.NumRows())
	partitions := b.Record.Column(0).(*array.Uint8).Uint8Values()
	for from := 0; from < rows; {
		p := partitions[from]
		to := from + sort.Search(rows-from, func(i int) bool { return partitions[from+i] > p })
		slice := b.Record.NewSlice(int64(from), int64(to))
		err := s.add(int(p), slice)
		slice.Release()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

// add writes a record, which stays the caller's, to a partition.
func (s *spill) add(partition int, rec arrow.Record) error {
	f := &s.files[partition]
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		file, err := newSpillFile(s.task)
		if err != nil {
			return err
		}
		f.file = file
		f.stream = file.stream(s.task, s.schema)
	}
	return f.stream.write(rec)
}

// finish ends writing.
func (s *spill) finish() error {
	for i := range s.files {
		f := &s.files[i]
		if f.file == nil {
			continue
		}
		if err := f.stream.close(); err != nil {
			return err
		}
		f.stream = nil
	}
	return nil
}

// read yields the batches of a partition in the order of writing. The file is
// let go at the end.
func (s *spill) read(ctx context.Context, partition int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		f := &s.files[partition]
		if f.file == nil {
			return
		}
		defer f.close()
		f.file.read(ctx, s.task, spilled{to: f.file.sizeBytes})(yield)
	}
}

func (f *partitionFile) close() {
	if f.file != nil {
		f.file.close()
		f.file, f.stream = nil, nil
	}
}

func (s *spill) close() {
	for i := range s.files {
		s.files[i].close()
	}
}

// Spiller is implemented by a BoundReducer whose result is one row, or some, for
// each key, and whose states may be more than fits memory. They are then kept on
// disk by hash partition of the key, each partition is merged by itself into a
// run, and the runs are merged.
type Spiller interface {
	BoundReducer
	RunMerger
	// Partitions is the number of hash partitions. The first column of a
	// state is the partition of each row, a Uint8 that ascends within a
	// batch; rows that belong together have the same.
	Partitions() int
	// RunSchema is the schema of the runs.
	RunSchema() *arrow.Schema
	// NewMerger returns what merges the states of a partition. At level 0 its
	// Flush makes partitions of the rest of the hash, at level 1 of the rest
	// of that, and so on.
	NewMerger(t *Task, level int) (Merger, error)
}

// Merger merges the states of one partition. Call order: Add and Flush any
// number of times, then Finish or not, then Close.
type Merger interface {
	// Add merges a state, which it owns.
	Add(state Batch) error
	// Bytes estimates the memory held.
	Bytes() int64
	// Keys is how many keys there are.
	Keys() int
	// Flush emits all as states of smaller partitions, and is then empty.
	Flush(emit Emit) error
	// Finish emits the result as a run.
	Finish(ctx context.Context, emit Emit) error
	// Close gives all memory back. It may be called at any time, and again.
	Close()
}

// runRowsMax bounds the rows of a batch of a run, as RunBatchBytes does: one of
// each run is in memory when they are merged.
const runRowsMax = 4 << 10

// runRows is how many rows of a record make a batch of a run.
func runRows(rec arrow.Record) int64 {
	size := int64(0)
	for _, c := range rec.Columns() {
		size += int64(c.Data().SizeInBytes())
	}
	return min(max(RunBatchBytes/(size/max(rec.NumRows(), 1)+1), 1), runRowsMax)
}

// partitionBytesMin is what merging a partition may always take: files for less
// cost more memory than they save.
const partitionBytesMin = 32 << 10

// partitionLevels bounds how often partitions that do not fit memory are
// partitioned again: the last ones are a part in 64^4 of the keys.
const partitionLevels = 4

// partitionMerge merges the partitions of a Spiller.
type partitionMerge struct {
	task    *Task
	reducer Spiller
	runs    *spillRuns
	large   sync.Mutex // held by the one goroutine that takes more than its share
}

// mergeSpilled is the Merge of states that were spilled.
func mergeSpilled(ctx context.Context, t *Task, r Spiller, states *spill, emit Emit) error {
	alone := *t
	alone.Workers = 1
	m := partitionMerge{task: &alone, reducer: r, runs: newSpillRuns(t, r.RunSchema())}
	defer m.runs.close()
	if err := states.finish(); err != nil {
		return err
	}
	g, merging := errgroup.WithContext(ctx)
	g.SetLimit(t.Workers)
	for p := range states.files {
		if states.files[p].file != nil {
			g.Go(func() error { return m.merge(merging, states.read(merging, p), 0) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return m.runs.merge(ctx, r, emit)
}

// merge merges the states of one partition into a run, or, where they take more
// than a share of memory, into one for each of its own partitions.
func (m *partitionMerge) merge(ctx context.Context, states iter.Seq2[Batch, error], level int) error {
	merger, err := m.reducer.NewMerger(m.task, level)
	if err != nil {
		return err
	}
	defer merger.Close()
	smaller := newSpill(m.task, m.reducer.Partial(), m.reducer.Partitions())
	defer smaller.close()
	flushed, large := false, false
	endLarge := func() {
		if large {
			m.large.Unlock()
			large = false
		}
	}
	defer endLarge()
	for b, err := range states {
		if err == nil {
			err = merger.Add(b)
		}
		if err != nil {
			return err
		}
		switch bytes := merger.Bytes(); {
		case bytes <= max(m.task.MemoryBytes, partitionBytesMin):
		case merger.Keys() > 1 && level+1 < partitionLevels:
			flushed = true
			if err := merger.Flush(smaller.addState); err != nil {
				return err
			}
		default:
			if !large {
				m.large.Lock()
				large = true
			}
			if most := m.task.MemoryBytes * int64(max(m.runs.task.Workers, 1)); bytes > max(most, largeBytesMin) {
				return fmt.Errorf("one group takes more than %d MiB, half of the memory that was given: give more --memory, "+
					"or take approx_quantile or approx_count_distinct, which do not keep all values", most>>20)
			}
		}
	}
	if !flushed {
		return m.runs.add(func(emit Emit) error {
			return merger.Finish(ctx, func(b Batch) error { return emitSlices(b, emit) })
		})
	}
	if err := merger.Flush(smaller.addState); err != nil {
		return err
	}
	merger.Close()
	endLarge()
	if err := smaller.finish(); err != nil {
		return err
	}
	for p := range smaller.files {
		if smaller.files[p].file != nil {
			if err := m.merge(ctx, smaller.read(ctx, p), level+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// largeBytesMin is what one group may always take.
const largeBytesMin = 16 << 20

// emitSlices emits a batch in parts that are small enough for a run.
func emitSlices(b Batch, emit Emit) error {
	defer b.Release()
	rows := runRows(b.Record)
	for from := int64(0); from < b.Record.NumRows(); from += rows {
		if err := emit(Batch{Record: b.Record.NewSlice(from, min(from+rows, b.Record.NumRows()))}); err != nil {
			return err
		}
	}
	return nil
}
