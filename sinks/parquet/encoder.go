package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// Encoder writes one Parquet file. Its methods are called from one goroutine:
// Write any number of times, then Close or Abort.
//
// Rows are gathered into strips of a few pages on the caller's goroutine. From
// the first full strip on there are
//
//   - Task.Workers goroutines that encode, each one column of a strip at a time
//     (encodeStrips in lane.go), and
//   - one that writes row groups in order as they are done (writeGroups).
//
// Four channels join them: ready and ordered, which Write fills, and finished
// and written, by which it learns what is off its hands. Each has room for
// all there may be, so that no send blocks. All goroutines have ended when
// Close or Abort returns; they also end when ctx is done or a write fails.
//
// Memory: besides the strip being gathered there are at most 2*workers+2 on their
// way, and together they hold at most stripsBytesMax of values, or
// Task.MemoryBytes if that is less, unless a single one exceeds it. A row
// group that is being filled, and at most one other that is not written yet, are
// kept in encoded form. Each column has a dictionary; what those may take is
// bounded by dictionariesBytesMax. The page index, about 100 bytes a page, is
// kept until Close.
type Encoder struct {
	w       io.Writer
	alloc   memory.Allocator // of encoded pages
	columns []column
	options Options
	lanes   []*lane
	workers int

	rowsPerStrip int
	group        *rowGroup // being filled
	strip        *strip    // the same
	rows         int64
	closed       bool

	started       bool
	places        int   // strips that may be on their way
	bytesMax      int64 // of their values
	bytesOnTheWay int64
	onTheWay      []*strip
	unwritten     []*rowGroup // with at least one strip submitted
	ready         chan *lane
	ordered       chan *rowGroup
	finished      chan *strip
	written       chan *rowGroup
	unwatch       func() bool // stops watching ctx
	wg            sync.WaitGroup

	failure sync.Once
	failed  chan struct{} // closed after err is set
	err     error

	// Of the writer, then of Close.
	offset int64
	groups []storedGroup
}

const (
	// stripsBytesMax bounds the values of the strips on their way. The rows
	// of a few megabytes keep all workers busy.
	stripsBytesMax = 24 << 20
	// groupsMax is how many row groups may be unwritten when one more is begun.
	groupsMax = 1
)

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
		alloc:   allocatorOf(t),
		workers: max(1, t.Workers),
		failed:  make(chan struct{}),
	}
	for i := range columns {
		e.lanes = append(e.lanes, newLane(&e.columns[i], i, &e.options, len(columns)))
	}
	e.rowsPerStrip = e.options.stripRows()
	e.places = 2*e.workers + 2
	e.bytesMax = stripsBytesMax
	if t.MemoryBytes > 0 {
		e.bytesMax = min(e.bytesMax, t.MemoryBytes)
	}
	e.group = newRowGroup(len(columns))
	e.strip = newStrip(e.group)
	if err := e.write([]byte(magic)); err != nil {
		return nil, err
	}
	return e, nil
}

// allocatorOf returns where encoded pages are kept.
func allocatorOf(t *pipeline.Task) memory.Allocator {
	if t.Alloc != nil {
		return t.Alloc
	}
	return memory.DefaultAllocator
}

// Write adds the rows of rec, whose schema is that of the encoder, but that
// columns of strings may come as [pipeline.Coded]. It
// does not take rec over and retains what it needs. It waits while too many
// rows are on their way. The first error is returned by every later call; after
// one only Abort remains to be called.
//
// The ctx of the first Write that fills a strip also governs the encoder's
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
		g, t := e.group, e.strip
		wanted := min(high-low, e.options.RowGroupRows-g.rows, e.rowsPerStrip-t.rows)
		n := sizes.fitting(low, low+wanted, e.options.RowGroupBytes-g.bytes)
		if n == 0 && g.rows == 0 {
			n = 1 // a row that is larger than a row group should be
		}
		if n > 0 {
			size := sizes.bytes(low, low+n)
			t.add(rec, low, low+n)
			t.bytes += size
			g.rows += n
			g.bytes += size
			low += n
		}
		last := n < wanted || g.rows == e.options.RowGroupRows
		if last || t.rows == e.rowsPerStrip {
			if err := e.submit(ctx, last); err != nil {
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
		if !arrow.TypeEqual(a.DataType(), c.arrow) && !(c.annotation == annotationString && arrow.TypeEqual(a.DataType(), pipeline.Coded)) {
			return fmt.Errorf("column %q of a batch is of type %s where the Parquet file has %s", c.name, a.DataType(), c.arrow)
		}
		if !c.optional && a.NullN() > 0 {
			return fmt.Errorf("column %q may not be NULL, and %d of its next %d values are", c.name, a.NullN(), a.Len())
		}
	}
	return nil
}

