package readers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/readers/internal/charset"
	"csvloom/readers/internal/fetch"
	"csvloom/readers/internal/spool"
)

// Discover finds the inputs that args stand for, and begins to download those
// that are URLs. Each argument is one of, in this order:
//
//   - standard input, once
//     @list.txt      a file that names inputs, one a line, but no further list
//     http(s)://…    a URL
//     path           an existing file, pipe or directory; a directory is walked
//     for *.csv, *.tsv, *.txt and their compressed forms, and for archives
//     glob           *, ?, [a-z], {a,b}, and ** for any number of directories
//     …::member      members of an archive: one by its name, or those that a glob
//     matches, or with nothing behind the colons those that a walk would take
//
// A zip or tar file, compressed or not, is replaced by its members that a walk
// would take. It is told by the name, and a path among args by content as well;
// URLs with other names are archives where :: says so (a URL with :: in its path or
// query is written with %3A%3A), and so is standard input, but see
// [Options.StdinArchive].
//
// A file whose name looks like something else is reached as ./name. Names that
// start with "." or "_" are passed over in walks and globs. Inputs are ordered
// by argument, those of one directory or glob by path, byte-wise. A file that is
// named twice, also by a symbolic link, is read once, where it was first named.
//
// Mistakes are returned together: a *pipeline.UsageError for each argument that
// makes no sense, a *[SourceError] for each input that is missing or cannot be
// listed. Under policy [Skip] the latter become [Set.Failures] instead, unless
// no input is left. When ctx is done, so are downloads and pipes.
func Discover(ctx context.Context, args []string, o Options) (*Set, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	credentials, err := fetch.ParseCredentials(o.HTTP.Getenv(HeaderVariable))
	if err != nil {
		return nil, pipeline.Usagef("the environment variable %s: %w", HeaderVariable, err)
	}
	set := &Set{policy: o.OnSourceError, digests: o.Digests, store: spool.New(o.TempDir, o.Limits.SpoolBytes),
		parallel: &parallel{
			workers: o.Workers, afterBytes: aheadAfterBytes, batchBytes: batchBytes,
			shared: newReadAhead(min(o.Workers*aheadBytesPerWorker, aheadBytesMax)),
		},
	}
	if o.Encoding != "" {
		set.encoding = charset.Lookup(o.Encoding)
	}
	if o.EncodingFallback != "" {
		set.fallback = charset.Lookup(o.EncodingFallback)
	}
	d := &discovery{
		ctx: ctx, options: o, set: set, credentials: credentials,
		listing: newListing(), seen: make(map[string]int), urlNames: make(map[string]int),
	}
	if len(args) == 0 {
		return nil, pipeline.Usagef("no inputs; name files, directories, globs, @lists, URLs, or - for standard input")
	}
	for i, arg := range args {
		d.argument(arg, fmt.Sprintf("argument %d", i+1), true)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if err := d.result(); err != nil {
		return nil, err
	}
	set.ctx, set.cancel = context.WithCancelCause(ctx)
	if len(d.urls) > 0 {
		set.client = fetch.NewClient(o.fetchConfig())
		set.downloads = newDownloads(set, set.client, d.urls)
		set.downloads.start(o.FetchConcurrency)
	}
	if err := d.openArchives(); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return set, nil
}

// discovery is the state of one Discover.
type discovery struct {
	ctx         context.Context
	options     Options
	credentials fetch.Credentials
	set         *Set
	listing     *listing

	seen      map[string]int // index of the input with that real path, URL, or "-"
	urlNames  map[string]int // how many URLs have that name
	urls      []*Input
	problems  problems
	notesMore int
	tooMany   bool

	selection *selection // what the argument at hand wants of archives; nil: it does not say
}

// argument adds the inputs that arg stands for. It comes from where: an argument
// or a line of a list, in which no further list may be named.
func (d *discovery) argument(arg, where string, listAllowed bool) {
	arg, d.selection = splitSelection(arg)
	switch {
	case d.tooMany:
	case arg == "":
		d.usage("%s is empty", where)
	case arg == "-":
		d.standardInput(where)
	case arg[0] == '@' && !listAllowed:
		d.usage("%s: a list cannot name another list (a file of that name is ./%s)", where, arg)
	case arg[0] == '@':
		d.list(arg[1:], where)
	case isWebURL(arg):
		d.url(arg, where)
	case strings.IndexByte(arg, 0) >= 0:
		d.usage("%s holds a zero byte, which no path does", where)
	default:
		d.path(arg, where, listAllowed)
	}
}

func (d *discovery) usage(format string, args ...any) {
	d.problems.add(pipeline.Usagef(format, args...))
}

// fail records that a source is missing or cannot be read.
func (d *discovery) fail(err *SourceError) {
	if d.options.OnSourceError == Skip {
		err.skipped = true
		d.set.failures = append(d.set.failures, failure{len(d.set.inputs), false, *err})
		return
	}
	d.problems.add(err)
}

// notesMax bounds the notes.
const notesMax = 20

func (d *discovery) note(format string, args ...any) {
	if len(d.set.notes) < notesMax {
		d.set.notes = append(d.set.notes, fmt.Sprintf(format, args...))
		return
	}
	d.notesMore++
}

// add appends an input, unless the one that source, its real path or the like,
// stands for is there already.
func (d *discovery) add(in *Input, source string) bool {
	key := source
	if d.selection != nil {
		key += "\x00" + d.selection.pattern // members are compared later
	}
	if first, ok := d.seen[key]; ok {
		if name := d.set.inputs[first].Name; name == in.Name {
			d.note("%q is named more than once; it is read once", name)
		} else {
			d.note("%q is the same file as %q; it is read once", in.Name, name)
		}
		return false
	}
	if len(d.set.inputs) >= d.options.Limits.Inputs {
		if !d.tooMany {
			d.usage("there are more than %d inputs", d.options.Limits.Inputs)
		}
		d.tooMany = true
		return false
	}
	in.Index, in.set = len(d.set.inputs), d.set
	if in.container != nil {
		in.container.source = source
	}
	d.seen[key] = in.Index
	d.set.inputs = append(d.set.inputs, in)
	return true
}

func (d *discovery) standardInput(where string) {
	stdin := d.options.Stdin
	in := &Input{Name: "-", kind: pipe, container: d.container("", d.options.StdinArchive)}
	if stdin == nil {
		d.usage("%s is -, but there is no standard input", where)
		return
	}
	if in.file = stdinInPlace(stdin); in.file != nil {
		in.kind = openedFile
	} else {
		in.pipe = &received{src: stdin, stream: d.set.store.Stream()}
	}
	if _, twice := d.seen["-"]; twice {
		d.usage("%s: standard input (-) can be named only once", where)
		return
	}
	d.add(in, "-")
}

func (d *discovery) list(path, where string) {
	if path == "" {
		d.usage("%s is @ without the name of a list", where)
		return
	}
	lines, err := readList(path, d.options.Limits.ListBytes)
	if err != nil {
		// A list is what was asked for, not a source: it is never skipped.
		d.problems.add(err)
		return
	}
	if len(lines) == 0 {
		d.usage("the list %q names no inputs", path)
	}
	for _, line := range lines {
		d.argument(line.text, fmt.Sprintf("%s:%d", path, line.number), false)
		if d.ctx.Err() != nil {
			return
		}
	}
}

// isWebURL reports whether an argument is meant as an http or https URL.
func isWebURL(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func (d *discovery) url(arg, where string) {
	target, err := fetch.ParseTarget(arg, d.credentials)
	if err != nil {
		d.usage("%s is %w", where, err)
		return
	}
	name := target.Name()
	key, _, _ := strings.Cut(arg, "#")
	if _, twice := d.seen[key]; !twice {
		if d.urlNames[name]++; d.urlNames[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, d.urlNames[name])
		}
	}
	in := &Input{Name: name, kind: webFile, container: d.container(target.Path(), false), remote: &remote{
		target: target, stream: d.set.store.Stream(), done: make(chan struct{}),
	}}
	in.remote.bytes.Store(bytesUnknown)
	if d.add(in, key) {
		d.urls = append(d.urls, in)
	}
}

// path adds an existing path, or else what it matches as a glob.
func (d *discovery) path(arg, where string, fromCommandLine bool) {
	at := ""
	if !fromCommandLine {
		at = where
	}
	f, mode, err := d.listing.locate(arg)
	if err != nil && f.linked {
		// A link that leads nowhere by its text may still open, as the
		// /dev/fd/63 of a shell's <(command) does.
		if info, e := os.Stat(arg); e == nil {
			f.real, mode, err = arg, info.Mode(), nil
		}
	}
	switch {
	case err != nil && errors.Is(err, fs.ErrNotExist) && !f.linked && hasGlob(arg):
		d.glob(arg, where, at)
	case err != nil && f.linked:
		d.fail(located(at, &SourceError{Name: arg, Op: "open", Err: cause(err), Advice: "it is a symbolic link"}))
	case err != nil:
		d.missing(arg, where, at, err)
	case mode.IsDir():
		d.directory(arg, at)
	case mode.IsRegular():
		d.addFile(f, fromCommandLine)
	case mode&(fs.ModeNamedPipe|fs.ModeDevice) != 0:
		d.add(&Input{Name: arg, kind: pipe, container: d.container(arg, false), pipe: &received{path: arg, stream: d.set.store.Stream()}}, f.real)
	default:
		d.fail(located(at, &SourceError{Name: arg, Op: "open", Err: errNotRegular}))
	}
}

// addFile adds a file. With look, its content decides whether it is an archive.
func (d *discovery) addFile(f found, look bool) {
	in := &Input{Name: f.path, kind: regularFile, path: f.path, container: d.container(f.path, look)}
	in.bytes.Store(bytesUnasked)
	d.add(in, f.real)
}

// addFiles adds the files of a directory or glob, by path. Of two names of one
// file that both are new, the one without symbolic links counts.
func (d *discovery) addFiles(files []found, special []string) {
	slices.SortFunc(files, func(a, b found) int {
		return cmp.Compare(filepath.ToSlash(a.path), filepath.ToSlash(b.path))
	})
	files = slices.CompactFunc(files, func(a, b found) bool { return a.path == b.path })
	direct := make(map[string]bool)
	if slices.ContainsFunc(files, func(f found) bool { return f.linked }) {
		for _, f := range files {
			if !f.linked {
				direct[f.real] = true
			}
		}
	}
	for _, f := range files {
		if f.linked && direct[f.real] {
			d.note("%q is a link to a file that is read as well; it is read once", f.path)
			continue
		}
		d.addFile(f, false)
	}
	slices.Sort(special)
	for _, path := range slices.Compact(special) {
		d.note("%q is not a regular file; it is passed over (a pipe can be named by itself)", path)
	}
}

func (d *discovery) directory(arg, at string) {
	if d.selection != nil {
		d.usage("%q is a directory and has no members; name the archives in it, as in %q", arg, filepath.Join(arg, "*.zip")+"::"+d.selection.pattern)
		return
	}
	w, err := walkDirectory(d.ctx, d.listing, arg)
	if err != nil {
		return // the context is done, which Discover sees
	}
	for _, e := range w.failed {
		d.fail(located(at, e))
	}
	if len(w.files) == 0 && len(w.failed) == 0 {
		d.fail(located(at, w.empty(arg)))
	}
	d.addFiles(w.files, w.special)
}

func (d *discovery) glob(arg, where, at string) {
	g, err := expandGlob(d.ctx, d.listing, arg)
	switch {
	case d.ctx.Err() != nil:
		return
	case errors.Is(err, doublestar.ErrBadPattern):
		d.usage("%s: %q is not a valid glob and no file of that name exists: a [ or { is not closed, or a \\ ends it", where, arg)
		return
	case err != nil:
		d.fail(located(at, &SourceError{Name: arg, Op: "list", Err: cause(err)}))
		return
	}
	for _, e := range g.failed {
		d.fail(located(at, e))
	}
	if len(g.files) == 0 && len(g.failed) == 0 {
		e := &SourceError{Name: arg, Op: "read", Err: errors.New("the glob matches no file")}
		base, _ := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(arg)))
		base = filepath.FromSlash(base)
		switch _, err := os.Stat(base); {
		case err != nil:
			e.Advice = fmt.Sprintf("there is no directory %q", base)
		case g.dirs > 0:
			e.Advice = fmt.Sprintf("it matches directories only; to read what is in them, append %q", filepath.FromSlash("/*.csv"))
		default:
			e.Advice = `names that start with "." or "_" are passed over`
		}
		d.fail(located(at, e))
	}
	d.addFiles(g.files, g.special)
}

