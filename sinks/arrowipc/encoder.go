package arrowipc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/sinks/internal/ordered"
)

// Compression is the codec that each buffer of a batch is compressed with.
type Compression string

// The codecs of the format. LZ4 is its frame format.
const (
	Zstd Compression = "zstd"
	LZ4  Compression = "lz4"
	None Compression = "none"
)

// Options says how Arrow IPC is written.
type Options struct {
	// Compression of the buffers; empty means zstd.
	Compression Compression
	// Stream writes the stream format instead of the file format.
	Stream bool
}

// Batches are cut after rowsPerBatch rows, or before the row with which the
// strings of a batch would exceed batchTextBytes; a longer row is a batch by
// itself. The first makes batches large enough to compress well and small
// enough to be read piece by piece, the second bounds memory.
const (
	rowsPerBatch   = 64 << 10
	batchTextBytes = 16 << 20
)

// bytesKept bounds the memory for a stored batch that is kept for the next one.
const bytesKept = 4 * batchTextBytes

// Validate returns a [pipeline.UsageError] for what is not possible.
func (o Options) Validate(schema *arrow.Schema) error {
	var errs []error
	switch o.Compression {
	case "", Zstd, LZ4, None:
	default:
		errs = append(errs, pipeline.Usagef("unknown Arrow compression %s; known are zstd, lz4, none", pipeline.Excerpt(string(o.Compression))))
	}
	if schema.NumFields() == 0 {
		errs = append(errs, pipeline.Usagef("there are no columns to write as Arrow; select at least one"))
	}
	for _, f := range schema.Fields() {
		if newColumn(f.Type) == nil {
			errs = append(errs, pipeline.Usagef("column %q: %s cannot be stored; CAST it to VARCHAR or leave it out", f.Name, sqltype.Name(f.Type)))
		}
	}
	return errors.Join(errs...)
}

// Encoder writes records as an Arrow IPC file or stream. Its methods are called
// from one goroutine: Write any number of times, then Close or Abort.
//
// Rows are copied into batches on the caller's goroutine. Up to Task.Workers
// goroutines compress batches, each one at a time, and another one writes them
// in order, see [ordered.Pool]. All of them have ended when Close or Abort
// returns.
type Encoder struct {
	w            io.Writer
	schema       *arrow.Schema
	options      Options
	rowsMax      int // of a batch
	textBytesMax int

	pool    *ordered.Pool[*pendingBatch]
	filling *pendingBatch // nil when there is none

	// Of the emitter, then of Close.
	start  []byte // what comes before the first batch; nil when written
	footer []byte // of a file without batches
	offset int64
	blocks []block
	rows   int64
}

// pendingBatch is a batch on its way into the output. Its memory is used again.
type pendingBatch struct {
	batch   *batch
	buffers [][]byte // of batch
	meta    batchMessage
	bytes   []byte // metadata and body, as they are stored
	body    int    // where in bytes the body starts
}

// NewEncoder returns an encoder that writes rows of schema to w. Nothing is
// written before the first batch is full, or Close.
func NewEncoder(w io.Writer, schema *arrow.Schema, o Options, t *pipeline.Task) (*Encoder, error) {
	if err := o.Validate(schema); err != nil {
		return nil, err
	}
	if o.Compression == "" {
		o.Compression = Zstd
	}
	e := &Encoder{w: w, schema: schema, options: o, rowsMax: rowsPerBatch, textBytesMax: batchTextBytes}
	var err error
	if e.start, e.footer, err = frame(schema, o.Stream, t.Alloc); err != nil {
		return nil, err
	}
	e.pool = ordered.New(ordered.Stages[*pendingBatch]{
		New:  func() *pendingBatch { return &pendingBatch{batch: newBatch(schema, e.rowsMax, e.textBytesMax)} },
		Work: e.encode,
		Emit: e.emit,
	}, ordered.Limits{Workers: t.Workers, Bytes: t.MemoryBytes})
	return e, nil
}

// frame returns what stands before the batches and, of a file, its footer
// without any: arrow/ipc knows how to write schemas, so it is asked for an
// output without rows.
func frame(schema *arrow.Schema, stream bool, mem memory.Allocator) (start, footer []byte, err error) {
	var empty output
	options := []ipc.Option{ipc.WithSchema(schema), ipc.WithAllocator(mem)}
	if stream {
		if err := ipc.NewWriter(&empty, options...).Close(); err != nil {
			return nil, nil, fmt.Errorf("starting an Arrow stream: %w", err)
		}
		start, ok := bytes.CutSuffix(empty.Bytes(), streamEnd)
		if !ok {
			return nil, nil, errFrame
		}
		return start, nil, nil
	}
	w, err := ipc.NewFileWriter(&empty, options...)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("starting an Arrow file: %w", err)
	}
	all := empty.Bytes()
	end := len(all) - fileEndBytes
	if end < 0 {
		return nil, nil, errFrame
	}
	footerBytes := int(binary.LittleEndian.Uint32(all[end:]))
	if footerBytes > end {
		return nil, nil, errFrame
	}
	start, footer = all[:end-footerBytes], all[end-footerBytes:end]
	p := flat{b: footer}
	if _, ok := p.field(p.follow(0), footerBatches); !ok || p.err() != nil {
		return nil, nil, errFrame
	}
	return start, footer, nil
}

