package sinks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"csvloom/sinks/internal/vfs"
)

// stagedDir is a directory that becomes visible in one step: files go to a
// hidden directory beside the target, which takes the target's name when
// everything in it is complete, durable and verified.
//
// The marker in it is made first and carries a shared lock for as long as a run
// works on the directory. A crash leaves a directory whose marker has no lock,
// and sweepDirs of the next run to the same target removes it.
//
// A target that is to be replaced changes places with the hidden directory and
// is then removed. Where the system cannot exchange two names, the target is
// first renamed to a hidden name of another kind (asideSuffix); a crash before
// the new one has its name leaves no target, and recoverAside of the next run
// to it gives the old one its name back.
type stagedDir struct {
	fs     vfs.FS
	target target
	temp   string   // path of the hidden directory; empty when there is none any more
	marker vfs.File // keeps the lock; nil when closed
}

// The names of hidden directories are `.NAME.csvloom-RANDOM` and one of these.
const (
	tempDirSuffix = ".dir.tmp"
	asideSuffix   = ".old.tmp"
)

// tempDirMode keeps what is being written to its owner.
const tempDirMode fs.FileMode = 0o700

// stageDir clears up after crashed runs and makes a new hidden directory.
func stageDir(fsys vfs.FS, t target) (*stagedDir, error) {
	dir, base := filepath.Dir(t.path), filepath.Base(t.path)
	prefix := tempPrefixFor(base, tempDirSuffix)
	recovered := recoverAside(fsys, t.path, dir, prefix)
	if recovered && !t.replace {
		return nil, fmt.Errorf("%s exists already (a run that was stopped while replacing it had left it under another name); use --overwrite to replace it: %w", t.name, fs.ErrExist)
	}
	sweepDirs(fsys, dir, prefix)
	for range stageTries {
		name, err := randomName(prefix, tempDirSuffix)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		s := &stagedDir{fs: fsys, target: t}
		temp := filepath.Join(dir, name)
		if err := fsys.Mkdir(temp, tempDirMode); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("%s: cannot create a directory in %s: %w", t.name, dir, causeOf(err))
		}
		s.temp = temp
		taken, err := s.claim()
		if err == nil && !taken {
			return s, nil
		}
		if err := errors.Join(err, s.discard()); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: other runs keep removing the temporary directory in %s; write to another directory", t.name, dir)
}

// claim makes and locks the marker, and reports whether a sweep of another run
// took the directory before.
func (s *stagedDir) claim() (taken bool, err error) {
	name := filepath.Join(s.temp, markerName)
	s.marker, err = s.fs.Create(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, s.failure("cannot create a file", err)
	}
	switch err := s.marker.Lock(false); {
	case errors.Is(err, vfs.ErrLocked):
		return true, nil
	case err != nil && !errors.Is(err, vfs.ErrNoLocks):
		return false, s.failure("cannot lock the temporary directory", err)
	}
	ours, err := s.marker.Stat()
	if err != nil {
		return false, s.failure("cannot look at the temporary directory", err)
	}
	named, err := s.fs.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, s.failure("cannot look at the temporary directory", err)
	}
	return !os.SameFile(ours, named), nil
}

// hiddenDirs lists the hidden directories of a kind.
func hiddenDirs(fsys vfs.FS, dir, prefix, suffix string) (paths []string) {
	names, err := fsys.Glob(dir, prefix, suffix)
	if err != nil {
		return nil // nothing depends on finding them
	}
	for _, name := range names {
		if len(name) != len(prefix)+2*tempRandBytes+len(suffix) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := fsys.Lstat(path); err == nil && info.IsDir() {
			paths = append(paths, path)
		}
	}
	return paths
}

// sweepDirs removes the hidden directories of runs that crashed: those whose
// marker nobody holds a lock on. What cannot be removed is left; it is in
// nobody's way.
func sweepDirs(fsys vfs.FS, dir, prefix string) {
	for _, suffix := range []string{tempDirSuffix, asideSuffix} {
		for _, path := range hiddenDirs(fsys, dir, prefix, suffix) {
			sweepDir(fsys, path)
		}
	}
}

func sweepDir(fsys vfs.FS, path string) {
	f, unused := lockedMarker(fsys, path)
	if unused && f == nil {
		// There is no marker yet, or no more. If a run has just made the
		// directory it is empty, and the run will make another one.
		if fsys.Remove(path) == nil {
			return
		}
		f, unused = lockedMarker(fsys, path)
	}
	if !unused {
		return
	}
	if f != nil && !vfs.CanRenameOpen {
		f.Close() // open files cannot be removed there
	}
	_ = fsys.RemoveAll(path)
	if f != nil {
		f.Close()
	}
}

