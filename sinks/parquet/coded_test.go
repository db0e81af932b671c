package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// coded returns a column of strings in codes: its values in the order of their
// first appearance, and some more that no row has.
func coded(mem memory.Allocator, a *array.String) arrow.Array {
	places := map[string]uint16{}
	values, indices := array.NewStringBuilder(mem), array.NewUint16Builder(mem)
	defer values.Release()
	defer indices.Release()
	values.Append("nobody has this")
	for i := range a.Len() {
		if a.IsNull(i) {
			indices.AppendNull()
			continue
		}
		p, known := places[a.Value(i)]
		if !known {
			p = uint16(values.Len())
			places[a.Value(i)] = p
			values.Append(a.Value(i))
		}
		indices.Append(p)
	}
	i, v := indices.NewArray(), values.NewArray()
	defer i.Release()
	defer v.Release()
	return array.NewDictionaryArray(pipeline.Coded, i, v)
}

// Strings in codes make the same file as the strings themselves, whatever
// encoding they end up in and wherever batches are cut.
func TestCodedStringsMakeTheSameFile(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	const rows, batchRows = 60_000, 3000
	rng := rand.New(rand.NewPCG(3, 4))
	shapes := []struct {
		name  string
		value func(i int) string
	}{
		{"few", func(int) string { return fmt.Sprint("id", rng.IntN(90)) }},
		{"long", func(int) string { return fmt.Sprintf("https://example.com/path/%05d", rng.IntN(900)) }},
		{"clustered", func(i int) string { return fmt.Sprint("order", i/7) }},
		{"unique", func(i int) string { return fmt.Sprintf("%x", uint64(i)*0x9e3779b97f4a7c15) }},
		{"one", func(int) string { return "" }},
		{"few, then unique", func(i int) string { return fmt.Sprint(max(i, 30_000)) }},
	}
	var fields []arrow.Field
	for _, s := range shapes {
		fields = append(fields, arrow.Field{Name: s.name, Type: arrow.BinaryTypes.String, Nullable: true},
			arrow.Field{Name: s.name + " or NULL", Type: arrow.BinaryTypes.String, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	var plain, codes, mixed []arrow.Record
	for low := 0; low < rows; low += batchRows {
		var columns, inCodes, some []arrow.Array
		codedFields := make([]arrow.Field, len(fields))
		for c := range fields {
			b := array.NewStringBuilder(mem)
			for i := low; i < low+batchRows; i++ {
				if c%2 == 1 && (rng.IntN(5) == 0 || i/batchRows == 3) {
					b.AppendNull()
				} else {
					b.Append(shapes[c/2].value(i))
				}
			}
			a := b.NewStringArray()
			b.Release()
			columns, inCodes = append(columns, a), append(inCodes, coded(mem, a))
			codedFields[c] = arrow.Field{Name: fields[c].Name, Type: pipeline.Coded, Nullable: true}
			if some = append(some, a); rng.IntN(2) == 0 {
				some[c] = inCodes[c]
			}
		}
		plain = append(plain, array.NewRecord(schema, columns, batchRows))
		codes = append(codes, array.NewRecord(arrow.NewSchema(codedFields, nil), inCodes, batchRows))
		for c, a := range some {
			codedFields[c].Type = a.DataType()
		}
		mixed = append(mixed, array.NewRecord(arrow.NewSchema(codedFields, nil), some, batchRows))
		for c := range columns {
			columns[c].Release()
			inCodes[c].Release()
		}
	}
	for _, o := range []Options{
		{BloomColumns: []string{"few", "unique or NULL"}},
		{RowGroupRows: 17_001, PageRows: 1000},
		{RowGroupBytes: 1 << 20, NoDictionary: true},
		{RowGroupBytes: 300_000, PageBytes: 5000, Compression: Uncompressed},
	} {
		want := encode(t, schema, o, 1, plain...)
		for _, records := range [][]arrow.Record{codes, mixed} {
			if got := encode(t, schema, o, 2, records...); !bytes.Equal(got, want) {
				t.Errorf("%+v: the file with coded columns differs", o)
			}
		}
	}
	for i := range plain {
		plain[i].Release()
		codes[i].Release()
		mixed[i].Release()
	}
}

// What the encoder allocates it gives back, whether it gets to the end or not,
// and it writes all of what it hands to the file.
func TestPagesAreGivenBack(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 3000)
	o := Options{RowGroupRows: 1000, PageRows: 300}
	want := encode(t, rec.Schema(), o, 1, rec)
	for writes := 0; writes < 400; writes += 1 + writes/3 {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		var out bytes.Buffer
		e, err := NewEncoder(&out, rec.Schema(), o, &pipeline.Task{Workers: 2, Alloc: mem})
		if err != nil {
			t.Fatal(err)
		}
		e.w = &failingAfter{&out, writes}
		err = e.Write(context.Background(), rec)
		if err == nil {
			_, err = e.Close(context.Background())
		}
		e.Abort()
		mem.AssertSize(t, 0)
		if err == nil {
			if !bytes.Equal(out.Bytes(), want) {
				t.Error("the file depends on the allocator")
			}
			return
		}
	}
	t.Error("the file took 400 writes")
}

// failingAfter lets so many writes through.
type failingAfter struct {
	w *bytes.Buffer
	n int
}

func (f *failingAfter) Write(b []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errDisk
	}
	return f.w.Write(b)
}
