package vfs

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// CanRenameOpen says whether a file may be renamed while it is open.
const CanRenameOpen = false

func openForWrite(name string) (*os.File, error) { return os.OpenFile(name, os.O_WRONLY, 0) }

// chmod does nothing: the permissions of a new file are inherited from its
// directory, and the read-only bit, all that there is, must stay off.
func chmod(*os.File, fs.FileMode) error { return nil }

func chmodDir(string, fs.FileMode) error { return nil }

// lockOffsetHigh places the locked byte at 2^62, beyond the end of any file:
// locks of Windows are mandatory and would block reads of the bytes they cover.
const lockOffsetHigh = 1 << 30

func lock(f *os.File, exclusive bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := windows.Overlapped{OffsetHigh: lockOffsetHigh}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrLocked
	}
	return ErrNoLocks
}

func renameNoReplace(oldname, newname string) error {
	from, err := windows.UTF16PtrFromString(oldname)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(newname)
	if err != nil {
		return err
	}
	// Without MOVEFILE_REPLACE_EXISTING an existing target is an error.
	if err := windows.MoveFileEx(from, to, windows.MOVEFILE_WRITE_THROUGH); err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
	}
	return nil
}

// syncDir does nothing: NTFS journals renames.
func syncDir(string) error { return nil }

// exchange has no system call here.
func exchange(string, string) error { return errors.ErrUnsupported }
