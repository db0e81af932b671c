package csv

import "bytes"

// fault is a departure from the dialect that makes a record unreadable.
type fault struct {
	at   int // offset in the data
	kind faultKind
}

type faultKind uint8

const (
	noFault faultKind = iota
	textAfterQuote
	unclosedQuote
	mixedLineEnds // a bare LF outside quotes where lines end in CR
	rowTooLong    // the record has more than rowBytesMax bytes
)

// tokenizer reads records byte by byte. It defines what the grammar means; the
// masks of index.go are a faster way to the same answer for well-formed blocks.
//
// Grammar: RFC 4180 §2, with these freedoms: a field that does not start with
// a quote may contain quotes; delimiters may be longer; lines end as the dialect
// says; the last line need not end; blank lines and comment lines are no
// records; an escape, where the dialect has one, makes a character of what
// stands behind it.
type tokenizer struct {
	dialect *Dialect
	data    []byte
	final   bool // data ends where the file ends
	// rowBytesMax is how long a record may be; 0: any length. A longer one
	// ends with its first line.
	rowBytesMax int
	pos         int // offset of the next record or line
	lines       int // line ends before pos
	blank       int // blank lines passed
	comments    int // comment lines passed
	commentAt   int // offset of the first one

	ready bool
	stop  [256]bool // bytes that mean something outside quotes
}

// record is one record's place in the data.
type record struct {
	start, end int // offsets; end is behind the line end
	line       int // line ends of the data before start
	fields     int
	stray      int // offset of the first quote inside an unquoted field; -1: none
	fault      fault
}

// prepare fills the table of bytes that end a run of plain ones.
func (t *tokenizer) prepare() {
	d := t.dialect
	t.ready = true
	for _, c := range []byte{d.lineEnd(), d.Delimiter[0], '\n'} {
		t.stop[c] = true
	}
	if d.LineEnd == LineEndMixed {
		t.stop['\r'] = true
	}
	for _, c := range []byte{d.Quote, d.Escape} {
		if c != 0 {
			t.stop[c] = true
		}
	}
}

// next reads a record and appends to ends the end of each of its fields. For
// the last field that is the offset of the line end's last byte (a CR before
// it is still to be cut off) or the end of the data. ok is false when no
// complete record is left; pos is then where it would start.
//
// A record with a fault ends at the first line end behind the fault, so that
// reading can go on.
func (t *tokenizer) next(ends []uint32) (rec record, _ []uint32, ok bool) {
	if !t.ready {
		t.prepare()
	}
	d, data := t.dialect, t.data
	nl := d.lineEnd()
	for t.pos < len(data) {
		c := data[t.pos]
		if c == nl {
			t.pos++
			t.lines++
			t.blank++
			continue
		}
		if c == '\r' && d.LineEnd != LineEndCR {
			switch {
			case t.pos+1 < len(data) && data[t.pos+1] == '\n':
				t.pos += 2
				t.lines++
				t.blank++
				continue
			case t.pos+1 == len(data) && !t.final:
				return rec, ends, false
			case t.pos+1 == len(data) || d.LineEnd == LineEndMixed:
				if d.LineEnd == LineEndMixed {
					t.lines++
				}
				t.pos++
				t.blank++
				continue
			}
		}
		if d.Comment != "" && c == d.Comment[0] {
			rest := data[t.pos:]
			if len(rest) < len(d.Comment) && !t.final && string(rest) == d.Comment[:len(rest)] {
				return rec, ends, false
			}
			if hasPrefix(rest, d.Comment) {
				if !t.skipComment() {
					return rec, ends, false
				}
				continue
			}
		}
		if t.rowBytesMax > 0 {
			return t.shortRecord(ends)
		}
		return t.record(ends)
	}
	return rec, ends, false
}

// shortRecord is record where there is a limit to its length.
func (t *tokenizer) shortRecord(ends []uint32) (rec record, _ []uint32, ok bool) {
	start, line, mark := t.pos, t.lines, len(ends)
	rec, ends, ok = t.record(ends)
	length := len(t.data) - start
	if ok {
		length = int(ends[len(ends)-1]) - start
	}
	if length <= t.rowBytesMax {
		return rec, ends, ok
	}
	n := t.dialect.nextLineEnd(t.data[start:])
	if n < 0 || start+n+1 == len(t.data) && t.dialect.LineEnd == LineEndMixed {
		if !t.final {
			t.pos, t.lines = start, line
			return record{}, ends[:mark], false
		}
		if n < 0 {
			n = len(t.data) - start - 1
		}
	}
	rec = record{start: start, end: start + n + 1, line: line, stray: -1, fault: fault{start, rowTooLong}}
	t.pos, t.lines = rec.end, line+1
	return rec, ends[:mark], true
}

// skipComment passes the comment line at pos. It reports false when the line
// goes on behind the data.
func (t *tokenizer) skipComment() bool {
	n := t.dialect.nextLineEnd(t.data[t.pos:])
	end := t.pos + n + 1
	switch {
	case n < 0 || end == len(t.data) && t.data[end-1] == '\r' && t.dialect.LineEnd == LineEndMixed:
		// The line's end, or the other half of it, is still to come.
		if !t.final {
			return false
		}
		end = len(t.data)
	}
	if n >= 0 {
		t.lines++
	}
	if t.comments == 0 {
		t.commentAt = t.pos
	}
	t.comments++
	t.pos = end
	return true
}

