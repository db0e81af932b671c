package inflate

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// trips is text like that of the benchmark's taxi data.
func trips(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for i := 0; len(b) < n; i++ {
		minute := i / 40
		b = fmt.Appendf(b, "%d,2023-01-%02d %02d:%02d:%02d,2023-01-%02d %02d:%02d:%02d,%d,%d.%02d,%d,%d,%d.%02d,%d.%02d\n",
			1+r.IntN(2), 1+minute/1440%28, minute/60%24, minute%60, r.IntN(60), 1+minute/1440%28, minute/60%24, (minute+9)%60, r.IntN(60),
			1+r.IntN(5), r.IntN(20), r.IntN(100), 1+r.IntN(265), 1+r.IntN(265), 3+r.IntN(50), r.IntN(100), r.IntN(9), r.IntN(100))
	}
	return b[:n]
}

func BenchmarkReader(b *testing.B) {
	plain := trips(32 << 20)
	for _, level := range []int{1, 6, 9} {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, level)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		out := make([]byte, 1<<20)
		run := func(name string, open func(r io.Reader) io.Reader) {
			b.Run(fmt.Sprintf("level=%d/%s", level, name), func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				for b.Loop() {
					r := open(bytes.NewReader(packed.Bytes()))
					var err error
					n := 0
					for err == nil {
						var k int
						k, err = io.ReadFull(r, out)
						n += k
					}
					if n != len(plain) || err != io.EOF && err != io.ErrUnexpectedEOF {
						b.Fatal(n, err)
					}
				}
			})
		}
		var ours Reader
		run("inflate", func(r io.Reader) io.Reader {
			ours.Reset(r)
			if err := ours.Next(); err != nil {
				b.Fatal(err)
			}
			return &ours
		})
		var theirs gzip.Reader
		run("klauspost", func(r io.Reader) io.Reader {
			if err := theirs.Reset(r); err != nil {
				b.Fatal(err)
			}
			return &theirs
		})
	}
}
