package csv

import (
	"bytes"
	"errors"
	"io"
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
	data   []byte // owned; give it back with bufferPool.putBlock
	offset int64  // of data in the stream
	line   int64  // 1-based line on which data starts
	err    error  // errRowTooLong: data is the start of a line that is too long
	passed int64  // how long that line is, if it was passed

	separators *separators // of data; nil: they have not been looked for, or data is not of the plain kind

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
			return c.take(buf, len(buf), nil), nil
		}
		final := c.err == io.EOF
		n, long, found := c.cut(buf, final)
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
			b := c.take(buf, n, found)
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

// take makes a block of the first n bytes of buf, with the separators that were found
// there or nil, and keeps the rest.
func (c *cutter) take(buf []byte, n int, found *separators) block {
	b := block{data: buf[:n], offset: c.offset, line: c.line, separators: found}
	switch rest := buf[n:]; {
	case len(rest) > c.blockBytes:
		// The buffer has grown for a record that turned out to be none. It
		// stays here: blocks in flight must not hold one each.
		b.data = append(c.buffers.get(n), b.data...)
		c.rest = rest
	case len(rest) > 0:
		c.rest = append(c.buffers.get(c.blockBytes), rest...)
	}
	c.offset += int64(n)
	if found != nil {
		c.line += int64(found.lines)
	} else {
		c.line += int64(c.dialect.countLines(b.data))
	}
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

// cut returns where to cut buf, which starts with a record: behind the last
// record that ends within blockBytes, or else behind the first record. It
// returns 0 when no record ends in buf. With long, what is cut off is the first
// line of a record that is too long. found are the separators of what is cut off,
// nil if it is not of the plain kind.
func (c *cutter) cut(buf []byte, final bool) (n int, long bool, found *separators) {
	d := c.dialect
	limit := min(c.blockBytes, len(buf))
	if limit <= c.rowBytesMax { // or a row might be too long
		if found = c.buffers.getSeparators(); found.find(buf[:limit+padBytes], limit, d) {
			if n := found.endOfRecords(buf, d); n > 0 {
				found.cut(buf[:limit], n, d)
				return n, false, found
			}
		}
		c.buffers.putSeparators(found)
		if n, ok := cutWithoutQuotes(d, buf[:limit]); ok {
			return n, false, nil
		}
	}
	t := tokenizer{dialect: d, data: buf, final: final, rowBytesMax: c.rowBytesMax}
	var ends []uint32
	last := 0
	for {
		var rec record
		var ok bool
		rec, ends, ok = t.next(ends[:0])
		long := ok && rec.fault.kind == rowTooLong
		switch {
		case !ok && last == 0:
			return t.pos, false, nil // blank lines alone, if anything
		case !ok || (long || t.pos > limit) && last > 0:
			return last, false, nil
		case long && rec.start > 0:
			return rec.start, false, nil // the blank lines before it
		case long || t.pos > limit:
			return t.pos, long, nil
		}
		last = t.pos
	}
}

// cutWithoutQuotes returns the end of the last line in text. It reports false when
// there is none, or a quote or an escape may make a line end one that is none.
func cutWithoutQuotes(d *Dialect, text []byte) (int, bool) {
	if d.Escape != 0 && bytes.IndexByte(text, d.Escape) >= 0 || d.Quote != 0 && bytes.IndexByte(text, d.Quote) >= 0 {
		return 0, false
	}
	n := bytes.LastIndexByte(text, d.lineEnd())
	return n + 1, n >= 0
}
