package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
)

// Encoder writes one Parquet file. Its methods are called from one goroutine:
// Write any number of times, then Close or Abort.
//
// Rows are gathered into row groups on the caller's goroutine. From the first
// full row group on there are
//
//   - up to Task.Workers goroutines that encode, each one column of a row group
//     at a time (encodeColumns), and
//   - one that writes row groups in order as they are done (writeGroups).
//
// They are joined by three channels: tasks and ordered, which Write fills and
// Close closes, and finished, by which the writer tells Write that a row group
// is off its hands. The capacity of each is the number of row groups that may
// be on their way, so that no send blocks. All goroutines have ended when Close
// or Abort returns; they also end when ctx is done or a write fails.
//
// Memory: besides the row group being gathered there are at most
// 1 + ceil(workers/columns) on their way, and together they hold at most
// Task.MemoryBytes of values unless a single one exceeds it. A row group holds
// no more than Options.RowGroupBytes of values, 48 MiB by default. Each worker has
// scratch of up to about six times the widest column of a row group. The page
// index, about 100 bytes a page, is kept until Close.
type Encoder struct {
	w       io.Writer
	columns []column
	options Options
	bloomed []bool
	workers int
	memory  int64 // bytes of values in row groups on their way; 0 is no limit

	filling *rowGroup
	rows    int64
	closed  bool

	started  bool
	slots    int // row groups that may be on their way
	onTheWay []*rowGroup
	tasks    chan columnTask
	ordered  chan *rowGroup
	finished chan *rowGroup
	unwatch  func() bool // stops watching ctx
	wg       sync.WaitGroup

	failure sync.Once
	failed  chan struct{} // closed after err is set
	err     error

	// Of the writer, then of Close.
	offset int64
	groups []storedGroup

	buffers chan []byte // free memory for chunks
}

// columnTask is a column of a row group to be encoded.
type columnTask struct {
	group  *rowGroup
	column int
}

// scratches keeps what is expensive to make, compressors above all, from one
// column and one file to the next. It holds no data.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

var (
	errAborted = errors.New("writing the Parquet file was given up")
	errClosed  = errors.New("the Parquet encoder is closed")
)

// NewEncoder starts a file of the given schema. Fields that are not nullable
// become REQUIRED. The mistakes that Options.Validate finds are returned, as is
// an error of the first write to w. Nothing closes w.
func NewEncoder(w io.Writer, schema *arrow.Schema, o Options, t *pipeline.Task) (*Encoder, error) {
	if err := o.Validate(schema); err != nil {
		return nil, err
	}
	columns, err := newColumns(schema)
	if err != nil {
		return nil, err
	}
	e := &Encoder{
		w:       w,
		columns: columns,
		options: o.withDefaults(),
		bloomed: make([]bool, len(columns)),
		workers: max(1, t.Workers),
		memory:  t.MemoryBytes,
		failed:  make(chan struct{}),
	}
	for i, c := range columns {
		e.bloomed[i] = slices.Contains(o.BloomColumns, c.name)
	}
	e.slots = 1 + (e.workers+len(columns)-1)/len(columns)
	e.filling = newRowGroup(len(columns))
	if err := e.write([]byte(magic)); err != nil {
		return nil, err
	}
	return e, nil
}

