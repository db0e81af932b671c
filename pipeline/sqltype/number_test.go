package sqltype

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

func TestParseBool(t *testing.T) {
	for _, s := range []string{"true", "TRUE", "True", "tRuE"} {
		if v, ok := ParseBool([]byte(s)); !v || !ok {
			t.Errorf("ParseBool(%q) = %v, %v", s, v, ok)
		}
	}
	for _, s := range []string{"false", "FALSE", "False"} {
		if v, ok := ParseBool([]byte(s)); v || !ok {
			t.Errorf("ParseBool(%q) = %v, %v", s, v, ok)
		}
	}
	for _, s := range []string{"", "t", "f", "1", "0", "yes", " true", "true ", "TRU\x05", "\x14rue", "fals\x05"} {
		if _, ok := ParseBool([]byte(s)); ok {
			t.Errorf("ParseBool(%q) is ok", s)
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, tc := range []struct {
		s    string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"+0", 0, true}, {"7", 7, true}, {"12", 12, true}, {"123", 123, true},
		{"1234", 1234, true}, {"12345", 12345, true}, {"123456", 123456, true}, {"1234567", 1234567, true},
		{"12345678", 12345678, true}, {"123456789", 123456789, true}, {"1234567890123456", 1234567890123456, true},
		{"12345678901234567", 12345678901234567, true},
		{"+12", 12, true}, {"-12", -12, true}, {"007", 7, true},
		{strings.Repeat("0", 100) + "9223372036854775807", math.MaxInt64, true},
		{"9223372036854775807", math.MaxInt64, true}, {"9223372036854775808", 0, false},
		{"-9223372036854775808", math.MinInt64, true}, {"-9223372036854775809", 0, false},
		{"18446744073709551615", 0, false}, {"18446744073709551616", 0, false}, {"99999999999999999999999", 0, false},
		{"100000000000000000000000000", 0, false},
		{"", 0, false}, {"-", 0, false}, {"+", 0, false}, {"--1", 0, false}, {"+-1", 0, false}, {" 1", 0, false}, {"1 ", 0, false},
		{"1.0", 0, false}, {"1e3", 0, false}, {"1_000", 0, false}, {"1,000", 0, false}, {"0x10", 0, false}, {"１", 0, false},
		{"12345678901234x6", 0, false}, {"x2345678901234567", 0, false},
		{strings.Repeat("0", 30) + "x1", 0, false}, {strings.Repeat("0", 10) + "x" + strings.Repeat("0", 30), 0, false},
	} {
		if got, ok := ParseInt([]byte(tc.s)); ok != tc.ok || ok && got != tc.want {
			t.Errorf("ParseInt(%q) = %d, %v; want %d, %v", tc.s, got, ok, tc.want, tc.ok)
		}
	}
}

// Every byte at every place of a word is a digit or is not.
func TestEveryByteAtEveryPlace(t *testing.T) {
	for n := 1; n <= 24; n++ {
		for at := range n {
			for c := range 256 {
				b := []byte(strings.Repeat("0", n))
				b[at] = byte(c)
				got, ok := parseDigits(b)
				want, err := strconv.ParseUint(string(b), 10, 64)
				if ok != (err == nil) || ok && got != want {
					t.Fatalf("parseDigits(%q) = %d, %v; want %d, %v", b, got, ok, want, err)
				}
			}
		}
	}
}

func FuzzParseInt(f *testing.F) {
	for _, s := range []string{"0", "-1", "+9223372036854775807", "-9223372036854775808", "000000000000000000000000000001", "1_0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := ParseInt(b)
		want, err := strconv.ParseInt(string(b), 10, 64)
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("ParseInt(%q) = %d, %v; strconv has %d, %v", b, got, ok, want, err)
		}
	})
}

