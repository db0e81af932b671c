package transforms

import (
	"bytes"
	"slices"

	"csvloom/transforms/internal/radix"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

// The classes of rows of a single key: NULLs may come before or after values.
const (
	classNullFirst = 0
	classValue     = 1
	classNullLast  = 2
	sortClasses    = 3
)

// sortKeys is what the rows of one record are ordered by: class, then word,
// then, where there are keys, the key of which the word is the beginning, and
// last the place.
type sortKeys struct {
	rows    *placed
	words   []uint64
	classes []uint8 // nil: all rows are values
	keys    *rowkey.Keys
}

func (k *sortKeys) class(row uint32) uint8 {
	if k.classes == nil {
		return classValue
	}
	return k.classes[row]
}

// keysOf returns the keys of a record's rows. A single key of at most eight
// bytes is its word; others are encoded.
func (s *boundSort) keysOf(p *placed) sortKeys {
	n := int(p.rec.NumRows())
	arrays := s.keyArrays(p.rec)
	k := sortKeys{rows: p}
	if c := s.keys[0]; len(s.keys) == 1 && rowkey.Fixed(c.Type) {
		k.words = rowkey.Words(nil, arrays[0])
		if c.Desc {
			for i, w := range k.words {
				k.words[i] = ^w
			}
		}
		if arrays[0].NullN() > 0 {
			class := uint8(classNullLast)
			if c.NullsFirst {
				class = classNullFirst
			}
			k.classes = make([]uint8, n)
			for i := range k.classes {
				k.classes[i] = classValue
				if arrays[0].IsNull(i) {
					k.classes[i], k.words[i] = class, 0
				}
			}
		}
		return k
	}
	k.keys = new(rowkey.Keys)
	s.encoder.Encode(k.keys, arrays, n)
	k.words = make([]uint64, n)
	for i := range k.words {
		k.words[i] = rowkey.Prefix(k.keys.Key(i))
	}
	return k
}

// compareRows orders a row and one of another record of the same words and
// class.
func compareRows(a *sortKeys, i uint32, b *sortKeys, j uint32) int {
	if a.keys != nil {
		if c := bytes.Compare(a.keys.Key(int(i)), b.keys.Key(int(j))); c != 0 {
			return c
		}
	}
	return a.rows.place(i).compare(b.rows.place(j))
}

// compareHeads orders any two rows.
func compareHeads(a *sortKeys, i uint32, b *sortKeys, j uint32) int {
	ca, cb := a.class(i), b.class(j)
	switch {
	case ca != cb:
		return int(ca) - int(cb)
	case a.words[i] < b.words[j]:
		return -1
	case a.words[i] > b.words[j]:
		return 1
	}
	return compareRows(a, i, b, j)
}

// orderByKeys returns the places in refs of all rows, in order.
func orderByKeys(runs []sortKeys, refs []take.Ref) []uint32 {
	order := make([]uint32, len(refs))
	for i := range order {
		order[i] = uint32(i)
	}
	radix.SortKeys(order, func(i uint32, _ *[16]byte) []byte {
		r := refs[i]
		return runs[r.Chunk].keys.Key(int(r.Row))
	}, comparePlaces(runs, refs))
	return order
}

func comparePlaces(runs []sortKeys, refs []take.Ref) func(a, b uint32) int {
	return func(a, b uint32) int {
		x, y := refs[a], refs[b]
		return runs[x.Chunk].rows.place(x.Row).compare(runs[y.Chunk].rows.place(y.Row))
	}
}

// orderByWords is orderByKeys for words: it sorts one class after the other.
func orderByWords(runs []sortKeys, refs []take.Ref) []uint32 {
	compare := comparePlaces(runs, refs)
	words := make([]uint64, 0, len(refs))
	order := make([]uint32, 0, len(refs))
	for class := range uint8(sortClasses) {
		from, at := len(words), uint32(0)
		for c := range runs {
			run := &runs[c]
			for i, w := range run.words {
				if run.class(uint32(i)) == class {
					words = append(words, w)
					order = append(order, at)
				}
				at++
			}
		}
		sortWords(words[from:], order[from:], compare)
	}
	return order
}

// sortWords sorts the numbers of rows by their words, and where these are equal
// by compare.
func sortWords(words []uint64, order []uint32, compare func(a, b uint32) int) {
	radix.Sort(words, order)
	for start := 0; start < len(words); {
		end := start + 1
		for end < len(words) && words[end] == words[start] {
			end++
		}
		if run := order[start:end]; len(run) > 1 && !slices.IsSortedFunc(run, compare) {
			slices.SortFunc(run, compare)
		}
		start = end
	}
}
