package sinks

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"csvloom/pipeline"
	"csvloom/sinks/internal/ordered"
)

// Text is cut into pieces of a fixed size, whatever the writes are, and each
// piece is compressed by itself: so that it is done on several goroutines, and
// programs that read the output can do the same, csvloom among them. A piece is
// one frame of zstd (RFC 8878), whose header tells its length, or several
// members of gzip (RFC 1952), as small as BGZF wants them: the SAM specification
// (https://samtools.github.io/hts-specs/SAMv1.pdf, section 4.1) defines gzip
// members that tell their length in a field that other programs skip.
const (
	bgzfTextBytes  = 65280 // as bgzip has it: a member has at most 65536 bytes even if it does not shrink
	bgzfMembers    = 16
	gzipPieceBytes = bgzfMembers * bgzfTextBytes
	zstdPieceBytes = 1 << 20
)

// piece is a part of the text on its way to its compressed form.
type piece struct {
	text []byte
	out  []byte
}

// compressor compresses what is written to it into a writer, on several
// goroutines, see [ordered.Pool]. Call order: Write any number of times, then
// Close or abort. The bytes depend on nothing but the text.
type compressor struct {
	ctx        context.Context
	w          io.Writer
	pool       *ordered.Pool[*piece]
	filling    *piece // nil when there is none
	pieceBytes int
	end        []byte // written last
	pieces     int    // submitted
}

// newCompressor returns a compressor, or nil where there is nothing to do. Its
// goroutines end when ctx does.
func newCompressor(ctx context.Context, w io.Writer, c Compression, t *pipeline.Task) *compressor {
	p := &compressor{ctx: ctx, w: w}
	var work func(*piece) error
	switch c {
	case Gzip:
		work, p.pieceBytes, p.end = gzipPiece, gzipPieceBytes, bgzfEnd
	case Zstd:
		work, p.pieceBytes = zstdPiece, zstdPieceBytes
	default:
		return nil
	}
	p.pool = ordered.New(ordered.Stages[*piece]{
		New:  func() *piece { return &piece{text: make([]byte, 0, p.pieceBytes)} },
		Work: work,
		Emit: p.emit,
	}, ordered.Limits{Workers: t.Workers, Bytes: t.MemoryBytes})
	return p
}

// Write implements [io.Writer].
func (p *compressor) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if p.filling, err = p.pool.Next(p.ctx); err != nil {
			return n, err
		}
		more := b[n:min(len(b), n+p.pieceBytes-len(p.filling.text))]
		p.filling.text = append(p.filling.text, more...)
		n += len(more)
		if len(p.filling.text) == p.pieceBytes {
			p.submit()
		}
	}
	return n, p.pool.Err()
}

func (p *compressor) submit() {
	size := len(p.filling.text)
	p.filling = nil
	p.pieces++
	p.pool.Submit(p.ctx, int64(size))
}

func (p *compressor) emit(c *piece) error {
	_, err := p.w.Write(c.out)
	c.text = c.text[:0]
	return err
}

// Close completes the output. It does not close the writer below. All
// goroutines have ended.
func (p *compressor) Close() error {
	err := p.finish()
	p.abort()
	return err
}

func (p *compressor) finish() (err error) {
	if p.pieces == 0 && p.filling == nil {
		// No text is a frame too.
		if p.filling, err = p.pool.Next(p.ctx); err != nil {
			return err
		}
	}
	if p.filling != nil {
		p.submit()
	}
	if err := p.pool.Close(p.ctx); err != nil {
		return err
	}
	_, err = p.w.Write(p.end)
	return err
}

// abort gives the compressor up: all goroutines have ended when it returns.
func (p *compressor) abort() {
	p.pool.Abort()
	p.filling = nil
}

// zstdEncoders and gzipWriters keep what is expensive to make from one output
// to the next. They hold no data.
var zstdEncoders, gzipWriters sync.Pool

func zstdPiece(c *piece) error {
	w, ok := zstdEncoders.Get().(*zstd.Encoder)
	if !ok {
		// A concurrency of one runs no goroutine.
		var err error
		w, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true),
			zstd.WithWindowSize(zstdPieceBytes), zstd.WithZeroFrames(true))
		if err != nil {
			return fmt.Errorf("starting zstd: %w", err)
		}
	}
	c.out = w.EncodeAll(c.text, c.out[:0])
	zstdEncoders.Put(w)
	return nil
}

// The extra field of a BGZF member: two letters, the length of what follows,
// and the length of the member less one.
const (
	bgzfExtra     = "BC\x02\x00\x00\x00"
	bgzfLengthAt  = 10 + 2 + 4 // behind the fixed header, and the length of the extra field
	bgzfBytesMost = 1 << 16
)

// bgzfEnd is an empty member that BGZF puts last, so that a file that was cut
// short is noticed.
var bgzfEnd = []byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00")

func gzipPiece(c *piece) error {
	out := bytes.NewBuffer(c.out[:0])
	w, ok := gzipWriters.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(out)
	}
	defer func() {
		w.Reset(io.Discard) // lets go of the memory
		gzipWriters.Put(w)
	}()
	for text := c.text; len(text) > 0; {
		member := text[:min(len(text), bgzfTextBytes)]
		text = text[len(member):]
		start := out.Len()
		w.Reset(out)
		w.Extra = []byte(bgzfExtra)
		if _, err := w.Write(member); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		length := out.Len() - start
		if length > bgzfBytesMost {
			return fmt.Errorf("compressing %d bytes gave %d, which is more than ever expected; please report this", len(member), length)
		}
		binary.LittleEndian.PutUint16(out.Bytes()[start+bgzfLengthAt:], uint16(length-1))
	}
	c.out = out.Bytes()
	return nil
}

// decompressed returns what was written to a compressor, from its output r.
func decompressed(r io.Reader, c Compression) (io.ReadCloser, error) {
	switch c {
	case Gzip:
		return gzip.NewReader(r)
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}
