package sinks

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"csvloom/sinks/internal/vfs"
)

// staged is a destination that becomes visible in one step: bytes go to a
// hidden file beside the target, which takes the target's name when it is
// complete, durable and verified.
//
// The hidden file carries a shared lock for as long as a run works on it. A
// crash leaves a file without a lock, and [sweep] of the next run to the same
// target removes it; the file of a run that is still going is left alone.
type staged struct {
	fs     vfs.FS
	target target
	temp   string   // path of the hidden file; empty when there is none any more
	f      vfs.File // written through; nil when closed
	reader vfs.File // keeps the lock after f is closed, and reads back
}

// Names of hidden files are `.NAME.csvloom-RANDOM.tmp`.
const (
	tempMark      = ".csvloom-"
	tempSuffix    = ".tmp"
	tempRandBytes = 8
)

// tempNameBytesMax keeps the hidden file's name within the 255 bytes that file
// systems allow, when the target's own name is near that.
const tempNameBytesMax = 255

// stageTries bounds how often a hidden file is made anew because a sweep of
// another run took it between its creation and its lock.
const stageTries = 10

// tempPrefix returns what the names of all hidden files of a target start with.
func tempPrefix(base string) string { return tempPrefixFor(base, tempSuffix) }

// tempPrefixFor is tempPrefix for names that end with suffix.
func tempPrefixFor(base, suffix string) string {
	rest := len(".") + len(tempMark) + 2*tempRandBytes + len(suffix)
	if len(base) > tempNameBytesMax-rest {
		mark := fmt.Sprintf("~%016x", xxh3.HashString(base))
		cut := tempNameBytesMax - rest - len(mark)
		for !utf8.RuneStart(base[cut]) {
			cut--
		}
		base = base[:cut] + mark
	}
	return "." + base + tempMark
}

// stage removes what crashed runs left beside the target and opens a new
// hidden file there.
func stage(fsys vfs.FS, t target) (*staged, error) {
	dir, base := filepath.Split(t.path)
	prefix := tempPrefix(base)
	if dir == "" {
		dir = "."
	}
	sweep(fsys, dir, prefix)
	for range stageTries {
		name, err := randomName(prefix, tempSuffix)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		s := &staged{fs: fsys, target: t, temp: filepath.Join(dir, name)}
		if s.f, err = fsys.Create(s.temp); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("%s: cannot create a file in %s: %w", t.name, dir, causeOf(err))
		}
		taken, err := s.claim()
		if err == nil && !taken {
			return s, nil
		}
		if err := errors.Join(err, s.discard()); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: other runs keep removing the temporary file in %s; write to another directory", t.name, dir)
}

// randomName returns a name for something hidden.
func randomName(prefix, suffix string) (string, error) {
	var random [tempRandBytes]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("cannot name a temporary file: %w", err)
	}
	return prefix + hex.EncodeToString(random[:]) + suffix, nil
}

// claim locks the new hidden file and reports whether a sweep of another run
// took it before.
func (s *staged) claim() (taken bool, err error) {
	switch err := s.f.Lock(false); {
	case errors.Is(err, vfs.ErrLocked):
		return true, nil
	case err != nil && !errors.Is(err, vfs.ErrNoLocks):
		return false, s.failure("cannot lock the temporary file", err)
	}
	ours, err := s.f.Stat()
	if err != nil {
		return false, s.failure("cannot look at the temporary file", err)
	}
	named, err := s.fs.Lstat(s.temp)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, s.failure("cannot look at the temporary file", err)
	}
	return !os.SameFile(ours, named), nil
}

// sweep removes the hidden files of runs that crashed: those that nobody
// holds a lock on. What cannot be removed is left; it is in nobody's way.
func sweep(fsys vfs.FS, dir, prefix string) {
	names, err := fsys.Glob(dir, prefix, tempSuffix)
	if err != nil {
		return
	}
	for _, name := range names {
		if len(name) == len(prefix)+2*tempRandBytes+len(tempSuffix) {
			sweepOne(fsys, filepath.Join(dir, name))
		}
	}
}

