// Package bytestream writes Parquet's BYTE_STREAM_SPLIT encoding, which brings
// together the bytes of floating-point numbers that are alike.
//
// Source: Apache Parquet, Encodings.md, "Byte Stream Split".
package bytestream

import (
	"encoding/binary"
	"slices"
)

// Append appends values of width bytes each, 4 or 8, given in PLAIN encoding:
// the first bytes of all values, then the second ones, and so on.
func Append(dst, plain []byte, width int) []byte {
	n := len(plain) / width
	at := len(dst)
	dst = slices.Grow(dst, len(plain))[:at+len(plain)]
	out := dst[at:]
	done := 0
	switch width {
	case 4:
		done = split4(out, plain, n)
	case 8:
		done = split8(out, plain, n)
	}
	for k := range width {
		stream := out[k*n : (k+1)*n]
		for i := done; i < n; i++ {
			stream[i] = plain[i*width+k]
		}
	}
	return dst
}

// split4 splits values of four bytes and returns how many it has split.
func split4(out, plain []byte, n int) int {
	s0, s1, s2, s3 := out[:n], out[n:2*n], out[2*n:3*n], out[3*n:4*n]
	for i := range s0 {
		x := binary.LittleEndian.Uint32(plain[4*i:])
		s0[i], s1[i], s2[i], s3[i] = byte(x), byte(x>>8), byte(x>>16), byte(x>>24)
	}
	return n
}

// split8 splits values of eight bytes, eight at a time, and returns how many it
// has split. Eight values are a matrix of bytes, which is transposed by swapping
// ever smaller blocks: of 4 by 4 bytes, of 2 by 2, and single bytes.
func split8(out, plain []byte, n int) int {
	done := 0
	for ; n-done >= 8; done += 8 {
		in := plain[done*8 : done*8+64]
		a, e := swap4(binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(in[32:]))
		b, f := swap4(binary.LittleEndian.Uint64(in[8:]), binary.LittleEndian.Uint64(in[40:]))
		c, g := swap4(binary.LittleEndian.Uint64(in[16:]), binary.LittleEndian.Uint64(in[48:]))
		d, h := swap4(binary.LittleEndian.Uint64(in[24:]), binary.LittleEndian.Uint64(in[56:]))
		a, c = swap2(a, c)
		b, d = swap2(b, d)
		e, g = swap2(e, g)
		f, h = swap2(f, h)
		a, b = swap1(a, b)
		c, d = swap1(c, d)
		e, f = swap1(e, f)
		g, h = swap1(g, h)
		binary.LittleEndian.PutUint64(out[done:], a)
		binary.LittleEndian.PutUint64(out[n+done:], b)
		binary.LittleEndian.PutUint64(out[2*n+done:], c)
		binary.LittleEndian.PutUint64(out[3*n+done:], d)
		binary.LittleEndian.PutUint64(out[4*n+done:], e)
		binary.LittleEndian.PutUint64(out[5*n+done:], f)
		binary.LittleEndian.PutUint64(out[6*n+done:], g)
		binary.LittleEndian.PutUint64(out[7*n+done:], h)
	}
	return done
}

// swap4 swaps the upper four bytes of a with the lower four of b.
func swap4(a, b uint64) (uint64, uint64) {
	const low = 0x00000000ffffffff
	return a&low | b<<32, a>>32 | b&^low
}

// swap2 swaps every other pair of bytes of a with the pair before it in b.
func swap2(a, b uint64) (uint64, uint64) {
	const low = 0x0000ffff0000ffff
	return a&low | b&low<<16, a>>16&low | b&^low
}

// swap1 swaps every other byte of a with the byte before it in b.
func swap1(a, b uint64) (uint64, uint64) {
	const low = 0x00ff00ff00ff00ff
	return a&low | b&low<<8, a>>8&low | b&^low
}
