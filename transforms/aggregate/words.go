package aggregate

import "math/bits"

// tableSlotsMin is the size that tables start with: small enough to stay in
// the L1 cache when there are few groups.
const tableSlotsMin = 256

const (
	// denseSpanMin is the span of keys that a table indexed by the key is made
	// for in any case: 256 KiB, which stay in the L2 cache.
	denseSpanMin = 64 << 10
	// denseFill is how many places of such a table there may be to a key. With
	// more it would take more memory than slots do.
	denseFill = 8
	// denseSpanMax keeps places within 32 bits.
	denseSpanMax = 1 << 30
)

// denseSpan is the largest span of a table that is indexed by the key, given
// how many keys it has.
func denseSpan(keys int) uint64 { return uint64(min(max(denseSpanMin, denseFill*keys), denseSpanMax)) }

// wordSlot holds the key beside its id, so that a look-up touches one cache
// line.
type wordSlot struct {
	key uint64
	id  uint32 // plus one; 0 is an empty slot
}

// wordTable numbers distinct 64-bit keys in the order of their coming. While the
// keys are close together it is an array indexed by key. From then on it is an
// open-addressing table of power-of-two size with linear probing, at most half
// full.
type wordTable struct {
	dense []uint32 // ids plus one of the keys from base on
	base  uint64
	slots []wordSlot // nil while dense serves
	keys  []uint64   // by id

	doubled bool // since it was last seen whether dense would serve now
}

func (t *wordTable) bytes() int64 {
	return 16*int64(cap(t.slots)) + 8*int64(cap(t.keys)) + 4*int64(cap(t.dense))
}

// lookupBlockRows is how many rows go through each step of a look-up before
// the next step. Within a step the rows do not depend on each other, so that the
// processor has many cache misses under way at once.
const lookupBlockRows = 256

// lookup sets ids[i] to the number of keys[i].
func (t *wordTable) lookup(keys []uint64, ids []uint32) {
	ids = ids[:len(keys)]
	t.settle()
	if t.slots == nil {
		n := t.lookupDense(keys, ids)
		keys, ids = keys[n:], ids[n:]
	}
	var places [lookupBlockRows]uint32
	var found [lookupBlockRows]wordSlot
	for len(keys) > 0 {
		n := min(len(keys), lookupBlockRows)
		for i, key := range keys[:n] {
			places[i] = uint32(hashWord(key) >> 32)
		}
		slots := t.slots
		mask := uint32(len(slots) - 1)
		for i, place := range places[:n] {
			found[i] = slots[place&mask]
		}
		// A key that is not in its first place may have been inserted since,
		// or it stands further on, or is new.
		for i := range found[:n] {
			if f := &found[i]; f.id != 0 && f.key == keys[i] {
				ids[i] = f.id - 1
			} else {
				ids[i] = t.find(keys[i], places[i])
			}
		}
		keys, ids = keys[n:], ids[n:]
	}
}

// lookupDense looks keys up until one is too far from the others, and returns
// how many these were.
func (t *wordTable) lookupDense(keys []uint64, ids []uint32) int {
	dense, base := t.dense, t.base
	ids = ids[:len(keys)]
	for i, key := range keys {
		if at := key - base; at < uint64(len(dense)) {
			if id := dense[at]; id != 0 {
				ids[i] = id - 1
				continue
			}
		}
		id, ok := t.addDense(key)
		if !ok {
			return i
		}
		ids[i] = id
		dense, base = t.dense, t.base
	}
	return len(keys)
}

// addDense adds a new key to the dense array, or goes over to slots and reports
// false.
func (t *wordTable) addDense(key uint64) (uint32, bool) {
	if at := key - t.base; at >= uint64(len(t.dense)) && !t.widen(key) {
		t.spread()
		return 0, false
	}
	t.keys = append(t.keys, key)
	t.dense[key-t.base] = uint32(len(t.keys))
	return uint32(len(t.keys) - 1), true
}

