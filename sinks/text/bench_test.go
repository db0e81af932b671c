package text

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

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
			e, err := format.open(io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Write(b.Context(), rec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
