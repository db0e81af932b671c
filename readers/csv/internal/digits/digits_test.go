package digits

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// column lays texts out as an indexed block has them: each before a comma and,
// with stride 2, something between them.
func column(texts []string, stride int) (data []byte, ends []uint32) {
	ends = []uint32{^uint32(0)}
	for _, s := range texts {
		data = append(append(data, s...), ',')
		ends = append(ends, uint32(len(data)-1))
		for range stride - 1 {
			data = append(data, "other,"...)
			ends = append(ends, uint32(len(data)-1))
		}
	}
	return append(data, make([]byte, PadBytes+8)...), ends
}

// lanesOf repeats texts until vector kernels have something to do.
func lanesOf(texts []string) []string {
	for n := len(texts); len(texts) < 2*lanes+n; {
		texts = append(texts, texts[:n]...)
	}
	return texts
}

const noQuote = -1

var plainInts = []string{"0", "7", "42", "123", "1234", "12345", "123456", "1234567", "12345678", "99999999"}

func TestInts(t *testing.T) {
	plain := lanesOf(plainInts)
	for _, stride := range []int{1, 3} {
		data, ends := column(plain, stride)
		dst := make([]int64, len(plain))
		if n := Ints(dst, data, ends, stride, noQuote, true); n != len(dst) {
			t.Fatalf("stopped at %q", plain[n])
		}
		for i, s := range plain {
			if want, _ := strconv.ParseInt(s, 10, 64); dst[i] != want {
				t.Errorf("%s: got %d", s, dst[i])
			}
		}
	}
	for _, s := range []string{"", "-1", "+1", "123456789", "1 ", " 1", "1.5", "0x1", "12a", "12\x00", "\x8012", "1:2", "1/2"} {
		data, ends := column([]string{"1", s, "2"}, 1)
		if n := Ints(make([]int64, 3), data, ends, 1, noQuote, false); n != 1 {
			t.Errorf("%q: read %d fields, want 1", s, n)
		}
	}
	data, ends := column([]string{"007"}, 1)
	dst := []int64{-1}
	if n := Ints(dst, data, ends, 1, noQuote, true); n != 0 {
		t.Errorf("007 is plain, but exact")
	}
	if n := Ints(dst, data, ends, 1, noQuote, false); n != 1 || dst[0] != 7 {
		t.Errorf("007: read %d fields, got %d", n, dst[0])
	}
}

func TestDoubles(t *testing.T) {
	plain := lanesOf([]string{"0", "-0", "5", "-12345678", "0.5", "-0.5", "1.1", "12.345678", "99.999999", "1234567.8", "0.1234567", "-0.0", "0.10", "3.14159"})
	data, ends := column(plain, 2)
	dst := make([]float64, len(plain))
	if n := Doubles(dst, data, ends, 2, noQuote, true); n != len(dst) {
		t.Fatalf("stopped at %q", plain[n])
	}
	for i, s := range plain {
		if want, _ := strconv.ParseFloat(s, 64); math.Float64bits(dst[i]) != math.Float64bits(want) {
			t.Errorf("%s: got %v", s, dst[i])
		}
	}
	for _, s := range []string{"", "-", ".", ".5", "5.", "-.5", "--1", "1e5", "1.5e3", "+1.5", "1.2.3", "1,5"[:1] + ":5", "12345678.9", "123456789", "1.23456789", "nan", "inf", "1.5 ", "1. 5"} {
		data, ends := column([]string{"1.5", s, "2.5"}, 1)
		if n := Doubles(make([]float64, 3), data, ends, 1, noQuote, false); n != 1 {
			t.Errorf("%q: read %d fields, want 1", s, n)
		}
	}
	for _, s := range []string{"01.5", "-007", "00.5"} {
		data, ends := column([]string{s}, 1)
		if n := Doubles(make([]float64, 1), data, ends, 1, noQuote, true); n != 0 {
			t.Errorf("%s is plain, but exact", s)
		}
	}
}

// Every day of the calendar, and what is none.
func TestDates(t *testing.T) {
	first, last := sqltype.DaysFromCivil(1, 1, 1), sqltype.DaysFromCivil(9999, 12, 31)
	var data []byte
	ends := []uint32{^uint32(0)}
	for d := first; d <= last; d++ {
		data = append(sqltype.AppendDate(data, arrow.Date32(d)), ',')
		ends = append(ends, uint32(len(data)-1))
	}
	data = append(data, make([]byte, PadBytes)...)
	dst := make([]arrow.Date32, last-first+1)
	if n := Dates(dst, data, ends, 1, noQuote); n != len(dst) {
		t.Fatalf("stopped at %s", data[ends[n]+1:ends[n+1]])
	}
	for i, d := range dst {
		if d != arrow.Date32(first)+arrow.Date32(i) {
			t.Fatalf("%s: got %d, want %d", data[ends[i]+1:ends[i+1]], d, int(first)+i)
		}
	}
	for _, s := range []string{"", "2023-02-29", "1900-02-29", "2000-02-30", "0000-01-01", "2024-00-10", "2024-13-01", "2024-01-00", "2024-04-31",
		"2024-1-011", "2024/01/01", "2024-01/01", "2024-01-0a", "2024-01-01 ", "2024-91-01", "2024-17-01", "2024-32-01", "20240-1-01"} {
		texts := lanesOf([]string{"2024-02-29"})
		texts[11] = s
		data, ends := column(texts, 3)
		if n := Dates(make([]arrow.Date32, len(texts)), data, ends, 3, noQuote); n != 11 {
			t.Errorf("%q: read %d fields, want 11", s, n)
		}
	}
}

