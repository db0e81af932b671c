package csv

import (
	"bytes"
	"slices"

	"csvloom/readers/csv/internal/mask"
)

// padBytes is how much readable room behind a block's data the decoders count
// on, so that they can load whole words at its end.
const padBytes = chunkBytes

// index says where the fields of a block are. Field c of row r lies between
//
//	ends[r*stride+c] + skip  and  ends[r*stride+c+1]
//
// where, for rows found by masks, the end of one row is the start of the next
// (stride = width, skip = 1), and rows found by the tokenizer have an entry of
// their own for their start (stride = width+1, skip = the delimiter's length).
// Additions wrap: an entry before the data's first byte is a negative number.
type index struct {
	ends   []uint32
	stride int
	skip   uint32
	rows   int
	width  int

	quotes bool       // fields may be quoted
	crs    bool       // the last field of a row may end in a CR that is part of the line end
	lines  []uint32   // line ends before each row; nil when row r comes after r of them
	blank  int        // blank lines passed
	bad    []record   // records that are not among the rows, in order
	strays []int      // offsets of the first quote inside an unquoted field of a row, in order
	odd    []int32    // the rows of strays
	own    separators // where a block comes without

	comments, commentAt int // comment lines passed, and the offset of the first
}

// field returns where field c of row r starts and ends.
func (ix *index) field(r, c int) (start, end uint32) {
	k := r*ix.stride + c
	return ix.ends[k] + ix.skip, ix.ends[k+1]
}

// line returns how many line ends come before row r.
func (ix *index) line(r int) int64 {
	if ix.lines == nil {
		return int64(r)
	}
	return int64(ix.lines[r])
}

// build indexes a block of whole records, each of which should have width
// fields and at most rowBytesMax bytes. block has padBytes of room behind its n
// bytes of data; found are its separators, nil if they have not been found. Bad
// records are left to mend, or, when that is nil, collected.
func (ix *index) build(block []byte, n int, found *separators, d *Dialect, width, rowBytesMax int, mend *mender) {
	ix.width, ix.bad, ix.lines, ix.blank, ix.strays, ix.odd, ix.comments = width, ix.bad[:0], nil, 0, ix.strays[:0], ix.odd[:0], 0
	if found == nil {
		if found = &ix.own; !found.find(block, n, d) || found.scan.Inside() {
			found = nil
		}
	}
	if found == nil || !ix.buildByMasks(block, n, found, d) || n > rowBytesMax && ix.longest() > rowBytesMax {
		ix.lines, ix.blank = nil, 0
		ix.buildByTokens(block[:n], d, rowBytesMax, mend)
	}
}

// buildByMasks does it with the separators of the block, or reports false when
// there is a record of another width, or a blank line.
func (ix *index) buildByMasks(block []byte, n int, found *separators, d *Dialect) bool {
	data := block[:n]
	nl := d.lineEnd()
	rows := found.rows
	unended := data[n-1] != nl || found.masks[(n-1)/chunkBytes]>>((n-1)%chunkBytes)&1 == 0
	if unended {
		rows++ // the end of the data ends a record too
	}
	count := rows * ix.width
	if count > n+1 {
		return false // more than there are bytes, and one for the end
	}
	ix.ends = slices.Grow(ix.ends[:0], count+expandRoom)[:count+expandRoom]
	ix.ends[0] = ^uint32(0)
	k := 1
	for i := 0; i < len(found.masks) && k <= count+1; i += masksAtOnce {
		batch := found.masks[i:min(i+masksAtOnce, len(found.masks))]
		k += mask.Expand(ix.ends[k:], batch, uint32(i*chunkBytes))
	}
	if unended {
		ix.ends[k] = uint32(n)
		k++
	}
	if k != count+1 {
		return false
	}
	ix.ends = ix.ends[:k]
	ix.stride, ix.skip, ix.rows = ix.width, 1, rows
	ix.quotes = found.quotes
	if !ix.endsAreLineEnds(data, nl) {
		return false
	}
	ix.crs = d.LineEnd != LineEndCR && ix.crs
	if ix.width == 1 && ix.hasBlankRow(data) {
		return false
	}
	if found.lines != found.rows {
		ix.countLines(data, nl)
	}
	return true
}

const (
	// masksAtOnce is for how many chunks separators are written down at a time.
	masksAtOnce = 64
	// expandRoom is how many more of them than expected there is room for.
	expandRoom = masksAtOnce*chunkBytes + mask.ExpandSlack + 2
)

// endsAreLineEnds reports whether every width-th separator is a line end, so that no
// others are. It notes whether a CR stands before one.
func (ix *index) endsAreLineEnds(data []byte, nl byte) bool {
	ix.crs = false
	last := len(ix.ends) - 1
	for k := ix.width; k <= last; k += ix.width {
		end := ix.ends[k]
		if k < last && data[end] != nl {
			return false
		}
		if data[max(end, 1)-1] == '\r' {
			ix.crs = true
		}
	}
	return true
}

// hasBlankRow reports whether a row of the only column has nothing on it.
func (ix *index) hasBlankRow(data []byte) bool {
	for r := range ix.rows {
		start, end := ix.field(r, 0)
		if start == end || end-start == 1 && ix.crs && data[start] == '\r' {
			return true
		}
	}
	return false
}

// countLines notes the line of each row: fields with line ends in them make
// rows that span several lines.
func (ix *index) countLines(data []byte, nl byte) {
	ix.lines = make([]uint32, ix.rows)
	lines, from := 0, 0
	for r := range ix.rows {
		start, _ := ix.field(r, 0)
		lines += bytes.Count(data[from:start], []byte{nl})
		from = int(start)
		ix.lines[r] = uint32(lines)
	}
}

// buildByTokens does it byte by byte.
func (ix *index) buildByTokens(data []byte, d *Dialect, rowBytesMax int, mend *mender) {
	t := tokenizer{dialect: d, data: data, final: true, rowBytesMax: rowBytesMax}
	ix.ends, ix.rows = ix.ends[:0], 0
	ix.stride, ix.skip = ix.width+1, uint32(len(d.Delimiter))
	ix.quotes, ix.crs = d.Quote != 0, d.LineEnd != LineEndCR
	ix.lines = []uint32{}
	for {
		mark := len(ix.ends)
		ix.ends = append(ix.ends, 0) // where the row starts, which is not known yet
		rec, ends, ok := t.next(ix.ends)
		ix.ends = ends
		if !ok || rec.fields != ix.width || rec.fault.kind != noFault {
			ix.ends = ix.ends[:mark]
		}
		switch {
		case !ok:
			ix.blank += t.blank
			ix.comments, ix.commentAt = t.comments, t.commentAt
			return
		case len(ix.ends) > mark:
			ix.ends[mark] = uint32(rec.start) - ix.skip
			ix.row(rec)
		case mend != nil:
			mend.record(ix, rec)
		default:
			ix.bad = append(ix.bad, rec)
		}
	}
}

// row notes a row whose ends are there.
func (ix *index) row(rec record) {
	if rec.stray >= 0 {
		ix.strays = append(ix.strays, rec.stray)
		ix.odd = append(ix.odd, int32(ix.rows))
	}
	ix.lines = append(ix.lines, uint32(rec.line))
	ix.rows++
}

// longest returns the length of the longest row.
func (ix *index) longest() int {
	longest := 0
	for r := range ix.rows {
		start, _ := ix.field(r, 0)
		_, end := ix.field(r, ix.width-1)
		longest = max(longest, int(end-start))
	}
	return longest
}
