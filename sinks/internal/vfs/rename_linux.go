package vfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace uses renameat2(2). Kernels before 3.15 and some file systems
// do not know its flag: errors.ErrUnsupported.
func renameNoReplace(oldname, newname string) error {
	for {
		err := unix.Renameat2(unix.AT_FDCWD, oldname, unix.AT_FDCWD, newname, unix.RENAME_NOREPLACE)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EINVAL, unix.ENOTSUP, unix.EPERM:
			return errors.ErrUnsupported
		default:
			return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
		}
	}
}

// exchange uses renameat2(2). What does not know its flag answers
// errors.ErrUnsupported.
func exchange(a, b string) error {
	for {
		err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EINVAL, unix.ENOTSUP, unix.EPERM:
			return errors.ErrUnsupported
		default:
			return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
		}
	}
}
