package expr

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// The makers of constants.

func bigintConstant(v int64) *constant {
	return &constant{t: sqltype.BigInt, v: &vector{constant: true, i64: []int64{v}}}
}

func doubleConstant(v float64) *constant {
	return &constant{t: sqltype.Double, v: &vector{constant: true, f64: []float64{v}}}
}

func boolConstant(v bool) *constant {
	return &constant{t: sqltype.Boolean, v: &vector{constant: true, bits: bitmap{uint64(boolToInt(v))}}}
}

func textConstant(s string) *constant {
	return &constant{t: sqltype.Varchar, v: &vector{constant: true, lo: []int32{0}, hi: []int32{int32(len(s))}, data: []byte(s)}}
}

func nullOf(t arrow.DataType) *constant { return &constant{t: t, v: nullConstant} }

func intervalConstant(v arrow.MonthDayNanoInterval) *constant {
	return &constant{t: sqltype.Interval, v: &vector{constant: true, iv: []arrow.MonthDayNanoInterval{v}}}
}

// isNullConstant reports whether x is NULL for every row.
func isNullConstant(x bound) bool {
	c, ok := x.(*constant)
	return ok && c.v.null
}

func (b *binder) literal(n *Literal) bound {
	switch n.Kind {
	case LiteralNull:
		return nullOf(arrow.Null)
	case LiteralBool:
		return boolConstant(n.Text == "true")
	case LiteralString:
		c := textConstant(n.Text)
		c.literal = true
		return c
	case LiteralNumber:
		return b.number(n, n.Text)
	}
	return b.readText(n, n.Text, n.Type)
}

// number types a number by how it is written: an integer that fits is BIGINT,
// one with an exponent is DOUBLE, every other is DECIMAL with just its digits.
func (b *binder) number(at Node, text string) bound {
	raw := []byte(text)
	if i, ok := sqltype.ParseInt(raw); ok {
		return bigintConstant(i)
	}
	shape, ok := sqltype.ScanNumber(raw)
	if !ok {
		if f, ok := sqltype.ParseDouble(raw); ok { // NaN, infinity
			return doubleConstant(f)
		}
		return b.fail(at, "", "%s is not a number", textLiteral(shorten(text)))
	}
	if shape.Exponent {
		if f, ok := sqltype.ParseDouble(raw); ok && f-f == 0 {
			return doubleConstant(f)
		}
		return b.fail(at, "", "%s is beyond DOUBLE", shorten(text))
	}
	digits := max(shape.IntegerDigits+shape.FractionDigits, 1)
	if digits <= sqltype.PrecisionMax {
		t := sqltype.Decimal(int32(digits), int32(shape.FractionDigits))
		if v, ok := sqltype.ParseDecimal(raw, t.Precision, t.Scale); ok {
			return &constant{t: t, v: &vector{constant: true, dec: []decimal128.Num{v}}}
		}
	}
	return b.fail(at, "write it with an exponent, such as 1e40, to have a DOUBLE",
		"%s has more than the %d digits of a DECIMAL", shorten(text), sqltype.PrecisionMax)
}

// textForms says in messages how the text of a type looks.
var textForms = map[kind]string{
	kBool:        "it is true or false",
	kDate:        "a date is written '2024-12-31'",
	kTimestamp:   "a timestamp is written '2024-12-31 23:59:59'",
	kTimestampTZ: "a timestamp with zone is written '2024-12-31 23:59:59+01:00'",
	kTime:        "a time is written '23:59:59'",
}

