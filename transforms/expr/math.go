package expr

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

func mathFunctions() []function {
	i, d, n := kInt, kDouble, kDecimal
	whole := func(doubles func(float64) float64, up int) []overload {
		return []overload{
			fn(i, sameInt64, i),
			{params: []kind{n}, typ: wholeDecimal, result: kAny, make: func(args []bound) (kernel, int, error) {
				return decimalWhole(scaleOf(args[0].typ()), up), 0, nil
			}},
			fn(d, mapDouble(doubles), d),
		}
	}
	return []function{
		{name: "abs", group: "math", doc: "The number without its sign.", example: "abs(-2) = 2", overloads: []overload{
			fn(i, absBigint, i),
			{params: []kind{n}, typ: sameType, result: kAny, make: fixed(decimalAbs)},
			fn(d, mapDouble(math.Abs), d),
		}},
		{name: "sign", group: "math", doc: "1, 0 or -1.", example: "sign(-2.5) = -1", overloads: []overload{
			fn(i, signBigint, i), fn(i, signDecimal, n), fn(d, mapDouble(signDouble), d),
		}},
		{name: "round", group: "math", doc: "The number rounded to whole, or to so many places (negative: tens, hundreds, …), a half away from zero.",
			example: "round(2.345, 2) = 2.35", overloads: []overload{
				fn(i, sameInt64, i),
				{params: []kind{n}, typ: wholeDecimal, result: kAny, make: func(args []bound) (kernel, int, error) {
					return decimalRound(scaleOf(args[0].typ()), 0, decimalDigitsMax), 0, nil
				}},
				fn(d, mapDouble(math.Round), d),
				fn(i, roundBigint, i, i),
				{params: []kind{n, i}, typ: roundedDecimal, result: kAny, make: makeRoundDecimal},
				fn(d, roundDouble, d, i),
			}},
		{name: "floor", group: "math", doc: "The largest whole number that is not above.", example: "floor(-1.5) = -2", overloads: whole(math.Floor, -1)},
		{name: "ceil", aliases: []string{"ceiling"}, group: "math", doc: "The smallest whole number that is not below.", example: "ceil(1.2) = 2", overloads: whole(math.Ceil, 1)},
		{name: "trunc", group: "math", doc: "The number without its fraction.", example: "trunc(-1.7) = -1", overloads: whole(math.Trunc, 0)},
		{name: "mod", group: "math", doc: "The remainder, a % b; NULL if b is 0.", example: "mod(-7, 3) = -1",
			usage: []string{"mod(BIGINT, BIGINT) → BIGINT", "mod(DECIMAL, DECIMAL) → DECIMAL", "mod(DOUBLE, DOUBLE) → DOUBLE"}, bind: bindMod},
		{name: "power", aliases: []string{"pow"}, group: "math", doc: "a to the power of b.", example: "power(2, 10) = 1024",
			overloads: []overload{fn(d, powerKernel, d, d)}},
		{name: "sqrt", group: "math", doc: "The square root.", example: "sqrt(9) = 3", overloads: []overload{
			fn(d, checkDouble(math.Sqrt, func(x float64) bool { return x < 0 }, errors.New("sqrt of a negative number")), d)}},
		{name: "ln", group: "math", doc: "The natural logarithm.", example: "ln(1) = 0", overloads: logarithm("ln", math.Log)},
		{name: "log10", aliases: []string{"log"}, group: "math", doc: "The logarithm to base 10.", example: "log10(1000) = 3", overloads: logarithm("log10", math.Log10)},
		{name: "log2", group: "math", doc: "The logarithm to base 2.", example: "log2(8) = 3", overloads: logarithm("log2", math.Log2)},
		{name: "exp", group: "math", doc: "e to the power of the number.", example: "exp(0) = 1", overloads: []overload{fn(d, mapDouble(math.Exp), d)}},
		{name: "isnan", group: "math", doc: "Whether a DOUBLE is not a number.", example: "isnan('NaN'::DOUBLE) = true", overloads: []overload{fn(kBool, isnanKernel, d)}},
	}
}

