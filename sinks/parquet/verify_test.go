package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/sinks/parquet/internal/compact"
)

func TestVerifyDamagedFiles(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 100)
	whole := encode(t, rec.Schema(), Options{}, 1, rec)
	footer := func(write func(w *compact.Writer)) []byte {
		var w compact.Writer
		w.Begin()
		write(&w)
		w.End()
		b := append([]byte(magic), w.Buf...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(w.Buf)))
		return append(b, magic...)
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "0 bytes, too few"},
		{"cut short", whole[:len(whole)-1], "cut short"},
		{"cut in the middle", whole[:len(whole)/2], "cut short"},
		{"not Parquet", []byte("a,b,c\n1,2,3\n4,5,6\n"), "not a Parquet file"},
		{"footer too long", append(bytes.Clone(whole[:len(whole)-8]), "\xff\xff\xff\x7fPAR1"...), "impossible"},
		{"footer of zeros", []byte("PAR1\x00\x00\x00\x00\x04\x00\x00\x00PAR1"), "does not give the number of rows"},
		{"footer of noise", []byte("PAR1\xff\xff\xff\xff\x04\x00\x00\x00PAR1"), "damaged"},
		{"missing row group", footer(func(w *compact.Writer) { w.Int64(3, 5) }), "promises 5 rows, and its row groups have 0"},
		{"column missing", footer(func(w *compact.Writer) {
			w.List(2, compact.Struct, 2)
			for range 2 {
				w.Begin()
				w.End()
			}
			w.Int64(3, 5)
			w.List(4, compact.Struct, 1)
			w.Begin()
			w.Int64(3, 5)
			w.End()
		}), "row group 1 has 5 rows and 0 columns"},
		{"column outside", footer(func(w *compact.Writer) {
			w.List(2, compact.Struct, 2)
			for range 2 {
				w.Begin()
				w.End()
			}
			w.Int64(3, 5)
			w.List(4, compact.Struct, 1)
			w.Begin()
			w.List(1, compact.Struct, 1)
			w.Begin()
			w.BeginField(3)
			w.Int64(7, 100)
			w.Int64(9, 4)
			w.End()
			w.End()
			w.Int64(3, 5)
			w.End()
		}), "outside of the file"},
	} {
		_, err := Verify(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", c.name, err, c.want)
		}
	}
	if _, err := Verify(bytes.NewReader(whole), int64(len(whole))+10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("size beyond the end: %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

// FuzzVerify looks for panics and for footers that take more than they are worth.
func FuzzVerify(f *testing.F) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	whole := encode(f, schema, Options{}, 1)
	f.Add(whole[4 : len(whole)-8])
	rec := variety(memory.DefaultAllocator, 10)
	whole = encode(f, rec.Schema(), Options{}, 1, rec)
	n := binary.LittleEndian.Uint32(whole[len(whole)-8:])
	f.Add(whole[len(whole)-8-int(n) : len(whole)-8])
	f.Fuzz(func(_ *testing.T, footer []byte) {
		b := append([]byte(magic), footer...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(footer)))
		b = append(b, magic...)
		_, _ = Verify(bytes.NewReader(b), int64(len(b))) // any answer will do
	})
}
