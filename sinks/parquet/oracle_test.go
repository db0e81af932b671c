package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	oracle "github.com/parquet-go/parquet-go"

	"csvloom/pipeline"
)

// encode writes the records to a file in memory and checks that nothing is left
// behind in the allocator's books when they are released.
func encode(t testing.TB, schema *arrow.Schema, o Options, workers int, records ...arrow.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	e, err := NewEncoder(&out, schema, o, &pipeline.Task{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Abort()
	want := int64(0)
	for _, r := range records {
		want += r.NumRows()
		if err := e.Write(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := e.Close(context.Background())
	if err != nil || rows != want {
		t.Fatalf("Close = %d, %v, want %d rows", rows, err, want)
	}
	if rows, err := Verify(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil || rows != want {
		t.Fatalf("Verify = %d, %v, want %d rows", rows, err, want)
	}
	return out.Bytes()
}

// readArrow reads a file with the Arrow library.
func readArrow(t testing.TB, b []byte) arrow.Table {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("the Arrow library: %v", err)
	}
	a, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("the Arrow library: %v", err)
	}
	table, err := a.ReadTable(context.Background())
	if err != nil {
		t.Fatalf("the Arrow library: %v", err)
	}
	return table
}

// wantColumn fails unless the column of a table holds the values of want, bit
// by bit.
func wantColumn(t testing.TB, who string, got *arrow.Chunked, want []arrow.Array) {
	t.Helper()
	wantCells(t, who, storedCells(got.Chunks()), storedCells(want))
}

// wantCells fails unless two columns of values in PLAIN encoding are the same.
func wantCells(t testing.TB, who string, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", who, len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) || (got[i] == nil) != (want[i] == nil) {
			t.Fatalf("%s: row %d of %d is %.40x, want %.40x (empty may be NULL)", who, i, len(want), got[i], want[i])
		}
	}
}

// readParquetGo reads a file with parquet-go and returns the values of each
// column in PLAIN encoding, nil for NULL.
func readParquetGo(t testing.TB, b []byte) [][][]byte {
	t.Helper()
	f, err := oracle.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("parquet-go: %v", err)
	}
	columns := make([][][]byte, len(f.Schema().Columns()))
	for _, g := range f.RowGroups() {
		for c, chunk := range g.ColumnChunks() {
			pages := chunk.Pages()
			for {
				p, err := pages.ReadPage()
				if err != nil {
					break
				}
				values := make([]oracle.Value, p.NumValues())
				n, err := p.Values().ReadValues(values)
				if int64(n) != p.NumValues() {
					t.Fatalf("parquet-go: column %d: %d values of %d, %v", c, n, p.NumValues(), err)
				}
				for _, v := range values {
					columns[c] = append(columns[c], storedCell(v))
				}
			}
			if err := pages.Close(); err != nil {
				t.Fatalf("parquet-go: %v", err)
			}
		}
	}
	return columns
}

func storedCell(v oracle.Value) []byte {
	if v.IsNull() {
		return nil
	}
	return append([]byte{}, v.Bytes()...)
}

// storedCells returns the values of arrays as Parquet stores them in PLAIN
// encoding, nil for NULL.
func storedCells(arrays []arrow.Array) [][]byte {
	var out [][]byte
	for _, a := range arrays {
		for i := range a.Len() {
			if a.IsNull(i) {
				out = append(out, nil)
			} else {
				out = append(out, append([]byte{}, storedBytes(a, i)...))
			}
		}
	}
	return out
}

