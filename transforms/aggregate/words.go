package aggregate

// tableSlotsMin is the size that tables start with: small enough to stay in
// the L1 cache when there are few groups.
const tableSlotsMin = 256

// wordSlot holds the key beside its id, so that a look-up touches one cache
// line.
type wordSlot struct {
	key uint64
	id  uint32 // plus one; 0 is an empty slot
}

// wordTable numbers distinct 64-bit keys in the order of their coming. It is
// an open-addressing table of power-of-two size with linear probing, at most
// half full.
type wordTable struct {
	slots []wordSlot
	keys  []uint64 // by id
}

func (t *wordTable) bytes() int64 { return 16*int64(cap(t.slots)) + 8*int64(cap(t.keys)) }

// lookupBlockRows is how many rows go through each step of a look-up before
// the next step. Within a step the rows do not depend on each other, so that the
// processor has many cache misses under way at once.
const lookupBlockRows = 256

// lookup sets ids[i] to the number of keys[i].
func (t *wordTable) lookup(keys []uint64, ids []uint32) {
	if len(t.slots) == 0 {
		t.slots = make([]wordSlot, tableSlotsMin)
	}
	var places [lookupBlockRows]uint32
	var found [lookupBlockRows]wordSlot
	ids = ids[:len(keys)]
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

// find returns the number of one key, given the upper half of its hash.
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
	if len(t.slots) == 0 {
		t.slots = make([]wordSlot, tableSlotsMin)
	}
	for _, row := range rows {
		ids[row] = t.find(keys[row], uint32(hashWord(keys[row])>>32))
	}
}

func (t *wordTable) double() {
	slots := make([]wordSlot, 2*len(t.slots))
	mask := uint32(len(slots) - 1)
	for _, s := range t.slots {
		if s.id == 0 {
			continue
		}
		at := uint32(hashWord(s.key)>>32) & mask
		for slots[at].id != 0 {
			at = (at + 1) & mask
		}
		slots[at] = s
	}
	t.slots = slots
}
