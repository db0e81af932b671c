package expr

import (
	"math/big"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"pgregory.net/rapid"

	"csvloom/pipeline/sqltype"
)

// drawDecimal draws numbers of any length up to 38 digits.
func drawDecimal(t *rapid.T, label string) decimal128.Num {
	digits := rapid.IntRange(1, 38).Draw(t, label+" digits")
	text := make([]byte, digits)
	for i := range text {
		text[i] = byte('0' + rapid.IntRange(0, 9).Draw(t, "digit"))
	}
	v, _ := new(big.Int).SetString(string(text), 10)
	if rapid.Bool().Draw(t, label+" negative") {
		v.Neg(v)
	}
	return decimal128.FromBigInt(v)
}

func tenTo(n int32) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func TestUint128AgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawDecimal(t, "x"), drawDecimal(t, "y")
		mx, _ := magnitude(x)
		my, _ := magnitude(y)
		bx, by := new(big.Int).Abs(x.BigInt()), new(big.Int).Abs(y.BigInt())
		product, ok := mx.mul(my)
		want := new(big.Int).Mul(bx, by)
		if ok != (want.BitLen() <= 128) {
			t.Fatalf("%s * %s: fits is %t", bx, by, ok)
		}
		if ok && want.BitLen() < 128 && signed(product, false).BigInt().Cmp(want) != 0 {
			t.Fatalf("%s * %s = %s", bx, by, signed(product, false).BigInt())
		}
		if by.Sign() == 0 {
			return
		}
		q, r := mx.divMod(my)
		wantQ, wantR := new(big.Int).QuoRem(bx, by, new(big.Int))
		if signed(q, false).BigInt().Cmp(wantQ) != 0 || signed(r, false).BigInt().Cmp(wantR) != 0 {
			t.Fatalf("%s divided by %s is %s and %s, expected %s and %s", bx, by, signed(q, false).BigInt(), signed(r, false).BigInt(), wantQ, wantR)
		}
		if got := signed(magnitude(x)); got != x {
			t.Fatalf("%s became %s", x.BigInt(), got.BigInt())
		}
	})
}

func TestRescaleAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawDecimal(t, "x")
		from, to := int32(rapid.IntRange(0, 38).Draw(t, "from")), int32(rapid.IntRange(0, 38).Draw(t, "to"))
		precision := int32(rapid.IntRange(1, 38).Draw(t, "precision"))
		want := x.BigInt()
		if to >= from {
			want.Mul(want, tenTo(to-from))
		} else {
			// Half away from zero: add half with the sign, then truncate.
			half := new(big.Int).Quo(tenTo(from-to), big.NewInt(2))
			if want.Sign() < 0 {
				half.Neg(half)
			}
			want.Quo(want.Add(want, half), tenTo(from-to))
		}
		fits := new(big.Int).Abs(want).Cmp(tenTo(precision)) < 0
		got, ok := rescale(x, from, to, precision)
		if ok != fits || ok && got.BigInt().Cmp(want) != 0 {
			t.Fatalf("rescale(%s, %d, %d, %d) = %s, %t; expected %s, %t", x.BigInt(), from, to, precision, got.BigInt(), ok, want, fits)
		}
	})
}

// Every operator on DECIMALs is exact, or says that the result does not fit.
func TestDecimalArithmeticAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]string{"+", "-", "*", "//", "%"}).Draw(t, "op")
		types := [2]*arrow.Decimal128Type{}
		values := [2]decimal128.Num{}
		scale := int32(rapid.IntRange(0, 19).Draw(t, "scale"))
		for i := range types {
			v := drawDecimal(t, "operand")
			precision := max(int32(len(new(big.Int).Abs(v.BigInt()).String())), scale, 1)
			types[i], values[i] = sqltype.Decimal(precision, scale), v
		}
		result := decimalResult(op, types[0], types[1])
		args := []*vector{{dec: values[:1]}, {constant: true, dec: values[1:]}}
		out := &vector{}
		err := decimalKernel(op, types[0], types[1], result)(1, nil, args, out)

		x, y, want := values[0].BigInt(), values[1].BigInt(), new(big.Int)
		switch op {
		case "+":
			want.Add(x, y)
		case "-":
			want.Sub(x, y)
		case "*":
			want.Mul(x, y)
		default:
			if y.Sign() == 0 {
				if err != nil || !out.isNull(0) {
					t.Fatalf("%s %s 0 is not NULL: %v", x, op, err)
				}
				return
			}
			if want.Quo(x, y); op == "%" {
				want.Rem(x, y)
			}
		}
		fits := new(big.Int).Abs(want).Cmp(tenTo(result.Precision)) < 0
		if fits != (err == nil) || fits && out.dec[0].BigInt().Cmp(want) != 0 {
			t.Fatalf("%s %s %s as %s is %v (%v), expected %s", x, op, y, result, out.dec, err, want)
		}
	})
}

func TestCompareScaledAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawDecimal(t, "x"), drawDecimal(t, "y")
		xs, ys := int32(rapid.IntRange(0, 38).Draw(t, "xs")), int32(rapid.IntRange(0, 38).Draw(t, "ys"))
		bx := new(big.Int).Mul(x.BigInt(), tenTo(38-xs))
		by := new(big.Int).Mul(y.BigInt(), tenTo(38-ys))
		if got, want := compareScaled(x, xs, y, ys), bx.Cmp(by); got != want {
			t.Fatalf("%s e-%d against %s e-%d is %d, expected %d", x.BigInt(), xs, y.BigInt(), ys, got, want)
		}
	})
}

func TestCompareIntFloatAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i, f := rapid.Int64().Draw(t, "i"), rapid.Float64().Draw(t, "f")
		if rapid.Bool().Draw(t, "near") {
			f = float64(i) + float64(rapid.IntRange(-2, 2).Draw(t, "off"))/2
		}
		want := new(big.Float).SetInt64(i).Cmp(big.NewFloat(f))
		if got := compareIntFloat(i, f); got != want {
			t.Fatalf("%d against %g is %d, expected %d", i, f, got, want)
		}
	})
}
