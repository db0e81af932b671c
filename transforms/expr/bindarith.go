package expr

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

func (b *binder) unary(n *Unary) bound {
	if n.Op == "NOT" {
		x := b.condition("NOT", n.X, b.bind(n.X))
		if x == nil {
			return nil
		}
		return b.apply(n, sqltype.Boolean, notKernel, x)
	}
	if lit, ok := n.X.(*Literal); ok && lit.Kind == LiteralNumber {
		return b.number(lit, "-"+lit.Text)
	}
	x := b.bind(n.X)
	if x == nil {
		return nil
	}
	switch kindOf(x.typ()) {
	case kNull:
		return x
	case kInt:
		return b.apply(n, sqltype.BigInt, bigintNegate, x)
	case kDouble:
		return b.apply(n, sqltype.Double, doubleNegate, x)
	case kDecimal:
		return b.apply(n, x.typ(), decimalNegate, x)
	case kInterval:
		return b.apply(n, sqltype.Interval, intervalSum(-1), intervalConstant(arrow.MonthDayNanoInterval{}), x)
	}
	return b.fail(n, "", "- needs a number or an INTERVAL, found %s", sqltype.Name(x.typ()))
}

// condition makes x BOOLEAN.
func (b *binder) condition(what string, at Node, x bound) bound {
	if x == nil {
		return nil
	}
	switch k := kindOf(x.typ()); {
	case k == kBool, k == kNull, isTextLiteral(x):
		return b.convert(at, x, sqltype.Boolean)
	case k.isNumber():
		return b.fail(at, fmt.Sprintf("write %s <> 0", shorten(at.String())), "%s needs a BOOLEAN, found %s", what, sqltype.Name(x.typ()))
	}
	return b.fail(at, "", "%s needs a BOOLEAN, found %s", what, sqltype.Name(x.typ()))
}

func (b *binder) binary(n *Binary) bound {
	switch n.Op {
	case "AND", "OR":
		l := b.condition(n.Op, n.L, b.bind(n.L))
		r := b.condition(n.Op, n.R, b.guard(n.R))
		if l == nil || r == nil {
			return nil
		}
		return b.logical(n, n.Op == "OR", l, r)
	}
	l, r := b.bind(n.L), b.bind(n.R)
	if l == nil || r == nil {
		return nil
	}
	switch n.Op {
	case "+", "-", "*", "/", "//", "%":
		return b.arithmetic(n, l, r)
	case "||":
		return b.join(n, l, r)
	}
	return b.compare(n, n.Op, n.L, n.R, l, r)
}

// logical makes AND or OR; a left side known to decide, or not to, leaves one
// of the two.
func (b *binder) logical(at Node, or bool, l, r bound) bound {
	if c, ok := l.(*constant); ok && !c.v.null {
		if (c.v.bits[0]&1 != 0) == or {
			return c
		}
		return r
	}
	return b.fold(at, &logical{or: or, l: l, r: r, slot: b.slot()})
}

// join types ||: anything is joined as text.
func (b *binder) join(n *Binary, l, r bound) bound {
	for _, x := range []bound{l, r} {
		if kindOf(x.typ()) == kBlob {
			return b.fail(n, "", "|| joins text, found BLOB")
		}
	}
	l, r = b.convert(n.L, l, sqltype.Varchar), b.convert(n.R, r, sqltype.Varchar)
	return b.apply(n, sqltype.Varchar, joinKernel, l, r)
}

func (b *binder) arithmetic(n *Binary, l, r bound) bound {
	// Text as written next to a number is a number.
	if isTextLiteral(l) && kindOf(r.typ()).isNumber() {
		l = b.number(n.L, strings.TrimSpace(string(l.(*constant).v.text(0))))
	} else if isTextLiteral(r) && kindOf(l.typ()).isNumber() {
		r = b.number(n.R, strings.TrimSpace(string(r.(*constant).v.text(0))))
	}
	if l == nil || r == nil {
		return nil
	}
	lk, rk := kindOf(l.typ()), kindOf(r.typ())
	switch {
	case lk == kNull && rk == kNull:
		return l
	case lk == kNull && rk.isNumber():
		l, lk = nullOf(r.typ()), rk
	case rk == kNull && lk.isNumber():
		r, rk = nullOf(l.typ()), lk
	}
	if lk.isNumber() && rk.isNumber() {
		return b.numbers(n, l, r)
	}
	return b.temporal(n, l, r)
}

