package text

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

// The functions of this file write one value into b at position at, and maybe
// up to eight bytes more, and return the position behind the value. They write what package sqltype appends for the same
// value (tests hold them to it), into memory of which the caller knows that it
// suffices: see the ...BytesMax below. What is rare they leave to sqltype.

// The most that a value of a type takes, as text.
const (
	booleanBytesMax   = len("false")
	bigintBytesMax    = len("-9223372036854775808")
	doubleBytesMax    = 32 // 17 digits, sign, point, exponent of 3 digits or 4 zeros
	decimalBytesMax   = 2 + sqltype.PrecisionMax + 2
	dateBytesMax      = 24 // years of 7 digits, sign, " (BC)"
	timeBytesMax      = 24 // hours of 10 digits
	timestampBytesMax = dateBytesMax + 1 + timeBytesMax + 3
	intervalBytesMax  = 128
)

// pairs holds the two digits of 0 to 99, as they lie in memory.
var pairs = func() (p [100]uint16) {
	for i := range p {
		p[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return p
}()

func put2(b []byte, at int, v uint) { binary.LittleEndian.PutUint16(b[at:], pairs[v]) }

// powers holds the powers of ten that fit a word.
var powers = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// digits8 returns the eight digits of v < 10⁸, one a byte, the first in the
// lowest; as numbers, not as characters. It halves all parts at the same time:
// into fours, twos and ones, dividing by 100 and by 10 as multiplications that
// are exact for such numbers.
func digits8(v uint32) uint64 {
	top := v / 10000
	fours := uint64(v-10000*top)<<32 | uint64(top)
	hundreds := fours * 10486 >> 20 & 0x0000007f_0000007f
	twos := (fours-100*hundreds)<<16 + hundreds
	tens := twos * 103 >> 10 & 0x000f_000f_000f_000f
	return (twos-10*tens)<<8 + tens
}

const zeros8 = '0' * ones

// put8 stores the lowest n digits of d, of which there may be fewer than eight:
// there is slack behind every text.
func put8(b []byte, at int, d uint64, n int) int {
	binary.LittleEndian.PutUint64(b[at:], d|zeros8)
	return at + n
}

// putDigits writes n digits of v, which has no more, with zeros in front.
func putDigits(b []byte, at int, v uint64, n int) int {
	if n == 2 { // of money
		put2(b, at, uint(v))
		return at + n
	}
	if n > 8 {
		high := v / 1e8
		at = putDigits(b, at, high, n-8)
		v -= high * 1e8
		n = 8
	}
	return put8(b, at, digits8(uint32(v))>>(64-8*n), n)
}

func putUint(b []byte, at int, v uint64) int {
	const n = 8
	switch {
	case v < 10:
		b[at] = byte('0' + v)
		return at + 1
	case v < 100:
		put2(b, at, uint(v))
		return at + 2
	case v >= 1e8:
		high := v / 1e8
		at = putUint(b, at, high)
		v -= high * 1e8
		return put8(b, at, digits8(uint32(v)), n)
	}
	d := digits8(uint32(v))
	zeros := bits.TrailingZeros64(d) &^ 7
	return put8(b, at, d>>zeros, n-zeros>>3)
}

func putInt(b []byte, at int, v int64) int {
	m := uint64(v)
	if v < 0 {
		b[at] = '-'
		at++
		m = -m
	}
	return putUint(b, at, m)
}

// putFraction writes a point and the n digits of v, 1 to 9, but for the zeros
// at their end; nothing when v is 0.
func putFraction(b []byte, at int, v uint64, n int) int {
	if v == 0 {
		return at
	}
	b[at] = '.'
	at++
	if n > 8 {
		high := v / 1e8
		b[at] = byte('0' + high)
		at++
		v -= high * 1e8
		n = 8
	}
	d := digits8(uint32(v))
	zeros := bits.LeadingZeros64(d) >> 3
	return put8(b, at, d>>(64-8*n), n-zeros)
}

func putBool(b []byte, at int, v bool) int {
	if v {
		return at + copy(b[at:], "true")
	}
	return at + copy(b[at:], "false")
}

// putDouble writes the shortest text that reads back as v. Doubles that are
// decimals of at most 15 digits and at most 9 places, as most data is, are found
// by trial: m/10ⁿ, rounded once, is v exactly if m*10⁻ⁿ is the shortest such text.
func putDouble(b []byte, at int, v float64) int {
	a := math.Abs(v)
	power, places := 1e9, 9
	switch {
	case !(a < 1e12) || a < 1e-4: // or NaN
		return len(sqltype.AppendDouble(b[:at], v))
	case a >= 1e9:
		power, places = 1e3, 3
	case a >= 1e6:
		power, places = 1e6, 6
	}
	m := uint64(a*power + 0.5)
	if m >= 1e15 || float64(m)/power != a {
		return len(sqltype.AppendDouble(b[:at], v))
	}
	if v < 0 {
		b[at] = '-'
		at++
	}
	var whole uint64
	switch places { // constants divide by multiplication
	case 9:
		whole = m / 1e9
		m -= whole * 1e9
	case 6:
		whole = m / 1e6
		m -= whole * 1e6
	default:
		whole = m / 1e3
		m -= whole * 1e3
	}
	return putFraction(b, putUint(b, at, whole), m, places)
}

// putDecimal writes v/10^scale with all its places.
func putDecimal(b []byte, at int, v decimal128.Num, scale int32) int {
	m, high := v.LowBits(), v.HighBits()
	negative := high < 0
	if negative {
		m = -m
		high = ^high // 0 when v > -2⁶⁴: the carry of +1 goes no further
	}
	if high != 0 || negative && m == 0 || uint(scale) >= uint(len(powers)) {
		return len(sqltype.AppendDecimal(b[:at], v, scale))
	}
	if negative {
		b[at] = '-'
		at++
	}
	if scale == 0 {
		return putUint(b, at, m)
	}
	power := powers[scale]
	whole := m / power
	at = putUint(b, at, whole)
	b[at] = '.'
	return putDigits(b, at+1, m-whole*power, int(scale))
}

// The days of years that are written with four digits.
var (
	daysMin = sqltype.DaysFromCivil(1, 1, 1)
	daysMax = sqltype.DaysFromCivil(9999, 12, 31)
)

func putDate(b []byte, at int, v arrow.Date32) int {
	if int32(v) < daysMin || int32(v) > daysMax {
		return len(sqltype.AppendDate(b[:at], v))
	}
	year, month, day := sqltype.CivilFromDays(int32(v))
	d := b[at : at+len("2006-01-02")]
	century := uint(year) / 100
	put2(d, 0, century)
	put2(d, 2, uint(year)-100*century)
	d[4], d[7] = '-', '-'
	put2(d, 5, uint(month))
	put2(d, 8, uint(day))
	return at + len(d)
}

func putTime(b []byte, at int, v int64) int {
	if uint64(v) >= sqltype.MicrosPerDay {
		return len(sqltype.AppendTime(b[:at], v))
	}
	seconds := uint64(v) / sqltype.MicrosPerSecond
	micros := uint64(v) - seconds*sqltype.MicrosPerSecond
	minutes := uint(seconds) / 60
	hours := minutes / 60
	d := b[at : at+len("15:04:05")]
	put2(d, 0, hours)
	d[2], d[5] = ':', ':'
	put2(d, 3, minutes-60*hours)
	put2(d, 6, uint(seconds)-60*minutes)
	return putFraction(b, at+len(d), micros, 6)
}

// putTimestamp writes date and time of day with separator between them.
func putTimestamp(b []byte, at int, micros int64, separator byte) int {
	days := micros / sqltype.MicrosPerDay
	clock := micros - days*sqltype.MicrosPerDay
	if clock < 0 {
		days--
		clock += sqltype.MicrosPerDay
	}
	at = putDate(b, at, arrow.Date32(days))
	b[at] = separator
	return putTime(b, at+1, clock)
}
