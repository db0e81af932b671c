package readers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bmatcuk/doublestar/v4"

	"csvloom/pipeline"
)

// container is an input that is, or may be, an archive.
type container struct {
	selection *selection // nil: what a walk would take, if it is an archive
	source    string     // the same for all inputs from one file
}

// container returns what is to be known of an input of that name to find out
// whether it is an archive, nil for one that is read as it stands. With look, its
// content decides.
func (d *discovery) container(name string, look bool) *container {
	if d.selection == nil && !look && !isArchiveName(name) {
		return nil
	}
	return &container{selection: d.selection}
}

// splitSelection takes what is behind :: off an argument. A path that exists is
// what it seems, and not the members of something.
func splitSelection(arg string) (rest string, s *selection) {
	from := 0
	switch {
	case isWebURL(arg):
		// There may be colons in the host, if it is an address.
		from = strings.Index(arg, "://") + len("://")
		if i := strings.IndexAny(arg[from:], "/?#"); i >= 0 {
			from += i
		} else {
			from = len(arg)
		}
	case strings.HasPrefix(arg, "@"), strings.IndexByte(arg, 0) >= 0:
		return arg, nil
	}
	i := strings.Index(arg[from:], "::")
	if i+from <= 0 || i < 0 {
		return arg, nil
	}
	if from == 0 {
		if _, err := os.Lstat(arg); err == nil {
			return arg, nil
		}
	}
	return arg[:from+i], &selection{pattern: arg[from+i+len("::"):]}
}

// opening is an archive that several inputs may be about.
type opening struct {
	once    sync.Once
	archive *archive
	err     error
}

// openArchives puts the members of archives in the place of the archives. They
// are opened side by side: a compressed tar file has to be unpacked for it.
func (d *discovery) openArchives() error {
	var archives []*Input
	opened := make(map[string]*opening)
	for _, in := range d.set.inputs {
		if in.container != nil {
			archives = append(archives, in)
			opened[in.container.source] = new(opening)
		}
	}
	if len(archives) == 0 {
		return nil
	}
	ctx := d.set.ctx
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(d.options.Workers, len(archives)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(archives)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				in := archives[i]
				o := opened[in.container.source]
				o.once.Do(func() { o.archive, o.err = d.openContainer(ctx, in) })
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.replaceArchives(opened)
}

// openContainer returns an input's archive, nil if it is none.
func (d *discovery) openContainer(ctx context.Context, in *Input) (*archive, error) {
	if in.kind == pipe && in.container.selection == nil && !isArchiveName(in.Name) {
		// It is followed while it is being received, unless it is an archive.
		if is, err := in.pipe.isArchive(ctx, d.set); !is || err != nil {
			return nil, err
		}
	}
	return d.set.openArchive(ctx, in.Name, d.options.Limits, in.archiveOpener())
}

// isArchive waits for the start of a pipe.
func (p *received) isArchive(ctx context.Context, s *Set) (bool, error) {
	if err := p.begin(s); err != nil {
		return false, err
	}
	buf := make([]byte, tarBlockBytes)
	n, _ := io.ReadFull(p.stream.NewReader(ctx), buf) // whoever reads on meets the error
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if format := formatOf(buf[:n]); format != nil && format.open != nil {
		r, err := decompress(ctx, "", p.stream.NewReader(ctx), nil)
		if err != nil {
			return false, nil
		}
		defer r.Close() // it is only read
		n, _ = io.ReadFull(r, buf)
	}
	return isZip(buf[:n]) || isTar(buf[:n], ""), nil
}

// replaceArchives makes the inputs anew.
func (d *discovery) replaceArchives(opened map[string]*opening) error {
	s := d.set
	// Downloads may be under way, which look up the places of their inputs.
	s.mu.Lock()
	defer s.mu.Unlock()
	d.notesMore = 0
	before := s.inputs
	s.inputs = nil
	d.seen = make(map[string]int)
	earlier := make(map[int][]failure)
	for _, f := range s.failures {
		earlier[f.index] = append(earlier[f.index], f)
	}
	s.failures = nil
	// keep takes over the failures that stand at the input of that index, or
	// before it.
	keep := func(i int, own bool) {
		for _, f := range earlier[i] {
			if f.input == own {
				f.index, f.input = len(s.inputs), false
				if own && before[i].container == nil {
					f.index, f.input = before[i].Index, true
				}
				s.failures = append(s.failures, f)
			}
		}
	}
	for i, in := range before {
		keep(i, false)
		if in.container == nil {
			d.keepInput(in)
		} else {
			d.replaceArchive(in, opened[in.container.source])
		}
		keep(i, true)
	}
	keep(len(before), false)
	return d.result()
}

// keepInput adds an input that was there before.
func (d *discovery) keepInput(in *Input) {
	in.Index, in.container = len(d.set.inputs), nil
	d.set.inputs = append(d.set.inputs, in)
}

// replaceArchive adds what an input stands for that may be an archive.
func (d *discovery) replaceArchive(in *Input, o *opening) {
	switch {
	case o.err != nil:
		d.failArchive(in, o.err)
	case o.archive != nil:
		d.addMembers(in, o.archive)
	case in.container.selection == nil:
		d.keepInput(in)
	default:
		d.failArchive(in, archiveError("it is neither a zip nor a tar file"))
	}
}

// failArchive records that an archive cannot be read.
func (d *discovery) failArchive(in *Input, err error) {
	var source *SourceError
	switch {
	case errors.Is(err, ErrSkipped): // a download; it is on record
	case errors.As(err, &source) && d.options.OnSourceError == Skip && !ofTheSource(source.Err):
		d.problems.add(source)
	case errors.As(err, &source):
		d.fail(source)
	case d.options.OnSourceError == Skip && !ofTheSource(err):
		d.problems.add(&SourceError{Name: in.Name, Op: "open", Err: err})
	default:
		d.fail(&SourceError{Name: in.Name, Op: "open", Err: err})
	}
}

// addMembers adds the members of an archive that are asked for.
func (d *discovery) addMembers(in *Input, a *archive) {
	var want selection
	if in.container.selection != nil {
		want = *in.container.selection
	}
	own := *a
	own.name = in.Name // a file may be known by several
	chosen, notes, err := want.choose(&own)
	for _, n := range notes {
		d.note("%s", n)
	}
	if errors.Is(err, doublestar.ErrBadPattern) {
		d.problems.add(pipeline.Usagef("%q is not a valid glob and no member of that name is in %s: a [ or { is not closed, or a \\ ends it", want.pattern, in.Name))
		return
	}
	if err != nil {
		d.failArchive(in, err)
		return
	}
	d.selection = nil
	for _, m := range chosen {
		if m.err != nil {
			d.failArchive(in, m.err)
			continue
		}
		d.add(&Input{Name: m.name, kind: archived, archive: a, member: m.member, path: in.path},
			fmt.Sprintf("%s\x00%d", in.container.source, m.at))
	}
}