var doubleTable = []struct {
	s    string
	want float64
	ok   bool
}{
	{"0", 0, true}, {"-0", math.Copysign(0, -1), true}, {"-0.0", math.Copysign(0, -1), true}, {"1", 1, true},
	{"1.", 1, true}, {".5", 0.5, true}, {"-.5", -0.5, true}, {"+1.5", 1.5, true}, {"00.5", 0.5, true},
	{"3.14159", 3.14159, true}, {"12345678", 12345678, true}, {"1234567.8", 1234567.8, true}, {"0.1234567", 0.1234567, true},
	{"-73.98765432101234", -73.98765432101234, true}, {"1234567890.123456", 1234567890.123456, true},
	{"1234567890123456", 1234567890123456, true}, {"9999999999999999", 9999999999999999, true},
	{"0.00000000000000000000001", 1e-23, true}, {"1e5", 1e5, true}, {"1E+5", 1e5, true}, {"1.5e-5", 1.5e-5, true},
	{"1e22", 1e22, true}, {"1e23", 1e23, true}, {"9007199254740993", 9007199254740992, true},
	{"179769313486231570814527423731704356798070e267", math.MaxFloat64, true},
	{"5e-324", 5e-324, true}, {"1e-400", 0, true}, {"0e999999999999999999", 0, true}, {"1e400", 0, false}, {"-1e400", 0, false},
	{"inf", math.Inf(1), true}, {"-Infinity", math.Inf(-1), true}, {"+INF", math.Inf(1), true}, {"nan", math.NaN(), true}, {"NaN", math.NaN(), true},
	{"", 0, false}, {".", 0, false}, {"-", 0, false}, {"+.", 0, false}, {"e5", 0, false}, {".e5", 0, false}, {"1e", 0, false}, {"1e+", 0, false}, {"1e5.0", 0, false},
	{"1.2.3", 0, false}, {"1..2", 0, false}, {"12345678.1.2", 0, false}, {"0x1p-2", 0, false}, {"0x10", 0, false}, {"1_000", 0, false}, {"1,5", 0, false}, {" 1", 0, false}, {"1 ", 0, false},
	{"-nan", 0, false}, {"infin", 0, false}, {"1f", 0, false}, {"NULL", 0, false}, {"123456789012345678x", 0, false},
}

func sameDouble(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

func TestParseDouble(t *testing.T) {
	for _, tc := range doubleTable {
		got, ok := ParseDouble([]byte(tc.s))
		if ok != tc.ok || ok && !sameDouble(got, tc.want) {
			t.Errorf("ParseDouble(%q) = %v, %v; want %v, %v", tc.s, got, ok, tc.want, tc.ok)
		}
	}
}

// strconv reads what ParseDouble does not: hexadecimal and underscores.
func FuzzParseDouble(f *testing.F) {
	for _, tc := range doubleTable {
		f.Add([]byte(tc.s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := ParseDouble(b)
		want, err := strconv.ParseFloat(string(b), 64)
		wantOK := err == nil && !strings.ContainsAny(string(b), "xX_")
		if ok != wantOK || ok && !sameDouble(got, want) {
			t.Fatalf("ParseDouble(%q) = %v, %v; strconv has %v, %v", b, got, ok, want, err)
		}
		if _, shaped := ScanNumber(b); shaped && !ok && !math.IsInf(want, 0) {
			t.Fatalf("ScanNumber(%q) takes what ParseDouble does not", b)
		}
	})
}

func TestAppendDouble(t *testing.T) {
	for _, tc := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {1, "1"}, {-1, "-1"}, {0.1, "0.1"}, {100000, "100000"}, {1.5, "1.5"},
		{123456789.25, "123456789.25"}, {1e15, "1000000000000000"}, {9007199254740992, "9007199254740992"},
		{9999999999999998, "9999999999999998"}, {1e16, "1e+16"}, {1e20, "1e+20"}, {1.25e300, "1.25e+300"},
		{0.0001, "0.0001"}, {0.00001, "1e-05"}, {-1.5e-7, "-1.5e-07"}, {5e-324, "5e-324"}, {0.30000000000000004, "0.30000000000000004"},
		{math.NaN(), "NaN"}, {math.Inf(1), "inf"}, {math.Inf(-1), "-inf"},
	} {
		if got := string(AppendDouble([]byte("x"), tc.v)); got != "x"+tc.want {
			t.Errorf("AppendDouble(%v) = %q, want %q", tc.v, got[1:], tc.want)
		}
	}
}

func FuzzDoubleRoundTrip(f *testing.F) {
	for _, tc := range doubleTable {
		f.Add(math.Float64bits(tc.want))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		v := math.Float64frombits(bits)
		text := AppendDouble(nil, v)
		if back, ok := ParseDouble(text); !ok || !sameDouble(v, back) {
			t.Fatalf("%v is written %q and read %v, %v", v, text, back, ok)
		}
	})
}

