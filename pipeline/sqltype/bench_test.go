package sqltype

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// benchTexts runs parse over texts, round robin, and fails when it allocates.
func benchTexts(b *testing.B, parse func([]byte) bool, texts ...string) {
	cells := make([][]byte, 64)
	size := 0
	for i := range cells {
		cells[i] = []byte(texts[i%len(texts)])
		size += len(cells[i])
		if !parse(cells[i]) {
			b.Fatalf("%q is not read", cells[i])
		}
	}
	if n := testing.AllocsPerRun(10, func() { parse(cells[0]) }); n != 0 {
		b.Fatalf("%v allocations a value", n)
	}
	b.SetBytes(int64(size / len(cells)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		parse(cells[i&63])
	}
}

func BenchmarkParseInt(b *testing.B) {
	parse := func(t []byte) bool { _, ok := ParseInt(t); return ok }
	for _, s := range []string{"7", "1234", "-123456", "1234567890", "1234567890123456789"} {
		b.Run(fmt.Sprint(len(s)), func(b *testing.B) { benchTexts(b, parse, s) })
	}
	b.Run("mixed", func(b *testing.B) { benchTexts(b, parse, "7", "1234", "-12", "1234567890", "99", "100", "31415") })
}

func BenchmarkParseDouble(b *testing.B) {
	parse := func(t []byte) bool { _, ok := ParseDouble(t); return ok }
	for _, s := range []string{"1.5", "-12.75", "93.3217654", "1234.5678901234", "-73.98765432101234", "1.5e-7", "1e23"} {
		b.Run(s, func(b *testing.B) { benchTexts(b, parse, s) })
	}
}

func BenchmarkParseDecimal(b *testing.B) {
	parse := func(t []byte) bool { _, ok := ParseDecimal(t, 38, 4); return ok }
	for _, s := range []string{"1.5", "123456.7891", "1234567890123456789.0123", "1234567890123456789012345678901234.5678"} {
		b.Run(s, func(b *testing.B) { benchTexts(b, parse, s) })
	}
}

func BenchmarkScanNumber(b *testing.B) {
	benchTexts(b, func(t []byte) bool { _, ok := ScanNumber(t); return ok }, "1234", "93.3217654")
}

func BenchmarkParseDate(b *testing.B) {
	benchTexts(b, func(t []byte) bool { _, ok := ParseDate(t); return ok }, "2020-01-02", "1998-12-31", "1970-06-15")
}

func BenchmarkParseTimestamp(b *testing.B) {
	parse := func(t []byte) bool { _, _, ok := ParseTimestamp(t); return ok }
	for _, s := range []string{"2020-01-02 03:04:05", "2020-01-02T03:04:05.678901Z"} {
		b.Run(s, func(b *testing.B) { benchTexts(b, parse, s) })
	}
}

func BenchmarkLayoutParse(b *testing.B) {
	l, err := ParseLayout("%m/%d/%Y %I:%M:%S %p")
	if err != nil {
		b.Fatal(err)
	}
	benchTexts(b, func(t []byte) bool { _, _, ok := l.ParseTimestamp(t); return ok }, "1/2/2020 3:04:05 PM", "12/31/2019 11:59:59 AM")
}

func BenchmarkAppend(b *testing.B) {
	l, err := ParseLayout("%m/%d/%Y %I:%M:%S %p")
	if err != nil {
		b.Fatal(err)
	}
	dec := decimal128.New(54210, 12345678901234567)
	for _, bc := range []struct {
		name   string
		append func([]byte) []byte
	}{
		{"double/12.75", func(dst []byte) []byte { return AppendDouble(dst, 12.75) }},
		{"double/93.3217654", func(dst []byte) []byte { return AppendDouble(dst, 93.3217654) }},
		{"double/12345", func(dst []byte) []byte { return AppendDouble(dst, 12345) }},
		{"double/0.1+0.2", func(dst []byte) []byte { return AppendDouble(dst, 0.30000000000000004) }},
		{"decimal/short", func(dst []byte) []byte { return AppendDecimal(dst, decimal128.FromI64(1234567), 2) }},
		{"decimal/long", func(dst []byte) []byte { return AppendDecimal(dst, dec, 4) }},
		{"date", func(dst []byte) []byte { return AppendDate(dst, 18000) }},
		{"timestamp", func(dst []byte) []byte { return AppendTimestamp(dst, 1_577_934_245_678_000) }},
		{"interval", func(dst []byte) []byte {
			return AppendInterval(dst, arrow.MonthDayNanoInterval{Months: 14, Days: 3, Nanoseconds: 14706_500_000_000})
		}},
		{"layout", func(dst []byte) []byte { return l.Append(dst, 1_577_934_245_678_000) }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			dst := make([]byte, 0, 128)
			if n := testing.AllocsPerRun(10, func() { dst = bc.append(dst[:0]) }); n != 0 {
				b.Fatalf("%v allocations a value", n)
			}
			b.ReportAllocs()
			for b.Loop() {
				dst = bc.append(dst[:0])
			}
		})
	}
}
