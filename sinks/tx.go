package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
)

// bufferBytes gathers small writes of the encoders; large ones pass through.
const bufferBytes = 256 << 10

// Output describes an output that was published.
type Output struct {
	Path        string      // as the user gave it; "-" for standard output
	Format      Format      //
	Compression Compression // of the whole; Uncompressed for formats that compress inside
	Rows        int64       //
	Bytes       int64       // as stored
	// Digest is "xxh3-128:" and the XXH3 128-bit hash of the bytes, in hex
	// and big endian as `xxhsum -H2` prints it. Of a directory it is that of
	// its _csvloom.json, which has those of the files.
	Digest string
}

// Tx is one output being written, see [pipeline.Tx]. It is used by one
// goroutine.
//
// A reader of a pipe that goes away, such as `head`, is not an error: Write
// returns [pipeline.ErrStop], Commit and Rollback nil.
type Tx struct {
	sink   *Sink
	schema *arrow.Schema
	name   string // for errors
	pipe   bool   // the reader may go away

	// ctx lives from Begin to the end of Commit or Rollback. Encoders get it
	// instead of the context of a call, since their goroutines go on between
	// calls; while a call lasts, its context ends this one too.
	ctx    context.Context
	cancel context.CancelCauseFunc

	dest       destination
	tally      *tally
	buffer     *bufio.Writer
	compressor *compressor // nil where nothing is compressed
	encoder    Encoder     // nil when closed or aborted

	rows   int64
	state  txState
	output Output
}

type txState int

const (
	txOpen txState = iota
	txCommitted
	txRolledBack
)

// begin opens the destination and puts the chain of writers together, from
// there up.
func (tx *Tx) begin(t *pipeline.Task) error {
	if err := tx.openDestination(); err != nil {
		return err
	}
	tx.tally = newTally(tx.dest)
	tx.buffer = bufio.NewWriterSize(tx.tally, bufferBytes)
	var w io.Writer = tx.buffer
	tx.compressor = newCompressor(tx.ctx, tx.buffer, tx.sink.o.Compression, t)
	if tx.compressor != nil {
		w = tx.compressor
	}
	var err error
	tx.encoder, err = tx.sink.newEncoder(w, tx.schema, t)
	return err
}

func (tx *Tx) openDestination() error {
	s := tx.sink
	if s.stdout {
		tx.name, tx.pipe = stdoutName, true
		tx.dest = &direct{w: s.o.Stdout, name: stdoutName}
		return nil
	}
	tx.name, tx.pipe = s.target.name, s.target.pipe
	if s.target.special {
		d, err := openSpecial(tx.ctx, s.o.fs, s.target)
		if err != nil {
			return err
		}
		tx.dest = d
		return nil
	}
	d, err := stage(s.o.fs, s.target)
	if err != nil {
		return err
	}
	tx.dest = d
	return nil
}

// Write implements [pipeline.Tx].
func (tx *Tx) Write(ctx context.Context, b pipeline.Batch) error {
	defer b.Release()
	if tx.encoder == nil {
		return errors.New("a batch was written to an output that is done")
	}
	if err := tx.checkColumns(b.Record); err != nil {
		return err
	}
	rows := b.Record.NumRows()
	if rows == 0 {
		return nil
	}
	defer tx.watch(ctx)()
	if err := tx.explain(tx.encoder.Write(tx.ctx, b.Record)); err != nil {
		return err
	}
	tx.rows += rows
	return nil
}

// watch lets the context of a call end the output's for as long as the call
// lasts, until the function it returns is called.
func (tx *Tx) watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { tx.cancel(context.Cause(ctx)) })
}

// checkColumns holds a batch to the schema, or to what [Sink.Coded] allows in its
// place: the encoders rely on its types.
func (tx *Tx) checkColumns(rec arrow.Record) error {
	if int(rec.NumCols()) != tx.schema.NumFields() {
		return fmt.Errorf("%s: a batch has %d columns instead of %d", tx.name, rec.NumCols(), tx.schema.NumFields())
	}
	for i, want := range tx.schema.Fields() {
		got := rec.Column(i).DataType()
		if got.ID() == arrow.DICTIONARY && tx.sink.o.Format == Parquet {
			continue // for its encoder to check
		}
		if !arrow.TypeEqual(got, want.Type) {
			return fmt.Errorf("%s: column %q of a batch is %s instead of %s", tx.name, want.Name, got, want.Type)
		}
	}
	return nil
}