var decimalTable = []struct {
	s    string
	p, c int32
	want string // as AppendDecimal writes it; "" when not ok
}{
	{"0", 1, 0, "0"}, {"0", 1, 1, "0.0"}, {"-0", 5, 2, "0.00"}, {"1", 1, 0, "1"}, {"12.3", 4, 2, "12.30"}, {"-12.34", 4, 2, "-12.34"},
	{"+12.34", 4, 2, "12.34"}, {".5", 2, 2, "0.50"}, {"5.", 1, 0, "5"}, {"-0.05", 3, 2, "-0.05"}, {"007", 1, 0, "7"},
	{"12.340", 4, 2, "12.34"}, {"12.345", 4, 2, ""}, {"123.45", 4, 2, ""}, {"100", 2, 0, ""}, {"99", 2, 0, "99"},
	{"1e2", 3, 0, "100"}, {"1.5e1", 3, 1, "15.0"}, {"1e-2", 3, 2, "0.01"}, {"1e-3", 3, 2, ""}, {"1e400", 38, 0, ""}, {"0e400", 1, 0, "0"},
	{"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"},
	{"-99999999999999999999999999999999999999", 38, 0, "-99999999999999999999999999999999999999"},
	{"100000000000000000000000000000000000000", 38, 0, ""},
	{"0.99999999999999999999999999999999999999", 38, 38, "0.99999999999999999999999999999999999999"},
	{"1", 38, 38, ""}, {"0.00000000000000000000000000000000000001", 38, 38, "0.00000000000000000000000000000000000001"},
	{"1234567890123456789.0123456789012345678", 38, 19, "1234567890123456789.0123456789012345678"},
	{"12345678901234567890", 38, 18, "12345678901234567890.000000000000000000"},
	{"10000000000000000001", 20, 0, "10000000000000000001"},
	{"-18446744073709551616", 20, 0, "-18446744073709551616"},
	{"0000000000000000000000000000000000000000000000000001.50", 2, 1, "1.5"},
	{"", 5, 2, ""}, {"-", 5, 2, ""}, {".", 5, 2, ""}, {"1.2.3", 5, 2, ""}, {"1,2", 5, 2, ""}, {" 1", 5, 2, ""}, {"NaN", 5, 2, ""}, {"inf", 5, 2, ""},
	{"1", 0, 0, ""}, {"1", 39, 0, ""}, {"1", 5, 6, ""}, {"1", 5, -1, ""},
}

func TestParseDecimal(t *testing.T) {
	for _, tc := range decimalTable {
		v, ok := ParseDecimal([]byte(tc.s), tc.p, tc.c)
		got := ""
		if ok {
			got = string(AppendDecimal(nil, v, tc.c))
		}
		if got != tc.want {
			t.Errorf("ParseDecimal(%q, %d, %d) = %q, want %q", tc.s, tc.p, tc.c, got, tc.want)
		}
	}
}

