//go:build unix

package aggregate

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// BenchmarkCodedKeys is BenchmarkGroup's two-texts with keys in codes.
func BenchmarkCodedKeys(b *testing.B) {
	text := arrow.BinaryTypes.String
	batches := benchBatches(func(r *rand.Rand, _ int) []any {
		return []any{fmt.Sprintf("id%03d", r.IntN(100)), fmt.Sprintf("id%03d", r.IntN(100))}
	}, text, text)
	for _, rows := range batches {
		for i, k := range rows.Keys {
			d := array.NewDictionaryBuilder(memory.DefaultAllocator, pipeline.Coded).(*array.BinaryDictionaryBuilder)
			if err := d.AppendArray(k); err != nil {
				b.Fatal(err)
			}
			rows.Keys[i] = d.NewArray()
		}
	}
	keys := []arrow.Field{{Name: "a", Type: text}, {Name: "b", Type: text}}
	plan, err := NewPlan(keys, []arrow.DataType{arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Int64},
		[]Call{{Function: "sum", Arg: 0, Filter: -1}, {Function: "sum", Arg: 1, Filter: -1}})
	if err != nil {
		b.Fatal(err)
	}
	watch := startCPU()
	for b.Loop() {
		t, _ := plan.NewTable(memory.DefaultAllocator)
		for _, rows := range batches {
			if err := t.Fold(rows); err != nil {
				b.Fatal(err)
			}
		}
	}
	watch.report(b, benchRows, "cpu-ns/row")
}
