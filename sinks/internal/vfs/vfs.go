// Package vfs is the part of the file system that publishing an output needs,
// small enough that a test can make any one operation of it fail.
//
// [OS] is the real one; package errorfs wraps it and injects faults.
package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// FS names files by path. Errors are those of package os; errors.Is with
// fs.ErrExist and fs.ErrNotExist works on them.
type FS interface {
	// Create makes a new file for reading and writing with mode 0600. It
	// fails with fs.ErrExist when anything has that name already, a dangling
	// symbolic link included.
	Create(name string) (File, error)
	// Open opens a regular file for reading.
	Open(name string) (File, error)
	// OpenForWrite opens a file that exists for writing, as it is: it is
	// neither truncated nor created. A FIFO that nobody reads fails with
	// [ErrNoReader] at once rather than block.
	OpenForWrite(name string) (File, error)
	// Rename replaces newname, if there is one, by oldname in one step.
	Rename(oldname, newname string) error
	// RenameNoReplace is Rename, but fails with fs.ErrExist when newname
	// exists.
	RenameNoReplace(oldname, newname string) error
	// Exchange makes two names change places in one step. It fails with
	// errors.ErrUnsupported where the system cannot, and with fs.ErrNotExist
	// when there are not two.
	Exchange(a, b string) error
	// Remove deletes a file or an empty directory.
	Remove(name string) error
	// Mkdir makes a directory. It fails with fs.ErrExist when anything has
	// that name already, or one that the file system takes to be the same.
	Mkdir(name string, mode fs.FileMode) error
	// OpenAppend opens a file that exists for reading and for writing at its
	// end.
	OpenAppend(name string) (File, error)
	// RemoveAll deletes a directory and everything below it. It follows no
	// symbolic link, and is content when there is nothing.
	RemoveAll(name string) error
	// ChmodDir sets the permission bits of a directory; a no-op on Windows.
	ChmodDir(name string, mode fs.FileMode) error
	// ReadDir lists a directory, in byte order.
	ReadDir(name string) ([]fs.DirEntry, error)
	// SyncDir makes renames in the directory durable. It does nothing where
	// the platform or the file system has no such operation.
	SyncDir(name string) error
	// Stat describes what name leads to; Lstat does not follow a symbolic
	// link in the last place.
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	// ReadLink returns where a symbolic link points.
	ReadLink(name string) (string, error)
	// Glob lists the names in directory dir that start with prefix and end
	// with suffix, in byte order.
	Glob(dir, prefix, suffix string) ([]string, error)
}

// File is an open file.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
	// Sync makes what was written durable.
	Sync() error
	// Chmod sets the permission bits; a no-op on Windows.
	Chmod(mode fs.FileMode) error
	// Stat describes the open file, whatever its name leads to now.
	Stat() (fs.FileInfo, error)
	// Lock takes an advisory lock on the file until it is closed, or fails
	// at once: with [ErrLocked] when another open file of this or another
	// process holds a lock that excludes it, with [ErrNoLocks] when the file
	// system has none. Shared locks exclude exclusive ones.
	Lock(exclusive bool) error
	// Interrupt makes writes that wait for a slow reader of a FIFO fail now
	// and from here on. It may be called at any time from any goroutine.
	Interrupt()
}

var (
	// ErrLocked says that somebody else holds the lock.
	ErrLocked = errors.New("the file is locked")
	// ErrNoLocks says that the file system does not do locks.
	ErrNoLocks = errors.New("the file system has no locks")
	// ErrNoReader says that a FIFO is not open for reading anywhere.
	ErrNoReader = errors.New("nothing reads from the pipe")
)

// CreateMode is the mode of files made by Create: what is being written is
// nobody else's business until it is published.
const CreateMode fs.FileMode = 0o600
