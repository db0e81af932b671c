package csv

import "math/bits"

// quoteScan goes through data a chunk at a time, tells what lies outside
// quotes, and checks that each quote starts a field, ends one, or is one of a
// doubled pair. Anything else is left to the tokenizer.
type quoteScan struct {
	delim, line, quote uint64 // patterns for chunkMasks
	cr                 bool   // a CR may stand between a closing quote and the line end

	inside     uint64 // all ones when the chunk starts inside quotes
	mayOpen    uint64 // bit 0: the byte before the chunk ends a field or a quoted part
	mustFollow uint64 // bit 0: the byte before the chunk is a closing quote
}

func newQuoteScan(d *Dialect) quoteScan {
	return quoteScan{
		delim:   uint64(d.Delimiter[0]) * swarOnes,
		line:    uint64(d.lineEnd()) * swarOnes,
		quote:   uint64(d.Quote) * swarOnes,
		cr:      !d.CR,
		mayOpen: 1,
	}
}

// next describes the chunk of data at i, of which only what comes before n
// counts: its separators and, among them, its line ends, outside quotes. ok is
// false when a quote stands where the grammar has none.
func (s *quoteScan) next(data []byte, i, n int) (separators, lineEnds uint64, ok bool) {
	dm, nm, qm := chunkMasks(data[i:], s.delim, s.line, s.quote)
	if rest := n - i; rest < chunkBytes {
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
		if k < n && !(s.cr && data[k] == '\r' && (k+1 == n || data[k+1] == '\n')) {
			return 0, 0, false
		}
	}
	s.mayOpen, s.mustFollow = before>>63, closing>>63
	s.inside = uint64(int64(within) >> 63)
	return separators, nm &^ within, true
}
