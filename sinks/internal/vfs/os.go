package vfs

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// OS is the file system of the operating system.
type OS struct{}

// Create implements [FS].
func (OS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, CreateMode)
	if err != nil {
		return nil, err
	}
	return &newFile{osFile: osFile{f}}, nil
}

// Open implements [FS].
func (OS) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// OpenForWrite implements [FS].
func (OS) OpenForWrite(name string) (File, error) {
	f, err := openForWrite(name)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename implements [FS].
func (OS) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

// RenameNoReplace implements [FS].
func (OS) RenameNoReplace(oldname, newname string) error {
	err := renameNoReplace(oldname, newname)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return LinkNoReplace(oldname, newname)
}

// LinkNoReplace gives a file its new name by a hard link, which never
// replaces, then takes the old name away. File systems without hard links are
// left with a look before the rename: another process could create newname in
// between.
func LinkNoReplace(oldname, newname string) error {
	err := os.Link(oldname, newname)
	switch {
	case err == nil:
		// The new name is in place and complete; an old name that cannot be
		// removed is litter, which the next run to this target sweeps up.
		os.Remove(oldname)
		return nil
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Lstat(newname); err == nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(oldname, newname)
}

// Remove implements [FS].
func (OS) Remove(name string) error { return os.Remove(name) }

// Exchange implements [FS].
func (OS) Exchange(a, b string) error { return exchange(a, b) }

// Mkdir implements [FS].
func (OS) Mkdir(name string, mode fs.FileMode) error { return os.Mkdir(name, mode) }

// OpenAppend implements [FS].
func (OS) OpenAppend(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// RemoveAll implements [FS].
func (OS) RemoveAll(name string) error { return os.RemoveAll(name) }

// ChmodDir implements [FS].
func (OS) ChmodDir(name string, mode fs.FileMode) error { return chmodDir(name, mode) }

// ReadDir implements [FS].
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// SyncDir implements [FS].
func (OS) SyncDir(name string) error { return syncDir(name) }

// Stat implements [FS].
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Lstat implements [FS].
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

// ReadLink implements [FS].
func (OS) ReadLink(name string) (string, error) { return os.Readlink(name) }

// globBatch bounds how many names of a directory are held at once, so that a
// target in a directory of millions of files costs time but no memory.
const globBatch = 1024

// Glob implements [FS].
func (OS) Glob(dir, prefix, suffix string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var names []string
	for {
		batch, err := d.Readdirnames(globBatch)
		for _, name := range batch {
			if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
				names = append(names, name)
			}
		}
		if err != nil || len(batch) == 0 {
			break // io.EOF, or a directory that cannot be read to its end: sweep what was seen
		}
	}
	slices.Sort(names)
	return names, nil
}

// newFile is a file written from its start. What has been written goes to the disk
// while the rest is being made, so that Sync has little left to wait for.
type newFile struct {
	osFile
	written, started int64 // bytes; the system was told to begin with those before started
}

// writeBackBytes is how much is written before the system is told to begin.
const writeBackBytes = 8 << 20

func (f *newFile) Write(p []byte) (int, error) {
	n, err := f.osFile.Write(p)
	f.written += int64(n)
	if f.written-f.started >= writeBackBytes {
		startWriteBack(f.File, f.started, f.written-f.started)
		f.started = f.written
	}
	return n, err
}

type osFile struct{ *os.File }

// Chmod implements [File].
func (f osFile) Chmod(mode fs.FileMode) error { return chmod(f.File, mode) }

// Lock implements [File].
func (f osFile) Lock(exclusive bool) error { return lock(f.File, exclusive) }

// Interrupt implements [File].
func (f osFile) Interrupt() {
	// Regular files and devices have no deadlines and need none: their
	// writes do not wait for anybody.
	_ = f.SetWriteDeadline(time.Unix(1, 0))
}
