package parquet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// Each encoding is chosen for the data that it is made for, and read back.
func TestEncodingFitsTheData(t *testing.T) {
	const rows = 40_000
	rng := rand.New(rand.NewPCG(1, 2))
	numbers := func(typ arrow.DataType, value func(i int) int64) arrow.Array {
		return buildColumn(memory.DefaultAllocator, typ, rows, value, nullPatterns[0].null)
	}
	doubles := func(value func(i int) float64) arrow.Array {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		for i := range rows {
			b.Append(value(i))
		}
		return b.NewArray()
	}
	for _, c := range []struct {
		name     string
		values   arrow.Array
		o        Options
		want     format.Encoding
		distinct int64
	}{
		{"few integers", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return rng.Int64N(100) }), Options{}, format.RLEDictionary, 100},
		{"few integers far apart", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return rng.Int64N(100) << 40 }), Options{}, format.RLEDictionary, 100},
		{"few dates", numbers(arrow.FixedWidthTypes.Date32, func(int) int64 { return 8000 + rng.Int64N(2500) }), Options{}, format.RLEDictionary, 2500},
		{"dictionaries off", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return rng.Int64N(100) }), Options{NoDictionary: true}, format.DeltaBinaryPacked, 0},
		{"ascending", numbers(arrow.PrimitiveTypes.Int64, func(i int) int64 { return 1<<50 + int64(i)*997 + rng.Int64N(50) }), Options{}, format.DeltaBinaryPacked, 0},
		{"random integers", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return int64(rng.Uint64()) }), Options{}, format.Plain, 0},
		{"few doubles", doubles(func(int) float64 { return float64(rng.IntN(50)) / 100 }), Options{}, format.RLEDictionary, 0},
		{"many doubles", doubles(func(int) float64 { return math.Round(rng.Float64()*1e8) / 1e6 }), Options{}, format.ByteStreamSplit, 0},
		{"random doubles", doubles(func(int) float64 { return math.Float64frombits(rng.Uint64()) }), Options{}, format.Plain, 0},
		{"few strings", buildStrings(rows, func(int) string { return fmt.Sprint("id", rng.IntN(100)) }), Options{}, format.RLEDictionary, 100},
		{"unique strings", buildStrings(rows, func(int) string { return fmt.Sprintf("%x", rng.Uint64()>>8) }), Options{}, format.DeltaLengthByteArray, 0},
		{"few at first, then distinct", buildStrings(rows, func(i int) string { return fmt.Sprintf("%x", uint64(max(i, 17_000)-17_000)*0x9e3779b97f4a7c15) }), Options{}, format.Plain, 0},
	} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "v", Type: c.values.DataType(), Nullable: true}}, nil)
		b := encode(t, schema, c.o, 2, array.NewRecord(schema, []arrow.Array{c.values}, rows))
		m := footerOf(t, b).RowGroups[0].Columns[0].MetaData
		if m.Encoding[0] != c.want || m.Statistics.DistinctCount != c.distinct {
			t.Errorf("%s: %v with %d distinct values, want %v with %d", c.name, m.Encoding[0], m.Statistics.DistinctCount, c.want, c.distinct)
		}
		wantCells(t, c.name, readParquetGo(t, b)[0], storedCells([]arrow.Array{c.values}))
	}
}