func TestTimestamps(t *testing.T) {
	plain := lanesOf([]string{"0001-01-01 00:00:00", "1969-12-31T23:59:59", "1970-01-01 00:00:00", "2024-02-29 12:34:56", "9999-12-31 23:59:59"})
	data, ends := column(plain, 2)
	dst := make([]int64, len(plain))
	if n := Timestamps(dst, data, ends, 2, noQuote); n != len(dst) {
		t.Fatalf("stopped at %q", plain[n])
	}
	for i, s := range plain {
		if want, _, _ := sqltype.ParseTimestamp([]byte(s)); dst[i] != want {
			t.Errorf("%s: got %d, want %d", s, dst[i], want)
		}
	}
	for _, s := range []string{"", "2024-01-01", "2024-01-01 24:00:00", "2024-01-01 00:60:00", "2024-01-01 00:00:60", "2024-01-01_00:00:00",
		"2024-01-01 00-00:00", "2024-01-01 00:00:0x", "2024-01-01 10:00+01", "2024-01-01 10:00:00Z", "2024-01-01 0a:00:00", "2024-01-32 00:00:00"} {
		texts := lanesOf([]string{"2024-02-29 01:02:03"})
		texts[9] = s
		data, ends := column(texts, 1)
		if n := Timestamps(make([]int64, len(texts)), data, ends, 1, noQuote); n != 9 {
			t.Errorf("%q: read %d fields, want 9", s, n)
		}
	}
}

// form is one of the forms of a function, with all but the column bound.
type form[T any] func(dst []T, data []byte, ends []uint32, stride, quote int) int

// holdEqual holds that forms read as many of the texts, with and without quotes, and
// that all of these mean what meaning says.
func holdEqual[T comparable](t *testing.T, what string, texts []string, stride int, meaning func(text string) (T, bool), forms map[string]form[T]) {
	t.Helper()
	data, ends := column(texts, stride)
	quoted := slices.Clone(texts)
	for i, s := range quoted {
		if i%3 != 1 {
			quoted[i] = `"` + s + `"`
		}
	}
	dataQuoted, endsQuoted := column(quoted, stride)
	most := -1
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		dst := make([]T, len(texts))
		n := forms[name](dst, data, ends, stride, noQuote)
		if most < 0 {
			most = n
		}
		if n != most {
			t.Fatalf("%s, %s: read %d fields, want %d", what, name, n, most)
		}
		for i, got := range dst[:n] {
			if want, ok := meaning(texts[i]); !ok || got != want {
				t.Fatalf("%s, %s: %q is %v", what, name, texts[i], got)
			}
		}
		again := make([]T, len(texts))
		if n := forms[name](again, dataQuoted, endsQuoted, stride, '"'); n != most || !slices.Equal(again[:n], dst[:n]) {
			t.Fatalf("%s, %s, in quotes: read %d fields, %v; want %d, %v", what, name, n, again[:n], most, dst[:most])
		}
	}
}

// double is a float64 that equals only one of the same bits.
type double uint64