func TestAppendDecimalExtremes(t *testing.T) {
	for _, tc := range []struct {
		v     decimal128.Num
		scale int32
		want  string
	}{
		{decimal128.New(math.MinInt64, 0), 0, "-170141183460469231731687303715884105728"},
		{decimal128.New(math.MaxInt64, math.MaxUint64), 38, "1.70141183460469231731687303715884105727"},
		{decimal128.New(-1, math.MaxUint64), 38, "-0.00000000000000000000000000000000000001"},
		{decimal128.New(1, 0), 0, "18446744073709551616"},
		{decimal128.Num{}, 38, "0.00000000000000000000000000000000000000"},
	} {
		if got := string(AppendDecimal(nil, tc.v, tc.scale)); got != tc.want {
			t.Errorf("AppendDecimal(%v, %d) = %s, want %s", tc.v, tc.scale, got, tc.want)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, tc := range decimalTable {
		f.Add([]byte(tc.s), uint8(tc.p), uint8(tc.c))
	}
	f.Fuzz(func(t *testing.T, b []byte, p, c uint8) {
		precision := int32(p%PrecisionMax) + 1
		scale := int32(c) % (precision + 1)
		got, ok := ParseDecimal(b, precision, scale)
		shape, isNumber := ScanNumber(b)
		if !isNumber {
			if ok {
				t.Fatalf("ParseDecimal(%q) reads what is no number", b)
			}
			return
		}
		if shape.Exponent10 > 100 || shape.Exponent10 < -100 || len(b) > 200 {
			if ok && shape.SignificantDigits > 0 && len(b) <= 200 {
				t.Fatalf("ParseDecimal(%q) = %v", b, got)
			}
			return
		}
		want, good := new(big.Rat).SetString(strings.TrimSuffix(string(b), "."))
		if !good {
			if want, good = new(big.Rat).SetString(strings.Replace(string(b), ".", "", 1)); !good {
				t.Fatalf("math/big does not read %q", b)
			}
			if !strings.HasSuffix(strings.SplitN(strings.ToLower(string(b)), "e", 2)[0], ".") {
				t.Fatalf("math/big does not read %q", b)
			}
		}
		unscaled := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		fits := unscaled.IsInt() && new(big.Int).Abs(unscaled.Num()).Cmp(limit) < 0
		if ok != fits || ok && got.BigInt().Cmp(unscaled.Num()) != 0 {
			t.Fatalf("ParseDecimal(%q, %d, %d) = %v, %v; math/big has %v, fits %v", b, precision, scale, got.BigInt(), ok, unscaled, fits)
		}
		if !ok {
			return
		}
		text := AppendDecimal(nil, got, scale)
		if wantText := want.FloatString(int(scale)); string(text) != wantText {
			t.Fatalf("%v is written %q; math/big writes %q", want, text, wantText)
		}
		if back, ok := ParseDecimal(text, precision, scale); !ok || back != got {
			t.Fatalf("%q is not read back", text)
		}
	})
}

func TestScanNumber(t *testing.T) {
	type fits struct {
		bigInt, double bool
		decimal        [2]int // integer and fraction digits, -1 for none
	}
	none := [2]int{-1, -1}
	for _, tc := range []struct {
		s    string
		want fits
	}{
		{"0", fits{true, true, [2]int{0, 0}}},
		{"7", fits{true, true, [2]int{1, 0}}},
		{"-7", fits{true, true, [2]int{1, 0}}},
		{"-0", fits{false, true, none}},
		{"-0.0", fits{false, true, none}},
		{"+7", fits{false, false, none}},
		{"007", fits{false, false, none}},
		{"00", fits{false, false, none}},
		{"0.5", fits{false, true, [2]int{0, 1}}},
		{".5", fits{false, true, [2]int{0, 1}}},
		{"5.", fits{false, false, none}},
		{"00.5", fits{false, false, none}},
		{"1.50", fits{false, true, [2]int{1, 2}}},
		{"1e5", fits{false, true, none}},
		{"1e308", fits{false, false, none}},
		{"1e-308", fits{false, false, none}},
		{"123456789012345", fits{true, true, [2]int{15, 0}}},
		{"1234567890123456", fits{true, false, [2]int{16, 0}}},
		{"1000000000000000000000", fits{false, true, [2]int{22, 0}}},
		{"0.1234567890123456", fits{false, false, [2]int{0, 16}}},
		{"9223372036854775807", fits{true, false, [2]int{19, 0}}},
		{"9223372036854775808", fits{false, false, [2]int{19, 0}}},
		{"-9223372036854775808", fits{true, false, [2]int{19, 0}}},
		{"-9223372036854775809", fits{false, false, [2]int{19, 0}}},
		{"9000000000000000000", fits{true, true, [2]int{19, 0}}},
		{"10000000000000000000", fits{false, true, [2]int{20, 0}}},
		{strings.Repeat("9", 38), fits{false, false, [2]int{38, 0}}},
		{strings.Repeat("9", 39), fits{false, false, none}},
	} {
		shape, ok := ScanNumber([]byte(tc.s))
		got := fits{bigInt: shape.BigInt(), double: shape.Double(), decimal: none}
		if i, f, ok := shape.Decimal(); ok {
			got.decimal = [2]int{i, f}
		}
		if !ok || got != tc.want {
			t.Errorf("%q fits %+v (%v), want %+v", tc.s, got, ok, tc.want)
		}
	}
	got, _ := ScanNumber([]byte("-00120.03400e+1"))
	want := NumberShape{Negative: true, LeadingZero: true, Point: true, Exponent: true,
		IntegerDigits: 3, FractionDigits: 5, SignificantDigits: 6, Exponent10: 3, lead: 120034, kept: 6}
	if got != want {
		t.Errorf("shape of -00120.03400e+1 is %+v, want %+v", got, want)
	}
}

// What a shape promises, the values keep: they print back, or at least are the
// same number.
func FuzzScanNumber(f *testing.F) {
	for _, tc := range doubleTable {
		f.Add([]byte(tc.s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := ScanNumber(b)
		if !ok {
			return
		}
		if s.BigInt() {
			v, ok := ParseInt(b)
			if text := strconv.FormatInt(v, 10); !ok || text != string(b) {
				t.Fatalf("BIGINT %q comes back as %q", b, text)
			}
		}
		if s.Double() {
			v, ok := ParseDouble(b)
			if !ok {
				t.Fatalf("DOUBLE %q is not read", b)
			}
			text := AppendDouble(nil, v)
			back, _ := ScanNumber(text)
			if back.lead != s.lead || back.Exponent10 != s.Exponent10 || back.Negative != s.Negative {
				t.Fatalf("DOUBLE %q comes back as %q", b, text)
			}
		}
		if i, fr, ok := s.Decimal(); ok {
			scale := int32(fr)
			v, ok := ParseDecimal(b, max(int32(i)+scale, 1), scale)
			if text := string(AppendDecimal(nil, v, scale)); !ok || strings.Replace(text, "0.", ".", 1) != strings.Replace(string(b), "0.", ".", 1) {
				t.Fatalf("DECIMAL %q comes back as %q", b, text)
			}
		}
	})
}
