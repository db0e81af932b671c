package readers

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// listing lists directories and knows what their real paths are, by which
// loops of symbolic links and files under two names are found.
type listing struct {
	reals map[string]string // by path as it was reached
}

func newListing() *listing { return &listing{reals: make(map[string]string)} }

// dirEntry is what was found in a directory, symbolic links resolved.
type dirEntry struct {
	name    string
	isDir   bool
	special bool   // neither a directory nor a regular file
	linked  bool   // reached by a symbolic link
	real    string // real path
	err     error  // why a symbolic link leads nowhere
}

// isHidden reports whether walks and globs pass a name over.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// list returns the entries of dir for whose names keep holds, sorted by name.
// Only symbolic links cost a further system call.
func (l *listing) list(dir string, keep func(name string) bool) ([]dirEntry, error) {
	real, err := l.real(dir)
	if err != nil {
		return nil, err
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	entries := make([]dirEntry, 0, len(found))
	for _, f := range found {
		name := f.Name()
		if !keep(name) {
			continue
		}
		e := dirEntry{name: name, real: real + string(filepath.Separator) + name}
		mode := f.Type()
		if isLink(mode) {
			e.linked = true
			mode, e.real, e.err = follow(e.real)
		}
		e.isDir = mode.IsDir()
		e.special = !e.isDir && !mode.IsRegular()
		if e.isDir {
			l.reals[filepath.Join(dir, name)] = e.real
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// isLink reports whether a file mode is that of something that stands for
// another file; Windows reports junctions as irregular.
func isLink(mode fs.FileMode) bool { return mode&(fs.ModeSymlink|fs.ModeIrregular) != 0 }

// follow returns the type and the real path of what a symbolic link leads to.
func follow(link string) (fs.FileMode, string, error) {
	info, err := os.Stat(link)
	if err != nil {
		return 0, "", err
	}
	real, err := filepath.EvalSymlinks(link)
	return info.Mode().Type(), strings.TrimSuffix(real, string(filepath.Separator)), err
}

// locate looks at one path that somebody named.
func (l *listing) locate(path string) (found, fs.FileMode, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return found{}, 0, err
	}
	parent, err := l.real(filepath.Dir(path))
	if err != nil {
		return found{}, 0, err
	}
	f := found{path: path, real: parent + string(filepath.Separator) + filepath.Base(path)}
	mode := info.Mode().Type()
	if isLink(mode) {
		f.linked = true
		mode, f.real, err = follow(path)
		if err == nil {
			f.real, err = filepath.Abs(f.real)
		}
	}
	return f, mode, err
}

// real returns the absolute path of a directory without symbolic links and
// without a separator at its end.
func (l *listing) real(dir string) (string, error) {
	dir = filepath.Clean(dir)
	if real, ok := l.reals[dir]; ok {
		return real, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", err
	}
	l.reals[dir] = strings.TrimSuffix(real, string(filepath.Separator)) // only the root ends in one
	return l.reals[dir], nil
}
