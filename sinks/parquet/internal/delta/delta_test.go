package delta

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding"
	oracle "github.com/parquet-go/parquet-go/encoding/delta"
	"pgregory.net/rapid"
)

// decode reads the encoding back with another implementation.
func decode[T int32 | int64](t rapid.TB, b []byte, n int) []T {
	t.Helper()
	var err error
	var values []T
	var e encoding.Encoding = &oracle.BinaryPackedEncoding{}
	switch v := any(&values).(type) {
	case *[]int32:
		*v, err = e.DecodeInt32(nil, b)
	case *[]int64:
		*v, err = e.DecodeInt64(nil, b)
	}
	if err != nil {
		t.Fatalf("decoding %d values: %v", n, err)
	}
	return values
}

func TestAppend(t *testing.T) {
	t.Run("int32", rapid.MakeCheck(checkAppend[int32]))
	t.Run("int64", rapid.MakeCheck(checkAppend[int64]))
}

func checkAppend[T int32 | int64](t *rapid.T) {
	var values []T
	for range rapid.IntRange(0, 4).Draw(t, "parts") {
		start := rapid.Int64().Draw(t, "start")
		spread := rapid.SampledFrom([]int64{1, 2, 1000, math.MaxInt32, math.MaxInt64}).Draw(t, "spread")
		for range rapid.IntRange(1, 200).Draw(t, "length") {
			start += rapid.Int64Range(-spread, spread).Draw(t, "step")
			values = append(values, T(start))
		}
	}
	if got := decode[T](t, Append(nil, values), len(values)); !slices.Equal(got, values) {
		t.Fatalf("decoded %v, want %v", got, values)
	}
}

func TestExtremes(t *testing.T) {
	wide := []int64{math.MinInt64, math.MaxInt64, 0, math.MinInt64, math.MinInt64, math.MaxInt64, -1}
	if got := decode[int64](t, Append(nil, wide), len(wide)); !slices.Equal(got, wide) {
		t.Errorf("decoded %v, want %v", got, wide)
	}
	narrow := []int32{math.MinInt32, math.MaxInt32, 0, math.MinInt32, math.MaxInt32, -1}
	b := Append(nil, narrow)
	if got := decode[int32](t, b, len(narrow)); !slices.Equal(got, narrow) {
		t.Errorf("decoded %v, want %v", got, narrow)
	}
	if width := b[len(binary.AppendVarint([]byte{128, 1, 4, 6}, math.MinInt32))+len(binary.AppendVarint(nil, math.MinInt32+1)):][0]; width > 32 {
		t.Errorf("a miniblock of INT32 is %d bits wide, want at most 32", width)
	}
}

// A sequence that climbs evenly takes next to no room.
func TestEvenStepsAreShort(t *testing.T) {
	values := make([]int64, 12_800)
	for i := range values {
		values[i] = 1_600_000_000_000_000 + int64(i)*1_000_000
	}
	if got := len(Append(nil, values)); got > 1000 {
		t.Errorf("12,800 even steps took %d bytes, want at most 1000", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	values := make([]int64, 1<<16)
	var at int64
	for i := range values {
		at += rand.Int64N(1000)
		values[i] = at
	}
	var dst []byte
	for b.Loop() {
		dst = Append(dst[:0], values)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
}