// streamEnd is the last message of a stream: one of no length.
var streamEnd = []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}

// errFrame says that arrow/ipc does not write what it is known to write.
var errFrame = errors.New("an empty Arrow output is not as expected; please report this")

// output is memory to write to. It tells ipc.FileWriter, which wants to know,
// how much was written.
type output struct{ bytes.Buffer }

// Seek implements [io.Seeker] as far as it is needed: it moves nowhere.
func (o *output) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset != 0 {
		return 0, errors.New("an output is written from start to end and cannot seek")
	}
	return int64(o.Len()), nil
}

// Write appends the rows of rec, whose columns must be those of the schema the
// encoder was made for. The caller keeps rec. It waits while too many batches
// are on their way. The first error, of any earlier rows too, is returned then
// and ever after.
//
// The ctx of the first Write that fills a batch also governs the encoder's
// goroutines.
func (e *Encoder) Write(ctx context.Context, rec arrow.Record) error {
	rows := int(rec.NumRows())
	for from := 0; from < rows; {
		var err error
		if e.filling, err = e.pool.Next(ctx); err != nil {
			return err
		}
		b := e.filling.batch
		n := b.fits(rec, from)
		if n > 0 {
			b.append(rec, from, n)
			from += n
		}
		if n == 0 || b.rows == b.rowsMax {
			e.submit(ctx)
		}
	}
	return e.pool.Err()
}

// submit sends the batch that has been filled on its way.
func (e *Encoder) submit(ctx context.Context) {
	m := e.filling
	e.filling = nil
	e.pool.Submit(ctx, m.describe(e.options.Compression))
}

// describe fills in what the metadata says of the batch that has been filled,
// and returns the number of bytes of its values.
func (m *pendingBatch) describe(codec Compression) (bytes int64) {
	m.buffers = m.buffers[:0]
	m.meta = batchMessage{rows: int64(m.batch.rows), nodes: m.meta.nodes[:0], buffers: m.meta.buffers[:0], compression: codec}
	for _, c := range m.batch.columns {
		m.buffers = c.buffers(m.buffers)
		m.meta.nodes = append(m.meta.nodes, fieldNode{rows: int64(m.batch.rows), nulls: int64(c.nulls())})
	}
	for _, b := range m.buffers {
		bytes += int64(len(b))
	}
	return bytes
}

// encode turns a batch into what is stored. It is called on any worker.
func (e *Encoder) encode(m *pendingBatch) error {
	c := compressors.Get().(*compressor)
	defer compressors.Put(c)
	// The metadata has the same length whatever it says, so that it can be
	// written last.
	m.body = metadataBytes(len(m.meta.nodes), len(m.buffers))
	b := append(m.bytes[:0], make([]byte, m.body)...)
	for _, buffer := range m.buffers {
		at := len(b)
		if len(buffer) > 0 {
			var err error
			if b, err = c.append(b, buffer, e.options.Compression); err != nil {
				return err
			}
		}
		m.meta.buffers = append(m.meta.buffers, bodyBuffer{offset: int64(at - m.body), bytes: int64(len(b) - at)})
		for len(b)%alignBytes != 0 {
			b = append(b, 0)
		}
	}
	m.meta.bodyBytes = int64(len(b) - m.body)
	m.meta.put(b[:m.body])
	m.bytes = b
	if m.batch.textBytes() > 2*e.textBytesMax { // a row longer than a batch
		m.batch = newBatch(e.schema, e.rowsMax, e.textBytesMax)
	} else {
		m.batch.reset()
	}
	return nil
}

// emit writes a batch.
func (e *Encoder) emit(m *pendingBatch) error {
	if err := e.begin(); err != nil {
		return err
	}
	if !e.options.Stream {
		e.blocks = append(e.blocks, block{offset: e.offset, metadataBytes: int64(m.body), bodyBytes: m.meta.bodyBytes})
	}
	if err := e.write(m.bytes); err != nil {
		return err
	}
	e.rows += m.meta.rows
	if cap(m.bytes) > bytesKept {
		m.bytes = nil
	}
	return nil
}

// begin writes what comes before the first batch, once.
func (e *Encoder) begin() error {
	start := e.start
	e.start = nil
	if start == nil {
		return nil
	}
	return e.write(start)
}

func (e *Encoder) write(b []byte) error {
	n, err := e.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	e.offset += int64(n)
	return err
}

// Close writes what is left and the footer and returns the number of rows. It
// does not close the writer. All goroutines have ended.
func (e *Encoder) Close(ctx context.Context) (rows int64, err error) {
	if e.filling != nil {
		e.submit(ctx)
	}
	if err := e.pool.Close(ctx); err != nil {
		return e.rows, err
	}
	if err := e.begin(); err != nil {
		return e.rows, err
	}
	return e.rows, e.write(e.end())
}

// end returns what comes behind the last batch.
func (e *Encoder) end() []byte {
	if e.options.Stream {
		return streamEnd
	}
	b := appendFooter(nil, e.footer, e.blocks)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return append(b, magic...)
}

// Abort gives the encoder up: all goroutines have ended when it returns. It
// does nothing after Close.
func (e *Encoder) Abort() {
	e.pool.Abort()
	e.filling = nil
}
