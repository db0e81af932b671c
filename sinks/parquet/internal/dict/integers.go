package dict

import (
	"math/bits"
	"slices"
)

// Integers is a dictionary of integers or of the bits of floating-point
// numbers. Reset makes it ready for use.
type Integers[T int32 | int64] struct {
	// Values are the entries in order of their codes.
	Values []T

	slots []integerSlot[T]
	shift uint             // 64 - log2(len(slots))
	spare []integerSlot[T] // memory for the table to grow into
}

type integerSlot[T int32 | int64] struct {
	value T
	code  uint32 // plus one; 0 means that the slot is free
}

// Reset empties the dictionary.
func (d *Integers[T]) Reset() {
	d.Values = d.Values[:0]
	d.slots = cleared(d.slots, slotsMin)
	d.shift = uint(64 - bits.Len(slotsMin-1))
}

// Encode writes the codes of the values to codes, which is as long, and
// reports whether it got through: it does not when the values collide too much.
func (d *Integers[T]) Encode(codes []uint32, values []T) bool {
	probes := probesMax(len(codes))
	codes = codes[:len(values)]
	slots, shift := d.slots, d.shift
	mask := len(slots) - 1
	for i, v := range values {
		at := int(hashInteger(uint64(v)) >> shift)
		for {
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
			at++
			if probes--; probes < 0 {
				return false
			}
		}
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

// RangeMax is the widest range of values that a [Range] takes.
const RangeMax = 1 << 16

// Range is the dictionary of integers that lie close together: a table with a
// place for each possible value instead of a hash table. Its entries are in
// ascending order.
type Range[T int32 | int64] struct {
	// Values are the entries in order of their codes.
	Values []T

	codes []uint32
}

// Count fills the dictionary with the distinct ones of values, which lie
// between least and least+width, width being below RangeMax. "Ascending" is in
// the order in which least is the least.
func (d *Range[T]) Count(values []T, least T, width uint64) {
	n := int(width) + 1
	d.codes = slices.Grow(d.codes[:0], n)[:n]
	clear(d.codes)
	present := d.codes
	for _, v := range values {
		present[uint64(v-least)&(RangeMax-1)] = 1
	}
	d.Values = d.Values[:0]
	for i, p := range present {
		if p != 0 {
			d.codes[i] = uint32(len(d.Values))
			d.Values = append(d.Values, least+T(i))
		}
	}
}

// Encode writes the codes of the values that were given to Count.
func (d *Range[T]) Encode(codes []uint32, values []T) {
	least := d.Values[0]
	codes = codes[:len(values)]
	if len(d.Values) == len(d.codes) { // without a gap the place is the code
		for i, v := range values {
			codes[i] = uint32(v - least)
		}
		return
	}
	table := d.codes
	for i, v := range values {
		codes[i] = table[uint64(v-least)&(RangeMax-1)]
	}
}
