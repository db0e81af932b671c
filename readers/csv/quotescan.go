package csv

import (
	"math/bits"

	"csvloom/readers/csv/internal/mask"
)

// quoteScan goes through data a chunk at a time, tells what lies outside
// quotes, and checks that each quote starts a field, ends one, or is one of a
// doubled pair. Anything else is left to the tokenizer.
type quoteScan struct {
	data               []byte
	n                  int // how much of data counts
	delim, line, quote byte
	cr                 bool // a CR may stand between a closing quote and the line end

	inside     uint64 // all ones when the chunk starts inside quotes
	mayOpen    uint64 // bit 0: the byte before the chunk ends a field or a quoted part
	mustFollow uint64 // bit 0: the byte before the chunk is a closing quote

	delims, lines, quotes [masksAtOnce]uint64
}

// start begins at the start of a record. data has room for a chunk behind its
// n bytes.
func (s *quoteScan) start(d *Dialect, data []byte, n int) {
	s.data, s.n = data, n
	s.delim, s.line, s.quote, s.cr = d.Delimiter[0], d.lineEnd(), d.Quote, d.LineEnd != LineEndCR
	s.inside, s.mayOpen, s.mustFollow = 0, 1, 0
}

// next describes the chunk at i, which goes up from 0 by chunkBytes: its
// separators and, among them, its line ends, outside quotes. ok is false when a
// quote stands where the grammar has none.
func (s *quoteScan) next(i int) (separators, lineEnds uint64, ok bool) {
	k := i / chunkBytes % masksAtOnce
	if k == 0 {
		p := maskedBytes(s.data, i, s.n)
		chunks := len(p) / chunkBytes
		mask.Each(s.delims[:chunks], s.lines[:chunks], s.quotes[:chunks], p, s.delim, s.line, s.quote)
	}
	dm, nm, qm := s.delims[k], s.lines[k], s.quotes[k]
	if rest := s.n - i; rest < chunkBytes {
		valid := uint64(1)<<rest - 1
		dm, nm, qm = dm&valid, nm&valid, qm&valid
	}
	within := prefixXor(qm) ^ s.inside
	separators = (dm | nm) &^ within
	opening, closing := qm&within, qm&^within
	before := separators | closing
	if opening&^(before<<1|s.mayOpen) != 0 {
		return 0, 0, false
	}
	// Behind a closing quote: a separator, a CR that belongs to the line
	// end, or the quote that makes it a doubled one.
	follow := closing<<1 | s.mustFollow
	for others := follow &^ (separators | opening); others != 0; others &= others - 1 {
		k := i + bits.TrailingZeros64(others)
		if k < s.n && !(s.cr && s.data[k] == '\r' && (k+1 == s.n || s.data[k+1] == '\n')) {
			return 0, 0, false
		}
	}
	s.mayOpen, s.mustFollow = before>>63, closing>>63
	s.inside = uint64(int64(within) >> 63)
	return separators, nm &^ within, true
}
