package expr

import "math"

// bigintKernel returns the kernel of + - * on BIGINT. Rows are computed without
// a branch, collecting the sign bits that tell an overflow; only if there was
// one are the rows looked at again, to see whether it was in a live one.
func bigintKernel(op string) kernel {
	rows, checked := addRows, addChecked
	switch op {
	case "-":
		rows, checked = subRows, subChecked
	case "*":
		rows, checked = mulRows, mulChecked
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		if rows(out.makeInt64(n), a.i64, b.i64, a.constant, b.constant) {
			return nil
		}
		for i := range live.rows(n) {
			x, y := a.i64[a.at(i)], b.i64[b.at(i)]
			if _, ok := checked(x, y); !ok {
				return faultf(i, "%d %s %d does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE", x, op, y)
			}
		}
		return nil
	}
}

func addChecked(x, y int64) (int64, bool) {
	z := x + y
	return z, (x^z)&(y^z) >= 0
}

func subChecked(x, y int64) (int64, bool) {
	z := x - y
	return z, (x^y)&(x^z) >= 0
}

func mulChecked(x, y int64) (int64, bool) {
	if x == 0 || y == 0 {
		return 0, true
	}
	z := x * y
	if z/y != x || y == -1 && x == math.MinInt64 {
		return z, false
	}
	return z, true
}

// addRows computes dst = a + b and reports whether no row overflowed.
func addRows(dst, a, b []int64, constA, constB bool) bool {
	if constA {
		a, b, constB = b, a, true
	}
	var overflow int64
	if constB {
		y := b[0]
		a = a[:len(dst)]
		for i, x := range a {
			z := x + y
			overflow |= (x ^ z) & (y ^ z)
			dst[i] = z
		}
		return overflow >= 0
	}
	a, b = a[:len(dst)], b[:len(dst)]
	for i, x := range a {
		y := b[i]
		z := x + y
		overflow |= (x ^ z) & (y ^ z)
		dst[i] = z
	}
	return overflow >= 0
}

func subRows(dst, a, b []int64, constA, constB bool) bool {
	var overflow int64
	switch {
	case constB:
		y := b[0]
		a = a[:len(dst)]
		for i, x := range a {
			z := x - y
			overflow |= (x ^ y) & (x ^ z)
			dst[i] = z
		}
	case constA:
		x := a[0]
		b = b[:len(dst)]
		for i, y := range b {
			z := x - y
			overflow |= (x ^ y) & (x ^ z)
			dst[i] = z
		}
	default:
		a, b = a[:len(dst)], b[:len(dst)]
		for i, x := range a {
			y := b[i]
			z := x - y
			overflow |= (x ^ y) & (x ^ z)
			dst[i] = z
		}
	}
	return overflow >= 0
}

// mulRows keeps to factors of 31 bits where the answer is certain, and says
// that there may be an overflow when one is wider and the product is too.
func mulRows(dst, a, b []int64, constA, constB bool) bool {
	if constA {
		a, b, constB = b, a, true
	}
	ok := true
	if constB {
		y := b[0]
		a = a[:len(dst)]
		for i, x := range a {
			if !isNarrow(x, y) {
				if _, fits := mulChecked(x, y); !fits {
					ok = false
				}
			}
			dst[i] = x * y
		}
		return ok
	}
	a, b = a[:len(dst)], b[:len(dst)]
	for i, x := range a {
		y := b[i]
		if !isNarrow(x, y) {
			if _, fits := mulChecked(x, y); !fits {
				ok = false
			}
		}
		dst[i] = x * y
	}
	return ok
}

// isNarrow reports that both factors are within ±2³¹, whose product fits.
func isNarrow(x, y int64) bool {
	const half = 1 << 31
	return uint64(x+half)|uint64(y+half) < 2*half
}

// bigintDivide is // on BIGINT: it truncates towards zero, and by zero is NULL.
func bigintDivide(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeInt64(n)
	if b.constant && !a.constant && b.i64[0] != 0 && b.i64[0] != -1 {
		y := b.i64[0]
		for i, x := range a.i64[:n] {
			dst[i] = x / y
		}
		return nil
	}
	for i := range live.rows(n) {
		x, y := a.i64[a.at(i)], b.i64[b.at(i)]
		switch {
		case y == 0:
			dst[i] = 0
			out.setNull(i, n)
		case y == -1 && x == math.MinInt64:
			return faultf(i, "%d // -1 does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE", x)
		default:
			dst[i] = x / y
		}
	}
	return nil
}

// bigintModulo is % on BIGINT: it has the sign of the dividend, and by zero is NULL.
func bigintModulo(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeInt64(n)
	for i := range live.rows(n) {
		y := b.i64[b.at(i)]
		if y == 0 {
			dst[i] = 0
			out.setNull(i, n)
			continue
		}
		dst[i] = a.i64[a.at(i)] % y
	}
	return nil
}

func bigintNegate(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	overflow := false
	for i, x := range args[0].i64[:n] {
		overflow = overflow || x == math.MinInt64
		dst[i] = -x
	}
	if !overflow {
		return nil
	}
	for i := range live.rows(n) {
		if args[0].i64[i] == math.MinInt64 {
			return faultf(i, "-(%d) does not fit BIGINT; CAST it to DECIMAL(38,0) or DOUBLE", int64(math.MinInt64))
		}
	}
	return nil
}
