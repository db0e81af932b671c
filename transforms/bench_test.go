package transforms

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

const (
	benchRows      = 1 << 20
	benchBlockRows = 16 << 10
)

// benchBatches has an integer of 100 values, a random integer, a text of 100 k
// values, a double and ten integers to carry along.
func benchBatches() (*arrow.Schema, []pipeline.Batch) {
	fields := []arrow.Field{
		{Name: "small", Type: arrow.PrimitiveTypes.Int64}, {Name: "random", Type: arrow.PrimitiveTypes.Int64},
		{Name: "text", Type: arrow.BinaryTypes.String}, {Name: "x", Type: arrow.PrimitiveTypes.Float64},
	}
	for i := range 10 {
		fields = append(fields, arrow.Field{Name: fmt.Sprint("carried", i), Type: arrow.PrimitiveTypes.Int64})
	}
	schema := arrow.NewSchema(fields, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	var batches []pipeline.Batch
	for at := int64(0); at < benchRows; at += benchBlockRows {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		l := make(lines, benchBlockRows)
		for i := range l {
			l[i] = at + int64(i) + 1
			b.Field(0).(*array.Int64Builder).Append(rng.Int64N(100))
			b.Field(1).(*array.Int64Builder).Append(rng.Int64())
			b.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("id%010d", rng.IntN(100000)))
			b.Field(3).(*array.Float64Builder).Append(rng.Float64())
			for c := range 10 {
				b.Field(4 + c).(*array.Int64Builder).Append(l[i])
			}
		}
		batches = append(batches, pipeline.Batch{Record: b.NewRecord(), Seq: pipeline.Seq{Block: len(batches)}, Origin: l})
	}
	return schema, batches
}

func BenchmarkReducers(b *testing.B) {
	schema, batches := benchBatches()
	for _, r := range []pipeline.Reducer{
		must(Sort("small")), must(Sort("random")), must(Sort("text")), must(Sort("small, text desc")), must(SortLimit("random", 1000)),
		must(Distinct([]string{"text"})), must(Distinct([]string{"random"})), must(SampleRows(10000, 1)),
	} {
		b.Run(r.String(), func(b *testing.B) {
			bound := must(r.Bind(schema))
			task := &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 2}
			for b.Loop() {
				var states []pipeline.Batch
				for half := range 2 {
					l := must(bound.NewLocal(task))
					for i, batch := range batches {
						if i%2 == half {
							batch.Record.Retain()
							if err := l.Fold(batch); err != nil {
								b.Fatal(err)
							}
						}
					}
					if err := l.Flush(func(b pipeline.Batch) error { states = append(states, b); return nil }); err != nil {
						b.Fatal(err)
					}
				}
				err := bound.Merge(context.Background(), task, handOver(&states), func(b pipeline.Batch) error {
					b.Release()
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}

func BenchmarkWhere(b *testing.B) {
	schema, batches := benchBatches()
	for _, src := range []string{"small < 50", "small < 1", "x > 0.5 and small <> 3"} {
		b.Run(src, func(b *testing.B) {
			f := must(must(must(Where(src)).Bind(schema)).Open(&pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}))
			for b.Loop() {
				for _, batch := range batches {
					batch.Record.Retain()
					out, err := f(batch)
					if err != nil {
						b.Fatal(err)
					}
					out.Release()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}
