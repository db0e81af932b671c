package charset

import (
	"encoding/binary"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// table is a single-byte encoding.
type table struct {
	runes      [256]cell
	asciiBased bool // bytes below 0x80 are ASCII
}

// cell is a character in UTF-8: its bytes, first one lowest, and their number in
// the highest byte. Zero means that the byte is not defined. All tables are of
// characters of at most three bytes.
type cell uint32

func newCell(r rune) cell {
	var b [4]byte
	n := utf8.EncodeRune(b[:], r)
	return cell(b[0]) | cell(b[1])<<8 | cell(b[2])<<16 | cell(n)<<24
}

func newTable(m *charmap.Charmap) *table {
	t := &table{asciiBased: true}
	for i := range 256 {
		r := m.DecodeByte(byte(i))
		if r != utf8.RuneError {
			t.runes[i] = newCell(r)
		}
		if i < utf8.RuneSelf && r != rune(i) {
			t.asciiBased = false
		}
	}
	return t
}

func (t *table) decode(dst, src []byte, _ bool) (written, used int, ok bool) {
	for used < len(src) && len(dst)-written >= roomBytes {
		if t.asciiBased && src[used] < utf8.RuneSelf {
			n := copyASCII(dst[written:], src[used:])
			written += n
			used += n
			continue
		}
		c := t.runes[src[used]]
		if c == 0 {
			return written, used, false
		}
		binary.LittleEndian.PutUint32(dst[written:], uint32(c)) // what is too much is overwritten
		written += int(c >> 24)
		used++
	}
	return written, used, true
}

// highBits are those that ASCII does not have.
const highBits = 0x8080808080808080

// copyASCII copies the ASCII that src starts with, as far as dst takes it.
func copyASCII(dst, src []byte) int {
	n := min(len(dst), len(src))
	i := 0
	for ; i+8 <= n; i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		if w&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(dst[i:], w)
	}
	for ; i < n && src[i] < utf8.RuneSelf; i++ {
		dst[i] = src[i]
	}
	return i
}
