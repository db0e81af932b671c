package readers

import (
	"context"
	"sync"
)

// readAhead bounds what all streams of a Set together hold of what they have
// read ahead, before and after decompression. A stream that holds nothing may
// always go on, so that no stream waits for another: a pipeline may be waiting
// for just that one.
type readAhead struct {
	max int // bytes

	mu    sync.Mutex
	freed sync.Cond
	used  int
}

func newReadAhead(bytesMax int) *readAhead {
	r := &readAhead{max: bytesMax}
	r.freed.L = &r.mu
	return r
}

const (
	// aheadBytesPerWorker is the share of readAhead's bound.
	aheadBytesPerWorker = 16 << 20
	// aheadBytesMax is the most that it may be.
	aheadBytesMax = 256 << 20
)

// take waits until n bytes may be held and adds them to held, the stream's own
// count. It fails when ctx is done.
func (r *readAhead) take(ctx context.Context, held *int, n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fits := func() bool { return *held == 0 || r.used+n <= r.max }
	if !fits() {
		defer context.AfterFunc(ctx, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.freed.Broadcast()
		})()
		for !fits() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r.freed.Wait()
		}
	}
	*held += n
	r.used += n
	return nil
}

// give ends the holding of n bytes.
func (r *readAhead) give(held *int, n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	*held -= n
	r.used -= n
	r.freed.Broadcast()
}
