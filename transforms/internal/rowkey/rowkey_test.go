package rowkey

import (
	"bytes"
	"cmp"
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

var (
	integers64 = []int64{math.MinInt64, -256, -1, 0, 1, 255, 256, math.MaxInt64}
	doubles64  = []float64{math.Inf(-1), -math.MaxFloat64, -1, -5e-324, 0, 5e-324, 1, math.MaxFloat64, math.Inf(1), math.NaN()}
	texts      = []string{"", "\x00", "\x00\x00", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "a\x01", "aa", "b", "\xff", "\xff\xff"}
	decimals   = []decimal128.Num{decimal128.New(math.MinInt64, 0), decimal128.New(-1, 0), decimal128.New(-1, math.MaxUint64),
		decimal128.New(0, 0), decimal128.New(0, 1), decimal128.New(0, math.MaxUint64), decimal128.New(1, 0), decimal128.New(math.MaxInt64, 0)}
)

// ordered returns columns of all types whose values ascend and end in NULL.
func ordered() []arrow.Array {
	alloc := memory.DefaultAllocator
	build := func(t arrow.DataType, n int, add func(b array.Builder, i int)) arrow.Array {
		b := array.NewBuilder(alloc, t)
		for i := range n {
			add(b, i)
		}
		b.AppendNull()
		return b.NewArray()
	}
	return []arrow.Array{
		build(arrow.FixedWidthTypes.Boolean, 2, func(b array.Builder, i int) { b.(*array.BooleanBuilder).Append(i == 1) }),
		build(arrow.PrimitiveTypes.Int64, len(integers64), func(b array.Builder, i int) { b.(*array.Int64Builder).Append(integers64[i]) }),
		build(&arrow.TimestampType{Unit: arrow.Microsecond}, len(integers64), func(b array.Builder, i int) {
			b.(*array.TimestampBuilder).Append(arrow.Timestamp(integers64[i]))
		}),
		build(arrow.FixedWidthTypes.Time64us, len(integers64), func(b array.Builder, i int) { b.(*array.Time64Builder).Append(arrow.Time64(integers64[i])) }),
		build(arrow.FixedWidthTypes.Date32, 4, func(b array.Builder, i int) {
			b.(*array.Date32Builder).Append([]arrow.Date32{math.MinInt32, -1, 0, math.MaxInt32}[i])
		}),
		build(arrow.PrimitiveTypes.Float64, len(doubles64), func(b array.Builder, i int) { b.(*array.Float64Builder).Append(doubles64[i]) }),
		build(&arrow.Decimal128Type{Precision: 38}, len(decimals), func(b array.Builder, i int) { b.(*array.Decimal128Builder).Append(decimals[i]) }),
		build(arrow.BinaryTypes.String, len(texts), func(b array.Builder, i int) { b.(*array.StringBuilder).Append(texts[i]) }),
		build(arrow.BinaryTypes.Binary, len(texts), func(b array.Builder, i int) { b.(*array.BinaryBuilder).Append([]byte(texts[i])) }),
	}
}

func TestKeysOrderAsValues(t *testing.T) {
	for _, a := range ordered() {
		n := a.Len()
		for _, c := range []Column{{a.DataType(), false, false}, {a.DataType(), false, true}, {a.DataType(), true, false}, {a.DataType(), true, true}} {
			e, err := NewEncoder([]Column{c})
			if err != nil {
				t.Fatal(err)
			}
			var k Keys
			e.Encode(&k, []arrow.Array{a}, n)
			if k.Len() != n {
				t.Fatalf("%d keys of %d rows", k.Len(), n)
			}
			want := make([]int, 0, n) // the rows in order
			for i := range n - 1 {
				want = append(want, i)
			}
			if c.Desc {
				slices.Reverse(want)
			}
			if c.NullsFirst {
				want = slices.Insert(want, 0, n-1)
			} else {
				want = append(want, n-1)
			}
			for i := range want {
				for j := range want {
					x, y := k.Key(want[i]), k.Key(want[j])
					if got := bytes.Compare(x, y); got != cmp.Compare(i, j) {
						t.Fatalf("%+v: rows %d and %d (%x, %x) compare as %d", c, want[i], want[j], x, y, got)
					}
					if p := cmp.Compare(Prefix(x), Prefix(y)); p != 0 && p != cmp.Compare(i, j) {
						t.Fatalf("%+v: the prefixes of %x and %x compare as %d", c, x, y, p)
					}
				}
			}
		}
	}
}

func TestWordsOrderAsValues(t *testing.T) {
	for _, a := range ordered() {
		if !Fixed(a.DataType()) {
			continue
		}
		words := Words(nil, a)
		if !slices.IsSorted(words[:a.Len()-1]) {
			t.Errorf("%s: the words are %x", a.DataType(), words)
		}
		ids := make([]uint32, len(words))
		for i := range ids {
			ids[i] = uint32(i)
		}
		back, err := FromWords(memory.DefaultAllocator, a.DataType(), words, ids, uint32(len(ids)-1))
		if err != nil {
			t.Fatal(err)
		}
		for i := range ids {
			if back.ValueStr(i) != a.ValueStr(i) {
				t.Errorf("%s: value %d comes back as %s, was %s", a.DataType(), i, back.ValueStr(i), a.ValueStr(i))
			}
		}
	}
}

func TestEqualDoublesHaveOneWord(t *testing.T) {
	if DoubleWord(math.Copysign(0, -1)) != DoubleWord(0) {
		t.Error("-0 and 0 are to be one value")
	}
	if DoubleWord(math.Float64frombits(0xfff8000000000123)) != DoubleWord(math.NaN()) {
		t.Error("all NaNs are to be one value")
	}
	if v := WordDouble(DoubleWord(-1.5)); v != -1.5 {
		t.Errorf("-1.5 comes back as %v", v)
	}
}

func TestKeysOfSeveralColumnsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	all := ordered()
	for range 300 {
		var columns []Column
		var arrays []arrow.Array
		n := 20
		for range 1 + rng.IntN(4) {
			a := all[rng.IntN(len(all))]
			b := array.NewBuilder(memory.DefaultAllocator, a.DataType())
			for range n {
				if err := b.AppendValueFromString(a.ValueStr(rng.IntN(a.Len()))); err != nil {
					b.AppendNull()
				}
			}
			arrays = append(arrays, b.NewArray())
			columns = append(columns, Column{a.DataType(), rng.IntN(2) == 0, rng.IntN(2) == 0})
		}
		e, err := NewEncoder(columns)
		if err != nil {
			t.Fatal(err)
		}
		var k Keys
		e.Encode(&k, arrays, n)
		builders := make([]array.Builder, len(columns))
		for i, c := range columns {
			builders[i] = array.NewBuilder(memory.DefaultAllocator, c.Type)
		}
		for i := range n {
			if err := e.Append(builders, k.Key(i)); err != nil {
				t.Fatal(err)
			}
		}
		for c, b := range builders {
			back := b.NewArray()
			for i := range n {
				if back.ValueStr(i) != arrays[c].ValueStr(i) {
					t.Fatalf("%+v: value %d comes back as %q, was %q", columns[c], i, back.ValueStr(i), arrays[c].ValueStr(i))
				}
			}
		}
	}
}

