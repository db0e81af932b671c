package bitpack

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// unpack reads the values bit by bit, which is slow and plainly right.
func unpack(b []byte, n, width int) []uint64 {
	v := make([]uint64, n)
	for i := range v {
		for bit := range width {
			at := i*width + bit
			v[i] |= uint64(b[at/8]>>(at%8)&1) << bit
		}
	}
	return v
}

func TestAppend32EveryWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for width := 1; width <= 32; width++ {
		for _, n := range []int{0, 8, 16, 64, 104} {
			v := make([]uint32, n)
			want := make([]uint64, n)
			for i := range v {
				v[i] = rng.Uint32() >> (32 - width)
				if i%5 == 0 {
					v[i] = ^uint32(0) >> (32 - width)
				}
				want[i] = uint64(v[i])
			}
			got := Append32([]byte{0xaa}, v, width)
			if len(got) != 1+n*width/8 || got[0] != 0xaa {
				t.Fatalf("width %d: %d values made %d bytes, want %d", width, n, len(got)-1, n*width/8)
			}
			if u := unpack(got[1:], n, width); !slices.Equal(u, want) {
				t.Fatalf("width %d: unpacked %x, want %x", width, u, want)
			}
		}
	}
}

func TestAppend64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 64).Draw(t, "width")
		n := 8 * rapid.IntRange(0, 9).Draw(t, "groups")
		v := rapid.SliceOfN(rapid.Uint64Range(0, ^uint64(0)>>(64-width)), n, n).Draw(t, "values")
		if got := unpack(Append64(nil, v, width), n, width); !slices.Equal(got, v) {
			t.Fatalf("width %d: unpacked %x, want %x", width, got, v)
		}
	})
}

func BenchmarkAppend32(b *testing.B) {
	for _, width := range []int{1, 7, 8, 12, 17} {
		v := make([]uint32, 1<<16)
		for i := range v {
			v[i] = rand.Uint32() >> (32 - width)
		}
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = Append32(dst[:0], v, width)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(v)), "ns/value")
		})
	}
}
