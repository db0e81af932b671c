package csv

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

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
	onError     OnError
	account     bool // somebody wants to know of odd rows
	partial     bool // see pipeline.Want.Partial
	nulls       nullSpellings
	schema      *arrow.Schema
	columns     []layoutColumn
	departures  *departures   // of the file; nil: nobody asks
	first       *arrow.Schema // of the columns that decide which rows are wanted; nil: all rows are
}

// layoutColumn is a column of the schema and where a file has it.
type layoutColumn struct {
	name  string
	field int          // 0-based place in the file's records; less: see fieldMissing
	first bool         // decides which rows are wanted
	coded *atomic.Bool // not nil: may come in codes, while true
	columnType
}

// decoder turns blocks into batches. Its scratch memory is used again.
type decoder struct {
	index index
	ends  []uint32  // of the last field, without the CR of the line end; or of the wanted rows
	text  []byte    // of one unquoted field
	book  *codeBook // made when a column is to be coded
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
	if b.err == errRowTooLong {
		return l.skipLong(b, alloc)
	}
	if len(b.data) > maxBlockBytes {
		return pipeline.Batch{}, l.tooLong(b, 0)
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	c := l.begin(b, d, alloc)
	defer c.release()
	ix := c.index
	batch, err := c.batch(filter)
	if err != nil {
		return pipeline.Batch{}, err
	}
	if l.departures != nil {
		l.departures.add(l, b, ix)
	}
	if m := c.mender; m != nil {
		m.odd(ix)
		batch.Rejects = m.account()
		batch.Tally.RowsIn += int64(m.records)
		batch.Tally.RowsRejected = int64(m.bad)
	}
	return batch, nil
}

// begin indexes a block, of which not a column is decoded yet.
func (l *layout) begin(b *block, d *decoder, alloc memory.Allocator) *columns {
	n := len(b.data)
	b.data = slices.Grow(b.data, padBytes)
	c := &columns{layout: l, block: b, index: &d.index, alloc: alloc, arrays: make([]arrow.Array, len(l.columns))}
	var mend *mender
	if l.onError != Fail || l.account {
		c.mender = &mender{layout: l, block: b}
	}
	if l.onError != Fail {
		mend = c.mender
	}
	data := b.data[:n+padBytes]
	ix := c.index
	ix.build(data, n, &l.dialect, l.width, l.rowBytesMax, mend)
	if mend != nil && len(mend.text) > 0 {
		data = append(append(data[:n:n], mend.text...), make([]byte, padBytes)...)
	}
	c.fields = fields{data: data, quote: l.dialect.Quote, nulls: l.nulls, escapes: l.dialect.escapesIn(data[:n]), decoder: d}
	c.misfit = misfit{at: len(data)}
	if len(ix.bad) > 0 {
		c.misfit = misfit{at: ix.bad[0].start, bad: &ix.bad[0]}
	}
	return c
}

// batch decodes the columns, at first those that decide which rows are wanted.
// Where bad rows are skipped, columns with a bad value are decoded once more
// without its row.
func (c *columns) batch(filter pipeline.Apply) (pipeline.Batch, error) {
	ix := c.index
	b := pipeline.Batch{
		Origin: &origin{c.layout.name, c.block.line, ix.lines},
		Tally:  pipeline.Tally{RowsIn: int64(ix.rows), BlankLines: int64(ix.blank), Bytes: int64(len(c.block.data))},
	}
	if filter != nil {
		c.decodeSound(true)
		// A fault may lie in what is not decoded yet, before this one.
		if c.misfit.at == len(c.fields.data) {
			if err := c.drop(b, filter); err != nil {
				return pipeline.Batch{}, err
			}
		}
	}
	c.decodeSound(false)
	if c.misfit.at < len(c.fields.data) {
		err := c.layout.explain(c.block, c.mender, &c.fields, &c.misfit)
		if !c.layout.partial {
			return pipeline.Batch{}, err
		}
		b.Fault = err
		c.before(c.misfit.at)
	}
	rows := ix.rows
	if c.fields.some {
		rows, b.Rows = len(c.fields.wanted), c.fields.wanted
	}
	b.Record = array.NewRecord(c.schema(), c.arrays, int64(rows))
	return b, nil
}

// before decodes the columns again, for the wanted rows that start before an
// offset of the block.
func (c *columns) before(at int) {
	wanted := c.fields.wanted
	if !c.fields.some {
		wanted = make([]int32, c.index.rows)
		for i := range wanted {
			wanted[i] = int32(i)
		}
	}
	var rows []int32
	for _, r := range wanted {
		start, _ := c.index.field(int(r), 0)
		_, end := c.index.field(int(r), c.index.width-1)
		if mended := int(start) >= len(c.block.data); !mended && int(end) <= at || mended && c.mender.source(int(start)) < at {
			rows = append(rows, r)
		}
	}
	c.release()
	clear(c.arrays)
	c.fields.some, c.fields.wanted = true, rows
	c.misfit = misfit{at: len(c.fields.data)}
	c.decode(false)
}

// skipLong makes a batch without rows of the start of a line that is too long.
func (l *layout) skipLong(b *block, alloc memory.Allocator) (pipeline.Batch, error) {
	if l.onError == Fail {
		return pipeline.Batch{}, l.tooLong(b, 0)
	}
	m := &mender{layout: l, block: b}
	r := m.reject(0, len(b.data), l.tooLong(b, 0))
	batch, err := l.decode(&block{line: b.line}, alloc, nil)
	batch.Rejects = []pipeline.Reject{r}
	batch.Tally = pipeline.Tally{RowsIn: 1, RowsRejected: 1, Bytes: b.passed}
	return batch, err
}

// columns are the columns of a block while they are being decoded.
type columns struct {
	layout  *layout
	block   *block
	index   *index
	mender  *mender // nil: rows that are bad end the run, and odd ones do not matter
	fields  fields
	alloc   memory.Allocator
	arrays  []arrow.Array
	misfit  misfit   // the first that cannot be forgiven, at the end of the data if there is none
	misfits []misfit // those forgiven in the last pass
}

func (c *columns) release() {
	for _, a := range c.arrays {
		if a != nil {
			a.Release()
		}
	}
}

// decodeSound decodes columns as decode does; rows with values that do not fit
// are accounted for and, where they are skipped, left out.
func (c *columns) decodeSound(first bool) {
	c.misfits = c.misfits[:0]
	c.decode(first)
	if len(c.misfits) == 0 {
		return
	}
	wanted := c.fields.wanted
	if !c.fields.some {
		wanted = make([]int32, c.index.rows)
		for i := range wanted {
			wanted[i] = int32(i)
		}
	}
	bad := c.mender.values(c.index, &c.fields, c.misfits)
	if c.layout.onError != Skip {
		return
	}
	for i, a := range c.arrays {
		if a != nil {
			a.Release()
			c.arrays[i] = nil
		}
	}
	c.fields.some, c.fields.wanted = true, without(wanted, bad)
	c.misfit = misfit{at: len(c.fields.data)} // it may have been in a row that is left out
	c.decode(first)
}

// without returns the rows that are not among the bad ones; both ascend.
func without(rows, bad []int32) []int32 {
	kept := make([]int32, 0, len(rows))
	for _, r := range rows {
		if len(bad) > 0 && r == bad[0] {
			bad = bad[1:]
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// decode decodes the columns that decide which rows are wanted, or all that are
// not decoded yet.
func (c *columns) decode(first bool) {
	f := &c.fields
	for i := range c.layout.columns {
		lc := &c.layout.columns[i]
		if c.arrays[i] != nil || first && !lc.first {
			continue
		}
		if lc.field < 0 {
			c.arrays[i] = c.made(lc)
			continue
		}
		f.at(c.index, lc.field)
		f.misfits = f.misfits[:0]
		isText := lc.dataType.ID() == arrow.STRING
		f.lenient = c.layout.onError != Fail && (isText || lc.declared)
		a, bad := c.column(lc, isText)
		if isText && !textsSound(a) {
			a.Release()
			c.checkText(lc)
			a, bad = c.column(lc, isText)
		}
		if bad < 0 {
			c.arrays[i] = a
			for _, r := range f.misfits {
				c.forgiven(lc, int(r), "")
			}
		} else if start, end := f.bounds(bad); c.mender.source(int(start)) < c.misfit.at {
			c.misfit = misfit{at: c.mender.source(int(start)), end: int(end), from: int(start), column: lc}
		}
	}
}

// column decodes the column that c.fields has, in codes if that is wanted and
// pays.
func (c *columns) column(lc *layoutColumn, isText bool) (a arrow.Array, bad int) {
	if isText && lc.coded != nil && c.fields.escapes == nil && lc.coded.Load() {
		if a := decodeCoded(&c.fields, c.alloc); a != nil {
			return a, -1
		}
		lc.coded.Store(false) // there are too many values; so there will be
	}
	return decodeColumn(&c.fields, lc, c.alloc)
}

// forgiven notes a value that does not fit, in a row of f.
func (c *columns) forgiven(lc *layoutColumn, r int, fault string) {
	start, end := c.fields.bounds(r)
	if c.fields.some {
		r = int(c.fields.wanted[r])
	}
	c.misfits = append(c.misfits, misfit{
		at: c.mender.source(int(start)), end: int(end), from: int(start), row: r, column: lc, text: fault,
	})
}

// checkText finds the texts of a column that are no VARCHAR. Those that are
// forgiven become NULL.
func (c *columns) checkText(lc *layoutColumn) {
	f := &c.fields
	for r := range f.rows {
		start, end := f.bounds(r)
		fault := textFault(f.data[start:end])
		switch {
		case fault == "":
		case f.lenient:
			c.forgiven(lc, r, fault)
			f.blank(r)
		case int(start) < c.misfit.at:
			c.misfit = misfit{at: int(start), end: int(end), from: int(start), column: lc, text: fault}
			return
		}
	}
}

// drop asks the filter which rows are wanted, given the columns that decide it.
func (c *columns) drop(b pipeline.Batch, filter pipeline.Apply) error {
	var arrays []arrow.Array
	for i := range c.layout.columns {
		if c.layout.columns[i].first {
			arrays = append(arrays, c.arrays[i])
		}
	}
	rows := c.index.rows
	if c.fields.some {
		rows, b.Rows = len(c.fields.wanted), c.fields.wanted
	}
	b.Record = array.NewRecord(c.layout.first, arrays, int64(rows))
	b, err := filter(b)
	if err != nil {
		return err
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
	if b.Record.NumRows() < int64(rows) {
		c.fields.some, c.fields.wanted = true, b.Rows
	}
	return nil
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
