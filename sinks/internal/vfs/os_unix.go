//go:build unix

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// CanRenameOpen says whether a file may be renamed while it is open.
const CanRenameOpen = true

// openForWrite does not block: the runtime's poller waits for a slow reader
// instead, so that a write can be interrupted.
func openForWrite(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		if info, statErr := os.Stat(name); statErr == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			return nil, ErrNoReader
		}
	}
	return f, err
}

func chmod(f *os.File, mode fs.FileMode) error { return f.Chmod(mode) }

func chmodDir(name string, mode fs.FileMode) error { return os.Chmod(name, mode) }

// lock uses flock(2): its locks belong to the open file, not to the process,
// so they also exclude another run within the same process.
func lock(f *os.File, exclusive bool) error {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	for {
		switch err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrLocked
		default:
			return ErrNoLocks
		}
	}
}

// syncDir calls fsync on a directory. Some file systems (network ones, FUSE)
// answer that directories cannot be synced; they have no more to offer.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a directory that may be written to but not read cannot be synced
		}
		return err
	}
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EBADF) || errors.Is(err, unix.EROFS) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
