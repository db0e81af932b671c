package arrowipc

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
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
	batchTextBytes = 64 << 20
)

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

// messageWriter is what ipc.Writer and ipc.FileWriter have in common.
type messageWriter interface {
	Write(arrow.Record) error
	Close() error
}

// Encoder writes records as an Arrow IPC file or stream. It is used by one
// goroutine; compression may use more, which have ended when a call returns.
type Encoder struct {
	out   *position
	w     messageWriter
	batch *batch
	rows  int64
	err   error
}

// NewEncoder returns an encoder that writes rows of schema to w. It compresses
// on up to t.Workers goroutines at a time.
func NewEncoder(w io.Writer, schema *arrow.Schema, o Options, t *pipeline.Task) (*Encoder, error) {
	if err := o.Validate(schema); err != nil {
		return nil, err
	}
	options := []ipc.Option{ipc.WithSchema(schema), ipc.WithAllocator(t.Alloc)}
	switch o.Compression {
	case "", Zstd:
		options = append(options, ipc.WithZstd())
	case LZ4:
		options = append(options, ipc.WithLZ4())
	}
	if workers := min(t.Workers, schema.NumFields()); workers > 1 && o.Compression != None {
		options = append(options, ipc.WithCompressConcurrency(workers))
	}
	e := &Encoder{out: &position{w: w}, batch: newBatch(schema)}
	if o.Stream {
		e.w = ipc.NewWriter(e.out, options...)
		return e, nil
	}
	file, err := ipc.NewFileWriter(e.out, options...)
	if err != nil {
		return nil, fmt.Errorf("starting an Arrow file: %w", err)
	}
	e.w = file
	return e, nil
}

// Write appends the rows of rec, whose columns must be those of the schema the
// encoder was made for. The caller keeps rec.
func (e *Encoder) Write(ctx context.Context, rec arrow.Record) error {
	rows := int(rec.NumRows())
	for from := 0; from < rows && e.err == nil; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n := e.batch.fits(rec, from)
		if n == 0 {
			e.flush()
			continue
		}
		e.batch.append(rec, from, n)
		from += n
		if e.batch.rows == e.batch.rowsMax {
			e.flush()
		}
	}
	return e.err
}

func (e *Encoder) flush() {
	if e.err != nil || e.batch.rows == 0 {
		return
	}
	rec := e.batch.record()
	defer rec.Release()
	e.err = e.settle(e.w.Write(rec))
	e.rows += int64(e.batch.rows)
	e.batch.reset()
}

// settle prefers the writer's own error to what arrow/ipc makes of it, which
// may be nothing.
func (e *Encoder) settle(err error) error {
	if e.out.err != nil {
		return e.out.err
	}
	return err
}

// Close writes what is left and the footer and returns the number of rows. It
// does not close the writer.
func (e *Encoder) Close(ctx context.Context) (rows int64, err error) {
	if err := context.Cause(ctx); err != nil {
		return e.rows, err
	}
	e.flush()
	if e.err == nil {
		e.err = e.settle(e.w.Close())
	}
	return e.rows, e.err
}

// Abort gives the encoder up. There is nothing to give back.
func (e *Encoder) Abort() {}

// position is the writer that arrow/ipc writes to: it knows where in the file
// it is, which the file format needs, and remembers its first error, which
// arrow/ipc may lose. After an error it takes nothing more.
type position struct {
	w     io.Writer
	bytes int64
	err   error
}

// Write implements [io.Writer].
func (p *position) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	p.bytes += int64(n)
	p.err = err
	return n, err
}

// Seek implements [io.Seeker] as far as ipc.FileWriter needs it: it tells the
// position and moves nowhere.
func (p *position) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset != 0 {
		return 0, errors.New("an output is written from start to end and cannot seek")
	}
	return p.bytes, nil
}
