package expr

import (
	"cmp"
	"math"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// compare types a comparison; op is = <> < <= > >=, or one of IS [NOT]
// DISTINCT FROM. Comparing never loses a digit: where no common type holds
// both sides exactly, a kernel of its own compares them as they are.
func (b *binder) compare(at Node, op string, ln, rn Node, l, r bound) bound {
	distinct := op == "IS DISTINCT FROM" || op == "IS NOT DISTINCT FROM"
	plain := op
	if distinct {
		plain = "="
	}
	l, r, k := b.comparison(plain, ln, rn, l, r)
	if k == nil {
		return nil
	}
	if distinct {
		return b.applyLenient(at, sqltype.Boolean, distinctKernel(k, op == "IS DISTINCT FROM"), l, r)
	}
	return b.apply(at, sqltype.Boolean, k, l, r)
}

// comparison converts both sides as far as that is needed and returns the
// kernel that compares them, nil after recording what is wrong.
func (b *binder) comparison(op string, ln, rn Node, l, r bound) (bound, bound, kernel) {
	l, r = b.readLiterals(ln, rn, l, r)
	if l == nil || r == nil {
		return nil, nil, nil
	}
	if kindOf(l.typ()) == kNull {
		l = b.convert(ln, l, r.typ())
	}
	if kindOf(r.typ()) == kNull {
		r = b.convert(rn, r, l.typ())
	}
	lk, rk := kindOf(l.typ()), kindOf(r.typ())
	switch {
	case lk == kNull: // both are
		return l, r, comparison(op, kVarchar)
	case lk.isNumber() && rk.isNumber():
		return b.compareNumbers(op, ln, rn, l, r)
	}
	t, ok := sqltype.Unify(l.typ(), r.typ())
	if !ok {
		at, to := ln, r.typ()
		if lk != kVarchar && rk == kVarchar {
			at, to = rn, l.typ()
		}
		b.fail(at, castHint(at, to), "%s is not compared with %s", sqltype.Name(l.typ()), sqltype.Name(r.typ()))
		return nil, nil, nil
	}
	l, r = b.convert(ln, l, t), b.convert(rn, r, t)
	if l == nil || r == nil {
		return nil, nil, nil
	}
	return l, r, comparison(op, kindOf(t))
}

// readLiterals gives text as written the type of the other side.
func (b *binder) readLiterals(ln, rn Node, l, r bound) (bound, bound) {
	switch lit, other := isTextLiteral(l), isTextLiteral(r); {
	case lit && !other:
		return b.readAs(ln, l, r.typ()), r
	case other && !lit:
		return l, b.readAs(rn, r, l.typ())
	}
	return l, r
}

func (b *binder) readAs(at Node, x bound, t arrow.DataType) bound {
	text := string(x.(*constant).v.text(0))
	switch kindOf(t) {
	case kNull:
		return x
	case kDecimal:
		// With digits of its own: 1.555 compares with a DECIMAL(10,2).
		if _, ok := sqltype.ScanNumber([]byte(text)); ok {
			return b.number(at, text)
		}
	}
	return b.readText(at, text, t)
}

func (b *binder) compareNumbers(op string, ln, rn Node, l, r bound) (bound, bound, kernel) {
	lk, rk := kindOf(l.typ()), kindOf(r.typ())
	l, r = b.sameNumber(ln, l, rk), b.sameNumber(rn, r, lk)
	if lk, rk = kindOf(l.typ()), kindOf(r.typ()); lk == rk && lk != kDecimal {
		return l, r, comparison(op, lk)
	}
	switch {
	case lk == kInt && rk == kDouble:
		return l, r, compareMixed(op, false)
	case lk == kDouble && rk == kInt:
		return l, r, compareMixed(op, true)
	case lk == kDouble || rk == kDouble:
		l, r = b.convert(ln, l, sqltype.Double), b.convert(rn, r, sqltype.Double)
		return l, r, comparison(op, kDouble)
	}
	lt, rt := decimalOf(l), decimalOf(r)
	scale := max(lt.Scale, rt.Scale)
	if max(lt.Precision-lt.Scale, rt.Precision-rt.Scale)+scale <= sqltype.PrecisionMax {
		lt = sqltype.Decimal(lt.Precision-lt.Scale+scale, scale)
		rt = sqltype.Decimal(rt.Precision-rt.Scale+scale, scale)
		return b.convert(ln, l, lt), b.convert(rn, r, rt), comparison(op, kDecimal)
	}
	l, r = b.convert(ln, l, lt), b.convert(rn, r, rt)
	return l, r, comparisonBy(op, func(a, b *vector, i int) int {
		return compareScaled(a.dec[a.at(i)], lt.Scale, b.dec[b.at(i)], rt.Scale)
	})
}

// sameNumber gives a constant the kind of the column it is compared with if
// that loses nothing, so that the comparison is one of equal kinds.
func (b *binder) sameNumber(at Node, x bound, other kind) bound {
	c, ok := x.(*constant)
	if !ok || c.v.null || kindOf(c.t) == other {
		return x
	}
	switch k := kindOf(c.t); {
	case k == kInt && other == kDouble:
		if i := c.v.i64[0]; int64(float64(i)) == i && i != math.MaxInt64 {
			return doubleConstant(float64(i))
		}
	case other == kInt:
		if i, ok := exactInt(c); ok {
			return bigintConstant(i)
		}
	}
	return x
}

// exactInt returns the BIGINT that equals a numeric constant, if there is one.
func exactInt(c *constant) (int64, bool) {
	switch kindOf(c.t) {
	case kInt:
		return c.v.i64[0], true
	case kDouble:
		f := c.v.f64[0]
		if f == math.Trunc(f) && f >= math.MinInt64 && f < -math.MinInt64 {
			return int64(f), true
		}
	case kDecimal:
		if whole, fraction := truncated(c.v.dec[0], scaleOf(c.t)); !fraction {
			return asInt64(whole)
		}
	}
	return 0, false
}

// compareIntFloat orders a BIGINT and a DOUBLE by their exact values.
func compareIntFloat(i int64, f float64) int {
	if i > -1<<53 && i < 1<<53 && f == f { // the BIGINT is a DOUBLE, too
		return cmp.Compare(float64(i), f)
	}
	switch {
	case f != f || f >= -math.MinInt64:
		return -1
	case f < math.MinInt64:
		return 1
	}
	// One of the two is beyond 2⁵³. If that is f it has no fraction; if not,
	// the fraction does not matter.
	return cmp.Compare(i, int64(f))
}

// compareMixed returns the kernel of op for a BIGINT and a DOUBLE, in that
// order unless doubleFirst.
func compareMixed(op string, doubleFirst bool) kernel {
	o := compareOps[op]
	// Sought is the sign of comparing the BIGINT with the DOUBLE.
	sought := 0
	if o.less {
		sought = -1
		if o.swap != doubleFirst {
			sought = 1
		}
	}
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		ints, doubles := args[0], args[1]
		if doubleFirst {
			ints, doubles = doubles, ints
		}
		value := out.makeBits(n)
		x, xMask, y, yMask := ints.i64, ints.mask(), doubles.f64, doubles.mask()
		for w := range value {
			var m uint64
			for i := w << 6; i < min(w<<6+64, n); i++ {
				var bit uint64
				if compareIntFloat(x[i&xMask], y[i&yMask]) == sought {
					bit = 1
				}
				m |= bit << (uint(i) & 63)
			}
			if o.negate {
				m = ^m
			}
			value[w] = m
		}
		return nil
	}
}

// comparisonBy returns the kernel of op for operands that order compares.
func comparisonBy(op string, order func(a, b *vector, i int) int) kernel {
	o := compareOps[op]
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		clear(value)
		for i := range n {
			c := order(args[0], args[1], i)
			if o.swap {
				c = -c
			}
			if (c == 0 && !o.less || c < 0 && o.less) != o.negate {
				value.set(i)
			}
		}
		return nil
	}
}

// distinctKernel makes IS [NOT] DISTINCT FROM of the kernel of =.
func distinctKernel(equal kernel, distinct bool) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		words := wordsFor(n)
		both := bitmap(grow((*[]uint64)(&out.own.hit), words))
		for w := range both {
			both[w] = live.word(w, n) & a.nonNull(w, n) & b.nonNull(w, n)
		}
		if a.constant && a.null || b.constant && b.null {
			clear(out.makeBits(n))
		} else if err := equal(n, both, args, out); err != nil {
			return err
		}
		for w := range out.bits {
			same := out.bits[w]&both[w] | ^a.nonNull(w, n)&^b.nonNull(w, n)
			if distinct {
				same = ^same
			}
			out.bits[w] = same
		}
		return nil
	}
}
