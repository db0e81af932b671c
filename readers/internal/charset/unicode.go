package charset

import (
	"encoding/binary"
	"unicode/utf8"
)

func decodeUTF16LE(dst, src []byte, final bool) (int, int, bool) {
	return decodeUTF16(dst, src, final, false)
}

func decodeUTF16BE(dst, src []byte, final bool) (int, int, bool) {
	return decodeUTF16(dst, src, final, true)
}

const (
	surrogateMin    = 0xd800
	surrogateLowMin = 0xdc00
	surrogateMax    = 0xdfff
	// notASCII are the bits that four units of ASCII do not have.
	notASCII = 0xff80ff80ff80ff80
)

// decodeUTF16 is a decode, after RFC 2781, section 2.2.
func decodeUTF16(dst, src []byte, final, bigEndian bool) (written, used int, ok bool) {
	for len(dst)-written >= roomBytes {
		if len(src)-used >= 8 {
			w := binary.LittleEndian.Uint64(src[used:])
			if bigEndian {
				w = w&0x00ff00ff00ff00ff<<8 | w>>8&0x00ff00ff00ff00ff
			}
			if w&notASCII == 0 {
				w |= w >> 8 // the low bytes of 2 units, then of 4, side by side
				binary.LittleEndian.PutUint32(dst[written:], uint32(w&0xffff|w>>16&0xffff0000))
				written += 4
				used += 8
				continue
			}
		}
		rest := src[used:]
		if len(rest) < 2 {
			return written, used, len(rest) == 0 || !final
		}
		unit := unitAt(rest, bigEndian)
		size := 2
		if unit >= surrogateMin && unit <= surrogateMax {
			if unit >= surrogateLowMin {
				return written, used, false
			}
			if len(rest) < 4 {
				return written, used, !final
			}
			low := unitAt(rest[2:], bigEndian)
			if low < surrogateLowMin || low > surrogateMax {
				return written, used, false
			}
			unit = 0x10000 + (unit-surrogateMin)<<10 + low - surrogateLowMin
			size = 4
		}
		written += utf8.EncodeRune(dst[written:], unit)
		used += size
	}
	return written, used, true
}

func unitAt(b []byte, bigEndian bool) rune {
	if bigEndian {
		return rune(binary.BigEndian.Uint16(b))
	}
	return rune(binary.LittleEndian.Uint16(b))
}

func decodeUTF32LE(dst, src []byte, final bool) (int, int, bool) {
	return decodeUTF32(dst, src, final, binary.LittleEndian)
}

func decodeUTF32BE(dst, src []byte, final bool) (int, int, bool) {
	return decodeUTF32(dst, src, final, binary.BigEndian)
}

// decodeUTF32 is a decode (Unicode, 3.10, D99).
func decodeUTF32(dst, src []byte, final bool, order binary.ByteOrder) (written, used int, ok bool) {
	for len(dst)-written >= roomBytes {
		rest := src[used:]
		if len(rest) < 4 {
			return written, used, len(rest) == 0 || !final
		}
		u := order.Uint32(rest)
		if u > utf8.MaxRune || !utf8.ValidRune(rune(u)) {
			return written, used, false
		}
		written += utf8.EncodeRune(dst[written:], rune(u))
		used += 4
	}
	return written, used, true
}
