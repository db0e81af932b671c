package sinks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"csvloom/pipeline"
	"csvloom/sinks/internal/vfs"
)

// target is where an output goes, with every symbolic link in the last place
// followed: a link to a file stays a link, and the file it leads to is
// replaced.
type target struct {
	name    string      // as the user gave it
	path    string      // of the file itself
	special bool        // a device, FIFO or the like: written to as it is, not replaced
	pipe    bool        // special, and its reader may go away
	mode    fs.FileMode // permission bits the file is to have
	replace bool        // an existing file may be replaced
}

// linksMax bounds how many symbolic links are followed, as the kernel does.
const linksMax = 40

// findTarget looks at where name leads to. Its errors are the user's to mend.
func findTarget(fsys vfs.FS, name string, overwrite bool) (target, error) {
	t := target{name: name, path: name, replace: overwrite, mode: 0o666 &^ vfs.Umask()}
	if os.IsPathSeparator(name[len(name)-1]) {
		return t, pipeline.Usagef("%s: an output is a file, and this names a directory; add a file name such as %sout.parquet", name, name)
	}
	info, err := fsys.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return t, pipeline.Usagef("%s is a directory; name a file in it, such as %s", name, filepath.Join(name, "out.parquet"))
	case err == nil && !info.Mode().IsRegular():
		t.special = true
		t.pipe = info.Mode()&fs.ModeNamedPipe != 0
		return t, nil
	case err == nil && !overwrite:
		return t, pipeline.Usagef("%s exists already; use --overwrite to replace it", name)
	case err == nil:
		t.mode = info.Mode().Perm()
	case errors.Is(err, fs.ErrNotExist):
	default:
		return t, pipeline.Usagef("%s: cannot look at the output file: %w", name, causeOf(err))
	}
	if t.path, err = followLinks(fsys, name); err != nil {
		return t, err
	}
	return t, checkParent(fsys, name, t.path)
}

// checkParent finds whether there is a directory for path to be in.
func checkParent(fsys vfs.FS, name, path string) error {
	dir := filepath.Dir(path)
	parent, err := fsys.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pipeline.Usagef("%s: there is no directory %s; create it first (mkdir -p %s)", name, dir, dir)
	case err != nil:
		return pipeline.Usagef("%s: cannot look at the directory %s: %w", name, dir, causeOf(err))
	case !parent.IsDir():
		return pipeline.Usagef("%s: %s is not a directory", name, dir)
	}
	return nil
}

// findDirectory is findTarget for an output that is a directory. One that
// exists may be replaced only when all in it was published by csvloom.
func findDirectory(fsys vfs.FS, name string, overwrite bool) (target, error) {
	t := target{name: name, replace: overwrite, mode: 0o777 &^ vfs.Umask()}
	path := filepath.Clean(name)
	if base := filepath.Base(path); base == "." || base == ".." {
		var err error
		if path, err = filepath.Abs(path); err != nil {
			return t, pipeline.Usagef("%s: cannot tell which directory that is: %w", name, causeOf(err))
		}
	}
	var err error
	if t.path, err = followLinks(fsys, path); err != nil {
		return t, err
	}
	info, err := fsys.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, checkParent(fsys, name, t.path)
	case err != nil:
		return t, pipeline.Usagef("%s: cannot look at the output directory: %w", name, causeOf(err))
	case !info.IsDir():
		return t, pipeline.Usagef("%s is a file; partitions need a directory of their own", name)
	case !overwrite:
		return t, pipeline.Usagef("%s exists already; use --overwrite to replace it", name)
	}
	t.mode = info.Mode().Perm()
	return t, checkReplaceable(fsys, t)
}

// followLinks returns the path that name leads to when every symbolic link in
// the last place is followed; the path itself need not exist.
func followLinks(fsys vfs.FS, name string) (string, error) {
	path := name
	for range linksMax {
		info, err := fsys.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", pipeline.Usagef("%s: cannot look at the output file: %w", name, causeOf(err))
		}
		link, err := fsys.ReadLink(path)
		if err != nil {
			return "", pipeline.Usagef("%s: cannot follow the symbolic link: %w", name, causeOf(err))
		}
		if !filepath.IsAbs(link) {
			// Not Join, which would strike out the .. after a directory that
			// is a symbolic link itself.
			link = filepath.Dir(path) + string(filepath.Separator) + link
		}
		path = link
	}
	return "", pipeline.Usagef("%s: more than %d symbolic links, one behind another; give the file itself", name, linksMax)
}

// causeOf takes the operation and the path off an error of package os: our
// message names what the user knows, not the temporary file.
func causeOf(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	for {
		switch {
		case errors.As(err, &path):
			err = path.Err
		case errors.As(err, &link):
			err = link.Err
		case errors.As(err, &call):
			err = call.Err
		default:
			return err
		}
	}
}