func logarithm(name string, f func(float64) float64) []overload {
	return []overload{fn(kDouble, checkDouble(f, func(x float64) bool { return x <= 0 },
		errors.New(name+" of a number that is not above 0")), kDouble)}
}

// mapDouble makes a kernel of a function that has a value everywhere.
func mapDouble(f func(float64) float64) kernel {
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		dst := out.makeDouble(n)
		for i, x := range args[0].f64[:n] {
			dst[i] = f(x)
		}
		return nil
	}
}

// checkDouble makes a kernel of a function that has no value for some numbers.
func checkDouble(f func(float64) float64, bad func(float64) bool, err error) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeDouble(n)
		for i := range live.rows(n) {
			x := args[0].f64[i]
			if bad(x) {
				return faultf(i, "%w, %s", err, sqltype.AppendDouble(nil, x))
			}
			dst[i] = f(x)
		}
		return nil
	}
}

func absBigint(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	smallest := false
	for i, x := range args[0].i64[:n] {
		smallest = smallest || x == math.MinInt64
		dst[i] = abs64(x)
	}
	if !smallest {
		return nil
	}
	for i := range live.rows(n) {
		if dst[i] < 0 {
			return faultf(i, "abs(%d) does not fit BIGINT; CAST it to DECIMAL(38,0) or DOUBLE", dst[i])
		}
	}
	return nil
}

func signBigint(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i, x := range args[0].i64[:n] {
		dst[i] = x>>63 | int64(uint64(-x)>>63)
	}
	return nil
}

func signDecimal(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i, x := range args[0].dec[:n] {
		dst[i] = int64(x.Sign())
		if x == (decimal128.Num{}) {
			dst[i] = 0
		}
	}
	return nil
}

func signDouble(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0, -0, NaN
}

func isnanKernel(n int, _ bitmap, args []*vector, out *vector) error {
	value := out.makeBits(n)
	clear(value)
	for i, x := range args[0].f64[:n] {
		if x != x {
			value.set(i)
		}
	}
	return nil
}

func powerKernel(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeDouble(n)
	for i := range live.rows(n) {
		dst[i] = math.Pow(a.f64[a.at(i)], b.f64[b.at(i)])
	}
	return nil
}

// bindMod types mod(a, b) as a % b.
func bindMod(b *binder, n *Call) bound {
	if len(n.Args) != 2 {
		return b.fail(n, "it is called as mod(a, b)", "mod does not take %s", plural(len(n.Args), "argument"))
	}
	return b.bind(&Binary{place: n.place, Op: "%", L: n.Args[0], R: n.Args[1]})
}

// decimalDigitsMax is the precision of the results of rounding that is not
// checked further.
const decimalDigitsMax = sqltype.PrecisionMax

// wholeDecimal is the type of a DECIMAL without its fraction: one digit more,
// for 9.9 rounds to 10.
func wholeDecimal(args []bound) arrow.DataType {
	t := args[0].typ().(*arrow.Decimal128Type)
	if t.Scale == 0 {
		return t
	}
	return sqltype.Decimal(t.Precision-t.Scale+1, 0)
}

func decimalAbs(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeDecimal(n)
	for i, x := range args[0].dec[:n] {
		dst[i] = x
		if x.HighBits() < 0 {
			dst[i] = x.Negate()
		}
	}
	return nil
}

// decimalWhole takes the fraction away: up 1 is ceil, -1 floor, 0 trunc.
func decimalWhole(scale int32, up int) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeDecimal(n)
		for i := range live.rows(n) {
			x := args[0].dec[i]
			whole, fraction := truncated(x, scale)
			switch {
			case fraction && up > 0 && x.HighBits() >= 0:
				whole = whole.Add(decimal128.FromI64(1))
			case fraction && up < 0 && x.HighBits() < 0:
				whole = whole.Sub(decimal128.FromI64(1))
			}
			dst[i] = whole
		}
		return nil
	}
}

// decimalRound rounds to places, which is not above scale; the result has
// places, or none if they are negative.
func decimalRound(scale, places, precision int32) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeDecimal(n)
		for i := range live.rows(n) {
			x := args[0].dec[i]
			r, ok := roundDecimal(x, scale, places, max(places, 0), precision)
			if !ok {
				return faultf(i, "round(%s, %d) has more than %d digits", sqltype.AppendDecimal(nil, x, scale), places, precision)
			}
			dst[i] = r
		}
		return nil
	}
}

