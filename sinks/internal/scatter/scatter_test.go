package scatter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// types are all types that a batch can have.
var types = []arrow.DataType{
	arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64,
	&arrow.Decimal128Type{Precision: 20, Scale: 2}, arrow.FixedWidthTypes.Date32,
	&arrow.TimestampType{Unit: arrow.Microsecond}, arrow.FixedWidthTypes.Time64us, arrow.BinaryTypes.String,
}

var schema = func() *arrow.Schema {
	var fields []arrow.Field
	for i, t := range types {
		fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: t, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}()

// poison fills what it hands out, so that memory that nobody writes is seen.
type poison struct{ memory.Allocator }

func (p poison) Allocate(size int) []byte {
	b := p.Allocator.Allocate(size)
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

// random makes a record whose columns have up to so many values, far apart or
// not, and NULLs with the given chance in ten.
func random(alloc memory.Allocator, rng *rand.Rand, rows int, values int64, factor int64, nulls int) arrow.Record {
	b := array.NewRecordBuilder(alloc, schema)
	defer b.Release()
	for range rows {
		for _, f := range b.Fields() {
			v := (rng.Int64N(values) - values/2) * factor
			if rng.IntN(10) < nulls {
				f.AppendNull()
				continue
			}
			switch f := f.(type) {
			case *array.BooleanBuilder:
				f.Append(v%3 == 0)
			case *array.Int64Builder:
				f.Append(v)
			case *array.Float64Builder:
				x := float64(v) / 4
				if v == 0 {
					x = math.Float64frombits(0x7ff8000000000000 | uint64(rng.IntN(3)) | uint64(rng.IntN(2))<<63) // some NaN
				}
				f.Append(x)
			case *array.Decimal128Builder:
				f.Append(decimal128.New(v, uint64(v)))
			case *array.Date32Builder:
				f.Append(arrow.Date32(v))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(v))
			case *array.Time64Builder:
				f.Append(arrow.Time64(v))
			case *array.StringBuilder:
				f.Append(strings.Repeat("x", int(uint64(v)%30)) + fmt.Sprint(v%7))
			}
		}
	}
	return b.NewRecord()
}

// cut returns pieces that leave rows out at both ends of each record.
func cut(rng *rand.Rand, recs []arrow.Record) (pieces []Piece) {
	for _, r := range recs {
		from := rng.IntN(int(r.NumRows()))
		pieces = append(pieces, Piece{r, from, from + rng.IntN(int(r.NumRows())-from) + 1})
	}
	return pieces
}

// rowsOf spells rows: the given columns of each.
func rowsOf(pieces []Piece, columns []int) (rows []string) {
	for _, p := range pieces {
		for i := p.From; i < p.To; i++ {
			var s strings.Builder
			for _, c := range columns {
				a := p.Rec.Column(c)
				fmt.Fprintf(&s, "%t %s|", a.IsNull(i), a.ValueStr(i))
			}
			rows = append(rows, s.String())
		}
	}
	return rows
}

// Rows get the same number if and only if their keys are spelt the same, and
// are moved as a stable sort by number would; nothing else changes.
func TestNumberAndSplit(t *testing.T) {
	var s Scratch
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(1, seed))
		alloc := memory.NewCheckedAllocator(poison{memory.DefaultAllocator})
		var recs []arrow.Record
		values := []int64{1, 2, 40, 3000}[rng.IntN(4)]
		factor := []int64{1, 1 << 20}[rng.IntN(2)]
		for range 1 + rng.IntN(4) {
			recs = append(recs, random(alloc, rng, 1+rng.IntN(1500), values, factor, []int{0, 2, 10}[rng.IntN(3)]))
		}
		pieces := cut(rng, recs)
		keys := rng.Perm(len(types))[:1+rng.IntN(3)]
		var rest []int
		for c := range types {
			if !slices.Contains(keys, c) {
				rest = append(rest, c)
			}
		}
		ids, firsts, err := s.Number(pieces, keys)
		if err != nil {
			t.Fatal(err)
		}
		names := rowsOf(pieces, keys)
		byName, used := map[string]uint32{}, map[uint32]bool{}
		for row, id := range ids {
			known, ok := byName[names[row]]
			if ok && known != id || !ok && used[id] {
				t.Fatalf("seed %d: row %d, keys %v, %s: number %d", seed, row, keys, names[row], id)
			}
			if !ok && firsts[id] != int32(row) {
				t.Fatalf("seed %d: the first row of number %d is %d, not %d", seed, id, row, firsts[id])
			}
			byName[names[row]], used[id] = id, true
		}
		if len(used) != len(firsts) {
			t.Fatalf("seed %d: %d numbers are used, %d counted", seed, len(used), len(firsts))
		}

		var fields []arrow.Field
		for _, c := range rest {
			fields = append(fields, schema.Field(c))
		}
		want := make([][]string, len(firsts))
		for row, text := range rowsOf(pieces, rest) {
			want[ids[row]] = append(want[ids[row]], text)
		}
		split, bounds, err := s.Split(alloc, arrow.NewSchema(fields, nil), pieces, rest, ids, len(firsts))
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, len(rest))
		for i := range all {
			all[i] = i
		}
		var parts []Piece
		for id := range firsts {
			p := Piece{split, int(bounds[id]), int(bounds[id+1])}
			if got := rowsOf([]Piece{p}, all); !slices.Equal(got, want[id]) {
				t.Fatalf("seed %d: number %d has %d rows, want %d, or others", seed, id, len(got), len(want[id]))
			}
			parts = append(parts, p)
		}
		// Joined in another order.
		slices.Reverse(parts)
		joined, err := Join(alloc, split.Schema(), parts, 1+len(parts)%3)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rowsOf([]Piece{{joined, 0, int(joined.NumRows())}}, all), rowsOf(parts, all)) {
			t.Fatalf("seed %d: joined rows differ", seed)
		}
		for i, a := range joined.Columns() {
			if nulls := a.Len() - countValid(a); a.NullN() != nulls {
				t.Fatalf("seed %d: column %d has %d NULLs and says %d", seed, i, nulls, a.NullN())
			}
		}
		split.Release()
		joined.Release()
		for _, r := range recs {
			r.Release()
		}
		alloc.AssertSize(t, 0)
	}
}

