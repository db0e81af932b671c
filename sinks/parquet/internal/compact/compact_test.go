package compact

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// everything has a field of each kind that Parquet has.
type everything struct {
	Yes    bool     `thrift:"1,required"`
	No     bool     `thrift:"2,required"`
	Int8   int8     `thrift:"3,required"`
	Int16  int16    `thrift:"4,required"`
	Int32  int32    `thrift:"5,required"`
	Int64  int64    `thrift:"6,required"`
	Bytes  []byte   `thrift:"7,required"`
	String string   `thrift:"8,required"`
	Inner  inner    `thrift:"9,required"`
	Bools  []bool   `thrift:"10,required"`
	Ints   []int64  `thrift:"40,required"`
	Texts  []string `thrift:"41,required"`
	Last   inner    `thrift:"200,required"`
}

type inner struct {
	A int32 `thrift:"1,required"`
}

// write writes what an everything looks like.
func write() []byte {
	var w Writer
	w.Begin()
	w.Bool(1, true)
	w.Bool(2, false)
	w.Int8(3, -5)
	w.Int16(4, math.MinInt16)
	w.Int32(5, math.MaxInt32)
	w.Int64(6, math.MinInt64)
	w.Bytes(7, []byte{0, 255})
	w.String(8, strings.Repeat("s", 200))
	w.BeginField(9)
	w.Int32(1, -1)
	w.End()
	w.List(10, True, 3)
	for _, v := range []bool{true, false, true} {
		w.ElementBool(v)
	}
	w.List(40, I64, 20)
	for i := range int64(20) {
		w.ElementInt(i - 10)
	}
	w.List(41, Binary, 2)
	w.ElementString("x")
	w.ElementBytes(nil)
	w.BeginField(200)
	w.Int32(1, 7)
	w.End()
	w.End()
	return w.Buf
}

func TestWriter(t *testing.T) {
	var got everything
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), write(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Yes || got.No || got.Int8 != -5 || got.Int16 != math.MinInt16 || got.Int32 != math.MaxInt32 || got.Int64 != math.MinInt64 ||
		!bytes.Equal(got.Bytes, []byte{0, 255}) || len(got.String) != 200 || got.Inner.A != -1 || len(got.Bools) != 3 || got.Bools[1] ||
		len(got.Ints) != 20 || got.Ints[0] != -10 || len(got.Texts) != 2 || got.Texts[0] != "x" || got.Last.A != 7 {
		t.Errorf("decoded %+v", got)
	}
}

func TestReader(t *testing.T) {
	r := Reader{Buf: write()}
	var ids []int16
	var sum int64
	r.Fields(func(id int16, typ Type) bool {
		ids = append(ids, id)
		switch id {
		case 6:
			if v := r.Int(); v != math.MinInt64 {
				t.Errorf("field 6 is %d, want %d", v, int64(math.MinInt64))
			}
			return true
		case 40:
			r.Elements(func(Type) { sum += r.Int() })
			return true
		}
		return false
	})
	if r.Err != nil || len(r.Buf) != 0 || len(ids) != 13 || ids[12] != 200 || sum != -10 {
		t.Errorf("fields %v, sum %d, %d bytes left, %v; want 13 fields, -10, none", ids, sum, len(r.Buf), r.Err)
	}
}

func TestReaderStopsAtDamage(t *testing.T) {
	whole := write()
	for n := range whole {
		r := Reader{Buf: whole[:n]}
		r.Skip(Struct)
		if r.Err == nil {
			t.Errorf("the first %d of %d bytes read without an error", n, len(whole))
		}
	}
	for name, b := range map[string][]byte{
		"nested too deep":  bytes.Repeat([]byte{0x1c}, 100),
		"lists too deep":   append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 100)...),
		"unknown type":     {0x1f, 0},
		"endless list":     {0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1},
		"endless integer":  append([]byte{0x16}, bytes.Repeat([]byte{0xff}, 12)...),
		"map cut short":    {0x1b, 5, 0x88},
		"double cut short": {0x17, 1, 2, 3},
	} {
		r := Reader{Buf: b}
		r.Skip(Struct)
		if r.Err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
	r := Reader{Buf: []byte{0x1b, 1, 0x81, 1, 'k', 1, 0x27, 0, 0, 0, 0, 0, 0, 0, 0, 0}}
	if r.Skip(Struct); r.Err != nil {
		t.Errorf("a map and a double: %v", r.Err)
	}
}
