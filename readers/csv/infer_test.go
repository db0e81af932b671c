package csv

import (
	"testing"

	"csvloom/pipeline/sqltype"
)

// What evidence.number says of a few digits at a glance is what their shape says.
func TestEvidenceOfDigits(t *testing.T) {
	for _, s := range []string{"0", "7", "42", "100", "1234567", "12345678", "123456789", "00", "007", "1-", "1.5", "-1", "+1", "12e3", "1234567a", "12 "} {
		var want possible
		integer := 0
		shape, ok := sqltype.ScanNumber([]byte(s))
		if ok {
			if shape.BigInt() {
				want |= asBigInt
			}
			if shape.Double() {
				want |= asDouble
			}
			if i, _, ok := shape.Decimal(); ok {
				want |= asDecimal
				integer = i
			}
		}
		var e evidence
		if got := e.number(append(make([]byte, 0, 64), s...)); got != want || e.integer != integer || e.finite != ok {
			t.Errorf("%s: %b and %+v, want %b with %d digits", s, got, e, want, integer)
		}
	}
}
