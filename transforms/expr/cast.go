package expr

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

// converter makes ready to convert the rows of a into out and returns the
// function that converts row i; it reports false if the value has no
// counterpart in the other type.
type converter func(n int, a, out *vector) func(i int) bool

// castKernel returns the kernel that converts from one type to another, and
// whether there is such a cast. A value that cannot be converted is a fault,
// or with try NULL.
func castKernel(from, to arrow.DataType, try bool) (kernel, bool) {
	f, t := kindOf(from), kindOf(to)
	switch {
	case t == kVarchar:
		return textKernel(from), true
	case f == kInt && t == kDouble:
		return bigintToDouble, true
	case f == kTimestamp && t == kTimestampTZ, f == kTimestampTZ && t == kTimestamp:
		return sameInt64, true
	}
	convert := converterOf(from, to)
	if convert == nil {
		return nil, false
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a := args[0]
		row := convert(n, a, out)
		for i := range live.rows(n) {
			if row(a.at(i)) {
				continue
			}
			if !try {
				return faultf(i, "%s cannot be CAST to %s; TRY_CAST makes it NULL", excerptAt(from, a, i), sqltype.Name(to))
			}
			out.setNull(i, n)
		}
		return nil
	}, true
}

// converterOf returns nil if there is no such cast.
func converterOf(from, to arrow.DataType) converter {
	f, t := kindOf(from), kindOf(to)
	switch f {
	case kVarchar:
		return fromText(to)
	case kInt:
		return fromBigint(to)
	case kDouble:
		return fromDouble(to)
	case kDecimal:
		return fromDecimal(from.(*arrow.Decimal128Type), to)
	case kBool:
		switch t {
		case kInt:
			return func(n int, a, out *vector) func(int) bool {
				dst := out.makeInt64(n)
				return func(i int) bool { dst[i] = boolToInt(a.bits.get(i)); return true }
			}
		case kDouble:
			return func(n int, a, out *vector) func(int) bool {
				dst := out.makeDouble(n)
				return func(i int) bool { dst[i] = float64(boolToInt(a.bits.get(i))); return true }
			}
		}
	case kDate:
		if t == kTimestamp || t == kTimestampTZ {
			return dateToTimestamp
		}
	case kTimestamp, kTimestampTZ:
		switch t {
		case kDate:
			return func(n int, a, out *vector) func(int) bool {
				dst := out.makeInt32(n)
				return func(i int) bool { dst[i], _ = splitMicros(a.i64[i]); return true }
			}
		case kTime:
			return func(n int, a, out *vector) func(int) bool {
				dst := out.makeInt64(n)
				return func(i int) bool { _, dst[i] = splitMicros(a.i64[i]); return true }
			}
		}
	case kTime:
		if t == kInterval {
			return func(n int, a, out *vector) func(int) bool {
				dst := out.makeInterval(n)
				return func(i int) bool {
					dst[i] = arrow.MonthDayNanoInterval{Nanoseconds: a.i64[i] * nanosPerMicro}
					return true
				}
			}
		}
	}
	return nil
}

func boolToInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func bigintToDouble(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeDouble(n)
	for i, x := range args[0].i64[:n] {
		dst[i] = float64(x)
	}
	return nil
}

func sameInt64(n int, _ bitmap, args []*vector, out *vector) error {
	copy(out.makeInt64(n), args[0].i64)
	return nil
}

func dateToTimestamp(n int, a, out *vector) func(int) bool {
	dst := out.makeInt64(n)
	return func(i int) (ok bool) {
		dst[i], ok = joinMicros(int64(a.i32[i]), 0)
		return ok
	}
}

func fromBigint(to arrow.DataType) converter {
	switch t := to.(type) {
	case *arrow.Decimal128Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDecimal(n)
			return func(i int) (ok bool) {
				dst[i], ok = rescale(decimal128.FromI64(a.i64[i]), 0, t.Scale, t.Precision)
				return ok
			}
		}
	case *arrow.BooleanType:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeBits(n)
			clear(dst)
			return func(i int) bool {
				if a.i64[i] != 0 {
					dst.set(i)
				}
				return true
			}
		}
	}
	return nil
}

func fromDouble(to arrow.DataType) converter {
	switch t := to.(type) {
	case *arrow.Int64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt64(n)
			return func(i int) bool {
				v := math.RoundToEven(a.f64[i])
				if !(v >= math.MinInt64 && v < -math.MinInt64) {
					return false
				}
				dst[i] = int64(v)
				return true
			}
		}
	case *arrow.Decimal128Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDecimal(n)
			return func(i int) (ok bool) {
				dst[i], ok = doubleToDecimal(a.f64[i], t.Precision, t.Scale)
				return ok
			}
		}
	}
	return nil
}

func fromDecimal(from *arrow.Decimal128Type, to arrow.DataType) converter {
	switch t := to.(type) {
	case *arrow.Int64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeInt64(n)
			return func(i int) bool {
				v, ok := rescale(a.dec[i], from.Scale, 0, sqltype.PrecisionMax)
				if !ok {
					return false
				}
				dst[i], ok = asInt64(v)
				return ok
			}
		}
	case *arrow.Float64Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDouble(n)
			return func(i int) bool {
				dst[i] = decimalToDouble(a.dec[i], from.Scale)
				return true
			}
		}
	case *arrow.Decimal128Type:
		return func(n int, a, out *vector) func(int) bool {
			dst := out.makeDecimal(n)
			return func(i int) (ok bool) {
				dst[i], ok = rescale(a.dec[i], from.Scale, t.Scale, t.Precision)
				return ok
			}
		}
	}
	return nil
}
