package hybrid

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// decode reads n values as Encodings.md describes it, and fails where the
// sequence is longer or shorter than that.
func decode(b []byte, n, width int) ([]uint32, error) {
	var v []uint32
	for len(v) < n {
		head, k := binary.Uvarint(b)
		if k <= 0 {
			return v, fmt.Errorf("no run header after %d of %d values", len(v), n)
		}
		b = b[k:]
		if head&1 == 0 {
			var x uint32
			for i := range (width + 7) / 8 {
				x |= uint32(b[i]) << (8 * i)
			}
			b = b[(width+7)/8:]
			for range head >> 1 {
				v = append(v, x)
			}
			continue
		}
		count := int(head>>1) * 8
		for i := range count {
			var x uint32
			for bit := range width {
				at := i*width + bit
				x |= uint32(b[at/8]>>(at%8)&1) << bit
			}
			v = append(v, x)
		}
		b = b[count*width/8:]
		if len(v) > n {
			if len(v)-n >= 8 {
				return v, fmt.Errorf("%d values too many", len(v)-n)
			}
			v = v[:n]
		}
	}
	if len(b) > 0 {
		return v, fmt.Errorf("%d bytes left over", len(b))
	}
	return v, nil
}

func TestAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		var v []uint32
		for range rapid.IntRange(0, 20).Draw(t, "runs") {
			x := rapid.Uint32Range(0, ^uint32(0)>>(32-width)).Draw(t, "value")
			for range rapid.IntRange(1, 100).Draw(t, "length") {
				v = append(v, x)
			}
		}
		got, err := decode(Append(nil, v, width), len(v), width)
		if err != nil || !slices.Equal(got, v) {
			t.Fatalf("width %d: decoded %v (%v), want %v", width, got, err, v)
		}
	})
}

func TestAppendBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bitmap []byte
		for range rapid.IntRange(1, 8).Draw(t, "runs") {
			b := rapid.SampledFrom([]byte{0, 0xff, 0x5a, 0x0f}).Draw(t, "byte")
			for range rapid.IntRange(1, 20).Draw(t, "length") {
				bitmap = append(bitmap, b)
			}
		}
		offset := rapid.IntRange(0, len(bitmap)*8-1).Draw(t, "offset")
		n := rapid.IntRange(0, len(bitmap)*8-offset).Draw(t, "n")
		want := make([]uint32, n)
		for i := range want {
			want[i] = uint32(bitmap[(offset+i)/8] >> ((offset + i) % 8) & 1)
		}
		got, err := decode(AppendBits(nil, bitmap, offset, n), n, 1)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("offset %d: decoded %v (%v), want %v", offset, got, err, want)
		}
	})
}

// Long runs must be short in the file: a constant column is a few bytes.
func TestRunsAreShort(t *testing.T) {
	constant := slices.Repeat([]uint32{5}, 100_000)
	if got := len(Append(nil, constant, 7)); got > 5 {
		t.Errorf("100,000 equal values took %d bytes, want at most 5", got)
	}
	set := slices.Repeat([]byte{0xff}, 12_500)
	for _, n := range []int{99_999, 99_993} {
		if got := len(AppendBits(nil, set, 1, n)); got > 5 {
			t.Errorf("%d equal bits took %d bytes, want at most 5", n, got)
		}
	}
	if got := len(RepeatedBit(nil, 1, 100_000)); got > 5 {
		t.Errorf("100,000 repeated bits took %d bytes, want at most 5", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, distinct := range []uint32{2, 100, 100_000} {
		width := bits.Len32(distinct - 1)
		v := make([]uint32, 1<<16)
		for i := range v {
			v[i] = rand.Uint32N(distinct)
		}
		b.Run(fmt.Sprintf("distinct=%d", distinct), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = Append(dst[:0], v, width)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(v)), "ns/value")
		})
	}
}
