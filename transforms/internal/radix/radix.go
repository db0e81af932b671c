// Package radix sorts 64-bit keys with 32-bit payloads, stably and in linear
// time: the last step of ordering groups and rows.
package radix

import "slices"

// smallMax is the length up to which insertion into order beats eight
// counting passes.
const smallMax = 64

// Sort orders ids by ascending key, keeping the order of equal keys. keys and
// ids have the same length and are permuted together.
//
// It is a least-significant-digit radix sort over bytes. The eight histograms
// are made in one pass, and digits that all keys share cost nothing more.
func Sort(keys []uint64, ids []uint32) {
	n := len(keys)
	ids = ids[:n]
	if n <= smallMax {
		insertion(keys, ids)
		return
	}
	if slices.IsSorted(keys) {
		return
	}
	var counts [8][256]uint32
	for _, k := range keys {
		counts[0][byte(k)]++
		counts[1][byte(k>>8)]++
		counts[2][byte(k>>16)]++
		counts[3][byte(k>>24)]++
		counts[4][byte(k>>32)]++
		counts[5][byte(k>>40)]++
		counts[6][byte(k>>48)]++
		counts[7][byte(k>>56)]++
	}
	fromKeys, fromIDs := keys, ids
	toKeys, toIDs := make([]uint64, n), make([]uint32, n)
	for digit := range 8 {
		shift := uint(digit * 8)
		count := &counts[digit]
		if count[byte(keys[0]>>shift)] == uint32(n) {
			continue
		}
		at := uint32(0)
		for i, c := range count {
			count[i] = at
			at += c
		}
		for i, k := range fromKeys {
			p := count[byte(k>>shift)]
			count[byte(k>>shift)]++
			toKeys[p] = k
			toIDs[p] = fromIDs[i]
		}
		fromKeys, toKeys = toKeys, fromKeys
		fromIDs, toIDs = toIDs, fromIDs
	}
	if &fromKeys[0] != &keys[0] {
		copy(keys, fromKeys)
		copy(ids, fromIDs)
	}
}

func insertion(keys []uint64, ids []uint32) {
	for i := 1; i < len(keys); i++ {
		k, id := keys[i], ids[i]
		j := i
		for ; j > 0 && keys[j-1] > k; j-- {
			keys[j], ids[j] = keys[j-1], ids[j-1]
		}
		keys[j], ids[j] = k, id
	}
}
