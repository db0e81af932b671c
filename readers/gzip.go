package readers

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"csvloom/readers/internal/inflate"
)

// gzipDecoder reads the members of a gzip file one after the other.
type gzipDecoder struct {
	members inflate.Reader
	// part is set when the decoder is to end before a later member that is a
	// BGZF block. It gives the rest back there.
	part *rawReader
}

var gzipDecoders = sync.Pool{New: func() any { return new(gzipDecoder) }}

func openGzip(r io.Reader) (decoder, error) { return startGzip(r, nil, (*gzipDecoder).nextMember) }

// resumeGzip goes on behind a member.
func resumeGzip(r io.Reader) (decoder, error) { return startGzip(r, nil, (*gzipDecoder).laterMember) }

// openGzipPart reads up to the next BGZF block, at least one member.
func openGzipPart(raw *rawReader, first bool) (decoder, error) {
	if first {
		return startGzip(raw, raw, (*gzipDecoder).nextMember)
	}
	return startGzip(raw, raw, (*gzipDecoder).laterMember)
}

func startGzip(r io.Reader, part *rawReader, begin func(*gzipDecoder) error) (decoder, error) {
	d := gzipDecoders.Get().(*gzipDecoder)
	d.members.Reset(r)
	d.part = part
	if err := begin(d); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

func (d *gzipDecoder) nextMember() error { return d.members.Next() }

// laterMember begins a member that is not the first. It returns io.EOF when
// there is none.
func (d *gzipDecoder) laterMember() error {
	next, err := d.members.Peek(2)
	if len(next) == 0 {
		return err // io.EOF: the last member was complete
	}
	if next[0] != 0x1f || len(next) > 1 && next[1] != 0x8b {
		return errTrailing
	}
	return d.nextMember()
}

// atBlock reports whether a BGZF block follows, and gives it back.
func (d *gzipDecoder) atBlock() bool {
	if d.part == nil {
		return false
	}
	// No more is asked of the input than a member must have.
	if header, _ := d.members.Peek(len(bgzfMagic)); string(header) != bgzfMagic {
		return false
	}
	if header, _ := d.members.Peek(bgzfHeaderBytes); !isBGZF(header) {
		return false
	}
	d.part.giveBack(bytes.Clone(d.members.Buffered()))
	d.members.Reset(nil)
	return true
}

func (d *gzipDecoder) Read(p []byte) (int, error) {
	for {
		n, err := d.members.Read(p)
		if err != io.EOF || d.atBlock() {
			return n, err
		}
		if err := d.laterMember(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (d *gzipDecoder) release() {
	d.members.Reset(nil)
	d.part = nil
	gzipDecoders.Put(d)
}

var errTrailing = errors.New("something else follows the compressed data")

// gzipSplitting is that of BGZF.
var gzipSplitting = splitting{
	unitsFirst: true, measure: measureBlock, decode: decodeBlocks, openPart: openGzipPart, resume: resumeGzip,
}