func storedBytes(a arrow.Array, i int) []byte {
	le := func(v uint64, n int) []byte {
		var b []byte
		for range n {
			b = append(b, byte(v))
			v >>= 8
		}
		return b
	}
	switch a := a.(type) {
	case *array.Boolean:
		if a.Value(i) {
			return []byte{1}
		}
		return []byte{0}
	case *array.Int8:
		return le(uint64(a.Value(i)), 4)
	case *array.Int16:
		return le(uint64(a.Value(i)), 4)
	case *array.Int32:
		return le(uint64(a.Value(i)), 4)
	case *array.Uint8:
		return le(uint64(a.Value(i)), 4)
	case *array.Uint16:
		return le(uint64(a.Value(i)), 4)
	case *array.Uint32:
		return le(uint64(a.Value(i)), 4)
	case *array.Date32:
		return le(uint64(a.Value(i)), 4)
	case *array.Time32:
		return le(uint64(a.Value(i)), 4)
	case *array.Int64:
		return le(uint64(a.Value(i)), 8)
	case *array.Uint64:
		return le(a.Value(i), 8)
	case *array.Time64:
		return le(uint64(a.Value(i)), 8)
	case *array.Timestamp:
		return le(uint64(a.Value(i)), 8)
	case *array.Float32:
		return le(uint64(math.Float32bits(a.Value(i))), 4)
	case *array.Float64:
		return le(math.Float64bits(a.Value(i)), 8)
	case *array.String:
		return []byte(a.Value(i))
	case *array.Binary:
		return a.Value(i)
	case *array.Decimal128:
		v := a.Value(i)
		switch p := a.DataType().(*arrow.Decimal128Type).Precision; {
		case p <= 9:
			return le(v.LowBits(), 4)
		case p <= 18:
			return le(v.LowBits(), 8)
		default:
			n := decimalBytes(p)
			big := make([]byte, n)
			lo, hi := v.LowBits(), uint64(v.HighBits())
			for k := n - 1; k >= 0; k-- {
				big[k] = byte(lo)
				lo = lo>>8 | hi<<56
				hi = uint64(int64(hi) >> 8)
			}
			return big
		}
	}
	panic(fmt.Sprintf("no stored form of %s", a.DataType()))
}

// A shape makes the value of row i; NULLs are put over it.
type shape struct {
	name  string
	value func(rng *rand.Rand, i int) int64
}

// shapes lead to each of the encodings.
var shapes = []shape{
	{"constant", func(*rand.Rand, int) int64 { return 7 }},
	{"few", func(rng *rand.Rand, _ int) int64 { return rng.Int64N(100) }},
	{"fewfar", func(rng *rand.Rand, _ int) int64 { return (rng.Int64N(100) - 50) * 1_000_000_007 }},
	{"many", func(rng *rand.Rand, _ int) int64 { return rng.Int64N(5000) * 1_000_003 }},
	{"ascending", func(rng *rand.Rand, i int) int64 { return int64(i)*1000 + rng.Int64N(100) }},
	{"runs", func(_ *rand.Rand, i int) int64 { return int64(i / 500 % 7) }},
	{"random", func(rng *rand.Rand, _ int) int64 { return int64(rng.Uint64()) }},
	{"mixed", func(rng *rand.Rand, i int) int64 { return int64(rng.Uint64()) >> (i % 64) }},
}

// allTypes are the types that are written.
var allTypes = []arrow.DataType{
	arrow.FixedWidthTypes.Boolean,
	arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
	arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
	arrow.FixedWidthTypes.Timestamp_ms, arrow.FixedWidthTypes.Timestamp_ns,
	&arrow.TimestampType{Unit: arrow.Microsecond}, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	arrow.BinaryTypes.String, arrow.BinaryTypes.Binary,
	&arrow.Decimal128Type{Precision: 5, Scale: 2}, &arrow.Decimal128Type{Precision: 18, Scale: 3}, &arrow.Decimal128Type{Precision: 30, Scale: 10},
	&arrow.Decimal128Type{Precision: 38, Scale: 0},
}