// missing reports a path that is not there or cannot be looked at.
func (d *discovery) missing(arg, where, at string, err error) {
	if scheme, _, ok := strings.Cut(arg, "://"); ok && scheme != "" && !strings.ContainsAny(scheme, `/\.`) {
		// Not shown in full: it may hold credentials.
		d.usage("%s: %s:// is not supported; inputs are paths and http(s) URLs", where, scheme)
		return
	}
	e := &SourceError{Name: arg, Op: "open", Err: cause(err)}
	if errors.Is(err, fs.ErrNotExist) {
		e.Advice = nearMiss(arg)
	}
	d.fail(located(at, e))
}

// nearMissNames bounds how many names are compared with a misspelt one.
const nearMissNames = 5000

// nearMiss suggests what may have been meant by a path that does not exist.
func nearMiss(path string) string {
	dir, base := filepath.Split(filepath.Clean(path))
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("there is no directory %q", filepath.Clean(dir))
	}
	if err != nil {
		return ""
	}
	defer f.Close() // it is only read
	names, _ := f.Readdirnames(nearMissNames)
	slices.Sort(names)
	if name := sqltype.Suggest(base, names); name != "" {
		return fmt.Sprintf("did you mean %q?", filepath.Join(dir, name))
	}
	return ""
}

// located names the line of a list that an error is about, if it is about one.
func located(at string, e *SourceError) *SourceError {
	if at != "" {
		e.Err = fmt.Errorf("%w (named at %s)", e.Err, at)
	}
	return e
}

// result ends the discovery: it returns all mistakes.
func (d *discovery) result() error {
	if d.notesMore > 0 {
		d.set.notes = append(d.set.notes, fmt.Sprintf("and %d more such notes", d.notesMore))
	}
	if err := d.problems.err(); err != nil {
		return err
	}
	if len(d.set.inputs) == 0 {
		for _, f := range d.set.failures {
			f.err.skipped = false
			d.problems.add(&f.err)
		}
		if err := d.problems.err(); err != nil {
			return err
		}
		return pipeline.Usagef("no inputs")
	}
	return nil
}

// Redacted returns an argument as it may be shown: a URL without userinfo and
// with the values of its query masked, anything else as it is.
func Redacted(arg string) string {
	if _, _, ok := strings.Cut(arg, "://"); !ok {
		return arg
	}
	u, err := url.Parse(arg)
	if err != nil || u.User != nil && strings.Contains(u.EscapedPath(), "@") { // see fetch.ParseTarget
		return "a URL that is not valid"
	}
	return fetch.Masked(u)
}
