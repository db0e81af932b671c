package mask

import (
	"bytes"
	"encoding/binary"
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

// FuzzExpand holds every implementation to the bit loop.
func FuzzExpand(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint32(0))
	f.Add(bytes.Repeat([]byte{0xff}, 64), uint32(1<<31))
	f.Add(bytes.Repeat([]byte{0x11, 0, 0x80, 0}, 64), uint32(7))
	f.Add(bytes.Repeat([]byte{0x11, 0x10, 0x81, 0x21, 0x42, 0x11, 0x11, 0x01}, 3), uint32(7))
	f.Fuzz(func(t *testing.T, data []byte, base uint32) {
		var masks []uint64
		for len(data) >= 8 {
			masks = append(masks, binary.LittleEndian.Uint64(data))
			data = data[8:]
		}
		var want []uint32
		for k, m := range masks {
			for i := range 64 {
				if m>>i&1 != 0 {
					want = append(want, base+uint32(64*k+i))
				}
			}
		}
		for name, expand := range map[string]func([]uint32, []uint64, uint32) int{"chosen": Expand, "words": expandWords} {
			dst := make([]uint32, len(want)+ExpandSlack)
			if n := expand(dst, masks, base); !slices.Equal(dst[:n], want) {
				t.Errorf("%s: %d, want %d", name, dst[:n], want)
			}
		}
	})
}

func BenchmarkMasks(b *testing.B) {
	p := bytes.Repeat([]byte("id042,\"x,y\",123456,7.25\n"), 170)
	p = append(p, make([]byte, ChunkBytes-len(p)%ChunkBytes)...)
	as := make([]uint64, len(p)/ChunkBytes)
	bs, cs := slices.Clone(as), slices.Clone(as)
	masks := slices.Clone(as)
	Either(masks, p, ',', '\n')
	places := make([]uint32, len(p)+ExpandSlack)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"either", func() { Either(as, p, ',', '\n') }},
		{"either/words", func() { eitherWords(as, p, ',', '\n') }},
		{"expand", func() { Expand(places, masks, 0) }},
		{"expand/words", func() { expandWords(places, masks, 0) }},
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
