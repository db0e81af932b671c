//go:build unix

package readers

import (
	"context"
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// canPoll says that awaitReadable works here.
const canPoll = true

// endNeedsWriter says that a FIFO reports its end only after a writer has come
// and gone, and not already when none has come yet.
const endNeedsWriter = runtime.GOOS == "linux"

// awaitReadable waits until f has data, has ended or has failed, any of which
// the next read will tell, or until ctx is done. Reads of a pipe or terminal
// cannot be ended from another goroutine, so none is begun before it will
// return.
func awaitReadable(ctx context.Context, f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return // the read will say why
	}
	_ = conn.Control(func(fd uintptr) { // fails as the read will
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for ctx.Err() == nil {
			n, err := unix.Poll(fds, int(pollInterval.Milliseconds()))
			if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
}

// wouldBlock reports whether a read failed only because there is nothing yet.
func wouldBlock(err error) bool { return errors.Is(err, unix.EAGAIN) }

// openPipe opens a FIFO or device for reading without waiting for a writer;
// awaitReadable does that.
func openPipe(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
}
