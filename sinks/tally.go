package sinks

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// tally passes bytes on and knows how many they were, their digest, and the
// first error. After an error it takes nothing more, so that the bytes behind
// it are a prefix of the output. An encoder may lose an error of its writer
// (Arrow's do), the tally does not: ask it after the encoder is closed.
//
// One goroutine writes at a time; failure may be called from any.
type tally struct {
	w      io.Writer
	bytes  int64
	digest xxh3.Hasher
	err    atomic.Pointer[error]
}

func newTally(w io.Writer) *tally { return &tally{w: w, digest: *xxh3.New()} }

// Write implements [io.Writer].
func (t *tally) Write(p []byte) (int, error) {
	if err := t.failure(); err != nil {
		return 0, err
	}
	n, err := t.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	t.bytes += int64(n)
	if err != nil {
		t.err.Store(&err)
		return n, err
	}
	_, _ = t.digest.Write(p) // a hash does not fail
	return n, nil
}

// failure returns the first error, or nil.
func (t *tally) failure() error {
	if err := t.err.Load(); err != nil {
		return *err
	}
	return nil
}

// sum formats the digest of what was written.
func (t *tally) sum() string {
	sum := t.digest.Sum128().Bytes()
	return fmt.Sprintf("xxh3-128:%x", sum[:])
}
