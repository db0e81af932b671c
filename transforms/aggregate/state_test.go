package aggregate

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// FuzzDamagedState merges states that no table wrote, as a damaged file would
// hold: an error, never a panic.
func FuzzDamagedState(f *testing.F) {
	calls := []Call{
		{Function: "sum", Arg: 0, Filter: -1},
		{Function: "stddev", Arg: 0, Filter: -1},
		{Function: "string_agg", Arg: 1, Filter: -1},
		{Function: "approx_count_distinct", Arg: 0, Filter: -1},
		{Function: "approx_quantile", Arg: 0, Filter: -1, Quantile: 0.5},
	}
	plan, err := NewPlan(nil, []arrow.DataType{arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String}, calls)
	if err != nil {
		f.Fatal(err)
	}
	// Seeds are the blobs of a good state.
	table, err := plan.NewTable(memory.DefaultAllocator)
	if err != nil {
		f.Fatal(err)
	}
	x, s := array.NewFloat64Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	for _, v := range []float64{1, 1e300, math.Inf(1), -7.5} {
		x.Append(v)
		s.Append("text")
	}
	if err := table.Fold(&Rows{Len: 4, Inputs: []arrow.Array{x.NewArray(), s.NewArray()}, Lines: []int64{1, 2, 3, 4}}); err != nil {
		f.Fatal(err)
	}
	var good arrow.Record
	if err := table.Flush(func(b pipeline.Batch) error { good = b.Record; return nil }); err != nil {
		f.Fatal(err)
	}
	for i := range int(good.NumCols()) {
		if c, ok := good.Column(i).(*array.Binary); ok && c.IsValid(0) {
			f.Add(c.Value(0))
		}
	}
	f.Add(binary.AppendUvarint(nil, math.MaxUint64))
	f.Fuzz(func(t *testing.T, blob []byte) {
		for i := range int(good.NumCols()) {
			if _, ok := good.Column(i).(*array.Binary); !ok {
				continue
			}
			columns := append([]arrow.Array(nil), good.Columns()...)
			b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
			b.Append(blob)
			columns[i] = b.NewArray()
			rec := array.NewRecord(plan.Partial(), columns, 1)
			state := func(yield func(pipeline.Batch, error) bool) { yield(pipeline.Batch{Record: rec}, nil) }
			_ = plan.Merge(context.Background(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, state,
				func(b pipeline.Batch) error { b.Release(); return nil })
		}
	})
}
