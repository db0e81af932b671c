package aggregate

import (
	"bytes"
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
	if len(groupings[0].columns) == 1 {
		// Groups are the values of one dictionary, each in one grouping.
		dictionaries := make([]dictionary, len(groupings))
		for t, g := range groupings {
			dictionaries[t] = g.columns[0]
		}
		refs, nulls := sortValues(dictionaries)
		return append(refs, nulls...)
	}
	total := 0
	for _, g := range groupings {
		total += g.len()
	}
	// The last columns are sorted first: the sort is stable. As many columns
	// at a time as fit one word.
	var words []uint64 // of the groups, one grouping behind the other
	used, sorted := 0, false
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
		keys := words
		if sorted {
			keys = make([]uint64, total)
			for i, o := range order {
				keys[i] = words[o]
			}
		}
		radix.Sort(keys, order)
		words, used, sorted = nil, 0, true
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
		if words == nil {
			words = make([]uint64, 0, total)
			for t := range groupings {
				for _, v := range values[t][c] {
					words = append(words, uint64(ranks[t][v]))
				}
			}
		} else {
			at := 0
			for t := range groupings {
				for _, v := range values[t][c] {
					words[at] |= uint64(ranks[t][v]) << used
					at++
				}
			}
		}
		used += width
	}
	sortBy()
	return refsOf(groupings, order)
}

// refsOf names groups that are numbered one grouping behind the other.
func refsOf(groupings []*grouping, order []uint32) []groupRef {
	starts := make([]uint32, len(groupings)+1)
	for t, g := range groupings {
		starts[t+1] = starts[t] + uint32(g.len())
	}
	refs := make([]groupRef, len(order))
	for i, o := range order {
		t, found := slices.BinarySearch(starts, o)
		if !found {
			t--
		}
		for starts[t+1] == o { // an empty grouping
			t++
		}
		refs[i] = groupRef{uint32(t), o - starts[t]}
	}
	return refs
}

// rankValues ranks the values of several dictionaries of one column together:
// ranks[d][id] ascends with the value, and equal values have equal ranks, below
// count.
func rankValues(dictionaries []dictionary) (ranks [][]uint32, count int) {
	ranks = make([][]uint32, len(dictionaries))
	for t, d := range dictionaries {
		ranks[t] = make([]uint32, d.len())
	}
	refs, nulls := sortValues(dictionaries)
	var bufA, bufB [16]byte
	for i, r := range refs {
		d := dictionaries[r.table]
		if i > 0 {
			before := refs[i-1]
			o := dictionaries[before.table]
			if before.table == r.table || d.word(r.group) != o.word(before.group) ||
				!bytes.Equal(d.key(r.group, &bufA), o.key(before.group, &bufB)) {
				count++
			}
		}
		ranks[r.table][r.group] = uint32(count)
	}
	count++
	for _, r := range nulls {
		ranks[r.table][r.group] = uint32(count)
	}
	return ranks, count + 1
}

// sortValues returns the values of several dictionaries of one column in
// ascending order, and their NULLs.
func sortValues(dictionaries []dictionary) (values, nulls []groupRef) {
	total := 0
	for _, d := range dictionaries {
		total += d.len()
	}
	refs := make([]groupRef, 0, total)
	for t, d := range dictionaries {
		null := d.null()
		for id := range uint32(d.len()) {
			if id == null {
				nulls = append(nulls, groupRef{uint32(t), id})
			} else {
				refs = append(refs, groupRef{uint32(t), id})
			}
		}
	}
	order := make([]uint32, len(refs))
	for i := range order {
		order[i] = uint32(i)
	}
	if dictionaries[0].words() {
		words := make([]uint64, len(refs))
		for i, r := range refs {
			words[i] = dictionaries[r.table].word(r.group)
		}
		radix.Sort(words, order)
	} else {
		radix.SortKeys(order, func(i uint32, buf *[16]byte) []byte {
			r := refs[i]
			return dictionaries[r.table].key(r.group, buf)
		}, nil)
	}
	values = make([]groupRef, len(refs), total)
	for i, o := range order {
		values[i] = refs[o]
	}
	return values, nulls
}
