package sqltype

import (
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func TestAppendValue(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	const at = 1_577_934_245_678_000
	for _, tc := range []struct {
		typ    arrow.DataType
		append func(array.Builder)
		want   string
	}{
		{Boolean, func(b array.Builder) { b.(*array.BooleanBuilder).Append(true) }, "true"},
		{BigInt, func(b array.Builder) { b.(*array.Int64Builder).Append(-7) }, "-7"},
		{Double, func(b array.Builder) { b.(*array.Float64Builder).Append(1e20) }, "1e+20"},
		{Decimal(10, 2), func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(-5)) }, "-0.05"},
		{Date, func(b array.Builder) { b.(*array.Date32Builder).Append(18263) }, "2020-01-02"},
		{Timestamp, func(b array.Builder) { b.(*array.TimestampBuilder).Append(at) }, "2020-01-02 03:04:05.678"},
		{TimestampTZ, func(b array.Builder) { b.(*array.TimestampBuilder).Append(at) }, "2020-01-02 03:04:05.678+00"},
		{Time, func(b array.Builder) { b.(*array.Time64Builder).Append(11_045_000_000) }, "03:04:05"},
		{Varchar, func(b array.Builder) { b.(*array.StringBuilder).Append("a\"b\x00") }, "a\"b\x00"},
		{Blob, func(b array.Builder) { b.(*array.BinaryBuilder).Append([]byte{0, 0xff}) }, `\x00ff`},
		{Interval, func(b array.Builder) {
			b.(*array.MonthDayNanoIntervalBuilder).Append(arrow.MonthDayNanoInterval{Months: 1, Nanoseconds: 1000})
		}, "1 month 00:00:00.000001"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
			func(b array.Builder) { _ = b.(*array.BinaryDictionaryBuilder).AppendString("x") }, "x"},
		{arrow.PrimitiveTypes.Int16, func(b array.Builder) { b.(*array.Int16Builder).Append(3) }, "3"},
	} {
		b := array.NewBuilder(mem, tc.typ)
		b.AppendNull()
		tc.append(b)
		a := b.NewArray()
		if got := string(AppendValue([]byte(">"), a, 1)); got != ">"+tc.want {
			t.Errorf("%s is written %q, want %q", Name(tc.typ), got[1:], tc.want)
		}
		a.Release()
		b.Release()
	}
}