// record reads the record at pos, which is not blank.
func (t *tokenizer) record(ends []uint32) (rec record, _ []uint32, ok bool) {
	d, data := t.dialect, t.data
	delim, quote := d.Delimiter, d.Quote
	rec = record{start: t.pos, line: t.lines, stray: -1}
	i, lines := t.pos, 0
	for { // a field starts at i
		if quote != 0 && i < len(data) && data[i] == quote {
			i, lines, ok = t.quotedField(&rec, i, lines)
		} else {
			i, ok = t.unquotedField(&rec, i)
			if d.Escape != 0 && ok {
				// The field may have escaped line ends in it.
				from := rec.start
				if rec.fields > 0 {
					from = int(ends[len(ends)-1]) + len(delim)
				}
				lines += d.countLines(data[from:i])
				if i < len(data) && data[i] == '\n' && d.LineEnd == LineEndMixed && data[i-1] == '\r' && i > from {
					lines-- // it is half of the line end that ends the record
				}
			}
		}
		if !ok {
			return rec, ends, false
		}
		ends = append(ends, uint32(i))
		rec.fields++
		if i == len(data) {
			rec.end = i
			break
		}
		if c := data[i]; c == '\n' || c == '\r' {
			lines++
			rec.end = i + 1
			break
		}
		i += len(delim)
	}
	t.pos = rec.end
	t.lines += lines
	return rec, ends, true
}

// unquotedField returns where the field that starts at i ends. It reports false
// when that is not to be seen yet.
func (t *tokenizer) unquotedField(rec *record, i int) (end int, ok bool) {
	d, data := t.dialect, t.data
	for {
		for i < len(data) && !t.stop[data[i]] {
			i++
		}
		if i == len(data) {
			return i, t.final
		}
		switch c := data[i]; {
		case c == d.lineEnd():
			return i, true
		case c == d.Delimiter[0] && hasPrefix(data[i:], d.Delimiter):
			return i, true
		case c == '\r': // of a file with mixed line ends
			if i+1 == len(data) {
				return i, t.final
			}
			if data[i+1] == '\n' {
				i++
			}
			return i, true
		case c == '\n': // where lines end in CR
			if rec.fault.kind == noFault {
				rec.fault = fault{i, mixedLineEnds}
			}
		case c == d.Quote && c != 0:
			if rec.stray < 0 {
				rec.stray = i
			}
		case c == d.Escape && c != 0:
			n := d.escaped(data[i+1:])
			if n < 0 && !t.final {
				return i, false
			}
			i += max(n, 0)
		}
		i++
	}
}

// quotedField returns where the field whose quote opens at i ends, and lines
// plus the line ends in it. It reports false when that is not to be seen yet.
func (t *tokenizer) quotedField(rec *record, i, lines int) (end, _ int, ok bool) {
	d, data, quote := t.dialect, t.data, t.dialect.Quote
	open := i
	for i++; ; {
		var n int
		if d.Escape == 0 {
			n = bytes.IndexByte(data[i:], quote)
		} else {
			n = t.closing(data[i:])
		}
		if n < 0 {
			if !t.final {
				return i, lines, false
			}
			rec.fault = fault{open, unclosedQuote}
			return len(data), lines + d.countLines(data[open:]), true
		}
		if i += n + 1; i == len(data) {
			return i, lines + d.countLines(data[open:i]), t.final
		}
		if data[i] != quote {
			break
		}
		i++
	}
	if i-open > 2 {
		lines += d.countLines(data[open:i])
	}
	// What may follow is a delimiter or a line end.
	switch c := data[i]; {
	case c == d.lineEnd() || c == d.Delimiter[0] && hasPrefix(data[i:], d.Delimiter):
		return i, lines, true
	case c == '\r' && d.LineEnd != LineEndCR:
		if i+1 == len(data) {
			if d.LineEnd != LineEndMixed {
				i++ // the line end of which this is half has been cut off
			}
			return i, lines, t.final
		}
		if data[i+1] == '\n' {
			return i + 1, lines, true
		}
		if d.LineEnd == LineEndMixed {
			return i, lines, true
		}
	}
	if !t.final && len(data)-i < len(d.Delimiter) && string(data[i:]) == d.Delimiter[:len(data)-i] {
		return i, lines, false
	}
	if rec.fault.kind == noFault {
		rec.fault = fault{i, textAfterQuote}
	}
	n := d.nextLineEnd(data[i:])
	if n < 0 || i+n+1 == len(data) && data[i+n] == '\r' && d.LineEnd == LineEndMixed {
		if !t.final {
			return i, lines, false
		}
		if n < 0 {
			n = len(data) - i
		}
	}
	return i + n, lines, true
}

// closing returns the offset of the first quote in b that is not escaped, or
// -1, in a dialect with an escape.
func (t *tokenizer) closing(b []byte) int {
	quote, escape := t.dialect.Quote, t.dialect.Escape
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case quote:
			return i
		case escape:
			i += max(t.dialect.escaped(b[i+1:]), 0)
		}
	}
	return -1
}

// escaped returns how many of the bytes at the start of b, which stand behind an
// escape, lose their meaning: those of a delimiter, of CRLF, or the first. It is
// negative when b is too short to say.
func (d *Dialect) escaped(b []byte) int {
	switch {
	case len(b) == 0:
		return -1
	case hasPrefix(b, d.Delimiter):
		return len(d.Delimiter)
	case len(b) < len(d.Delimiter) && string(b) == d.Delimiter[:len(b)]:
		return -1
	case b[0] != '\r' || d.LineEnd == LineEndCR:
		return 1
	case len(b) == 1:
		return -1
	case b[1] == '\n':
		return 2
	}
	return 1
}

// hasPrefix reports whether data starts with the non-empty s.
func hasPrefix(data []byte, s string) bool {
	return len(data) >= len(s) && data[0] == s[0] && (len(s) == 1 || string(data[:len(s)]) == s)
}
