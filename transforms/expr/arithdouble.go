package expr

import "math"

// doubleKernel returns the kernel of + - * on DOUBLE, IEEE 754 arithmetic.
func doubleKernel(op string) kernel {
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeDouble(n)
		switch {
		case a.constant && b.constant:
			dst[0] = doubleArith(op, a.f64[0], b.f64[0])
		case b.constant:
			doubleByConstant(op, dst, a.f64, b.f64[0])
		case a.constant:
			constantByDouble(op, dst, a.f64[0], b.f64)
		default:
			doubleByDouble(op, dst, a.f64, b.f64)
		}
		return nil
	}
}

func doubleArith(op string, x, y float64) float64 {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	}
	return x * y
}

func doubleByConstant(op string, dst, a []float64, y float64) {
	a = a[:len(dst)]
	switch op {
	case "+":
		for i, x := range a {
			dst[i] = x + y
		}
	case "-":
		for i, x := range a {
			dst[i] = x - y
		}
	default:
		for i, x := range a {
			dst[i] = x * y
		}
	}
}

func constantByDouble(op string, dst []float64, x float64, b []float64) {
	b = b[:len(dst)]
	switch op {
	case "+":
		for i, y := range b {
			dst[i] = x + y
		}
	case "-":
		for i, y := range b {
			dst[i] = x - y
		}
	default:
		for i, y := range b {
			dst[i] = x * y
		}
	}
}

func doubleByDouble(op string, dst, a, b []float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	switch op {
	case "+":
		for i, x := range a {
			dst[i] = x + b[i]
		}
	case "-":
		for i, x := range a {
			dst[i] = x - b[i]
		}
	default:
		for i, x := range a {
			dst[i] = x * b[i]
		}
	}
}

// doubleDivide is / : by zero is NULL.
func doubleDivide(n int, _ bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeDouble(n)
	if b.constant && b.f64[0] != 0 {
		y := b.f64[0]
		for i, x := range a.f64[:n] {
			dst[i] = x / y
		}
		return nil
	}
	x, xMask, y, yMask := a.f64, a.mask(), b.f64, b.mask()
	for w := range wordsFor(n) {
		var zeros uint64
		for i := w << 6; i < min(w<<6+64, n); i++ {
			by := y[i&yMask]
			var bit uint64
			if by == 0 {
				bit = 1
			}
			zeros |= bit << (uint(i) & 63)
			dst[i] = x[i&xMask] / by
		}
		if zeros != 0 {
			out.ownValid(n)[w] &^= zeros
		}
	}
	return nil
}

// doubleQuotient is // on DOUBLE: the quotient without its fraction; by zero is
// NULL.
func doubleQuotient(n int, live bitmap, args []*vector, out *vector) error {
	if err := doubleDivide(n, live, args, out); err != nil {
		return err
	}
	for i, x := range out.f64 {
		out.f64[i] = math.Trunc(x)
	}
	return nil
}

// doubleModulo is % on DOUBLE: it has the sign of the dividend, and by zero is
// NULL.
func doubleModulo(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeDouble(n)
	for i := range live.rows(n) {
		y := b.f64[b.at(i)]
		if y == 0 {
			dst[i] = 0
			out.setNull(i, n)
			continue
		}
		dst[i] = math.Mod(a.f64[a.at(i)], y)
	}
	return nil
}

func doubleNegate(n int, _ bitmap, args []*vector, out *vector) error {
	dst := out.makeDouble(n)
	for i, x := range args[0].f64[:n] {
		dst[i] = -x
	}
	return nil
}