// Write adds the rows of rec, whose schema is that of the encoder. It does not
// take rec over and retains what it needs. It waits while too many row groups
// are on their way. The first error is returned by every later call; after one
// only Abort remains to be called.
//
// The ctx of the first Write that fills a row group also governs the encoder's
// goroutines.
func (e *Encoder) Write(ctx context.Context, rec arrow.Record) error {
	if err := e.usable(ctx); err != nil {
		return err
	}
	if err := e.check(rec); err != nil {
		return e.fail(err)
	}
	sizes := sizesOf(e.columns, rec)
	for low, high := 0, int(rec.NumRows()); low < high; {
		room := e.options.RowGroupBytes - e.filling.bytes
		n := sizes.fitting(low, min(high, low+e.options.RowGroupRows-e.filling.rows), room)
		if n == 0 && e.filling.rows == 0 {
			n = 1 // a row that is larger than a row group should be
		}
		if n > 0 {
			e.filling.add(rec, low, low+n)
			e.filling.bytes += sizes.bytes(low, low+n)
			low += n
		}
		if low < high || e.filling.rows == e.options.RowGroupRows {
			if err := e.submit(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// usable returns why nothing can be written, if so.
func (e *Encoder) usable(ctx context.Context) error {
	if e.closed {
		return errClosed
	}
	select {
	case <-e.failed:
		return e.err
	default:
	}
	if ctx.Err() != nil {
		return e.fail(context.Cause(ctx))
	}
	return nil
}

// check compares a record to the schema.
func (e *Encoder) check(rec arrow.Record) error {
	if int(rec.NumCols()) != len(e.columns) {
		return fmt.Errorf("a batch has %d columns where the Parquet file has %d", rec.NumCols(), len(e.columns))
	}
	for i, c := range e.columns {
		a := rec.Column(i)
		if !arrow.TypeEqual(a.DataType(), c.arrow) {
			return fmt.Errorf("column %q of a batch is of type %s where the Parquet file has %s", c.name, a.DataType(), c.arrow)
		}
		if !c.optional && a.NullN() > 0 {
			return fmt.Errorf("column %q may not be NULL, and %d of its next %d values are", c.name, a.NullN(), a.Len())
		}
	}
	return nil
}

// submit sends the row group that has been filled on its way.
func (e *Encoder) submit(ctx context.Context) error {
	e.start(ctx)
	g := e.filling
	for len(e.onTheWay) > 0 && (len(e.onTheWay) >= e.slots || e.memory > 0 && e.bytesOnTheWay()+g.bytes > e.memory) {
		select {
		case done := <-e.finished:
			e.onTheWay = slices.DeleteFunc(e.onTheWay, func(x *rowGroup) bool { return x == done })
		case <-ctx.Done():
			return e.fail(context.Cause(ctx))
		case <-e.failed:
			return e.err
		}
	}
	e.filling = newRowGroup(len(e.columns))
	e.onTheWay = append(e.onTheWay, g)
	e.rows += int64(g.rows)
	e.ordered <- g
	for i := range e.columns {
		e.tasks <- columnTask{g, i}
	}
	return nil
}

func (e *Encoder) bytesOnTheWay() int64 {
	var n int64
	for _, g := range e.onTheWay {
		n += g.bytes
	}
	return n
}

// start starts the goroutines, once.
func (e *Encoder) start(ctx context.Context) {
	if e.started {
		return
	}
	e.started = true
	e.tasks = make(chan columnTask, e.slots*len(e.columns))
	e.ordered = make(chan *rowGroup, e.slots)
	e.finished = make(chan *rowGroup, e.slots)
	e.buffers = make(chan []byte, e.slots*len(e.columns))
	e.unwatch = context.AfterFunc(ctx, func() { e.fail(context.Cause(ctx)) })
	for range min(e.workers, e.slots*len(e.columns)) {
		e.wg.Go(e.encodeColumns)
	}
	e.wg.Go(e.writeGroups)
}

// encodeColumns is what each worker does.
func (e *Encoder) encodeColumns() {
	for {
		select {
		case <-e.failed:
			return
		case t, more := <-e.tasks:
			if !more {
				return
			}
			if err := e.encodeColumn(t); err != nil {
				e.fail(err)
				return
			}
		}
	}
}

func (e *Encoder) encodeColumn(t columnTask) error {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	var memory []byte
	select {
	case memory = <-e.buffers:
	default:
	}
	c, err := encodeChunk(s, &e.columns[t.column], &e.options, e.bloomed[t.column], t.group.arrays[t.column], memory)
	if err != nil {
		return err
	}
	t.group.chunks[t.column] = c
	t.group.releaseColumn(t.column)
	if t.group.left.Add(-1) == 0 {
		close(t.group.done)
	}
	return nil
}

// writeGroups is what the writer does.
func (e *Encoder) writeGroups() {
	for {
		var g *rowGroup
		var more bool
		select {
		case <-e.failed:
			return
		case g, more = <-e.ordered:
			if !more {
				return
			}
		}
		select {
		case <-e.failed:
			return
		case <-g.done:
		}
		if err := e.writeGroup(g); err != nil {
			e.fail(err)
			return
		}
		e.finished <- g
	}
}

// writeGroup appends a row group to the file: its column chunks, then their
// bloom filters.
func (e *Encoder) writeGroup(g *rowGroup) error {
	stored := storedGroup{rows: g.rows, offset: e.offset, chunks: make([]storedChunk, len(g.chunks))}
	for i := range g.chunks {
		c := &stored.chunks[i]
		c.chunk, c.offset = g.chunks[i], e.offset
		if err := e.write(c.data); err != nil {
			return err
		}
		select {
		case e.buffers <- c.data:
		default:
		}
		c.data = nil
	}
	for i := range stored.chunks {
		c := &stored.chunks[i]
		if c.bloom == nil {
			continue
		}
		c.bloomOffset = e.offset
		b := appendBloom(nil, c.bloom)
		if err := e.write(b); err != nil {
			return err
		}
		c.bloomBytes, c.bloom = int64(len(b)), nil
	}
	e.groups = append(e.groups, stored)
	return nil
}

// write appends bytes to the file. It is called by one goroutine at a time: by
// NewEncoder, then by the writer, then by Close.
func (e *Encoder) write(b []byte) error {
	n, err := e.w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("writing the Parquet file at byte %d: %w", e.offset+int64(n), err)
	}
	e.offset += int64(n)
	return nil
}

// fail remembers the first error, tells all goroutines to end, and returns the
// first error.
func (e *Encoder) fail(err error) error {
	e.failure.Do(func() {
		e.err = err
		close(e.failed)
	})
	return e.err
}

// Close writes what is left: the last row group, the page index, the footer. It
// returns the number of rows in the file. After an error the file is not to be
// used. Calling it again returns an error.
func (e *Encoder) Close(ctx context.Context) (rows int64, err error) {
	if err := e.usable(ctx); err != nil {
		e.Abort()
		return 0, err
	}
	defer e.Abort() // gives everything back; nothing is left to give up
	if e.filling.rows > 0 {
		if err := e.submit(ctx); err != nil {
			return 0, err
		}
	}
	if e.started {
		stop := context.AfterFunc(ctx, func() { e.fail(context.Cause(ctx)) })
		close(e.tasks)
		close(e.ordered)
		e.wg.Wait()
		stop()
	}
	e.closed = true
	select {
	case <-e.failed:
		return 0, e.err
	default:
	}
	if err := e.finish(); err != nil {
		return 0, e.fail(err)
	}
	return e.rows, nil
}

// finish writes what comes after the row groups.
func (e *Encoder) finish() error {
	var b []byte
	start := e.offset
	for i := range e.groups {
		for j := range e.groups[i].chunks {
			c := &e.groups[i].chunks[j]
			if !c.indexed() {
				continue
			}
			at := len(b)
			b = c.appendColumnIndex(b, e.columns[j].order)
			c.columnIndexOffset, c.columnIndexBytes = start+int64(at), len(b)-at
		}
	}
	for i := range e.groups {
		for j := range e.groups[i].chunks {
			c := &e.groups[i].chunks[j]
			at := len(b)
			b = c.appendOffsetIndex(b)
			c.offsetIndexAt, c.offsetIndexLen = start+int64(at), len(b)-at
		}
	}
	at := len(b)
	b = appendFooter(b, e.columns, &e.options, e.groups)
	b, err := appendEnd(b, len(b)-at)
	if err != nil {
		return err
	}
	return e.write(b)
}

// Abort ends all goroutines and gives all memory back. The file is not to be
// used unless Close has succeeded before, in which case Abort does nothing.
func (e *Encoder) Abort() {
	e.closed = true
	e.fail(errAborted)
	e.wg.Wait()
	if e.unwatch != nil {
		e.unwatch()
	}
	for _, g := range e.onTheWay {
		g.release()
	}
	e.onTheWay = nil
	e.filling.release()
}
