package expr

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Text functions count characters (code points), not bytes. Bytes that are not
// UTF-8 count as one character each and come out as they went in.

func textFunctions() []function {
	return []function{
		{name: "upper", aliases: []string{"ucase"}, group: "text", doc: "Text in capitals.", example: "upper('ab') = 'AB'",
			overloads: []overload{fn(kVarchar, mapText(upper), kVarchar)}},
		{name: "lower", aliases: []string{"lcase"}, group: "text", doc: "Text in small letters.", example: "lower('AB') = 'ab'",
			overloads: []overload{fn(kVarchar, mapText(lower), kVarchar)}},
		{name: "length", aliases: []string{"len", "char_length", "character_length"}, group: "text",
			doc: "Number of characters.", example: "length('Zoë') = 3",
			overloads: []overload{fn(kInt, lengthKernel, kVarchar)}},
		{name: "reverse", group: "text", doc: "Text from back to front.", example: "reverse('abc') = 'cba'",
			overloads: []overload{fn(kVarchar, mapText(reverse), kVarchar)}},
		{name: "concat", group: "text", doc: "The arguments joined as text; NULL is passed over.",
			example: "concat('a', NULL, 1) = 'a1'",
			usage:   []string{"concat(ANY, …) → VARCHAR"}, bind: bindConcat},
	}
}

// mapText makes a kernel of a function that appends the result for one text.
func mapText(f func(dst, s []byte) []byte) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.makeText(n)
		for i := range live.rows(n) {
			start := len(out.own.data)
			out.own.data = f(out.own.data, args[0].text(i))
			if err := out.put(i, start); err != nil {
				return err
			}
		}
		return nil
	}
}

func upper(dst, s []byte) []byte {
	dst, rest := appendASCII(dst, s, 'a')
	return mapRunes(dst, rest, unicode.ToUpper)
}

func lower(dst, s []byte) []byte {
	dst, rest := appendASCII(dst, s, 'A')
	return mapRunes(dst, rest, unicode.ToLower)
}

// Eight bytes at a time: every byte 0x01, and every byte 0x80.
const (
	bytesOne  = 0x0101010101010101
	bytesHigh = 0x8080808080808080
)

// appendASCII appends s with the case of the 26 letters from first on ('a' or
// 'A') turned round, up to the first byte that is not ASCII, and returns what
// is left of s from there. Eight bytes are done at once: adding to each byte
// what lifts the letters' bounds to 0x80 leaves its top bit as the answer.
func appendASCII(dst, s []byte, first byte) (out, rest []byte) {
	start := len(dst)
	dst = append(dst, s...)
	b := dst[start:]
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if w&bytesHigh != 0 {
			break
		}
		fromFirst := w + bytesOne*uint64(0x80-first)
		pastLast := w + bytesOne*uint64(0x80-first-26)
		letters := (fromFirst ^ pastLast) & bytesHigh
		binary.LittleEndian.PutUint64(b[i:], w^letters>>2)
	}
	for ; i < len(b); i++ {
		c := b[i]
		if c >= utf8.RuneSelf {
			break
		}
		if c-first < 26 {
			b[i] = c ^ 0x20
		}
	}
	return dst[:start+i], s[i:]
}

// mapRunes appends f of every character of s.
func mapRunes(dst, s []byte, f func(rune) rune) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, f(r))
		}
		s = s[n:]
	}
	return dst
}

func reverse(dst, s []byte) []byte {
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return dst
}

func lengthKernel(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i := range live.rows(n) {
		dst[i] = int64(utf8.RuneCount(args[0].text(i)))
	}
	return nil
}

// joinKernel is || on text.
func joinKernel(n int, live bitmap, args []*vector, out *vector) error {
	out.makeText(n)
	for i := range live.rows(n) {
		start := len(out.own.data)
		for _, a := range args {
			out.own.data = append(out.own.data, a.text(i)...)
		}
		if err := out.put(i, start); err != nil {
			return err
		}
	}
	return nil
}

// bindConcat types concat, whose arguments are of any type.
func bindConcat(b *binder, n *Call) bound {
	args, ok := b.bindAll(n.Args)
	if !ok {
		return nil
	}
	if len(args) == 0 {
		return b.fail(n, "it is called as concat(a, b, …)", "concat does not take 0 arguments")
	}
	for i := range args {
		if args[i] = b.convert(n.Args[i], args[i], kVarchar.dataType()); args[i] == nil {
			return nil
		}
	}
	return b.applyLenient(n, kVarchar.dataType(), concatKernel, args...)
}

func concatKernel(n int, live bitmap, args []*vector, out *vector) error {
	out.makeText(n)
	for i := range live.rows(n) {
		start := len(out.own.data)
		for _, a := range args {
			if !a.isNull(i) {
				out.own.data = append(out.own.data, a.text(i)...)
			}
		}
		if err := out.put(i, start); err != nil {
			return err
		}
	}
	return nil
}
