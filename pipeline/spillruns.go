package pipeline

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
)

// RunSpiller is implemented by a BoundReducer whose result is its rows in some
// order. States that are more than fits memory are sorted and kept on disk, run
// by run, and the runs are merged.
type RunSpiller interface {
	BoundReducer
	// SortStates emits states, whose batches it owns as it pulls them, as one
	// run: states in the order of the result. Batches are small, since one of
	// each run is in memory when runs are merged; see [RunBatchBytes].
	SortStates(ctx context.Context, t *Task, states iter.Seq2[Batch, error], emit Emit) error
	RunMerger
}

// RunMerger merges runs: batches that are in order, within a run and from one
// batch to the next.
type RunMerger interface {
	// MergeStates merges runs into one run.
	MergeStates(ctx context.Context, t *Task, runs []iter.Seq2[Batch, error], emit Emit) error
	// MergeRuns merges runs into the result.
	MergeRuns(ctx context.Context, t *Task, runs []iter.Seq2[Batch, error], emit Emit) error
}

// RunBatchBytes is about how large the batches of a run are.
const RunBatchBytes = 256 << 10

// spillRuns are runs on disk. Several goroutines may add runs at a time, each to
// a file of its own.
type spillRuns struct {
	task   *Task
	schema *arrow.Schema

	mu   sync.Mutex
	runs []spillRun
	idle []*runFile // that nobody is writing to
	all  []*runFile
}

// runFile is a file of runs.
type runFile struct {
	*spillFile
	runs int // that have not been read
}

type spillRun struct {
	file *runFile
	at   spilled
}

func newSpillRuns(t *Task, schema *arrow.Schema) *spillRuns {
	return &spillRuns{task: t, schema: schema}
}

// acquire returns a file that nobody else writes to.
func (s *spillRuns) acquire() (*runFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		f := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return f, nil
	}
	file, err := newSpillFile(s.task)
	if err != nil {
		return nil, err
	}
	f := &runFile{spillFile: file}
	s.all = append(s.all, f)
	return f, nil
}

// add writes a run: all that write emits.
func (s *spillRuns) add(write func(Emit) error) error {
	f, err := s.acquire()
	if err != nil {
		return err
	}
	at := spilled{from: f.sizeBytes}
	stream := f.stream(s.task, s.schema)
	err = write(func(b Batch) error {
		defer b.Release()
		return stream.write(b.Record)
	})
	if err != nil {
		return err
	}
	if err := stream.close(); err != nil {
		return err
	}
	at.to = f.sizeBytes
	s.mu.Lock()
	defer s.mu.Unlock()
	f.runs++
	s.runs = append(s.runs, spillRun{f, at})
	s.idle = append(s.idle, f)
	return nil
}

// fanIn is how many runs are merged at a time: of each there are one batch, its
// keys, and what the reader needs in memory.
func (s *spillRuns) fanIn() int {
	const (
		perRunBytes = 4 * RunBatchBytes
		fanInMax    = 256
	)
	return int(min(max(s.task.MemoryBytes*int64(max(s.task.Workers, 1))/perRunBytes, 2), fanInMax))
}

// merge merges all runs into the result of r, by way of fewer and longer runs
// where there are too many of them.
func (s *spillRuns) merge(ctx context.Context, r RunMerger, emit Emit) error {
	fanIn := s.fanIn()
	for len(s.runs) > fanIn {
		// As few as leave fanIn of them: the shortest, which are the first.
		n := min(fanIn, len(s.runs)-fanIn+1)
		some := slices.Clone(s.runs[:n])
		s.runs = s.runs[n:]
		s.idle = nil // files are read or written, not both: so they can go
		err := s.add(func(emit Emit) error { return r.MergeStates(ctx, s.task, s.readers(ctx, some), emit) })
		if err != nil {
			return err
		}
		s.forget(some)
	}
	return r.MergeRuns(ctx, s.task, s.readers(ctx, s.runs), emit)
}

func (s *spillRuns) readers(ctx context.Context, runs []spillRun) []iter.Seq2[Batch, error] {
	readers := make([]iter.Seq2[Batch, error], len(runs))
	for i, r := range runs {
		readers[i] = r.file.read(ctx, s.task, r.at)
	}
	return readers
}

// forget lets go of the files of which all runs have been merged.
func (s *spillRuns) forget(runs []spillRun) {
	for _, r := range runs {
		if r.file.runs--; r.file.runs == 0 {
			r.file.close()
			s.all = slices.DeleteFunc(s.all, func(f *runFile) bool { return f == r.file })
		}
	}
}

func (s *spillRuns) close() {
	for _, f := range s.all {
		f.close()
	}
	s.all, s.idle, s.runs = nil, nil, nil
}
