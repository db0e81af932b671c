package readers

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// hasGlob reports whether an argument can be read as a glob.
func hasGlob(arg string) bool { return strings.ContainsAny(arg, "*?[{") }

// glob is a pattern's expansion at work. To doublestar it is the file system,
// seen the way csvloom looks at it: without hidden names, symbolic links
// resolved, without loops.
type glob struct {
	ctx     context.Context // of the expansion; fs.FS has no other way in
	listing *listing
	base    string // the part before the pattern
	hidden  hiddenSegments
	linked  map[string]bool // directories whose path leads over a symbolic link
	files   []found
	special []string // matches that are neither files nor directories
	dirs    int      // matches that are directories
	failed  []*SourceError
	faulty  map[string]bool // names in failed

	// The directory that was listed last: for ** doublestar lists each
	// directory twice in a row.
	lastDir     string
	lastEntries []fs.DirEntry
}

// expandGlob returns what pattern matches, also when part of the tree could not
// be read. It fails when ctx is done or the pattern is malformed.
func expandGlob(ctx context.Context, l *listing, pattern string) (*glob, error) {
	base, rest := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	g := &glob{ctx: ctx, listing: l, base: filepath.FromSlash(base), linked: make(map[string]bool), faulty: make(map[string]bool)}
	g.hidden = hiddenSegmentsOf(rest)
	err := doublestar.GlobWalk(g, rest, g.match)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return g, err
}

// match takes in a match.
func (g *glob) match(name string, e fs.DirEntry) error {
	if entry, ok := e.(globEntry); ok {
		g.take(found{g.path(name), entry.real, entry.linked || g.linked[path.Dir(name)]}, entry.Type(), entry.err)
		return nil
	}
	// A segment without wildcards was looked up and not listed.
	p := g.path(name)
	f, mode, err := g.listing.locate(p)
	f.path = p
	g.take(f, mode, err)
	return nil
}

func (g *glob) take(f found, mode fs.FileMode, err error) {
	switch {
	case err != nil:
		g.fail(&SourceError{Name: f.path, Op: "open", Err: cause(err)})
	case mode.IsDir():
		g.dirs++
	case mode.IsRegular():
		g.files = append(g.files, f)
	default:
		g.special = append(g.special, f.path)
	}
}

// fail notes what could not be read; it may be met more than once.
func (g *glob) fail(e *SourceError) {
	if !g.faulty[e.Name] {
		g.faulty[e.Name] = true
		g.failed = append(g.failed, e)
	}
}

func (g *glob) path(name string) string { return filepath.Join(g.base, filepath.FromSlash(name)) }

// keep reports whether the pattern is shown a name.
func (g *glob) keep(name string) bool { return !isHidden(name) || g.hidden.askFor(name) }

// hiddenSegments are the segments of a pattern that ask for hidden names.
type hiddenSegments []string

func hiddenSegmentsOf(pattern string) (h hiddenSegments) {
	for segment := range strings.SplitSeq(pattern, "/") {
		if isHidden(segment) || strings.Contains(segment, "{") { // {_a,b}
			h = append(h, segment)
		}
	}
	return h
}

// askFor reports whether a hidden name is asked for.
func (h hiddenSegments) askFor(name string) bool {
	return slices.ContainsFunc(h, func(segment string) bool {
		// The first character must be spelt out; a wildcard is not enough.
		first := name[:1]
		if !strings.HasPrefix(segment, first) && !strings.Contains(segment, "{"+first) && !strings.Contains(segment, ","+first) {
			return false
		}
		ok, err := doublestar.Match(segment, name)
		return ok && err == nil
	})
}

// memberGlob is a pattern for paths that are in no file system.
type memberGlob struct {
	pattern string
	hidden  hiddenSegments
}

// newMemberGlob fails with doublestar.ErrBadPattern.
func newMemberGlob(pattern string) (*memberGlob, error) {
	if !doublestar.ValidatePattern(pattern) {
		return nil, doublestar.ErrBadPattern
	}
	return &memberGlob{pattern, hiddenSegmentsOf(pattern)}, nil
}

// match reports whether the pattern matches a path, of which no segment is hidden
// that is not asked for.
func (g *memberGlob) match(name string) bool {
	if ok, err := doublestar.Match(g.pattern, name); !ok || err != nil {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if isHidden(segment) && segment != "." && segment != ".." && !g.hidden.askFor(segment) {
			return false
		}
	}
	return true
}

// Open implements fs.FS; doublestar calls ReadDir and Stat only.
func (g *glob) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}

// Stat implements fs.StatFS. A symbolic link that leads nowhere is there: match
// complains of it.
func (g *glob) Stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(g.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return os.Lstat(g.path(name))
	}
	return info, err
}

// ReadDir implements fs.ReadDirFS. It fails only when the context is done:
// directories that cannot be read are noted.
func (g *glob) ReadDir(name string) ([]fs.DirEntry, error) {
	if g.ctx.Err() != nil {
		return nil, nil // expandGlob says so
	}
	dir := g.path(name)
	if dir == g.lastDir {
		return g.lastEntries, nil
	}
	entries, err := g.listing.list(dir, g.keep)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			g.fail(&SourceError{Name: dir, Op: "list", Err: cause(err)})
		}
		return nil, nil
	}
	above := g.above(name)
	shown := make([]fs.DirEntry, 0, len(entries))
	for _, e := range entries {
		if e.isDir && (e.linked || g.linked[name]) {
			if slices.Contains(above, e.real) {
				continue // we are in it
			}
			g.linked[path.Join(name, e.name)] = true
		}
		shown = append(shown, globEntry{e, dir})
	}
	g.lastDir, g.lastEntries = dir, shown
	return shown, nil
}

// above returns the real paths of name and all directories above it.
func (g *glob) above(name string) []string {
	var reals []string
	for {
		if real, err := g.listing.real(g.path(name)); err == nil {
			reals = append(reals, real)
		}
		if name == "." {
			return reals
		}
		name = path.Dir(name)
	}
}

// globEntry is a dirEntry as doublestar wants it.
type globEntry struct {
	dirEntry
	dir string
}

func (e globEntry) Name() string { return e.name }
func (e globEntry) IsDir() bool  { return e.isDir }

func (e globEntry) Type() fs.FileMode {
	switch {
	case e.isDir:
		return fs.ModeDir
	case e.special:
		return fs.ModeNamedPipe // or another of its kind
	}
	return 0
}

func (e globEntry) Info() (fs.FileInfo, error) { return os.Stat(filepath.Join(e.dir, e.name)) }