// ofBits returns the form of Doubles that returns bits.
func ofBits(f func(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int, exact bool) form[double] {
	return func(dst []double, data []byte, ends []uint32, stride, quote int) int {
		values := make([]float64, len(dst))
		n := f(values, data, ends, stride, quote, exact)
		for i, v := range values {
			dst[i] = double(math.Float64bits(v))
		}
		return n
	}
}

// Fields of any bytes: all forms read the same, and what they read is what
// strconv and sqltype read.
func FuzzForms(f *testing.F) {
	f.Add("1,22,333,4.5,-6.75,0.5,x", true, 1)
	f.Add("12345678,00,1.2.3,,1e5,-,9999999.9", false, 2)
	f.Add("1,2,3,4,5,6,7,8,9,-1.5,0.25,123456.78,-0,5,-99999999,1.2", true, 1)
	f.Add("2024-02-29,1970-01-01,0001-01-01,9999-12-31,2000-02-29,1999-12-01,2023-03-31,2024-12-31", true, 2)
	f.Add("2024-02-29 12:34:56,1969-12-31T23:59:59", true, 1)
	f.Fuzz(func(t *testing.T, text string, exact bool, stride int) {
		if stride < 1 || stride > 4 || strings.Contains(text, `"`) {
			return
		}
		texts := lanesOf(strings.Split(text, ","))
		ints := func(f func(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int) form[int64] {
			return func(dst []int64, data []byte, ends []uint32, stride, quote int) int {
				return f(dst, data, ends, stride, quote, exact)
			}
		}
		holdEqual(t, "ints", texts, stride, func(s string) (int64, bool) {
			v, err := strconv.ParseInt(s, 10, 64)
			return v, err == nil
		}, map[string]form[int64]{"chosen": ints(Ints), "fields": ints(intFields), "pure": ints(intsPure)})
		holdEqual(t, "doubles", texts, stride, func(s string) (double, bool) {
			v, err := strconv.ParseFloat(s, 64)
			return double(math.Float64bits(v)), err == nil
		}, map[string]form[double]{"chosen": ofBits(Doubles, exact), "fields": ofBits(doubleFields, exact), "pure": ofBits(doublesPure, exact)})
		holdEqual(t, "dates", texts, stride, func(s string) (arrow.Date32, bool) { return sqltype.ParseDate([]byte(s)) },
			map[string]form[arrow.Date32]{"chosen": Dates, "fields": dateFields})
		holdEqual(t, "timestamps", texts, stride, func(s string) (int64, bool) {
			v, zoned, ok := sqltype.ParseTimestamp([]byte(s))
			return v, ok && !zoned
		}, map[string]form[int64]{"chosen": Timestamps, "fields": timestampFields})
	})
}

// benchmarkForms times the forms of a function on texts.
func benchmarkForms[T any](b *testing.B, texts []string, forms map[string]func(dst []T, data []byte, ends []uint32) int) {
	data, ends := column(texts, 1)
	dst := make([]T, len(texts))
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n := forms[name](dst, data, ends); n != len(texts) {
					b.Fatalf("stopped at %q", texts[n])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
		})
	}
}

func textsOf(n int, text func(i int) string) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = text(i)
	}
	return texts
}

func BenchmarkInts(b *testing.B) {
	texts := textsOf(10000, func(i int) string { return plainInts[i*7919%len(plainInts)] })
	benchmarkForms(b, texts, map[string]func(dst []int64, data []byte, ends []uint32) int{
		"chosen": func(dst []int64, data []byte, ends []uint32) int { return Ints(dst, data, ends, 1, noQuote, true) },
		"fields": func(dst []int64, data []byte, ends []uint32) int { return intFields(dst, data, ends, 1, noQuote, true) },
		"pure":   func(dst []int64, data []byte, ends []uint32) int { return intsPure(dst, data, ends, 1, noQuote, true) },
	})
}

func BenchmarkDoubles(b *testing.B) {
	texts := textsOf(10000, func(i int) string { return strconv.FormatFloat(float64(i*7919%9000)/100+0.123456, 'f', 6, 64) })
	benchmarkForms(b, texts, map[string]func(dst []float64, data []byte, ends []uint32) int{
		"chosen": func(dst []float64, data []byte, ends []uint32) int { return Doubles(dst, data, ends, 1, noQuote, true) },
		"fields": func(dst []float64, data []byte, ends []uint32) int {
			return doubleFields(dst, data, ends, 1, noQuote, true)
		},
		"pure": func(dst []float64, data []byte, ends []uint32) int {
			return doublesPure(dst, data, ends, 1, noQuote, true)
		},
	})
}

func BenchmarkDates(b *testing.B) {
	texts := textsOf(10000, func(i int) string { return string(sqltype.AppendDate(nil, arrow.Date32(i*7919%20000))) })
	benchmarkForms(b, texts, map[string]func(dst []arrow.Date32, data []byte, ends []uint32) int{
		"chosen": func(dst []arrow.Date32, data []byte, ends []uint32) int { return Dates(dst, data, ends, 1, noQuote) },
		"fields": func(dst []arrow.Date32, data []byte, ends []uint32) int {
			return dateFields(dst, data, ends, 1, noQuote)
		},
	})
}

func BenchmarkTimestamps(b *testing.B) {
	texts := textsOf(10000, func(i int) string { return string(sqltype.AppendTimestamp(nil, int64(i)*7919*sqltype.MicrosPerMinute)) })
	benchmarkForms(b, texts, map[string]func(dst []int64, data []byte, ends []uint32) int{
		"chosen": func(dst []int64, data []byte, ends []uint32) int { return Timestamps(dst, data, ends, 1, noQuote) },
		"fields": func(dst []int64, data []byte, ends []uint32) int { return timestampFields(dst, data, ends, 1, noQuote) },
	})
}
