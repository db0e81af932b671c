package dict

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Strings is a dictionary of byte strings. Reset makes it ready for use.
type Strings struct {
	// Plain holds the entries in order of their codes, in PLAIN encoding: each
	// with its length in four bytes in front unless the dictionary is of
	// fixed-length values.
	Plain []byte

	ends          []int // where entry i ends in Plain
	prefix        int   // bytes of length in front of each entry
	plainBytesMax int
	slots         []stringSlot
	shift         uint         // 64 - log2(len(slots))
	crowded       bool         // the values collide too much
	spare         []stringSlot // memory for the table to grow into
	sum           uint64       // what touch returned, so that its loads are not optimised away
}

// stringKey stands for a string. One of up to 15 bytes is in it whole: the
// first eight bytes in head, the others in rest, and the length plus one in
// the upper byte of rest. Of a longer one rest is a hash under the mark
// longMark. No key has a rest of 0.
type stringKey struct {
	head, rest uint64
}

// longMark is the upper byte of rest for a string that is not in its key.
const (
	longBytesMin = 16
	longMark     = uint64(0xff) << 56
)

// stringSlot is a place of the table; rest is 0 when it is free.
type stringSlot struct {
	key  stringKey
	code uint32
}

// keysBlock is how many strings are looked up together. All their keys are made
// first: two short loops run faster than a long one, and the table is then
// touched often enough in a row for the misses of the cache to overlap.
const keysBlock = 128

// touchSlotsMin is the size of a table that is worth touching ahead of use,
// since it does not fit the first level cache.
const touchSlotsMin = 1 << 11

// Reset empties the dictionary, which is then good for plainBytesMax of
// entries. Fixed-length values have no length in Plain. The table keeps its
// size: the next values will most likely be as many.
func (d *Strings) Reset(fixedLength bool, plainBytesMax int) {
	d.plainBytesMax = plainBytesMax
	d.Plain = d.Plain[:0]
	d.ends = d.ends[:0]
	d.crowded = false
	d.prefix = 4
	if fixedLength {
		d.prefix = 0
	}
	n := max(slotsMin, len(d.slots))
	d.slots = cleared(d.slots, n)
	d.shift = uint(64 - bits.Len(uint(n-1)))
}

// Shrink makes the table as small as that of a new dictionary, of which nothing
// then tells this one apart after Reset. The memory is kept.
func (d *Strings) Shrink() { d.slots = d.slots[:min(len(d.slots), slotsMin)] }

// Len is the number of entries.
func (d *Strings) Len() int { return len(d.ends) }

// Truncate drops all entries but the first n. Nothing can be encoded then until
// Reset.
func (d *Strings) Truncate(n int) {
	d.ends = d.ends[:n]
	if n == 0 {
		d.Plain = d.Plain[:0]
	} else {
		d.Plain = d.Plain[:d.ends[n-1]]
	}
}

// Entry returns the value of a code. It is valid until the next call of Encode
// or Reset.
func (d *Strings) Entry(code int) []byte {
	start := d.prefix
	if code > 0 {
		start += d.ends[code-1]
	}
	return d.Plain[start:d.ends[code]]
}

// Encode writes the codes of the strings that offsets cut out of data to codes
// and reports whether it got through: it does not when the values collide too
// much or the entries take too much room. offsets has one element more than codes.
func (d *Strings) Encode(codes []uint32, data []byte, offsets []int32) bool {
	var keys [keysBlock]stringKey
	for len(codes) > 0 {
		n := min(keysBlock, len(codes))
		long := makeKeys(keys[:n], data, offsets[:n+1])
		if len(d.slots) >= touchSlotsMin {
			d.sum += touch(d.slots, d.shift, keys[:n])
		}
		if long {
			for i := range codes[:n] {
				codes[i] = d.find(keys[i], data[offsets[i]:offsets[i+1]])
			}
		} else {
			d.findShort(codes[:n], keys[:n], data, offsets)
		}
		if d.crowded || len(d.Plain) > d.plainBytesMax {
			return false
		}
		codes, offsets = codes[n:], offsets[n:]
	}
	return true
}

// EncodeCoded writes the codes of strings that are given as their places in a
// list without repetitions, which offsets cut out of data. known has room for
// a code for each of the list; what is in it does not matter. The codes are
// those that Encode would give to the strings themselves, and so is the result.
func (d *Strings) EncodeCoded(codes []uint32, places []uint16, known []uint32, data []byte, offsets []int32) bool {
	known = known[:len(offsets)-1]
	clear(known)
	codes = codes[:len(places)]
	for i, p := range places {
		if known[p] == 0 {
			v := data[offsets[p]:offsets[p+1]]
			known[p] = d.find(makeKey(v), v) + 1
			if d.crowded || len(d.Plain) > d.plainBytesMax {
				return false
			}
		}
		codes[i] = known[p] - 1
	}
	return true
}

// keyMasks cuts two words down to a string of n bytes, 0 to 15, and puts its
// length plus one into the upper byte.
var keyMasks = func() (masks [longBytesMin]struct{ head, rest, length uint64 }) {
	for n := range masks {
		m := &masks[n]
		m.head = 1<<(8*min(n, 8)) - 1
		m.rest = 1<<(8*max(n-8, 0)) - 1
		m.length = uint64(n+1) << 56
	}
	return masks
}()

