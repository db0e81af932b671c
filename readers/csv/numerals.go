package csv

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Numerals say how numbers are written where it is not as 1234567.89.
type Numerals struct {
	// Decimal stands before the fraction: "." or ","; "" means ".".
	Decimal string
	// Thousands may stand between groups of three digits: one character
	// that is no digit, sign or letter; "" means that none may.
	Thousands string
}

// Validate reports what makes numbers unreadable.
func (n Numerals) Validate() error {
	if n.Decimal != "" && n.Decimal != "." && n.Decimal != "," {
		return fmt.Errorf("decimal separator %q: expected . or ,", n.Decimal)
	}
	if n.Thousands == "" {
		return nil
	}
	if utf8.RuneCountInString(n.Thousands) != 1 || !utf8.ValidString(n.Thousands) || strings.ContainsAny(n.Thousands, "0123456789+-\r\n\x00") ||
		n.Thousands[0]|0x20 >= 'a' && n.Thousands[0]|0x20 <= 'z' {
		return fmt.Errorf("thousands separator %q: expected one character that is no digit, sign or letter", n.Thousands)
	}
	if n.Thousands == n.decimal() {
		return fmt.Errorf("%q separates both thousands and decimals; say what the other one is", n.Thousands)
	}
	return nil
}

func (n Numerals) decimal() string {
	if n.Decimal == "" {
		return "."
	}
	return n.Decimal
}

// usual reports whether numbers are written as everywhere in csvloom.
func (n Numerals) usual() bool { return n.decimal() == "." && n.Thousands == "" }

// appendUsual appends the number b, written with n, as it is written elsewhere. It
// returns false when b is no number written so: a separator of thousands that
// does not stand before three digits, or behind one to three, is a mistake.
func (n Numerals) appendUsual(dst, b []byte) ([]byte, bool) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		dst, b = append(dst, b[0]), b[1:]
	}
	integer, fraction, hasFraction := bytes.Cut(b, []byte(n.decimal()))
	if n.Thousands != "" && bytes.Contains(integer, []byte(n.Thousands)) {
		for i := 0; ; i++ {
			group, rest, more := bytes.Cut(integer, []byte(n.Thousands))
			if i == 0 && (len(group) < 1 || len(group) > 3) || i > 0 && len(group) != 3 || !allDigits(group) {
				return dst, false
			}
			dst = append(dst, group...)
			if !more {
				break
			}
			integer = rest
		}
	} else {
		dst = append(dst, integer...)
	}
	if !hasFraction {
		return dst, n.Decimal != "," || bytes.IndexByte(integer, '.') < 0
	}
	if n.Decimal == "," && bytes.IndexByte(b, '.') >= 0 && n.Thousands != "." || bytes.IndexByte(fraction, n.decimal()[0]) >= 0 {
		return dst, false
	}
	if n.Thousands != "" && bytes.Contains(fraction, []byte(n.Thousands)) {
		return dst, false
	}
	return append(append(dst, '.'), fraction...), true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// numeral returns a parser of numbers written with n, given one of numbers as
// they are written elsewhere.
func numeral[T any](n Numerals, parse func([]byte) (T, bool)) func([]byte) (T, bool) {
	if n.usual() {
		return parse
	}
	var buf []byte
	return func(b []byte) (T, bool) {
		var ok bool
		if buf, ok = n.appendUsual(buf[:0], b); !ok {
			var zero T
			return zero, false
		}
		return parse(buf)
	}
}
