package readers

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"csvloom/readers/internal/fetch"
	"csvloom/readers/internal/spool"
)

// remote is a URL's download.
type remote struct {
	target *fetch.Target
	stream *spool.Stream
	bytes  atomic.Int64  // length, -1 when not known
	done   chan struct{} // closed when err is final
	err    error         // *SourceError, or the set's context's cause
}

// wait waits until the download has ended and returns how.
func (r *remote) wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	default:
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// downloads fetches URLs in input order, several at once. When one fails for
// good and the run will fail with it, those after it are given up, since they
// cannot matter any more; those before it go on, since one of them may fail too
// and is then the one to be reported.
type downloads struct {
	set    *Set
	client *fetch.Client
	inputs []*Input

	mu      sync.Mutex
	next    int // first that nobody has begun
	failed  int // first that failed for good; len(inputs) if none did
	running int // workers
	cancels []context.CancelFunc
	settled []bool // its result is final
}

func newDownloads(s *Set, client *fetch.Client, inputs []*Input) *downloads {
	return &downloads{
		set: s, client: client, inputs: inputs,
		failed:  len(inputs),
		cancels: make([]context.CancelFunc, len(inputs)),
		settled: make([]bool, len(inputs)),
	}
}

// start begins fetching with that many workers.
func (d *downloads) start(workers int) {
	d.running = min(workers, len(d.inputs))
	for range d.running {
		d.set.running.Go(d.work)
	}
}

func (d *downloads) work() {
	for {
		ctx, i := d.claim()
		if i < 0 {
			break
		}
		in := d.inputs[i]
		err := d.client.Download(ctx, in.remote.target, in.remote.stream, func(bytes int64) error {
			in.remote.bytes.Store(bytes)
			return d.set.store.Fits(bytes)
		})
		d.finish(i, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running--; d.running == 0 {
		d.settleRest()
	}
}

// claim returns the next download to begin; -1 when there is none.
func (d *downloads) claim() (context.Context, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next >= d.failed || d.set.ctx.Err() != nil {
		return nil, -1
	}
	i := d.next
	d.next++
	ctx, cancel := context.WithCancel(d.set.ctx)
	d.cancels[i] = cancel
	return ctx, i
}

// finish records the end of download i.
func (d *downloads) finish(i int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancels[i]()
	if err == nil {
		d.settle(i, nil)
		return
	}
	if d.set.ctx.Err() != nil || i > d.failed {
		return // given up; see settleRest
	}
	in := d.inputs[i]
	err = d.set.judge(in, &SourceError{Name: in.Name, Op: "fetch", Err: err})
	d.settle(i, err)
	if errors.Is(err, ErrSkipped) {
		return
	}
	d.failed = i
	for _, cancel := range d.cancels[i+1 : d.next] {
		cancel()
	}
}

// settleRest gives those that were given up the error that was the reason.
func (d *downloads) settleRest() {
	reason := context.Cause(d.set.ctx)
	if d.failed < len(d.inputs) {
		reason = d.inputs[d.failed].remote.err
	}
	for i, settled := range d.settled {
		if !settled {
			d.settle(i, reason)
		}
	}
}

// settle makes the result of download i final.
func (d *downloads) settle(i int, err error) {
	r := d.inputs[i].remote
	r.err = err
	r.stream.Finish(err)
	d.settled[i] = true
	close(r.done)
}