// FuzzAppend decodes what no encoder made: an error, never a panic.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("\x01abc\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02"), false)
	f.Add([]byte{0, 0, 0}, true)
	f.Fuzz(func(t *testing.T, key []byte, desc bool) {
		columns := []Column{{arrow.BinaryTypes.String, desc, false}, {arrow.PrimitiveTypes.Int64, desc, true}, {&arrow.Decimal128Type{Precision: 38}, false, false}}
		e, err := NewEncoder(columns)
		if err != nil {
			t.Fatal(err)
		}
		builders := make([]array.Builder, len(columns))
		for i, c := range columns {
			builders[i] = array.NewBuilder(memory.DefaultAllocator, c.Type)
		}
		if e.Append(builders, key) != nil {
			return
		}
		// What decodes encodes to the same again, but for the place of NULLs.
		arrays := make([]arrow.Array, len(builders))
		for i, b := range builders {
			arrays[i] = b.NewArray()
			if arrays[i].NullN() > 0 {
				return
			}
		}
		var k Keys
		e.Encode(&k, arrays, 1)
		if !bytes.Equal(k.Key(0), key) {
			t.Errorf("%x decodes and encodes to %x", key, k.Key(0))
		}
	})
}

func TestUnsupportedTypes(t *testing.T) {
	_, err := NewEncoder([]Column{{Type: arrow.FixedWidthTypes.MonthDayNanoInterval}})
	if err == nil || !strings.Contains(err.Error(), "cannot be compared") {
		t.Errorf("an INTERVAL must be refused, got %v", err)
	}
}
