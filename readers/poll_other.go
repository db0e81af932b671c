//go:build !unix

package readers

import (
	"context"
	"os"
)

// canPoll says that awaitReadable works here.
const canPoll = false

// endNeedsWriter says that a pipe reports its end only after a writer has come
// and gone.
const endNeedsWriter = true

// awaitReadable does nothing: the next read waits.
func awaitReadable(context.Context, *os.File) {}

// wouldBlock reports whether a read failed only because there is nothing yet.
func wouldBlock(error) bool { return false }

// openPipe opens a pipe or device for reading.
func openPipe(path string) (*os.File, error) { return os.Open(path) }
