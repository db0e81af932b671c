package transforms

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

// partitionColumn is the hash partition of a row, in states that are spilled by
// partition.
const partitionColumn = "partition"

// partitionedSchema is a schema with the partition before it.
func partitionedSchema(s *arrow.Schema) *arrow.Schema {
	partition := arrow.Field{Name: partitionColumn, Type: arrow.PrimitiveTypes.Uint8}
	return arrow.NewSchema(append([]arrow.Field{partition}, s.Fields()...), nil)
}

// withPartitions puts the partitions before the columns of rec, which it takes
// ownership of.
func withPartitions(alloc memory.Allocator, schema *arrow.Schema, rec arrow.Record, partitions []uint8) arrow.Record {
	defer rec.Release()
	b := array.NewUint8Builder(alloc)
	defer b.Release()
	b.AppendValues(partitions, nil)
	p := b.NewArray()
	defer p.Release()
	return array.NewRecord(schema, append([]arrow.Array{p}, rec.Columns()...), rec.NumRows())
}

// withoutPartitions is the inverse: it takes ownership of rec and returns its
// other columns, of the given schema.
func withoutPartitions(schema *arrow.Schema, rec arrow.Record) arrow.Record {
	defer rec.Release()
	return array.NewRecord(schema, rec.Columns()[1:], rec.NumRows())
}

// The states of distinct, sort and sample are rows with their places: the
// input's columns, columns of the reducer's own, and at the end these two.
const (
	sourceColumn = "row.source"
	lineColumn   = "row.line"
)

// placedSchema is the schema of such a state.
func placedSchema(in *arrow.Schema, own ...arrow.Field) *arrow.Schema {
	fields := append(slices.Clone(in.Fields()), own...)
	return arrow.NewSchema(append(fields,
		arrow.Field{Name: sourceColumn, Type: arrow.PrimitiveTypes.Int64},
		arrow.Field{Name: lineColumn, Type: arrow.PrimitiveTypes.Int64}), nil)
}

// place is where a row stands in the input.
type place struct{ source, line int64 }

func (p place) compare(q place) int {
	switch {
	case p.source != q.source:
		if p.source < q.source {
			return -1
		}
		return 1
	case p.line < q.line:
		return -1
	case p.line > q.line:
		return 1
	}
	return 0
}

// placed is a batch of such a state.
type placed struct {
	rec     arrow.Record
	sources []int64
	lines   []int64
}

func newPlaced(rec arrow.Record) placed {
	n := int(rec.NumCols())
	return placed{
		rec:     rec,
		sources: rec.Column(n - 2).(*array.Int64).Int64Values(),
		lines:   rec.Column(n - 1).(*array.Int64).Int64Values(),
	}
}

func releasePlaced(recs []placed) {
	for i := range recs {
		recs[i].rec.Release()
	}
}

func (p *placed) place(row uint32) place { return place{p.sources[row], p.lines[row]} }

// withPlaces returns b's rows as a state, with the reducer's own columns. It
// leaves b and own to the caller.
func withPlaces(alloc memory.Allocator, schema *arrow.Schema, b *pipeline.Batch, own []arrow.Array, lines []int64) arrow.Record {
	source := array.NewInt64Builder(alloc)
	defer source.Release()
	line := array.NewInt64Builder(alloc)
	defer line.Release()
	source.Reserve(len(lines))
	for range lines {
		source.UnsafeAppend(int64(b.Seq.Source))
	}
	line.AppendValues(lines, nil)
	columns := slices.Concat(b.Record.Columns(), own)
	s, l := source.NewArray(), line.NewArray()
	defer s.Release()
	defer l.Release()
	return array.NewRecord(schema, append(columns, s, l), b.Record.NumRows())
}

// chunked returns a function that names the given rows, batch by batch; see
// emitTaken.
func chunked(refs []take.Ref) func() []take.Ref {
	return func() []take.Ref {
		n := min(len(refs), batchRowsMax)
		chunk := refs[:n]
		refs = refs[n:]
		return chunk
	}
}
