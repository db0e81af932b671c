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
	pass        bool // lines that are too long are passed; otherwise the first is the last block
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
	err    error  // errRowTooLong: data is the start of a line that is too long
	passed int64  // how long that line is, if it was passed

	// How many lines end before an offset: places are asked for one after the
	// other, and there may be as many as there are rows.
	countedTo, counted int
}

// linesBefore returns how many lines end in the first n bytes, which do not end
// between CR and LF.
func (b *block) linesBefore(d *Dialect, n int) int {
	if n < b.countedTo {
		b.counted -= d.countLines(b.data[n:b.countedTo])
	} else {
		b.counted += d.countLines(b.data[b.countedTo:n])
	}
	b.countedTo = n
	return b.counted
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
		n, long := cutAt(c.dialect, buf, c.blockBytes, c.rowBytesMax, final)
		if n == 0 && final {
			n = len(buf)
		}
		if n == 0 && len(buf) > c.rowBytesMax {
			if c.pass {
				return c.passLine(buf)
			}
			c.err = io.EOF
			return block{data: buf, offset: c.offset, line: c.line, err: errRowTooLong}, nil
		}
		if n > 0 {
			b := c.take(buf, n)
			if long {
				// The block alone does not show it.
				b.err, b.passed = errRowTooLong, int64(n)
			}
			return b, nil
		}
		bigger := append(c.buffers.get(2*len(buf)), buf...)
		c.buffers.put(buf)
		buf = bigger
	}
}

// passLine reads on to the end of the line that buf starts with, without keeping
// more of it than a reject shows.
func (c *cutter) passLine(buf []byte) (block, error) {
	kept := min(rawBytesMax, c.rowBytesMax)
	b := block{data: append(c.buffers.get(kept), buf[:kept]...), offset: c.offset, line: c.line, err: errRowTooLong}
	for {
		n := c.dialect.nextLineEnd(buf)
		if n >= 0 && (n+1 < len(buf) || buf[n] == '\n' || c.dialect.LineEnd == LineEndCR) || c.err == io.EOF {
			if n < 0 {
				n = len(buf) - 1
			}
			c.offset += int64(n + 1)
			c.line++
			b.passed = c.offset - b.offset
			c.rest = append(c.buffers.get(max(len(buf), c.blockBytes)), buf[n+1:]...)
			c.buffers.put(buf)
			return b, nil
		}
		rest := 0
		if n >= 0 {
			rest = 1 // a CR, of which the LF may be still to come
		}
		c.offset += int64(len(buf) - rest)
		buf = append(buf[:0], buf[len(buf)-rest:]...)
		if buf, c.err = fill(c.r, buf, cap(buf)-padBytes); c.err != nil && c.err != io.EOF {
			c.buffers.put(buf)
			c.buffers.put(b.data)
			return block{}, c.err
		}
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
// returns 0 when no record ends in buf. With long, what is cut off is the first
// line of a record that is too long.
func cutAt(d *Dialect, buf []byte, limit, rowBytesMax int, final bool) (n int, long bool) {
	limit = min(limit, len(buf))
	if limit <= rowBytesMax { // or a row might be too long
		if n, ok := cutByMasks(d, buf, limit); ok {
			return n, false
		}
	}
	t := tokenizer{dialect: d, data: buf, final: final, rowBytesMax: rowBytesMax}
	var ends []uint32
	last := 0
	for {
		var rec record
		var ok bool
		rec, ends, ok = t.next(ends[:0])
		long := ok && rec.fault.kind == rowTooLong
		switch {
		case !ok && last == 0:
			return t.pos, false // blank lines alone, if anything
		case !ok || (long || t.pos > limit) && last > 0:
			return last, false
		case long && rec.start > 0:
			return rec.start, false // the blank lines before it
		case long || t.pos > limit:
			return t.pos, long
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
