package aggregate

import (
	"math/bits"
	"slices"

	"csvloom/transforms/internal/radix"
)

// groupRef names a group of one of several tables.
type groupRef struct{ table, group uint32 }

// orderGroups returns all groups of the groupings in key order, ascending with
// NULLs last. The groupings have the same key columns.
//
// Values are ranked once per column and dictionary, so that groups are ordered
// by small integers, whatever the types of the keys.
func orderGroups(groupings []*grouping) []groupRef {
	total := 0
	for _, g := range groupings {
		total += g.len()
	}
	refs := make([]groupRef, 0, total)
	for t, g := range groupings {
		for i := range g.len() {
			refs = append(refs, groupRef{uint32(t), uint32(i)})
		}
	}
	// The last columns are sorted first: the sort is stable. As many columns
	// at a time as fit one word.
	words := make([]uint64, total)
	used := 0
	order := make([]uint32, total)
	for i := range order {
		order[i] = uint32(i)
	}
	values := make([][][]uint32, len(groupings))
	for t, g := range groupings {
		all := make([]uint32, g.len())
		for i := range all {
			all[i] = uint32(i)
		}
		values[t] = g.valuesOf(all)
	}
	sortBy := func() {
		keys := make([]uint64, total)
		for i, o := range order {
			keys[i] = words[o]
		}
		radix.Sort(keys, order)
		clear(words)
		used = 0
	}
	for c := len(groupings[0].columns) - 1; c >= 0; c-- {
		dictionaries := make([]dictionary, len(groupings))
		for t, g := range groupings {
			dictionaries[t] = g.columns[c]
		}
		ranks, count := rankValues(dictionaries)
		width := bits.Len(uint(count))
		if used+width > 64 {
			sortBy()
		}
		at := 0
		for t := range groupings {
			for _, v := range values[t][c] {
				words[at] |= uint64(ranks[t][v]) << used
				at++
			}
		}
		used += width
	}
	sortBy()
	sorted := make([]groupRef, total)
	for i, o := range order {
		sorted[i] = refs[o]
	}
	return sorted
}

// rankValues ranks the values of several dictionaries of one column together:
// ranks[d][id] ascends with the value, and equal values have equal ranks, below
// count.
func rankValues(dictionaries []dictionary) (ranks [][]uint32, count int) {
	total := 0
	ranks = make([][]uint32, len(dictionaries))
	for t, d := range dictionaries {
		ranks[t] = make([]uint32, d.len())
		total += d.len()
	}
	refs := make([]groupRef, 0, total)
	prefixes := make([]uint64, 0, total)
	order := make([]uint32, 0, total)
	for t, d := range dictionaries {
		null := d.null()
		for id := range uint32(d.len()) {
			if id != null {
				order = append(order, uint32(len(refs)))
				refs = append(refs, groupRef{uint32(t), id})
				prefixes = append(prefixes, d.prefix(id))
			}
		}
	}
	radix.Sort(prefixes, order)
	compare := func(a, b uint32) int {
		x, y := refs[a], refs[b]
		return dictionaries[x.table].compare(x.group, dictionaries[y.table], y.group)
	}
	rank := uint32(0)
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && prefixes[end] == prefixes[start] {
			end++
		}
		run := order[start:end]
		if len(run) > 1 && !dictionaries[0].exact() {
			slices.SortFunc(run, compare)
		}
		for i, o := range run {
			if i > 0 && compare(run[i-1], o) != 0 {
				rank++
			}
			ranks[refs[o].table][refs[o].group] = rank
		}
		rank++
		start = end
	}
	for t, d := range dictionaries {
		if null := d.null(); null != noID {
			ranks[t][null] = rank
		}
	}
	return ranks, int(rank) + 1
}
