package sinks

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"

	"csvloom/sinks/internal/vfs"
)

// partWriter encodes runs of rows of many partitions and writes them to their
// files. send and wait are called by one goroutine at a time.
//
// Up to workers goroutines each take one part of a run at a time (for Parquet, a
// column) and encode it. Whoever encodes the last part of a run writes it, and
// what is encoded behind it, unless another run of the same partition comes
// first or is being written. A file that is complete goes to a goroutine of its
// own, of which there are at most syncsMax, to be synced and read back: the
// processor has nothing to do meanwhile, and the disk syncs many at once. All of
// them have ended when wait returns.
type partWriter struct {
	fs       vfs.FS
	format   partFormat
	name     string // of the output, for errors
	replace  bool   // there is an output from before
	dir      string // where files are written
	fileName string // of every file, in the directory of its partition
	fileMode fs.FileMode
	readBack func(io.ReaderAt, int64) (int64, error)
	workers  int

	ctx     context.Context
	mu      sync.Mutex
	changed sync.Cond
	tasks   []partTask
	onWay   int // jobs sent and not written yet
	bytes   int64
	started int
	closed  bool
	err     error

	syncs chan struct{} // has room for as many as may go on
	wg    sync.WaitGroup
}

const (
	// partBytesOnWay bounds the values in runs that are being encoded; one
	// run may always be on its way.
	partBytesOnWay = 48 << 20
	// syncsMax bounds how many files are synced at the same time.
	syncsMax = 16
)

// partJob is a run on its way into the file of a partition.
type partJob struct {
	partition *partition
	run       partRun // nil when there are no rows left for the last job
	bytes     int64
	last      bool // completes the file
	left      atomic.Int32
	encoded   bool // guarded by partWriter.mu
}

// partTask is a part of a run to be encoded.
type partTask struct {
	job  *partJob
	part int
}

var errGivenUp = errors.New("the output was given up")

// send puts a job on its way. It waits while too many are. After the first error
// it returns that error, and the job is given up.
func (w *partWriter) send(j *partJob) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.onWay > 0 && w.bytes+j.bytes > partBytesOnWay {
		w.changed.Wait()
	}
	if w.err != nil {
		if j.run != nil {
			j.run.release()
		}
		return w.err
	}
	w.onWay++
	w.bytes += j.bytes
	j.partition.queue = append(j.partition.queue, j)
	parts := 1 // a job without rows has one part, in which nothing is done
	if j.run != nil {
		parts = j.run.parts()
	}
	j.left.Store(int32(parts))
	for part := range parts {
		w.tasks = append(w.tasks, partTask{j, part})
		if w.started < w.workers {
			w.started++
			w.wg.Go(w.work)
		}
	}
	w.changed.Broadcast()
	return nil
}

// drain waits until all that was sent is written, or something has failed, and
// returns the first error.
func (w *partWriter) drain() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && w.onWay > 0 {
		w.changed.Wait()
	}
	return w.err
}

// work is what each worker does.
func (w *partWriter) work() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.tasks) == 0 && !w.closed && w.err == nil {
			w.changed.Wait()
		}
		if w.err != nil || len(w.tasks) == 0 {
			return
		}
		t := w.tasks[0]
		w.tasks = w.tasks[1:]
		w.mu.Unlock()
		var err error
		if t.job.run != nil {
			err = t.job.run.encode(w.ctx, t.part)
		}
		done := t.job.left.Add(-1) == 0
		w.mu.Lock()
		if err != nil {
			w.failLocked(w.failure(t.job.partition, "cannot encode", err))
			return
		}
		if done {
			t.job.encoded = true
			w.writeEncoded(t.job.partition)
		}
	}
}

// writeEncoded writes the jobs of a partition whose turn it is. It is called with
// mu locked.
func (w *partWriter) writeEncoded(p *partition) {
	for !p.writing && len(p.queue) > 0 && p.queue[0].encoded && w.err == nil {
		j := p.queue[0]
		p.queue = p.queue[1:]
		p.writing = true
		w.mu.Unlock()
		f, err := w.write(p, j)
		if f != nil {
			w.syncs <- struct{}{}
			w.wg.Go(func() {
				err := w.finish(p, f)
				<-w.syncs
				if err != nil {
					w.fail(err)
				}
			})
		}
		w.mu.Lock()
		p.writing = false
		w.onWay--
		w.bytes -= j.bytes
		if err != nil {
			w.failLocked(err)
		}
		w.changed.Broadcast()
	}
}

// fail remembers the first error and tells everybody to end.
func (w *partWriter) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failLocked(err)
}

func (w *partWriter) failLocked(err error) {
	if w.err == nil {
		w.err = err
	}
	w.changed.Broadcast()
}

// failed returns the first error.
func (w *partWriter) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// wait waits until everything is written, or something has failed, and returns
// the first error. Nothing is sent any more.
func (w *partWriter) wait() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	w.wg.Wait()
	return w.err
}

// release gives back what jobs hold that were not encoded. It is called after
// wait.
func (w *partWriter) release(p *partition) {
	for _, j := range p.queue {
		if j.run != nil {
			j.run.release()
		}
	}
	p.queue = nil
}

// advice is what to do about an error of writing.
func (w *partWriter) advice(err error) string {
	advice := ""
	if errors.Is(err, syscall.ENOSPC) {
		advice = "; free some space, or write elsewhere"
	}
	if w.replace {
		advice += "; the previous directory is left as it was"
	}
	return advice
}