// column builds n values of a type; nulls says of each row whether it is NULL.
func buildColumn(mem memory.Allocator, t arrow.DataType, n int, value func(i int) int64, null func(i int) bool) arrow.Array {
	b := array.NewBuilder(mem, t)
	defer b.Release()
	for i := range n {
		v := value(i)
		if null(i) {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.BooleanBuilder:
			b.Append(v&1 == 1)
		case *array.Int8Builder:
			b.Append(int8(v))
		case *array.Int16Builder:
			b.Append(int16(v))
		case *array.Int32Builder:
			b.Append(int32(v))
		case *array.Int64Builder:
			b.Append(v)
		case *array.Uint8Builder:
			b.Append(uint8(v))
		case *array.Uint16Builder:
			b.Append(uint16(v))
		case *array.Uint32Builder:
			b.Append(uint32(v))
		case *array.Uint64Builder:
			b.Append(uint64(v))
		case *array.Float32Builder:
			b.Append(float32(v) / 8)
		case *array.Float64Builder:
			b.Append(float64(v) / 8)
		case *array.Date32Builder:
			b.Append(arrow.Date32(v % 3_000_000))
		case *array.Time32Builder:
			b.Append(arrow.Time32(uint64(v) % 86_400_000))
		case *array.Time64Builder:
			b.Append(arrow.Time64(uint64(v) % 86_400_000_000))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v))
		case *array.StringBuilder:
			b.Append(text(v))
		case *array.BinaryBuilder:
			b.Append([]byte(text(v)))
		case *array.Decimal128Builder:
			p := t.(*arrow.Decimal128Type).Precision
			if p < 19 {
				v %= int64(math.Pow10(int(p)))
			}
			d := decimal128.FromI64(v)
			if p > 25 {
				d = d.Mul(decimal128.FromI64(1_000_003))
			}
			b.Append(d)
		default:
			panic(fmt.Sprintf("no values of type %s", t))
		}
	}
	return b.NewArray()
}

// text makes a string of a number: empty, short, or long.
func text(v int64) string {
	switch u := uint64(v); {
	case u%11 == 0:
		return ""
	case u%11 == 1:
		return fmt.Sprintf("https://example.com/a/rather/long/path/%d/that/goes/on/beyond/sixty-four/bytes", v)
	case u%11 == 2:
		return strings.Repeat("ü", int(u%40))
	default:
		return fmt.Sprintf("v%d", v)
	}
}

var nullPatterns = []struct {
	name string
	null func(i int) bool
}{
	{"none", func(int) bool { return false }},
	{"some", func(i int) bool { return i%7 == 3 || i%1000 > 900 }},
	{"all", func(int) bool { return true }},
}

// smallPages makes several row groups and pages out of few rows.
var smallPages = Options{RowGroupRows: 1100, PageRows: 350, PageBytes: 2000}

func TestEveryTypeRoundTrips(t *testing.T) {
	const rows = 2500
	for _, typ := range allTypes {
		for _, sh := range shapes {
			t.Run(typ.String()+"/"+sh.name, func(t *testing.T) {
				t.Parallel()
				var fields []arrow.Field
				var columns []arrow.Array
				for k, p := range nullPatterns {
					rng := rand.New(rand.NewPCG(1, uint64(k)))
					columns = append(columns, buildColumn(memory.DefaultAllocator, typ, rows, func(i int) int64 { return sh.value(rng, i) }, p.null))
					fields = append(fields, arrow.Field{Name: p.name, Type: typ, Nullable: p.name != "none"})
				}
				schema := arrow.NewSchema(fields, nil)
				rec := array.NewRecord(schema, columns, rows)
				o := smallPages
				if sh.name == "many" || sh.name == "random" {
					o = Options{Compression: Snappy}
				}
				o.BloomColumns = []string{"some"}
				if typ.ID() == arrow.BOOL {
					o.BloomColumns = nil
				}
				b := encode(t, schema, o, 2, rec)
				stored := readParquetGo(t, b)
				table := readArrow(t, b)
				for k := range columns {
					wantCells(t, "parquet-go: column "+fields[k].Name, stored[k], storedCells(columns[k:k+1]))
					wantColumn(t, "the Arrow library: column "+fields[k].Name, table.Column(k).Data(), columns[k:k+1])
				}
			})
		}
	}
}
