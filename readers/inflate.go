package readers

import (
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// A decoder of the library that is used again takes an empty Huffman code, which
// only damaged data has, for the code that it met last. What it then makes of
// the data depends on what it read before, so that the same file could be
// reported as cut short by one run and as damaged by the next. Before each
// member it therefore reads this, to be in the same state every time: a gzip
// file of 174 bytes of text whose one block has Huffman codes of its own
// (RFC 1951, 3.2.7).
const primer = "" +
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\x8d\x8e\x31\x0e\x83\x30\x10\x04\x7b\xbf\x62\x1f\x70\xb2" +
	"\xb0\x0d\x42\x2e\xa9\x92\x22\x65\x3e\x70\xc2\x97\x60\x09\xce\xc8\x82\xbc\x3f\x88\x94\x34\x99\x6e" +
	"\x9a\xd1\xe4\x44\xca\x8b\x10\x2f\x65\xd7\xcd\x38\x1a\x12\xe3\x51\x3e\x32\xf3\x28\xe4\x1a\xdb\x35" +
	"\xc6\x7b\xba\xd5\x43\x71\x2f\xeb\x2a\x95\x7a\xeb\x3b\x13\x42\xa0\x61\x66\xc5\x73\xaf\x59\xdf\x14" +
	"\xa3\x8d\xd1\xb4\x07\x7f\x27\xdc\x35\x00\xd6\x84\xdf\x0b\xe1\x1c\x43\x4e\x28\x2f\x6c\x93\xa0\xca" +
	"\x17\x92\x65\xf3\x7c\xae\x00\x00\x00"

// primerContentMax is more than primer's content.
const primerContentMax = 256

// primeGzip makes r forget what it read before. It must be Reset afterwards.
func primeGzip(r *gzip.Reader) {
	var content [primerContentMax]byte
	if r.Reset(strings.NewReader(primer)) == nil {
		_, _ = io.ReadFull(r, content[:]) // ends early, as it is to
	}
}

// primeInflate does the same for a decoder of what gzip has between header and
// trailer.
func primeInflate(r io.Reader) {
	var content [primerContentMax]byte
	body := strings.NewReader(primer[gzipHeaderBytes : len(primer)-gzipTrailerBytes])
	if r.(flate.Resetter).Reset(body, nil) == nil {
		_, _ = io.ReadFull(r, content[:]) // ends early, as it is to
	}
}
