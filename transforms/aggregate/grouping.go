package aggregate

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// chainedKeysMax is up to how many keys are numbered one by one and then in
// pairs. That is fastest while the columns have few values, as most keys have:
// every step is one read of an array. Where nearly every row is a group of its own
// each key more is a look-up in a large table more, and memory for it; but the groups
// are sorted in half the time, so that six keys still win. From there on all
// keys of a row are encoded as one.
const chainedKeysMax = 6

// grouping numbers the groups that rows belong to.
//
// With one key a group is a value of the key's dictionary. With up to
// chainedKeysMax, each column has its own dictionary, and pairs of numbers are numbered in
// turn: ((a, b), c). With more there is one dictionary of encoded rows.
type grouping struct {
	columns []dictionary
	pairs   []pairTable // len(columns)-1 of them
	none    int         // without keys: how many groups there are, 0 or 1

	types []arrow.DataType
	ids   []uint32
}

func newGrouping(types []arrow.DataType) (*grouping, error) {
	g := &grouping{types: types}
	if len(types) > chainedKeysMax {
		d, err := newDictionary(types)
		g.columns = []dictionary{d}
		return g, err
	}
	for i := range types {
		d, err := newDictionary(types[i : i+1])
		if err != nil {
			return nil, err
		}
		g.columns = append(g.columns, d)
	}
	if len(types) > 1 {
		g.pairs = make([]pairTable, len(types)-1)
	}
	return g, nil
}

// len is how many groups there are.
func (g *grouping) len() int {
	switch {
	case len(g.types) == 0:
		return g.none
	case len(g.pairs) > 0:
		return len(g.pairs[len(g.pairs)-1].keys)
	}
	return g.columns[0].len()
}

func (g *grouping) bytes() int64 {
	n := 4 * int64(cap(g.ids))
	for _, d := range g.columns {
		n += d.bytes()
	}
	for i := range g.pairs {
		n += g.pairs[i].bytes()
	}
	return n
}

// lookup sets groups[i] to the group of row i.
func (g *grouping) lookup(keys []arrow.Array, groups []uint32) {
	if len(g.types) == 0 {
		clear(groups)
		if len(groups) > 0 {
			g.none = 1
		}
		return
	}
	if len(g.columns) == 1 {
		g.columns[0].lookup(keys, groups)
		return
	}
	n := len(groups)
	g.ids = slices.Grow(g.ids[:0], n)[:n]
	g.columns[0].lookup(keys[:1], groups)
	left := g.columns[0].len()
	for i := range g.pairs {
		g.columns[i+1].lookup(keys[i+1:i+2], g.ids)
		g.pairs[i].lookup(groups, g.ids, left, g.columns[i+1].len())
		left = len(g.pairs[i].keys)
	}
}

// valuesOf returns the numbers of the groups' values in each dictionary.
func (g *grouping) valuesOf(groups []uint32) [][]uint32 {
	values := make([][]uint32, len(g.columns))
	if len(g.pairs) == 0 {
		for i := range values {
			values[i] = groups
		}
		return values
	}
	left := slices.Clone(groups)
	for i := len(g.pairs) - 1; i >= 0; i-- {
		right := make([]uint32, len(groups))
		keys := g.pairs[i].keys
		for r, id := range left {
			left[r], right[r] = uint32(keys[id]>>32), uint32(keys[id])
		}
		values[i+1] = right
	}
	values[0] = left
	return values
}

// keys returns the key columns of the given groups.
func (g *grouping) keys(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	values := g.valuesOf(groups)
	var keys []arrow.Array
	for i, d := range g.columns {
		arrays, err := d.arrays(alloc, values[i])
		if err != nil {
			releaseAll(keys)
			return nil, err
		}
		keys = append(keys, arrays...)
	}
	return keys, nil
}

// partitions returns the hash partition of every group. It depends on the
// values of the group's keys only. Each level has other bits of the hash, so that
// the groups of one partition have different ones at the next.
func (g *grouping) partitions(level int) []uint8 {
	all := make([]uint32, g.len())
	for i := range all {
		all[i] = uint32(i)
	}
	partitions := make([]uint8, len(all))
	if len(g.columns) == 0 {
		return partitions
	}
	values := g.valuesOf(all)
	mixed := grown[uint64](nil, len(all))
	for c, d := range g.columns {
		hashes := make([]uint64, d.len())
		null := d.null()
		for id := range hashes {
			if uint32(id) == null {
				hashes[id] = nullHash
			} else {
				hashes[id] = d.hash(uint32(id))
			}
		}
		for i, v := range values[c] {
			mixed[i] = hashWords(mixed[i], hashes[v])
		}
	}
	for i, h := range mixed {
		partitions[i] = uint8(h >> (level * partitionBits) % partitionCount)
	}
	return partitions
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}
