package expr

import (
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

// The results of DECIMAL arithmetic, exact for every value of the operands as
// long as 38 digits suffice:
//
//	(p,s) ± (q,t)   scale max(s,t), one digit more than the longer
//	(p,s) * (q,t)   scale s+t, precision p+q
//	(p,s) // (q,t)  scale 0, precision p-s+t
//	(p,s) % (q,t)   scale max(s,t), the digits of the longer
//
// Where they do not suffice a result that needs more is a fault of its row.

// decimalResult returns the type of l op r, nil if no DECIMAL holds its scale.
func decimalResult(op string, l, r *arrow.Decimal128Type) *arrow.Decimal128Type {
	scale := max(l.Scale, r.Scale)
	whole := max(l.Precision-l.Scale, r.Precision-r.Scale)
	precision := whole + scale
	switch op {
	case "+", "-":
		precision++
	case "*":
		scale, precision = l.Scale+r.Scale, l.Precision+r.Precision
	case "//":
		scale, precision = 0, max(1, l.Precision-l.Scale+r.Scale)
	}
	if scale > sqltype.PrecisionMax {
		return nil
	}
	return sqltype.Decimal(min(precision, sqltype.PrecisionMax), scale)
}

// decimalKernel returns the kernel of an operator on DECIMALs; all operators
// but * take operands of one scale.
func decimalKernel(op string, l, r, result *arrow.Decimal128Type) kernel {
	switch op {
	case "+", "-":
		return decimalSum(op, l, r, result)
	case "*":
		return decimalProduct(l, r, result)
	}
	return decimalDivision(op, l, r, result)
}

func decimalFault(i int, x decimal128.Num, xs int32, op string, y decimal128.Num, ys int32, t *arrow.Decimal128Type) error {
	return faultf(i, "%s %s %s does not fit %s; CAST an operand to DOUBLE or to a DECIMAL of fewer digits",
		sqltype.AppendDecimal(nil, x, xs), op, sqltype.AppendDecimal(nil, y, ys), sqltype.Name(t))
}

func decimalSum(op string, l, r, result *arrow.Decimal128Type) kernel {
	// One digit more than either operand has is enough; without it a sum
	// must be looked at. Operands of 38 digits sum up to less than 2¹²⁸, and
	// an overflow of the sign is outside 10³⁸ too.
	check := max(l.Precision-l.Scale, r.Precision-r.Scale)+result.Scale+1 > result.Precision
	subtract := op == "-"
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeDecimal(n)
		x, xMask, y, yMask := a.dec, a.mask(), b.dec, b.mask()
		if subtract {
			for i := range dst {
				u, v := x[i&xMask], y[i&yMask]
				lo, borrow := bits.Sub64(u.LowBits(), v.LowBits(), 0)
				hi, _ := bits.Sub64(uint64(u.HighBits()), uint64(v.HighBits()), borrow)
				dst[i] = decimal128.New(int64(hi), lo)
			}
		} else {
			for i := range dst {
				u, v := x[i&xMask], y[i&yMask]
				lo, carry := bits.Add64(u.LowBits(), v.LowBits(), 0)
				hi, _ := bits.Add64(uint64(u.HighBits()), uint64(v.HighBits()), carry)
				dst[i] = decimal128.New(int64(hi), lo)
			}
		}
		if !check {
			return nil
		}
		for i := range live.rows(n) {
			x, y := a.dec[a.at(i)], b.dec[b.at(i)]
			// The true sum has the sign of the operands when they agree
			// (for a difference: when they do not).
			xn, yn, zn := x.HighBits() < 0, (y.HighBits() < 0) != subtract, dst[i].HighBits() < 0
			if xn == yn && zn != xn && dst[i] != (decimal128.Num{}) && y != (decimal128.Num{}) || !fitsDigits(dst[i], result.Precision) {
				return decimalFault(i, x, l.Scale, op, y, r.Scale, result)
			}
		}
		return nil
	}
}

func decimalProduct(l, r, result *arrow.Decimal128Type) kernel {
	if l.Precision+r.Precision <= sqltype.PrecisionMax {
		// The product has 127 bits: modulo 2¹²⁸ it comes out right with
		// its sign.
		return func(n int, _ bitmap, args []*vector, out *vector) error {
			a, b := args[0], args[1]
			dst := out.makeDecimal(n)
			x, xMask, y, yMask := a.dec, a.mask(), b.dec, b.mask()
			for i := range dst {
				u, v := x[i&xMask], y[i&yMask]
				hi, lo := bits.Mul64(u.LowBits(), v.LowBits())
				hi += u.LowBits()*uint64(v.HighBits()) + uint64(u.HighBits())*v.LowBits()
				dst[i] = decimal128.New(int64(hi), lo)
			}
			return nil
		}
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeDecimal(n)
		for i := range live.rows(n) {
			x, y := a.dec[a.at(i)], b.dec[b.at(i)]
			mx, nx := magnitude(x)
			my, ny := magnitude(y)
			m, ok := mx.mul(my)
			if !ok || !m.less(pow10[result.Precision]) {
				return decimalFault(i, x, l.Scale, "*", y, r.Scale, result)
			}
			dst[i] = signed(m, nx != ny)
		}
		return nil
	}
}

// decimalDivision is // and %, on operands of one scale: the quotient is that
// of the unscaled integers, and so is the remainder but for its scale.
func decimalDivision(op string, l, r, result *arrow.Decimal128Type) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeDecimal(n)
		for i := range live.rows(n) {
			x, y := a.dec[a.at(i)], b.dec[b.at(i)]
			mx, nx := magnitude(x)
			my, ny := magnitude(y)
			if my == (uint128{}) {
				dst[i] = decimal128.Num{}
				out.setNull(i, n)
				continue
			}
			q, rest := mx.divMod(my)
			if op == "%" {
				dst[i] = signed(rest, nx)
				continue
			}
			if !q.less(pow10[result.Precision]) {
				return decimalFault(i, x, l.Scale, op, y, r.Scale, result)
			}
			dst[i] = signed(q, nx != ny)
		}
		return nil
	}
}

func decimalNegate(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeDecimal(n)
	for i, x := range args[0].dec[:n] {
		dst[i] = x.Negate()
	}
	return nil
}

// decimalToDouble returns the DOUBLE nearest to a DECIMAL.
func decimalToDouble(v decimal128.Num, scale int32) float64 {
	if i, ok := asInt64(v); ok && scale <= 22 && i > -1<<53 && i < 1<<53 {
		// Both are exact, so that the quotient is rounded once (Clinger).
		return float64(i) / pow10Double[scale]
	}
	var text [48]byte
	f, _ := sqltype.ParseDouble(sqltype.AppendDecimal(text[:0], v, scale))
	return f
}

// pow10Double are the powers of ten that a DOUBLE holds exactly.
var pow10Double = func() (p [23]float64) {
	for i := range p {
		p[i] = math.Pow10(i)
	}
	return p
}()
