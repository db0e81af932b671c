package readers

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"csvloom/readers/internal/spool"
)

// received is a pipe: it can be read only once, so that one goroutine takes in
// what comes and keeps it, and any number of readers follow.
type received struct {
	stream *spool.Stream
	src    io.Reader // standard input; nil for a FIFO or device
	path   string    // of a FIFO or device

	once sync.Once
	err  error // of begin
}

// pipeBytes is how much of a pipe is read at a time.
const pipeBytes = 256 << 10

// begin starts receiving, at the first call: a run that only lists its inputs
// takes nothing from them.
func (p *received) begin(s *Set) error {
	p.once.Do(func() { p.err = p.start(s) })
	return p.err
}

func (p *received) start(s *Set) error {
	if p.src != nil {
		if !interruptible(p.src) {
			// Its read may never return; nobody can wait for that.
			go p.receive(s.ctx, p.src)
			return nil
		}
		return s.begin(func() { p.receive(s.ctx, p.src) })
	}
	file, err := openPipe(p.path)
	if err != nil {
		return cause(err)
	}
	err = s.begin(func() {
		p.receive(s.ctx, file)
		_ = file.Close() // it was only read
	})
	if err != nil {
		_ = file.Close() // unused
	}
	return err
}

// interruptible reports whether a Read of src that waits can be ended.
func interruptible(src io.Reader) bool {
	switch src.(type) {
	case *os.File:
		return canPoll
	case io.Closer:
		return true
	}
	return false
}

// receive copies src to the stream until it ends or the set is closed.
func (p *received) receive(ctx context.Context, src io.Reader) {
	file, isFile := src.(*os.File)
	if closer, ok := src.(io.Closer); ok && !isFile {
		// Closing a *os.File would not end its reads; it is polled instead.
		defer context.AfterFunc(ctx, func() { _ = closer.Close() })()
	}
	buf := make([]byte, pipeBytes)
	for {
		if isFile {
			awaitReadable(ctx, file)
		}
		if ctx.Err() != nil {
			p.stream.Finish(context.Cause(ctx))
			return
		}
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := p.stream.Write(buf[:n]); err != nil {
				p.stream.Finish(err)
				return
			}
		}
		switch {
		case err == nil:
		case err == io.EOF && p.awaitsWriter(), wouldBlock(err):
			time.Sleep(pollInterval)
		case err == io.EOF:
			p.stream.Finish(nil)
			return
		case ctx.Err() != nil:
			p.stream.Finish(context.Cause(ctx))
			return
		default:
			p.stream.Finish(cause(err))
			return
		}
	}
}

// pollInterval is how soon a wait notices that it is no longer wanted.
const pollInterval = 50 * time.Millisecond

// awaitsWriter reports whether the end of a FIFO may be that nobody has begun
// to write to it yet.
func (p *received) awaitsWriter() bool {
	return p.src == nil && !endNeedsWriter && p.stream.Size() == 0
}
