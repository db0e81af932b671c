// Package spool keeps byte streams of unknown length in one temporary file, so
// that what can be received only once can be read many times, also while it is
// still being received.
//
// One file serves all streams of a run: it is created 0600 and, where the
// system allows, unlinked at once, so that a killed process leaves nothing
// behind and ten thousand downloads hold one descriptor.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
)

// A stream's first extent is extentBytesMin long, each further one twice as
// long as the one before, up to extentBytesMax: small streams waste little of
// the file's address space and long ones are mostly contiguous. What is not
// written to is a hole and takes no disk space.
const (
	extentBytesMin = 64 << 10
	extentBytesMax = 8 << 20
)

// Store is the temporary file behind any number of streams. Its methods are
// safe for concurrent use.
type Store struct {
	dir      string
	bytesMax int64

	mu     sync.Mutex
	file   *os.File // nil until the first write
	path   string   // to remove at Close; empty when already unlinked
	end    int64    // where the next extent starts
	used   int64    // bytes held by all streams
	closed bool
}

// New returns a store whose file will be made in dir (the system's temporary
// directory when empty) at the first write. The streams together hold at most
// bytesMax bytes.
func New(dir string, bytesMax int64) *Store {
	return &Store{dir: dir, bytesMax: bytesMax}
}

// Error says that the store itself failed, whatever state the stream's origin
// is in: the disk is full, the limit is reached, the store is closed.
type Error struct {
	Err error
}

func (e *Error) Error() string { return "cannot keep the data in a temporary file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Close removes the file. Streams fail from then on. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.path != "" {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// handle returns the file, made at first use.
func (s *Store) handle() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &Error{os.ErrClosed}
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, ".csvloom-spool-*") // mode 0600
		if err != nil {
			return nil, &Error{fmt.Errorf("%w; choose another directory for temporary files", err)}
		}
		s.file = f
		if os.Remove(f.Name()) != nil { // Windows keeps open files
			s.path = f.Name()
		}
	}
	return s.file, nil
}

// reserve takes n bytes out of what the streams may hold.
func (s *Store) reserve(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used+n > s.bytesMax {
		return &Error{fmt.Errorf("the limit of %d bytes for all such data is reached", s.bytesMax)}
	}
	s.used += n
	return nil
}

// Fits returns an *Error when a stream of n bytes can never be held.
func (s *Store) Fits(n int64) error {
	if n > s.bytesMax {
		return &Error{fmt.Errorf("%d bytes are more than the limit of %d", n, s.bytesMax)}
	}
	return nil
}

func (s *Store) release(n int64) {
	s.mu.Lock()
	s.used -= n
	s.mu.Unlock()
}

// extend returns the place in the file of a new extent of n bytes.
func (s *Store) extend(n int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.end
	s.end += n
	return at
}

// extent maps bytes [start, start+length) of a stream to the store's file.
type extent struct {
	start, length, at int64
}

// Stream is one byte stream in a store. One goroutine writes, any number read.
type Stream struct {
	store *Store

	mu      sync.Mutex
	extents []extent
	size    int64
	done    bool
	err     error         // why the stream ended, when not at its natural end
	grown   chan struct{} // closed at the next change; nil when nobody waits
}

// Stream returns a new, empty stream.
func (s *Store) Stream() *Stream { return &Stream{store: s} }

// Size returns how many bytes the stream holds now.
func (s *Stream) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// Write appends p. It fails with an *Error.
func (s *Stream) Write(p []byte) (written int, err error) {
	file, err := s.store.handle()
	if err != nil {
		return 0, err
	}
	if err := s.store.reserve(int64(len(p))); err != nil {
		return 0, err
	}
	for written < len(p) {
		at, room := s.room()
		chunk := p[written:min(len(p), written+int(room))]
		n, err := file.WriteAt(chunk, at)
		s.grow(int64(n))
		written += n
		if err != nil {
			s.store.release(int64(len(p) - written))
			return written, &Error{withoutPath(err)}
		}
	}
	return written, nil
}