func countValid(a arrow.Array) (n int) {
	for i := range a.Len() {
		if a.IsValid(i) {
			n++
		}
	}
	return n
}

func TestNumberRefuses(t *testing.T) {
	b := array.NewMonthDayNanoIntervalBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(arrow.MonthDayNanoInterval{Days: 1})
	a := b.NewArray()
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "i", Type: a.DataType()}}, nil), []arrow.Array{a}, 1)
	if _, _, err := new(Scratch).Number([]Piece{{rec, 0, 1}}, []int{0}); err == nil || !strings.Contains(err.Error(), "cannot be partitioned") {
		t.Errorf("an interval: %v", err)
	}
}

func BenchmarkSplit(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	rec := random(memory.DefaultAllocator, rng, 1<<16, 265, 1, 0)
	defer rec.Release()
	pieces := []Piece{{rec, 0, 1 << 16}}
	var s Scratch
	values := []int{0, 2, 3, 4, 5, 6, 7}
	var fields []arrow.Field
	for _, c := range values {
		fields = append(fields, schema.Field(c))
	}
	for b.Loop() {
		ids, firsts, err := s.Number(pieces, []int{1})
		if err != nil {
			b.Fatal(err)
		}
		out, _, err := s.Split(memory.DefaultAllocator, arrow.NewSchema(fields, nil), pieces, values, ids, len(firsts))
		if err != nil {
			b.Fatal(err)
		}
		out.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<16), "ns/row")
}
