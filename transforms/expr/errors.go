package expr

import (
	"strings"
	"unicode/utf8"
)

// Error is a mistake in an expression: it does not parse or does not type.
type Error struct {
	Src  string // the expression as the user wrote it; may be empty
	Pos  int    // byte of Src at which the offending token starts
	Msg  string // what is wrong, on one line
	Hint string // what to do instead; may be empty
}

// excerptRunes bounds how much of the source line an error shows on either
// side of the token.
const excerptRunes = 60

// Error returns the message on one line and below it the source line with a
// caret under the token.
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString(e.Msg)
	if e.Hint != "" {
		s.WriteString("; ")
		s.WriteString(e.Hint)
	}
	if e.Src == "" || e.Pos < 0 || e.Pos > len(e.Src) {
		return s.String()
	}
	before, after := e.line()
	s.WriteString("\n  ")
	s.WriteString(before)
	s.WriteString(after)
	s.WriteString("\n  ")
	for _, r := range before {
		if r == '\t' {
			s.WriteByte('\t')
		} else {
			s.WriteByte(' ')
		}
	}
	s.WriteByte('^')
	return s.String()
}

// line returns the source line that holds e.Pos, cut in two there, and cut
// short at both ends when it is long.
func (e *Error) line() (before, after string) {
	start := strings.LastIndexByte(e.Src[:e.Pos], '\n') + 1
	end := len(e.Src)
	if i := strings.IndexByte(e.Src[e.Pos:], '\n'); i >= 0 {
		end = e.Pos + i
	}
	before, after = e.Src[start:e.Pos], strings.TrimRight(e.Src[e.Pos:end], "\r")
	if n := utf8.RuneCountInString(before); n > excerptRunes {
		runes := []rune(before)
		before = "…" + string(runes[n-excerptRunes:])
	}
	if utf8.RuneCountInString(after) > excerptRunes {
		after = string([]rune(after)[:excerptRunes]) + "…"
	}
	return before, after
}

// place is where a node stands in its source.
type place struct {
	src *string
	pos int
}

// Pos returns the byte of the source at which the node's first token, or for
// an operator the operator itself, starts.
func (p place) Pos() int { return p.pos }

func (p place) where() place { return p }

func (p place) errorf(hint, msg string) *Error {
	e := &Error{Pos: p.pos, Msg: msg, Hint: hint}
	if p.src != nil {
		e.Src = *p.src
	}
	return e
}
