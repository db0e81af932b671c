package csv

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Dialect is how a file writes its fields. RFC 4180 is {Delimiter: ",",
// Quote: '"'}.
type Dialect struct {
	// Delimiter stands between fields: valid UTF-8 of 1 to
	// delimiterBytesMax bytes without a line end.
	Delimiter string
	// Quote encloses fields that contain special characters; 0 means that
	// there are no quotes.
	Quote byte
	// Escape takes the meaning from the delimiter, quote, line end or Escape
	// behind it, inside quotes and outside. Before anything else it is a
	// character, so that C:\temp and \N stay what they are. 0 means that a
	// quote inside quotes is doubled. Quotes may be doubled in any case.
	Escape byte
	// Comment starts a line to be skipped when the line starts with it; ""
	// means that there are no comments. At most delimiterBytesMax bytes.
	Comment string
	// LineEnd is what ends a line outside quotes.
	LineEnd LineEnd
}

// LineEnd is a kind of line end.
type LineEnd uint8

// The kinds of line end. LineEndLF and LineEndCRLF are read alike: LF ends a
// line, and a CR right before it is part of the line end. In LineEndCR a bare
// CR does, and in LineEndMixed any of the three.
const (
	LineEndLF LineEnd = iota
	LineEndCRLF
	LineEndCR
	LineEndMixed
)

var lineEndNames = [...]string{"LF", "CRLF", "CR", "mixed"}

// String is LF, CRLF, CR or mixed.
func (e LineEnd) String() string { return lineEndNames[e] }

// ParseLineEnd is the inverse of [LineEnd.String], whatever the case.
func ParseLineEnd(s string) (LineEnd, error) {
	for i, name := range lineEndNames {
		if strings.EqualFold(s, name) {
			return LineEnd(i), nil
		}
	}
	return 0, fmt.Errorf("line end %q: expected LF, CRLF, CR or mixed", s)
}

// delimiterBytesMax bounds the length of delimiters and comment prefixes.
const delimiterBytesMax = 8

// Validate reports what makes the dialect unreadable.
func (d *Dialect) Validate() error {
	switch c := d.Delimiter; {
	case c == "" || len(c) > delimiterBytesMax || !utf8.ValidString(c):
		return fmt.Errorf("delimiter %q: expected one character or a few, at most %d bytes", c, delimiterBytesMax)
	case strings.ContainsAny(c, "\n\r\x00"):
		return fmt.Errorf("delimiter %q: a line end or NUL cannot separate fields", c)
	case d.Quote != 0 && strings.IndexByte(c, d.Quote) >= 0:
		return fmt.Errorf("delimiter %q has the quote in it", c)
	}
	for _, special := range []struct {
		name string
		c    byte
	}{{"quote", d.Quote}, {"escape", d.Escape}} {
		if special.c == '\n' || special.c == '\r' || special.c >= utf8.RuneSelf {
			return fmt.Errorf("%s %q: expected one ASCII character that is not a line end", special.name, special.c)
		}
	}
	switch {
	case d.Escape != 0 && d.Escape == d.Quote:
		return fmt.Errorf("escape and quote are both %q: leave the escape out, doubled quotes are always read", d.Escape)
	case d.Escape != 0 && strings.IndexByte(d.Delimiter, d.Escape) >= 0:
		return fmt.Errorf("delimiter %q has the escape in it", d.Delimiter)
	case d.LineEnd > LineEndMixed:
		return fmt.Errorf("line end %d is not known", d.LineEnd)
	case d.Comment == "":
		return nil
	case len(d.Comment) > delimiterBytesMax || !utf8.ValidString(d.Comment) || strings.ContainsAny(d.Comment, "\n\r\x00"):
		return fmt.Errorf("comment %q: expected one character or a few without a line end, at most %d bytes", d.Comment, delimiterBytesMax)
	case d.Comment[0] == d.Quote || d.Comment[0] == d.Escape || strings.HasPrefix(d.Delimiter, d.Comment) || strings.HasPrefix(d.Comment, d.Delimiter):
		return fmt.Errorf("comment %q starts as the quote, the escape or the delimiter does", d.Comment)
	}
	return nil
}

// lineEnd is the byte that ends a line; in mixed files one of the two.
func (d *Dialect) lineEnd() byte {
	if d.LineEnd == LineEndCR {
		return '\r'
	}
	return '\n'
}

// countLines returns how many lines end in data, which does not end between CR
// and LF.
func (d *Dialect) countLines(data []byte) int {
	n := bytes.Count(data, []byte{d.lineEnd()})
	if d.LineEnd == LineEndMixed {
		n += bytes.Count(data, []byte{'\r'}) - bytes.Count(data, []byte("\r\n"))
	}
	return n
}

// lastLineEnd returns the offset of the last byte in data that ends a line, or
// -1.
func (d *Dialect) lastLineEnd(data []byte) int {
	if d.LineEnd == LineEndMixed {
		return bytes.LastIndexAny(data, "\r\n")
	}
	return bytes.LastIndexByte(data, d.lineEnd())
}

// nextLineEnd returns the offset of the last byte of the first line end in
// data, or -1. A CR that ends data counts as one.
func (d *Dialect) nextLineEnd(data []byte) int {
	n := bytes.IndexByte(data, d.lineEnd())
	if d.LineEnd != LineEndMixed {
		return n
	}
	head := data
	if n >= 0 {
		head = data[:n]
	}
	if cr := bytes.IndexByte(head, '\r'); cr >= 0 && cr+1 != n {
		return cr
	}
	return n
}

// plain returns a dialect without escapes, comments and mixed line ends that
// means the same for data, which starts where a line does. It returns false
// when there is none, because data makes use of them.
func (d *Dialect) plain(data []byte) (*Dialect, bool) {
	if d.Escape == 0 && d.Comment == "" && d.LineEnd != LineEndMixed {
		return d, true
	}
	if d.Escape != 0 && bytes.IndexByte(data, d.Escape) >= 0 {
		return nil, false
	}
	if d.LineEnd == LineEndMixed && bytes.Count(data, []byte{'\r'}) != bytes.Count(data, []byte("\r\n")) {
		return nil, false
	}
	if d.Comment != "" && (hasPrefix(data, d.Comment) || bytes.Contains(data, append([]byte{d.lineEnd()}, d.Comment...))) {
		return nil, false
	}
	p := &Dialect{Delimiter: d.Delimiter, Quote: d.Quote, LineEnd: d.LineEnd}
	if p.LineEnd == LineEndMixed {
		p.LineEnd = LineEndCRLF
	}
	return p, true
}
