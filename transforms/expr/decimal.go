package expr

import (
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

// uint128 is the magnitude of a DECIMAL.
type uint128 struct{ hi, lo uint64 }

// pow10 are the powers of ten that DECIMALs are scaled by.
var pow10 = func() (p [sqltype.PrecisionMax + 1]uint128) {
	p[0] = uint128{0, 1}
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].mul(uint128{0, 10})
	}
	return p
}()

func (x uint128) less(y uint128) bool { return x.hi < y.hi || x.hi == y.hi && x.lo < y.lo }

// mul returns x*y, and false when it needs more than 128 bits.
func (x uint128) mul(y uint128) (uint128, bool) {
	if x.hi != 0 && y.hi != 0 {
		return uint128{}, false
	}
	hi, lo := bits.Mul64(x.lo, y.lo)
	o1, c1 := bits.Mul64(x.hi, y.lo)
	o2, c2 := bits.Mul64(x.lo, y.hi)
	hi, carry1 := bits.Add64(hi, c1, 0)
	hi, carry2 := bits.Add64(hi, c2, 0)
	return uint128{hi, lo}, o1|o2|carry1|carry2 == 0
}

// divMod returns x/y and x%y; y is not zero.
func (x uint128) divMod(y uint128) (q, r uint128) {
	if y.hi == 0 {
		q.hi = x.hi / y.lo
		q.lo, r.lo = bits.Div64(x.hi%y.lo, x.lo, y.lo)
		return q, r
	}
	if x.less(y) {
		return uint128{}, x
	}
	// The quotient has 64 bits at most. Estimate it from the top bits of
	// the divisor (Hacker's Delight, 9-4) and correct it by one.
	shift := uint(bits.LeadingZeros64(y.hi))
	top := y.hi<<shift | y.lo>>1>>(63-shift)
	est, _ := bits.Div64(x.hi>>1, x.hi<<63|x.lo>>1, top)
	est >>= 63 - shift
	if est > 0 {
		est--
	}
	p, _ := y.mul(uint128{0, est})
	lo, borrow := bits.Sub64(x.lo, p.lo, 0)
	hi, _ := bits.Sub64(x.hi, p.hi, borrow)
	r = uint128{hi, lo}
	if !r.less(y) {
		est++
		lo, borrow = bits.Sub64(r.lo, y.lo, 0)
		hi, _ = bits.Sub64(r.hi, y.hi, borrow)
		r = uint128{hi, lo}
	}
	return uint128{0, est}, r
}

// magnitude returns |v| and the sign.
func magnitude(v decimal128.Num) (m uint128, negative bool) {
	hi, lo := uint64(v.HighBits()), v.LowBits()
	if v.HighBits() >= 0 {
		return uint128{hi, lo}, false
	}
	lo, borrow := bits.Sub64(0, lo, 0)
	hi, _ = bits.Sub64(0, hi, borrow)
	return uint128{hi, lo}, true
}

// signed is the inverse of magnitude; m is below 2¹²⁷.
func signed(m uint128, negative bool) decimal128.Num {
	if !negative {
		return decimal128.New(int64(m.hi), m.lo)
	}
	lo, borrow := bits.Sub64(0, m.lo, 0)
	hi, _ := bits.Sub64(0, m.hi, borrow)
	return decimal128.New(int64(hi), lo)
}

// fitsDigits reports |v| < 10^precision.
func fitsDigits(v decimal128.Num, precision int32) bool {
	m, _ := magnitude(v)
	return m.less(pow10[precision])
}

// rescale moves the point of v from one scale to another, rounding half away
// from zero; false when the result has more digits than precision.
func rescale(v decimal128.Num, from, to, precision int32) (decimal128.Num, bool) {
	m, negative := magnitude(v)
	if to >= from {
		r, ok := m.mul(pow10[to-from])
		if !ok || !r.less(pow10[precision]) {
			return decimal128.Num{}, false
		}
		return signed(r, negative), true
	}
	q := roundedQuotient(m, pow10[from-to])
	if !q.less(pow10[precision]) {
		return decimal128.Num{}, false
	}
	return signed(q, negative), true
}

// roundedQuotient returns x/y rounded half up.
func roundedQuotient(x, y uint128) uint128 {
	q, r := x.divMod(y)
	// 2r >= y, without overflow: r >= y-r.
	lo, borrow := bits.Sub64(y.lo, r.lo, 0)
	hi, _ := bits.Sub64(y.hi, r.hi, borrow)
	if !r.less(uint128{hi, lo}) {
		var carry uint64
		q.lo, carry = bits.Add64(q.lo, 1, 0)
		q.hi += carry
	}
	return q
}

// compareScaled orders two DECIMALs of different scales exactly.
func compareScaled(x decimal128.Num, xs int32, y decimal128.Num, ys int32) int {
	mx, nx := magnitude(x)
	my, ny := magnitude(y)
	px, okX := mx.mul(pow10[max(ys-xs, 0)])
	py, okY := my.mul(pow10[max(xs-ys, 0)])
	if okX && okY && px.hi>>63 == 0 && py.hi>>63 == 0 {
		return compareDecimal(signed(px, nx), signed(py, ny))
	}
	bx, by := x.BigInt(), y.BigInt()
	ten := big.NewInt(10)
	bx.Mul(bx, new(big.Int).Exp(ten, big.NewInt(int64(max(ys-xs, 0))), nil))
	by.Mul(by, new(big.Int).Exp(ten, big.NewInt(int64(max(xs-ys, 0))), nil))
	return bx.Cmp(by)
}

// truncated splits v at the point: the integer part and whether there was a
// fraction.
func truncated(v decimal128.Num, scale int32) (whole decimal128.Num, fraction bool) {
	m, negative := magnitude(v)
	q, r := m.divMod(pow10[scale])
	return signed(q, negative), r != uint128{}
}

// asInt64 returns v as an int64, if it is one.
func asInt64(v decimal128.Num) (int64, bool) {
	i := int64(v.LowBits())
	return i, v.HighBits() == i>>63
}
