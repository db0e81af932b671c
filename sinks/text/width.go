package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// ellipsis stands for what is left out.
const ellipsis = "…"

// runeColumns returns how many columns of a terminal r takes: 2 for East Asian
// wide characters and emoji (Unicode Standard Annex 11), 0 for marks that
// combine with the character before them.
func runeColumns(r rune) int {
	switch {
	case r < 0x300: // below the first combining mark, nothing is wide
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me) || r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// displayColumns returns how many columns of a terminal s takes.
func displayColumns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// cellBytesMax bounds how much of a value is kept for the table: more than any
// terminal shows in one line.
const cellBytesMax = 2048

// printable returns s as it may be sent to a terminal: what would move the
// cursor, change colours, reorder text or break the line is shown as an
// escape. A long s is cut.
func printable(s []byte) string {
	long := len(s) > cellBytesMax
	if long {
		s = s[:cellBytesMax]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if r, _ := utf8.DecodeLastRune(s); r == utf8.RuneError && len(s) > 0 {
			s = s[:len(s)-1]
		}
	}
	var out strings.Builder
	out.Grow(len(s))
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && size == 1:
			out.WriteRune(utf8.RuneError)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			out.WriteString(`\x`)
			out.WriteByte(hexDigits[r>>4])
			out.WriteByte(hexDigits[r&15])
		case isInvisible(r):
			out.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				out.WriteByte(hexDigits[r>>shift&15])
			}
		default:
			out.Write(s[:size])
		}
		s = s[size:]
	}
	if long {
		out.WriteString(ellipsis)
	}
	return out.String()
}

// isInvisible reports whether r is a character of the basic plane that shows
// as nothing but changes how others show: line separators, direction marks,
// byte order marks.
func isInvisible(r rune) bool {
	switch {
	case r > 0xffff || r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		return false
	case r == '\u2028' || r == '\u2029':
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// cutColumns returns the start of s that fits in max columns, with an ellipsis
// for what is cut off. It never cuts between a character and its marks.
func cutColumns(s string, max int) string {
	if displayColumns(s) <= max {
		return s
	}
	if max <= 0 {
		return ""
	}
	n := 0
	for i, r := range s {
		w := runeColumns(r)
		if n+w > max-1 { // one column is for the ellipsis
			return s[:i] + ellipsis
		}
		n += w
	}
	return s
}
