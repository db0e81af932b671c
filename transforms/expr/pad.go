package expr

import (
	"fmt"
	"unicode/utf8"
)

// resultBytesMax bounds the text that one value may grow to, so that a number
// in the data cannot fill the memory.
const resultBytesMax = 16 << 20

func padFunctions() []function {
	pad := func(name string, left bool) []overload {
		return []overload{
			fn(kVarchar, padKernel(name, left), kVarchar, kInt),
			fn(kVarchar, padKernel(name, left), kVarchar, kInt, kVarchar),
		}
	}
	return []function{
		{name: "lpad", group: "text", overloads: pad("lpad", true),
			doc: "Text filled up at its start, with spaces or the given text, or cut, to so many characters.", example: "lpad('7', 3, '0') = '007'"},
		{name: "rpad", group: "text", overloads: pad("rpad", false),
			doc: "Text filled up at its end, with spaces or the given text, or cut, to so many characters.", example: "rpad('a', 3, '.') = 'a..'"},
		{name: "repeat", group: "text", doc: "Text so many times.", example: "repeat('ab', 2) = 'abab'",
			overloads: []overload{fn(kVarchar, repeatKernel, kVarchar, kInt)}},
	}
}

func errTooLong(name string, characters int64) error {
	return fmt.Errorf("%s: a text of %d characters or times is too long, the most is %d bytes", name, characters, resultBytesMax)
}

func padKernel(name string, left bool) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.makeText(n)
		for i := range live.rows(n) {
			s, want := args[0].text(i), args[1].i64[args[1].at(i)]
			fill := []byte{' '}
			if len(args) == 3 {
				fill = args[2].text(i)
			}
			if want > resultBytesMax/utf8.UTFMax {
				return &fault{Row: i, Err: errTooLong(name, want)}
			}
			start := len(out.own.data)
			out.own.data = appendPadded(out.own.data, s, want, fill, left)
			if err := out.put(i, start); err != nil {
				return err
			}
		}
		return nil
	}
}

func appendPadded(dst, s []byte, want int64, fill []byte, left bool) []byte {
	missing := want - int64(utf8.RuneCount(s))
	if missing <= 0 {
		return append(dst, s[:skipCharacters(s, want)]...)
	}
	if !left {
		dst = append(dst, s...)
	}
	if width := int64(utf8.RuneCount(fill)); width > 0 {
		for ; missing >= width; missing -= width {
			dst = append(dst, fill...)
		}
		dst = append(dst, fill[:skipCharacters(fill, missing)]...)
	}
	if left {
		dst = append(dst, s...)
	}
	return dst
}

func repeatKernel(n int, live bitmap, args []*vector, out *vector) error {
	out.makeText(n)
	for i := range live.rows(n) {
		s, times := args[0].text(i), args[1].i64[args[1].at(i)]
		if len(s) > 0 && times > int64(resultBytesMax/len(s)) {
			return &fault{Row: i, Err: errTooLong("repeat", times)}
		}
		start := len(out.own.data)
		if len(s) > 0 {
			for range times {
				out.own.data = append(out.own.data, s...)
			}
		}
		if err := out.put(i, start); err != nil {
			return err
		}
	}
	return nil
}
