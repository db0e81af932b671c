package readers

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// found is a file that an argument stands for.
type found struct {
	path   string
	real   string // the same for two names of one file
	linked bool   // path leads over a symbolic link
}

// walk finds the CSV files and archives under a directory. Each real directory is read once,
// however many symbolic links lead to it, and under its own name if it has one
// within root: links to directories are followed last.
type walk struct {
	listing *listing
	seen    map[string]bool // real paths of directories
	linked  []string        // directories behind symbolic links, to be visited
	files   []found
	others  int      // files that are not named like CSV files
	other   string   // one of them
	special []string // FIFOs, sockets and devices that are named like CSV files
	failed  []*SourceError
}

// walkDirectory returns what it found, also when part of it could not be read.
func walkDirectory(ctx context.Context, l *listing, root string) (*walk, error) {
	w := &walk{listing: l, seen: make(map[string]bool)}
	w.linked = append(w.linked, root)
	for len(w.linked) > 0 {
		dir := w.linked[0]
		w.linked = w.linked[1:]
		if err := w.visit(ctx, dir, dir != root); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// visit lists dir and what is below it. It fails only when ctx is done.
func (w *walk) visit(ctx context.Context, dir string, linked bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	real, err := w.listing.real(dir)
	if err == nil && w.seen[real] {
		return nil
	}
	w.seen[real] = true
	entries, err := w.listing.list(dir, func(name string) bool { return !isHidden(name) })
	if err != nil {
		w.failed = append(w.failed, &SourceError{Name: dir, Op: "list", Err: cause(err)})
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.name)
		switch {
		case e.err != nil && isWalkedName(e.name):
			w.failed = append(w.failed, &SourceError{Name: path, Op: "open", Err: cause(e.err)})
		case e.err != nil || e.special && !isWalkedName(e.name):
		case e.special:
			w.special = append(w.special, path)
		case e.isDir && e.linked:
			w.linked = append(w.linked, path)
		case e.isDir:
			if err := w.visit(ctx, path, linked); err != nil {
				return err
			}
		case isWalkedName(e.name):
			w.files = append(w.files, found{path, e.real, linked || e.linked})
		default:
			w.others++
			w.other = path
		}
	}
	return nil
}

// isWalkedName reports whether a walk takes a file of that name.
func isWalkedName(name string) bool { return isCSVName(name) || isArchiveName(name) }

// isCSVName reports whether a name is that of a CSV file: *.csv, *.tsv, *.txt and
// their compressed forms, in any case.
func isCSVName(name string) bool {
	switch strings.ToLower(filepath.Ext(withoutCompressedSuffix(name))) {
	case ".csv", ".tsv", ".txt":
		return true
	}
	return false
}

// empty explains why there is nothing in root to read.
func (w *walk) empty(root string) *SourceError {
	e := &SourceError{
		Name:   root,
		Op:     "read",
		Err:    errors.New("the directory holds no *.csv, *.tsv or *.txt files, compressed ones included"),
		Advice: `names that start with "." or "_" are passed over`,
	}
	if w.others > 0 {
		e.Advice = fmt.Sprintf("it holds %s such as %q; name them by a glob such as %q if they are CSV",
			plural(w.others, "other file"), w.other, filepath.Join(root, "**", "*"+filepath.Ext(w.other)))
	}
	return e
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
