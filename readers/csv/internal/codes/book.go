// Package codes numbers the distinct texts of a column, in the order of their
// coming. It is made for texts of up to 16 bytes that come up again and again.
//
// Columns are laid out as package digits has them. A kernel for AVX-512 looks eight
// texts up at a time; it is fuzzed equal to [Book.Known], the form in Go.
package codes

import (
	"encoding/binary"
	"math/bits"
)

const (
	// PadBytes is how much readable room there must be from the start of a text on: two
	// words behind a quote.
	PadBytes = 24
	// ShortBytes is how long a text may be for [Book.Known].
	ShortBytes = 16
	// TextsMax is how many texts a book may have.
	TextsMax = 1 << (slotBits - 1)

	slotBits = 13 // of an index into Book.slots, of which half are used at most
)

// Book numbers texts by open addressing. A short text is compared as two words. The
// zero value is ready after a Reset.
type Book struct {
	slots [1 << slotBits]slot
	round uint32   // of use; slots of another round are free
	used  []uint16 // slots by code
	text  []byte   // of all texts, one after the other
}

// slot is a text of a Book. The assembly knows how it is laid out.
type slot struct {
	low, high uint64 // all of a short text, padded with zeros, or the first and the last 8 bytes
	meta      uint64 // round<<32 | length of a short text or longBytes<<16 | code
	start, n  uint32 // in Book.text
}

// longBytes stands in slot.meta for the length of any text that is not short.
const longBytes = ShortBytes + 1

// meta is slot.meta, less the code, of a text of n bytes numbered in this round.
func (b *Book) meta(n uint32) uint64 { return uint64(b.round)<<32 | uint64(min(n, longBytes))<<16 }

// words returns what stands in the slot of the n bytes at the start of text, which has
// at least 16.
func words(text []byte, n uint32) (low, high uint64) {
	low = binary.LittleEndian.Uint64(text)
	if n > ShortBytes {
		return low, binary.LittleEndian.Uint64(text[n-8:])
	}
	m := &lengthMasks[n]
	return low & m[0], binary.LittleEndian.Uint64(text[8:]) & m[1]
}

// lengthMasks keep the first n of 16 bytes: lengths come in any order, and a
// look-up costs less than a branch that is guessed wrong.
var lengthMasks = func() (masks [ShortBytes + 1][2]uint64) {
	for n := range masks {
		masks[n] = [2]uint64{1<<(8*min(n, 8)) - 1, 1<<(8*max(n-8, 0)) - 1}
	}
	return masks
}()

// golden is the odd number nearest to 2^64 divided by the golden ratio. (Knuth, TAOCP
// 3, §6.4.)
const golden = 0x9e3779b97f4a7c15

// firstSlot is where the search for a text starts.
func firstSlot(low, high uint64, n uint32) uint32 {
	return uint32((low^bits.RotateLeft64(high, 29)^uint64(n)<<56)*golden>>(64-slotBits)) & (1<<slotBits - 1)
}

// Reset forgets all texts.
func (b *Book) Reset() {
	if b.round++; b.round == 0 {
		clear(b.slots[:]) // the rounds start over
		b.round = 1
	}
	b.used, b.text = b.used[:0], b.text[:0]
}

// Known returns the number of the n bytes at the start of text, of which 16 can be
// read, and true if they are short and stand in the first slot where they may: most
// that were numbered before do.
func (b *Book) Known(text []byte, n uint32) (uint16, bool) {
	if n-1 >= ShortBytes {
		return 0, false
	}
	low, high := words(text, n)
	s := &b.slots[firstSlot(low, high, n)]
	return uint16(s.meta), (s.low^low)|(s.high^high)|(s.meta^b.meta(n))>>16 == 0
}

// Number returns the number of the n bytes at the start of text, of which 16 can be
// read, or false when that would be one more than most, which is at most TextsMax.
func (b *Book) Number(text []byte, n uint32, most int) (uint16, bool) {
	low, high := words(text, n)
	meta := b.meta(n)
	at := firstSlot(low, high, n)
	s := &b.slots[at]
	for ; uint32(s.meta>>32) == b.round; s = &b.slots[at] {
		if (s.low^low)|(s.high^high)|(s.meta^meta)>>16 == 0 &&
			(n <= ShortBytes || string(b.text[s.start:s.start+s.n]) == string(text[:n])) {
			return uint16(s.meta), true
		}
		at = (at + 1) & (1<<slotBits - 1)
	}
	if len(b.used) >= most {
		return 0, false
	}
	code := len(b.used)
	*s = slot{low, high, meta | uint64(code), uint32(len(b.text)), n}
	b.used = append(b.used, uint16(at))
	b.text = append(b.text, text[:n]...)
	return uint16(code), true
}

// Len is how many texts there are.
func (b *Book) Len() int { return len(b.used) }

// Bytes is how many bytes all texts have.
func (b *Book) Bytes() int { return len(b.text) }

// Texts copies all texts in the order of their numbers to text, which has Bytes bytes,
// and sets offsets[i] to where text i starts; there is one more offset than texts.
func (b *Book) Texts(offsets []int32, text []byte) {
	for i, s := range b.used {
		offsets[i] = int32(b.slots[s].start)
	}
	offsets[len(b.used)] = int32(len(b.text))
	copy(text, b.text)
}