// roundDecimal rounds to places and writes the result with another scale.
func roundDecimal(x decimal128.Num, scale, places, newScale, precision int32) (decimal128.Num, bool) {
	if scale-places > sqltype.PrecisionMax {
		return decimal128.Num{}, true
	}
	r, ok := rescale(x, scale, min(places, scale), sqltype.PrecisionMax)
	if !ok {
		return r, false
	}
	return rescale(r, min(places, scale), newScale, precision)
}

// constantInt returns the value of a BIGINT constant.
func constantInt(x bound) (int64, bool) {
	c, ok := x.(*constant)
	if !ok || c.v.null {
		return 0, false
	}
	return c.v.i64[0], true
}

// roundedDecimal is the type of round(DECIMAL, places): a constant says how
// many places are left, otherwise they all stay.
func roundedDecimal(args []bound) arrow.DataType {
	t := args[0].typ().(*arrow.Decimal128Type)
	scale := t.Scale
	if p, ok := constantInt(args[1]); ok {
		if p >= int64(t.Scale) {
			return t
		}
		scale = int32(max(p, 0))
	}
	return sqltype.Decimal(min(t.Precision-t.Scale+1+scale, sqltype.PrecisionMax), scale)
}

func makeRoundDecimal(args []bound) (kernel, int, error) {
	from := args[0].typ().(*arrow.Decimal128Type)
	to := roundedDecimal(args).(*arrow.Decimal128Type)
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeDecimal(n)
		for i := range live.rows(n) {
			x, places := args[0].dec[args[0].at(i)], args[1].i64[args[1].at(i)]
			places = min(max(places, -sqltype.PrecisionMax), int64(from.Scale))
			r, ok := roundDecimal(x, from.Scale, int32(places), to.Scale, to.Precision)
			if !ok {
				return faultf(i, "round(%s, %d) does not fit %s", sqltype.AppendDecimal(nil, x, from.Scale), places, sqltype.Name(to))
			}
			dst[i] = r
		}
		return nil
	}, 0, nil
}

// roundBigint rounds to tens, hundreds, … where places are negative.
func roundBigint(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i := range live.rows(n) {
		x, places := args[0].i64[args[0].at(i)], args[1].i64[args[1].at(i)]
		switch {
		case places >= 0:
			dst[i] = x
			continue
		case places < -19:
			dst[i] = 0
			continue
		}
		r, _ := roundDecimal(decimal128.FromI64(x), 0, int32(places), 0, sqltype.PrecisionMax)
		v, ok := asInt64(r)
		if !ok {
			return faultf(i, "round(%d, %d) does not fit BIGINT; CAST it to DECIMAL(38,0)", x, places)
		}
		dst[i] = v
	}
	return nil
}

// roundDouble rounds the decimal that the DOUBLE is written as: 2.675 to two
// places is 2.68, although the binary number is a little less.
func roundDouble(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeDouble(n)
	for i := range live.rows(n) {
		x, places := args[0].f64[args[0].at(i)], args[1].i64[args[1].at(i)]
		dst[i] = roundPlaces(x, places)
	}
	return nil
}

func roundPlaces(x float64, places int64) float64 {
	const exact = 1 << 52 // from here on there is no fraction
	switch {
	case x-x != 0, places > 0 && math.Abs(x) >= exact, places > 323:
		return x
	case places == 0:
		return math.Round(x)
	case places < -308:
		return 0
	}
	// Scaled by a power of ten the number is off by at most a few units in
	// the last place: if it is that close to a half, the digits decide.
	p := math.Pow10(int(max(places, -places)))
	scaled := x * p
	if places < 0 {
		scaled = x / p
	}
	if p <= 1e22 && math.Abs(scaled) < exact {
		r := math.Round(scaled)
		if near := math.Abs(math.Abs(scaled-math.Trunc(scaled)) - 0.5); near > math.Abs(scaled)*4e-16 {
			if places < 0 {
				return r * p
			}
			return r / p
		}
	}
	return roundDigits(x, int(places))
}
