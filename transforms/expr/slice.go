package expr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"
)

// The functions here return a part of their text: they compute where it
// starts and ends and copy nothing.

func sliceFunctions() []function {
	trim := func(left, right bool) []overload {
		return []overload{
			fn(kVarchar, sliceKernel(trimmer(left, right)), kVarchar),
			fn(kVarchar, sliceKernel(trimmer(left, right)), kVarchar, kVarchar),
		}
	}
	return []function{
		{name: "trim", aliases: []string{"btrim"}, group: "text", overloads: trim(true, true),
			doc: "Text without spaces, or without any of the given characters, at both ends.", example: "trim('  a ') = 'a'"},
		{name: "ltrim", group: "text", overloads: trim(true, false),
			doc: "Text without spaces, or without any of the given characters, at its start.", example: "ltrim('xxa', 'x') = 'a'"},
		{name: "rtrim", group: "text", overloads: trim(false, true),
			doc: "Text without spaces, or without any of the given characters, at its end.", example: "rtrim('a  ') = 'a'"},
		{name: "substr", aliases: []string{"substring"}, group: "text",
			doc: "The part that starts at a character, the first being 1, and is so many characters long.", example: "substr('hello', 2, 3) = 'ell'",
			overloads: []overload{
				fn(kVarchar, sliceKernel(substr), kVarchar, kInt),
				fn(kVarchar, sliceKernel(substr), kVarchar, kInt, kInt),
			}},
		{name: "left", group: "text", doc: "The first characters; of a negative number, all but so many at the end.", example: "left('hello', 2) = 'he'",
			overloads: []overload{fn(kVarchar, sliceKernel(leftPart), kVarchar, kInt)}},
		{name: "right", group: "text", doc: "The last characters; of a negative number, all but so many at the start.", example: "right('hello', 2) = 'lo'",
			overloads: []overload{fn(kVarchar, sliceKernel(rightPart), kVarchar, kInt)}},
		{name: "split_part", group: "text", doc: "The n-th part of text that a separator divides, counted from the end when negative; empty if there is none.",
			example:   "split_part('a-b-c', '-', 2) = 'b'",
			overloads: []overload{fn(kVarchar, sliceKernel(splitPart), kVarchar, kVarchar, kInt)}},
	}
}

// slicer returns which bytes of s, the text of row i, are the result.
type slicer func(s []byte, args []*vector, i int) (lo, hi int, err error)

// sliceKernel makes views of the first argument.
func sliceKernel(f slicer) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a := args[0]
		out.makeViews(n)
		out.data = a.data
		for i := range live.rows(n) {
			at := a.at(i)
			from := a.lo[at]
			lo, hi, err := f(a.data[from:a.hi[at]], args, i)
			if err != nil {
				return &fault{Row: i, Err: err}
			}
			out.lo[i], out.hi[i] = from+int32(lo), from+int32(hi)
		}
		return nil
	}
}

func trimmer(left, right bool) slicer {
	return func(s []byte, args []*vector, i int) (lo, hi int, err error) {
		hi = len(s)
		if len(args) == 1 {
			for left && lo < hi && s[lo] == ' ' {
				lo++
			}
			for right && lo < hi && s[hi-1] == ' ' {
				hi--
			}
			return lo, hi, nil
		}
		set := args[1].text(i)
		for left && lo < hi {
			_, n := utf8.DecodeRune(s[lo:hi])
			if !hasCharacter(set, s[lo:lo+n]) {
				break
			}
			lo += n
		}
		for right && lo < hi {
			_, n := utf8.DecodeLastRune(s[lo:hi])
			if !hasCharacter(set, s[hi-n:hi]) {
				break
			}
			hi -= n
		}
		return lo, hi, nil
	}
}

// hasCharacter reports whether c is one of the characters of set.
func hasCharacter(set, c []byte) bool {
	for len(set) > 0 {
		_, n := utf8.DecodeRune(set)
		if bytes.Equal(set[:n], c) {
			return true
		}
		set = set[n:]
	}
	return false
}

// skipCharacters returns the byte behind the first n characters of s.
func skipCharacters(s []byte, n int64) int {
	at := 0
	for n >= 8 && len(s)-at >= 8 && binary.LittleEndian.Uint64(s[at:])&bytesHigh == 0 {
		at += 8
		n -= 8
	}
	for ; n > 0 && at < len(s); n-- {
		if s[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// substr is PostgreSQL's: positions before the first character count, and
// stand for nothing.
func substr(s []byte, args []*vector, i int) (lo, hi int, err error) {
	start := args[1].i64[args[1].at(i)]
	count := int64(math.MaxInt64)
	if len(args) == 3 {
		if count = args[2].i64[args[2].at(i)]; count < 0 {
			return 0, 0, errNegativeLength
		}
	}
	if start < 1 {
		if len(args) == 3 {
			// The two have different signs: no overflow. Below 1 is before
			// the text.
			count = max(start+count, 1) - 1
		}
		start = 1
	}
	lo = skipCharacters(s, start-1)
	return lo, lo + skipCharacters(s[lo:], count), nil
}

var errNegativeLength = errors.New("substr: the length is negative, expected 0 or more")

func leftPart(s []byte, args []*vector, i int) (lo, hi int, err error) {
	n := args[1].i64[args[1].at(i)]
	if n < 0 {
		n = max(int64(utf8.RuneCount(s))+n, 0)
	}
	return 0, skipCharacters(s, n), nil
}

func rightPart(s []byte, args []*vector, i int) (lo, hi int, err error) {
	n := args[1].i64[args[1].at(i)]
	if n >= 0 {
		return skipCharacters(s, int64(utf8.RuneCount(s))-n), len(s), nil
	}
	if n == math.MinInt64 {
		return len(s), len(s), nil
	}
	return skipCharacters(s, -n), len(s), nil
}

var errPartZero = errors.New("split_part: the part is 0, expected 1 for the first or -1 for the last")

func splitPart(s []byte, args []*vector, i int) (lo, hi int, err error) {
	sep := args[1].text(i)
	part := args[2].i64[args[2].at(i)]
	switch {
	case part == 0:
		return 0, 0, errPartZero
	case len(sep) == 0:
		if part == 1 || part == -1 {
			return 0, len(s), nil
		}
		return 0, 0, nil
	case part < 0:
		hi = len(s)
		for ; part < -1; part++ {
			if hi = bytes.LastIndex(s[:hi], sep); hi < 0 {
				return 0, 0, nil
			}
		}
		if lo = bytes.LastIndex(s[:hi], sep); lo < 0 {
			return 0, hi, nil
		}
		return lo + len(sep), hi, nil
	}
	for ; part > 1; part-- {
		n := bytes.Index(s[lo:], sep)
		if n < 0 {
			return 0, 0, nil
		}
		lo += n + len(sep)
	}
	if n := bytes.Index(s[lo:], sep); n >= 0 {
		return lo, lo + n, nil
	}
	return lo, len(s), nil
}
