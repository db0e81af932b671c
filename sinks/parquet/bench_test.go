package parquet

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

const (
	benchValues    = 1 << 20
	benchBatchRows = 16_384
)

// countingWriter counts what is written to it.
type countingWriter struct{ n int64 }

func (w *countingWriter) Write(b []byte) (int, error) {
	w.n += int64(len(b))
	return len(b), nil
}

// BenchmarkEncode encodes one column of a million values, zstd, one worker.
func BenchmarkEncode(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var clock int64 = 1_600_000_000_000_000
	for _, c := range []struct {
		name string
		typ  arrow.DataType
		add  func(array.Builder)
	}{
		{"string5of100", arrow.BinaryTypes.String, func(b array.Builder) {
			b.(*array.StringBuilder).Append(fmt.Sprintf("id%03d", rng.IntN(100)))
		}},
		{"string12of100k", arrow.BinaryTypes.String, func(b array.Builder) {
			b.(*array.StringBuilder).Append(fmt.Sprintf("id%010d", rng.IntN(100_000)))
		}},
		{"string30of1000", arrow.BinaryTypes.String, func(b array.Builder) {
			b.(*array.StringBuilder).Append(fmt.Sprintf("https://example.com/path/%05d", rng.IntN(1000)))
		}},
		{"string27unique", arrow.BinaryTypes.String, func(b array.Builder) {
			b.(*array.StringBuilder).Append(fmt.Sprintf("carefully %x sleep", rng.Uint64()>>20))
		}},
		{"int100", arrow.PrimitiveTypes.Int64, func(b array.Builder) { b.(*array.Int64Builder).Append(rng.Int64N(100)) }},
		{"int100k", arrow.PrimitiveTypes.Int64, func(b array.Builder) { b.(*array.Int64Builder).Append(rng.Int64N(100_000)) }},
		{"intascending", arrow.PrimitiveTypes.Int64, func(b array.Builder) {
			clock += rng.Int64N(5)
			b.(*array.Int64Builder).Append(clock)
		}},
		{"timestamp", arrow.FixedWidthTypes.Timestamp_us, func(b array.Builder) {
			b.(*array.TimestampBuilder).Append(arrow.Timestamp(1_600_000_000_000_000 + rng.Int64N(2_600_000)*1_000_000))
		}},
		{"date", arrow.FixedWidthTypes.Date32, func(b array.Builder) { b.(*array.Date32Builder).Append(arrow.Date32(8000 + rng.IntN(2500))) }},
		{"double6digits", arrow.PrimitiveTypes.Float64, func(b array.Builder) {
			b.(*array.Float64Builder).Append(math.Round(rng.Float64()*100*1e6) / 1e6)
		}},
		{"double2digits", arrow.PrimitiveTypes.Float64, func(b array.Builder) {
			b.(*array.Float64Builder).Append(math.Round(900+rng.Float64()*100_000*100) / 100)
		}},
		{"boolean", arrow.FixedWidthTypes.Boolean, func(b array.Builder) { b.(*array.BooleanBuilder).Append(rng.IntN(3) == 0) }},
	} {
		for _, nulls := range []int{0, 10} {
			name := c.name
			if nulls > 0 {
				if c.name != "string5of100" && c.name != "int100" && c.name != "double6digits" {
					continue
				}
				name += "nulls"
			}
			builder := array.NewBuilder(memory.DefaultAllocator, c.typ)
			schema := arrow.NewSchema([]arrow.Field{{Name: "v", Type: c.typ, Nullable: true}}, nil)
			var records []arrow.Record
			for range benchValues / benchBatchRows {
				for range benchBatchRows {
					if nulls > 0 && rng.IntN(100) < nulls {
						builder.AppendNull()
					} else {
						c.add(builder)
					}
				}
				records = append(records, array.NewRecord(schema, []arrow.Array{builder.NewArray()}, benchBatchRows))
			}
			b.Run(name, func(b *testing.B) { benchmarkEncode(b, schema, records) })
		}
	}
}

func benchmarkEncode(b *testing.B, schema *arrow.Schema, records []arrow.Record) {
	runtime.GC()
	b.ReportAllocs()
	var out countingWriter
	for b.Loop() {
		out.n = 0
		e, err := NewEncoder(&out, schema, Options{}, &pipeline.Task{Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range records {
			if err := e.Write(context.Background(), r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := e.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchValues, "ns/value")
	b.ReportMetric(float64(out.n)/benchValues, "B/value")
}

var _ io.Writer = (*countingWriter)(nil)
