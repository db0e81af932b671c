package sinks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/sinks/internal/hive"
	"csvloom/sinks/internal/scatter"
	"csvloom/sinks/parquet"
)

// The defaults of [PartitionOptions].
const (
	DefaultPartitionsMax        = 10_000
	DefaultPartitionBufferBytes = 256 << 20
)

// PartitionOptions spread an output over a directory: the rows with one value
// of the columns By go to a file in a directory of their own, as Apache Hive has
// it, such as OUT/zone=12/part-0.parquet; see [hive.Directory] for the names.
// The columns By are left out of the files.
type PartitionOptions struct {
	// By names the columns, outermost first. Empty means that the output is
	// one file.
	By []string
	// Max is how many partitions there may be; 0 means DefaultPartitionsMax.
	Max int
	// BufferBytes is how many bytes of values, not encoded, wait for more
	// rows of their partitions; 0 means DefaultPartitionBufferBytes, or an
	// eighth of the run's memory, if that is less. Beyond that those of the
	// largest partitions are written, as row groups that are smaller than
	// they would be: the bytes of the output depend on it.
	BufferBytes int64

	strideRows int // replaced by tests; 0 means the constant
}

// withDefaults returns the options with every number filled in.
func (o PartitionOptions) withDefaults(t *pipeline.Task) PartitionOptions {
	if o.Max == 0 {
		o.Max = DefaultPartitionsMax
	}
	if o.BufferBytes == 0 {
		o.BufferBytes = DefaultPartitionBufferBytes
		if t.MemoryBytes > 0 {
			// A task has its worker's part of half of the memory, rounded;
			// a whole number of MiB does not show how many workers there are.
			quarter := t.MemoryBytes * int64(max(1, t.Workers)) / 4
			o.BufferBytes = min(o.BufferBytes, max(1, (quarter+1<<19)>>20)<<20)
		}
	}
	if o.strideRows == 0 {
		o.strideRows = strideRows
	}
	return o
}

// validate finds what can be found without knowing the columns.
func (o PartitionOptions) validate() error {
	var errs []error
	if o.Max < 0 || o.BufferBytes < 0 {
		errs = append(errs, pipeline.Usagef("the number of partitions and their memory: expected 1 or more"))
	}
	for i, name := range o.By {
		if slices.Contains(o.By[:i], name) {
			errs = append(errs, pipeline.Usagef("rows are to be partitioned by %q twice; name each column once", name))
		}
	}
	return errors.Join(errs...)
}

// partitioning is PartitionOptions bound to a schema.
type partitioning struct {
	names      []string      // of the key columns
	keys       []int         // indices of the key columns
	values     []int         // indices of all others
	schema     *arrow.Schema // of the others: what is in the files
	fixedBytes int64         // of a row of them, without texts
	texts      []int         // indices among the others of those of variable length
}

// bind finds the columns.
func (o PartitionOptions) bind(schema *arrow.Schema) (*partitioning, error) {
	p := &partitioning{names: o.By}
	var errs []error
	var all []string
	for _, f := range schema.Fields() {
		all = append(all, f.Name)
	}
	for _, name := range o.By {
		i := slices.Index(all, name)
		if i < 0 {
			errs = append(errs, pipeline.Usagef("--partition-by: there is no column %q in the result%s", name, didYouMean(sqltype.Suggest(name, all))))
			continue
		}
		p.keys = append(p.keys, i)
		if !partitionable(schema.Field(i).Type) {
			errs = append(errs, pipeline.Usagef("--partition-by: %s of column %q cannot be the name of a directory; CAST it to VARCHAR", sqltype.Name(schema.Field(i).Type), name))
		}
	}
	var fields []arrow.Field
	for i, f := range schema.Fields() {
		if slices.Contains(p.keys, i) {
			continue
		}
		p.values = append(p.values, i)
		fields = append(fields, f)
		if w, fixed := f.Type.(arrow.FixedWidthDataType); fixed {
			p.fixedBytes += int64(w.BitWidth()+7) / 8
		} else {
			p.fixedBytes += 4
			p.texts = append(p.texts, len(fields)-1)
		}
	}
	if len(fields) == 0 {
		errs = append(errs, pipeline.Usagef("--partition-by: no column is left to be written: the result has none but %s", strings.Join(o.By, ", ")))
	}
	p.schema = arrow.NewSchema(fields, nil)
	return p, errors.Join(errs...)
}

