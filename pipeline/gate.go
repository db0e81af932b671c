package pipeline

import (
	"context"
	"sync"
)

// gate bounds how many blocks are in flight, from the moment a reader has one
// to the moment it is folded or written.
//
// When output is in input order, blocks of later inputs wait at the end for
// those of the first unfinished one, the head. If they could take every place,
// the head could not go on and the run would hang; so a reserve of places is
// for the head alone.
type gate struct {
	mu       sync.Mutex
	inFlight int
	window   int // places for every input
	reserve  int // further places for the head
	head     int // lowest input that is not finished
	changed  chan struct{}
}

func newGate(window, reserve int) *gate {
	return &gate{window: window, reserve: reserve, changed: make(chan struct{})}
}

// acquire takes a place for a block of the given input, waiting for one.
func (g *gate) acquire(ctx context.Context, source int) error {
	for {
		g.mu.Lock()
		places := g.window
		if source <= g.head {
			places += g.reserve
		}
		if g.inFlight < places {
			g.inFlight++
			g.mu.Unlock()
			return nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// release gives a place back.
func (g *gate) release() {
	g.mu.Lock()
	g.inFlight--
	g.wake()
	g.mu.Unlock()
}

// advance says that all inputs before head are finished.
func (g *gate) advance(head int) {
	g.mu.Lock()
	g.head = head
	g.wake()
	g.mu.Unlock()
}

func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}