// readText reads text in the source as a value of t, all of it exactly.
func (b *binder) readText(at Node, text string, t arrow.DataType) bound {
	raw := []byte(strings.TrimSpace(text))
	v := &vector{constant: true}
	ok := false
	switch k := kindOf(t); k {
	case kVarchar:
		return textConstant(text)
	case kBool:
		var set bool
		set, ok = parseBool(raw)
		v.bits = bitmap{uint64(boolToInt(set))}
	case kInt:
		v.i64 = make([]int64, 1)
		v.i64[0], ok = sqltype.ParseInt(raw)
	case kDouble:
		v.f64 = make([]float64, 1)
		v.f64[0], ok = sqltype.ParseDouble(raw)
	case kDecimal:
		d := t.(*arrow.Decimal128Type)
		v.dec = make([]decimal128.Num, 1)
		v.dec[0], ok = sqltype.ParseDecimal(raw, d.Precision, d.Scale)
	case kDate:
		var d arrow.Date32
		d, ok = sqltype.ParseDate(raw)
		v.i32 = []int32{int32(d)}
	case kTimestamp, kTimestampTZ:
		v.i64 = make([]int64, 1)
		v.i64[0], _, ok = sqltype.ParseTimestamp(raw)
	case kTime:
		v.i64 = make([]int64, 1)
		v.i64[0], ok = sqltype.ParseTime(raw)
	case kInterval:
		iv, err := sqltype.ParseInterval(string(raw))
		if err != nil {
			return b.fail(at, "", "%s", err)
		}
		v.iv, ok = []arrow.MonthDayNanoInterval{iv}, true
	}
	if !ok {
		return b.fail(at, textForms[kindOf(t)], "%s is not a %s", pipeline.Excerpt(text), sqltype.Name(t))
	}
	return &constant{t: t, v: v}
}

// convert makes x a value of type t where SQL does so by itself. Text as
// written in the source is read as t.
func (b *binder) convert(at Node, x bound, t arrow.DataType) bound {
	if arrow.TypeEqual(x.typ(), t) {
		return x
	}
	if isNullConstant(x) || kindOf(x.typ()) == kNull {
		return nullOf(t)
	}
	if c, ok := x.(*constant); ok && c.literal {
		return b.readText(at, string(c.v.text(0)), t)
	}
	k, ok := castKernel(x.typ(), t, false)
	if !ok {
		return b.fail(at, castHint(at, t), "expected %s, found %s", sqltype.Name(t), sqltype.Name(x.typ()))
	}
	return b.apply(at, t, k, x)
}

// castHint proposes a cast of a node.
func castHint(n Node, t arrow.DataType) string {
	return fmt.Sprintf("write CAST(%s AS %s)", shorten(n.String()), sqltype.Name(t))
}

// decimalOf returns the DECIMAL that holds a BIGINT or DECIMAL: of a constant,
// the one with just its digits, so that price * 2 does not grow by 19 digits.
func decimalOf(x bound) *arrow.Decimal128Type {
	if d, ok := x.typ().(*arrow.Decimal128Type); ok {
		return d
	}
	const bigintDigits = 19
	digits := int32(bigintDigits)
	if c, ok := x.(*constant); ok && !c.v.null && kindOf(c.t) == kInt {
		digits = 1
		for v := c.v.i64[0] / 10; v != 0; v /= 10 {
			digits++
		}
	}
	return sqltype.Decimal(digits, 0)
}

// unify finds the one type that all of xs are converted to, as in CASE and
// COALESCE, and converts them. Text as written takes the type of the others.
func (b *binder) unify(what string, at []Node, xs []bound) (arrow.DataType, bool) {
	var t arrow.DataType = arrow.Null
	decimals, literals := false, false
	for _, x := range xs {
		decimals = decimals || kindOf(x.typ()) == kDecimal
		literals = literals || isTextLiteral(x)
	}
	for i, x := range xs {
		if isTextLiteral(x) || isNullConstant(x) && kindOf(x.typ()) == kNull {
			continue
		}
		xt := x.typ()
		if decimals && kindOf(xt) == kInt {
			xt = decimalOf(x)
		}
		u, ok := sqltype.Unify(t, xt)
		if !ok {
			b.fail(at[i], castHint(at[i], t), "%s has values of type %s and %s", what, sqltype.Name(t), sqltype.Name(x.typ()))
			return nil, false
		}
		t = u
	}
	if kindOf(t) == kNull && literals {
		t = sqltype.Varchar
	}
	if kindOf(t) == kNull {
		return t, true
	}
	for i := range xs {
		if xs[i] = b.convert(at[i], xs[i], t); xs[i] == nil {
			return nil, false
		}
	}
	return t, true
}
