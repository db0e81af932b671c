// Package hive spells the names of directories that hold the rows with one
// value of a column, as Apache Hive has it: zone=12.
package hive

import (
	"fmt"
	"strings"

	"csvloom/pipeline"
)

// NullValue stands for NULL in the place of a value, see
// https://cwiki.apache.org/confluence/display/Hive/Configuration+Properties
// (hive.exec.default.partition.name).
const NullValue = "__HIVE_DEFAULT_PARTITION__"

// nameBytesMax is how long a file name may be on all common file systems.
const nameBytesMax = 255

// Directory returns the name of the directory of a value: column=value. Bytes
// other than letters, digits and _ - . ~ are written as percent signs and two
// hexadecimal digits, as DuckDB does it, which readers of such directories
// take off again. So no name leaves its directory, hides, or has characters
// that some system refuses. Beyond DuckDB, a dot at the end is encoded too:
// Windows would drop it. An empty text is an empty value; NULL is [NullValue],
// and the text that is spelt like it has its first byte encoded.
//
// It fails, with what to do, for a name of more than 255 bytes.
func Directory(column string, value []byte, null bool) (string, error) {
	b := make([]byte, 0, len(column)+1+len(value))
	b = appendEscaped(b, column)
	b = append(b, '=')
	switch {
	case null:
		b = append(b, NullValue...)
	case string(value) == NullValue:
		b = append(b, "%5F"...)
		b = append(b, NullValue[1:]...)
	default:
		b = appendEscaped(b, value)
		if b[len(b)-1] == '.' {
			b = append(b[:len(b)-1], "%2E"...)
		}
	}
	if len(b) > nameBytesMax {
		return "", fmt.Errorf("the value %s of column %q makes a directory name of %d bytes, and file systems have at most %d; partition by a shorter column, such as one made with --derive 'part = substr(%s, 1, 20)'",
			pipeline.Excerpt(string(value)), column, len(b), nameBytesMax, column)
	}
	return string(b), nil
}

const hexDigits = "0123456789ABCDEF"

func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	for i := range len(s) {
		c := s[i]
		if plain[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// plain are the bytes that RFC 3986 calls unreserved.
var plain = func() (set [256]bool) {
	for c := range set {
		set[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-.~", byte(c)) >= 0
	}
	return set
}()
