package expr

import (
	"bytes"
	"unicode/utf8"
)

func searchFunctions() []function {
	return []function{
		{name: "starts_with", aliases: []string{"prefix"}, group: "text", doc: "Whether text starts with another.", example: "starts_with('abc', 'ab') = true",
			overloads: []overload{fn(kBool, testText(bytes.HasPrefix), kVarchar, kVarchar)}},
		{name: "ends_with", aliases: []string{"suffix"}, group: "text", doc: "Whether text ends with another.", example: "ends_with('abc', 'bc') = true",
			overloads: []overload{fn(kBool, testText(bytes.HasSuffix), kVarchar, kVarchar)}},
		{name: "contains", group: "text", doc: "Whether text contains another.", example: "contains('abc', 'b') = true",
			overloads: []overload{fn(kBool, testText(bytes.Contains), kVarchar, kVarchar)}},
		{name: "strpos", aliases: []string{"instr"}, group: "text", doc: "The character at which another text starts in it, 0 if it does not.", example: "strpos('abc', 'c') = 3",
			overloads: []overload{fn(kInt, strposKernel, kVarchar, kVarchar)}},
		{name: "replace", group: "text", doc: "Text with every occurrence of another replaced.", example: "replace('a-b', '-', '+') = 'a+b'",
			overloads: []overload{fn(kVarchar, replaceKernel, kVarchar, kVarchar, kVarchar)}},
	}
}

// testText makes a kernel of a test of two texts.
func testText(f func(s, part []byte) bool) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		clear(value)
		for i := range live.rows(n) {
			if f(args[0].text(i), args[1].text(i)) {
				value.set(i)
			}
		}
		return nil
	}
}

func strposKernel(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i := range live.rows(n) {
		s := args[0].text(i)
		at := bytes.Index(s, args[1].text(i))
		if at >= 0 {
			at = utf8.RuneCount(s[:at]) + 1
		} else {
			at = 0
		}
		dst[i] = int64(at)
	}
	return nil
}

func replaceKernel(n int, live bitmap, args []*vector, out *vector) error {
	out.makeText(n)
	for i := range live.rows(n) {
		s, from, to := args[0].text(i), args[1].text(i), args[2].text(i)
		start := len(out.own.data)
		for len(from) > 0 {
			at := bytes.Index(s, from)
			if at < 0 {
				break
			}
			out.own.data = append(append(out.own.data, s[:at]...), to...)
			s = s[at+len(from):]
			if len(out.own.data)-start > resultBytesMax {
				return faultf(i, "replace: the text grows beyond %d bytes", resultBytesMax)
			}
		}
		out.own.data = append(out.own.data, s...)
		if err := out.put(i, start); err != nil {
			return err
		}
	}
	return nil
}
