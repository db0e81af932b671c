package inflate

import "encoding/binary"

// What one turn of decoder.fast may read and write.
const (
	// Three refills, each of which uses at most seven bytes of the eight that
	// it loads.
	fastInputBytes = 3*7 + 1
	// Three pairs of literals and a match, which is copied in words.
	fastOutputBytes = 3*2 + matchMax + wordBytes
	wordBytes       = 16
)

// fast decodes literals and matches while there is room for a turn of it, up to
// the end of the block.
func (d *decoder) fast(out []byte, n int) (int, error) {
	in, next := d.in, d.next
	inMax, outMax := len(in)-fastInputBytes, len(out)-fastOutputBytes
	held, count := d.held, uint64(d.count)
	literals, distances := &d.literals, &d.distances
	var failed error
	ended := false
	// Of count only the low six bits are kept right; so the bits of an entry
	// that are not those used can be subtracted along.
	for next <= inMax && n <= outMax {
		held |= binary.LittleEndian.Uint64(in[next:]) << (count & 63)
		next += int(^count & 63 >> 3)
		count |= 56
		e := literals[held&(1<<literalBits-1)]
		if e&literal != 0 {
			// Three of 11 bits at most, and what follows needs up to 48.
			binary.LittleEndian.PutUint16(out[n:], uint16(e>>valueAt))
			n += int(e >> literalsAt & 3)
			held >>= e & 63
			count -= uint64(e)
			e = literals[held&(1<<literalBits-1)]
			if e&literal != 0 {
				binary.LittleEndian.PutUint16(out[n:], uint16(e>>valueAt))
				n += int(e >> literalsAt & 3)
				held >>= e & 63
				count -= uint64(e)
				e = literals[held&(1<<literalBits-1)]
				if e&literal != 0 {
					binary.LittleEndian.PutUint16(out[n:], uint16(e>>valueAt))
					n += int(e >> literalsAt & 3)
					held >>= e & 63
					count -= uint64(e)
					continue
				}
			}
			held |= binary.LittleEndian.Uint64(in[next:]) << (count & 63)
			next += int(^count & 63 >> 3)
			count |= 56
		}
		if e&exceptional != 0 {
			if e&exception == pointer {
				held >>= e & 63
				count -= uint64(e)
				e = d.literalsSub[uint64(e>>valueAt)+held&(1<<(e>>codewordAt&codewordMax)-1)]
				if e&literal != 0 {
					out[n] = byte(e >> valueAt)
					n++
					held >>= e & 63
					count -= uint64(e)
					continue
				}
			}
			if e&exceptional != 0 {
				if e&exception == endOfBlock {
					held >>= e & 63
					count -= uint64(e)
					ended = true
				} else {
					failed = errNoLiteral
				}
				break
			}
		}
		length := value(e, held)
		held >>= e & 63
		count -= uint64(e)
		e = distances[held&(1<<distanceBits-1)]
		if e&exceptional != 0 {
			if e&exception == pointer {
				held >>= e & 63
				count -= uint64(e)
				e = d.distancesSub[uint64(e>>valueAt)+held&(1<<(e>>codewordAt&codewordMax)-1)]
			}
			if e&exceptional != 0 {
				failed = errNoDistance
				break
			}
		}
		distance := value(e, held)
		held >>= e & 63
		count -= uint64(e)
		if distance > n {
			failed = errTooFar
			break
		}
		if distance >= wordBytes {
			from := n - distance
			*(*[wordBytes]byte)(out[n:]) = *(*[wordBytes]byte)(out[from:])
			for k := wordBytes; k < length; k += wordBytes {
				*(*[wordBytes]byte)(out[n+k:]) = *(*[wordBytes]byte)(out[from+k:])
			}
			n += length
			continue
		}
		end := n + length
		if distance == 1 {
			word := uint64(out[n-1]) * 0x0101010101010101
			for ; n < end; n += 8 {
				binary.LittleEndian.PutUint64(out[n:], word)
			}
		} else {
			// The pattern is doubled until a word of it can be copied.
			from := n - distance
			for distance < 8 {
				binary.LittleEndian.PutUint64(out[n:], binary.LittleEndian.Uint64(out[from:]))
				n += distance
				distance *= 2
			}
			for ; n < end; n += 8 {
				binary.LittleEndian.PutUint64(out[n:], binary.LittleEndian.Uint64(out[n-distance:]))
			}
		}
		n = end
	}
	d.next, d.held, d.count = next, held, uint(count&63)
	d.release()
	if ended {
		d.endBlock()
	}
	return n, failed
}
