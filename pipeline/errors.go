package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in an input.
type Position struct {
	File   string // as the user gave it, without credentials
	Line   int64  // 1-based; 0 when not known
	Column int64  // 1-based byte of the line; 0 when not known
}

// String formats p as file:line:column, leaving out what is not known.
func (p Position) String() string {
	var s strings.Builder
	if p.File == "" && p.Line > 0 {
		return fmt.Sprintf("row %d of the intermediate result", p.Line)
	}
	s.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&s, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&s, ":%d", p.Column)
		}
	}
	return s.String()
}

// InputError is a fault in the data, told so that a person can go to the place
// and mend it: where, what was found, what was expected, what to do.
type InputError struct {
	Pos    Position
	Column string // name of the CSV column; empty where none applies
	// Found is the offending text, unquoted; it is shown cut short.
	Found string
	// Problem says what is wrong, such as `expected BIGINT`.
	Problem string
	// Advice names the flag or the action that would help; may be empty.
	Advice string
	// Err is the cause, if another error is behind this one.
	Err error
}

// Error formats the fault on one line.
func (e *InputError) Error() string {
	var s strings.Builder
	if p := e.Pos.String(); p != "" {
		s.WriteString(p)
		s.WriteString(": ")
	}
	if e.Column != "" {
		fmt.Fprintf(&s, "column %s: ", Excerpt(e.Column))
	}
	if e.Found != "" {
		fmt.Fprintf(&s, "found %s, ", Excerpt(e.Found))
	}
	s.WriteString(e.Problem)
	if e.Err != nil {
		if e.Problem != "" {
			s.WriteString(": ")
		}
		s.WriteString(e.Err.Error())
	}
	if e.Advice != "" {
		s.WriteString("; ")
		s.WriteString(e.Advice)
	}
	return s.String()
}

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// excerptBytesMax bounds how much of a value an error message shows.
const excerptBytesMax = 60

// Excerpt quotes a value for an error message, cut short.
func Excerpt(s string) string {
	if len(s) <= excerptBytesMax {
		return fmt.Sprintf("%q", s)
	}
	cut := excerptBytesMax
	for cut > excerptBytesMax-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", s[:cut], len(s))
}

// RowError is a stage's complaint about one row of the batch it was given.
// Run turns it into an [InputError] that names the row's file and line.
type RowError struct {
	Row int // of the batch that was passed to the stage
	Err error
}

func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap returns the complaint itself.
func (e *RowError) Unwrap() error { return e.Err }

// UsageError is a mistake in how csvloom was called: a wrong flag, an unknown
// column, an expression that does not type. The command exits with 2.
type UsageError struct {
	Err error
}

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the mistake itself.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// asInputError places a stage's error in the input.
func asInputError(err error, b *Batch, step string) error {
	var row *RowError
	if !errors.As(err, &row) {
		return err
	}
	return &InputError{Pos: b.Position(row.Row), Problem: "in " + step, Err: row.Err}
}
