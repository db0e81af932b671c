package readers

import (
	"context"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"

	"csvloom/readers/internal/charset"
)

// kind is how an input's bytes are had.
type kind uint8

const (
	regularFile kind = iota
	openedFile       // standard input that is a regular file, read in place
	pipe             // standard input, a FIFO or a device: received once, then kept
	webFile          // http(s): downloaded, then kept
)

// Input is one file, pipe or URL. Its methods are safe for concurrent use.
type Input struct {
	// Index is the input's place in input order, from 0.
	Index int
	// Name is what the user calls the input: the path as given or as found
	// under the directory given, "-" for standard input, a URL without
	// userinfo and with the values of its query masked. Where that makes two
	// URLs look alike, the second one ends in #2.
	Name string

	kind   kind
	set    *Set
	path   string       // of a regularFile
	bytes  atomic.Int64 // of a regularFile, as far as known; see bytesUnasked
	file   *openedStdin // of an openedFile
	pipe   *received
	remote *remote

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
	p := in.set.parallel
	if size := in.SizeHint(); p.workers == 1 || size >= 0 && size < parallelBytesMin {
		p = nil
	} else {
		own := *p
		p = &own
		ctx, p.cancel = context.WithCancel(ctx)
	}
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
	}
	return in.OpenFile()
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
// A file is asked once, at the first call; it may change later.
func (in *Input) SizeHint() int64 {
	switch in.kind {
	case openedFile:
		return in.file.bytes
	case pipe:
		return bytesUnknown
	case webFile:
		return in.remote.bytes.Load()
	}
	size := in.bytes.Load()
	if size == bytesUnasked {
		size = bytesUnknown
		if info, err := os.Stat(in.path); err == nil {
			size = info.Size()
		}
		in.bytes.Store(size)
	}
	return size
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
