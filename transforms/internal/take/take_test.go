package take

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// types are all types that a batch or a state can have.
var types = []arrow.DataType{
	arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64,
	arrow.PrimitiveTypes.Float64, &arrow.Decimal128Type{Precision: 20, Scale: 2}, arrow.FixedWidthTypes.Date32,
	&arrow.TimestampType{Unit: arrow.Microsecond}, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	arrow.FixedWidthTypes.Time64us, arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.FixedWidthTypes.MonthDayNanoInterval,
}

// random makes an array; with nulls, every fourth value is NULL.
func random(alloc memory.Allocator, rng *rand.Rand, t arrow.DataType, n int, nulls bool) arrow.Array {
	b := array.NewBuilder(alloc, t)
	defer b.Release()
	for range n {
		v := rng.Int64N(1000)
		if nulls && v%4 == 0 {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.BooleanBuilder:
			b.Append(v%2 == 0)
		case *array.Uint8Builder:
			b.Append(uint8(v))
		case *array.Uint16Builder:
			b.Append(uint16(v))
		case *array.Int64Builder:
			b.Append(v)
		case *array.Uint64Builder:
			b.Append(uint64(v))
		case *array.Float64Builder:
			b.Append(float64(v))
		case *array.Decimal128Builder:
			b.Append(decimal128.New(v, uint64(v)))
		case *array.Date32Builder:
			b.Append(arrow.Date32(v))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v))
		case *array.Time64Builder:
			b.Append(arrow.Time64(v))
		case *array.StringBuilder:
			b.Append(fmt.Sprint("text"[:v%5], v))
		case *array.BinaryBuilder:
			b.Append([]byte("bytes"[:v%6]))
		case *array.MonthDayNanoIntervalBuilder:
			b.Append(arrow.MonthDayNanoInterval{Months: int32(v), Days: 1, Nanoseconds: v})
		default:
			panic(t)
		}
	}
	return b.NewArray()
}

func TestArrayAndChunks(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, typ := range types {
		for round := range 20 {
			whole := random(alloc, rng, typ, 100, round%2 == 0)
			// A slice: offsets must be minded.
			from := rng.Int64N(20)
			a := array.NewSlice(whole, from, 100-rng.Int64N(20))
			whole.Release()
			other := random(alloc, rng, typ, 30, round%3 == 0)

			rows := make([]int32, rng.IntN(150))
			refs := make([]Ref, len(rows))
			for i := range rows {
				rows[i] = rng.Int32N(int32(a.Len()))
				refs[i] = Ref{0, uint32(rows[i])}
				if rng.IntN(3) == 0 {
					refs[i] = Ref{1, rng.Uint32N(30)}
				}
			}
			got, err := Array(alloc, a, rows)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range rows {
				if g, w := got.ValueStr(i), a.ValueStr(int(r)); g != w {
					t.Fatalf("%s: row %d is %s, want %s", typ, i, g, w)
				}
			}
			both, err := Chunks(alloc, []arrow.Array{a, other}, typ, refs)
			if err != nil {
				t.Fatal(err)
			}
			nulls := 0
			for i, r := range refs {
				from := []arrow.Array{a, other}[r.Chunk]
				if g, w := both.ValueStr(i), from.ValueStr(int(r.Row)); g != w {
					t.Fatalf("%s: row %d of chunks is %s, want %s", typ, i, g, w)
				}
				if from.IsNull(int(r.Row)) {
					nulls++
				}
			}
			if both.NullN() != nulls || both.Len() != len(refs) || !arrow.TypeEqual(got.DataType(), typ) {
				t.Fatalf("%s: %d NULLs of %d, want %d of %d", typ, both.NullN(), both.Len(), nulls, len(refs))
			}
			for _, x := range []arrow.Array{a, other, got, both} {
				x.Release()
			}
		}
	}
}

func TestRecordWithoutColumns(t *testing.T) {
	rec := array.NewRecord(arrow.NewSchema(nil, nil), nil, 5)
	got, err := Record(memory.DefaultAllocator, rec, []int32{1, 4})
	if err != nil || got.NumRows() != 2 || got.NumCols() != 0 {
		t.Errorf("two of five rows are %v (%v)", got, err)
	}
}

func TestNestedTypesAreRefused(t *testing.T) {
	b := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64)
	if _, err := Array(memory.DefaultAllocator, b.NewArray(), nil); err == nil {
		t.Error("a list must be refused")
	}
}

func TestTooMuchText(t *testing.T) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Append(strings.Repeat("x", 1<<20))
	a := b.NewArray()
	if _, err := Array(memory.DefaultAllocator, a, make([]int32, 2048)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("2 GiB of text: the error is %v", err)
	}
}

func BenchmarkArray(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]int32, 0, 8192)
	for r := range int32(16384) {
		if rng.IntN(2) == 0 {
			rows = append(rows, r)
		}
	}
	for _, t := range []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.FixedWidthTypes.Boolean} {
		a := random(memory.DefaultAllocator, rng, t, 16384, false)
		b.Run(t.Name(), func(b *testing.B) {
			for b.Loop() {
				got, err := Array(memory.DefaultAllocator, a, rows)
				if err != nil {
					b.Fatal(err)
				}
				got.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
		})
	}
}

// TestCodes: of a column of codes, the codes are gathered.
func TestCodes(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.BinaryTypes.String}
	b := array.NewDictionaryBuilder(alloc, typ).(*array.BinaryDictionaryBuilder)
	defer b.Release()
	want := []string{"", "b", "a", "b", "c", "a", ""}
	for _, v := range want {
		if v == "" {
			b.AppendNull()
		} else if err := b.AppendString(v); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.NewArray()
	defer whole.Release()
	for from := range int64(3) {
		a := array.NewSlice(whole, from, int64(len(want)))
		for _, rows := range [][]int32{{}, {0, 1, 3}, {2}, {0, 1, 2, 3}} {
			got, err := Array(alloc, a, rows)
			if err != nil {
				t.Fatal(err)
			}
			if !arrow.TypeEqual(got.DataType(), typ) || got.Len() != len(rows) {
				t.Fatalf("%d rows of %s, want %d of %s", got.Len(), got.DataType(), len(rows), typ)
			}
			for i, r := range rows {
				text := ""
				if got.IsValid(i) {
					text = got.ValueStr(i)
				}
				if text != want[from+int64(r)] {
					t.Errorf("row %d from %d is %q, want %q", r, from, text, want[from+int64(r)])
				}
			}
			got.Release()
		}
		a.Release()
	}
}
