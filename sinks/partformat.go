package sinks

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/sinks/arrowipc"
	"csvloom/sinks/parquet"
	"csvloom/sinks/text"
)

// partFormat encodes runs of rows for many files of one schema. It is safe for
// concurrent use.
type partFormat interface {
	// limits are how many rows, and bytes of values, a run should have at most.
	limits() (rows int, bytes int64)
	// run prepares the rows of some records, one at least, to be encoded, and
	// retains them until they are. first says that they start their file.
	run(recs []arrow.Record, first bool) partRun
	// file starts a file.
	file() partFile
}

// partRun is rows on their way into a file. Call order: encode once for each
// part, on any goroutines; then it is appended to its file. release gives back,
// at any time, the rows that are still held.
type partRun interface {
	parts() int
	encode(ctx context.Context, part int) error
	release()
}

// partFile is a file being written, a run at a time. It is used by one
// goroutine at a time.
type partFile interface {
	append(w io.Writer, r partRun) error
	// close writes the end of the file; at least one run has been appended.
	close(w io.Writer) (rows int64, err error)
}

// newPartFormat returns the sink's format for files of schema.
func (s *Sink) newPartFormat(schema *arrow.Schema, t *pipeline.Task) (partFormat, error) {
	switch s.o.Format {
	case Parquet:
		g, err := parquet.NewGroups(schema, s.o.Parquet, t)
		return parquetParts{g}, err
	case ArrowFile, ArrowStream:
		o := s.o.Arrow
		o.Stream = s.o.Format == ArrowStream
		a, err := arrowipc.NewApart(schema, o, t)
		return arrowParts{a}, err
	}
	// Only to find mistakes: whoever encodes text makes an encoder for a run.
	e, err := s.newEncoder(io.Discard, schema, t)
	if err != nil {
		return nil, err
	}
	e.Abort()
	return &textParts{s, schema, pipeline.Task{Alloc: t.Alloc, Workers: 1}}, nil
}

type parquetParts struct{ groups *parquet.Groups }

func (p parquetParts) limits() (int, int64) { return p.groups.RowsMax(), p.groups.BytesMax() }
func (p parquetParts) file() partFile       { return parquetPart{p.groups.NewFile()} }
func (p parquetParts) run(recs []arrow.Record, _ bool) partRun {
	return parquetRun{p.groups.NewGroup(recs)}
}

type parquetRun struct{ group *parquet.Group }

func (r parquetRun) parts() int                               { return r.group.Parts() }
func (r parquetRun) encode(_ context.Context, part int) error { return r.group.Encode(part) }
func (r parquetRun) release()                                 { r.group.Release() }

type parquetPart struct{ file *parquet.GroupFile }

func (p parquetPart) append(w io.Writer, r partRun) error {
	return p.file.Append(w, r.(parquetRun).group)
}
func (p parquetPart) close(w io.Writer) (int64, error) { return p.file.Close(w) }

// heldRows are the rows of a run that is encoded in one piece.
type heldRows struct{ recs []arrow.Record }

func hold(recs []arrow.Record) heldRows {
	for _, rec := range recs {
		rec.Retain()
	}
	return heldRows{recs}
}

func (h *heldRows) parts() int { return 1 }

func (h *heldRows) release() {
	for _, rec := range h.recs {
		rec.Release()
	}
	h.recs = nil
}

type arrowParts struct{ apart *arrowipc.Apart }

func (p arrowParts) limits() (int, int64) { return p.apart.RowsMax(), p.apart.BytesMax() }
func (p arrowParts) file() partFile       { return arrowPart{p.apart.NewFile()} }
func (p arrowParts) run(recs []arrow.Record, _ bool) partRun {
	return &arrowRun{heldRows: hold(recs), apart: p.apart}
}

type arrowRun struct {
	heldRows
	apart   *arrowipc.Apart
	batches *arrowipc.Batches
}

func (r *arrowRun) encode(context.Context, int) (err error) {
	r.batches, err = r.apart.Encode(r.recs)
	r.release()
	return err
}

type arrowPart struct{ file *arrowipc.ApartFile }

func (p arrowPart) append(w io.Writer, r partRun) error {
	return p.file.Append(w, r.(*arrowRun).batches)
}
func (p arrowPart) close(w io.Writer) (int64, error) { return p.file.Close(w) }

// A run of text has at most so many rows and bytes of values: more make nothing
// smaller, and the text is in memory as a whole.
const (
	textRunRows  = 64 << 10
	textRunBytes = 8 << 20
)

type textParts struct {
	sink   *Sink
	schema *arrow.Schema
	task   pipeline.Task // with one worker: there are as many runs on the way as workers
}

func (p *textParts) limits() (int, int64) { return textRunRows, textRunBytes }
func (p *textParts) file() partFile       { return &textPart{compression: p.sink.o.Compression} }
func (p *textParts) run(recs []arrow.Record, first bool) partRun {
	return &textRun{heldRows: hold(recs), of: p, first: first}
}

type textRun struct {
	heldRows
	of    *textParts
	first bool // in its file: with the header
	text  bytes.Buffer
	rows  int64
}

func (r *textRun) encode(ctx context.Context, _ int) (err error) {
	defer r.release()
	s := r.of.sink
	var w io.Writer = &r.text
	c := newCompressor(ctx, w, s.o.Compression, &r.of.task)
	if c != nil {
		c.end = nil // is the file's
		defer c.abort()
		w = c
	}
	e, err := r.encoder(w)
	if err != nil {
		return err
	}
	defer e.Abort()
	for _, rec := range r.recs {
		if err := e.Write(ctx, rec); err != nil {
			return err
		}
	}
	if r.rows, err = e.Close(ctx); err == nil && c != nil {
		err = c.Close()
	}
	return err
}

func (r *textRun) encoder(w io.Writer) (*text.Encoder, error) {
	s := r.of.sink
	if s.o.Format == JSONLines {
		return text.NewJSONLines(w, r.of.schema, &r.of.task)
	}
	o := s.o.CSV
	o.NoHeader = o.NoHeader || !r.first
	return text.NewCSV(w, r.of.schema, o, &r.of.task)
}

type textPart struct {
	compression Compression
	rows        int64
}

func (p *textPart) append(w io.Writer, r partRun) error {
	run := r.(*textRun)
	p.rows += run.rows
	n, err := w.Write(run.text.Bytes())
	if err == nil && n < run.text.Len() {
		err = io.ErrShortWrite
	}
	run.text = bytes.Buffer{}
	return err
}

func (p *textPart) close(w io.Writer) (rows int64, err error) {
	if p.compression == Gzip {
		_, err = w.Write(bgzfEnd)
	}
	return p.rows, err
}

// errNoTable says why tables are not written into directories.
var errNoTable = errors.New("tables are for people to look at; partitions are written as parquet, arrow, arrows, csv, tsv or jsonl")
