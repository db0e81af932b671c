package readers

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"csvloom/readers/internal/charset"
	"csvloom/readers/internal/fetch"
	"csvloom/readers/internal/spool"
)

// Set is the inputs of a run, in input order. Its methods are safe for
// concurrent use. Close it after use.
type Set struct {
	inputs  []*Input
	notes   []string
	policy  SourceErrorPolicy
	digests bool // see Options.Digests

	parallel *parallel        // how compressed inputs are read
	encoding *charset.Charset // declared; nil: not
	fallback *charset.Charset // of what is not UTF-8; nil: none

	ctx    context.Context // of downloads and pipes; ends with Close
	cancel context.CancelCauseFunc
	store  *spool.Store
	// unpackedBytes is what compressed archives have unpacked to.
	unpackedBytes atomic.Int64
	client        *fetch.Client // nil without URLs
	downloads     *downloads    // nil without URLs
	running       sync.WaitGroup

	mu       sync.Mutex
	failures []failure
	closed   bool

	close    sync.Once
	closeErr error
}

// failure is a SourceError and its place: before or at the input of that
// index.
type failure struct {
	index int
	input bool // the input of that index itself
	err   SourceError
}

// Inputs returns the inputs in input order: arguments in the order given, the
// files of a directory or glob by path, byte-wise. The slice must not be
// changed.
func (s *Set) Inputs() []*Input { return s.inputs }

// Failures returns what could not be read so far under policy [Skip], in input
// order.
func (s *Set) Failures() []SourceError {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.failures, func(a, b failure) int {
		if c := cmp.Compare(a.index, b.index); c != 0 {
			return c
		}
		switch {
		case a.input == b.input:
			return 0
		case b.input:
			return -1
		}
		return 1
	})
	out := make([]SourceError, len(s.failures))
	for i := range s.failures {
		out[i] = s.failures[i].err
	}
	return out
}

// Notes returns what the user should know and need not act on, such as files
// named twice; a bounded number.
func (s *Set) Notes() []string { return s.notes }

// Wait waits until all downloads have ended. Under policy [Fail] it returns the
// failure that is first in input order.
func (s *Set) Wait(ctx context.Context) error {
	if s.downloads == nil {
		return nil
	}
	for _, in := range s.downloads.inputs {
		err := in.remote.wait(ctx)
		if err != nil && !errors.Is(err, ErrSkipped) {
			return err
		}
	}
	return nil
}

// FetchProgress returns how many downloads there are, how many of them have
// ended, and how many bytes have arrived.
func (s *Set) FetchProgress() (ended, total int, bytes int64) {
	if s.downloads == nil {
		return 0, 0, 0
	}
	for _, in := range s.downloads.inputs {
		bytes += in.remote.stream.Size()
		select {
		case <-in.remote.done:
			ended++
		default:
		}
	}
	return ended, len(s.downloads.inputs), bytes
}

// Close ends downloads and pipes and removes what was kept of them. Streams
// that are still open fail from then on. It may be called again.
func (s *Set) Close() error {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.cancel(os.ErrClosed)
		s.running.Wait()
		if s.client != nil {
			s.client.Close()
		}
		s.closeErr = s.store.Close()
	})
	return s.closeErr
}

// judge decides what an input's failure means for the run: under Skip, the
// source's own failures are recorded and marked, to be passed over. Errors that
// are not SourceErrors are returned as they are.
func (s *Set) judge(in *Input, err error) error {
	var source *SourceError
	if s.policy != Skip || !errors.As(err, &source) || !ofTheSource(source.Err) {
		return err
	}
	marked := *source
	marked.skipped = true
	s.mu.Lock()
	defer s.mu.Unlock()
	known := slices.ContainsFunc(s.failures, func(f failure) bool { return f.input && f.index == in.Index })
	if !known {
		s.failures = append(s.failures, failure{in.Index, true, marked})
	}
	return &marked
}

// begin starts fn on a goroutine that Close waits for, unless the set is
// closed.
func (s *Set) begin(fn func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	s.running.Go(fn)
	return nil
}
