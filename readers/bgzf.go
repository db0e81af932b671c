package readers

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"

	"csvloom/readers/internal/inflate"
)

// BGZF is gzip in members of at most 64 KiB whose headers tell how long they
// are (SAM/BAM format specification, 4.1), so that they can be decompressed
// side by side. The header is taken as a hint: what does not turn out as it says
// is read as any other gzip.

const (
	// bgzfHeaderBytes is the header that all writers of BGZF write: the fixed
	// fields of gzip, and one extra field of subtype BC.
	bgzfHeaderBytes  = 18
	gzipTrailerBytes = 8 // CRC-32 and length of the content
	// bgzfMagic is how it starts: gzip, with an extra field and nothing else.
	bgzfMagic = "\x1f\x8b\x08\x04"
	// bgzfContentMax is the largest content of a block.
	bgzfContentMax = 64 << 10
)

// isBGZF reports whether data starts with the header of a BGZF block.
func isBGZF(data []byte) bool {
	return len(data) >= bgzfHeaderBytes &&
		string(data[:len(bgzfMagic)]) == bgzfMagic &&
		string(data[10:16]) == "\x06\x00BC\x02\x00"
}

// measureBlock is the measure of gzip.
func measureBlock(data []byte) (length, content int, is unitState) {
	if len(data) < bgzfHeaderBytes {
		return 0, 0, unitShort
	}
	if !isBGZF(data) {
		return 0, 0, unitNone
	}
	length = int(binary.LittleEndian.Uint16(data[16:])) + 1
	switch {
	case length < bgzfHeaderBytes+gzipTrailerBytes:
		return 0, 0, unitNone
	case length > len(data):
		return 0, 0, unitShort
	}
	size := binary.LittleEndian.Uint32(data[length-4:])
	if size > bgzfContentMax {
		return 0, 0, unitNone
	}
	return length, int(size), unitWhole
}

// blockDecoders inflate the data of BGZF blocks.
var blockDecoders = sync.Pool{New: func() any { return new(inflate.Decoder) }}

// errUnit says that a unit is not what its header promised. Nobody sees it: the
// unit is read again as part of the stream, which tells what is wrong, if
// anything is.
var errUnit = errors.New("not as its header says")

// decodeBlocks appends the content of BGZF blocks, measured before, to out,
// which has room for it.
func decodeBlocks(out, data []byte) ([]byte, error) {
	d := blockDecoders.Get().(*inflate.Decoder)
	defer blockDecoders.Put(d)
	for len(data) > 0 {
		length, size, _ := measureBlock(data)
		block := data[:length]
		data = data[length:]
		packed := block[bgzfHeaderBytes : length-gzipTrailerBytes]
		from := len(out)
		// It is faster with room behind the content, which the next block
		// will take.
		n, used, err := d.Decode(out[from:cap(out)], packed)
		if err != nil {
			return out, err
		}
		content := out[from : from+n]
		if n != size || used != len(packed) || crc32.ChecksumIEEE(content) != binary.LittleEndian.Uint32(block[length-gzipTrailerBytes:]) {
			return out, errUnit
		}
		out = out[:from+n]
	}
	return out, nil
}
