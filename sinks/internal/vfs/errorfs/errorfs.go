// Package errorfs makes chosen operations of a file system fail, for tests of
// what is left behind.
package errorfs

import (
	"io/fs"
	"slices"
	"sync"

	"csvloom/sinks/internal/vfs"
)

// Op is a kind of operation.
type Op string

// The operations that are counted and can be made to fail.
const (
	Create          Op = "create"
	Open            Op = "open"
	OpenForWrite    Op = "open for write"
	Rename          Op = "rename"
	RenameNoReplace Op = "rename, no replace"
	Remove          Op = "remove"
	SyncDir         Op = "sync directory"
	Stat            Op = "stat"
	Glob            Op = "list directory"
	Write           Op = "write"
	Read            Op = "read"
	Sync            Op = "sync"
	Chmod           Op = "chmod"
	Close           Op = "close"
	Lock            Op = "lock"
	Exchange        Op = "exchange"
	Mkdir           Op = "make directory"
	OpenAppend      Op = "open for appending"
	RemoveAll       Op = "remove directory"
	ChmodDir        Op = "chmod directory"
	ReadDir         Op = "read directory"
)

// FS wraps a file system and asks Fail about every operation before it is
// done. Closing a file always closes it, so that no descriptor leaks.
type FS struct {
	vfs.FS
	// Fail is told what is about to be done and how many operations were
	// done before; the operation fails with the error it returns. It must
	// not call the file system.
	Fail func(n int, op Op, name string) error
	// ShortWrites makes failing writes write half of the bytes first, as a
	// disk does that fills up.
	ShortWrites bool

	mu  sync.Mutex
	ops []Op
}

// Ops lists the operations asked for so far, in order.
func (f *FS) Ops() []Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ops)
}

func (f *FS) check(op Op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.ops)
	f.ops = append(f.ops, op)
	if f.Fail == nil {
		return nil
	}
	if err := f.Fail(n, op, name); err != nil {
		return &fs.PathError{Op: string(op), Path: name, Err: err}
	}
	return nil
}

func (f *FS) open(op Op, name string, open func(string) (vfs.File, error)) (vfs.File, error) {
	if err := f.check(op, name); err != nil {
		return nil, err
	}
	opened, err := open(name)
	if err != nil {
		return nil, err
	}
	return &file{File: opened, fs: f, name: name}, nil
}

// Create implements [vfs.FS].
func (f *FS) Create(name string) (vfs.File, error) { return f.open(Create, name, f.FS.Create) }

// Open implements [vfs.FS].
func (f *FS) Open(name string) (vfs.File, error) { return f.open(Open, name, f.FS.Open) }

// OpenForWrite implements [vfs.FS].
func (f *FS) OpenForWrite(name string) (vfs.File, error) {
	return f.open(OpenForWrite, name, f.FS.OpenForWrite)
}

// Rename implements [vfs.FS].
func (f *FS) Rename(oldname, newname string) error {
	if err := f.check(Rename, newname); err != nil {
		return err
	}
	return f.FS.Rename(oldname, newname)
}

// RenameNoReplace implements [vfs.FS].
func (f *FS) RenameNoReplace(oldname, newname string) error {
	if err := f.check(RenameNoReplace, newname); err != nil {
		return err
	}
	return f.FS.RenameNoReplace(oldname, newname)
}

// Exchange implements [vfs.FS].
func (f *FS) Exchange(a, b string) error {
	if err := f.check(Exchange, b); err != nil {
		return err
	}
	return f.FS.Exchange(a, b)
}

// Mkdir implements [vfs.FS].
func (f *FS) Mkdir(name string, mode fs.FileMode) error {
	if err := f.check(Mkdir, name); err != nil {
		return err
	}
	return f.FS.Mkdir(name, mode)
}

// OpenAppend implements [vfs.FS].
func (f *FS) OpenAppend(name string) (vfs.File, error) {
	return f.open(OpenAppend, name, f.FS.OpenAppend)
}

// RemoveAll implements [vfs.FS].
func (f *FS) RemoveAll(name string) error {
	if err := f.check(RemoveAll, name); err != nil {
		return err
	}
	return f.FS.RemoveAll(name)
}

// ChmodDir implements [vfs.FS].
func (f *FS) ChmodDir(name string, mode fs.FileMode) error {
	if err := f.check(ChmodDir, name); err != nil {
		return err
	}
	return f.FS.ChmodDir(name, mode)
}

// ReadDir implements [vfs.FS].
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.check(ReadDir, name); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(name)
}

// Remove implements [vfs.FS].
func (f *FS) Remove(name string) error {
	if err := f.check(Remove, name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// SyncDir implements [vfs.FS].
func (f *FS) SyncDir(name string) error {
	if err := f.check(SyncDir, name); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

// Stat implements [vfs.FS].
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	if err := f.check(Stat, name); err != nil {
		return nil, err
	}
	return f.FS.Stat(name)
}

// Lstat implements [vfs.FS].
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	if err := f.check(Stat, name); err != nil {
		return nil, err
	}
	return f.FS.Lstat(name)
}

// Glob implements [vfs.FS].
func (f *FS) Glob(dir, prefix, suffix string) ([]string, error) {
	if err := f.check(Glob, dir); err != nil {
		return nil, err
	}
	return f.FS.Glob(dir, prefix, suffix)
}

type file struct {
	vfs.File
	fs   *FS
	name string
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.fs.check(Write, f.name); err != nil {
		n := 0
		if f.fs.ShortWrites {
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.File.Write(p)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.check(Read, f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *file) Sync() error {
	if err := f.fs.check(Sync, f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *file) Chmod(mode fs.FileMode) error {
	if err := f.fs.check(Chmod, f.name); err != nil {
		return err
	}
	return f.File.Chmod(mode)
}

func (f *file) Stat() (fs.FileInfo, error) {
	if err := f.fs.check(Stat, f.name); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

func (f *file) Lock(exclusive bool) error {
	if err := f.fs.check(Lock, f.name); err != nil {
		return err
	}
	return f.File.Lock(exclusive)
}

func (f *file) Close() error {
	fault := f.fs.check(Close, f.name)
	if err := f.File.Close(); fault == nil {
		return err
	}
	return fault
}
