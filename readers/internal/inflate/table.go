package inflate

import "math/bits"

// A code is decoded by a look into its primary table with the next bits of
// the input, as many as the table is made for. Codewords that are longer lead to
// a subtable, which is looked into with the bits that follow.
//
// An entry of a table is
//
//	bits 0–5    how many bits of input it uses, including extra bits
//	bits 8–11   how many of them are the codeword; of the first, if there
//	            are two; for a pointer: how many bits the subtable is made for
//	bits 12–13  of literals: how many, 1 or 2
//	bit 14      exceptional: the end of the block, no codeword, or a pointer
//	bit 15      literals
//	bits 16–31  the literals, the first below the second; the least length
//	            or distance, to which the extra bits are added; the place
//	            of the subtable; the symbol
//
// so that a length or a distance is had without knowing its symbol, and what is
// used of the input without knowing what the entry is.
const (
	entryUsed   = 0x3f
	codewordAt  = 8
	codewordMax = 15
	literalsAt  = 12
	exceptional = 1 << 14
	literal     = 1 << 15
	valueAt     = 16

	// With exceptional set and literal not, the bits of the count of
	// literals tell which exception it is.
	endOfBlock = exceptional | 1<<literalsAt
	noCodeword = exceptional | 2<<literalsAt
	pointer    = exceptional
	exception  = exceptional | 3<<literalsAt

	// perBit is added to an entry for each bit of its codeword.
	perBit = 1<<codewordAt | 1
)

// The sizes of the tables. A subtable has at least two codewords, which bounds
// how many there can be.
const (
	literalBits   = 11
	distanceBits  = 9
	lengthBitsMax = 7 // of the code of code lengths: all of it is primary

	literalSubEntries  = literalSymbols / 2 << (codewordMax - literalBits)
	distanceSubEntries = distanceSymbols / 2 << (codewordMax - distanceBits)
)

const (
	literalSymbols  = 288 // the last two have codewords in fixed blocks only
	literalsMax     = 286 // in dynamic blocks
	distanceSymbols = 32  // likewise
	distancesMax    = 30
	lengthSymbols   = 19
	endSymbol       = 256
)

// Entries of the symbols, without the bits of their codewords: RFC 1951, 3.2.5
// and 3.2.7.
var (
	literalEntries  = makeLiteralEntries()
	distanceEntries = makeDistanceEntries()
	lengthEntries   = makeLengthEntries()
)

func makeLiteralEntries() (entries [literalSymbols]uint32) {
	for i := range endSymbol {
		entries[i] = literal | 1<<literalsAt | uint32(i)<<valueAt
	}
	entries[endSymbol] = endOfBlock
	length := uint32(3)
	for i := range uint32(28) {
		extra := max(i/4, 1) - 1
		entries[endSymbol+1+i] = length<<valueAt | extra
		length += 1 << extra
	}
	entries[endSymbol+29] = 258 << valueAt
	entries[literalsMax], entries[literalsMax+1] = noCodeword, noCodeword
	return entries
}

func makeDistanceEntries() (entries [distanceSymbols]uint32) {
	distance := uint32(1)
	for i := range uint32(distancesMax) {
		extra := max(i/2, 1) - 1
		entries[i] = distance<<valueAt | extra
		distance += 1 << extra
	}
	entries[distancesMax], entries[distancesMax+1] = noCodeword, noCodeword
	return entries
}

func makeLengthEntries() (entries [lengthSymbols]uint32) {
	for i := range entries {
		entries[i] = uint32(i) << valueAt
	}
	return entries
}

// fixed are the code lengths of RFC 1951, 3.2.6.
var fixedLiterals, fixedDistances = makeFixedLengths()

func makeFixedLengths() (literals [literalSymbols]uint8, distances [distanceSymbols]uint8) {
	for i := range literals {
		switch {
		case i < 144:
			literals[i] = 8
		case i < 256:
			literals[i] = 9
		case i < 280:
			literals[i] = 7
		default:
			literals[i] = 8
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return literals, distances
}

// build makes the tables of the code whose symbols have codewords of the given
// lengths, 0 for none, at most 15 bits: RFC 1951, 3.2.2. The length of primary is
// a power of two. It fails if the code is over-subscribed, or incomplete unless
// it has no codeword or one of a single bit.
func build(primary, sub []uint32, lengths []uint8, entries []uint32) error {
	var count [codewordMax + 1]int
	for _, n := range lengths {
		count[n&codewordMax]++
	}
	count[0] = 0
	left := 1 // codewords of so many bits that are not taken
	var place [codewordMax + 2]int
	for n := 1; n <= codewordMax; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return errOversubscribed
		}
		place[n+1] = place[n] + count[n]
	}
	used := place[codewordMax+1]
	if left > 0 && (used > 1 || used == 1 && count[1] == 0) {
		return errIncomplete
	}
	var sorted [literalSymbols]uint16 // by codeword
	for symbol, n := range lengths {
		if n &= codewordMax; n != 0 {
			sorted[place[n]] = uint16(symbol)
			place[n]++
		}
	}
	if left > 0 {
		for i := range primary {
			primary[i] = noCodeword + perBit
			if used == 1 && i&1 == 0 {
				primary[i] = entries[sorted[0]] + perBit
			}
		}
		return nil
	}

	// A table for codewords of n bits, twice, is one for n+1 bits.
	primaryBits := bits.Len(uint(len(primary))) - 1
	next, code := 0, 0
	for n := 1; n <= primaryBits; n++ {
		half := 1 << (n - 1)
		copy(primary[half:2*half], primary[:half])
		for range count[n] {
			primary[reversed(code, n)] = entries[sorted[next]] + uint32(n)*perBit
			next++
			code++
		}
		code <<= 1
	}

	// Codewords with the same first bits follow each other.
	last, start, size := -1, 0, 0
	for n := primaryBits + 1; n <= codewordMax; n++ {
		more := n - primaryBits
		for k := range count[n] {
			r := reversed(code, n)
			if prefix := r & (len(primary) - 1); prefix != last {
				last = prefix
				start += size
				subBits := more
				for taken := count[n] - k; taken < 1<<subBits; taken = taken<<1 + count[primaryBits+subBits] {
					subBits++
				}
				size = 1 << subBits
				primary[prefix] = pointer | uint32(start)<<valueAt | uint32(subBits)<<codewordAt | uint32(primaryBits)
			}
			e := entries[sorted[next]] + uint32(more)*perBit
			for i := r >> primaryBits; i < size; i += 1 << more {
				sub[start+i] = e
			}
			next++
			code++
		}
		code <<= 1
	}
	return nil
}

// reversed returns the n bits of a codeword in the order in which they come.
func reversed(code, n int) int { return int(bits.Reverse16(uint16(code)) >> (16 - n)) }

// pair makes entries of two literals where the bits that primary is looked into
// with hold them.
func pair(primary *[1 << literalBits]uint32) {
	// The entry of what follows the first codeword is at a lower place, or at
	// the same, so that it has not been changed.
	for i := len(primary) - 1; i >= 0; i-- {
		e := primary[i]
		if e&literal == 0 {
			continue
		}
		n := e & entryUsed
		next := primary[i>>n]
		if used := n + next&entryUsed; next&literal != 0 && used <= literalBits {
			primary[i] = next>>valueAt<<(valueAt+8) | e&^(entryUsed|3<<literalsAt) | 2<<literalsAt | used
		}
	}
}
