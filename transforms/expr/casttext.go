package expr

import (
	"bytes"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// fromText returns the cast of text to a type. White space around the value
// does not count.
func fromText(to arrow.DataType) converter {
	trimmed := func(a *vector, i int) []byte { return bytes.TrimSpace(a.text(i)) }
	switch t := to.(type) {
	case *arrow.BooleanType:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeBits(n)
			clear(dst)
			return func(i int) bool {
				v, ok := parseBool(trimmed(a, i))
				if v {
					dst.set(i)
				}
				return ok
			}
		}
	case *arrow.Int64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt64(n)
			return func(i int) (ok bool) {
				dst[i], ok = sqltype.ParseInt(trimmed(a, i))
				return ok
			}
		}
	case *arrow.Float64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDouble(n)
			return func(i int) (ok bool) {
				dst[i], ok = sqltype.ParseDouble(trimmed(a, i))
				return ok
			}
		}
	case *arrow.Decimal128Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDecimal(n)
			return func(i int) (ok bool) {
				dst[i], ok = parseDecimalRounding(trimmed(a, i), t.Precision, t.Scale)
				return ok
			}
		}
	case *arrow.Date32Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt32(n)
			return func(i int) bool {
				text := trimmed(a, i)
				if d, ok := sqltype.ParseDate(text); ok {
					dst[i] = int32(d)
					return true
				}
				micros, _, ok := sqltype.ParseTimestamp(text)
				dst[i], _ = splitMicros(micros)
				return ok
			}
		}
	case *arrow.TimestampType:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt64(n)
			return func(i int) (ok bool) {
				dst[i], _, ok = sqltype.ParseTimestamp(trimmed(a, i))
				return ok
			}
		}
	case *arrow.Time64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt64(n)
			return func(i int) (ok bool) {
				dst[i], ok = sqltype.ParseTime(trimmed(a, i))
				return ok
			}
		}
	case *arrow.MonthDayNanoIntervalType:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInterval(n)
			return func(i int) bool {
				v, err := sqltype.ParseInterval(string(trimmed(a, i)))
				dst[i] = v
				return err == nil
			}
		}
	}
	return nil
}

// parseBool reads PostgreSQL's spellings of true and false.
func parseBool(b []byte) (v, ok bool) {
	if len(b) > len("false") {
		return false, false
	}
	switch string(bytes.ToLower(b)) {
	case "true", "t", "yes", "y", "on", "1":
		return true, true
	case "false", "f", "no", "n", "off", "0":
		return false, true
	}
	return false, false
}

// parseDecimalRounding reads a number into a DECIMAL, rounding half away from
// zero the digits that its scale has no place for.
func parseDecimalRounding(b []byte, precision, scale int32) (decimal128.Num, bool) {
	if v, ok := sqltype.ParseDecimal(b, precision, scale); ok {
		return v, true
	}
	// Read it with as many places as it needs, then round once.
	shape, ok := sqltype.ScanNumber(b)
	if !ok || shape.Exponent || shape.IntegerDigits+shape.FractionDigits > sqltype.PrecisionMax {
		return decimal128.Num{}, false
	}
	places := int32(shape.FractionDigits)
	v, ok := sqltype.ParseDecimal(b, sqltype.PrecisionMax, places)
	if !ok {
		return decimal128.Num{}, false
	}
	return rescale(v, places, scale, precision)
}

// doubleToDecimal rounds the shortest decimal that stands for v, half away
// from zero: 2.675 becomes 2.68, though the double is a little less.
func doubleToDecimal(v float64, precision, scale int32) (decimal128.Num, bool) {
	if v-v != 0 { // NaN or infinite
		return decimal128.Num{}, false
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', -1, 64)
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	e := bytes.IndexByte(text, 'e')
	exponent, _ := strconv.Atoi(string(text[e+1:]))
	var digits uint64
	for _, c := range text[:e] {
		if c != '.' {
			digits = digits*10 + uint64(c-'0')
		}
	}
	if e > 1 {
		exponent -= e - 2
	}
	shift := exponent + int(scale)
	m := uint128{0, digits}
	switch {
	case digits == 0 || shift < -sqltype.PrecisionMax:
		m = uint128{}
	case shift < 0:
		m = roundedQuotient(m, pow10[-shift])
	case shift > sqltype.PrecisionMax:
		return decimal128.Num{}, false
	default:
		var ok bool
		if m, ok = m.mul(pow10[shift]); !ok {
			return decimal128.Num{}, false
		}
	}
	if !m.less(pow10[precision]) {
		return decimal128.Num{}, false
	}
	return signed(m, negative), true
}

// appendAt writes row i of a vector, not NULL, as CAST(x AS VARCHAR) shows it.
func appendAt(dst []byte, t arrow.DataType, v *vector, i int) []byte {
	i = v.at(i)
	switch kindOf(t) {
	case kBool:
		return strconv.AppendBool(dst, v.bits.get(i))
	case kInt:
		return strconv.AppendInt(dst, v.i64[i], 10)
	case kDouble:
		return sqltype.AppendDouble(dst, v.f64[i])
	case kDecimal:
		return sqltype.AppendDecimal(dst, v.dec[i], scaleOf(t))
	case kDate:
		return sqltype.AppendDate(dst, arrow.Date32(v.i32[i]))
	case kTimestamp:
		return sqltype.AppendTimestamp(dst, v.i64[i])
	case kTimestampTZ:
		return sqltype.AppendTimestampTZ(dst, v.i64[i])
	case kTime:
		return sqltype.AppendTime(dst, v.i64[i])
	case kInterval:
		return sqltype.AppendInterval(dst, v.iv[i])
	case kBlob:
		const hex = "0123456789abcdef"
		dst = append(dst, '\\', 'x')
		for _, c := range v.text(i) {
			dst = append(dst, hex[c>>4], hex[c&15])
		}
		return dst
	}
	return append(dst, v.text(i)...)
}

// excerptAt shows a value in a message.
func excerptAt(t arrow.DataType, v *vector, i int) string {
	text := string(appendAt(nil, t, v, i))
	if kindOf(t) == kVarchar {
		return pipeline.Excerpt(text)
	}
	return text
}

// textKernel is CAST(x AS VARCHAR).
func textKernel(from arrow.DataType) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.makeText(n)
		for i := range live.rows(n) {
			start := len(out.own.data)
			out.own.data = appendAt(out.own.data, from, args[0], i)
			if err := out.put(i, start); err != nil {
				return err
			}
		}
		return nil
	}
}
