package sqltype

import "encoding/binary"

// Microseconds in the units of time.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
)

// fractionDigitsMax is how many digits behind the second a microsecond has.
const fractionDigitsMax = 6

// ParseTime reads a time of day, hh:mm[:ss[.f]] with 1 to 6 digits f, from
// 00:00 to 23:59:59.999999, as microseconds since midnight (ISO 8601,
// extended form).
func ParseTime(b []byte) (int64, bool) {
	micros, n := clock(b)
	if n == 0 || n != len(b) {
		return 0, false
	}
	return micros, true
}

// clock reads a time of day from the front of b and returns the number of
// bytes it took, 0 if there is none.
func clock(b []byte) (micros int64, n int) {
	const (
		colonMask  = 0xff0000ff << 16
		colons     = ':'<<40 | ':'<<16
		colonToNil = (':'^'0')<<40 | (':'^'0')<<16
	)
	if len(b) >= 8 {
		if v := binary.LittleEndian.Uint64(b); v&colonMask == colons {
			v ^= colonToNil // hh0mm0ss, a number of eight digits
			if notDigits(v) != 0 {
				return 0, 0
			}
			t := uint32(value8(v))
			h, m, s := t/1_000_000, t/1000%1000, t%1000
			if h > 23 || m > 59 || s > 59 {
				return 0, 0
			}
			micros = int64(h*3600+m*60+s) * MicrosPerSecond
			if len(b) == 8 || b[8] != '.' {
				return micros, 8
			}
			f, digits := fraction(b[9:], fractionDigitsMax)
			if digits == 0 {
				return 0, 0
			}
			return micros + f, 9 + digits
		}
	}
	if len(b) < 5 || b[2] != ':' {
		return 0, 0
	}
	h, m := twoDigits(b), twoDigits(b[3:])
	if h > 23 || m > 59 {
		return 0, 0
	}
	return int64(h*60+m) * MicrosPerMinute, 5
}

// fraction reads the digits behind the point of a second, at most digitsMax
// of them, as microseconds (for 6) and returns how many there are. It is
// 0 digits when there is none or one too many.
func fraction(b []byte, digitsMax int) (v int64, digits int) {
	for digits < len(b) && isDigit(b[digits]) {
		if digits == digitsMax {
			return 0, 0
		}
		v = v*10 + int64(b[digits]-'0')
		digits++
	}
	for i := digits; i < digitsMax; i++ {
		v *= 10
	}
	return v, digits
}

// AppendTime writes a time of day, microseconds since midnight, as
// hh:mm:ss[.f] without trailing zeros in f.
func AppendTime(dst []byte, micros int64) []byte {
	if micros < 0 {
		dst = append(dst, '-')
		micros = -micros
	}
	dst = appendClock(dst, uint64(micros)/MicrosPerSecond)
	return appendFraction(dst, uint64(micros)%MicrosPerSecond, fractionDigitsMax)
}

// appendClock writes seconds as hh:mm:ss; the hours take the digits they need.
func appendClock(dst []byte, seconds uint64) []byte {
	dst = appendPadded(dst, seconds/3600, 2)
	dst = append(dst, ':')
	dst = append2(dst, int(seconds/60%60))
	dst = append(dst, ':')
	return append2(dst, int(seconds%60))
}
