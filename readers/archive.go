package readers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// archive is a zip or tar file whose members are known. Nothing in it is ever
// written or becomes part of a path in a file system: a member's name is compared
// with patterns and shown, and its bytes are read where they are.
type archive struct {
	name   string // as the user knows it
	format string // "zip" or "tar"
	limits Limits
	// open gives what the members' places are in.
	open    func(context.Context) (*archiveFile, error)
	members []member // by name, byte-wise; those of one name as they stand
	// workbook says that it is a spreadsheet, which is a zip file as well.
	workbook bool
}

// archiveFile is an archive, or what a compressed one unpacks to.
type archiveFile struct {
	io.ReaderAt
	bytes int64
	close func() error
}

func (f *archiveFile) section(offset, n int64) *io.SectionReader {
	return io.NewSectionReader(f, offset, n)
}

// member is a file in an archive.
type member struct {
	name   string
	at     int64  // zip: of its local header; tar: of its content
	stored int64  // zip: bytes it takes, compressed or not
	bytes  int64  // of content
	limit  int64  // zip: where something else begins
	crc    uint32 // zip
	method uint16 // zip
	// fault is why it cannot be read; empty if it can.
	fault string
	// link says that it is no file of its own but, say, "a symbolic link".
	link string
}

// memberNameBytesMax bounds a member's name: longer ones are no paths anywhere.
const memberNameBytesMax = 4096

// The fixed bounds of an archive's ratio and names; see Limits for the others.
const (
	// ratioAfterBytes is how much may be unpacked at any ratio: short texts of
	// few different characters shrink a lot.
	ratioAfterBytes = 64 << 20
	// archiveNamesBytesMax bounds the names of one archive together.
	archiveNamesBytesMax = 256 << 20
)

// archiveError says what is wrong with an archive; it is damage of the source.
func archiveError(format string, args ...any) *compressionError {
	return &compressionError{fmt.Sprintf(format, args...)}
}

// index collects the members of an archive while it is looked through.
type index struct {
	limits     Limits
	members    []member
	namesBytes int
}

// add adds a member. The name is as the archive has it.
func (x *index) add(m member) error {
	if len(m.name) > memberNameBytesMax {
		return archiveError("a member's name has %d bytes, expected at most %d", len(m.name), memberNameBytesMax)
	}
	for strings.HasPrefix(m.name, "./") {
		m.name = m.name[2:]
	}
	if x.namesBytes += len(m.name); len(x.members) >= x.limits.ArchiveMembers || x.namesBytes > archiveNamesBytesMax {
		return archiveError("it has more than %d members, or their names more than %d bytes; raise --archive-members-max or unpack it", x.limits.ArchiveMembers, archiveNamesBytesMax)
	}
	x.members = append(x.members, m)
	return nil
}

// archiveSuffixes are the endings of the names of archives, besides .tar with the
// ending of a compressed file behind it.
var archiveSuffixes = []string{".zip", ".tar", ".tgz", ".tzst", ".tbz2"}

