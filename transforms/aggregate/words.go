package aggregate

import "math/bits"

// tableSlotsMin is the size that tables start with: small enough to stay in
// the L1 cache when there are few groups.
const tableSlotsMin = 256

const (
	// denseSpanMin is how many places a table indexed by the key may have in
	// any case: 256 KiB, which stay in the L2 cache.
	denseSpanMin = 64 << 10
	// denseFill is how many places of such a table there may be to a key. With
	// more it would take more memory than slots do.
	denseFill = 16
	// denseSpanMax keeps places within 32 bits.
	denseSpanMax = 1 << 30
)

// denseSpan is how many places a table that is indexed by the key may have for
// so many keys.
func denseSpan(keys int) uint64 { return uint64(min(max(denseSpanMin, denseFill*keys), denseSpanMax)) }

// wordSlot holds the key beside its id, so that a look-up touches one cache
// line.
type wordSlot struct {
	key uint64
	id  uint32 // plus one; 0 is an empty slot
}

// wordTable numbers distinct 64-bit keys in the order of their coming. While the
// keys are close together on a grid, as small integers and full hours are, it is an
// array indexed by key. From then on it is an open-addressing table of
// power-of-two size with linear probing, at most half full.
type wordTable struct {
	dense []uint32   // ids plus one, by place on the grid
	grid  wordGrid   // of dense
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
	dense, grid := t.dense, t.grid
	ids = ids[:len(keys)]
	for i, key := range keys {
		if at := grid.place(key); at < uint64(len(dense)) {
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
		dense, grid = t.dense, t.grid
	}
	return len(keys)
}

// addDense adds a new key to the dense array, or goes over to slots and reports
// false.
func (t *wordTable) addDense(key uint64) (uint32, bool) {
	if at := t.grid.place(key); at >= uint64(len(t.dense)) && !t.widen(key) {
		t.spread()
		return 0, false
	}
	t.keys = pushed(t.keys, key)
	t.dense[t.grid.place(key)] = uint32(len(t.keys))
	return uint32(len(t.keys) - 1), true
}

// widen makes the dense array reach to key, unless that is too far.
func (t *wordTable) widen(key uint64) bool {
	if len(t.dense) == 0 {
		t.grid, t.dense = newGrid(key, 0), make([]uint32, 1)
		return true
	}
	low, high := t.ends()
	step := gcd(t.grid.step, distance(key, low))
	down := key < low
	low, high = min(low, key), max(high, key)
	span := (high - low) / step
	if span >= denseSpan(len(t.keys)) {
		return false
	}
	// The room that is left is on the side where keys are coming.
	size := min(uint64(1)<<bits.Len64(span)-1, ^uint64(0)/step) + 1
	base := low
	if down {
		base -= min(size-1-span, low/step) * step
	}
	grid, dense := newGrid(base, step), grown[uint32](nil, int(size))
	for i, id := range t.dense {
		if id != 0 {
			dense[grid.place(t.grid.key(i))] = id
		}
	}
	t.grid, t.dense = grid, dense
	return true
}

// ends returns the least and the largest key of the dense array.
func (t *wordTable) ends() (low, high uint64) {
	first, last := 0, len(t.dense)-1
	for t.dense[first] == 0 {
		first++
	}
	for t.dense[last] == 0 {
		last--
	}
	return t.grid.key(first), t.grid.key(last)
}

// wordGrid is the words base, base+step, base+2·step and so on.
type wordGrid struct {
	base, step uint64
	// inverse of the odd part of step, modulo 2^64, and how often 2 divides
	// step: multiplication and rotation divide what is a multiple of step, and
	// make what is none larger than any quotient (Granlund and Montgomery,
	// Division by invariant integers, section 9).
	inverse uint64
	twos    int
}

// newGrid returns a grid; a step of 0 is that of a single word.
func newGrid(base, step uint64) wordGrid {
	g := wordGrid{base: base, step: step, inverse: 1}
	if step == 0 {
		return g
	}
	g.twos = bits.TrailingZeros64(step)
	odd := step >> g.twos
	g.inverse = odd // right in 3 bits; each step doubles them
	for range 5 {
		g.inverse *= 2 - odd*g.inverse
	}
	return g
}

// place returns where on the grid a word stands. For a word that is not on it,
// it is more than 2^64 divided by step.
func (g *wordGrid) place(word uint64) uint64 {
	return bits.RotateLeft64((word-g.base)*g.inverse, -g.twos)
}

// key returns the word at a place.
func (g *wordGrid) key(place int) uint64 { return g.base + uint64(place)*g.step }

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// spread puts the keys of the dense array into slots.
func (t *wordTable) spread() {
	t.slots = t.emptySlots()
	for i, id := range t.dense {
		if id != 0 {
			t.place(wordSlot{t.grid.key(i), id})
		}
	}
	t.dense = nil
}

// emptySlots returns slots for twice the keys that there are.
func (t *wordTable) emptySlots() []wordSlot {
	return grown[wordSlot](nil, max(tableSlotsMin, 4<<bits.Len(uint(len(t.keys)))))
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
			t.keys = pushed(t.keys, key)
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
			if at := t.grid.place(key); at < uint64(len(t.dense)) && t.dense[at] != 0 {
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
	t.keys = pushed(t.keys, 0)
	return uint32(len(t.keys) - 1)
}

func (t *wordTable) double() {
	old := t.slots
	t.slots = grown[wordSlot](nil, 2*len(old))
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
	low, high, step := ^uint64(0), uint64(0), uint64(0)
	for i := range t.slots {
		if s := &t.slots[i]; s.id != 0 {
			if high != 0 && step != 1 {
				step = gcd(step, distance(s.key, high))
			}
			low, high = min(low, s.key), max(high, s.key)
		}
	}
	if step == 0 || (high-low)/step >= denseSpan(len(t.keys))/2 {
		return
	}
	t.grid, t.dense = newGrid(low, step), grown[uint32](nil, int((high-low)/step+1))
	for i := range t.slots {
		if s := &t.slots[i]; s.id != 0 {
			t.dense[t.grid.place(s.key)] = s.id
		}
	}
	t.slots = nil
}