// submit sends the strip that has been filled on its way.
func (e *Encoder) submit(ctx context.Context, last bool) error {
	e.start(ctx)
	g, t := e.group, e.strip
	for g.strips == 0 && len(e.unwritten) > groupsMax ||
		len(e.onTheWay) >= e.places || len(e.onTheWay) > 0 && e.bytesOnTheWay+t.bytes > e.bytesMax {
		if err := e.await(ctx); err != nil {
			return err
		}
	}
	t.last, t.rowsExpected = last, g.rows
	if !last {
		expected := e.options.RowGroupRows
		if byBytes := float64(e.options.RowGroupBytes) / float64(g.bytes) * float64(g.rows); byBytes < float64(expected) {
			expected = max(g.rows, int(byBytes))
		}
		t.rowsExpected = expected
	}
	if g.strips == 0 {
		e.unwritten = append(e.unwritten, g)
		e.ordered <- g
	}
	g.strips++
	g.left.Add(int64(len(e.lanes)))
	e.rows += int64(t.rows)
	e.onTheWay = append(e.onTheWay, t)
	e.bytesOnTheWay += t.bytes
	for _, l := range e.lanes {
		if l.add(t) {
			e.ready <- l
		}
	}
	if last {
		g.finish(1)
		e.group = newRowGroup(len(e.lanes))
	}
	e.strip = newStrip(e.group)
	return nil
}

// await waits until a strip has been encoded or a row group written.
func (e *Encoder) await(ctx context.Context) error {
	select {
	case done := <-e.finished:
		e.onTheWay = slices.DeleteFunc(e.onTheWay, func(t *strip) bool { return t == done })
		e.bytesOnTheWay -= done.bytes
	case done := <-e.written:
		e.unwritten = slices.DeleteFunc(e.unwritten, func(g *rowGroup) bool { return g == done })
	case <-ctx.Done():
		return e.fail(context.Cause(ctx))
	case <-e.failed:
		return e.err
	}
	return nil
}

// start starts the goroutines, once.
func (e *Encoder) start(ctx context.Context) {
	if e.started {
		return
	}
	e.started = true
	e.ready = make(chan *lane, len(e.lanes))
	e.ordered = make(chan *rowGroup, groupsMax+1)
	e.finished = make(chan *strip, e.places)
	e.written = make(chan *rowGroup, groupsMax+1)
	e.unwatch = context.AfterFunc(ctx, func() { e.fail(context.Cause(ctx)) })
	for range e.workers {
		e.wg.Go(e.encodeStrips)
	}
	e.wg.Go(e.writeGroups)
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
		e.written <- g
	}
}

// writeGroup appends a row group to the file: its column chunks, then their
// bloom filters.
func (e *Encoder) writeGroup(g *rowGroup) error {
	stored := storedGroup{rows: g.rows, offset: e.offset, chunks: make([]storedChunk, len(g.chunks))}
	for i := range g.chunks {
		from, c := &g.chunks[i], &stored.chunks[i]
		from.assemble(g.rows, e.columns[i].order)
		c.offset = e.offset
		for _, b := range from.stored {
			if err := e.write(b); err != nil {
				return err
			}
		}
		from.release(e.alloc)
		c.chunk = *from
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
	if e.group.rows > 0 {
		if err := e.submit(ctx, true); err != nil {
			return 0, err
		}
	}
	if e.started {
		for len(e.unwritten) > 0 {
			if err := e.await(ctx); err != nil {
				return 0, err
			}
		}
		close(e.ready)
		close(e.ordered)
		e.wg.Wait()
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
	for _, t := range e.onTheWay {
		t.release()
	}
	e.strip.release()
	for _, g := range e.unwritten {
		for i := range g.chunks {
			g.chunks[i].abandon(e.alloc)
		}
	}
	e.onTheWay, e.unwritten = nil, nil
}