func sweepOne(fsys vfs.FS, name string) {
	info, err := fsys.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	f, err := fsys.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	if f.Lock(true) != nil {
		return
	}
	if !vfs.CanRenameOpen {
		// Open files cannot be removed either; a run that still had this one
		// open would have kept us from locking it.
		f.Close()
	}
	_ = fsys.Remove(name)
}

// Write implements [io.Writer].
func (s *staged) Write(p []byte) (int, error) { return s.f.Write(p) }

// publish implements [destination]. When it fails before the rename, the
// target is what it was and the hidden file stays for discard.
func (s *staged) publish(ctx context.Context, sizeBytes int64, check func(io.ReaderAt) error) error {
	if err := s.finish(sizeBytes); err != nil {
		return err
	}
	if err := check(s.reader); err != nil {
		return err
	}
	// The last moment to turn back.
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !vfs.CanRenameOpen {
		if err := s.closeReader(); err != nil {
			return err
		}
	}
	if err := s.rename(); err != nil {
		return err
	}
	s.temp = ""
	// The reader has nothing to lose any more, only its descriptor.
	_ = s.closeReader()
	if err := s.fs.SyncDir(filepath.Dir(s.target.path)); err != nil {
		return fmt.Errorf("%s is written, but its directory could not be synced to disk, so a power cut may still undo it: %w", s.target.name, causeOf(err))
	}
	return nil
}

// finish gives the hidden file its permissions, makes it durable, closes it
// and leaves s.reader open on it.
func (s *staged) finish(sizeBytes int64) error {
	var err error
	if s.reader, err = s.fs.Open(s.temp); err != nil {
		return s.failure("cannot read the temporary file back", err)
	}
	// From here on the lock is the reader's: closing f must not open the file
	// to a sweep.
	if err := s.reader.Lock(false); err != nil && !errors.Is(err, vfs.ErrNoLocks) {
		return s.failure("cannot lock the temporary file", err)
	}
	if err := s.f.Chmod(s.target.mode); err != nil {
		return s.failure(fmt.Sprintf("cannot set the permissions %v", s.target.mode), err)
	}
	if err := s.f.Sync(); err != nil {
		return s.failure("cannot sync to disk", err)
	}
	f := s.f
	s.f = nil
	if err := f.Close(); err != nil {
		return s.failure("cannot close", err)
	}
	info, err := s.reader.Stat()
	if err != nil {
		return s.failure("cannot read the temporary file back", err)
	}
	if info.Size() != sizeBytes {
		return fmt.Errorf("%s: the file system lost data: the file holds %d bytes, %d were written; the target is left as it was", s.target.name, info.Size(), sizeBytes)
	}
	return nil
}

func (s *staged) rename() error {
	var err error
	if s.target.replace {
		err = s.fs.Rename(s.temp, s.target.path)
	} else {
		err = s.fs.RenameNoReplace(s.temp, s.target.path)
	}
	if errors.Is(err, fs.ErrExist) && !s.target.replace {
		return fmt.Errorf("%s has come to exist while this run was on, and is left as it is; use --overwrite to replace it: %w", s.target.name, fs.ErrExist)
	}
	if err != nil {
		return s.failure("cannot rename the temporary file to it", err)
	}
	return nil
}

// failure tells an error by the target's name; the hidden file's means
// nothing to the user.
func (s *staged) failure(what string, err error) error {
	return fmt.Errorf("%s: %s: %w", s.target.name, what, causeOf(err))
}

func (s *staged) closeReader() error {
	r := s.reader
	s.reader = nil
	if r == nil {
		return nil
	}
	if err := r.Close(); err != nil {
		return s.failure("cannot close", err)
	}
	return nil
}

// discard implements [destination].
func (s *staged) discard() error {
	// What is thrown away need not be closed well.
	if s.f != nil {
		_ = s.f.Close()
		s.f = nil
	}
	remove := func() error {
		if s.temp == "" {
			return nil
		}
		temp := s.temp
		s.temp = ""
		if err := s.fs.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: cannot remove the temporary file %s (the next run to the same target will): %w", s.target.name, temp, causeOf(err))
		}
		return nil
	}
	if vfs.CanRenameOpen {
		// Removed while still locked: no sweep is in the way.
		err := remove()
		_ = s.closeReader()
		return err
	}
	_ = s.closeReader()
	return remove()
}
