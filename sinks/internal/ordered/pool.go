// Package ordered does work on several goroutines and hands on the results in
// the order in which the work was given: what encoders need whose output must
// not depend on how many workers there are.
package ordered

import (
	"context"
	"errors"
	"sync"
)

// Stages are what happens to a job, a piece of memory of type J that goes round
// from one stage to the next and is used again. Between the stages the pool
// orders memory accesses, so that J needs no lock.
type Stages[J any] struct {
	// New makes a job. It is called by Next, as often as jobs are needed at
	// the same time, and no more often than the pool has places.
	New func() J
	// Work is called on a worker's goroutine.
	Work func(J) error
	// Emit is called by one goroutine, for one job after the other, in the
	// order in which they were submitted.
	Emit func(J) error
	// Drop, unless nil, gives back what a job holds besides memory. It is
	// called for every job by Abort.
	Drop func(J)
}

// Limits bound what is on its way.
type Limits struct {
	// Workers is how many goroutines work, at least 1. Besides them one
	// goroutine emits.
	Workers int
	// Bytes is how much the submitted jobs may hold together, in the bytes
	// told to Submit; one job may always be on its way. 0 means no limit.
	Bytes int64
}

// Pool is a set of jobs in a cycle:
//
//	      Next            Submit          Work          Emit
//	free ──────▶ filling ───────▶ queued ──────▶ done ───────▶ free
//	       the caller              workers        the emitter
//
// Its methods are called by one goroutine: Next and Submit by turns, then Close
// or Abort. Three channels join the goroutines: queued and inOrder, which
// Submit fills and Close closes, and free, by which the emitter gives jobs
// back. Each has room for all jobs there may be, so that no send blocks.
// Goroutines are started by Submit, as they are needed, and have ended when
// Close or Abort returns; they also end when a stage fails or ctx is done.
type Pool[J any] struct {
	stages Stages[J]
	limits Limits
	places int // jobs there may be

	slots   []*slot[J] // all that were made
	idle    []*slot[J] // those that nobody uses
	filling *slot[J]   // nil until Next
	onWay   int        // submitted and not yet given back
	bytes   int64      // of those

	queued  chan *slot[J]
	inOrder chan *slot[J]
	free    chan *slot[J]
	workers int // started so far
	wg      sync.WaitGroup
	unwatch func() bool // stops watching the context of the first Submit
	closed  bool

	failure sync.Once
	failed  chan struct{} // closed after err is set
	err     error
}

// slot is a job's place in the cycle.
type slot[J any] struct {
	job   J
	bytes int64
	done  chan struct{} // takes one signal per round
}

// errOver is what a pool says that was closed or aborted without an error
// before.
var errOver = errors.New("the output is done or was given up")

// New returns a pool without any jobs and goroutines yet.
func New[J any](stages Stages[J], limits Limits) *Pool[J] {
	limits.Workers = max(limits.Workers, 1)
	// One is filled and one emitted while all workers work.
	places := limits.Workers + 2
	return &Pool[J]{
		stages:  stages,
		limits:  limits,
		places:  places,
		queued:  make(chan *slot[J], places),
		inOrder: make(chan *slot[J], places),
		free:    make(chan *slot[J], places),
		failed:  make(chan struct{}),
	}
}

// Next returns the job to fill, the same one until it is submitted. It waits
// while as many as may be are on their way. After the first error of any stage
// it returns that error.
func (p *Pool[J]) Next(ctx context.Context) (job J, err error) {
	if err := p.usable(ctx); err != nil {
		return job, err
	}
	for p.filling == nil {
		select { // what is free already, first
		case s := <-p.free:
			p.giveBack(s)
			continue
		default:
		}
		if p.onWay == 0 || p.limits.Bytes == 0 || p.bytes < p.limits.Bytes {
			if n := len(p.idle); n > 0 {
				p.filling, p.idle = p.idle[n-1], p.idle[:n-1]
				break
			}
			if len(p.slots) < p.places {
				p.filling = &slot[J]{job: p.stages.New(), done: make(chan struct{}, 1)}
				p.slots = append(p.slots, p.filling)
				break
			}
		}
		select {
		case s := <-p.free:
			p.giveBack(s)
		case <-ctx.Done():
			return job, p.fail(context.Cause(ctx))
		case <-p.failed:
			return job, p.err
		}
	}
	return p.filling.job, nil
}

func (p *Pool[J]) giveBack(s *slot[J]) {
	p.onWay--
	p.bytes -= s.bytes
	p.idle = append(p.idle, s)
}

// Err returns the first error of any stage, nil while there is none. After Close
// or Abort it is never nil.
func (p *Pool[J]) Err() error {
	select {
	case <-p.failed:
		return p.err
	default:
		return nil
	}
}

// usable returns why nothing can be done, if so.
func (p *Pool[J]) usable(ctx context.Context) error {
	if err := p.Err(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return p.fail(context.Cause(ctx))
	}
	return nil
}

// Submit sends the job that Next returned on its way; it does nothing when that
// is on its way already. The job holds about so many bytes. The ctx of the
// first Submit also governs the pool's goroutines.
func (p *Pool[J]) Submit(ctx context.Context, bytes int64) {
	s := p.filling
	if s == nil {
		return
	}
	p.filling = nil
	s.bytes = bytes
	p.onWay++
	p.bytes += bytes
	if p.workers == 0 {
		p.unwatch = context.AfterFunc(ctx, func() { p.fail(context.Cause(ctx)) })
		p.wg.Go(p.emitAll)
	}
	if p.workers < min(p.limits.Workers, p.onWay) {
		p.workers++
		p.wg.Go(p.workAll)
	}
	p.inOrder <- s
	p.queued <- s
}

// workAll is what each worker does.
func (p *Pool[J]) workAll() {
	for {
		select {
		case <-p.failed:
			return
		case s, more := <-p.queued:
			if !more {
				return
			}
			if err := p.stages.Work(s.job); err != nil {
				p.fail(err)
				return
			}
			s.done <- struct{}{}
		}
	}
}

// emitAll is what the emitter does.
func (p *Pool[J]) emitAll() {
	for {
		var s *slot[J]
		var more bool
		select {
		case <-p.failed:
			return
		case s, more = <-p.inOrder:
			if !more {
				return
			}
		}
		select {
		case <-p.failed:
			return
		case <-s.done:
		}
		if err := p.stages.Emit(s.job); err != nil {
			p.fail(err)
			return
		}
		p.free <- s
	}
}

// fail remembers the first error, tells all goroutines to end, and returns the
// first error.
func (p *Pool[J]) fail(err error) error {
	p.failure.Do(func() {
		p.err = err
		close(p.failed)
	})
	return p.err
}

// Close waits until everything submitted is emitted and returns the first error
// of any stage. A job that was not submitted is dropped. All goroutines have
// ended.
func (p *Pool[J]) Close(ctx context.Context) error {
	defer p.Abort() // gives everything back; nothing is left to give up
	if err := p.usable(ctx); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { p.fail(context.Cause(ctx)) })
	close(p.queued)
	close(p.inOrder)
	p.wg.Wait()
	stop()
	return p.Err()
}

// Abort ends all goroutines and drops all jobs. It does nothing after Close, or
// the second time.
func (p *Pool[J]) Abort() {
	if p.closed {
		return
	}
	p.closed = true
	p.fail(errOver)
	p.wg.Wait()
	if p.unwatch != nil {
		p.unwatch()
	}
	if p.stages.Drop != nil {
		for _, s := range p.slots {
			p.stages.Drop(s.job)
		}
	}
	p.slots, p.idle, p.filling = nil, nil, nil
}
