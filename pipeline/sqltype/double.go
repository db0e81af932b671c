package sqltype

import (
	"math"
	"strconv"
)

// exactPowers are the powers of ten that a float64 holds exactly.
var exactPowers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// exactMantissa bounds the integers that a float64 holds exactly.
const exactMantissa = 1 << 53

// ParseDouble reads a DOUBLE, correctly rounded: a decimal number with or
// without point and exponent, NaN, inf or infinity in any case, with an
// optional sign (NaN has none). False for anything else (hexadecimal,
// underscores) and where the value overflows; what is too small is 0.
//
// A mantissa below 2⁵³ and a power of ten up to 10²² are both exact, so that
// one multiplication or division rounds once, correctly (W. D. Clinger, "How
// to Read Floating Point Numbers Accurately", 1990). Anything longer goes to
// strconv.
func ParseDouble(b []byte) (float64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	t := b
	negative := b[0] == '-'
	if negative || b[0] == '+' {
		t = b[1:]
	}
	if len(t) <= pointlessBytesMax {
		if m, fraction, ok := pointless(t); ok && m <= exactMantissa {
			f := float64(m) / exactPowers[fraction]
			if negative {
				f = -f
			}
			return f, true
		}
	}
	return parseDoubleSlow(b)
}

func parseDoubleSlow(b []byte) (float64, bool) {
	s, ok := ScanNumber(b)
	if !ok {
		return parseNotFinite(b)
	}
	if s.kept == s.SignificantDigits && s.lead <= exactMantissa {
		f := float64(s.lead)
		power := s.Exponent10 - max(s.SignificantDigits-1, 0)
		if f == 0 {
			power = 0
		}
		if power >= -22 && power <= 22 {
			if power < 0 {
				f /= exactPowers[-power]
			} else {
				f *= exactPowers[power]
			}
			if s.Negative {
				f = -f
			}
			return f, true
		}
	}
	// The conversion stays on the stack up to 32 bytes; longer numbers are rare.
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

func parseNotFinite(b []byte) (float64, bool) {
	if equalFold(b, "nan") {
		return math.NaN(), true
	}
	sign := 1
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	if equalFold(b, "inf") || equalFold(b, "infinity") {
		return math.Inf(sign), true
	}
	return 0, false
}

// equalFold compares with a word in small letters, ignoring the case of ASCII.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		if b[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// Doubles are written without exponent from 1e-4 up to, not including, 1e16,
// as DuckDB and the fmt library of C++ do.
const (
	plainDoubleMin = 1e-4
	plainDoubleMax = 1e16
)

// AppendDouble writes the shortest text that [ParseDouble] reads back as the
// same number: 1, 0.1, 1e+20, 1e-05, -0, NaN, inf, -inf.
func AppendDouble(dst []byte, v float64) []byte {
	a := math.Abs(v)
	switch {
	case a < exactMantissa && a == math.Trunc(a):
		if a == 0 && math.Signbit(v) {
			return append(dst, '-', '0')
		}
		return strconv.AppendInt(dst, int64(v), 10)
	case a >= plainDoubleMin && a < plainDoubleMax:
		if text, ok := appendDecimalDouble(dst, v, a); ok {
			return text
		}
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	case v != v:
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "inf"...)
	case math.IsInf(v, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// appendDecimalDouble writes v, whose magnitude is a, if it is the double
// nearest to a number of at most 9 digits behind the point and 15 in all, as
// prices and measurements are. The mantissa and the power of ten are exact, so
// the division tells surely whether the decimal reads back as a; and no two
// decimals of at most 15 digits read as the same double, so that no other one
// is as short.
func appendDecimalDouble(dst []byte, v, a float64) ([]byte, bool) {
	power, digits := 1e9, 9
	switch {
	case a >= 1e9:
		return dst, false
	case a >= 1e6:
		power, digits = 1e6, 6
	}
	m := uint64(a*power + 0.5)
	if m >= 1e15 || float64(m)/power != a {
		return dst, false
	}
	if v < 0 {
		dst = append(dst, '-')
	}
	whole := m / uint64(power)
	dst = strconv.AppendUint(dst, whole, 10)
	return appendFraction(dst, m-whole*uint64(power), digits), true
}
