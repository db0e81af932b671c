package csv

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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
	departures  *departures   // of the file; nil: nobody asks
	first       *arrow.Schema // of the columns that decide which rows are wanted; nil: all rows are
}

// layoutColumn is a column of the schema and where a file has it.
type layoutColumn struct {
	name  string
	field int          // 0-based place in the file's records; -1: the file lacks it
	first bool         // decides which rows are wanted
	coded *atomic.Bool // not nil: may come in codes, while true
	columnType
}

// decoder turns blocks into batches. Its scratch memory is used again.
type decoder struct {
	index index
	ends  []uint32 // of the last field, without the CR of the line end; or of the wanted rows
	text  []byte   // of one unquoted field
	book  codeBook
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

// decode turns a block into a batch. It does not keep b.data. filter, if not
// nil, is asked which rows are wanted; l.first is then not nil either.
func (l *layout) decode(b *block, alloc memory.Allocator, filter pipeline.Apply) (pipeline.Batch, error) {
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

	c := columns{layout: l, index: ix, alloc: alloc, arrays: make([]arrow.Array, len(l.columns))}
	defer c.release()
	c.fields = fields{data: data, quote: l.dialect.Quote, nulls: l.nulls, escapes: l.dialect.escapesIn(data[:n]), decoder: d}
	c.misfit = misfit{at: n}
	if len(ix.bad) > 0 {
		c.misfit = misfit{at: ix.bad[0].start, bad: &ix.bad[0]}
	}
	if n > l.rowBytesMax {
		l.checkRowBytes(ix, &c.misfit)
	}
	batch := pipeline.Batch{
		Origin: &origin{l.name, b.line, ix.lines},
		Tally:  pipeline.Tally{RowsIn: int64(ix.rows), BlankLines: int64(ix.blank), Bytes: int64(n)},
	}
	rows := ix.rows
	if filter != nil {
		c.decode(true)
		// A fault may lie in what is not decoded yet, before this one.
		if c.misfit.at == n {
			var err error
			if rows, batch.Rows, err = c.drop(batch, filter); err != nil {
				return pipeline.Batch{}, err
			}
		}
	}
	c.decode(false)
	if c.text && !utf8.Valid(data[:n]) {
		c.checkText()
	}
	if c.misfit.at < n {
		return pipeline.Batch{}, l.explain(b, &c.fields, &c.misfit)
	}
	if l.departures != nil {
		l.departures.add(l, b, ix)
	}
	batch.Record = array.NewRecord(c.schema(), c.arrays, int64(rows))
	return batch, nil
}

// columns are the columns of a block while they are being decoded.
type columns struct {
	layout *layout
	index  *index
	fields fields
	alloc  memory.Allocator
	arrays []arrow.Array
	misfit misfit // the first, at the end of the data if there is none
	text   bool   // a column is VARCHAR
}

func (c *columns) release() {
	for _, a := range c.arrays {
		if a != nil {
			a.Release()
		}
	}
}

// decode decodes the columns that decide which rows are wanted, or the others.
// With no filter there are only others.
func (c *columns) decode(first bool) {
	for i := range c.layout.columns {
		lc := &c.layout.columns[i]
		if c.arrays[i] != nil || first && !lc.first {
			continue
		}
		if lc.field < 0 {
			rows := c.index.rows
			if c.fields.some {
				rows = len(c.fields.wanted)
			}
			c.arrays[i] = nullColumn(lc.dataType, rows, c.alloc)
			continue
		}
		c.fields.at(c.index, lc.field)
		isText := lc.dataType.ID() == arrow.STRING
		c.text = c.text || isText
		if isText && lc.coded != nil && c.fields.escapes == nil && lc.coded.Load() {
			if c.arrays[i] = decodeCoded(&c.fields, c.alloc); c.arrays[i] != nil {
				continue
			}
			lc.coded.Store(false) // there are too many values; so there will be
		}
		a, bad := decodeColumn(&c.fields, lc, c.alloc)
		if bad < 0 {
			c.arrays[i] = a
		} else if start, end := c.fields.bounds(bad); int(start) < c.misfit.at {
			c.misfit = misfit{at: int(start), end: int(end), column: lc}
		}
	}
}

// drop asks the filter which rows are wanted, given the columns that decide it.
// It returns how many there are, and which, nil for all.
func (c *columns) drop(b pipeline.Batch, filter pipeline.Apply) (int, []int32, error) {
	var arrays []arrow.Array
	for i := range c.layout.columns {
		if c.layout.columns[i].first {
			arrays = append(arrays, c.arrays[i])
		}
	}
	b.Record = array.NewRecord(c.layout.first, arrays, int64(c.index.rows))
	b, err := filter(b)
	if err != nil {
		return 0, nil, err
	}
	defer b.Release()
	next := 0
	for i := range c.layout.columns {
		if c.layout.columns[i].first {
			c.arrays[i].Release()
			c.arrays[i] = b.Record.Column(next)
			c.arrays[i].Retain()
			next++
		}
	}
	rows := int(b.Record.NumRows())
	if rows == c.index.rows {
		return rows, nil, nil
	}
	c.fields.some, c.fields.wanted = true, b.Rows
	return rows, b.Rows, nil
}

// schema is the layout's schema, with coded columns as such.
func (c *columns) schema() *arrow.Schema {
	schema := c.layout.schema
	var fields []arrow.Field
	for i, a := range c.arrays {
		if a.DataType().ID() == arrow.DICTIONARY {
			if fields == nil {
				fields = slices.Clone(schema.Fields())
			}
			fields[i].Type = pipeline.Coded
		}
	}
	if fields == nil {
		return schema
	}
	return arrow.NewSchema(fields, nil)
}

// maxBlockBytes is how large a block may be: offsets in it are 31 bits, as
// those of Arrow strings are.
const maxBlockBytes = 1<<31 - 1 - 2*padBytes

const (
	notUTF8       = "which is not UTF-8"
	convertAdvice = "name the encoding of the file with --encoding, or that of all such files with --encoding-fallback, such as windows-1252"
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
func (c *columns) checkText() {
	f := &c.fields
	for i := range c.layout.columns {
		lc := &c.layout.columns[i]
		if lc.field < 0 || lc.dataType.ID() != arrow.STRING {
			continue
		}
		f.at(c.index, lc.field)
		for r := range f.rows {
			start, end := f.bounds(r)
			if int(start) >= c.misfit.at {
				break
			}
			if !utf8.Valid(f.data[start:end]) {
				c.misfit = misfit{at: int(start), end: int(end), column: lc, invalid: true}
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
	return pipeline.Position{
		File:   l.name,
		Line:   b.line + int64(l.dialect.countLines(b.data[:at])),
		Column: int64(at - l.dialect.lastLineEnd(b.data[:at])),
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
		if i := l.dialect.nextLineEnd(b.data[r.fault.at:end]); i >= 0 {
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
