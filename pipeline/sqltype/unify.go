package sqltype

import "github.com/apache/arrow/go/v17/arrow"

// Unify returns the narrowest type that holds the values of both a and b:
// what COALESCE and CASE return, and what a column is that files spell with
// different types. The answer does not depend on the order in which types are
// unified.
//
//	NULL + x                     x
//	BIGINT + DOUBLE              DOUBLE
//	DECIMAL + DOUBLE             DOUBLE
//	BIGINT + DECIMAL(p,s)        DECIMAL(max(19, p-s)+s, s)
//	DECIMAL(p,s) + DECIMAL(q,r)  DECIMAL(max(p-s, q-r)+max(s,r), max(s,r))
//	DATE + TIMESTAMP             TIMESTAMP
//	DATE or TIMESTAMP + TIMESTAMPTZ  TIMESTAMPTZ
//
// Precision ends at [PrecisionMax]: a value that then does not fit is an error
// where it is converted. Any other two different types do not mix: false.
func Unify(a, b arrow.DataType) (arrow.DataType, bool) {
	switch {
	case arrow.TypeEqual(a, b):
		return a, true
	case a.ID() == arrow.NULL:
		return b, true
	case b.ID() == arrow.NULL:
		return a, true
	}
	if ra, rb := momentRank(a), momentRank(b); ra > 0 && rb > 0 {
		if ra > rb {
			return a, true
		}
		return b, true
	}
	ia, sa, da, okA := numericDigits(a)
	ib, sb, db, okB := numericDigits(b)
	switch {
	case !okA || !okB:
		return nil, false
	case da || db:
		return Double, true
	}
	scale := max(sa, sb)
	return Decimal(min(max(ia, ib)+scale, PrecisionMax), scale), true
}

// momentRank orders the types of dates and timestamps by what they hold; 0 is
// none of them.
func momentRank(t arrow.DataType) int {
	switch {
	case arrow.TypeEqual(t, Date):
		return 1
	case arrow.TypeEqual(t, Timestamp):
		return 2
	case arrow.TypeEqual(t, TimestampTZ):
		return 3
	}
	return 0
}

// bigIntDigits is how many decimal digits a BIGINT can have.
const bigIntDigits = 19

// numericDigits returns how many digits before and behind the point a numeric
// type holds, or that it is DOUBLE.
func numericDigits(t arrow.DataType) (integer, fraction int32, double, ok bool) {
	switch t := t.(type) {
	case *arrow.Int64Type:
		return bigIntDigits, 0, false, true
	case *arrow.Decimal128Type:
		return t.Precision - t.Scale, t.Scale, false, true
	case *arrow.Float64Type:
		return 0, 0, true, true
	}
	return 0, 0, false, false
}
