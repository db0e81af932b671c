package csv

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
)

// errRowTooLong says that a record is longer than the limit.
var errRowTooLong = errors.New("row too long")

// cutter cuts a stream of text into blocks that end where a record ends.
type cutter struct {
	dialect     *Dialect
	r           io.Reader
	blockBytes  int
	rowBytesMax int
	buffers     *bufferPool

	rest   []byte // a buffer with what was read beyond the last block; nil if nothing
	err    error  // of the reader; io.EOF at the end
	offset int64  // of rest in the stream
	line   int64  // 1-based line on which rest starts
}

// block is a run of whole records.
type block struct {
	data   []byte // owned; give it back with bufferPool.put
	offset int64  // of data in the stream
	line   int64  // 1-based line on which data starts
	err    error  // errRowTooLong: data is the start of one record that is too long
}

// next returns the next block, which the caller owns, or io.EOF.
func (c *cutter) next() (block, error) {
	buf := c.rest
	c.rest = nil
	if buf == nil {
		buf = c.buffers.get(c.blockBytes)
	}
	for {
		// Fill the buffer, which holds at least blockBytes, and double it
		// when a record is longer.
		if want := cap(buf) - padBytes; c.err == nil && len(buf) < want {
			buf, c.err = fill(c.r, buf, want)
		}
		switch {
		case c.err != nil && c.err != io.EOF:
			c.buffers.put(buf)
			return block{}, c.err
		case len(buf) == 0:
			c.buffers.put(buf)
			return block{}, io.EOF
		case c.err == io.EOF && len(buf) <= c.blockBytes:
			return c.take(buf, len(buf)), nil
		}
		final := c.err == io.EOF
		n := cutAt(c.dialect, buf, c.blockBytes, final)
		if n == 0 && final {
			n = len(buf)
		}
		// When it is longer than blockBytes, the block is a single record.
		if n > max(c.rowBytesMax, c.blockBytes) || n == 0 && len(buf) > c.rowBytesMax {
			b := block{data: buf, offset: c.offset, line: c.line, err: errRowTooLong}
			c.err = io.EOF
			return b, nil
		}
		if n > 0 {
			return c.take(buf, n), nil
		}
		bigger := append(c.buffers.get(2*len(buf)), buf...)
		c.buffers.put(buf)
		buf = bigger
	}
}

// take makes a block of the first n bytes of buf and keeps the rest.
func (c *cutter) take(buf []byte, n int) block {
	b := block{data: buf[:n], offset: c.offset, line: c.line}
	if rest := buf[n:]; len(rest) > 0 {
		c.rest = append(c.buffers.get(max(len(rest), c.blockBytes)), rest...)
	}
	c.offset += int64(n)
	c.line += int64(c.dialect.countLines(b.data))
	return b
}

// fill reads until buf has n bytes or the reader has no more.
func fill(r io.Reader, buf []byte, n int) ([]byte, error) {
	m, err := io.ReadFull(r, buf[len(buf):n])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return buf[:len(buf)+m], err
}

// cutAt returns where to cut buf, which starts with a record: behind the last
// record that ends within limit bytes, or else behind the first record. It
// returns 0 when no record ends in buf.
func cutAt(d *Dialect, buf []byte, limit int, final bool) int {
	limit = min(limit, len(buf))
	if n, ok := cutByMasks(d, buf, limit); ok {
		return n
	}
	t := tokenizer{dialect: d, data: buf, final: final}
	var ends []uint32
	last := 0
	for {
		var ok bool
		_, ends, ok = t.next(ends[:0])
		switch {
		case !ok && last == 0:
			return t.pos // blank lines alone, if anything
		case !ok || t.pos > limit && last > 0:
			return last
		case t.pos > limit:
			return t.pos
		}
		last = t.pos
	}
}

// cutByMasks returns the end of the last record within limit bytes of buf. It
// reports false when there is none or the quotes are not as RFC 4180 has them;
// see index.separatorsOutsideQuotes, which uses the same masks.
func cutByMasks(d *Dialect, buf []byte, limit int) (int, bool) {
	nl := d.lineEnd()
	if d.Escape != 0 && bytes.IndexByte(buf[:limit], d.Escape) >= 0 {
		return 0, false
	}
	if d.Quote == 0 || bytes.IndexByte(buf[:limit], d.Quote) < 0 {
		n := bytes.LastIndexByte(buf[:limit], nl)
		return n + 1, n >= 0
	}
	d, ok := d.plain(buf[:limit])
	if !ok || len(d.Delimiter) != 1 {
		return 0, false
	}
	var s quoteScan
	s.start(d, buf[:limit+padBytes], limit)
	last := -1
	for i := 0; i < limit; i += chunkBytes {
		_, nm, ok := s.next(i)
		if !ok {
			return 0, false
		}
		if nm != 0 {
			last = i + bits.Len64(nm) - 1
		}
	}
	return last + 1, last >= 0
}
