package expr

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// bitmap is a set of rows, row i being bit i%64 of word i/64, which is Arrow's
// layout on a little-endian machine. Sets of rows (validity, selections) have
// no bit set behind the last row; the values of a BOOLEAN may.
type bitmap []uint64

// wordsFor returns how many words hold n bits.
func wordsFor(n int) int { return (n + 63) >> 6 }

// tailMask has the bits set that the last word of n rows uses.
func tailMask(n int) uint64 {
	if r := uint(n) & 63; r != 0 {
		return 1<<r - 1
	}
	return ^uint64(0)
}

func (b bitmap) get(i int) bool { return b[i>>6]>>(uint(i)&63)&1 != 0 }
func (b bitmap) set(i int)      { b[i>>6] |= 1 << (uint(i) & 63) }
func (b bitmap) clear(i int)    { b[i>>6] &^= 1 << (uint(i) & 63) }

func (b bitmap) any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

func (b bitmap) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// word returns word w; of nil, the set of all n rows.
func (b bitmap) word(w, n int) uint64 {
	if b != nil {
		return b[w]
	}
	if w == n>>6 {
		return tailMask(n)
	}
	return ^uint64(0)
}

// rows yields the rows of the set in order; of nil, all n.
func (b bitmap) rows(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if b == nil {
			for i := range n {
				if !yield(i) {
					return
				}
			}
			return
		}
		for w, m := range b {
			for ; m != 0; m &= m - 1 {
				if !yield(w<<6 + bits.TrailingZeros64(m)) {
					return
				}
			}
		}
	}
}

// first returns the lowest row of the set, of nil row 0, or -1 if there is none.
func (b bitmap) first() int {
	if b == nil {
		return 0
	}
	for w, m := range b {
		if m != 0 {
			return w<<6 + bits.TrailingZeros64(m)
		}
	}
	return -1
}

// loadBits copies n bits of an Arrow bitmap, from bit offset on, to dst.
func loadBits(dst bitmap, src []byte, offset, n int) {
	src = src[offset>>3:]
	shift := uint(offset & 7)
	for w := range dst {
		from := src[w*8:]
		var v uint64
		if len(from) >= 8 {
			v = binary.LittleEndian.Uint64(from) >> shift
			if shift != 0 && len(from) > 8 {
				v |= uint64(from[8]) << (64 - shift)
			}
		} else {
			for i, c := range from {
				v |= uint64(c) << (8 * i)
			}
			v >>= shift
		}
		dst[w] = v
	}
	if len(dst) > 0 {
		dst[len(dst)-1] &= tailMask(n)
	}
}

// storeBits writes the first n bits of b as an Arrow bitmap.
func storeBits(dst []byte, b bitmap, n int) {
	for w := range wordsFor(n) {
		v := b[w]
		if w == n>>6 {
			v &= tailMask(n)
		}
		if to := dst[w*8:]; len(to) >= 8 {
			binary.LittleEndian.PutUint64(to, v)
		} else {
			for i := range to {
				to[i] = byte(v >> (8 * i))
			}
		}
	}
}

// and returns a ∩ b in dst's memory where it has to be computed; nil is the
// set of all rows.
func and(dst *bitmap, a, b bitmap) bitmap {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	d := grow((*[]uint64)(dst), len(a))
	for w := range d {
		d[w] = a[w] & b[w]
	}
	return d
}

// grow returns n elements of *s, with more memory if it needs it; what they
// hold is left over from before.
func grow[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return *s
}
