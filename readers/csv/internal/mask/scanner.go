package mask

import "math/bits"

// Scanner goes through text a chunk at a time, tells which separators lie outside
// quotes, and checks that each quote starts a field, ends one, or is one of a doubled
// pair. It begins where a record does.
type Scanner struct {
	delim, line, quote byte
	state              scanState
}

// scanState is what a Scanner knows between two chunks. The assembly knows how it
// is laid out.
type scanState struct {
	inside     uint64 // all ones when the chunk starts inside quotes
	mayOpen    uint64 // bit 0: the byte before the chunk ends a field or a quoted part
	mustFollow uint64 // bit 0: the byte before the chunk is a closing quote
	quotes     uint64 // not 0: there were quotes
	lines      int64  // bytes that end lines, so far
	within     int64  // those of them within quotes
	quoted     uint64 // all ones when quotes mean something
	cr         uint64 // all ones when a CR may stand between a closing quote and the line end
}

// Start begins a text whose fields are separated by delim and whose records end
// with line. quote is 0 when quotes mean nothing. With cr, a CR before line is a
// part of the line end.
func (s *Scanner) Start(delim, line, quote byte, cr bool) {
	*s = Scanner{delim: delim, line: line, quote: quote, state: scanState{mayOpen: 1}}
	if quote != 0 {
		s.state.quoted = ^uint64(0)
	}
	if cr {
		s.state.cr = ^uint64(0)
	}
}

// Quotes reports whether there were quotes.
func (s *Scanner) Quotes() bool { return s.state.quotes != 0 }

// Inside reports whether the text so far ends within quotes.
func (s *Scanner) Inside() bool { return s.state.inside != 0 }

// Lines is how many bytes that end lines there were, within quotes too.
func (s *Scanner) Lines() int { return int(s.state.lines) }

// Rows is how many of Lines lie outside quotes.
func (s *Scanner) Rows() int { return int(s.state.lines - s.state.within) }

// Chunks sets dst[k] to the separators in chunk k of p, whose length is len(dst)
// times ChunkBytes. It returns how many chunks it has read before one with quotes
// that ask for a closer look, or for all that follows; see Chunk.
func (s *Scanner) Chunks(dst []uint64, p []byte) int {
	checkLength(len(dst), p)
	if len(dst) == 0 {
		return 0
	}
	return s.chunks(dst, p)
}

// Chunk reads the next chunk, of which only the first n bytes count. It returns its
// separators, and as suspects the bytes that follow a closing quote but are no
// separators. ok is false when a quote stands where the grammar has none.
func (s *Scanner) Chunk(chunk []byte, n int) (separators, suspects uint64, ok bool) {
	var dm, nm, qm [1]uint64
	each(dm[:], nm[:], qm[:], chunk[:ChunkBytes], s.delim, s.line, s.quote)
	valid := ^uint64(0)
	if n < ChunkBytes {
		valid = 1<<n - 1
	}
	next := s.state
	separators, suspects, ok = next.step(dm[0]&valid, nm[0]&valid, qm[0]&valid)
	s.state = next
	return separators, suspects & valid, ok
}

// step is what the masks of delimiters, line ends and quotes of a chunk mean.
func (s *scanState) step(dm, nm, qm uint64) (separators, suspects uint64, ok bool) {
	qm &= s.quoted
	s.quotes |= qm
	within := prefixXor(qm) ^ s.inside
	separators = (dm | nm) &^ within
	opening, closing := qm&within, qm&^within
	before := separators | closing
	ok = opening&^(before<<1|s.mayOpen) == 0
	// Behind a closing quote: a separator, the quote that makes it a doubled one,
	// or a CR that belongs to the line end.
	suspects = (closing<<1 | s.mustFollow) &^ (separators | opening)
	s.mayOpen, s.mustFollow = before>>63, closing>>63
	s.inside = uint64(int64(within) >> 63)
	s.lines += int64(bits.OnesCount64(nm))
	s.within += int64(bits.OnesCount64(nm & within))
	return separators, suspects, ok
}

// chunksByMasks is Chunks in two steps: the masks, and what they mean.
func (s *Scanner) chunksByMasks(dst []uint64, p []byte, each func(as, bs, cs []uint64, p []byte, a, b, c byte)) int {
	var dms, nms, qms, crs, more [masksAtOnce]uint64
	for k := 0; k < len(dst); k += masksAtOnce {
		n := min(masksAtOnce, len(dst)-k)
		text := p[k*ChunkBytes : (k+n)*ChunkBytes]
		each(dms[:n], nms[:n], qms[:n], text, s.delim, s.line, s.quote)
		haveCRs := false
		for i := range n {
			if qms[i]&s.state.quoted|s.state.inside|s.state.mustFollow == 0 {
				dst[k+i] = dms[i] | nms[i]
				s.state.mayOpen = dst[k+i] >> 63
				s.state.lines += int64(bits.OnesCount64(nms[i]))
				continue
			}
			next := s.state
			separators, suspects, ok := next.step(dms[i], nms[i], qms[i])
			if suspects != 0 && ok && s.state.cr != 0 {
				if !haveCRs {
					each(crs[:n], more[:n], more[:n], text, '\r', 0, 0)
					haveCRs = true
				}
				suspects &^= crs[i] & (nms[i] >> 1)
			}
			if !ok || suspects != 0 {
				return k + i
			}
			s.state = next
			dst[k+i] = separators
		}
	}
	return len(dst)
}

// prefixXor sets each bit to the parity of the bits up to and including it:
// with m the quotes, the result covers what lies inside quotes, the opening
// quote included and the closing one not. (Langdale and Lemire, "Parsing
// Gigabytes of JSON per Second", 2019, §3.1.1.)
func prefixXor(m uint64) uint64 {
	m ^= m << 1
	m ^= m << 2
	m ^= m << 4
	m ^= m << 8
	m ^= m << 16
	m ^= m << 32
	return m
}