// room returns where in the file the stream's end is and how many bytes fit
// there, which is at least one.
func (s *Stream) room() (at, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := sort.Search(len(s.extents), func(i int) bool {
		return s.extents[i].start+s.extents[i].length > s.size
	})
	if i == len(s.extents) {
		next := extent{start: s.size, length: extentBytesMin}
		if i > 0 {
			next.length = min(2*s.extents[i-1].length, extentBytesMax)
		}
		next.at = s.store.extend(next.length)
		s.extents = append(s.extents, next)
	}
	e := s.extents[i]
	used := s.size - e.start
	return e.at + used, e.length - used
}

func (s *Stream) grow(n int64) {
	s.mu.Lock()
	s.size += n
	s.wake()
	s.mu.Unlock()
}

// wake tells waiting readers of a change; s.mu is held.
func (s *Stream) wake() {
	if s.grown != nil {
		close(s.grown)
		s.grown = nil
	}
}

// Restart empties the stream, to be written anew. Nobody may be reading.
func (s *Stream) Restart() {
	s.mu.Lock()
	size := s.size
	s.size = 0
	s.mu.Unlock()
	s.store.release(size)
}

// Finish ends the stream: readers that have come to its end get io.EOF, or err
// when it is not nil. Only the first call counts.
func (s *Stream) Finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.done, s.err = true, err
		s.wake()
	}
}

// NewReader returns a reader from the stream's start. At the end of what has
// been written it waits for more until Finish is called or ctx is done.
func (s *Stream) NewReader(ctx context.Context) io.ReadCloser {
	return &reader{stream: s, ctx: ctx}
}

// Wait waits until the stream has ended and returns how: nil at its natural end.
func (s *Stream) Wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.done {
			defer s.mu.Unlock()
			return s.err
		}
		if s.grown == nil {
			s.grown = make(chan struct{})
		}
		grown := s.grown
		s.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ReadAt implements io.ReaderAt for a stream that has ended; see Wait.
func (s *Stream) ReadAt(p []byte, offset int64) (n int, err error) {
	file, err := s.store.handle()
	if err != nil {
		return 0, err
	}
	for n < len(p) {
		at, length, wait, err := s.locate(offset+int64(n), int64(len(p)-n))
		if err != nil {
			return n, err
		}
		if wait != nil {
			return n, errUnfinished
		}
		m, err := file.ReadAt(p[n:n+int(length)], at)
		n += m
		if err != nil {
			return n, &Error{withoutPath(err)}
		}
	}
	return n, nil
}

var errUnfinished = errors.New("the stream is still being received")

type reader struct {
	stream *Stream
	ctx    context.Context // of the one reading: an io.Reader has no other way in
	offset int64
	closed bool
}

func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if r.closed {
			return 0, os.ErrClosed
		}
		at, n, wait, err := r.stream.locate(r.offset, int64(len(p)))
		if err != nil {
			return 0, err
		}
		if wait == nil {
			return r.readAt(p[:n], at)
		}
		select {
		case <-wait:
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		}
	}
}

func (r *reader) readAt(p []byte, at int64) (int, error) {
	file, err := r.stream.store.handle()
	if err != nil {
		return 0, err
	}
	n, err := file.ReadAt(p, at)
	r.offset += int64(n)
	if err != nil {
		return n, &Error{withoutPath(err)}
	}
	return n, nil
}

func (r *reader) Close() error {
	r.closed = true
	return nil
}

// locate returns where in the file the bytes at offset stand and how many, at
// most n, stand there together; or a channel to wait on when there are none
// yet; or why there will be none.
func (s *Stream) locate(offset, n int64) (at, length int64, wait chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset >= s.size {
		switch {
		case s.err != nil:
			return 0, 0, nil, s.err
		case s.done:
			return 0, 0, nil, io.EOF
		}
		if s.grown == nil {
			s.grown = make(chan struct{})
		}
		return 0, 0, s.grown, nil
	}
	i := sort.Search(len(s.extents), func(i int) bool {
		return s.extents[i].start+s.extents[i].length > offset
	})
	e := s.extents[i]
	return e.at + offset - e.start, min(n, e.start+e.length-offset, s.size-offset), nil, nil
}

// withoutPath drops the name of the temporary file, which no longer exists and
// would help nobody, from an error.
func withoutPath(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
