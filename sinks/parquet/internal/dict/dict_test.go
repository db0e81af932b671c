package dict

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// layout lays strings out the way Arrow does.
func layout(values []string) (data []byte, offsets []int32) {
	offsets = []int32{0}
	for _, v := range values {
		data = append(data, v...)
		offsets = append(offsets, int32(len(data)))
	}
	return data, offsets
}

func TestStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := rapid.SliceOfN(rapid.OneOf(
			rapid.StringN(0, 40, 60),
			rapid.Map(rapid.IntRange(0, 70), func(n int) string { return strings.Repeat("\x00", n) }),
			rapid.Map(rapid.IntRange(0, 9), func(n int) string { return fmt.Sprintf("https://example.com/%d/index.html", n) }),
		), 1, 40).Draw(t, "pool")
		values := rapid.SliceOfN(rapid.SampledFrom(pool), 0, 200).Draw(t, "values")
		data, offsets := layout(values)
		var d Strings
		d.Reset(false, 1<<30)
		codes := make([]uint32, len(values))
		split := rapid.IntRange(0, len(values)).Draw(t, "split")
		if !d.Encode(codes[:split], data, offsets) || !d.Encode(codes[split:], data, offsets[split:]) {
			t.Fatal("Encode gave up")
		}
		first := map[string]uint32{}
		for i, v := range values {
			if _, seen := first[v]; !seen {
				first[v] = uint32(len(first))
			}
			if codes[i] != first[v] || string(d.Entry(int(codes[i]))) != v {
				t.Fatalf("value %d %q: code %d is entry %q, want code %d", i, v, codes[i], d.Entry(int(codes[i])), first[v])
			}
		}
		if d.Len() != len(first) {
			t.Fatalf("%d entries, want %d", d.Len(), len(first))
		}
	})
}

func TestStringsGrow(t *testing.T) {
	values := make([]string, 50_000)
	for i := range values {
		values[i] = fmt.Sprint("id", i%20_000)
	}
	data, offsets := layout(values)
	var d Strings
	for range 2 { // the second time with the memory of the first
		d.Reset(false, 1<<30)
		codes := make([]uint32, len(values))
		if !d.Encode(codes, data, offsets) {
			t.Fatal("Encode gave up")
		}
		for i, c := range codes {
			if int(c) != i%20_000 {
				t.Fatalf("value %d has code %d, want %d", i, c, i%20_000)
			}
		}
	}
	if want := []byte("\x03\x00\x00\x00id0\x03\x00\x00\x00id1"); !bytes.HasPrefix(d.Plain, want) {
		t.Errorf("Plain starts with %q, want %q", d.Plain[:14], want)
	}
}

func TestStringsGiveUpWhenTooLarge(t *testing.T) {
	values := make([]string, 2000)
	for i := range values {
		values[i] = fmt.Sprintf("%0100d", i)
	}
	data, offsets := layout(values)
	var d Strings
	d.Reset(false, 50_000)
	if d.Encode(make([]uint32, len(values)), data, offsets) {
		t.Error("Encode went on beyond the limit")
	}
	if len(d.Plain) > 50_000+keysBlock*104 {
		t.Errorf("the entries have %d bytes, want little more than 50,000", len(d.Plain))
	}
}

func TestIntegers(t *testing.T) {
	t.Run("int32", rapid.MakeCheck(checkIntegers[int32]))
	t.Run("int64", rapid.MakeCheck(checkIntegers[int64]))
}

func checkIntegers[T int32 | int64](t *rapid.T) {
	pool := rapid.SliceOfN(rapid.Int64(), 1, 2000).Draw(t, "pool")
	var values []T
	for _, v := range rapid.SliceOfN(rapid.SampledFrom(pool), 0, 3000).Draw(t, "values") {
		values = append(values, T(v))
	}
	var d Integers[T]
	d.Reset()
	codes := make([]uint32, len(values))
	if !d.Encode(codes, values) {
		t.Fatal("Encode gave up")
	}
	for i, v := range values {
		if d.Values[codes[i]] != v {
			t.Fatalf("value %d: code %d is %d, want %d", i, codes[i], d.Values[codes[i]], v)
		}
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(values))); len(d.Values) != len(distinct) {
		t.Fatalf("%d entries, want %d", len(d.Values), len(distinct))
	}
}

// Values made to fall on one slot must not make the table crawl.
func TestCollisionsGiveUp(t *testing.T) {
	var d Integers[int64]
	d.Reset()
	var values []int64
	for v := uint64(0); len(values) < 20_000; v++ {
		// The inverse of hashInteger for hashes below 2^32, which all fall
		// on the first slot of any table.
		x := v * inverse(key0)
		values = append(values, int64(x^x>>32))
	}
	if d.Encode(make([]uint32, len(values)), values) {
		t.Error("Encode went through 20,000 colliding values, want it to give up")
	}
}

// inverse returns the number whose product with odd k is 1.
func inverse(k uint64) uint64 {
	x := k
	for range 6 {
		x *= 2 - k*x
	}
	return x
}

// Through the window, out of it and in the hash table codes are the same.
func TestIntegersNear(t *testing.T) {
	t.Run("int32", rapid.MakeCheck(checkNear[int32]))
	t.Run("int64", rapid.MakeCheck(checkNear[int64]))
}

