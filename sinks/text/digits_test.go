package text

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
)

// checkPut compares what a column writes to what sqltype appends. Memory is
// full of other bytes before, and no cell may reach into the next.
func checkPut(t *testing.T, build func(*array.RecordBuilder), kinds ...arrow.DataType) {
	t.Helper()
	for _, kind := range kinds {
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "v", Type: kind, Nullable: true}}, nil))
		build(b)
		rec := b.NewRecord()
		b.Release()
		var c cells
		text, _ := c.room(1, 1<<16)
		for i := range text {
			text[i] = '#'
		}
		newCSVStyle(CSVOptions{}).column(kind)(&c, rec.Column(0), 0, int(rec.NumRows()))
		for row := range int(rec.NumRows()) {
			want := string(sqltype.AppendValue(nil, rec.Column(0), row))
			if got := string(c.text[c.bounds[row]:c.bounds[row+1]]); got != want {
				t.Errorf("%s: wrote %q, want %q", kind, got, want)
			}
		}
		rec.Release()
	}
}

// interesting are numbers at which the number of digits changes, and their
// neighbours.
func interesting() []int64 {
	var v []int64
	add := func(x int64) { v = append(v, x-1, x, x+1, -x-1, -x, -x+1) }
	add(0)
	for p := int64(1); p <= 1e18; p *= 10 {
		add(p)
		add(9 * p / 2)
		if p == 1e18 {
			break
		}
	}
	for shift := range 63 {
		add(1 << shift)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v = append(v, int64(r.Uint64()>>r.IntN(64)), -int64(r.Uint64()>>r.IntN(64)))
	}
	return append(v, math.MaxInt64, math.MinInt64)
}

func TestNumbers(t *testing.T) {
	v := interesting()
	checkPut(t, func(b *array.RecordBuilder) {
		for _, x := range v {
			b.Field(0).(*array.Int64Builder).Append(x)
		}
	}, sqltype.BigInt)
	for scale := int32(0); scale <= 38; scale++ {
		checkPut(t, func(b *array.RecordBuilder) {
			for i, x := range v {
				b.Field(0).(*array.Decimal128Builder).Append(decimal128.FromI64(x))
				b.Field(0).(*array.Decimal128Builder).Append(decimal128.New(x, uint64(v[len(v)-1-i])))
				b.Field(0).(*array.Decimal128Builder).Append(decimal128.New(x%3-1, uint64(x)))
			}
		}, sqltype.Decimal(38, scale))
	}
	checkPut(t, func(b *array.RecordBuilder) {
		for i := range 10000 {
			b.Field(0).(*array.Int64Builder).Append(int64(i) * 9999)
		}
	}, sqltype.BigInt)
	checkPut(t, func(b *array.RecordBuilder) {
		for _, x := range v {
			f := b.Field(0).(*array.Float64Builder)
			f.Append(float64(x))
			f.Append(math.Float64frombits(uint64(x)))
			for _, power := range []float64{1e2, 1e3, 1e6, 1e9, 1e10, 1e15} {
				f.Append(float64(x%1e15) / power)
				f.Append(math.Nextafter(float64(x%1e15)/power, 0))
				f.Append(float64(x) * power)
			}
		}
		b.Field(0).(*array.Float64Builder).AppendValues([]float64{math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64,
			math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 1e-4, 1.5e-4, 1e-5, 1e12, 999999999999.9, 1e9, 1e6 - 0.5, -0.00012345678901234567}, nil)
	}, sqltype.Double)
}

func TestTimes(t *testing.T) {
	v := interesting()
	checkPut(t, func(b *array.RecordBuilder) {
		for _, x := range v {
			b.Field(0).(*array.Date32Builder).Append(arrow.Date32(x))
		}
		b.Field(0).(*array.Date32Builder).AppendValues([]arrow.Date32{arrow.Date32(daysMin), arrow.Date32(daysMin - 1), arrow.Date32(daysMax), arrow.Date32(daysMax + 1), math.MaxInt32, math.MinInt32}, nil)
	}, sqltype.Date)
	checkPut(t, func(b *array.RecordBuilder) {
		for _, x := range v {
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(x))
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(x % (sqltype.MicrosPerDay * 100_000)))
		}
	}, sqltype.Timestamp, sqltype.TimestampTZ)
	checkPut(t, func(b *array.RecordBuilder) {
		for _, x := range v {
			b.Field(0).(*array.Time64Builder).Append(arrow.Time64(x))
			b.Field(0).(*array.Time64Builder).Append(arrow.Time64(x % sqltype.MicrosPerDay))
		}
	}, sqltype.Time)
	checkPut(t, func(b *array.RecordBuilder) {
		for i, x := range v {
			y := v[len(v)-1-i]
			b.Field(0).(*array.MonthDayNanoIntervalBuilder).Append(arrow.MonthDayNanoInterval{Months: int32(x), Days: int32(y), Nanoseconds: x})
		}
		b.Field(0).(*array.MonthDayNanoIntervalBuilder).Append(arrow.MonthDayNanoInterval{Months: math.MinInt32, Days: math.MinInt32, Nanoseconds: math.MinInt64})
	}, sqltype.Interval)
}

func FuzzPutDouble(f *testing.F) {
	for _, v := range []float64{0, 1, 0.1, 1.0 / 3, 123456.789, 1e9 + 0.001, 5e-324} {
		f.Add(math.Float64bits(v))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		var b [doubleBytesMax + slackBytes]byte
		v := math.Float64frombits(bits)
		// Also its like with few digits.
		short, _ := strconv.ParseFloat(fmt.Sprintf("%.3f", math.Mod(v, 1e12)), 64)
		for _, x := range []float64{v, short} {
			want := string(sqltype.AppendDouble(nil, x))
			if got := string(b[:putDouble(b[:], 0, x)]); got != want {
				t.Errorf("wrote %q, want %q", got, want)
			}
		}
	})
}