// makeKeys makes the keys of as many strings as keys has room for, and reports
// whether any of them is long.
func makeKeys(keys []stringKey, data []byte, offsets []int32) (long bool) {
	start := int(offsets[0])
	offsets = offsets[1 : len(keys)+1]
	for i := range keys {
		end := int(offsets[i])
		// The load of two words reads past the string into the next ones,
		// which the mask cuts off. It must not read past all of them.
		if n := end - start; uint(n) < longBytesMin && start+16 <= len(data) {
			both, m := data[start:start+16], &keyMasks[n]
			keys[i] = stringKey{
				binary.LittleEndian.Uint64(both) & m.head,
				binary.LittleEndian.Uint64(both[8:])&m.rest | m.length,
			}
		} else {
			keys[i] = makeKey(data[start:end])
			long = long || n >= longBytesMin
		}
		start = end
	}
	return long
}

// makeKey makes the key of one string.
func makeKey(b []byte) stringKey {
	if len(b) >= longBytesMin {
		return stringKey{binary.LittleEndian.Uint64(b), hashLong(b) | longMark}
	}
	var both [16]byte
	copy(both[:], b)
	return stringKey{
		binary.LittleEndian.Uint64(both[:]),
		binary.LittleEndian.Uint64(both[8:]) | uint64(len(b)+1)<<56,
	}
}

// touch loads the slots that the keys will be looked for in first. The loads
// do not depend on each other, so that the misses among them overlap.
func touch(slots []stringSlot, shift uint, keys []stringKey) uint64 {
	var sum uint64
	for _, k := range keys {
		sum += slots[k.hash()>>shift].key.rest
	}
	return sum
}

// findShort writes the codes of keys none of which is long.
func (d *Strings) findShort(codes []uint32, keys []stringKey, data []byte, offsets []int32) {
	slots, shift := d.slots, d.shift&63
	keys = keys[:len(codes)]
	for i := range codes {
		k := keys[i]
		if s := &slots[k.hash()>>shift]; s.key == k {
			codes[i] = s.code
			continue
		}
		codes[i] = d.find(k, data[offsets[i]:offsets[i+1]])
		slots, shift = d.slots, d.shift&63 // it may have grown
	}
}

// find returns the code of a value, which it adds if need be.
func (d *Strings) find(k stringKey, value []byte) uint32 {
	mask := len(d.slots) - 1
	at := int(k.hash() >> d.shift)
	for range probesMax {
		s := &d.slots[at]
		if s.key == k && (len(value) < longBytesMin || bytes.Equal(d.Entry(int(s.code)), value)) {
			return s.code
		}
		if s.key.rest == 0 {
			code := uint32(len(d.ends))
			*s = stringSlot{k, code}
			d.add(value)
			return code
		}
		at = (at + 1) & mask
	}
	d.crowded = true
	return 0 // not the code; whoever asked is about to give up
}

func (d *Strings) add(value []byte) {
	if d.prefix > 0 {
		d.Plain = binary.LittleEndian.AppendUint32(d.Plain, uint32(len(value)))
	}
	d.Plain = append(d.Plain, value...)
	d.ends = append(d.ends, len(d.Plain))
	if full(len(d.ends), len(d.slots)) {
		d.grow()
	}
}

// grow makes the table larger: four times while it is small, since it will
// most likely grow on.
func (d *Strings) grow() {
	old := d.slots
	double := growthBits(len(old))
	d.slots, d.spare = cleared(d.spare, len(old)<<double), old
	d.shift -= double
	mask := len(d.slots) - 1
	for _, s := range old {
		if s.key.rest == 0 {
			continue
		}
		at := int(s.key.hash() >> d.shift)
		for d.slots[at].key.rest != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = s
	}
}

// The keys of the hash are arbitrary odd numbers with as many ones as zeros.
const (
	key0 = 0xa0761d6478bd642f
	key1 = 0xe7037ed1a0b428db
	key2 = 0x8ebc6af09c88c6e3
)

// hash spreads the key over 64 bits, of which the upper ones are used.
func (k stringKey) hash() uint64 {
	hi, lo := bits.Mul64(k.head^key0, k.rest^key1)
	return hi ^ lo
}

// hashLong hashes all of b, which has 16 bytes or more. Values that differ
// only in the middle, such as URLs, must not collide.
func hashLong(b []byte) uint64 {
	h := uint64(len(b)) * key2
	rest := b
	for ; len(rest) > 16; rest = rest[16:] {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(rest)^key0^h, binary.LittleEndian.Uint64(rest[8:])^key1)
		h = hi ^ lo
	}
	end := b[len(b)-16:]
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(end)^key1^h, binary.LittleEndian.Uint64(end[8:])^key0)
	return hi ^ lo
}

// Head is the first sixteen bytes of a string as two numbers that compare as
// they do; missing ones count as zeros.
type Head struct{ first, second uint64 }

// HeadOf returns the head of b.
func HeadOf(b []byte) Head {
	if len(b) < 16 {
		var padded [16]byte
		copy(padded[:], b)
		b = padded[:]
	}
	return Head{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// Less reports whether h comes before o. Strings whose heads are equal may yet
// differ.
func (h Head) Less(o Head) bool {
	return h.first < o.first || h.first == o.first && h.second < o.second
}
