package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"sync/atomic"

	"csvloom/pipeline"

	"github.com/apache/arrow/go/v17/arrow"
)

// Source reads CSV inputs as one table. Columns are matched by name: the
// schema has the columns of the first input, then those that later ones add.
type Source struct {
	inputs    []Input
	options   Options
	settings  *settings
	files     []*file
	schema    *arrow.Schema
	types     []columnType
	coded     []atomic.Bool  // by column: whether its values come up often enough to be coded
	place     map[string]int // of the columns in schema
	evidence  []evidence     // by column, of all files together
	origins   []TypeOrigin   // by column
	ignored   map[string]bool
	relearned bool
	widened   []string
	notes     []string
	warnings  []string
	buffers   bufferPool
}

// NewSource returns a Source. Mistakes in the options are a
// [pipeline.UsageError].
func NewSource(inputs []Input, o Options) (*Source, error) {
	s, err := o.settings(len(inputs))
	if err != nil {
		return nil, &pipeline.UsageError{Err: err}
	}
	return &Source{inputs: inputs, options: o, settings: s}, nil
}

// Notes are remarks for the user about what Schema decided, in input order.
func (s *Source) Notes() []string { return s.notes }

// Warnings are about headers that differ where [Drift] says to warn of it.
func (s *Source) Warnings() []string { return s.warnings }

// keptBytesMax bounds the text of small files that Schema keeps so that they
// need not be opened again; it keeps no more than a worker's share of memory.
const keptBytesMax = 96 << 20

// Schema looks at every input, on t.Workers goroutines, and decides on names
// and types. It does so once.
func (s *Source) Schema(ctx context.Context, t *pipeline.Task) (*arrow.Schema, error) {
	if s.schema != nil {
		return s.schema, nil
	}
	files := make([]*file, len(s.inputs))
	errs := make([]error, len(s.inputs))
	var next, kept atomic.Int64
	keep := int64(keptBytesMax)
	if t.MemoryBytes > 0 {
		keep = min(keep, t.MemoryBytes)
	}
	shared := &probing{buffers: &s.buffers}
	var wait sync.WaitGroup
	for range min(t.Workers, len(s.inputs)) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(s.inputs) || ctx.Err() != nil {
					return
				}
				f, err := probe(ctx, s.inputs[i], s.settings, shared)
				if err == nil && f.content != nil && kept.Add(int64(len(f.content))) > keep {
					f.content = nil
				}
				files[i], errs[i] = f, err
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	for i, err := range errs {
		if err != nil && s.options.Unreadable != nil {
			err = s.options.Unreadable(i, err)
		}
		if err != nil {
			return nil, err
		}
		if files[i] == nil {
			files[i] = &file{input: s.inputs[i], skipped: true}
		}
	}
	s.files = files
	s.tellDialects()
	if err := s.bindNames(); err != nil {
		return nil, err
	}
	schema, err := s.unite()
	if err != nil {
		return nil, err
	}
	s.schema = schema
	if s.warnings, err = s.CheckDrift(ctx, t, s.options.Drift); err != nil {
		s.schema = nil
		return nil, err
	}
	return schema, nil
}

// Inputs yields the files in order.
func (s *Source) Inputs(ctx context.Context, want pipeline.Want) iter.Seq2[pipeline.Input, error] {
	return func(yield func(pipeline.Input, error) bool) {
		schema, at := s.project(want.Columns)
		var first *arrow.Schema
		if want.First != nil {
			first = subset(schema, want.First)
		}
		for _, f := range s.files {
			if f.skipped {
				continue
			}
			l := &layout{
				name: f.input.Name, dialect: f.dialect, width: len(f.names),
				rowBytesMax: s.settings.RowBytesMax, onError: s.settings.OnError, account: s.settings.Account, partial: want.Partial,
				departures: &f.departures, nulls: s.settings.nulls, schema: schema, first: first,
			}
			place := make(map[string]int, len(f.names))
			for i, n := range f.names {
				place[n] = i
			}
			for _, i := range at {
				name := s.schema.Field(i).Name
				c := layoutColumn{name: name, field: s.fieldOf(i, place), first: want.First[name], columnType: s.types[i]}
				if want.Coded[name] {
					c.coded = &s.coded[i]
				}
				l.columns = append(l.columns, c)
			}
			if !yield(&reading{s, f, l}, nil) {
				return
			}
		}
	}
}

// project returns the schema of the wanted columns and their places in s.schema.
func (s *Source) project(columns []string) (*arrow.Schema, []int) {
	wanted := make(map[string]bool, len(columns))
	for _, c := range columns {
		wanted[c] = true
	}
	var fields []arrow.Field
	var at []int
	for i, f := range s.schema.Fields() {
		if wanted[f.Name] {
			fields = append(fields, f)
			at = append(at, i)
		}
	}
	return arrow.NewSchema(fields, nil), at
}

