package readers

import (
	"context"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"csvloom/readers/internal/charset"
)

// kind is how an input's bytes are had.
type kind uint8

const (
	regularFile kind = iota
	openedFile       // standard input that is a regular file, read in place
	pipe             // standard input, a FIFO or a device: received once, then kept
	webFile          // http(s): downloaded, then kept
	archived         // a member of an archive
)

// Input is one file, pipe or URL. Its methods are safe for concurrent use.
type Input struct {
	// Index is the input's place in input order, from 0.
	Index int
	// Name is what the user calls the input: the path as given or as found
	// under the directory given, "-" for standard input, a URL without
	// userinfo and with the values of its query masked. Where that makes two
	// URLs look alike, the second one ends in #2. A member of an archive is
	// the archive's name, two colons and the member's, such as
	// "exports.zip::2024/a.csv"; the second member of one name ends in #2.
	Name string

	kind     kind
	set      *Set
	path     string       // of a regularFile, or of the one that the archive of an archived one is
	bytes    atomic.Int64 // of a regularFile, as far as known; see bytesUnasked
	modified atomic.Int64 // when it was written to, as far as bytes is known, in nanoseconds since 1970
	file     *openedStdin // of an openedFile
	pipe     *received
	remote   *remote

	container *container // what may be an archive, while it is being discovered
	archive   *archive   // of an archived one
	member    *member

	checking  sync.Mutex // is held while the input is looked at for its encoding
	checked   bool
	checkedAs *charset.Charset // nil: nothing needs to be declared
}

const (
	bytesUnknown = -1
	bytesUnasked = -2
)

// Open returns the input's content from its start, decompressed and in UTF-8. For a URL it
// waits until the download is complete; a pipe is followed while it is being
// received. The error is a *[SourceError], for which errors.Is(err, ErrSkipped)
// holds when the run is to go on without the input, or ctx's cause.
func (in *Input) Open(ctx context.Context) (*Stream, error) {
	declared, err := in.declared(ctx)
	if err != nil {
		return nil, err
	}
	return in.open(ctx, declared)
}

// open is Open with a declared encoding, if any.
func (in *Input) open(ctx context.Context, declared *charset.Charset) (*Stream, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ctx, p := in.set.parallelFor(ctx, in.SizeHint())
	r, err := in.openRaw(ctx)
	if err != nil {
		if p != nil {
			p.cancel()
		}
		return nil, err
	}
	var digest *digestReader
	if in.set.digests {
		digest = newDigestReader(r)
		r = digest
	}
	s, err := newStream(ctx, in.Name, r, p, declared)
	if err != nil {
		return nil, in.set.judge(in, err)
	}
	s.digest = digest
	return s, nil
}

// parallelFor returns how to decompress something of that many bytes, -1 when not
// known: nil means on the caller's goroutine. The context is to be used for it; it
// ends with the stream.
func (s *Set) parallelFor(ctx context.Context, bytes int64) (context.Context, *parallel) {
	if s.parallel.workers == 1 || bytes >= 0 && bytes < parallelBytesMin {
		return ctx, nil
	}
	own := *s.parallel
	ctx, own.cancel = context.WithCancel(ctx)
	return ctx, &own
}

// declared returns the encoding that the input is to be read in: nil when nothing
// is declared. With a fallback the input is read once, to its end, to see whether
// it needs it.
func (in *Input) declared(ctx context.Context) (*charset.Charset, error) {
	if in.set.fallback == nil {
		return in.set.encoding, nil
	}
	in.checking.Lock()
	defer in.checking.Unlock()
	if in.checked {
		return in.checkedAs, nil
	}
	s, err := in.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close() // it is only read
	if s.charset == charset.UTF8 {
		invalid, err := charset.FirstInvalid(s)
		if err != nil {
			return nil, in.set.judge(in, err)
		}
		if invalid >= 0 {
			in.checkedAs = in.set.fallback
		}
	}
	in.checked = true
	return in.checkedAs, nil
}