// Commit implements [pipeline.Tx]. After an error the target is what it was
// before, but for one: when the file is in place and its directory cannot be
// synced to disk, the error says so.
func (tx *Tx) Commit(ctx context.Context) error {
	if tx.state != txOpen {
		return fmt.Errorf("%s: the output is done already", tx.name)
	}
	defer tx.watch(ctx)()
	err := tx.commit(ctx)
	if err == nil {
		tx.cancel(nil)
		tx.state = txCommitted
		tx.output = tx.describe()
		return nil
	}
	err = errors.Join(err, tx.Rollback())
	if errors.Is(err, pipeline.ErrStop) {
		tx.output = tx.describe()
		return nil
	}
	return err
}

func (tx *Tx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	rows, err := tx.encoder.Close(tx.ctx)
	tx.encoder = nil
	if err == nil && tx.compressor != nil {
		err = tx.compressor.Close()
	}
	if err == nil {
		err = tx.buffer.Flush()
	}
	// Also when err is nil: not every library tells of a failed write.
	if err := tx.explain(err); err != nil {
		return err
	}
	if rows != tx.rows {
		return fmt.Errorf("%s: %d rows were to be written, the encoder counts %d; nothing was published; please report this", tx.name, tx.rows, rows)
	}
	return tx.dest.publish(ctx, tx.tally.bytes, tx.verify)
}

// verify reads back what was written, before anybody else sees it.
func (tx *Tx) verify(r io.ReaderAt) error {
	rows, err := tx.sink.readBack(r, tx.tally.bytes)
	if err != nil {
		return fmt.Errorf("%s: reading back what was written, before publishing it: %w", tx.name, causeOf(err))
	}
	if rows != unverified && rows != tx.rows {
		return fmt.Errorf("%s: %d rows were written, %d are read back; nothing was published; please report this", tx.name, tx.rows, rows)
	}
	return nil
}

// explain returns the error behind err, or the one that err should have told
// of, by the name of the output.
func (tx *Tx) explain(err error) error {
	failed := tx.tally.failure()
	switch {
	case failed == nil && err == nil:
		return nil
	case failed == nil && tx.ctx.Err() != nil:
		return context.Cause(tx.ctx)
	case failed == nil:
		return fmt.Errorf("%s: %w", tx.name, err)
	case tx.pipe && readerIsGone(failed):
		return pipeline.ErrStop
	case tx.ctx.Err() != nil:
		return context.Cause(tx.ctx)
	}
	cause := causeOf(failed)
	advice := ""
	if errors.Is(cause, syscall.ENOSPC) {
		advice = "; free some space, or write elsewhere"
	}
	if s, ok := tx.dest.(*staged); ok && s.target.replace {
		advice += "; the previous file is left as it was"
	}
	return fmt.Errorf("%s: cannot write: %w%s", tx.name, cause, advice)
}

// readerIsGone reports whether a write failed because nothing reads the pipe
// any more.
func readerIsGone(err error) bool {
	for _, gone := range goneReader {
		if errors.Is(err, gone) {
			return true
		}
	}
	return errors.Is(err, io.ErrClosedPipe)
}

// Rollback implements [pipeline.Tx]. Its error names the temporary file that
// could not be removed.
func (tx *Tx) Rollback() error {
	if tx.state != txOpen {
		return nil
	}
	tx.state = txRolledBack
	defer tx.cancel(nil)
	if tx.encoder != nil {
		tx.encoder.Abort()
		tx.encoder = nil
	}
	if tx.compressor != nil {
		tx.compressor.abort()
	}
	if tx.dest == nil {
		return nil
	}
	if _, ok := tx.dest.(*direct); ok && tx.tally != nil && tx.tally.bytes > 0 {
		tx.sink.seen.Store(true)
	}
	return tx.dest.discard()
}

// Output describes what was published; after a reader went away, what was
// written until then. It is zero before Commit has succeeded.
func (tx *Tx) Output() Output { return tx.output }

func (tx *Tx) describe() Output {
	path := tx.sink.o.Path
	if tx.sink.stdout {
		path = "-"
	}
	return Output{
		Path:        path,
		Format:      tx.sink.o.Format,
		Compression: tx.sink.compression(),
		Rows:        tx.rows,
		Bytes:       tx.tally.bytes,
		Digest:      tx.tally.sum(),
	}
}