// subset returns the schema of some columns.
func subset(schema *arrow.Schema, of pipeline.Columns) *arrow.Schema {
	var fields []arrow.Field
	for _, f := range schema.Fields() {
		if of[f.Name] {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}

// reading is one file being read: a pipeline.Input.
type reading struct {
	source *Source
	file   *file
	layout *layout
}

func (r *reading) Name() string { return r.file.input.Name }

// Splits yields a small plain file as one split that the worker reads itself,
// and anything else block by block.
func (r *reading) Splits(ctx context.Context, _ *pipeline.Task) iter.Seq2[pipeline.Split, error] {
	return func(yield func(pipeline.Split, error) bool) {
		f, settings := r.file, r.source.settings
		if f.input.Again != nil {
			if f.names == nil {
				yield(nil, r.failed(errNoHeaderAgain))
				return
			}
			r.againSplits(ctx)(yield)
			return
		}
		if f.names == nil {
			return
		}
		if f.content != nil && len(f.content) <= settings.BlockBytes {
			yield(&split{reading: r, block: block{data: f.content[f.start:], offset: f.start, line: f.line}, shared: true}, nil)
			return
		}
		if f.plain && f.input.Path != "" && f.input.Bytes <= int64(settings.BlockBytes) {
			yield(&split{reading: r, whole: true}, nil)
			return
		}
		stream, err := r.open(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer stream.Close()
		c := cutter{
			dialect: &f.dialect, r: stream, blockBytes: settings.BlockBytes, rowBytesMax: settings.RowBytesMax, pass: settings.OnError != Fail,
			buffers: &r.source.buffers, offset: f.start, line: f.line,
		}
		defer func() { c.buffers.put(c.rest) }()
		for ctx.Err() == nil {
			b, err := c.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, r.failed(err))
				return
			}
			if !yield(&split{reading: r, block: b}, nil) {
				return
			}
		}
	}
}

// open opens the file behind its header.
func (r *reading) open(ctx context.Context) (io.ReadCloser, error) {
	f := r.file
	if f.content != nil {
		return io.NopCloser(bytes.NewReader(f.content[f.start:])), nil
	}
	stream, err := f.input.Open(ctx)
	if err != nil {
		return nil, err
	}
	if n, err := io.CopyN(io.Discard, stream, f.start); err != nil {
		stream.Close()
		if err == io.EOF {
			err = fmt.Errorf("the file ends after %d bytes, but its header ended at %d a moment ago: it has changed while being read", n, f.start)
		}
		return nil, r.failed(err)
	}
	if f.footer > 0 {
		return struct {
			io.Reader
			io.Closer
		}{f.withoutFooter(stream, r.source.settings), stream}, nil
	}
	return stream, nil
}

// failed says which file could not be read.
func (r *reading) failed(err error) error {
	var input *pipeline.InputError
	if errors.As(err, &input) {
		return err
	}
	return &pipeline.InputError{Pos: pipeline.Position{File: r.file.input.Name}, Err: err}
}

// split is a pipeline.Split: a block, or a whole small file.
type split struct {
	reading *reading
	block   block
	whole   bool // the file is still to be read
	shared  bool // block.data belongs to the source
}

// Decode implements pipeline.Split.
func (s *split) Decode(ctx context.Context, t *pipeline.Task) (pipeline.Batch, error) {
	return s.DecodeWhere(ctx, t, nil)
}

// DecodeWhere implements pipeline.FilteredSplit; without a filter it decodes
// all rows.
func (s *split) DecodeWhere(_ context.Context, t *pipeline.Task, filter pipeline.Apply) (pipeline.Batch, error) {
	if s.whole {
		if err := s.read(); err != nil {
			return pipeline.Batch{}, s.reading.failed(err)
		}
	}
	defer s.Discard()
	return s.reading.layout.decode(&s.block, t.Alloc, filter)
}

// read reads the whole file, which must be as large as it was when listed.
func (s *split) read() error {
	f := s.reading.file
	in, err := os.Open(f.input.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	buf := s.reading.source.buffers.get(int(f.input.Bytes) + 1)
	buf, err = fill(in, buf, int(f.input.Bytes)+1)
	if err != nil && err != io.EOF {
		return err
	}
	s.block = block{data: buf, line: f.line}
	if int64(len(buf)) != f.input.Bytes {
		return fmt.Errorf("the file has changed while being read: it had %d bytes when the run began", f.input.Bytes)
	}
	if info, err := in.Stat(); err == nil && !f.input.Modified.IsZero() && !info.ModTime().Equal(f.input.Modified) {
		return errors.New("the file has changed while being read: it was written to after the run began")
	}
	if f.input.Whole != nil {
		f.input.Whole(buf)
	}
	copy(buf, buf[f.start:])
	s.block.data = buf[:len(buf)-int(f.start)]
	s.block.offset = f.start
	if f.footer > 0 {
		if err := noFooter(f.input.Name, &f.dialect, s.block.data, f.footer); err != nil {
			return err
		}
		s.block.data = s.block.data[:tableEnd(&f.dialect, s.block.data, f.footer)]
	}
	return nil
}

// Discard implements pipeline.Split.
func (s *split) Discard() {
	if !s.shared {
		s.reading.source.buffers.putBlock(&s.block)
	}
	s.block.data = nil
}

// Describe returns a line about each input that is read: its name and how its
// fields are written. Schema must have been called.
func (s *Source) Describe() (lines []string) {
	for _, f := range s.files {
		switch {
		case f.skipped:
		case f.names == nil:
			lines = append(lines, f.input.Name+": empty")
		default:
			lines = append(lines, fmt.Sprintf("%s: delimiter %q, %s", f.input.Name, f.dialect.Delimiter, count(len(f.names), "column")))
		}
	}
	return lines
}
