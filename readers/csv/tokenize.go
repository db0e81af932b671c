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
)

// tokenizer reads records byte by byte. It defines what the grammar means; the
// masks of index.go are a faster way to the same answer for well-formed blocks.
//
// Grammar: RFC 4180 §2, with these freedoms: a field that does not start with
// a quote may contain quotes; lines end in LF, CRLF or, in CR dialects, CR; the
// last line need not end; blank lines and comment lines are no records.
type tokenizer struct {
	dialect *Dialect
	data    []byte
	final   bool // data ends where the file ends
	pos     int  // offset of the next record or line
	lines   int  // line ends before pos
	blank   int  // blank lines passed
}

// record is one record's place in the data.
type record struct {
	start, end int // offsets; end is behind the line end
	line       int // line ends of the data before start
	fields     int
	fault      fault
}

// next reads a record and appends to ends the end of each of its fields. For
// the last field that is the offset of the line end's last byte (a CR before
// it is still to be cut off) or the end of the data. ok is false when no
// complete record is left; pos is then where it would start.
//
// A record with a fault ends at the first line end behind the fault, so that
// reading can go on.
func (t *tokenizer) next(ends []uint32) (rec record, _ []uint32, ok bool) {
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
		if c == '\r' && !d.CR {
			if t.pos+1 < len(data) && data[t.pos+1] == '\n' {
				t.pos += 2
				t.lines++
				t.blank++
				continue
			}
			if t.pos+1 == len(data) {
				if !t.final {
					return rec, ends, false
				}
				t.pos++
				t.blank++
				continue
			}
		}
		if c == d.Comment && c != 0 {
			i := bytes.IndexByte(data[t.pos:], nl)
			if i < 0 {
				if t.final {
					t.pos = len(data)
				}
				return rec, ends, false
			}
			t.pos += i + 1
			t.lines++
			continue
		}
		return t.record(ends)
	}
	return rec, ends, false
}

// record reads the record at pos, which is not blank.
func (t *tokenizer) record(ends []uint32) (rec record, _ []uint32, ok bool) {
	d, data := t.dialect, t.data
	nl, delim, quote := d.lineEnd(), d.Delimiter, d.Quote
	rec = record{start: t.pos, line: t.lines}
	i, lines := t.pos, 0
	for { // a field starts at i
		if quote != 0 && i < len(data) && data[i] == quote {
			open := i
			for i++; ; i++ {
				n := bytes.IndexByte(data[i:], quote)
				if n < 0 {
					if !t.final {
						return rec, ends, false
					}
					rec.fault = fault{open, unclosedQuote}
					i = len(data)
					break
				}
				lines += bytes.Count(data[i:i+n], []byte{nl})
				if i += n + 1; i == len(data) {
					if !t.final {
						return rec, ends, false
					}
					break
				}
				if data[i] != quote {
					break
				}
			}
			if rec.fault.kind == noFault && i < len(data) && data[i] == '\r' && !d.CR {
				if i+1 == len(data) {
					if !t.final {
						return rec, ends, false
					}
					i++
				} else if data[i+1] == '\n' {
					i++
				}
			}
			if rec.fault.kind == noFault && i < len(data) && data[i] != nl && !hasPrefix(data[i:], delim) {
				if !t.final && len(delim) > 1 && len(data)-i < len(delim) {
					return rec, ends, false
				}
				rec.fault = fault{i, textAfterQuote}
				n := bytes.IndexByte(data[i:], nl)
				if n < 0 {
					if !t.final {
						return rec, ends, false
					}
					n = len(data) - i
				}
				i += n
			}
		} else {
			for i < len(data) && data[i] != nl && !(data[i] == delim[0] && hasPrefix(data[i:], delim)) {
				if d.CR && data[i] == '\n' && rec.fault.kind == noFault {
					rec.fault = fault{i, mixedLineEnds}
				}
				i++
			}
		}
		if i == len(data) && !t.final {
			return rec, ends, false
		}
		ends = append(ends, uint32(i))
		rec.fields++
		if i == len(data) {
			rec.end = i
			break
		}
		if data[i] == nl {
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

// hasPrefix reports whether data starts with the non-empty s.
func hasPrefix(data []byte, s string) bool {
	return data[0] == s[0] && (len(s) == 1 || len(data) >= len(s) && string(data[:len(s)]) == s)
}
