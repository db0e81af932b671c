package transforms

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/radix"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

// Rows being sorted have 32-bit numbers: the upper half is the piece, the lower
// the row in it. A piece is packed rows of about pieceBytes, which is the size of
// a column of a block, so that the memory of the one becomes that of the other.
const (
	pieceBits   = 16
	pieceRowMax = 1 << pieceBits
	piecesMax   = 1 << (32 - pieceBits)
	pieceBytes  = 128 << 10
)

// sortPart is a share of the rows, sorted by one goroutine.
type sortPart struct {
	bound     *boundSort
	ascending bool // numbers of rows ascend with their places
	pieces    int
	recs      []placed       // of each piece, unless it is packed and ascending says that places do not matter
	packed    []*take.Packed // of each piece, if there is a layout
	keys      []rowkey.Keys  // of each piece, unless rows have words

	// in the order of the result
	ids        []uint32
	words      []uint64         // where there are no keys
	classStart [sortClasses]int // in ids

	// the row at hand when parts are merged
	at    int
	class int
	word  uint64
}

// newSortPart takes ownership of records and sorts their rows, having packed
// them if layout is not nil.
func newSortPart(alloc memory.Allocator, s *boundSort, recs []placed, layout *take.Layout, ascending bool) *sortPart {
	p := &sortPart{bound: s, ascending: ascending}
	rows := 0
	for i := range recs {
		rows += len(recs[i].lines)
	}
	byClass := [sortClasses]sortClass{classValue: {make([]uint64, 0, rows), make([]uint32, 0, rows)}}
	for i := range recs {
		n := int64(len(recs[i].lines))
		size := pieceRows(layout)
		for from := int64(0); from < n; from += size {
			p.addPiece(alloc, recs[i].rec.NewSlice(from, min(from+size, n)), layout, &byClass)
		}
		recs[i].rec.Release()
	}
	for c := range byClass {
		class := &byClass[c]
		p.classStart[c] = len(p.ids)
		p.order(class)
		if len(p.ids) == 0 {
			p.ids, p.words = class.ids, class.words
		} else {
			p.ids = append(p.ids, class.ids...)
			p.words = append(p.words, class.words...)
		}
	}
	return p
}

// sortClass is the rows of a class.
type sortClass struct {
	words []uint64
	ids   []uint32
}

// pieceRows is how many rows make a piece.
func pieceRows(layout *take.Layout) int64 {
	if layout == nil {
		return pieceRowMax
	}
	return int64(min(max(pieceBytes/max(layout.RowBytes(), 1), 1), pieceRowMax))
}

// addPiece takes ownership of rec.
func (p *sortPart) addPiece(alloc memory.Allocator, rec arrow.Record, layout *take.Layout, byClass *[sortClasses]sortClass) {
	id := uint32(p.pieces) << pieceBits
	p.pieces++
	n := int(rec.NumRows())
	arrays := p.bound.keyArrays(rec)
	values := &byClass[classValue]
	if !p.bound.byWords() {
		var keys rowkey.Keys
		p.bound.encoder.Encode(&keys, arrays, n)
		p.keys = append(p.keys, keys)
		for i := range n {
			values.ids = append(values.ids, id|uint32(i))
		}
	} else {
		start := len(values.words)
		values.words = slices.Grow(values.words, n)
		words, nulls := p.bound.keyWords(values.words[start:start+n:start+n], arrays[0])
		if nulls == classValue {
			values.words = values.words[:start+n]
			for i := range n {
				values.ids = append(values.ids, id|uint32(i))
			}
		} else {
			for i, w := range words {
				class := classValue
				if arrays[0].IsNull(i) {
					class, w = nulls, 0
				}
				byClass[class].words = append(byClass[class].words, w)
				byClass[class].ids = append(byClass[class].ids, id|uint32(i))
			}
		}
	}
	if layout != nil {
		p.packed = append(p.packed, layout.Pack(alloc, rec))
		if p.ascending {
			rec.Release()
			return
		}
	}
	p.recs = append(p.recs, newPlaced(rec))
}

func (p *sortPart) key(id uint32) []byte { return p.keys[id>>pieceBits].Key(int(id % pieceRowMax)) }

// order sorts the rows of a class.
func (p *sortPart) order(c *sortClass) {
	if p.keys != nil {
		radix.SortKeys(c.ids, func(id uint32, _ *[16]byte) []byte { return p.key(id) }, p.tie)
		return
	}
	radix.Sort(c.words, c.ids)
	if p.ascending {
		return // the sort is stable
	}
	for start := 0; start < len(c.ids); {
		end := start + 1
		for end < len(c.ids) && c.words[end] == c.words[start] {
			end++
		}
		slices.SortFunc(c.ids[start:end], p.tie)
		start = end
	}
}

// tie orders rows of equal keys by their places.
func (p *sortPart) tie(a, b uint32) int {
	if p.ascending {
		return cmp.Compare(a, b)
	}
	return p.place(a).compare(p.place(b))
}

func (p *sortPart) place(id uint32) place { return p.recs[id>>pieceBits].place(id % pieceRowMax) }

// load makes row number at of the order the one at hand; false behind the last.
func (p *sortPart) load() bool {
	if p.at == len(p.ids) {
		return false
	}
	if p.keys != nil {
		p.word = rowkey.Prefix(p.key(p.ids[p.at]))
		return true
	}
	p.word = p.words[p.at]
	for p.class+1 < sortClasses && p.at >= p.classStart[p.class+1] {
		p.class++
	}
	return true
}

// compareHeads orders the rows at hand of two parts; of equal ones the part
// that comes first in the input has the first, if rows are in input order.
func compareHeads(a, b *sortPart) int {
	switch {
	case a.class != b.class:
		return a.class - b.class
	case a.word != b.word:
		return cmp.Compare(a.word, b.word)
	}
	if a.keys != nil {
		if c := bytes.Compare(a.key(a.ids[a.at]), b.key(b.ids[b.at])); c != 0 {
			return c
		}
	}
	if a.ascending {
		return 0
	}
	return a.place(a.ids[a.at]).compare(b.place(b.ids[b.at]))
}

func (p *sortPart) release() {
	releasePlaced(p.recs)
	for _, packed := range p.packed {
		packed.Release()
	}
	p.recs, p.packed = nil, nil
}
