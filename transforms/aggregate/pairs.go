package aggregate

import "slices"

// pairSpanMin is how many places the square of a pairTable may have in any
// case: 2 MiB.
const pairSpanMin = 512 << 10

// pairTable numbers distinct pairs of numbers in the order of their coming. A
// table of two dimensions serves while there are not many numbers, or while most
// of the pairs that they can make do occur; a hash table of words serves else.
type pairTable struct {
	keys   []uint64  // by id: left<<32 | right
	square []uint32  // ids plus one, at left*width + right
	width  uint32    // right numbers are below it
	hashed wordTable // while square is nil
	words  []uint64
}

func (t *pairTable) bytes() int64 {
	n := 8*int64(cap(t.words)) + 4*int64(cap(t.square)) + t.hashed.bytes()
	if t.square != nil {
		n += 8 * int64(cap(t.keys))
	}
	return n
}

// lookup sets left[i] to the number of the pair (left[i], right[i]). Numbers on
// the left are below leftCount, those on the right below rightCount.
func (t *pairTable) lookup(left, right []uint32, leftCount, rightCount int) {
	right = right[:len(left)]
	if t.fit(leftCount, rightCount) {
		t.lookupSquare(left, right)
		return
	}
	t.words = slices.Grow(t.words[:0], len(left))[:len(left)]
	words := t.words
	for i, l := range left {
		words[i] = uint64(l)<<32 | uint64(right[i])
	}
	t.hashed.lookup(words, left)
	t.keys = t.hashed.keys
}

func (t *pairTable) lookupSquare(left, right []uint32) {
	square, width := t.square, t.width
	for i, l := range left {
		r := right[i]
		at := l*width + r
		id := square[at]
		if id == 0 {
			t.keys = pushed(t.keys, uint64(l)<<32|uint64(r))
			id = uint32(len(t.keys))
			square[at] = id
		}
		left[i] = id - 1
	}
}

// fit makes the square large enough for that many numbers, or the hash table
// take its place, or the square that of the hash table, and reports whether the
// square serves.
func (t *pairTable) fit(leftCount, rightCount int) bool {
	width := t.width
	if int(width) < rightCount {
		// Room is made only for a column that is seen to grow: what is never
		// used of a row of the square costs memory in every row.
		width = uint32(rightCount)
		if t.width > 0 {
			width += uint32(rightCount / 4)
		}
	}
	span := uint64(leftCount) * uint64(width)
	limit := max(pairSpanMin, denseSpan(len(t.keys)))
	if t.square == nil && len(t.keys) > 0 {
		limit /= 2 // there is something to be gained
	}
	if span > limit {
		if t.square != nil || len(t.keys) == 0 {
			t.square, t.width = nil, 0
			t.hashed = hashedWords(t.keys)
		}
		return false
	}
	if t.square != nil && width == t.width {
		t.square = grown(t.square, int(span))
		return true
	}
	t.hashed = wordTable{}
	t.square, t.width = grown[uint32](nil, int(span)), width
	for id, key := range t.keys {
		t.square[uint32(key>>32)*width+uint32(key)] = uint32(id + 1)
	}
	return true
}

// hashedWords returns the hash table of the given keys, in their order.
func hashedWords(keys []uint64) wordTable {
	t := wordTable{keys: keys}
	t.slots = t.emptySlots()
	for id, key := range keys {
		t.place(wordSlot{key, uint32(id + 1)})
	}
	return t
}
