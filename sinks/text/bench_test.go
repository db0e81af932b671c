package text

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// mixed is a record like those of the taxi and h2o data.
func mixed(rows int) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: sqltype.Varchar, Nullable: true},
		{Name: "count", Type: sqltype.BigInt, Nullable: true},
		{Name: "price", Type: sqltype.Double, Nullable: true},
		{Name: "fare", Type: sqltype.Decimal(10, 2), Nullable: true},
		{Name: "picked_up", Type: sqltype.Timestamp, Nullable: true},
		{Name: "day", Type: sqltype.Date, Nullable: true},
		{Name: "note", Type: sqltype.Varchar, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range rows {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("id%010d", i))
		b.Field(1).(*array.Int64Builder).Append(int64(i % 100))
		b.Field(2).(*array.Float64Builder).Append(float64(i) * 0.37)
		b.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(i)))
		b.Field(4).(*array.TimestampBuilder).Append(arrow.Timestamp(int64(i) * 1_000_000_007))
		b.Field(5).(*array.Date32Builder).Append(arrow.Date32(i % 20000))
		if i%10 == 0 {
			b.Field(6).AppendNull()
		} else {
			b.Field(6).(*array.StringBuilder).Append("a note of some forty bytes, quoted")
		}
	}
	return b.NewRecord()
}

func BenchmarkEncode(b *testing.B) {
	rec := mixed(16 << 10)
	defer rec.Release()
	for _, format := range []struct {
		name string
		open func(io.Writer) (encoder, error)
	}{
		{"csv", csvTo(rec.Schema(), CSVOptions{})},
		{"csv-null", csvTo(rec.Schema(), CSVOptions{Null: "NA"})},
		{"jsonl", jsonTo(rec.Schema())},
	} {
		b.Run(format.name, func(b *testing.B) {
			b.SetBytes(int64(len(encode(b, format.open, rec))))
			opened, err := format.open(io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			defer opened.Abort()
			e, c := opened.(*Encoder), new(chunk)
			b.ReportAllocs()
			for b.Loop() {
				c.text = c.text[:0]
				c.add(rec, 0, int(rec.NumRows()), 0)
				if err := e.encode(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a column of each type costs, a value.
func BenchmarkColumns(b *testing.B) {
	rec := mixed(16 << 10)
	defer rec.Release()
	for i, field := range rec.Schema().Fields() {
		b.Run(field.Name, func(b *testing.B) {
			write := newCSVStyle(CSVOptions{}).column(field.Type)
			var c cells
			for b.Loop() {
				for from := 0; from < 16<<10; from += rowsPerPass {
					write(&c, rec.Column(i), from, from+rowsPerPass)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(16<<10), "ns/value")
		})
	}
}

// One and two workers, the caller and the writer beside them.
func BenchmarkPipeline(b *testing.B) {
	rec := mixed(16 << 10)
	defer rec.Release()
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(encode(b, csvTo(rec.Schema(), CSVOptions{}), rec))))
			e, err := NewCSV(io.Discard, rec.Schema(), CSVOptions{}, &pipeline.Task{Workers: workers})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Write(b.Context(), rec); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := e.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
