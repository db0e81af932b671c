package charset

import "bytes"

// HeadBytes is how much of a text [Charset.Resolve] wants to see.
const HeadBytes = 4 << 10

// marks are the byte order marks (Unicode, 23.8), longest first: that of UTF-16LE
// starts that of UTF-32LE.
var marks = []struct {
	text    string
	charset *Charset
}{
	{"\xff\xfe\x00\x00", utf32LE},
	{"\x00\x00\xfe\xff", utf32BE},
	{"\xef\xbb\xbf", UTF8},
	{"\xff\xfe", utf16LE},
	{"\xfe\xff", utf16BE},
}

func detectMark(head []byte) (*Charset, int) {
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.text)) {
			return m.charset, len(m.text)
		}
	}
	return nil, 0
}

// zerosMin is how many zero bytes a pattern needs to count as one.
const zerosMin = 3

// detectZeros returns the encoding that the zero bytes of head show: nil when
// there are none or they allow any doubt. UTF-16 has them in one half of its
// units, where the characters are ASCII or Latin-1 (U+2500 and its like have one in
// the other half, and are rare beside delimiters and line ends), and every unit of
// UTF-32 has one or two at the same end. Besides, all of head must be well-formed and
// free of control characters, so that binary data does not pass.
func detectZeros(head []byte, whole bool) *Charset {
	if bytes.IndexByte(head, 0) < 0 {
		return nil
	}
	var zeros [4]int
	for i, b := range head {
		if b == 0 {
			zeros[i&3]++
		}
	}
	quads := len(head) / 4
	for _, c := range []struct {
		charset        *Charset
		top, next, low int // bytes of a unit: always zero, mostly zero, rarely
	}{{utf32LE, 3, 2, 0}, {utf32BE, 0, 1, 3}} {
		if quads >= zerosMin && zeros[c.top] >= quads && 2*zeros[c.next] > quads && zeros[c.low] <= quads/16 &&
			isText(c.charset, head, whole) {
			return c.charset
		}
	}
	even, odd := zeros[0]+zeros[2], zeros[1]+zeros[3]
	enough := max(zerosMin, len(head)/2/8)
	switch {
	case odd >= enough && 2*even < odd && isText(utf16LE, head, whole):
		return utf16LE
	case even >= enough && 2*odd < even && isText(utf16BE, head, whole):
		return utf16BE
	}
	return nil
}

// isText reports whether head, whole or the start of something longer, is text
// without control characters other than tabs and line ends.
func isText(c *Charset, head []byte, whole bool) bool {
	out := make([]byte, 3*len(head)/2+roomBytes)
	n, used, ok := c.start()(out, head, whole)
	if !ok || len(head)-used > 3 {
		return false
	}
	return bytes.IndexFunc(out[:n], func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
	}) < 0
}