// numbers types arithmetic on numbers.
func (b *binder) numbers(n *Binary, l, r bound) bound {
	lk, rk := kindOf(l.typ()), kindOf(r.typ())
	if n.Op == "/" || lk == kDouble || rk == kDouble {
		l, r = b.convert(n.L, l, sqltype.Double), b.convert(n.R, r, sqltype.Double)
		if l == nil || r == nil {
			return nil
		}
		k := doubleKernel(n.Op)
		switch n.Op {
		case "/":
			k = doubleDivide
		case "//":
			k = doubleQuotient
		case "%":
			k = doubleModulo
		}
		return b.apply(n, sqltype.Double, k, l, r)
	}
	if lk == kInt && rk == kInt {
		k := bigintKernel(n.Op)
		switch n.Op {
		case "//":
			k = bigintDivide
		case "%":
			k = bigintModulo
		}
		return b.apply(n, sqltype.BigInt, k, l, r)
	}
	lt, rt := decimalOf(l), decimalOf(r)
	result := decimalResult(n.Op, lt, rt)
	if result == nil {
		return b.fail(n, "CAST an operand to DOUBLE or to a DECIMAL of fewer places",
			"%s %s %s needs %d places behind the point, DECIMAL has %d",
			sqltype.Name(lt), n.Op, sqltype.Name(rt), lt.Scale+rt.Scale, sqltype.PrecisionMax)
	}
	if n.Op != "*" {
		scale := max(lt.Scale, rt.Scale)
		lt = sqltype.Decimal(min(lt.Precision-lt.Scale+scale, sqltype.PrecisionMax), scale)
		rt = sqltype.Decimal(min(rt.Precision-rt.Scale+scale, sqltype.PrecisionMax), scale)
	}
	l, r = b.convert(n.L, l, lt), b.convert(n.R, r, rt)
	if l == nil || r == nil {
		return nil
	}
	return b.apply(n, result, decimalKernel(n.Op, lt, rt, result), l, r)
}

// temporal types arithmetic on dates, times and intervals.
func (b *binder) temporal(n *Binary, l, r bound) bound {
	// An operator may stand in two places of the table below with an
	// operand that is NULL; the result is NULL whichever is meant.
	lk, rk := kindOf(l.typ()), kindOf(r.typ())
	for _, o := range temporalOps {
		if o.op != n.Op || o.l != lk && lk != kNull || o.r != rk && rk != kNull {
			continue
		}
		if lk == kNull || rk == kNull {
			return nullOf(o.result.dataType())
		}
		if o.castL != kNone {
			l = b.convert(n.L, l, o.castL.dataType())
		}
		if o.castR != kNone {
			r = b.convert(n.R, r, o.castR.dataType())
		}
		if l == nil || r == nil {
			return nil
		}
		if o.swap {
			l, r = r, l
		}
		return b.apply(n, o.result.dataType(), o.kernel, l, r)
	}
	hint := ""
	switch {
	case lk == kVarchar && rk == kVarchar && n.Op == "+":
		hint = "text is joined with ||"
	case isTextLiteral(r) && (lk == kDate || lk == kTimestamp || lk == kTimestampTZ):
		hint = fmt.Sprintf("write INTERVAL %s", n.R)
	case lk == kVarchar:
		hint = castHint(n.L, r.typ())
		if rk == kVarchar {
			hint = castHint(n.L, sqltype.Double)
		}
	case rk == kVarchar:
		hint = castHint(n.R, l.typ())
	}
	return b.fail(n, hint, "there is no %s %s %s", sqltype.Name(l.typ()), n.Op, sqltype.Name(r.typ()))
}

// temporalOp is one row of the table of temporal arithmetic.
type temporalOp struct {
	op           string
	l, r, result kind
	castL, castR kind // conversions before, kNone without
	swap         bool // the kernel takes the operands the other way round
	kernel       kernel
}

