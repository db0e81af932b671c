package sqltype

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// Numbers as files have them, many more than a fuzzer gets through, against
// strconv.
func TestNumbersAgreeWithStrconv(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 0, 64)
	for range 100_000 {
		text = text[:0]
		if r.IntN(4) == 0 {
			text = append(text, "-+"[r.IntN(2)])
		}
		for range r.IntN(22) {
			text = append(text, byte('0'+r.IntN(10)))
		}
		if r.IntN(2) == 0 {
			text = append(text, '.')
			for range r.IntN(18) {
				text = append(text, byte('0'+r.IntN(10)))
			}
		}
		if r.IntN(8) == 0 {
			text = fmt.Appendf(text, "e%d", r.IntN(700)-350)
		}
		if r.IntN(16) == 0 && len(text) > 0 {
			text[r.IntN(len(text))] = byte(r.IntN(256))
		}
		i, ok := ParseInt(text)
		if want, err := strconv.ParseInt(string(text), 10, 64); ok != (err == nil) || ok && i != want {
			t.Fatalf("ParseInt(%q) = %d, %v; strconv has %d, %v", text, i, ok, want, err)
		}
		f, ok := ParseDouble(text)
		want, err := strconv.ParseFloat(string(text), 64)
		for _, c := range text {
			if c|0x20 == 'x' || c == '_' {
				err = strconv.ErrSyntax
			}
		}
		if ok != (err == nil) || ok && !sameDouble(f, want) {
			t.Fatalf("ParseDouble(%q) = %v, %v; strconv has %v, %v", text, f, ok, want, err)
		}
	}
}

// The shortcut for numbers of few digits writes what the shortest search does.
func TestAppendDoubleIsShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	check := func(v float64) {
		t.Helper()
		format := byte('f')
		if a := math.Abs(v); a < 1e-4 || a >= 1e16 {
			format = 'e'
		}
		want := strconv.FormatFloat(v, format, -1, 64)
		if v == 0 {
			want = "0"
		}
		if got := string(AppendDouble(nil, v)); got != want {
			t.Fatalf("AppendDouble(%b) = %s, want %s", v, got, want)
		}
	}
	for range 100_000 {
		v := float64(r.Int64N(int64(math.Pow10(1+r.IntN(16))))) / math.Pow10(r.IntN(18))
		if r.IntN(2) == 0 {
			v = -v
		}
		if v != 0 {
			check(v)
			check(math.Nextafter(v, 2*v))
			check(math.Nextafter(v, 0))
		}
	}
	check(0)
}

func TestDecimalsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 30_000 {
		precision := int32(1 + r.IntN(PrecisionMax))
		scale := int32(r.IntN(int(precision) + 1))
		text := make([]byte, 0, 64)
		if precision == scale {
			text = append(text, '0')
		} else {
			text = append(text, byte('1'+r.IntN(9)))
			for range precision - scale - 1 {
				text = append(text, byte('0'+r.IntN(10)))
			}
		}
		if scale > 0 {
			text = append(text, '.')
			for range scale {
				text = append(text, byte('0'+r.IntN(10)))
			}
		}
		v, ok := ParseDecimal(text, precision, scale)
		if back := string(AppendDecimal(nil, v, scale)); !ok || back != string(text) {
			t.Fatalf("DECIMAL(%d,%d) %s comes back as %s, %v", precision, scale, text, back, ok)
		}
	}
}
