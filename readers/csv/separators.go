package csv

import (
	"bytes"
	"math/bits"
	"slices"

	"csvloom/readers/csv/internal/mask"
)

// chunkBytes is how many bytes one mask describes, a bit each, lowest first.
const chunkBytes = mask.ChunkBytes

// separators are the delimiters and line ends of a text that lie outside quotes.
type separators struct {
	masks  []uint64 // of the text's chunks
	rows   int      // line ends among them
	lines  int      // bytes that end lines, within quotes too
	quotes bool     // there are some
	scan   mask.Scanner
}

// find finds the separators of the first n bytes of text, which has padBytes of room
// behind them. It reports false when the text is not of the plain kind: a quote that
// neither starts nor ends a field, escapes, comments, a CR that ends a line here but
// not there, an end within quotes, a delimiter of more than one byte.
func (s *separators) find(text []byte, n int, d *Dialect) bool {
	if len(d.Delimiter) != 1 || n == 0 {
		return false
	}
	d, ok := d.plain(text[:n])
	if !ok || d.LineEnd == LineEndCR && bytes.IndexByte(text[:n], '\n') >= 0 {
		return false // an LF is within quotes, or a fault
	}
	chunks := (n + chunkBytes - 1) / chunkBytes
	s.masks = slices.Grow(s.masks[:0], chunks)[:chunks]
	s.scan.Start(d.Delimiter[0], d.lineEnd(), d.Quote, d.LineEnd != LineEndCR)
	for k := 0; k < chunks; k++ {
		if full := n / chunkBytes; k < full {
			if k += s.scan.Chunks(s.masks[k:full], text[k*chunkBytes:full*chunkBytes]); k == chunks {
				break
			}
		}
		at := k * chunkBytes
		m, suspects, ok := s.scan.Chunk(text[at:], n-at)
		for ; suspects != 0; suspects &= suspects - 1 {
			i := at + bits.TrailingZeros64(suspects)
			ok = ok && d.LineEnd != LineEndCR && text[i] == '\r' && (i+1 == n || text[i+1] == '\n')
		}
		if !ok {
			return false
		}
		s.masks[k] = m
	}
	s.rows, s.lines, s.quotes = s.scan.Rows(), s.scan.Lines(), s.scan.Quotes()
	return true
}

// endOfRecords returns the offset behind the last of the separators that ends a line;
// 0 if none does.
func (s *separators) endOfRecords(text []byte, d *Dialect) int {
	nl := d.lineEnd()
	for k := len(s.masks) - 1; k >= 0 && s.rows > 0; k-- {
		for m := s.masks[k]; m != 0; {
			i := 63 - bits.LeadingZeros64(m)
			if text[k*chunkBytes+i] == nl {
				return k*chunkBytes + i + 1
			}
			m &^= 1 << i
		}
	}
	return 0
}

// cut leaves the separators of the first n bytes of text, which end where
// endOfRecords says; text is what they were found in.
func (s *separators) cut(text []byte, n int, d *Dialect) {
	s.lines -= bytes.Count(text[n:], []byte{d.lineEnd()})
	s.masks = s.masks[:(n+chunkBytes-1)/chunkBytes]
	if rest := n % chunkBytes; rest != 0 {
		s.masks[len(s.masks)-1] &= 1<<rest - 1
	}
}
