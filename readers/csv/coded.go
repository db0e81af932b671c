package csv

import (
	"encoding/binary"
	"math/bits"

	"csvloom/pipeline"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// codeBook numbers the distinct texts of a column of one block. It finds them
// by open addressing; texts of up to 16 bytes are compared as two words.
type codeBook struct {
	slots [1 << slotBits]codeSlot
	round uint32   // of use; slots of another round are free
	used  []uint16 // slots by code
	text  []byte   // of all entries, one after the other
}

// codeSlot is a text of a codeBook: all of one of at most 16 bytes, padded with
// zeros, or the first and the last 8 bytes of a longer one.
type codeSlot struct {
	low, high uint64
	meta      uint64 // codeBook.meta of its length
	start     uint32 // in codeBook.text
	code      uint16
}

const slotBits = 13 // of an index into codeBook.slots, of which half are used at most

// meta is what codeSlot.meta is for a text of n bytes found in this round.
func (c *codeBook) meta(n uint32) uint64 { return uint64(c.round)<<32 | uint64(n) }

// codeWords returns what stands in the entry of the n bytes at the start of b,
// which has at least 16.
func codeWords(b []byte, n uint32) (low, high uint64) {
	low = binary.LittleEndian.Uint64(b)
	if n > 16 {
		return low, binary.LittleEndian.Uint64(b[n-8:])
	}
	m := &lengthMasks[n]
	return low & m[0], binary.LittleEndian.Uint64(b[8:]) & m[1]
}

// lengthMasks keep the first n of 16 bytes: lengths come in any order, and a
// look-up costs less than a branch that is guessed wrong.
var lengthMasks = func() (masks [17][2]uint64) {
	for n := range masks {
		masks[n] = [2]uint64{1<<(8*min(n, 8)) - 1, 1<<(8*max(n-8, 0)) - 1}
	}
	return masks
}()

// firstSlot is where the search for a text starts. The multiplier is the odd
// number nearest to 2^64 divided by the golden ratio (Knuth, TAOCP 3, §6.4).
func firstSlot(low, high uint64, n uint32) uint32 {
	const golden = 0x9e3779b97f4a7c15
	return uint32((low^bits.RotateLeft64(high, 29)^uint64(n)<<56)*golden>>(64-slotBits)) & (1<<slotBits - 1)
}

func (c *codeBook) reset() {
	if c.round++; c.round == 0 {
		clear(c.slots[:]) // the rounds start over
		c.round = 1
	}
	c.used, c.text = c.used[:0], c.text[:0]
}

// code returns the number of the n bytes at the start of b, which has at least
// 16, or false when that would be one more than most.
func (c *codeBook) code(b []byte, n uint32, most int) (uint16, bool) {
	low, high := codeWords(b, n)
	meta := c.meta(n)
	at := firstSlot(low, high, n)
	s := &c.slots[at]
	for ; uint32(s.meta>>32) == c.round; s = &c.slots[at] {
		if s.low == low && s.high == high && s.meta == meta &&
			(n <= 16 || string(c.text[s.start:s.start+n]) == string(b[:n])) {
			return s.code, true
		}
		at = (at + 1) & (1<<slotBits - 1)
	}
	if len(c.used) >= most {
		return 0, false
	}
	*s = codeSlot{low, high, meta, uint32(len(c.text)), uint16(len(c.used))}
	c.used = append(c.used, uint16(at))
	c.text = append(c.text, b[:n]...)
	return s.code, true
}

// values returns the texts as an array.
func (c *codeBook) values(alloc memory.Allocator) arrow.ArrayData {
	offsets, values := newBuffer(alloc, 4*(len(c.used)+1)), newBuffer(alloc, len(c.text))
	defer offsets.Release()
	defer values.Release()
	at := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	for i, s := range c.used {
		at[i] = int32(c.slots[s].start)
	}
	at[len(c.used)] = int32(len(c.text))
	copy(values.Bytes(), c.text)
	return array.NewData(arrow.BinaryTypes.String, len(c.used), []*memory.Buffer{nil, offsets, values}, nil, 0, 0)
}

// Codes pay while a value comes up again and again: from codesPerValue rows a
// value on, or while there are no more than codesFew values.
const (
	codesPerValue = 4
	codesFew      = 256
)

// decodeCoded makes a VARCHAR column in codes, or nil when it has too many
// different values for that.
func decodeCoded(f *fields, alloc memory.Allocator) arrow.Array {
	if f.decoder.book == nil {
		f.decoder.book = new(codeBook)
	}
	book := f.decoder.book
	book.reset()
	v := validity{alloc: alloc, rows: f.rows}
	codes := newBuffer(alloc, 2*f.rows)
	defer codes.Release()
	ok := code(f, arrow.Uint16Traits.CastFromBytes(codes.Bytes()), &v, book)
	if v.buf != nil {
		defer v.buf.Release()
	}
	if !ok {
		return nil
	}
	values := book.values(alloc)
	defer values.Release()
	data := array.NewDataWithDictionary(pipeline.Coded, f.rows, []*memory.Buffer{v.buf, codes}, v.nulls, 0, values.(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// code fills dst with the codes of a column's texts.
func code(f *fields, dst []uint16, v *validity, book *codeBook) bool {
	ends, data, skip, quote := f.ends, f.data, f.skip, f.quote
	most := min(pipeline.CodesMax, max(codesFew, f.rows/codesPerValue))
	plain := (!f.quoted || quote == 0) && f.nulls == nil
	round := book.meta(0)
	for r, k := 0, 0; r < len(dst); r, k = r+1, k+f.stride {
		start, end := ends[k]+skip, ends[k+1]
		n := end - start
		b := data[start:]
		if n-1 < 16 && (plain || b[0] != quote && f.nulls == nil) {
			// The text that was there a row or more ago: most are.
			low, high := codeWords(b, n)
			if s := &book.slots[firstSlot(low, high, n)]; (s.low^low)|(s.high^high)|(s.meta^(round|uint64(n))) == 0 {
				dst[r] = s.code
				continue
			}
		} else {
			switch b = b[:n]; {
			case n == 0, f.nulls != nil && b[0] != quote && f.nulls.has(b):
				v.setNull(r)
				dst[r] = 0
				continue
			case b[0] == quote && quote != 0:
				b = f.unquote(b)
				n = uint32(len(b))
			}
			b = b[:n:cap(b)]
			if cap(b) < copyBytes {
				b = append(make([]byte, 0, copyBytes), b...)
			}
			b = b[:max(n, copyBytes)]
		}
		c, ok := book.code(b, n, most)
		if !ok {
			return false
		}
		dst[r] = c
	}
	return true
}
