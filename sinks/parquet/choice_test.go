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
		{"few dates", numbers(arrow.FixedWidthTypes.Date32, func(int) int64 { return 8000 + rng.Int64N(1000) }), Options{}, format.RLEDictionary, 1000},
		{"dictionaries off", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return rng.Int64N(100) }), Options{NoDictionary: true}, format.DeltaBinaryPacked, 0},
		{"ascending", numbers(arrow.PrimitiveTypes.Int64, func(i int) int64 { return 1<<50 + int64(i)*997 + rng.Int64N(50) }), Options{}, format.DeltaBinaryPacked, 0},
		{"random integers", numbers(arrow.PrimitiveTypes.Int64, func(int) int64 { return int64(rng.Uint64()) }), Options{}, format.Plain, 0},
		{"few doubles", doubles(func(int) float64 { return float64(rng.IntN(50)) / 100 }), Options{}, format.RLEDictionary, 0},
		{"many doubles", doubles(func(int) float64 { return math.Round(rng.Float64()*1e8) / 1e6 }), Options{}, format.ByteStreamSplit, 0},
		{"random doubles", doubles(func(int) float64 { return math.Float64frombits(rng.Uint64()) }), Options{}, format.Plain, 0},
		{"few strings", buildStrings(rows, func(int) string { return fmt.Sprint("id", rng.IntN(100)) }), Options{}, format.RLEDictionary, 100},
		{"unique strings", buildStrings(rows, func(int) string { return fmt.Sprintf("%x", rng.Uint64()>>8) }), Options{}, format.DeltaLengthByteArray, 0},
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

// A dictionary that turns out not to be worth it is given up on the way: the
// pages so far keep it, those behind are in another encoding.
func TestDictionaryGivenUpOnTheWay(t *testing.T) {
	const few, rows = 25_000, 150_000
	scattered := func(i int) uint64 { return uint64(max(i, few)-few+1) * 0x9e3779b97f4a7c15 }
	doubles := array.NewFloat64Builder(memory.DefaultAllocator)
	for i := range rows {
		doubles.Append(math.Float64frombits(scattered(i) >> 2))
	}
	columns := []arrow.Array{
		buildStrings(rows, func(i int) string { return fmt.Sprintf("%016x", scattered(i)) }),
		buildColumn(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64, rows, func(i int) int64 { return int64(scattered(i)) }, nullPatterns[0].null),
		doubles.NewArray(),
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}, {Name: "i", Type: arrow.PrimitiveTypes.Int64}, {Name: "d", Type: arrow.PrimitiveTypes.Float64}}, nil)
	rec := array.NewRecord(schema, columns, rows)
	b := encode(t, schema, Options{BloomColumns: []string{"i"}}, 2, rec)
	for c, chunk := range footerOf(t, b).RowGroups[0].Columns {
		m := chunk.MetaData
		if len(m.EncodingStats) != 3 || m.EncodingStats[1].Encoding != format.RLEDictionary || m.EncodingStats[2].Encoding == format.RLEDictionary ||
			m.EncodingStats[1].Count+m.EncodingStats[2].Count != 8 || m.Statistics.DistinctCount != 0 {
			t.Errorf("column %s: %+v, %d distinct; want pages of codes, then others, 8 together", schema.Field(c).Name, m.EncodingStats, m.Statistics.DistinctCount)
		}
		wantCells(t, schema.Field(c).Name, readParquetGo(t, b)[c], storedCells(columns[c:c+1]))
		wantColumn(t, "the Arrow library", readArrow(t, b).Column(c).Data(), columns[c:c+1])
	}
}
