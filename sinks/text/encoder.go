package text

import (
	"context"
	"io"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/sinks/internal/ordered"
)

// A chunk is full at chunkRows rows, or when its strings exceed chunkBytes; it
// may exceed that by a row. So many bytes of values are on the way in each
// chunk, beside the text made of them.
const (
	chunkRows  = 16 << 10
	chunkBytes = 1 << 20
)

// chunkTextBytesMax bounds the memory that a chunk keeps for the next rows, and
// a scratch for each column; a row may need more.
const chunkTextBytesMax = 8 << 20

// Encoder writes records as lines of text. Its methods are called from one
// goroutine: Write any number of times, then Close or Abort.
//
// Rows are gathered in chunks, which up to Task.Workers goroutines turn into
// text and another one writes in order, see [ordered.Pool]. All of them have
// ended when Close or Abort returns.
type Encoder struct {
	w       io.Writer
	header  []byte // goes in front of the first chunk; nil when done or none
	columns []column
	strings []int // indices of the VARCHAR columns
	lines   func(dst []byte, columns []cells, rows int) []byte

	pool    *ordered.Pool[*chunk]
	chunk   *chunk // being filled; nil when there is none
	rows    int64  // written, by the emitter
	scratch sync.Pool
}

// chunk is a run of rows on their way to text.
type chunk struct {
	pieces []piece
	rows   int
	bytes  int // of strings
	text   []byte
}

// piece is a run of rows of one record, which it holds.
type piece struct {
	rec      arrow.Record
	from, to int
}

// scratch is the memory that turning rows to text needs besides the text.
type scratch struct {
	cells []cells
}

// start makes the encoder of columns that were added.
func (e *Encoder) start(t *pipeline.Task) *Encoder {
	e.pool = ordered.New(ordered.Stages[*chunk]{
		New:  func() *chunk { return new(chunk) },
		Work: e.encode,
		Emit: e.emit,
		Drop: (*chunk).release,
	}, ordered.Limits{Workers: t.Workers, Bytes: t.MemoryBytes})
	e.scratch.New = func() any { return &scratch{cells: make([]cells, len(e.columns))} }
	return e
}

// Write appends the rows of rec, whose columns must be those of the schema the
// encoder was made for. The caller keeps rec; the encoder retains what it needs.
// The first error, of any earlier rows too, is returned then and ever after.
//
// The ctx of the first Write that fills a chunk also governs the encoder's
// goroutines.
func (e *Encoder) Write(ctx context.Context, rec arrow.Record) error {
	rows := int(rec.NumRows())
	for _, values := range rec.Columns() {
		// Counted when first asked for: here, before workers share the array.
		_ = values.NullN()
	}
	for from := 0; from < rows; {
		if err := e.open(ctx); err != nil {
			return err
		}
		n := min(rows-from, rowsPerPass, chunkRows-e.chunk.rows)
		size := e.stringBytes(rec, from, from+n)
		for n > 1 && size > chunkBytes {
			n /= 2
			size = e.stringBytes(rec, from, from+n)
		}
		e.chunk.add(rec, from, from+n, size)
		from += n
		if e.chunk.rows >= chunkRows || e.chunk.bytes >= chunkBytes {
			e.submit(ctx)
		}
	}
	return e.pool.Err()
}

// open makes sure that there is a chunk to fill.
func (e *Encoder) open(ctx context.Context) (err error) {
	if e.chunk != nil && ctx.Err() == nil && e.pool.Err() == nil {
		return nil
	}
	if e.chunk, err = e.pool.Next(ctx); err != nil {
		return err
	}
	if e.header != nil {
		e.chunk.text = append(e.chunk.text, e.header...)
		e.header = nil
	}
	return nil
}

// submit sends the chunk that has been filled on its way.
func (e *Encoder) submit(ctx context.Context) {
	const cellBytes = 8 // about what a value that is no string takes
	size := e.chunk.bytes + e.chunk.rows*len(e.columns)*cellBytes
	e.chunk = nil
	e.pool.Submit(ctx, int64(size))
}

// stringBytes returns how many bytes of strings rows from..to-1 hold.
func (e *Encoder) stringBytes(rec arrow.Record, from, to int) int {
	total := 0
	for _, i := range e.strings {
		_, offsets := textOf(rec.Column(i).(*array.String), from, to)
		total += int(offsets[to-from]) - int(offsets[0])
	}
	return total
}

func (c *chunk) add(rec arrow.Record, from, to, stringBytes int) {
	c.rows += to - from
	c.bytes += stringBytes
	if last := len(c.pieces) - 1; last >= 0 && c.pieces[last].rec == rec && c.pieces[last].to == from {
		c.pieces[last].to = to
		return
	}
	rec.Retain()
	c.pieces = append(c.pieces, piece{rec, from, to})
}

// release gives back the records that the chunk holds.
func (c *chunk) release() {
	for i, p := range c.pieces {
		p.rec.Release()
		c.pieces[i] = piece{}
	}
	c.pieces = c.pieces[:0]
}

// encode turns the rows of a chunk into text. It is called on any worker.
func (e *Encoder) encode(c *chunk) error {
	s := e.scratch.Get().(*scratch)
	for _, p := range c.pieces {
		for from := p.from; from < p.to; from += rowsPerPass {
			to := min(from+rowsPerPass, p.to)
			for i, write := range e.columns {
				write(&s.cells[i], p.rec.Column(i), from, to)
			}
			c.text = e.lines(c.text, s.cells, to-from)
		}
	}
	c.release()
	for i := range s.cells {
		s.cells[i].text = nil // may be an Arrow column's
		if len(s.cells[i].memory)+len(s.cells[i].spare) > chunkTextBytesMax {
			s.cells[i] = cells{}
		}
	}
	e.scratch.Put(s)
	return nil
}

// emit writes the text of a chunk.
func (e *Encoder) emit(c *chunk) error {
	n, err := e.w.Write(c.text)
	if err == nil && n < len(c.text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return err
	}
	e.rows += int64(c.rows)
	c.rows, c.bytes, c.text = 0, 0, c.text[:0]
	if cap(c.text) > chunkTextBytesMax {
		c.text = nil
	}
	return nil
}

// Close completes the output and returns the number of rows in it, the header
// not counted. It does not close the writer. All goroutines have ended.
func (e *Encoder) Close(ctx context.Context) (rows int64, err error) {
	err = e.finish(ctx)
	e.Abort()
	return e.rows, err
}

func (e *Encoder) finish(ctx context.Context) error {
	if e.header != nil {
		if err := e.open(ctx); err != nil {
			return err
		}
	}
	if e.chunk != nil {
		e.submit(ctx)
	}
	return e.pool.Close(ctx)
}

// Abort gives the encoder up: all goroutines have ended and all memory is given
// back when it returns. It does nothing after Close.
func (e *Encoder) Abort() {
	e.pool.Abort()
	e.chunk = nil
}
