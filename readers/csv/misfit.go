package csv

import (
	"bytes"
	"fmt"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

const (
	notUTF8       = "which is not UTF-8"
	convertAdvice = "name the encoding of the file with --encoding, or that of all such files with --encoding-fallback, such as windows-1252"
)

// misfit is something in a block that cannot be read.
type misfit struct {
	at     int           // of the field in the block, or of the record
	from   int           // of the field, which may be in a mended row,
	end    int           // and where it ends
	row    int           // of the index
	column *layoutColumn // of a value that does not fit
	text   string        // what is wrong with text; "": the value does not fit the type
	bad    *record
}

// position returns the place of an offset in a block.
func (l *layout) position(b *block, at int) pipeline.Position {
	return pipeline.Position{
		File:   l.name,
		Line:   b.line + int64(b.linesBefore(&l.dialect, at)),
		Column: int64(at - l.dialect.lastLineEnd(b.data[:at])),
	}
}

func (l *layout) tooLong(b *block, at int) *pipeline.InputError {
	return &pipeline.InputError{
		Pos:     l.position(b, at),
		Problem: fmt.Sprintf("the record is longer than %d bytes", l.rowBytesMax),
		Advice:  "if that is right say --max-row-bytes with a larger number; if not, look for a quote that is never closed, or another --delim or --quote",
	}
}

// explain makes the error that tells a misfit.
func (l *layout) explain(b *block, m *mender, f *fields, fit *misfit) error {
	e := &pipeline.InputError{Pos: l.position(b, fit.at)}
	if fit.bad != nil {
		l.explainRecord(b, fit.bad, e)
		return e
	}
	l.explainValue(f, fit, e)
	if !fit.column.declared && fit.text == "" {
		return &misfitError{e, fit.column.name, fit.column.dataType}
	}
	return e
}

// explainValue tells what is wrong with a value.
func (l *layout) explainValue(f *fields, m *misfit, e *pipeline.InputError) {
	c := m.column
	e.Column = c.name
	e.Found = string(f.data[m.from:m.end])
	if m.text != "" {
		e.Problem, e.Advice = m.text, convertAdvice
		return
	}
	e.Problem = "expected " + sqltype.Name(c.dataType)
	switch {
	case c.layouts != nil:
		e.Problem += " in one of the formats given"
	case c.style.separator != 0:
		_, withTime := c.dataType.(*arrow.TimestampType)
		e.Problem += " like " + c.style.layout(withTime)
	}
	if c.declared {
		e.Advice = "mend the value, or declare another type with --types"
	} else {
		e.Advice = fmt.Sprintf("the type was inferred from a sample; say --types '%s:VARCHAR' (or a type that fits), or --infer full", typesKey(c.name))
	}
}

// misfitError says that a value does not fit the type that was inferred for its
// column.
type misfitError struct {
	*pipeline.InputError
	column   string
	dataType arrow.DataType
}

func (e *misfitError) Unwrap() error { return e.InputError }

// explainRecord tells what is wrong with a record as a whole.
func (l *layout) explainRecord(b *block, r *record, e *pipeline.InputError) {
	switch r.fault.kind {
	case textAfterQuote:
		e.Pos = l.position(b, r.fault.at)
		end := min(len(b.data), r.fault.at+20)
		if i := l.dialect.nextLineEnd(b.data[r.fault.at:end]); i >= 0 {
			end = r.fault.at + i
		}
		e.Found = string(b.data[r.fault.at:end])
		e.Problem = "expected a delimiter or the line's end behind a closing quote"
		if start := l.position(b, r.start).Line; start != e.Pos.Line {
			e.Problem += fmt.Sprintf(" of the record that starts on line %d", start)
		}
		e.Advice = "double the quotes inside the field, or say --quote none if quotes mean nothing in this file"
	case mixedLineEnds:
		e.Pos = l.position(b, r.fault.at)
		e.Problem = "a line feed in a file whose lines end in CR"
		e.Advice = "give the file one kind of line end"
	case rowTooLong:
		*e = *l.tooLong(b, r.start)
	case unclosedQuote:
		e.Pos = l.position(b, r.fault.at)
		e.Problem = "the quote that opens here is never closed"
		e.Advice = "close it, or say --quote none if quotes mean nothing in this file"
	default:
		e.Problem = fmt.Sprintf("the record has %s, expected %d as in the header", count(r.fields, "field"), l.width)
		e.Advice = "mend the row, or check --delim and --quote"
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// typesKey is a column name as --types wants it.
func typesKey(name string) string {
	if bytes.ContainsAny([]byte(name), `:,"= `) {
		return `"` + name + `"`
	}
	return name
}
