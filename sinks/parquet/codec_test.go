package parquet

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

func TestCompressors(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	decoders := map[Codec]func(b []byte, size int) ([]byte, error){
		Zstd: func(b []byte, _ int) ([]byte, error) {
			r, err := zstd.NewReader(nil)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return r.DecodeAll(b, nil)
		},
		Snappy: func(b []byte, _ int) ([]byte, error) { return snappy.Decode(nil, b) },
		Gzip: func(b []byte, _ int) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
		LZ4Raw: func(b []byte, size int) ([]byte, error) {
			out := make([]byte, size)
			n, err := lz4.UncompressBlock(b, out)
			return out[:n], err
		},
	}
	for codec, decode := range decoders {
		c, err := newCompressor(codec, 0, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range [][]byte{{1}, []byte("abc"), bytes.Repeat([]byte("abcd"), 50_000), noise, noise[:17], bytes.Repeat([]byte{0}, 300_000)} {
			for range 2 {
				b, err := c.compress([]byte("head"), in)
				if err != nil || string(b[:4]) != "head" {
					t.Fatalf("%s: %v, starts with %q", codec, err, b[:4])
				}
				out, err := decode(b[4:], len(in))
				if err != nil || !bytes.Equal(out, in) {
					t.Errorf("%s: %d bytes come back as %d, %v", codec, len(in), len(out), err)
				}
			}
		}
	}
}
