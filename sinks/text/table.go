package text

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// TableOptions says how a table is drawn.
type TableOptions struct {
	// WidthColumns is how wide the table may be, in columns of the terminal;
	// 0 means as wide as it comes out.
	WidthColumns int
	// RowsMax is how many rows are shown at most: half of them from the
	// start, half from the end. 0 means 40.
	RowsMax int
	// Color dims NULL and the types with ANSI escapes.
	Color bool
}

// Limits of [TableOptions].
const (
	rowsMaxDefault  = 40
	rowsMaxLimit    = 10_000                                // they are all held in memory
	widthColumnsMin = 1 + gutter + widthNumber + gutter + 1 // one column and an ellipsis
)

// Validate returns a [pipeline.UsageError] for what is not possible.
func (o TableOptions) Validate() error {
	var errs []error
	if o.RowsMax != 0 && (o.RowsMax < 2 || o.RowsMax > rowsMaxLimit) {
		errs = append(errs, pipeline.Usagef("a table shows between 2 and %d rows, not %d; write CSV to see more", rowsMaxLimit, o.RowsMax))
	}
	if o.WidthColumns < 0 {
		errs = append(errs, pipeline.Usagef("a table cannot be %d columns wide; 0 means no limit", o.WidthColumns))
	}
	return errors.Join(errs...)
}

// Table writes records as a table for people. It holds only the rows that it
// shows, cut to what fits on a screen, and draws them when it is closed. It is
// used by one goroutine.
type Table struct {
	w       io.Writer
	options TableOptions
	columns []tableColumn
	head    [][]string // the first RowsMax rows
	tail    [][]string // ring of the last RowsMax/2 rows, the newest at rows-1 modulo its length
	rows    int64
	scratch []byte
}

// tableColumn is how the cells of one column are made and placed.
type tableColumn struct {
	name, kind string
	right      bool // numbers stand on the right
}

// nullCell marks NULL among cells: no printable value holds this byte.
const nullCell = "\x00"

// NewTable returns an encoder that draws rows of schema on w.
func NewTable(w io.Writer, schema *arrow.Schema, o TableOptions) (*Table, error) {
	if err := errors.Join(o.Validate(), checkColumns(schema, "a table")); err != nil {
		return nil, err
	}
	if o.RowsMax == 0 {
		o.RowsMax = rowsMaxDefault
	}
	if o.WidthColumns != 0 {
		o.WidthColumns = max(o.WidthColumns, widthColumnsMin)
	}
	t := &Table{w: w, options: o}
	var errs []error
	for _, field := range schema.Fields() {
		if !hasText(field.Type) {
			errs = append(errs, noText(field, "a table"))
		}
		t.columns = append(t.columns, tableColumn{
			name:  printable([]byte(field.Name)),
			kind:  sqltype.Name(field.Type),
			right: isNumber(field.Type),
		})
	}
	return t, errors.Join(errs...)
}

func isNumber(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT64, arrow.FLOAT64, arrow.DECIMAL128:
		return true
	}
	return false
}

// Write looks at the rows of rec, whose columns must be those of the schema
// the table was made for. The caller keeps rec.
func (t *Table) Write(ctx context.Context, rec arrow.Record) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	rows := int(rec.NumRows())
	if rows == 0 {
		return nil
	}
	row := 0
	for ; row < rows && len(t.head) < t.options.RowsMax; row++ {
		t.head = append(t.head, t.cells(rec, row))
	}
	// Of the rows that are not shown at the start, only the last can be shown
	// at the end.
	size := t.options.RowsMax / 2
	for row = max(row, rows-size); row < rows; row++ {
		at := int((t.rows + int64(row)) % int64(size))
		if t.tail == nil {
			t.tail = make([][]string, size)
		}
		t.tail[at] = t.cells(rec, row)
	}
	t.rows += int64(rows)
	return nil
}

// cells returns one row as it will be shown.
func (t *Table) cells(rec arrow.Record, row int) []string {
	line := make([]string, len(t.columns))
	for i := range line {
		if rec.Column(i).IsNull(row) {
			line[i] = nullCell
			continue
		}
		t.scratch = sqltype.AppendValue(t.scratch[:0], rec.Column(i), row)
		line[i] = printable(t.scratch)
	}
	return line
}

// shown returns the rows to draw: all of them, or those of the start and those
// of the end.
func (t *Table) shown() (head, tail [][]string) {
	if t.rows <= int64(t.options.RowsMax) {
		return t.head, nil
	}
	size := t.options.RowsMax / 2
	head = t.head[:t.options.RowsMax-size]
	for back := int64(size); back > 0; back-- {
		place := t.rows - back
		if place < int64(len(t.head)) {
			tail = append(tail, t.head[place])
		} else {
			tail = append(tail, t.tail[place%int64(size)])
		}
	}
	return head, tail
}

// Close draws the table and returns the number of rows written to it, shown or
// not. It does not close the writer.
func (t *Table) Close(context.Context) (rows int64, err error) {
	head, tail := t.shown()
	var out bytes.Buffer
	t.draw(&out, head, tail)
	_, err = t.w.Write(out.Bytes())
	return t.rows, err
}

// Abort gives the table up. There is nothing to give back.
func (t *Table) Abort() {}

// footer counts what is in the table and what of it is shown.
func (t *Table) footer(rowsShown, columnsShown int) string {
	out := count(t.rows, "row")
	if int64(rowsShown) < t.rows {
		out += " (" + strconv.Itoa(rowsShown) + " shown)"
	}
	out += ", " + count(int64(len(t.columns)), "column")
	if columnsShown < len(t.columns) {
		out += " (" + strconv.Itoa(columnsShown) + " shown)"
	}
	return out
}

func count(n int64, noun string) string {
	out := strconv.FormatInt(n, 10) + " " + noun
	if n != 1 {
		out += "s"
	}
	return out
}
