package csv

import (
	"fmt"
	"unicode/utf8"
)

// Dialect is how a file writes its fields. RFC 4180 is {Delimiter: ",",
// Quote: '"'}.
type Dialect struct {
	// Delimiter stands between fields: one character.
	Delimiter string
	// Quote encloses fields that contain special characters, and is doubled
	// to stand for itself; 0 means that there are no quotes.
	Quote byte
	// Comment starts a line to be skipped when it is the line's first byte;
	// 0 means that there are no comments.
	Comment byte
	// CR says that a bare CR ends a line. Otherwise LF does, and a CR right
	// before it is part of the line end.
	CR bool
}

// Validate reports what makes the dialect unreadable.
func (d *Dialect) Validate() error {
	if utf8.RuneCountInString(d.Delimiter) != 1 || !utf8.ValidString(d.Delimiter) {
		return fmt.Errorf("delimiter %q: expected one character", d.Delimiter)
	}
	c := d.Delimiter[0]
	switch {
	case c == '\n' || c == '\r' || c == 0:
		return fmt.Errorf("delimiter %q: a line end or NUL cannot separate fields", d.Delimiter)
	case c == d.Quote:
		return fmt.Errorf("delimiter and quote are both %q", d.Delimiter)
	case d.Quote == '\n' || d.Quote == '\r' || d.Quote >= utf8.RuneSelf:
		return fmt.Errorf("quote %q: expected one ASCII character that is not a line end", d.Quote)
	case d.Comment == '\n' || d.Comment == '\r' || d.Comment >= utf8.RuneSelf:
		return fmt.Errorf("comment %q: expected one ASCII character that is not a line end", d.Comment)
	case d.Comment != 0 && (d.Comment == d.Quote || d.Comment == c):
		return fmt.Errorf("comment %q is also the quote or the delimiter", d.Comment)
	}
	return nil
}

// lineEnd is the byte that ends a line.
func (d *Dialect) lineEnd() byte {
	if d.CR {
		return '\r'
	}
	return '\n'
}