// widen makes the dense array reach to key, unless that is too far.
func (t *wordTable) widen(key uint64) bool {
	if len(t.dense) == 0 {
		t.base = key &^ (tableSlotsMin - 1)
		t.dense = make([]uint32, tableSlotsMin)
		return true
	}
	low, high := t.base, t.base+uint64(len(t.dense)-1)
	if key < low {
		low = key
	} else {
		high = key
	}
	span := high - low
	if limit := denseSpan(len(t.keys)); span >= limit {
		return false
	}
	// As much again is made on the side where keys are coming.
	span = uint64(1) << bits.Len64(span)
	if key < t.base {
		low = high - min(span-1, high)
	} else {
		span = min(span-1, ^low) + 1
	}
	old, at := t.dense, t.base-low
	t.dense, t.base = make([]uint32, span), low
	copy(t.dense[at:], old)
	return true
}

// spread puts the keys of the dense array into slots.
func (t *wordTable) spread() {
	t.slots = t.emptySlots()
	for i, id := range t.dense {
		if id != 0 {
			t.place(wordSlot{t.base + uint64(i), id})
		}
	}
	t.dense = nil
}

// emptySlots returns slots for twice the keys that there are.
func (t *wordTable) emptySlots() []wordSlot {
	return make([]wordSlot, max(tableSlotsMin, 4<<bits.Len(uint(len(t.keys)))))
}

// place puts a slot where it belongs; there is room.
func (t *wordTable) place(s wordSlot) {
	mask := uint32(len(t.slots) - 1)
	at := uint32(hashWord(s.key)>>32) & mask
	for t.slots[at].id != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = s
}

// find returns the number of one key, given the upper half of its hash; there
// are slots.
func (t *wordTable) find(key uint64, place uint32) uint32 {
	mask := uint32(len(t.slots) - 1)
	for at := place & mask; ; at = (at + 1) & mask {
		s := &t.slots[at]
		if s.id == 0 {
			t.keys = append(t.keys, key)
			id := uint32(len(t.keys))
			s.key, s.id = key, id
			if 2*len(t.keys) > len(t.slots) {
				t.double()
			}
			return id - 1
		}
		if s.key == key {
			return s.id - 1
		}
	}
}

// lookupSome is lookup for some rows only.
func (t *wordTable) lookupSome(keys []uint64, ids []uint32, rows []int32) {
	t.settle()
	for _, row := range rows {
		key := keys[row]
		if t.slots == nil {
			if at := key - t.base; at < uint64(len(t.dense)) && t.dense[at] != 0 {
				ids[row] = t.dense[at] - 1
				continue
			}
			if id, ok := t.addDense(key); ok {
				ids[row] = id
				continue
			}
		}
		ids[row] = t.find(key, uint32(hashWord(key)>>32))
	}
}

// reserve adds a number that no key has; it stands for NULL.
func (t *wordTable) reserve() uint32 {
	t.keys = append(t.keys, 0)
	return uint32(len(t.keys) - 1)
}

func (t *wordTable) double() {
	old := t.slots
	t.slots = make([]wordSlot, 2*len(old))
	for _, s := range old {
		if s.id != 0 {
			t.place(s)
		}
	}
	t.doubled = true
}

// settle goes back from slots to the dense array where the keys turn out to be
// close together, only that they did not come in order.
func (t *wordTable) settle() {
	if !t.doubled {
		return
	}
	t.doubled = false
	low, high := ^uint64(0), uint64(0)
	for i := range t.slots {
		if s := &t.slots[i]; s.id != 0 {
			low, high = min(low, s.key), max(high, s.key)
		}
	}
	if high-low >= denseSpan(len(t.keys))/2 {
		return
	}
	t.base, t.dense = low, make([]uint32, high-low+1)
	for i := range t.slots {
		if s := &t.slots[i]; s.id != 0 {
			t.dense[s.key-low] = s.id
		}
	}
	t.slots = nil
}
