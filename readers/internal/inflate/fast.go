package inflate

import "csvloom/readers/internal/inflate/internal/word"

// What one turn of decoder.fast may read and write.
const (
	// Two refills, each of which uses at most seven bytes of the eight that it
	// loads.
	fastInputBytes = 7 + 8
	// Three pairs of literals and a match, which is copied in words.
	fastOutputBytes = 3*2 + matchMax + word.Bytes
)

// refill loads at least 56 bits. Of count only the low six bits are right, before
// and after. Bits of held above them are those that will be loaded again.
func refill(in []byte, next int, held, count uint64) (int, uint64, uint64) {
	held |= word.Load64(in, next) << (count & 63)
	next += int(^count & 63 >> 3)
	return next, held, count | 56
}

// fast decodes literals and matches while there is room for a turn of it, up to
// the end of the block.
func (d *decoder) fast(out []byte, n int) (int, error) {
	in, next := d.in, d.next
	inMax, outMax := len(in)-fastInputBytes, len(out)-fastOutputBytes
	held, count := d.held, uint64(d.count)
	literals, distances := &d.literals, &d.distances
	var failed error
	ended := false
	if next > inMax || n > outMax {
		return n, nil
	}
	// Of count only the low six bits are kept right; so the bits of an entry
	// that are not those used can be subtracted along. At the start of each
	// turn 56 bits are held, and the entry of what comes next is looked up
	// already: while a match is copied, the processor can wait for it.
	next, held, count = refill(in, next, held, count)
	e := literals[held&(1<<literalBits-1)]
	for next <= inMax && n <= outMax {
		if e&literal != 0 {
			// Three of 11 bits at most, and what follows needs up to 48.
			word.Store16(out, n, uint16(e>>valueAt))
			n += int(e >> literalsAt & 3)
			held >>= e & 63
			count -= uint64(e)
			e = literals[held&(1<<literalBits-1)]
			if e&literal != 0 {
				word.Store16(out, n, uint16(e>>valueAt))
				n += int(e >> literalsAt & 3)
				held >>= e & 63
				count -= uint64(e)
				e = literals[held&(1<<literalBits-1)]
				if e&literal != 0 {
					word.Store16(out, n, uint16(e>>valueAt))
					n += int(e >> literalsAt & 3)
					held >>= e & 63
					count -= uint64(e)
					next, held, count = refill(in, next, held, count)
					e = literals[held&(1<<literalBits-1)]
					continue
				}
			}
			next, held, count = refill(in, next, held, count)
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
					next, held, count = refill(in, next, held, count)
					e = literals[held&(1<<literalBits-1)]
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
		next, held, count = refill(in, next, held, count)
		e = literals[held&(1<<literalBits-1)]
		if distance >= word.Bytes {
			from := n - distance
			word.Copy(out, n, from)
			for k := word.Bytes; k < length; k += word.Bytes {
				word.Copy(out, n+k, from+k)
			}
			n += length
			continue
		}
		end := n + length
		if distance == 1 {
			run := uint64(out[n-1]) * 0x0101010101010101
			for ; n < end; n += 8 {
				word.Store64(out, n, run)
			}
		} else {
			// The pattern is doubled until a word of it can be copied.
			from := n - distance
			for distance < 8 {
				word.Store64(out, n, word.Load64(out, from))
				n += distance
				distance *= 2
			}
			for ; n < end; n += 8 {
				word.Store64(out, n, word.Load64(out, n-distance))
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