// lockedMarker opens and locks the marker of a directory; it is nil when there
// is none. unused is false when a run works on the directory, or when that
// cannot be told.
func lockedMarker(fsys vfs.FS, path string) (f vfs.File, unused bool) {
	f, err := fsys.Open(filepath.Join(path, markerName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	if err != nil {
		return nil, false
	}
	if f.Lock(true) != nil {
		f.Close()
		return nil, false
	}
	return f, true
}

// recoverAside gives a target that a crashed run had renamed its name back,
// unless there is a target.
func recoverAside(fsys vfs.FS, path, dir, prefix string) (recovered bool) {
	for _, aside := range hiddenDirs(fsys, dir, prefix, asideSuffix) {
		if _, err := fsys.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return recovered
		}
		f, unused := lockedMarker(fsys, aside)
		if !unused {
			continue
		}
		if f != nil && !vfs.CanRenameOpen {
			f.Close()
		}
		recovered = fsys.RenameNoReplace(aside, path) == nil
		if f != nil {
			f.Close()
		}
	}
	return recovered
}

// publish makes the directory visible under the target's name. The marker's
// content is written last; directories are those below the hidden one, by their
// paths from it. When it fails before the rename, the target is what it was and
// the hidden directory stays for discard.
func (s *stagedDir) publish(ctx context.Context, content []byte, directories []string) error {
	if err := s.finish(content, directories); err != nil {
		return err
	}
	// The last moment to turn back.
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !vfs.CanRenameOpen {
		if err := s.closeMarker(); err != nil {
			return err
		}
	}
	old, err := s.rename()
	if err != nil {
		return err
	}
	s.temp = ""
	_ = s.closeMarker() // it is synced, and has only its descriptor to lose
	if err := s.fs.SyncDir(filepath.Dir(s.target.path)); err != nil {
		return fmt.Errorf("%s is written, but the directory it is in could not be synced to disk, so a power cut may still undo it: %w", s.target.name, causeOf(err))
	}
	if old != "" {
		// What is left of it the next run sweeps up.
		_ = s.fs.RemoveAll(old)
	}
	return nil
}

// finish makes everything durable but the name.
func (s *stagedDir) finish(content []byte, directories []string) error {
	if _, err := s.marker.Write(content); err != nil {
		return s.failure("cannot write "+markerName, err)
	}
	if err := s.marker.Chmod(0o666 &^ vfs.Umask()); err != nil {
		return s.failure("cannot set the permissions of "+markerName, err)
	}
	if err := s.marker.Sync(); err != nil {
		return s.failure("cannot sync to disk", err)
	}
	var syncs errgroup.Group // the disk syncs many at once
	syncs.SetLimit(syncsMax)
	for _, d := range directories {
		syncs.Go(func() error { return s.fs.SyncDir(filepath.Join(s.temp, filepath.FromSlash(d))) })
	}
	if err := syncs.Wait(); err != nil {
		return s.failure("cannot sync to disk", err)
	}
	if err := s.fs.ChmodDir(s.temp, s.target.mode); err != nil {
		return s.failure(fmt.Sprintf("cannot set the permissions %v", s.target.mode), err)
	}
	if err := s.fs.SyncDir(s.temp); err != nil {
		return s.failure("cannot sync to disk", err)
	}
	return nil
}

// rename gives the hidden directory its name; old is where the one before is
// now, if there was one.
func (s *stagedDir) rename() (old string, err error) {
	if s.target.replace {
		switch old, err = s.exchange(); {
		case err == nil:
			return old, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	err = s.fs.RenameNoReplace(s.temp, s.target.path)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s has come to exist while this run was on, and is left as it is; use --overwrite to replace it: %w", s.target.name, fs.ErrExist)
	}
	if err != nil {
		return "", s.failure("cannot rename the temporary directory to it", err)
	}
	return "", nil
}

// exchange puts the hidden directory in the place of the target. It fails with
// fs.ErrNotExist where there is none.
func (s *stagedDir) exchange() (old string, err error) {
	if _, err := s.fs.Lstat(s.target.path); errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	// Again: a run may take hours, and somebody may have put a file there.
	if err := checkReplaceable(s.fs, s.target); err != nil {
		return "", err
	}
	err = s.fs.Exchange(s.temp, s.target.path)
	switch {
	case err == nil:
		return s.temp, nil
	case !errors.Is(err, errors.ErrUnsupported):
		return "", s.failure("cannot rename the temporary directory to it", err)
	}
	dir, base := filepath.Dir(s.target.path), filepath.Base(s.target.path)
	name, err := randomName(tempPrefixFor(base, asideSuffix), asideSuffix)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.target.name, err)
	}
	aside := filepath.Join(dir, name)
	if vfs.CanRenameOpen {
		// So that no other run takes this one for crashed, in between.
		if f, _ := lockedMarker(s.fs, s.target.path); f != nil {
			defer f.Close()
		}
	}
	if err := s.fs.RenameNoReplace(s.target.path, aside); err != nil {
		return "", s.failure("cannot rename the directory that is to be replaced", err)
	}
	if err := s.fs.RenameNoReplace(s.temp, s.target.path); err != nil {
		back := s.fs.RenameNoReplace(aside, s.target.path)
		if back != nil {
			back = fmt.Errorf("%s: the directory that was to be replaced is now %s, and the next run to the same target will give it its name back: %w", s.target.name, aside, causeOf(back))
		}
		return "", errors.Join(s.failure("cannot rename the temporary directory to it", err), back)
	}
	return aside, nil
}

// failure tells an error by the target's name; the hidden directory's means
// nothing to the user.
func (s *stagedDir) failure(what string, err error) error {
	return fmt.Errorf("%s: %s: %w", s.target.name, what, causeOf(err))
}

func (s *stagedDir) closeMarker() error {
	f := s.marker
	s.marker = nil
	if f == nil {
		return nil
	}
	if err := f.Close(); err != nil {
		return s.failure("cannot close "+markerName, err)
	}
	return nil
}

// discard removes what was written. It does nothing after publish has
// succeeded, or the second time.
func (s *stagedDir) discard() error {
	remove := func() error {
		if s.temp == "" {
			return nil
		}
		temp := s.temp
		s.temp = ""
		if err := s.fs.RemoveAll(temp); err != nil {
			return fmt.Errorf("%s: cannot remove the temporary directory %s (the next run to the same target will): %w", s.target.name, temp, causeOf(err))
		}
		return nil
	}
	if vfs.CanRenameOpen {
		// Removed while still locked: no sweep is in the way.
		err := remove()
		_ = s.closeMarker()
		return err
	}
	_ = s.closeMarker()
	return remove()
}
