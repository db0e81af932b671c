package aggregate

import (
	"bytes"
	"encoding/binary"
)

// A text is kept as two words. One of at most shortBytes bytes is wholly in
// them: first holds bytes 0 to 7 and rest bytes 8 to 11 and the length, so that
// comparing the words compares the texts. Of a longer one rest holds the lower
// half of its hash and the length, and first where the text stands in the arena.
type textKey struct{ first, rest uint64 }

const shortBytes = 12

func (k textKey) length() int { return int(k.rest >> 32) }

// loadMasks keep the bytes of a short text of a load that reached over its end.
var loadMasks = func() (m [shortBytes + 1]textKey) {
	for n := range m {
		m[n].first = 1<<(8*min(n, 8)) - 1
		m[n].rest = 1<<(8*max(n-8, 0)) - 1
	}
	return m
}()

// shortKey returns the key of the text of n <= shortBytes bytes at data[at:].
func shortKey(data []byte, at, n int) textKey {
	var first, rest uint64
	if at+16 <= len(data) {
		b := data[at : at+16]
		first, rest = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	} else {
		var b [16]byte
		copy(b[:], data[at:at+n])
		first, rest = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	}
	m := &loadMasks[n]
	return textKey{first & m.first, rest&m.rest | uint64(n)<<32}
}

func (k textKey) hash() uint64 { return hashPair(k.first, k.rest) }

// textTable numbers distinct texts in the order of their coming. A slot holds
// the upper half of the hash, which finds the slot and weeds out other keys
// before they are touched, and the id plus one.
type textTable struct {
	slots []uint64
	keys  []textKey // by id
	arena []byte

	// touched takes bytes that are read for nothing but to have them in the
	// cache, so that the reading is not optimized away.
	touched byte
}

func (t *textTable) bytes() int64 {
	return 8*int64(cap(t.slots)) + 16*int64(cap(t.keys)) + int64(cap(t.arena))
}

func (t *textTable) len() int { return len(t.keys) }

// lookupSome is lookup for some rows only.
func (t *textTable) lookupSome(data []byte, offsets []int32, ids []uint32, rows []int32) {
	t.open()
	for _, row := range rows {
		ids[row] = t.find(data, int(offsets[row]), int(offsets[row+1]))
	}
}

func (t *textTable) open() {
	if len(t.slots) == 0 {
		t.slots = make([]uint64, tableSlotsMin)
	}
}

// lookup sets ids[i] to the number of the text data[offsets[i]:offsets[i+1]].
func (t *textTable) lookup(data []byte, offsets []int32, ids []uint32) {
	t.open()
	var keys [lookupBlockRows]textKey
	var tags [lookupBlockRows]uint32
	var found [lookupBlockRows]uint64
	for len(ids) > 0 {
		n := min(len(ids), lookupBlockRows)
		ends := offsets[1 : n+1]
		start := int(offsets[0])
		for i := range keys[:n] {
			end := int(ends[i])
			if n := end - start; n <= shortBytes && start+16 <= len(data) {
				b := data[start : start+16] // keyOf, in line
				m := &loadMasks[n]
				key := textKey{
					binary.LittleEndian.Uint64(b) & m.first,
					binary.LittleEndian.Uint64(b[8:])&m.rest | uint64(n)<<32,
				}
				keys[i], tags[i] = key, uint32(key.hash()>>32)
			} else {
				keys[i], tags[i] = keyOf(data, start, end)
			}
			start = end
		}
		slots := t.slots
		mask := uint32(len(slots) - 1)
		for i, tag := range tags[:n] {
			found[i] = slots[tag&mask]
		}
		known := t.keys
		unsure := 0
		for i, s := range found[:n] {
			ids[i] = noID
			if s != 0 && uint32(s>>32) == tags[i] {
				id, key := uint32(s)-1, keys[i]
				if known[id] == key && key.length() <= shortBytes {
					ids[i] = id
					continue
				}
				if key.length() > shortBytes && known[id].rest == key.rest {
					t.touched ^= t.arena[known[id].first]
				}
			}
			unsure++
		}
		for i := 0; unsure > 0; i++ {
			if ids[i] == noID {
				ids[i] = t.findKey(keys[i], tags[i], data[offsets[i]:ends[i]])
				unsure--
			}
		}
		ids, offsets = ids[n:], offsets[n:]
	}
}

// find returns the number of one text.
func (t *textTable) find(data []byte, start, end int) uint32 {
	key, tag := keyOf(data, start, end)
	return t.findKey(key, tag, data[start:end])
}

// keyOf returns the key of the text data[start:end] and the upper half of its
// hash.
func keyOf(data []byte, start, end int) (textKey, uint32) {
	if n := end - start; n <= shortBytes {
		key := shortKey(data, start, n)
		return key, uint32(key.hash() >> 32)
	}
	h := hashBytes(data[start:end])
	return textKey{0, uint64(uint32(h)) | uint64(end-start)<<32}, uint32(h >> 32)
}

func (t *textTable) findKey(key textKey, tag uint32, text []byte) uint32 {
	mask := uint32(len(t.slots) - 1)
	for at := tag & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			if len(text) > shortBytes {
				key.first = uint64(len(t.arena))
				t.arena = append(t.arena, text...)
			}
			return t.insert(at, tag, key)
		}
		if uint32(s>>32) != tag {
			continue
		}
		id := uint32(s) - 1
		if len(text) <= shortBytes {
			if t.keys[id] == key {
				return id
			}
		} else if t.keys[id].rest == key.rest && bytes.Equal(t.text(nil, id), text) {
			return id
		}
	}
}

func (t *textTable) insert(slot, tag uint32, key textKey) uint32 {
	t.keys = pushed(t.keys, key)
	t.slots[slot] = uint64(tag)<<32 | uint64(len(t.keys))
	id := uint32(len(t.keys) - 1)
	if 2*len(t.keys) > len(t.slots) {
		t.double()
	}
	return id
}

func (t *textTable) double() {
	slots := grown[uint64](nil, 2*len(t.slots))
	mask := uint32(len(slots) - 1)
	for _, s := range t.slots {
		if s == 0 {
			continue
		}
		at := uint32(s>>32) & mask
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = s
	}
	t.slots = slots
}

// text returns the text of a number: a part of the arena, or written to buf.
func (t *textTable) text(buf *[16]byte, id uint32) []byte {
	k := t.keys[id]
	n := k.length()
	if n > shortBytes {
		return t.arena[k.first : k.first+uint64(n)]
	}
	if buf == nil {
		buf = new([16]byte)
	}
	binary.LittleEndian.PutUint64(buf[:], k.first)
	binary.LittleEndian.PutUint32(buf[8:], uint32(k.rest))
	return buf[:n]
}

// hash returns the hash of a number's text.
func (t *textTable) hash(id uint32) uint64 {
	k := t.keys[id]
	if k.length() <= shortBytes {
		return k.hash()
	}
	return hashBytes(t.text(nil, id))
}

// reserve adds a number that no text has; it stands for NULL.
func (t *textTable) reserve() uint32 {
	t.keys = pushed(t.keys, textKey{})
	return uint32(len(t.keys) - 1)
}
