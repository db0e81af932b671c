package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/sinks/arrowipc"
	"csvloom/sinks/internal/vfs"
	"csvloom/sinks/parquet"
	"csvloom/sinks/text"
)

// Options says where a result goes and in what form. The zero value prints CSV
// to Stdout.
type Options struct {
	// Path of the output file; "-" or empty means Stdout. A symbolic link is
	// followed: the file that it leads to is replaced, and the link stays.
	// Devices and FIFOs are written to as they are.
	Path string
	// Format of the output. Empty means what Path's extension says; on
	// Stdout, a table for a terminal and CSV for anything else.
	Format Format
	// Compression of a text format as a whole. Empty means what Path's
	// extension says, else none.
	Compression Compression
	// Overwrite allows an existing file to be replaced. It keeps its
	// permissions, not its owner.
	Overwrite bool
	// Partition, with columns, makes Path a directory of many files, and
	// Parquet the default of Format.
	Partition PartitionOptions

	// Stdout is where "-" writes to. It is not closed.
	Stdout io.Writer
	// StdoutIsTerminal says that a person is looking at Stdout.
	StdoutIsTerminal bool

	Parquet parquet.Options
	// Arrow says how both Arrow formats are written; which of the two is
	// said by Format.
	Arrow arrowipc.Options
	// CSV says how CSV and TSV are written; TSV has its own delimiter.
	CSV text.CSVOptions
	// Table says how tables are drawn.
	Table text.TableOptions

	fs vfs.FS // replaced by tests; nil means the real one
}

// stdoutName is what errors call Stdout.
const stdoutName = "standard output"

// Sink writes one output. It implements [pipeline.Sink].
type Sink struct {
	o      Options
	stdout bool
	target target // unless stdout

	// seen says that a run has failed, but only after it had written to what
	// cannot take it back. It must not start over there.
	seen atomic.Bool
}