// isArchiveName reports whether a name ends as those of archives do, in any case.
func isArchiveName(name string) bool {
	name = withoutCompressedSuffix(strings.ToLower(name))
	return slices.ContainsFunc(archiveSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// openArchive finds out whether f is an archive, and if so what is in it. It
// returns nil for anything else.
func (s *Set) openArchive(ctx context.Context, name string, limits Limits, open func(context.Context) (*archiveFile, error)) (*archive, error) {
	f, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer f.close() // it is only read
	head := make([]byte, tarBlockBytes)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	a := &archive{name: name, limits: limits, open: open}
	x := &index{limits: limits}
	switch {
	case isZip(head) || strings.HasSuffix(strings.ToLower(name), ".zip") && hasZipEnd(f):
		a.format = "zip"
		err = x.readZip(ctx, f)
		a.workbook = slices.ContainsFunc(x.members, func(m member) bool { return m.name == "[Content_Types].xml" })
	case isTar(head, name):
		a.format = "tar"
		err = x.readTar(ctx, f)
	default:
		var unpacked *archiveFile
		if unpacked, err = s.unpackTar(ctx, name, limits, f, head); unpacked == nil || err != nil {
			return nil, err
		}
		a.format = "tar"
		a.open = func(context.Context) (*archiveFile, error) { return unpacked, nil }
		err = x.readTar(ctx, unpacked)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(x.members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	a.members = x.members
	return a, nil
}

// openMember opens a member's content.
func (a *archive) openMember(ctx context.Context, m *member) (io.ReadCloser, error) {
	f, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	var r io.ReadCloser
	if a.format == "zip" {
		r, err = a.openZipMember(f, m)
	} else {
		r = &tarMember{r: f.section(m.at, m.bytes), left: m.bytes, close: f.close}
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return r, nil
}

// localArchive opens a file that is an archive, again and again: one archive must
// not keep a descriptor, since there may be very many. What has changed since the
// first time is not read: the places of the members would be wrong.
func localArchive(path string) func(context.Context) (*archiveFile, error) {
	var bytes int64 = bytesUnknown
	var changed time.Time
	return func(context.Context) (*archiveFile, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, cause(err)
		}
		info, err := f.Stat()
		if err == nil && bytes == bytesUnknown {
			bytes, changed = info.Size(), info.ModTime() // nobody else has this function yet
		}
		if err == nil && (info.Size() != bytes || !info.ModTime().Equal(changed)) {
			err = archiveError("it has changed while being read")
		}
		if err != nil {
			return nil, errors.Join(cause(err), f.Close())
		}
		return &archiveFile{f, bytes, f.Close}, nil
	}
}

// archiveOpener returns how to open an input that is an archive.
func (in *Input) archiveOpener() func(context.Context) (*archiveFile, error) {
	nothing := func() error { return nil }
	switch in.kind {
	case openedFile:
		return func(context.Context) (*archiveFile, error) {
			return &archiveFile{io.NewSectionReader(in.file.file, in.file.start, math.MaxInt64-in.file.start), in.file.bytes, nothing}, nil
		}
	case pipe:
		return func(ctx context.Context) (*archiveFile, error) {
			if err := in.pipe.begin(in.set); err != nil {
				return nil, err
			}
			if err := in.pipe.stream.Wait(ctx); err != nil {
				return nil, err
			}
			return &archiveFile{in.pipe.stream, in.pipe.stream.Size(), nothing}, nil
		}
	case webFile:
		return func(ctx context.Context) (*archiveFile, error) {
			if err := in.remote.wait(ctx); err != nil {
				return nil, err
			}
			return &archiveFile{in.remote.stream, in.remote.stream.Size(), nothing}, nil
		}
	}
	return localArchive(in.path)
}

// selection is what is to be read of an archive.
type selection struct {
	// pattern is a member's name or a glob; empty for what a walk would take.
	pattern string
}

// selected is a member that was asked for.
type selected struct {
	*member
	err  error  // why it cannot be read
	name string // as it is shown
}

// choose returns the members that are asked for, by name, and notes about those
// that are passed over.
func (s selection) choose(a *archive) (chosen []selected, notes []string, err error) {
	takes, err := s.matcher(a)
	if err != nil {
		return nil, nil, err
	}
	last, times := "", 0
	for i := range a.members {
		m := &a.members[i]
		if !takes(m.name) {
			continue
		}
		name := a.name + "::" + printable(m.name)
		if m.link != "" {
			notes = append(notes, fmt.Sprintf("%q is %s; it is passed over", name, m.link))
			continue
		}
		if m.name == last {
			if times++; times == 2 {
				notes = append(notes, fmt.Sprintf("%q is in the archive more than once; each is read", name))
			}
			name += "#" + strconv.Itoa(times)
		} else {
			last, times = m.name, 1
		}
		c := selected{member: m, name: name}
		switch {
		case m.fault != "":
			c.err = &SourceError{Name: name, Op: "read", Err: archiveError("%s", m.fault)}
		case isArchiveName(m.name):
			c.err = &SourceError{Name: name, Op: "read", Err: archiveError("it is an archive in an archive"),
				Advice: fmt.Sprintf("unpack it first, or name what else to read, as in %q", a.name+"::**/*.csv")}
		}
		chosen = append(chosen, c)
	}
	if len(chosen) == 0 {
		return nil, notes, s.nothing(a)
	}
	return chosen, notes, nil
}

// matcher returns what tells whether a member of that name is asked for.
func (s selection) matcher(a *archive) (func(name string) bool, error) {
	if s.pattern == "" {
		return isWalkedMember, nil
	}
	pattern := strings.TrimPrefix(s.pattern, "./")
	if slices.ContainsFunc(a.members, func(m member) bool { return m.name == pattern }) {
		return func(name string) bool { return name == pattern }, nil
	}
	g, err := newMemberGlob(pattern)
	if err != nil {
		return nil, err
	}
	return g.match, nil
}

// isWalkedMember reports whether a walk takes what has that path, or has to speak
// of it.
func isWalkedMember(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if isHidden(segment) && segment != ".." && segment != "." {
			return false
		}
	}
	base := path.Base(name)
	return isCSVName(base) || isArchiveName(base)
}

// nothing explains why a selection is empty.
func (s selection) nothing(a *archive) error {
	e := &SourceError{Name: a.name, Op: "read"}
	files := slices.DeleteFunc(slices.Clone(a.members), func(m member) bool { return m.link != "" })
	switch {
	case a.workbook:
		e.Err = archiveError("it is a workbook or another office document")
		e.Advice = "export it as CSV"
	case len(files) == 0:
		e.Err = archiveError("the archive holds no files")
	case s.pattern == "":
		e.Err = archiveError("the archive holds no *.csv, *.tsv or *.txt files, compressed ones included")
		e.Advice = fmt.Sprintf("it holds %s such as %q; name them as in %q if they are CSV",
			plural(len(files), "other file"), printable(files[0].name), a.name+"::**/*"+path.Ext(printable(files[0].name)))
	default:
		e.Name += "::" + s.pattern
		e.Err = archiveError("the archive has no member of that name, and none that it matches as a glob")
		e.Advice = fmt.Sprintf("it holds %s such as %q", plural(len(files), "file"), printable(files[0].name))
		if !strings.Contains(s.pattern, "/") {
			if g, err := newMemberGlob("**/" + s.pattern); err == nil && slices.ContainsFunc(files, func(m member) bool { return g.match(m.name) }) {
				e.Advice = fmt.Sprintf("there are some in its folders: %q", a.name+"::**/"+s.pattern)
			}
		}
	}
	return e
}

// printable returns a name that whoever made the archive has chosen, so that it
// cannot play tricks on a terminal.
func printable(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return name
	}
	return strings.Trim(strconv.Quote(name), `"`)
}

// unpackTar keeps what a compressed tar file unpacks to in the set's temporary
// file. It returns nil when f, which starts with head, is not one.
func (s *Set) unpackTar(ctx context.Context, name string, limits Limits, f *archiveFile, head []byte) (*archiveFile, error) {
	format := formatOf(head)
	if format == nil || format.open == nil {
		return nil, nil
	}
	ctx, p := s.parallelFor(ctx, f.bytes)
	r, err := decompress(ctx, name, io.NopCloser(f.section(0, f.bytes)), p)
	if err != nil {
		return nil, nil // whoever reads it as a file is told
	}
	defer r.Close() // it is only read
	buf := make([]byte, pipeBytes)
	n, err := io.ReadFull(r, buf[:tarBlockBytes])
	if !isTar(buf[:n], withoutCompressedSuffix(name)) {
		return nil, nil
	}
	stream := s.store.Stream()
	for total := int64(0); err == nil; {
		total += int64(n)
		if total > ratioAfterBytes && total/int64(limits.ArchiveRatio) > r.RawBytes() {
			return nil, ratioError(limits)
		}
		if s.unpackedBytes.Add(int64(n)) > limits.ArchiveBytes {
			return nil, archiveError("what archives unpack to is more than the limit of %d bytes; raise --archive-bytes-max, or unpack them first", limits.ArchiveBytes)
		}
		if _, err := stream.Write(buf[:n]); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n, err = io.ReadFull(r, buf)
		if n > 0 && err == io.ErrUnexpectedEOF {
			err = nil // the end comes next
		}
	}
	if err != io.EOF {
		var source *SourceError
		if errors.As(err, &source) {
			err = source.Err
		}
		return nil, err
	}
	stream.Finish(nil)
	return &archiveFile{stream, stream.Size(), func() error { return nil }}, nil
}

// tarBlockBytes is the unit of tar files.
const tarBlockBytes = 512

// isZip reports whether head starts a zip file: with a member, with the end of an
// empty one, or with the mark of several parts.
func isZip(head []byte) bool {
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}
