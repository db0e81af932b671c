package vfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNoReplace uses renamex_np(2). File systems without its flag answer
// ENOTSUP: errors.ErrUnsupported.
func renameNoReplace(oldname, newname string) error {
	for {
		err := unix.RenamexNp(oldname, newname, unix.RENAME_EXCL)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EINVAL, unix.ENOTSUP:
			return errors.ErrUnsupported
		default:
			return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
		}
	}
}

// exchange uses renamex_np(2). What does not know its flag answers
// errors.ErrUnsupported.
func exchange(a, b string) error {
	for {
		err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EINVAL, unix.ENOTSUP:
			return errors.ErrUnsupported
		default:
			return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
		}
	}
}
