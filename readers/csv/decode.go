package csv

import (
	"slices"
	"sync"
	"sync/atomic"

	"csvloom/pipeline"
	"csvloom/readers/csv/internal/codes"

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
	ends  []uint32    // of the last field, without the CR of the line end; or of the wanted rows
	text  []byte      // of one unquoted field
	book  *codes.Book // made when a column is to be coded
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
		batch.Rejects = m.rejects.all()
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
		c.mender = l.newMender(b)
	}
	if l.onError != Fail {
		mend = c.mender
	}
	data := b.data[:n+padBytes]
	ix := c.index
	ix.build(data, n, b.separators, &l.dialect, l.width, l.rowBytesMax, mend)
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
		if c.sound() {
			if err := c.drop(b, filter); err != nil {
				return pipeline.Batch{}, err
			}
			filter = nil
		}
	}
	c.decodeSound(false)
	if !c.sound() {
		b.Fault = c.layout.explain(c.block, c.mender, &c.fields, &c.misfit)
		if !c.layout.partial {
			return pipeline.Batch{}, b.Fault
		}
		c.keep(c.before(c.misfit.at))
		if filter != nil { // which has not been asked yet
			c.decode(true)
			if err := c.drop(b, filter); err != nil {
				return pipeline.Batch{}, err
			}
		}
		c.decode(false)
	}
	rows := ix.rows
	if c.fields.some {
		rows, b.Rows = len(c.fields.wanted), c.fields.wanted
	}
	b.Record = array.NewRecord(c.schema(), c.arrays, int64(rows))
	return b, nil
}

// sound reports whether all that was decoded so far can be read.
func (c *columns) sound() bool { return c.misfit.at == len(c.fields.data) }

// rows returns the wanted rows of the index.
func (c *columns) rows() []int32 {
	if c.fields.some {
		return c.fields.wanted
	}
	rows := make([]int32, c.index.rows)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// keep makes the given rows the only wanted ones. All columns are then to be
// decoded again; what was wrong may have been in another row.
func (c *columns) keep(rows []int32) {
	c.release()
	clear(c.arrays)
	c.fields.some, c.fields.wanted = true, rows
	c.misfit = misfit{at: len(c.fields.data)}
}

// before returns the wanted rows that end before an offset of the block.
func (c *columns) before(at int) (rows []int32) {
	for _, r := range c.rows() {
		start, _ := c.index.field(int(r), 0)
		_, end := c.index.field(int(r), c.index.width-1)
		if mended := int(start) >= len(c.block.data); !mended && int(end) <= at || mended && c.mender.source(int(start)) < at {
			rows = append(rows, r)
		}
	}
	return rows
}

// skipLong makes a batch without rows of the start of a line that is too long.
func (l *layout) skipLong(b *block, alloc memory.Allocator) (pipeline.Batch, error) {
	if l.onError == Fail {
		return pipeline.Batch{}, l.tooLong(b, 0)
	}
	m := l.newMender(b)
	m.reject(0, len(b.data), l.tooLong(b, 0), pipeline.Rejected)
	batch, err := l.decode(&block{line: b.line}, alloc, nil)
	batch.Rejects = m.rejects.all()
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
	bad := c.mender.values(c.index, &c.fields, c.misfits)
	if c.layout.onError == Skip {
		c.keep(without(c.rows(), bad))
		c.decode(first)
	}
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
