package csv

import (
	"bytes"
	"math/bits"
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

	quotes bool     // fields may be quoted
	crs    bool     // the last field of a row may end in a CR that is part of the line end
	lines  []uint32 // line ends before each row; nil when row r comes after r of them
	blank  int      // blank lines passed
	bad    []record // records that are not among the rows, in order
	strays []int    // offsets of the first quote inside an unquoted field of a row, in order
	odd    []int32  // the rows of strays
	scan   quoteScan

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
// bytes of data. Bad records are left to mend, or, when that is nil, collected.
func (ix *index) build(block []byte, n int, d *Dialect, width, rowBytesMax int, mend *mender) {
	ix.width, ix.bad, ix.lines, ix.blank, ix.strays, ix.odd, ix.comments = width, ix.bad[:0], nil, 0, ix.strays[:0], ix.odd[:0], 0
	if !ix.buildByMasks(block, n, d) || n > rowBytesMax && ix.longest() > rowBytesMax {
		ix.lines, ix.blank = nil, 0
		ix.buildByTokens(block[:n], d, rowBytesMax, mend)
	}
}

// buildByMasks does it 64 bytes at a time, or reports false when the block is
// not of the plain kind: a quote that neither starts nor ends a field, a record
// of another width, a blank line.
func (ix *index) buildByMasks(block []byte, n int, d *Dialect) bool {
	if len(d.Delimiter) != 1 || n == 0 {
		return false
	}
	data := block[:n]
	d, ok := d.plain(data)
	if !ok {
		return false
	}
	nl := d.lineEnd()
	if d.LineEnd == LineEndCR && bytes.IndexByte(data, '\n') >= 0 {
		return false // within quotes, or a fault
	}
	ix.quotes = d.Quote != 0 && bytes.IndexByte(data, d.Quote) >= 0
	ix.crs = false
	// At most every byte is a separator, and the end of the data is one.
	ix.ends = slices.Grow(ix.ends[:0], n+2+chunkBytes)[:n+2+chunkBytes]
	ix.ends[0] = ^uint32(0)
	var count, lineEnds int
	if ix.quotes {
		var ok bool
		if count, lineEnds, ok = ix.separatorsOutsideQuotes(block, n, d); !ok {
			return false
		}
	} else {
		count = ix.separators(block, n, d.Delimiter[0], nl)
		lineEnds = bytes.Count(data, []byte{nl})
	}
	if data[n-1] != nl || ix.ends[count] != uint32(n-1) {
		count++
		ix.ends[count] = uint32(n)
		lineEnds++
	}
	ix.ends = ix.ends[:count+1]
	ix.stride, ix.skip = ix.width, 1
	ix.rows = lineEnds
	if count != lineEnds*ix.width {
		return false
	}
	// Every width-th separator is a line end, and there are no others.
	var before byte // has the bits of a CR if one stands before a line end
	for k := ix.width; k < count; k += ix.width {
		end := ix.ends[k]
		if data[end] != nl {
			return false
		}
		if data[max(end, 1)-1] == '\r' {
			before = '\r'
		}
	}
	ix.crs = d.LineEnd != LineEndCR && (before == '\r' || endsInCR(data, ix.ends[count]))
	if ix.width == 1 && ix.hasBlankRow(data) {
		return false
	}
	if ix.quotes && bytes.Count(data, []byte{nl}) != bytes.Count(data[n-1:], []byte{nl})+lineEnds-1 {
		ix.countLines(data, nl)
	}
	return true
}

// endsInCR reports whether the last record's end has a CR before it.
func endsInCR(data []byte, end uint32) bool { return end > 0 && data[end-1] == '\r' }

// separators fills ends from a block without quotes.
func (ix *index) separators(block []byte, n int, delim, nl byte) (count int) {
	var masks [masksAtOnce]uint64
	count = 1
	for i := 0; i < n; {
		p := maskedBytes(block, i, n)
		batch := masks[:len(p)/chunkBytes]
		mask.Either(batch, p, delim, nl)
		if rest := n - i; rest < len(p) {
			batch[len(batch)-1] &= 1<<(rest%chunkBytes) - 1
		}
		count += mask.Expand(ix.ends[count:], batch, uint32(i))
		i += len(p)
	}
	return count - 1
}

// separatorsOutsideQuotes fills ends from block; false when its quotes are not
// as RFC 4180 has them.
func (ix *index) separatorsOutsideQuotes(block []byte, n int, d *Dialect) (count, lineEnds int, ok bool) {
	s := &ix.scan
	s.start(d, block, n)
	count = 1
	var masks [masksAtOnce]uint64
	for i := 0; i < n; {
		k, first := 0, i
		for ; k < masksAtOnce && i < n; k++ {
			separators, nm, ok := s.next(i)
			if !ok {
				return 0, 0, false
			}
			masks[k] = separators
			lineEnds += bits.OnesCount64(nm)
			i += chunkBytes
		}
		count += mask.Expand(ix.ends[count:], masks[:k], uint32(first))
	}
	return count - 1, lineEnds, s.inside == 0
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
