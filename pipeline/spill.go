package pipeline

import (
	"context"
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

// Spiller is implemented by a BoundReducer whose states may be more than fits
// memory. They are then kept on disk by hash partition, each partition is
// merged by itself, and the results are put together.
type Spiller interface {
	BoundReducer
	// Partitions is the number of hash partitions. The first column of a
	// state is the partition of each row, a Uint8 that ascends within a
	// batch; rows that belong together have the same.
	Partitions() int
	// RunSchema is the schema of the result of one partition.
	RunSchema() *arrow.Schema
	// MergePartition merges the states of one partition, like Merge, and
	// emits its result in the order that MergeRuns wants.
	MergePartition(ctx context.Context, t *Task, states iter.Seq2[Batch, error], emit Emit) error
	// MergeRuns puts the results of all partitions together in their final
	// order; each run is in order by itself.
	MergeRuns(ctx context.Context, t *Task, runs []iter.Seq2[Batch, error], emit Emit) error
}

// runRowsMax bounds the rows of a partition's result that are written as one
// batch, as RunBatchBytes does: one of each partition is in memory when they are
// put together.
const runRowsMax = 4 << 10

// runRows is how many rows of a record make a batch of a run.
func runRows(rec arrow.Record) int64 {
	size := int64(0)
	for _, c := range rec.Columns() {
		size += int64(c.Data().SizeInBytes())
	}
	return min(max(RunBatchBytes/(size/max(rec.NumRows(), 1)+1), 1), runRowsMax)
}

// mergeSpilled is the Merge of states that were spilled.
func mergeSpilled(ctx context.Context, t *Task, r Spiller, states *spill, emit Emit) error {
	if err := states.finish(); err != nil {
		return err
	}
	partitions := len(states.files)
	results := newSpill(t, r.RunSchema(), partitions)
	defer results.close()
	alone := *t
	alone.Workers = 1
	g, merging := errgroup.WithContext(ctx)
	g.SetLimit(t.Workers)
	for p := range partitions {
		g.Go(func() error {
			if states.files[p].file == nil {
				return nil
			}
			return r.MergePartition(merging, &alone, states.read(merging, p), func(b Batch) error {
				defer b.Release()
				rows := runRows(b.Record)
				for from := int64(0); from < b.Record.NumRows(); from += rows {
					slice := b.Record.NewSlice(from, min(from+rows, b.Record.NumRows()))
					err := results.add(p, slice)
					slice.Release()
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := results.finish(); err != nil {
		return err
	}
	runs := make([]iter.Seq2[Batch, error], partitions)
	for p := range runs {
		runs[p] = results.read(ctx, p)
	}
	return r.MergeRuns(ctx, t, runs, emit)
}