var temporalOps = []temporalOp{
	{op: "-", l: kDate, r: kDate, result: kInt, kernel: dateDifference},
	{op: "+", l: kDate, r: kInt, result: kDate, kernel: dateShift(1)},
	{op: "-", l: kDate, r: kInt, result: kDate, kernel: dateShift(-1)},
	{op: "+", l: kInt, r: kDate, result: kDate, swap: true, kernel: dateShift(1)},
	{op: "+", l: kDate, r: kInterval, result: kTimestamp, castL: kTimestamp, kernel: timestampShift(1, kTimestamp)},
	{op: "-", l: kDate, r: kInterval, result: kTimestamp, castL: kTimestamp, kernel: timestampShift(-1, kTimestamp)},
	{op: "+", l: kInterval, r: kDate, result: kTimestamp, castR: kTimestamp, swap: true, kernel: timestampShift(1, kTimestamp)},
	{op: "+", l: kDate, r: kTime, result: kTimestamp, castL: kTimestamp, castR: kInterval, kernel: timestampShift(1, kTimestamp)},

	{op: "+", l: kTimestamp, r: kInterval, result: kTimestamp, kernel: timestampShift(1, kTimestamp)},
	{op: "-", l: kTimestamp, r: kInterval, result: kTimestamp, kernel: timestampShift(-1, kTimestamp)},
	{op: "+", l: kInterval, r: kTimestamp, result: kTimestamp, swap: true, kernel: timestampShift(1, kTimestamp)},
	{op: "+", l: kTimestampTZ, r: kInterval, result: kTimestampTZ, kernel: timestampShift(1, kTimestampTZ)},
	{op: "-", l: kTimestampTZ, r: kInterval, result: kTimestampTZ, kernel: timestampShift(-1, kTimestampTZ)},
	{op: "+", l: kInterval, r: kTimestampTZ, result: kTimestampTZ, swap: true, kernel: timestampShift(1, kTimestampTZ)},

	{op: "-", l: kTimestamp, r: kTimestamp, result: kInterval, kernel: timestampDifference},
	{op: "-", l: kTimestampTZ, r: kTimestampTZ, result: kInterval, kernel: timestampDifference},
	{op: "-", l: kDate, r: kTimestamp, result: kInterval, castL: kTimestamp, kernel: timestampDifference},
	{op: "-", l: kTimestamp, r: kDate, result: kInterval, castR: kTimestamp, kernel: timestampDifference},
	{op: "-", l: kDate, r: kTimestampTZ, result: kInterval, castL: kTimestampTZ, kernel: timestampDifference},
	{op: "-", l: kTimestampTZ, r: kDate, result: kInterval, castR: kTimestampTZ, kernel: timestampDifference},
	{op: "-", l: kTimestamp, r: kTimestampTZ, result: kInterval, castL: kTimestampTZ, kernel: timestampDifference},
	{op: "-", l: kTimestampTZ, r: kTimestamp, result: kInterval, castR: kTimestampTZ, kernel: timestampDifference},

	{op: "+", l: kTime, r: kInterval, result: kTime, kernel: timeShift(1)},
	{op: "-", l: kTime, r: kInterval, result: kTime, kernel: timeShift(-1)},
	{op: "-", l: kTime, r: kTime, result: kInterval, kernel: timestampDifference},

	{op: "+", l: kInterval, r: kInterval, result: kInterval, kernel: intervalSum(1)},
	{op: "-", l: kInterval, r: kInterval, result: kInterval, kernel: intervalSum(-1)},
	{op: "*", l: kInterval, r: kInt, result: kInterval, castR: kDouble, kernel: intervalScale(false)},
	{op: "*", l: kInterval, r: kDouble, result: kInterval, kernel: intervalScale(false)},
	{op: "*", l: kInterval, r: kDecimal, result: kInterval, castR: kDouble, kernel: intervalScale(false)},
	{op: "*", l: kInt, r: kInterval, result: kInterval, castL: kDouble, swap: true, kernel: intervalScale(false)},
	{op: "*", l: kDouble, r: kInterval, result: kInterval, swap: true, kernel: intervalScale(false)},
	{op: "*", l: kDecimal, r: kInterval, result: kInterval, castL: kDouble, swap: true, kernel: intervalScale(false)},
	{op: "/", l: kInterval, r: kInt, result: kInterval, castR: kDouble, kernel: intervalScale(true)},
	{op: "/", l: kInterval, r: kDouble, result: kInterval, kernel: intervalScale(true)},
	{op: "/", l: kInterval, r: kDecimal, result: kInterval, castR: kDouble, kernel: intervalScale(true)},
}
