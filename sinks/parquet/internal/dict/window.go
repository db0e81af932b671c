package dict

import "math/bits"

// windowMax is the widest range of values that a window takes.
const windowMax = 1 << 16

// window finds the codes of integers that lie close together: a table with a
// place for each possible value instead of a hash table.
type window[T int32 | int64] struct {
	// low and high are the bounds of the values that have been covered.
	low, high T
	// codes has the code of base+i plus one at place i, 0 where there is no
	// entry; none at all when nothing has been covered. Its length is a power
	// of two.
	codes []uint32
	base  T
}

func (w *window[T]) reset() { w.codes = w.codes[:0] }

// distance is how far it is up from low to high. All sums are modulo the width
// of T, so that it does not matter whether the values are signed.
func distance[T int32 | int64](low, high T) uint64 {
	if _, narrow := any(low).(int32); narrow {
		return uint64(uint32(high) - uint32(low))
	}
	return uint64(high) - uint64(low)
}

// cover widens the window to hold the values from least to greatest too, and
// reports whether that can be: not when they lie too far apart, or when they
// are so few that a table for them does not pay.
func (w *window[T]) cover(entries []T, least, greatest T, values int) bool {
	low, high := least, greatest
	if len(w.codes) > 0 {
		if w.holds(w.low, w.high, least, greatest) {
			return true
		}
		if least-w.low > 0 {
			low = w.low
		}
		if greatest-w.high < 0 {
			high = w.high
		}
		if !w.holds(low, high, w.low, w.high) || !w.holds(low, high, least, greatest) {
			return false // too far apart to tell which is below
		}
	}
	width := distance(low, high)
	if width >= windowMax || width/16 >= uint64(values) {
		return false
	}
	if n := uint64(len(w.codes)); n == 0 || distance(w.base, low) >= n || distance(w.base, low)+width >= n {
		w.rebuild(entries, low, width)
	}
	w.low, w.high = low, high
	return true
}

// holds reports whether least and greatest lie between low and high, in order.
func (w *window[T]) holds(low, high, least, greatest T) bool {
	return distance(low, least) <= distance(low, greatest) && distance(low, greatest) <= distance(low, high)
}

// rebuild makes a table with room on both sides of low and the width above it.
func (w *window[T]) rebuild(entries []T, low T, width uint64) {
	n := max(slotsMin, 1<<bits.Len64(width))
	w.codes = cleared(w.codes, n)
	w.base = low - T((uint64(n)-1-width)/2)
	for i, v := range entries {
		w.codes[distance(w.base, v)] = uint32(i + 1)
	}
}

// encode writes the codes of the values, all of which are covered, and returns
// the entries with those that are new.
func (w *window[T]) encode(codes []uint32, values, entries []T) []T {
	table, base := w.codes, w.base
	mask := uint64(len(table) - 1)
	codes = codes[:len(values)]
	for i, v := range values {
		place := &table[uint64(v-base)&mask]
		if *place == 0 {
			entries = append(entries, v)
			*place = uint32(len(entries))
		}
		codes[i] = *place - 1
	}
	return entries
}
