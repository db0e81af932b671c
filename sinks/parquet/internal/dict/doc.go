// Package dict makes dictionary codes: it numbers the distinct values of a
// column chunk in the order of their first appearance.
//
// Tables are open-addressed with linear probing. Nothing in them is random, so
// that the same values always get the same codes; input made to collide is
// met by a limit on probes, beyond which the table gives up and the caller
// encodes without a dictionary.
package dict

// slotsMin is the size of an empty table: small enough to stay in the first
// level cache for the many columns that have few values.
const slotsMin = 1 << 10

// probesMax is how many slots may be looked at to find a value or a place for
// it. A healthy table needs a few dozen for the worst of a million. It bounds
// each value rather than all together, so that giving up depends on nothing but
// the distinct values and their order.
const probesMax = 512

// full reports whether a table should grow. While it fits the second level
// cache, room is cheaper than the branches that collisions make unpredictable.
func full(entries, slots int) bool {
	if slots <= 1<<13 {
		return entries > slots/4
	}
	return entries > slots/2
}

// growthBits returns by how many powers of two a table of so many slots grows:
// by two while it is small, as it will most likely grow on.
func growthBits(slots int) uint {
	if slots < 1<<14 {
		return 2
	}
	return 1
}

// cleared returns n zero elements, in the memory of s if that is large enough.
func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
