package csv

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// layout is how the records of one file become rows of the source.
type layout struct {
	name        string // of the file, for errors
	dialect     Dialect
	width       int // fields of every record
	rowBytesMax int
	nulls       nullSpellings
	schema      *arrow.Schema
	columns     []layoutColumn
}

// layoutColumn is a column of the schema and where a file has it.
type layoutColumn struct {
	name  string
	field int // 0-based place in the file's records; -1: the file lacks it
	columnType
}

// decoder turns blocks into batches. Its scratch memory is used again.
type decoder struct {
	index index
	ends  []uint32 // of the last field, without the CR of the line end
	text  []byte   // of one unquoted field
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// origin is the pipeline.Origin of a block.
type origin struct {
	file  string
	first int64    // 1-based line of the block's first byte
	lines []uint32 // see index.lines
}

func (o *origin) File() string { return o.file }

func (o *origin) Line(row int) int64 {
	if o.lines == nil {
		return o.first + int64(row)
	}
	return o.first + int64(o.lines[row])
}

// decode turns a block into a batch. It does not keep b.data.
func (l *layout) decode(_ context.Context, b *block, alloc memory.Allocator) (pipeline.Batch, error) {
	n := len(b.data)
	if b.err == errRowTooLong || n > maxBlockBytes {
		return pipeline.Batch{}, l.tooLong(b, 0)
	}
	if cap(b.data) < n+padBytes {
		b.data = append(make([]byte, 0, n+padBytes), b.data...)
	}
	data := b.data[:n+padBytes]
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	ix := &d.index
	ix.build(data, n, &l.dialect, l.width)

	columns := make([]arrow.Array, len(l.columns))
	release := func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}
	f := fields{data: data, quote: l.dialect.Quote, nulls: l.nulls, decoder: d}
	first := misfit{at: n}
	text := false
	for i := range l.columns {
		c := &l.columns[i]
		if c.field < 0 {
			columns[i] = nullColumn(c.dataType, ix.rows, alloc)
			continue
		}
		f.at(ix, c.field)
		a, bad := decodeColumn(&f, c, alloc)
		if bad >= 0 {
			start, end := f.bounds(bad)
			if int(start) < first.at {
				first = misfit{at: int(start), end: int(end), column: c}
			}
			continue
		}
		columns[i] = a
		text = text || c.dataType.ID() == arrow.STRING
	}
	if text && !utf8.Valid(data[:n]) {
		l.checkText(ix, &f, &first)
	}
	if len(ix.bad) > 0 && ix.bad[0].start < first.at {
		first = misfit{at: ix.bad[0].start, bad: &ix.bad[0]}
	}
	if n > l.rowBytesMax {
		l.checkRowBytes(ix, &first)
	}
	if first.at < n {
		err := l.explain(b, &f, &first)
		release()
		return pipeline.Batch{}, err
	}
	rec := array.NewRecord(l.schema, columns, int64(ix.rows))
	release()
	return pipeline.Batch{
		Record: rec,
		Origin: &origin{l.name, b.line, ix.lines},
		Tally:  pipeline.Tally{RowsIn: int64(ix.rows), BlankLines: int64(ix.blank), Bytes: int64(n)},
	}, nil
}

// maxBlockBytes is how large a block may be: offsets in it are 31 bits, as
// those of Arrow strings are.
const maxBlockBytes = 1<<31 - 1 - 2*padBytes

const (
	notUTF8       = "which is not UTF-8"
	convertAdvice = "convert the file, for example with iconv -t UTF-8"
)

// misfit is the first thing in a block that cannot be read.
type misfit struct {
	at, end int           // of the field, or at of the record
	column  *layoutColumn // of a value that does not fit
	invalid bool          // the field is not UTF-8
	long    bool          // the record is too long
	bad     *badRecord
}

// checkText finds the first text field that is not UTF-8.
func (l *layout) checkText(ix *index, f *fields, first *misfit) {
	for i := range l.columns {
		c := &l.columns[i]
		if c.field < 0 || c.dataType.ID() != arrow.STRING {
			continue
		}
		f.at(ix, c.field)
		for r := range ix.rows {
			start, end := f.bounds(r)
			if int(start) >= first.at {
				break
			}
			if !utf8.Valid(f.data[start:end]) {
				*first = misfit{at: int(start), end: int(end), column: c, invalid: true}
				break
			}
		}
	}
}

// checkRowBytes finds the first row that is over the limit, so that a limit
// smaller than a block holds too.
func (l *layout) checkRowBytes(ix *index, first *misfit) {
	for r := range ix.rows {
		start, _ := ix.field(r, 0)
		_, end := ix.field(r, ix.width-1)
		if int(start) < first.at && int(end-start) > l.rowBytesMax {
			*first = misfit{at: int(start), end: int(end), long: true}
		}
	}
}

// position returns the place of an offset in a block.
func (l *layout) position(b *block, at int) pipeline.Position {
	nl := l.dialect.lineEnd()
	return pipeline.Position{
		File:   l.name,
		Line:   b.line + int64(bytes.Count(b.data[:at], []byte{nl})),
		Column: int64(at - bytes.LastIndexByte(b.data[:at], nl)),
	}
}

func (l *layout) tooLong(b *block, at int) error {
	return &pipeline.InputError{
		Pos:     l.position(b, at),
		Problem: fmt.Sprintf("the record is longer than %d bytes", l.rowBytesMax),
		Advice:  "if that is right say --max-row-bytes with a larger number; if not, look for a quote that is never closed, or another --delim or --quote",
	}
}

// explain makes the error that tells a misfit.
func (l *layout) explain(b *block, f *fields, m *misfit) error {
	if m.long {
		return l.tooLong(b, m.at)
	}
	e := &pipeline.InputError{Pos: l.position(b, m.at)}
	if m.bad != nil {
		l.explainRecord(b, m.bad, e)
		return e
	}
	c := m.column
	e.Column = c.name
	e.Found = string(f.data[m.at:m.end])
	if m.invalid {
		e.Problem, e.Advice = notUTF8, convertAdvice
		return e
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
	return e
}

// explainRecord tells what is wrong with a record as a whole.
func (l *layout) explainRecord(b *block, r *badRecord, e *pipeline.InputError) {
	switch r.fault.kind {
	case textAfterQuote:
		e.Pos = l.position(b, r.fault.at)
		end := min(len(b.data), r.fault.at+20)
		if i := bytes.IndexByte(b.data[r.fault.at:end], l.dialect.lineEnd()); i >= 0 {
			end = r.fault.at + i
		}
		e.Found = string(b.data[r.fault.at:end])
		e.Problem = "expected a delimiter or the line's end behind a closing quote"
		e.Advice = "double the quotes inside the field, or say --quote none if quotes mean nothing in this file"
	case mixedLineEnds:
		e.Pos = l.position(b, r.fault.at)
		e.Problem = "a line feed in a file whose lines end in CR"
		e.Advice = "give the file one kind of line end"
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