// partitionable reports whether scatter can number values of the type, and they
// have a text.
func partitionable(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BOOL, arrow.INT64, arrow.FLOAT64, arrow.DECIMAL128, arrow.DATE32, arrow.TIMESTAMP, arrow.TIME64, arrow.STRING:
		return true
	}
	return false
}

// directory returns the name of the directory of a row, with slashes.
func (p *partitioning) directory(rec arrow.Record, row int) (string, error) {
	var value []byte
	parts := make([]string, len(p.keys))
	for i, key := range p.keys {
		a := rec.Column(key)
		null := a.IsNull(row)
		if !null {
			value = sqltype.AppendValue(value[:0], a, row)
		}
		var err error
		if parts[i], err = hive.Directory(p.names[i], value, null); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "/"), nil
}

// project returns the value columns of a record, which are the caller's.
func (p *partitioning) project(rec arrow.Record) arrow.Record {
	columns := make([]arrow.Array, len(p.values))
	for i, c := range p.values {
		columns[i] = rec.Column(c)
	}
	return array.NewRecord(p.schema, columns, rec.NumRows())
}

// bytesOf returns how many bytes the values of rows of a record of p.schema take.
func (p *partitioning) bytesOf(piece scatter.Piece) int64 {
	bytes := p.fixedBytes * int64(piece.Rows())
	for _, c := range p.texts {
		bytes += textBytes(piece.Rec.Column(c), piece.From, piece.To)
	}
	return bytes
}

// textBytes returns how many bytes the texts of rows from to before to have.
func textBytes(a arrow.Array, from, to int) int64 {
	offsets := offsetsOf(a)
	if len(offsets) == 0 {
		return 0
	}
	return int64(offsets[to]) - int64(offsets[from])
}

// offsetsOf returns where the texts of an array start; nil when it is empty.
func offsetsOf(a arrow.Array) []int32 {
	d := a.Data()
	if d.Len() == 0 {
		return nil
	}
	return arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())[d.Offset():][:d.Len()+1]
}

// recordSizes tells how many bytes the values of the rows of a record take.
type recordSizes struct {
	fixedBytes int64
	offsets    [][]int32 // of the columns of variable length
}

func sizesOf(rec arrow.Record) (s recordSizes) {
	for _, a := range rec.Columns() {
		if w, fixed := a.DataType().(arrow.FixedWidthDataType); fixed {
			s.fixedBytes += int64(w.BitWidth()+7) / 8
			continue
		}
		s.fixedBytes += 4
		if offsets := offsetsOf(a); offsets != nil {
			s.offsets = append(s.offsets, offsets)
		}
	}
	return s
}

// bytes returns the size of the rows from low to before high.
func (s *recordSizes) bytes(low, high int) int64 {
	size := s.fixedBytes * int64(high-low)
	for _, offsets := range s.offsets {
		size += int64(offsets[high]) - int64(offsets[low])
	}
	return size
}

// fitting returns how many of the rows from low to before high fit into room.
func (s *recordSizes) fitting(low, high int, room int64) int {
	if s.bytes(low, high) <= room {
		return high - low
	}
	return sort.Search(high-low, func(n int) bool { return s.bytes(low, low+n+1) > room })
}

// beginPartitioned starts an output that is a directory.
func (s *Sink) beginPartitioned(ctx context.Context, t *pipeline.Task, schema *arrow.Schema) (pipeline.Tx, error) {
	by, err := s.o.Partition.bind(schema)
	if err != nil {
		return nil, err
	}
	files := Sink{o: s.o, stdout: s.stdout, target: s.target}
	// The rows of a file all have the same value in the columns left out, so
	// that the order of the others holds without them.
	files.o.Parquet.SortedBy = slices.DeleteFunc(slices.Clone(s.o.Parquet.SortedBy), func(c parquet.SortColumn) bool {
		return slices.Contains(by.names, c.Column)
	})
	if err := files.checkSchema(by.schema); err != nil {
		return nil, fmt.Errorf("after --partition-by %s: %w", strings.Join(by.names, ","), err)
	}
	tx, err := newPartitionTx(ctx, &files, t, schema, by)
	if err != nil {
		return nil, err
	}
	return tx, nil
}
