package expr

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// dateDifference is DATE - DATE in days.
func dateDifference(n int, _ bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeInt64(n)
	for i := range dst {
		dst[i] = int64(a.i32[a.at(i)]) - int64(b.i32[b.at(i)])
	}
	return nil
}

// dateShift is DATE ± BIGINT days.
func dateShift(sign int64) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeInt32(n)
		for i := range live.rows(n) {
			d, by := a.i32[a.at(i)], b.i64[b.at(i)]
			v := int64(d) + sign*by
			if by > math.MaxUint32 || by < -math.MaxUint32 || v != int64(int32(v)) {
				return faultf(i, "%s %s %d days is beyond DATE", sqltype.AppendDate(nil, arrow.Date32(d)), signText(sign), by)
			}
			dst[i] = int32(v)
		}
		return nil
	}
}

func signText(sign int64) string {
	if sign < 0 {
		return "-"
	}
	return "+"
}

// timestampShift is TIMESTAMP[TZ] ± INTERVAL.
func timestampShift(sign int64, k kind) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeInt64(n)
		if b.constant && !a.constant && b.iv[0].Months == 0 {
			// A shift by one number of microseconds; if it overflows
			// somewhere the rows are done again with care.
			by, ok := addInterval(0, b.iv[0], sign)
			if ok && addRows(dst, a.i64, []int64{by}, false, true) {
				return nil
			}
		}
		for i := range live.rows(n) {
			t, by := a.i64[a.at(i)], b.iv[b.at(i)]
			v, ok := addInterval(t, by, sign)
			if !ok {
				return faultf(i, "%s %s INTERVAL '%s' is beyond %s",
					sqltype.AppendTimestamp(nil, t), signText(sign), sqltype.AppendInterval(nil, by), k)
			}
			dst[i] = v
		}
		return nil
	}
}

// timestampDifference is the INTERVAL between two timestamps or times.
func timestampDifference(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeInterval(n)
	for i := range live.rows(n) {
		x, y := a.i64[a.at(i)], b.i64[b.at(i)]
		v, ok := intervalBetween(x, y)
		if !ok {
			return faultf(i, "%s - %s is beyond INTERVAL", sqltype.AppendTimestamp(nil, x), sqltype.AppendTimestamp(nil, y))
		}
		dst[i] = v
	}
	return nil
}

// timeShift is TIME ± INTERVAL, which goes round at midnight and does not look
// at months and days.
func timeShift(sign int64) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeInt64(n)
		for i := range live.rows(n) {
			shift := b.iv[b.at(i)].Nanoseconds / nanosPerMicro % microsPerDay
			t := a.i64[a.at(i)] + sign*shift
			dst[i] = t - floorDiv(t, microsPerDay)*microsPerDay
		}
		return nil
	}
}

// intervalSum is INTERVAL ± INTERVAL.
func intervalSum(sign int64) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeInterval(n)
		for i := range live.rows(n) {
			x, y := a.iv[a.at(i)], b.iv[b.at(i)]
			v, ok := sumIntervals(x, y, sign)
			if !ok {
				return faultf(i, "'%s' %s '%s' is beyond INTERVAL", sqltype.AppendInterval(nil, x), signText(sign), sqltype.AppendInterval(nil, y))
			}
			dst[i] = v
		}
		return nil
	}
}

// intervalScale is INTERVAL times a DOUBLE, or divided by one; by zero is NULL.
func intervalScale(divide bool) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		dst := out.makeInterval(n)
		for i := range live.rows(n) {
			x, by := a.iv[a.at(i)], b.f64[b.at(i)]
			if divide && by == 0 {
				dst[i] = arrow.MonthDayNanoInterval{}
				out.setNull(i, n)
				continue
			}
			v, ok := scaleInterval(x, by, divide)
			if !ok {
				op := "*"
				if divide {
					op = "/"
				}
				return faultf(i, "'%s' %s %s is beyond INTERVAL", sqltype.AppendInterval(nil, x), op, sqltype.AppendDouble(nil, by))
			}
			dst[i] = v
		}
		return nil
	}
}
