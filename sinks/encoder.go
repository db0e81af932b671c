package sinks

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/sinks/arrowipc"
	"csvloom/sinks/parquet"
	"csvloom/sinks/text"
)

// Encoder turns records into the bytes of one format. Call order: Write any
// number of times, then Close or Abort.
type Encoder interface {
	// Write appends the rows of rec, whose columns are those of the schema
	// the encoder was made for. The caller keeps rec.
	Write(ctx context.Context, rec arrow.Record) error
	// Close completes the output and returns the number of rows in it. It
	// does not close the writer below. All goroutines have ended.
	Close(ctx context.Context) (rows int64, err error)
	// Abort ends all goroutines and gives memory back. It does nothing after
	// Close.
	Abort()
}

// newEncoder returns the encoder of the sink's format, writing to w.
func (s *Sink) newEncoder(w io.Writer, schema *arrow.Schema, t *pipeline.Task) (Encoder, error) {
	switch s.o.Format {
	case Parquet:
		return keep(parquet.NewEncoder(w, schema, s.o.Parquet, t))
	case ArrowFile, ArrowStream:
		o := s.o.Arrow
		o.Stream = s.o.Format == ArrowStream
		return keep(arrowipc.NewEncoder(w, schema, o, t))
	case CSV, TSV:
		return keep(text.NewCSV(w, schema, s.o.CSV, t))
	case JSONLines:
		return keep(text.NewJSONLines(w, schema, t))
	case Table:
		return keep(text.NewTable(w, schema, s.o.Table))
	}
	return nil, fmt.Errorf("nothing writes the format %s", s.o.Format)
}

// keep makes an interface of an encoder, and no interface of none.
func keep[E Encoder](e E, err error) (Encoder, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

// unverified is what readBack returns for formats that are for people.
const unverified = -1

// readBack reads what was written and returns the number of rows found.
func (s *Sink) readBack(r io.ReaderAt, sizeBytes int64) (rows int64, err error) {
	switch s.o.Format {
	case Parquet:
		return parquet.Verify(r, sizeBytes)
	case ArrowFile:
		return arrowipc.VerifyFile(r, sizeBytes)
	case ArrowStream:
		return arrowipc.VerifyStream(r, sizeBytes)
	case Table:
		return unverified, nil
	}
	lines, err := decompressed(io.NewSectionReader(r, 0, sizeBytes), s.o.Compression)
	if err != nil {
		return 0, err
	}
	defer lines.Close()
	if s.o.Format == JSONLines {
		return text.VerifyJSONLines(lines)
	}
	return text.VerifyCSV(lines, s.o.CSV)
}
