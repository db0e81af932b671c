package readers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"csvloom/readers/internal/charset"
)

// Stream is an input's content, decompressed and in UTF-8. It is read by one goroutine;
// RawBytes may be called by others. Close it after use.
type Stream struct {
	ctx    context.Context    // of the one who opened it, to tell its end from a failure
	cancel context.CancelFunc // ends what waits for raw; nil: nothing does
	name   string
	raw    rawReader
	format *format // nil: as it stands
	dec    decoder // nil: as it stands, or closed
	closed bool
	err    error         // the first error, repeated from then on
	digest *digestReader // nil: none, or closed
	sum    string

	head    []byte           // decompressed already, to see what encoding it is
	headErr error            // behind head
	charset *charset.Charset // that of the content
	text    *charset.Reader  // converts it; nil: it is UTF-8
}

// NewStream sniffs r's first bytes and returns its content, decompressed. UTF-16
// and UTF-32 are converted where a byte order mark or the places of zero bytes
// leave no doubt. The
// name is used in errors. It takes ownership of r, also when it fails. Data that
// is cut short or damaged is an error of NewStream or of Read, never a short
// result, as far as the format can tell: snappy and S2 have no end mark, so a cut
// between two of their chunks goes unseen. Errors are *[SourceError].
//
// It is decompressed on the goroutine of the one who reads; an [Input] also uses
// others.
func NewStream(name string, r io.ReadCloser) (*Stream, error) {
	return newStream(context.Background(), name, r, nil, nil)
}

// parallel says how a stream is to be decompressed by several goroutines.
type parallel struct {
	workers    int
	afterBytes int64 // how much content is delivered before they start
	batchBytes int   // how much content one of them decompresses at a time
	shared     *readAhead
	cancel     context.CancelFunc // ends a Read of the input that waits
}

// newStream is NewStream for an input whose reads fail when ctx is done. With p
// it may start goroutines; they end with Close. The encoding is the declared one,
// or else what can be told for certain.
func newStream(ctx context.Context, name string, r io.ReadCloser, p *parallel, declared *charset.Charset) (*Stream, error) {
	return startStream(ctx, name, r, p, func(s *Stream) error { return s.startText(declared) })
}

// decompress is newStream for what is no text.
func decompress(ctx context.Context, name string, r io.ReadCloser, p *parallel) (*Stream, error) {
	return startStream(ctx, name, r, p, func(s *Stream) error {
		s.head, s.charset = nil, charset.UTF8
		return nil
	})
}

func startStream(ctx context.Context, name string, r io.ReadCloser, p *parallel, startText func(*Stream) error) (*Stream, error) {
	s := &Stream{ctx: ctx, name: name, raw: rawReader{r: r}}
	if p != nil {
		s.cancel = p.cancel
	}
	err := s.start(p)
	if err == nil {
		err = startText(s)
	}
	if err != nil {
		if s.cancel != nil {
			s.cancel()
		}
		if s.dec != nil {
			s.dec.release()
			s.dec = nil
		}
		_ = r.Close() // it failed already
		return nil, s.fail(err)
	}
	return s, nil
}

func (s *Stream) start(p *parallel) error {
	prefix, err := s.raw.sniff()
	if err != nil {
		return err
	}
	s.format = formatOf(prefix)
	switch {
	case s.format == nil:
		s.head = prefix
		if f := cutShort(prefix, s.name); f != nil && s.raw.end == io.EOF {
			s.format = f
			return io.ErrUnexpectedEOF
		}
		return nil
	case s.format.open == nil:
		return &compressionError{"it is a " + s.format.name + " file; " + s.format.advice}
	}
	if p != nil && s.format.split != nil {
		s.dec, err = newUnpacker(s.ctx, &s.raw, s.format.split, p)
		return err
	}
	s.dec, err = s.format.open(&s.raw)
	return err
}

// startText looks at the start of the content to tell its encoding.
func (s *Stream) startText(declared *charset.Charset) error {
	head := s.head // what is not compressed has been seen and is still to be read
	s.head = nil
	whole := s.raw.end == io.EOF
	if s.dec != nil {
		head, s.headErr = headBytes(s.dec.Read)
		s.head, whole = head, s.headErr != nil
	}
	if start := head[:min(len(head), headBytesMin)]; bytes.IndexByte(start, 0) < 0 {
		head, whole = start, false // what follows does not always belong to it
	}
	var markBytes int
	s.charset, markBytes = declared.Resolve(head, whole)
	if s.charset == charset.UTF8 {
		return nil // whoever reads the text drops its mark
	}
	var mark [4]byte
	if _, err := io.ReadFull(decompressed{s}, mark[:markBytes]); err != nil {
		return err
	}
	s.text = s.charset.NewReader(decompressed{s}, int64(markBytes))
	return nil
}

// decompressed is a stream's content before it is converted.
type decompressed struct{ *Stream }

func (d decompressed) Read(p []byte) (int, error) { return d.read(p) }

// read reads decompressed bytes.
func (s *Stream) read(p []byte) (int, error) {
	switch {
	case len(s.head) > 0:
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	case s.headErr != nil:
		return 0, s.headErr
	case s.dec != nil:
		return s.dec.Read(p)
	}
	return s.raw.Read(p)
}

// Read reads the content. Errors other than io.EOF are *[SourceError], or the
// context's when waiting was cut short.
func (s *Stream) Read(p []byte) (n int, err error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case s.err != nil:
		return 0, s.err
	case s.closed:
		return 0, os.ErrClosed
	case s.text != nil:
		n, err = s.text.Read(p)
	default:
		n, err = s.read(p)
	}
	// A decoder may take any end of its input for the natural one.
	if err == io.EOF && s.raw.err == nil {
		s.err = io.EOF
		return n, io.EOF
	}
	if err != nil {
		s.err = s.fail(err)
		return n, s.err
	}
	return n, nil
}

// fail names the input in an error.
func (s *Stream) fail(err error) error {
	var malformed *charset.Error
	switch {
	case errors.As(err, &malformed):
		return &SourceError{
			Name: s.name, Op: "read", Err: malformed,
			Advice: "check --encoding, or mend the file",
		}
	case isCancellation(s.ctx, err): // raw may be in use still
		return err
	case s.raw.err != nil: // the input's own error comes before what a decoder made of it
		err = s.raw.err
		if isCancellation(s.ctx, err) {
			return err
		}
		err = cause(err)
	case s.format != nil && s.format.open != nil:
		err = s.format.describe(err, s.raw.ended)
	}
	return &SourceError{Name: s.name, Op: "read", Err: err}
}

// Compression returns the name of the format found: "gzip", "zstd", "bzip2",
// "snappy", "s2", or "" for none.
func (s *Stream) Compression() string {
	if s.format == nil {
		return ""
	}
	return s.format.name
}

// Encoding returns the name of the encoding that the content had before it was
// converted, such as "utf-16le" or "windows-1252"; "utf-8" says that it was not.
func (s *Stream) Encoding() string { return s.charset.Name() }

// RawBytes returns how many bytes of the input, before decompression, have
// been read so far, including what has been read ahead.
func (s *Stream) RawBytes() int64 { return s.raw.count.Load() }

// Close ends the stream. It may be called again.
func (s *Stream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.finishDigest() // when nobody reads any more
	if s.cancel != nil {
		s.cancel()
	}
	if s.dec != nil {
		s.dec.release()
		s.dec = nil
	}
	return s.raw.r.Close()
}
