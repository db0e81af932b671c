package take

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// TestPacked: rows that are packed and gathered are the rows that Records
// gathers, for every type, with and without NULLs, from slices.
func TestPacked(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	rng := rand.New(rand.NewPCG(5, 6))
	var fields []arrow.Field
	for i, typ := range append(types, arrow.Null) {
		fields = append(fields, arrow.Field{Name: fmt.Sprint("c", i), Type: typ, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	layout, err := NewLayout(schema)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		var recs []arrow.Record
		var packed []*Packed
		for _, n := range []int{1 + rng.IntN(10), 700, 255 + rng.IntN(3)} {
			arrays := make([]arrow.Array, len(fields))
			for i, f := range fields {
				if f.Type.ID() == arrow.NULL {
					arrays[i] = array.NewNull(n)
				} else if arrays[i] = random(alloc, rng, f.Type, n, (round+i)%3 == 0); f.Type.ID() == arrow.STRING && round%2 == 0 {
					arrays[i].Release()
					arrays[i] = longTexts(alloc, rng, n)
				}
			}
			whole := array.NewRecord(schema, arrays, int64(n))
			for _, a := range arrays {
				a.Release()
			}
			from := rng.Int64N(int64(n))
			recs = append(recs, whole.NewSlice(from, int64(n)))
			whole.Release()
			packed = append(packed, layout.Pack(alloc, recs[len(recs)-1]))
		}
		for _, n := range []int{0, 1, 255, 256, 257, 2000} {
			refs := make([]Ref, n)
			for i := range refs {
				c := rng.Uint32N(uint32(len(recs)))
				refs[i] = Ref{c, rng.Uint32N(uint32(recs[c].NumRows()))}
			}
			got, err := layout.Gatherer(packed).Record(alloc, refs)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Records(alloc, schema, recs, refs)
			if err != nil {
				t.Fatal(err)
			}
			if !array.RecordEqual(got, want) {
				t.Fatalf("%d rows: gathered\n%v\nwant\n%v", n, got, want)
			}
			for i, c := range got.Columns() {
				if c.NullN() != want.Column(i).NullN() {
					t.Fatalf("%s: %d NULLs, want %d", fields[i].Type, c.NullN(), want.Column(i).NullN())
				}
			}
			got.Release()
			want.Release()
		}
		for i, p := range packed {
			if p.Len() != int(recs[i].NumRows()) {
				t.Errorf("%d rows are packed, want %d", p.Len(), recs[i].NumRows())
			}
			p.Release()
			recs[i].Release()
		}
	}
}

// longTexts are texts of the lengths about that up to which a row holds them.
func longTexts(alloc memory.Allocator, rng *rand.Rand, n int) arrow.Array {
	b := array.NewStringBuilder(alloc)
	defer b.Release()
	for range n {
		b.Append(strings.Repeat(string(rune('a'+rng.IntN(26))), []int{0, 1, textInlineMax, textInlineMax + 1, 100}[rng.IntN(5)]))
	}
	return b.NewArray()
}

func TestPackedWithoutColumns(t *testing.T) {
	layout, err := NewLayout(arrow.NewSchema(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	rec := array.NewRecord(arrow.NewSchema(nil, nil), nil, 5)
	p := layout.Pack(memory.DefaultAllocator, rec)
	got, err := layout.Gatherer([]*Packed{p}).Record(memory.DefaultAllocator, make([]Ref, 3))
	if err != nil || got.NumRows() != 3 {
		t.Errorf("three of five rows are %v (%v)", got, err)
	}
}

func TestPackedRefusals(t *testing.T) {
	alloc := memory.DefaultAllocator
	if _, err := NewLayout(arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}}, nil)); err == nil {
		t.Error("a list must be refused")
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	layout, err := NewLayout(schema)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewStringBuilder(alloc)
	b.Append(strings.Repeat("x", 16<<20))
	p := layout.Pack(alloc, array.NewRecord(schema, []arrow.Array{b.NewArray()}, 1))
	if _, err := layout.Gatherer([]*Packed{p}).Record(alloc, make([]Ref, 129)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than 2 GiB of text: the error is %v", err)
	}
}

// BenchmarkPacked gathers rows in random order, packed and by columns.
func BenchmarkPacked(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var fields []arrow.Field
	for i := range 12 {
		fields = append(fields, arrow.Field{Name: fmt.Sprint("c", i), Type: arrow.PrimitiveTypes.Int64})
	}
	schema := arrow.NewSchema(fields, nil)
	layout, err := NewLayout(schema)
	if err != nil {
		b.Fatal(err)
	}
	const chunks, chunkRows = 1024, 1024
	var recs []arrow.Record
	for range chunks {
		arrays := make([]arrow.Array, len(fields))
		for i := range arrays {
			arrays[i] = random(memory.DefaultAllocator, rng, fields[i].Type, chunkRows, false)
		}
		recs = append(recs, array.NewRecord(schema, arrays, chunkRows))
	}
	refs := make([]Ref, 64<<10)
	for i := range refs {
		refs[i] = Ref{rng.Uint32N(chunks), rng.Uint32N(chunkRows)}
	}
	packed := make([]*Packed, chunks)
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			for i, rec := range recs {
				packed[i] = layout.Pack(memory.DefaultAllocator, rec)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(chunks*chunkRows), "ns/row")
	})
	gather := func(name string, f func() (arrow.Record, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rec, err := f()
				if err != nil {
					b.Fatal(err)
				}
				rec.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(refs)), "ns/row")
		})
	}
	from := layout.Gatherer(packed)
	gather("gather packed", func() (arrow.Record, error) { return from.Record(memory.DefaultAllocator, refs) })
	gather("gather columns", func() (arrow.Record, error) { return Records(memory.DefaultAllocator, schema, recs, refs) })
}
