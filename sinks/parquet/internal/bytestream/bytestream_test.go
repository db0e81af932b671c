package bytestream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestAppend(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, width := range []int{4, 8} {
		for n := range 70 {
			plain := make([]byte, n*width)
			for i := range plain {
				plain[i] = byte(rng.Uint32())
			}
			want := []byte("x")
			for k := range width {
				for i := range n {
					want = append(want, plain[i*width+k])
				}
			}
			if got := Append([]byte("x"), plain, width); !bytes.Equal(got, want) {
				t.Fatalf("%d values of %d bytes: %x, want %x", n, width, got, want)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, width := range []int{4, 8} {
		plain := make([]byte, 20_480*width)
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = Append(dst[:0], plain, width)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20_480, "ns/value")
		})
	}
}
