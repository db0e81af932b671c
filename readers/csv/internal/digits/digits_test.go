package digits

import (
	"math"
	"strconv"
	"strings"
	"testing"
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

var plainInts = []string{"0", "7", "42", "123", "1234", "12345", "123456", "1234567", "12345678", "99999999"}

func TestInts(t *testing.T) {
	for _, stride := range []int{1, 3} {
		data, ends := column(plainInts, stride)
		dst := make([]int64, len(plainInts))
		if n := Ints(dst, data, ends, stride, true); n != len(dst) {
			t.Fatalf("stopped at %q", plainInts[n])
		}
		for i, s := range plainInts {
			if want, _ := strconv.ParseInt(s, 10, 64); dst[i] != want {
				t.Errorf("%s: got %d", s, dst[i])
			}
		}
	}
	for _, s := range []string{"", "-1", "+1", "123456789", "1 ", " 1", "1.5", "0x1", "12a", "12\x00", "\x8012", "1:2", "1/2"} {
		data, ends := column([]string{"1", s, "2"}, 1)
		if n := Ints(make([]int64, 3), data, ends, 1, false); n != 1 {
			t.Errorf("%q: read %d fields, want 1", s, n)
		}
	}
	data, ends := column([]string{"007"}, 1)
	dst := []int64{-1}
	if n := Ints(dst, data, ends, 1, true); n != 0 {
		t.Errorf("007 is plain, but exact")
	}
	if n := Ints(dst, data, ends, 1, false); n != 1 || dst[0] != 7 {
		t.Errorf("007: read %d fields, got %d", n, dst[0])
	}
}

func TestDoubles(t *testing.T) {
	plain := []string{"0", "-0", "5", "-12345678", "0.5", "-0.5", "1.1", "12.345678", "99.999999", "1234567.8", "0.1234567", "-0.0", "0.10", "3.14159"}
	data, ends := column(plain, 2)
	dst := make([]float64, len(plain))
	if n := Doubles(dst, data, ends, 2, true); n != len(dst) {
		t.Fatalf("stopped at %q", plain[n])
	}
	for i, s := range plain {
		if want, _ := strconv.ParseFloat(s, 64); math.Float64bits(dst[i]) != math.Float64bits(want) {
			t.Errorf("%s: got %v", s, dst[i])
		}
	}
	for _, s := range []string{"", "-", ".", ".5", "5.", "-.5", "--1", "1e5", "1.5e3", "+1.5", "1.2.3", "1,5"[:1] + ":5", "12345678.9", "123456789", "1.23456789", "nan", "inf", "1.5 ", "1. 5"} {
		data, ends := column([]string{"1.5", s, "2.5"}, 1)
		if n := Doubles(make([]float64, 3), data, ends, 1, false); n != 1 {
			t.Errorf("%q: read %d fields, want 1", s, n)
		}
	}
	for _, s := range []string{"01.5", "-007", "00.5"} {
		data, ends := column([]string{s}, 1)
		if n := Doubles(make([]float64, 1), data, ends, 1, true); n != 0 {
			t.Errorf("%s is plain, but exact", s)
		}
	}
}

// Fields of any bytes: both forms read the same, and what they read is what
// strconv reads.
func FuzzForms(f *testing.F) {
	f.Add("1,22,333,4.5,-6.75,0.5,x", true, 1)
	f.Add("12345678,00,1.2.3,,1e5,-,9999999.9", false, 2)
	f.Fuzz(func(t *testing.T, text string, exact bool, stride int) {
		if stride < 1 || stride > 4 {
			return
		}
		texts := strings.Split(text, ",")
		data, ends := column(texts, stride)
		ints, intsAgain := make([]int64, len(texts)), make([]int64, len(texts))
		n := Ints(ints, data, ends, stride, exact)
		if m := intsPure(intsAgain, data, ends, stride, exact); m != n {
			t.Fatalf("ints: read %d fields and %d", n, m)
		}
		for i := range n {
			want, err := strconv.ParseInt(texts[i], 10, 64)
			if err != nil || ints[i] != want || intsAgain[i] != want {
				t.Fatalf("%q: got %d and %d", texts[i], ints[i], intsAgain[i])
			}
		}
		doubles, doublesAgain := make([]float64, len(texts)), make([]float64, len(texts))
		n = Doubles(doubles, data, ends, stride, exact)
		if m := doublesPure(doublesAgain, data, ends, stride, exact); m != n {
			t.Fatalf("doubles: read %d fields and %d", n, m)
		}
		for i := range n {
			want, err := strconv.ParseFloat(texts[i], 64)
			if err != nil || math.Float64bits(doubles[i]) != math.Float64bits(want) || math.Float64bits(doublesAgain[i]) != math.Float64bits(want) {
				t.Fatalf("%q: got %v and %v", texts[i], doubles[i], doublesAgain[i])
			}
		}
	})
}

func BenchmarkInts(b *testing.B) {
	texts := make([]string, 10000)
	for i := range texts {
		texts[i] = plainInts[i*7919%len(plainInts)]
	}
	data, ends := column(texts, 1)
	dst := make([]int64, len(texts))
	b.Run("unchecked", func(b *testing.B) {
		for b.Loop() {
			if n := Ints(dst, data, ends, 1, true); n != len(texts) {
				b.Fatalf("stopped at %q", texts[n])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
	})
	b.Run("pure", func(b *testing.B) {
		for b.Loop() {
			if n := intsPure(dst, data, ends, 1, true); n != len(texts) {
				b.Fatalf("stopped at %q", texts[n])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
	})
}

func BenchmarkDoubles(b *testing.B) {
	texts := make([]string, 10000)
	for i := range texts {
		texts[i] = strconv.FormatFloat(float64(i*7919%9000)/100+0.123456, 'f', 6, 64)
	}
	data, ends := column(texts, 1)
	dst := make([]float64, len(texts))
	b.Run("unchecked", func(b *testing.B) {
		for b.Loop() {
			if n := Doubles(dst, data, ends, 1, true); n != len(texts) {
				b.Fatalf("stopped at %q", texts[n])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
	})
	b.Run("pure", func(b *testing.B) {
		for b.Loop() {
			if n := doublesPure(dst, data, ends, 1, true); n != len(texts) {
				b.Fatalf("stopped at %q", texts[n])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
	})
}
