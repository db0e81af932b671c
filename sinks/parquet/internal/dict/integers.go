package dict

import "math/bits"

// Integers is a dictionary of integers or of the bits of floating-point
// numbers. Reset makes it ready for use.
//
// As long as the values are near each other and come through EncodeNear, they
// are looked up in a window, otherwise in a hash table. The codes are the same.
type Integers[T int32 | int64] struct {
	// Values are the entries in order of their codes.
	Values []T

	window window[T]
	hashed bool             // the entries are in slots, not in the window
	slots  []integerSlot[T] // a power of two
	shift  uint             // 64 - log2(len(slots))
	spare  []integerSlot[T] // memory for the table to grow into
}

type integerSlot[T int32 | int64] struct {
	value T
	code  uint32 // plus one; 0 means that the slot is free
}

// Reset empties the dictionary. The table keeps its size: the next values will
// most likely be as many.
func (d *Integers[T]) Reset() {
	d.Values = d.Values[:0]
	d.window.reset()
	d.hashed = false
}

// Shrink makes the table as small as that of a new dictionary, of which nothing
// then tells this one apart after Reset. The memory is kept.
func (d *Integers[T]) Shrink() { d.slots = d.slots[:min(len(d.slots), slotsMin)] }

// Len is the number of entries.
func (d *Integers[T]) Len() int { return len(d.Values) }

// Truncate drops all entries but the first n. Nothing can be encoded then until
// Reset.
func (d *Integers[T]) Truncate(n int) { d.Values = d.Values[:n] }

// EncodeNear is Encode for values that lie between least and greatest, in an
// order of the caller's.
func (d *Integers[T]) EncodeNear(codes []uint32, values []T, least, greatest T) bool {
	if !d.hashed && d.window.cover(d.Values, least, greatest, len(values)) {
		d.Values = d.window.encode(codes, values, d.Values)
		return true
	}
	return d.Encode(codes, values)
}

// Encode writes the codes of the values to codes, which is as long, and
// reports whether it got through: it does not when the values collide too much.
func (d *Integers[T]) Encode(codes []uint32, values []T) bool {
	if !d.hashed && !d.hash() {
		return false
	}
	codes = codes[:len(values)]
	slots, shift := d.slots, d.shift
	mask := len(slots) - 1
	for i, v := range values {
		at := int(hashInteger(uint64(v)) >> shift)
		for probes := probesMax; ; at++ {
			s := &slots[at&mask]
			if s.value == v && s.code != 0 {
				codes[i] = s.code - 1
				break
			}
			if s.code == 0 {
				*s = integerSlot[T]{v, uint32(len(d.Values) + 1)}
				codes[i] = uint32(len(d.Values))
				d.Values = append(d.Values, v)
				if full(len(d.Values), len(slots)) {
					d.grow()
					slots, shift = d.slots, d.shift
					mask = len(slots) - 1
				}
				break
			}
			if probes--; probes == 0 {
				return false
			}
		}
	}
	return true
}

// hash puts the entries so far into the hash table, and reports whether they go
// in without colliding too much.
func (d *Integers[T]) hash() bool {
	n := max(slotsMin, len(d.slots))
	for full(len(d.Values), n) {
		n *= 2
	}
	d.slots = cleared(d.slots, n)
	d.shift = uint(64 - bits.Len(uint(n-1)))
	d.hashed = true
	entries := d.Values
	d.Values = d.Values[:0]
	var codes [256]uint32
	for len(entries) > 0 { // each goes where it stands already
		k := min(len(codes), len(entries))
		if !d.Encode(codes[:k], entries[:k]) {
			return false
		}
		entries = entries[k:]
	}
	return true
}

// grow makes the table larger.
func (d *Integers[T]) grow() {
	old := d.slots
	double := growthBits(len(old))
	d.slots, d.spare = cleared(d.spare, len(old)<<double), old
	d.shift -= double
	mask := len(d.slots) - 1
	for _, s := range old {
		if s.code == 0 {
			continue
		}
		at := int(hashInteger(uint64(s.value)) >> d.shift)
		for d.slots[at&mask].code != 0 {
			at++
		}
		d.slots[at&mask] = s
	}
}

// hashInteger spreads v over the upper bits. The fold brings the upper half
// of v down, where floating-point numbers have most of what differs.
func hashInteger(v uint64) uint64 { return (v ^ v>>32) * key0 }
