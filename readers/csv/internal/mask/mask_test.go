package mask

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
		wantA, wantB, wantC := byBytes(p, chunks, a), byBytes(p, chunks, b), byBytes(p, chunks, c)
		for name, each := range map[string]func(as, bs, cs []uint64, p []byte, a, b, c byte){"chosen": each, "words": eachWords} {
			as, bs, cs := fresh(), fresh(), fresh()
			if each(as, bs, cs, p, a, b, c); !slices.Equal(as, wantA) || !slices.Equal(bs, wantB) || !slices.Equal(cs, wantC) {
				t.Errorf("%s: each is %x %x %x, want %x %x %x", name, as, bs, cs, wantA, wantB, wantC)
			}
		}
	})
}

// FuzzScanner holds every implementation to the one in Go, which FuzzIndex holds to
// the grammar.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{"id042,\"x,y\",123456,7.25\n", "\"a\"\"b\",\"\"\r\n", "a\"b,c\n", "\"a\nb\"\r\n\"c\" \n", "plain,text\n", "\"\"\"\",\r"} {
		f.Add(bytes.Repeat([]byte(text), 30), byte(','), byte('\n'), byte('"'), true)
		f.Add(bytes.Repeat([]byte("x"+text), 30), byte(','), byte('\n'), byte('"'), false)
	}
	f.Add(bytes.Repeat([]byte("a;b\r"), 40), byte(';'), byte('\r'), byte(0), false)
	f.Fuzz(func(t *testing.T, p []byte, delim, line, quote byte, cr bool) {
		if delim == line || delim == quote || line == quote {
			return
		}
		chunks := len(p) / ChunkBytes
		p = p[:chunks*ChunkBytes]
		scan := func(form func(s *Scanner, dst []uint64, p []byte) int) (dst []uint64, stops []string, s Scanner) {
			s.Start(delim, line, quote, cr)
			dst = make([]uint64, chunks)
			for k := 0; k < chunks; k++ {
				if k += form(&s, dst[k:], p[k*ChunkBytes:]); k == chunks {
					break
				}
				m, suspects, ok := s.Chunk(p[k*ChunkBytes:], ChunkBytes)
				dst[k] = m
				if stops = append(stops, fmt.Sprint(k, suspects, ok)); !ok {
					break
				}
			}
			return dst, stops, s
		}
		want, wantStops, wantEnd := scan(func(s *Scanner, dst []uint64, p []byte) int {
			if len(dst) == 0 {
				return 0
			}
			return s.chunksByMasks(dst, p, eachWords)
		})
		for name, form := range scanForms() {
			got, stops, end := scan(form)
			end.state.quotes, wantEnd.state.quotes = min(end.state.quotes, 1), min(wantEnd.state.quotes, 1)
			if !slices.Equal(got, want) || !slices.Equal(stops, wantStops) || end != wantEnd {
				t.Fatalf("%s: %x, stops %q, then %+v; want %x, %q, %+v", name, got, stops, end, want, wantStops, wantEnd)
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
		for name, expand := range expandForms() {
			dst := make([]uint32, len(want)+ExpandSlack)
			if n := expand(dst, masks, base); !slices.Equal(dst[:n], want) {
				t.Errorf("%s: %d, want %d", name, dst[:n], want)
			}
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	for _, c := range []struct{ name, line string }{{"plain", "id042,x y,123456,7.25\n"}, {"quoted", "id042,\"x,y\",123456,7.25\n"}} {
		p := bytes.Repeat([]byte(c.line), 64*16)
		dst := make([]uint64, len(p)/ChunkBytes)
		for name, form := range scanForms() {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				for b.Loop() {
					var s Scanner
					s.Start(',', '\n', '"', true)
					if n := form(&s, dst, p); n != len(dst) {
						b.Fatalf("stopped at %d", n)
					}
				}
			})
		}
	}
}

func BenchmarkExpand(b *testing.B) {
	p := bytes.Repeat([]byte("id042,x y,123456,7.25\n"), 64*3)
	masks := make([]uint64, len(p)/ChunkBytes)
	var s Scanner
	s.Start(',', '\n', 0, false)
	s.Chunks(masks, p)
	places := make([]uint32, len(p)+ExpandSlack)
	for name, expand := range expandForms() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				expand(places, masks, 0)
			}
		})
	}
}
