package text

import (
	"context"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// rowsPerPass is how many rows are turned to text at a time: enough to make
// the per-column calls cheap, few enough that the cells of a dozen columns
// stay in a level-2 cache until they are laid side by side.
const rowsPerPass = 1024

// cells holds the text of a run of rows of one column, separators included.
type cells struct {
	text []byte
	ends []int // of each cell in text
}

func (c *cells) reset() {
	c.text = c.text[:0]
	c.ends = c.ends[:0]
}

// column writes rows from..to-1 of one Arrow column into c.
type column func(c *cells, values arrow.Array, from, to int)

// frame is what stands around every value of one column.
type frame struct {
	before []byte // in JSON, the comma and the key
	after  []byte // in CSV, the delimiter or the line end
	null   []byte // stands for NULL
}

// appendValue appends the text of value row of a column to dst.
type appendValue func(dst []byte, row int) []byte

// fill writes rows from..to-1 into c.
func (f *frame) fill(c *cells, values arrow.Array, from, to int, value appendValue) {
	text, ends := c.text, c.ends
	if values.NullN() == 0 {
		for row := from; row < to; row++ {
			text = append(text, f.before...)
			text = value(text, row)
			text = append(text, f.after...)
			ends = append(ends, len(text))
		}
	} else {
		valid, offset := values.NullBitmapBytes(), values.Data().Offset()
		for row := from; row < to; row++ {
			text = append(text, f.before...)
			if len(valid) > 0 && bitutil.BitIsSet(valid, offset+row) {
				text = value(text, row)
			} else {
				text = append(text, f.null...)
			}
			text = append(text, f.after...)
			ends = append(ends, len(text))
		}
	}
	c.text, c.ends = text, ends
}

// appendLines lays the cells of all columns side by side, row by row.
func appendLines(dst []byte, columns []cells, rows int) []byte {
	total := 0
	for i := range columns {
		total += len(columns[i].text)
	}
	if free := cap(dst) - len(dst); free < total {
		grown := make([]byte, len(dst), len(dst)+total)
		copy(grown, dst)
		dst = grown
	}
	for row := range rows {
		for i := range columns {
			c := &columns[i]
			start := 0
			if row > 0 {
				start = c.ends[row-1]
			}
			dst = append(dst, c.text[start:c.ends[row]]...)
		}
	}
	return dst
}

// scratch is the memory that turning records to text needs and may reuse.
type scratch struct {
	cells []cells
}

// appendRecord appends the text of rows from..to-1 of rec to dst. It depends
// on nothing but its arguments; scratch is only memory.
func appendRecord(dst []byte, columns []column, rec arrow.Record, from, to int, s *scratch) []byte {
	if len(s.cells) != len(columns) {
		s.cells = make([]cells, len(columns))
	}
	for i, write := range columns {
		s.cells[i].reset()
		write(&s.cells[i], rec.Column(i), from, to)
	}
	return appendLines(dst, s.cells, to-from)
}

// Encoder writes records as lines of text. It is used by one goroutine.
type Encoder struct {
	w       io.Writer
	header  []byte // written before the first row; nil when done or none
	columns []column
	rows    int64
	buf     []byte
	scratch scratch
	err     error
}

// Write appends the rows of rec, whose columns must be those of the schema the
// encoder was made for. The caller keeps rec.
func (e *Encoder) Write(ctx context.Context, rec arrow.Record) error {
	rows := int(rec.NumRows())
	for from := 0; from < rows && e.err == nil; from += rowsPerPass {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		to := min(from+rowsPerPass, rows)
		e.buf = append(e.buf[:0], e.header...)
		e.header = nil
		e.buf = appendRecord(e.buf, e.columns, rec, from, to, &e.scratch)
		if _, e.err = e.w.Write(e.buf); e.err == nil {
			e.rows += int64(to - from)
		}
	}
	return e.err
}

// Close completes the output and returns the number of rows in it, the header
// not counted. It does not close the writer.
func (e *Encoder) Close(context.Context) (rows int64, err error) {
	if e.err == nil && e.header != nil {
		_, e.err = e.w.Write(e.header)
		e.header = nil
	}
	return e.rows, e.err
}

// Abort gives the encoder up. There is nothing to give back.
func (e *Encoder) Abort() {}
