package parquet

import (
	"encoding/binary"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// FuzzEncode makes columns of arbitrary bytes, writes them with small pages and
// row groups, and reads them back with parquet-go. The first bytes choose
// types, NULLs, sizes and how often values repeat.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("0123456789 the quick brown fox jumps over the lazy dog"))
	f.Add([]byte{3, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add(append([]byte{10, 200, 40, 3}, make([]byte, 900)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 5 || len(b) > 1<<14 {
			return
		}
		o := Options{
			RowGroupRows: 1 + int(b[0])*8, PageRows: 1 + int(b[1]), PageBytes: 1 + int(b[2])*16,
			NoDictionary: b[3]&1 == 1, Compression: []Codec{Zstd, Snappy, Uncompressed, Gzip}[b[3]>>1&3],
		}
		period, nulls := 1+int(b[3]>>3), b[4]
		b = b[4:]
		rows := len(b) * (1 + int(nulls&3))
		at := func(i int) int { return i * i % period * 7 % len(b) }
		if nulls&4 != 0 {
			at = func(i int) int { return i % len(b) }
		}
		number := func(i int) int64 {
			var word [8]byte
			copy(word[:], b[at(i):])
			return int64(binary.LittleEndian.Uint64(word[:]))
		}
		null := func(i int) bool { return nulls&8 != 0 && b[i%len(b)]&nulls>>4 != 0 }
		var fields []arrow.Field
		var columns []arrow.Array
		for _, typ := range []arrow.DataType{
			arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64,
			arrow.PrimitiveTypes.Float64, &arrow.Decimal128Type{Precision: 38},
		} {
			fields = append(fields, arrow.Field{Name: typ.Name(), Type: typ, Nullable: true})
			columns = append(columns, buildColumn(memory.DefaultAllocator, typ, rows, number, null))
		}
		fields = append(fields, arrow.Field{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true})
		raw := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
		for i := range rows {
			if null(i) {
				raw.AppendNull()
			} else {
				raw.Append(b[at(i):min(len(b), at(i)+int(b[at(i)]&31))])
			}
		}
		columns = append(columns, raw.NewArray())
		schema := arrow.NewSchema(fields, nil)
		rec := array.NewRecord(schema, columns, int64(rows))
		file := encode(t, schema, o, 2, split(rec, nil, 1+rows/3)...)
		stored := readParquetGo(t, file)
		for c := range columns {
			wantCells(t, "column "+fields[c].Name, stored[c], storedCells(columns[c:c+1]))
		}
	})
}
