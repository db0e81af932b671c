package expr

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// benchRows is about what a block of 1 MiB of CSV holds.
const benchRows = 16 << 10

func benchRecord() arrow.Record {
	r := rand.New(rand.NewPCG(1, 2))
	b := array.NewRecordBuilder(memory.DefaultAllocator, fuzzSchema)
	defer b.Release()
	for i := range fuzzSchema.Fields() {
		for range benchRows {
			switch f := b.Field(i).(type) {
			case *array.Int64Builder:
				f.Append(r.Int64N(100))
			case *array.Float64Builder:
				f.Append(r.Float64())
			case *array.Decimal128Builder:
				f.Append(decimal128.FromI64(r.Int64N(100000)))
			case *array.StringBuilder:
				f.Append(fmt.Sprintf("customer%05d", r.IntN(100000)))
			case *array.Date32Builder:
				f.Append(arrow.Date32(r.IntN(20000)))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(r.Int64N(1.7e15)))
			case *array.BooleanBuilder:
				if r.IntN(4) == 0 {
					f.AppendNull()
				} else {
					f.Append(r.IntN(2) == 0)
				}
			default:
				f.AppendNull()
			}
		}
	}
	return b.NewRecord()
}

// freeList hands released buffers out again, as a run's allocator does; with
// the plain Go allocator most of a cheap kernel's time would go to zeroing
// memory and collecting it.
type freeList struct {
	memory.Allocator
	free map[int][][]byte
}

func (l *freeList) Allocate(n int) []byte {
	if list := l.free[n]; len(list) > 0 {
		l.free[n] = list[:len(list)-1]
		return list[len(list)-1]
	}
	return l.Allocator.Allocate(n)
}

func (l *freeList) Free(b []byte) { l.free[len(b)] = append(l.free[len(b)], b) }

func newFreeList() *freeList {
	return &freeList{Allocator: memory.NewGoAllocator(), free: map[int][][]byte{}}
}

// BenchmarkEval reports nanoseconds per row.
func BenchmarkEval(b *testing.B) {
	rec := benchRecord()
	defer rec.Release()
	for _, src := range []string{
		"a > 10", "a = b", "a > 10 AND x < 0.5", "f OR NOT g", "x < y",
		"a + b", "a * b", "a // 7", "x * (1 - y)", "x / y", "p * (1 - p)", "p + 1", "p > 500",
		"a > x", "a IN (1, 5, 7)", "s IN ('customer00001', 'customer00002')",
		"CASE WHEN a > 50 THEN x ELSE y END", "coalesce(f, g)",
		"year(ts)", "date_trunc('month', ts)", "hour(ts)", "d >= '2000-01-01'", "ts + INTERVAL '1 day'", "ts + INTERVAL '1 month'",
		"s = 'customer00007'", "upper(s)", "length(s)", "substr(s, 9)", "s LIKE '%99%'", "s LIKE 'customer0%'", "s ILIKE '%ER99%'",
		"regexp_matches(s, '99$')", "s || '!'", "substr(s, 9)::BIGINT", "a::VARCHAR", "strftime(ts, '%Y-%m-%d')", "md5(s)",
	} {
		b.Run(src, func(b *testing.B) {
			e := mustBind(b, src, fuzzSchema).NewEval(newFreeList())
			b.ReportAllocs()
			for b.Loop() {
				arr, err := e.Eval(rec)
				if err != nil {
					b.Fatal(err)
				}
				arr.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}

// BenchmarkFilter reports nanoseconds per row.
func BenchmarkFilter(b *testing.B) {
	rec := benchRecord()
	defer rec.Release()
	for _, src := range []string{"a > 10 AND x < 0.5", "a = 5"} {
		b.Run(src, func(b *testing.B) {
			e := mustBind(b, src, fuzzSchema).NewEval(memory.DefaultAllocator)
			var sel []int32
			for b.Loop() {
				var err error
				if sel, err = e.Filter(rec, sel); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
}

func BenchmarkBind(b *testing.B) {
	n, err := Parse("CASE WHEN a > 10 AND s LIKE 'x%' THEN x * (1 - y) ELSE round(y, 2) END")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Bind(n, fuzzSchema); err != nil {
			b.Fatal(err)
		}
	}
}
