package sqltype

import (
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// uint128 is the magnitude of a decimal.
type uint128 struct{ hi, lo uint64 }

// mulAdd returns v*m + a; the caller knows that it fits.
func (v uint128) mulAdd(m, a uint64) uint128 {
	hi, lo := bits.Mul64(v.lo, m)
	lo, carry := bits.Add64(lo, a, 0)
	return uint128{v.hi*m + hi + carry, lo}
}

// shift10 returns v * 10^n; the caller knows that it fits.
func (v uint128) shift10(n int) uint128 {
	if n > leadDigitsMax {
		v = v.mulAdd(powers64[leadDigitsMax], 0)
		n -= leadDigitsMax
	}
	return v.mulAdd(powers64[n], 0)
}

// powers64 are the powers of ten below 2⁶⁴.
var powers64 = func() (p [leadDigitsMax + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// ParseDecimal reads a number into DECIMAL(precision, scale), exactly: false
// when a digit that is not zero stands behind the last place, or when there
// are more digits than precision. The grammar is that of [ScanNumber]; an
// exponent is accepted where the value fits. Precision is 1 to
// [PrecisionMax], scale 0 to precision; otherwise false.
func ParseDecimal(b []byte, precision, scale int32) (decimal128.Num, bool) {
	if len(b) == 0 || precision < 1 || precision > PrecisionMax || scale < 0 || scale > precision {
		return decimal128.Num{}, false
	}
	t := b
	negative := b[0] == '-'
	if negative || b[0] == '+' {
		t = b[1:]
	}
	m, fraction, ok := uint64(0), 0, false
	if len(t) <= pointlessBytesMax {
		m, fraction, ok = pointless(t)
	}
	var v uint128
	if shift := int(scale) - fraction; ok && shift >= 0 {
		// m*10^shift may leave 128 bits, so the room is looked at first. It
		// is never negative: shift <= scale <= precision.
		if room := int(precision) - shift; room <= leadDigitsMax && m >= powers64[room] {
			return decimal128.Num{}, false
		}
		v = uint128{0, m}.shift10(shift)
	} else if v, ok = parseDecimalSlow(b, int(precision), int(scale)); !ok {
		return decimal128.Num{}, false
	}
	if negative {
		v = v.negate()
	}
	return decimal128.New(int64(v.hi), v.lo), true
}

// parseDecimalSlow returns the magnitude of any number of the grammar.
func parseDecimalSlow(b []byte, precision, scale int) (uint128, bool) {
	s, ok := ScanNumber(b)
	if !ok || s.SignificantDigits == 0 {
		return uint128{}, ok
	}
	// The number is its significant digits times ten to this power.
	power := s.Exponent10 - (s.SignificantDigits - 1)
	shift := scale + power
	if shift < 0 || s.SignificantDigits+shift > precision {
		return uint128{}, false
	}
	if s.kept == s.SignificantDigits {
		return uint128{0, s.lead}.shift10(shift), true
	}
	var v uint128
	left := s.SignificantDigits
	for i := 0; left > 0; i++ {
		d := b[i] - '0'
		if d > 9 || d == 0 && left == s.SignificantDigits {
			continue // a sign, the point, or a zero in front
		}
		v = v.mulAdd(10, uint64(d))
		left--
	}
	return v.shift10(shift), true
}

// negate returns the two's complement.
func (v uint128) negate() uint128 {
	lo, borrow := bits.Sub64(0, v.lo, 0)
	hi, _ := bits.Sub64(0, v.hi, borrow)
	return uint128{hi, lo}
}

// AppendDecimal writes a decimal with exactly scale digits behind the point,
// which is left out when scale is 0: 12.30, -0.05, 7. Scale is 0 to
// [PrecisionMax].
func AppendDecimal(dst []byte, v decimal128.Num, scale int32) []byte {
	m := uint128{uint64(v.HighBits()), v.LowBits()}
	if v.Sign() < 0 {
		dst = append(dst, '-')
		m = m.negate()
	}
	// The magnitude is below 2¹²⁷ or equal to it: at most 39 digits.
	var buf [PrecisionMax + 2]byte
	i := len(buf)
	if m.hi != 0 {
		// hi <= 2⁶³ < 10¹⁹, so that the quotient fits a word.
		var low uint64
		m.lo, low = bits.Div64(m.hi, m.lo, powers64[leadDigitsMax])
		for range leadDigitsMax {
			i--
			buf[i] = byte('0' + low%10)
			low /= 10
		}
	}
	for m.lo > 0 {
		i--
		buf[i] = byte('0' + m.lo%10)
		m.lo /= 10
	}
	for len(buf)-i <= int(scale) && i > 0 {
		i--
		buf[i] = '0'
	}
	if scale <= 0 {
		if i == len(buf) {
			return append(dst, '0')
		}
		return append(dst, buf[i:]...)
	}
	point := len(buf) - int(scale)
	dst = append(dst, buf[i:point]...)
	dst = append(dst, '.')
	return append(dst, buf[point:]...)
}
