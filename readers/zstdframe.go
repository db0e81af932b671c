package readers

import (
	"encoding/binary"
	"math"
)

// frameScan finds the end of a zstd frame from the lengths in its headers
// (RFC 8878, 3.1), without decoding. Skippable frames count as part of the frame
// that follows them. It takes data in portions of any size.
type frameScan struct {
	part    framePart
	header  [14]byte // of the part, as far as seen; long enough for any
	have    int      // bytes of header
	skip    int64    // bytes that do not matter, before the part
	content uint64   // upper bound of the frame's content so far, or its declared length
	stated  bool     // content is the declared length
	block   uint64   // most that a block can hold
	check   bool     // a checksum follows the last block
	last    bool     // that was the last block
}

// framePart is the part of a frame that comes next.
type framePart uint8

const (
	partMagic framePart = iota
	partSkippableLength
	partDescriptor
	partHeader // what the descriptor announced; header still holds that
	partBlock
	partChecksum
	partEnd
)

const (
	zstdMagic     = 0xfd2fb528
	zstdBlockMax  = 128 << 10
	zstdWindowLog = 10
)

// advance looks at more data. It returns unitShort when the frame goes on behind
// it, unitWhole and how much of data belongs to the frame when it ends, and
// unitNone when this is not a frame.
func (s *frameScan) advance(data []byte) (n int, is unitState) {
	for {
		if s.skip > 0 {
			m := int(min(s.skip, int64(len(data)-n)))
			n += m
			if s.skip -= int64(m); s.skip > 0 {
				return n, unitShort
			}
		}
		if s.part == partEnd {
			return n, unitWhole
		}
		want := s.partBytes()
		m := copy(s.header[s.have:want], data[n:])
		n += m
		if s.have += m; s.have < want {
			return n, unitShort
		}
		if !s.take() {
			return n, unitNone
		}
	}
}

// partBytes returns how long the part is, with what header holds already.
func (s *frameScan) partBytes() int {
	switch s.part {
	case partDescriptor:
		return 1
	case partHeader:
		window, dictionary, size := headerFields(s.header[0])
		return 1 + window + dictionary + size
	case partBlock:
		return 3
	}
	return 4
}

// headerFields returns the lengths of the fields that follow a frame's
// descriptor: RFC 8878, 3.1.1.1.1.
func headerFields(descriptor byte) (window, dictionary, size int) {
	single := descriptor&(1<<5) != 0
	if !single {
		window = 1
	}
	dictionary = int([4]uint8{0, 1, 2, 4}[descriptor&3])
	switch flag := descriptor >> 6; {
	case flag > 0:
		size = 1 << flag
	case single:
		size = 1
	}
	return window, dictionary, size
}

// take looks at the part that header holds and says what comes next. It reports
// false when this is not a frame.
func (s *frameScan) take() bool {
	value := binary.LittleEndian.Uint32(s.header[:])
	s.have = 0
	switch s.part {
	case partMagic:
		switch {
		case value == zstdMagic:
			s.part = partDescriptor
		case value&^0xf == 0x184d2a50:
			s.part = partSkippableLength
		default:
			return false
		}
	case partSkippableLength:
		s.part, s.skip = partMagic, int64(value)
	case partDescriptor:
		if s.header[0]&(1<<3) != 0 {
			return false // reserved
		}
		s.part, s.have = partHeader, 1
	case partHeader:
		s.takeHeader()
		s.part = partBlock
	case partBlock:
		return s.takeBlock(value & 0xffffff)
	case partChecksum:
		s.part = partEnd
	}
	return true
}

func (s *frameScan) takeHeader() {
	descriptor := s.header[0]
	s.check = descriptor&(1<<2) != 0
	window, dictionary, size := headerFields(descriptor)
	if window > 0 {
		w := s.header[1]
		base := uint64(1) << (zstdWindowLog + w>>3)
		s.block = min(base+base/8*uint64(w&7), zstdBlockMax)
	}
	at := 1 + window + dictionary
	var b [8]byte
	copy(b[:], s.header[at:at+size])
	switch value := binary.LittleEndian.Uint64(b[:]); size {
	case 0:
		return
	case 2:
		s.content = value + 256
	default:
		s.content = value
	}
	s.stated = true
	if window == 0 {
		s.block = min(s.content, zstdBlockMax)
	}
}

// takeBlock looks at a block's header: RFC 8878, 3.1.1.2.
func (s *frameScan) takeBlock(header uint32) bool {
	s.last = header&1 != 0
	size := int64(header >> 3)
	bytes := uint64(size)
	switch header >> 1 & 3 {
	case 0: // raw
		s.skip = size
	case 1: // one byte, repeated
		s.skip = 1
	case 2: // compressed
		s.skip = size
		bytes = s.block
	default:
		return false
	}
	if !s.stated && s.content < math.MaxInt64 {
		s.content += bytes
	}
	switch {
	case !s.last:
	case s.check:
		s.part = partChecksum
	default:
		s.part = partEnd
	}
	return true
}
