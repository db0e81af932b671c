package mask

import (
	"bytes"
	"slices"
	"testing"
)

// byBytes is what the masks mean.
func byBytes(p []byte, chunks int, bs ...byte) []uint64 {
	m := make([]uint64, chunks)
	for i, c := range p {
		if bytes.IndexByte(bs, c) >= 0 {
			m[i/ChunkBytes] |= 1 << (i % ChunkBytes)
		}
	}
	return m
}

// FuzzMasks holds every implementation to the byte loop.
func FuzzMasks(f *testing.F) {
	f.Add(bytes.Repeat([]byte("a,b\n\""), 60), byte(','), byte('\n'), byte('"'))
	f.Add(bytes.Repeat([]byte{0x80, 0x00, 0xff, 0x7f, 0x01}, 40), byte(0x01), byte(0), byte(0x81))
	f.Add([]byte{}, byte(0), byte(0), byte(0))
	f.Fuzz(func(t *testing.T, p []byte, a, b, c byte) {
		chunks := len(p) / ChunkBytes
		p = p[:chunks*ChunkBytes]
		fresh := func() []uint64 { return make([]uint64, chunks) }
		wantEither := byBytes(p, chunks, a, b)
		for name, either := range map[string]func([]uint64, []byte, byte, byte){"chosen": Either, "words": eitherWords} {
			if got := fresh(); true {
				if either(got, p, a, b); !slices.Equal(got, wantEither) {
					t.Errorf("%s: either is %x, want %x", name, got, wantEither)
				}
			}
		}
		wantA, wantB, wantC := byBytes(p, chunks, a), byBytes(p, chunks, b), byBytes(p, chunks, c)
		for name, each := range map[string]func(as, bs, cs []uint64, p []byte, a, b, c byte){"chosen": Each, "words": eachWords} {
			as, bs, cs := fresh(), fresh(), fresh()
			if each(as, bs, cs, p, a, b, c); !slices.Equal(as, wantA) || !slices.Equal(bs, wantB) || !slices.Equal(cs, wantC) {
				t.Errorf("%s: each is %x %x %x, want %x %x %x", name, as, bs, cs, wantA, wantB, wantC)
			}
		}
	})
}

func BenchmarkMasks(b *testing.B) {
	p := bytes.Repeat([]byte("id042,\"x,y\",123456,7.25\n"), 170)
	p = append(p, make([]byte, ChunkBytes-len(p)%ChunkBytes)...)
	as := make([]uint64, len(p)/ChunkBytes)
	bs, cs := slices.Clone(as), slices.Clone(as)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"either", func() { Either(as, p, ',', '\n') }},
		{"either/words", func() { eitherWords(as, p, ',', '\n') }},
		{"each", func() { Each(as, bs, cs, p, ',', '\n', '"') }},
		{"each/words", func() { eachWords(as, bs, cs, p, ',', '\n', '"') }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				c.f()
			}
		})
	}
}