// New returns a sink. It finds all mistakes that can be found before any work
// is done, as [pipeline.UsageError]: an unknown format or extension, a target
// that exists and may not be replaced or is a directory, a missing directory,
// impossible options.
func New(o Options) (*Sink, error) {
	s := &Sink{o: o}
	if s.o.fs == nil {
		s.o.fs = vfs.OS{}
	}
	switch o.Path {
	case "", "-", "/dev/stdout", "/dev/fd/1": // the last two would name the file behind a redirection
		s.stdout = true
	}
	if err := s.settleFormat(); err != nil {
		return nil, err
	}
	var errs []error
	if s.partitioned() {
		if s.stdout {
			return nil, pipeline.Usagef("partitions are written to a directory; name one with -o")
		}
		if s.o.Format == Table {
			return nil, &pipeline.UsageError{Err: errNoTable}
		}
		t, err := findDirectory(s.o.fs, o.Path, o.Overwrite)
		s.target = t
		errs = append(errs, err)
	} else if s.stdout {
		errs = append(errs, s.checkStdout())
	} else {
		t, err := findTarget(s.o.fs, o.Path, o.Overwrite)
		s.target = t
		errs = append(errs, err)
	}
	errs = append(errs, s.checkFormat(), o.Partition.validate())
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// settleFormat decides on format and compression.
func (s *Sink) settleFormat() error {
	o := &s.o
	var named Compression
	switch {
	case o.Format != "":
		f, err := ParseFormat(string(o.Format))
		if err != nil {
			return err
		}
		o.Format = f
		if !s.stdout && f.isText() {
			named = compressionByExtension(o.Path)
		}
	case !s.stdout:
		f, c, err := FormatByExtension(o.Path)
		if err != nil && s.partitioned() {
			f, c, err = Parquet, Uncompressed, nil // directories need no extension
		}
		if err != nil {
			return err
		}
		o.Format, named = f, c
	case o.StdoutIsTerminal:
		o.Format = Table
	default:
		o.Format = CSV
	}
	if o.Compression == "" {
		o.Compression = named
	}
	return nil
}

func (s *Sink) checkStdout() error {
	if s.o.Stdout == nil {
		return pipeline.Usagef("there is no standard output to write to; name an output file")
	}
	if s.o.StdoutIsTerminal && (!s.o.Format.isText() || s.o.Compression != Uncompressed && s.o.Compression != "") {
		return pipeline.Usagef("%s is not for reading on a terminal; name a file with -o, or redirect the output", s.o.Format)
	}
	return nil
}

func (s *Sink) checkFormat() error {
	var errs []error
	switch s.o.Compression {
	case "", Uncompressed, Gzip, Zstd:
	default:
		errs = append(errs, pipeline.Usagef("unknown compression %s; known are gzip, zstd, none", pipeline.Excerpt(string(s.o.Compression))))
	}
	switch s.o.Format {
	case CSV:
		errs = append(errs, s.o.CSV.Validate())
	case TSV:
		if s.o.CSV.Delimiter != 0 && s.o.CSV.Delimiter != '\t' {
			errs = append(errs, pipeline.Usagef("TSV is delimited by tabs, not by %q; choose the format csv", s.o.CSV.Delimiter))
		}
		s.o.CSV.Delimiter = '\t'
		errs = append(errs, s.o.CSV.Validate())
	case Table:
		errs = append(errs, s.o.Table.Validate())
	}
	if !s.o.Format.isText() && s.o.Compression != "" && s.o.Compression != Uncompressed {
		errs = append(errs, pipeline.Usagef("%s is compressed inside; leave --compression out and choose the codec by its own option", s.o.Format))
	}
	return errors.Join(errs...)
}

// Coded implements [pipeline.Coder]: a Parquet file takes strings in codes, which
// are most of the way to its dictionaries.
func (s *Sink) Coded(wanted pipeline.Columns) pipeline.Columns {
	if s.o.Format != Parquet || s.partitioned() {
		return nil
	}
	return wanted
}

// Format is the format the sink writes.
func (s *Sink) Format() Format { return s.o.Format }

// partitioned reports whether the output is a directory.
func (s *Sink) partitioned() bool { return len(s.o.Partition.By) > 0 }

// compression is that of the whole.
func (s *Sink) compression() Compression {
	if s.o.Compression == "" {
		return Uncompressed
	}
	return s.o.Compression
}

// extension is that of a file of the sink's format and compression.
func (s *Sink) extension() string {
	extension := "." + string(s.o.Format)
	for e, c := range compressionOfExtension {
		if c == s.o.Compression {
			extension += e
		}
	}
	return extension
}

// Begin implements [pipeline.Sink]. The Tx it returns is a [*Tx], or a
// [*PartitionTx] for an output that is a directory.
func (s *Sink) Begin(ctx context.Context, t *pipeline.Task, schema *arrow.Schema) (pipeline.Tx, error) {
	if s.partitioned() {
		return s.beginPartitioned(ctx, t, schema)
	}
	tx, err := s.begin(ctx, t, schema)
	if err != nil {
		return nil, err // not a nil *Tx within an interface
	}
	return tx, nil
}

func (s *Sink) begin(ctx context.Context, t *pipeline.Task, schema *arrow.Schema) (*Tx, error) {
	if err := s.checkSchema(schema); err != nil {
		return nil, err
	}
	if s.seen.Swap(false) {
		return nil, fmt.Errorf("%s: rows were written before a column turned out to be of another type than its sample had, and cannot be taken back; write to a file with -o, or say --infer full", s.name())
	}
	tx := &Tx{sink: s, schema: schema}
	tx.ctx, tx.cancel = context.WithCancelCause(ctx)
	if err := tx.begin(t); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// name is what errors call the output.
func (s *Sink) name() string {
	if s.stdout {
		return stdoutName
	}
	return s.target.name
}

// checkSchema finds what the format cannot hold before a file is made for it.
func (s *Sink) checkSchema(schema *arrow.Schema) error {
	var err error
	switch s.o.Format {
	case Parquet:
		err = s.o.Parquet.Validate(schema)
	case ArrowFile, ArrowStream:
		err = s.o.Arrow.Validate(schema)
	}
	// The text encoders look for themselves, and write nothing yet.
	if err != nil {
		return &pipeline.UsageError{Err: err}
	}
	return nil
}