func checkNear[T int32 | int64](t *rapid.T) {
	base := T(rapid.SampledFrom([]int64{0, 1 << 40, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}).Draw(t, "base"))
	var near, plain Integers[T]
	for range 2 { // the second time with the memory of the first
		near.Reset()
		plain.Reset()
		for range rapid.IntRange(1, 6).Draw(t, "blocks") {
			start := base + T(rapid.OneOf(rapid.IntRange(-200_000, 200_000), rapid.Just(0), rapid.Int()).Draw(t, "start"))
			offsets := rapid.SliceOfN(rapid.IntRange(0, rapid.SampledFrom([]int{10, 1000, 70_000}).Draw(t, "width")), 1, 200).Draw(t, "offsets")
			values := make([]T, 8*len(offsets)) // many, as a window asks for
			for i := range values {
				values[i] = start + T(offsets[i%len(offsets)])
			}
			least, greatest := start+T(slices.Min(offsets)), start+T(slices.Max(offsets))
			got, want := make([]uint32, len(values)), make([]uint32, len(values))
			if !near.EncodeNear(got, values, least, greatest) || !plain.Encode(want, values) {
				t.Fatal("gave up")
			}
			if !slices.Equal(got, want) || !slices.Equal(near.Values, plain.Values) {
				t.Fatalf("values from %d to %d: codes %v of %v, want %v of %v", least, greatest, got, near.Values, want, plain.Values)
			}
		}
	}
}

// Coded strings get the codes that the strings would get.
func TestEncodeCoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.StringN(0, 20, 30), 1, 50, rapid.ID).Draw(t, "list")
		places := rapid.SliceOfN(rapid.Uint16Range(0, uint16(len(list)-1)), 0, 300).Draw(t, "places")
		values := make([]string, len(places))
		for i, p := range places {
			values[i] = list[p]
		}
		plainBytesMax := rapid.SampledFrom([]int{1 << 20, 100}).Draw(t, "plainBytesMax")
		var coded, plain Strings
		coded.Reset(false, plainBytesMax)
		plain.Reset(false, plainBytesMax)
		known := make([]uint32, len(list))
		for i := range known {
			known[i] = 77 // as left over
		}
		got, want := make([]uint32, len(places)), make([]uint32, len(places))
		data, offsets := layout(list)
		ok := coded.EncodeCoded(got, places, known, data, offsets)
		data, offsets = layout(values)
		if wantOK := plain.Encode(want, data, offsets); ok != wantOK {
			t.Fatalf("EncodeCoded reports %v, Encode %v", ok, wantOK)
		}
		if ok && (!slices.Equal(got, want) || !bytes.Equal(coded.Plain, plain.Plain)) {
			t.Fatalf("codes %v of %q, want %v of %q", got, coded.Plain, want, plain.Plain)
		}
	})
}

func TestUsed(t *testing.T) {
	marks := make([]byte, 3)
	var used []uint32
	for range 2 {
		used, marks = Used(used[:0], []uint32{17, 3, 3, 0, 17, 8}, marks, 18)
		if want := []uint32{0, 3, 8, 17}; !slices.Equal(used, want) {
			t.Fatalf("Used = %v, want %v", used, want)
		}
	}
}

func TestPredict(t *testing.T) {
	for _, c := range []struct{ population, n, total int }{
		{100, 16_384, 1_000_000}, {100_000, 16_384, 122_880}, {100_000, 16_384, 1_000_000},
		{1_000_000, 16_384, 1_000_000}, {5000, 8192, 122_880},
	} {
		rng := rand.New(rand.NewPCG(5, 6))
		seen := map[int]bool{}
		distinct := 0
		for i := range c.total {
			seen[rng.IntN(c.population)] = true
			if i+1 == c.n {
				distinct = len(seen)
			}
		}
		got := Predict(c.n, distinct, c.total)
		if got < len(seen)*8/10 || got > len(seen)*12/10 {
			t.Errorf("population %d: predicted %d distinct of %d, want about %d", c.population, got, c.total, len(seen))
		}
	}
	if got := Predict(100, 100, 5000); got != 5000 {
		t.Errorf("with nothing recurring predicted %d, want 5000", got)
	}
	if got := Predict(100, 40, 100); got != 40 {
		t.Errorf("with all seen predicted %d, want 40", got)
	}
}

func BenchmarkStrings(b *testing.B) {
	for _, c := range []struct {
		format   string
		distinct int
	}{{"id%03d", 100}, {"id%010d", 100_000}, {"https://example.com/path/%06d", 1000}} {
		values := make([]string, 1<<20)
		for i := range values {
			values[i] = fmt.Sprintf(c.format, rand.IntN(c.distinct))
		}
		data, offsets := layout(values)
		values = nil
		codes := make([]uint32, len(offsets)-1)
		runtime.GC() // the strings are not to be marked while the clock runs
		b.Run(fmt.Sprintf("distinct=%d", c.distinct), func(b *testing.B) {
			var d Strings
			for b.Loop() {
				d.Reset(false, 1<<30)
				d.Encode(codes, data, offsets)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(codes)), "ns/value")
		})
	}
}

func BenchmarkIntegers(b *testing.B) {
	for _, distinct := range []int64{100, 100_000} {
		values := make([]int64, 1<<20)
		for i := range values {
			values[i] = rand.Int64N(distinct) * 1_000_003
		}
		codes := make([]uint32, len(values))
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			var d Integers[int64]
			for b.Loop() {
				d.Reset()
				d.Encode(codes, values)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
		})
	}
}

func BenchmarkNear(b *testing.B) {
	values := make([]int64, 1<<20)
	for i := range values {
		values[i] = rand.Int64N(100)
	}
	codes := make([]uint32, len(values))
	var d Integers[int64]
	for b.Loop() {
		d.Reset()
		d.EncodeNear(codes, values, 0, 99)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
}