// parallelBytesMin is how long an input, as far as its length is known, must be
// before decompression to be worth more than one goroutine.
const parallelBytesMin = 256 << 10

func (in *Input) openRaw(ctx context.Context) (io.ReadCloser, error) {
	switch in.kind {
	case openedFile:
		return io.NopCloser(io.NewSectionReader(in.file.file, in.file.start, math.MaxInt64-in.file.start)), nil
	case pipe:
		if err := in.pipe.begin(in.set); err != nil {
			return nil, in.set.judge(in, &SourceError{Name: in.Name, Op: "open", Err: err})
		}
		return in.pipe.stream.NewReader(ctx), nil
	case webFile:
		if err := in.remote.wait(ctx); err != nil {
			return nil, err
		}
		return in.remote.stream.NewReader(ctx), nil
	case archived:
		r, err := in.archive.openMember(ctx, in.member)
		if err != nil {
			if isCancellation(ctx, err) {
				return nil, err
			}
			return nil, in.set.judge(in, &SourceError{Name: in.Name, Op: "open", Err: err})
		}
		return r, nil
	}
	f, err := in.OpenFile()
	if err != nil {
		return nil, err
	}
	if size := in.SizeHint(); in.kind == regularFile && size > 0 { // files of /proc seem empty
		return &steadyFile{file: f, bytes: size, modified: in.modified.Load()}, nil
	}
	return f, nil
}

// OpenFile opens the file of an input for which [Input.Plain] holds. Errors are
// those of [Input.Open].
func (in *Input) OpenFile() (*os.File, error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, in.set.judge(in, &SourceError{Name: in.Name, Op: "open", Err: cause(err)})
	}
	return f, nil
}

// SizeHint returns the length of the input before decompression in bytes, or
// -1 when it is not known: for a pipe, and for a URL until the server has told.
// That of a member of an archive is its length when it is unpacked.
// A file is asked once, at the first call; it may change later.
func (in *Input) SizeHint() int64 {
	switch in.kind {
	case openedFile:
		return in.file.bytes
	case pipe:
		return bytesUnknown
	case webFile:
		return in.remote.bytes.Load()
	case archived:
		return in.member.bytes
	}
	size := in.bytes.Load()
	if size == bytesUnasked {
		size = bytesUnknown
		if info, err := os.Stat(in.path); err == nil {
			size = info.Size()
			in.modified.Store(info.ModTime().UnixNano())
		}
		in.bytes.Store(size)
	}
	return size
}

// Path returns the path of what is read: of a local file, of the archive that the
// input is a member of, or of a pipe. It is empty for standard input and URLs.
func (in *Input) Path() string {
	switch {
	case in.kind == archived:
		return in.path
	case in.kind == pipe:
		return in.pipe.path
	}
	return in.path
}

// Modified is when a local file was written to, as it was when its size was asked for;
// zero for all else.
func (in *Input) Modified() time.Time {
	if n := in.modified.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// Plain reports whether the input is a local regular file whose name does not
// say that it is compressed, and returns its path and [Input.SizeHint]. Such a
// file can be opened with [Input.OpenFile] by whoever decodes it; its first
// bytes should still be shown to [DecompressorFor].
func (in *Input) Plain() (path string, size int64, ok bool) {
	if in.kind != regularFile || hasCompressedName(in.path) {
		return "", 0, false
	}
	return in.path, in.SizeHint(), true
}

// openedStdin is standard input that is a regular file, as in `csvloom … - < f`.
type openedStdin struct {
	file         *os.File
	start, bytes int64
}

// stdinInPlace returns standard input as a file to be read in place, nil if it
// is not one.
func stdinInPlace(r io.Reader) *openedStdin {
	f, ok := r.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	start, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return &openedStdin{file: f, start: start, bytes: max(0, info.Size()-start)}
}
