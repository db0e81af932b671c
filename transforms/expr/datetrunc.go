package expr

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// truncDay returns the first day of the unit that a day is in, for units of a
// day and more.
var truncDay = map[string]func(days int32) int32{
	"day":   func(d int32) int32 { return d },
	"week":  func(d int32) int32 { return d - int32((dayOfWeek(d)+6)%7) },
	"month": func(d int32) int32 { y, m, _ := sqltype.CivilFromDays(d); return sqltype.DaysFromCivil(y, m, 1) },
	"quarter": func(d int32) int32 {
		y, m, _ := sqltype.CivilFromDays(d)
		return sqltype.DaysFromCivil(y, (m-1)/3*3+1, 1)
	},
	"year":       func(d int32) int32 { return firstOfYears(d, 1, 0) },
	"decade":     func(d int32) int32 { return firstOfYears(d, 10, 0) },
	"century":    func(d int32) int32 { return firstOfYears(d, 100, 1) },
	"millennium": func(d int32) int32 { return firstOfYears(d, 1000, 1) },
}

// firstOfYears returns the first day of a span of years that begin at
// multiples of span plus offset.
func firstOfYears(days int32, span, offset int64) int32 {
	y := floorDiv(yearOf(days)-offset, span)*span + offset
	return sqltype.DaysFromCivil(int(y), 1, 1)
}

// truncMicros are the units shorter than a day.
var truncMicros = map[string]int64{
	"hour": microsPerHour, "minute": microsPerMinute, "second": microsPerSecond, "millisecond": 1000, "microsecond": 1,
}

func truncUnits() []string {
	var names []string
	for _, p := range dateParts {
		if truncDay[p.name] != nil || truncMicros[p.name] != 0 {
			names = append(names, p.name)
		}
	}
	return names
}

func datetruncFunctions() []function {
	return []function{{
		name: "date_trunc", aliases: []string{"datetrunc"}, group: "date",
		doc:     "The start of the unit that a moment is in. A DATE stays one for units of a day and more.",
		example: "date_trunc('month', DATE '2024-05-06') = 2024-05-01",
		usage:   []string{"date_trunc(VARCHAR, DATE|TIMESTAMP|TIMESTAMPTZ|INTERVAL) → the same"},
		bind:    bindDateTrunc,
	}}
}

func bindDateTrunc(b *binder, n *Call) bound {
	unit, x := b.unitAnd(n, "date_trunc('month', x)", truncUnits())
	if x == nil {
		return nil
	}
	day := truncDay[unit]
	k := kindOf(x.typ())
	switch {
	case k == kNull:
		return nullOf(sqltype.Timestamp)
	case k == kDate && day != nil:
		return b.apply(n, sqltype.Date, truncDates(day), x)
	case k == kDate:
		return b.convert(n.Args[1], x, sqltype.Timestamp)
	case (k == kTimestamp || k == kTimestampTZ) && day != nil:
		return b.apply(n, x.typ(), truncToDays(day, k), x)
	case k == kTimestamp || k == kTimestampTZ:
		return b.apply(n, x.typ(), truncClock(truncMicros[unit]), x)
	case k == kInterval && unit != "week":
		return b.apply(n, x.typ(), truncInterval(unit), x)
	case k == kInterval:
		return b.fail(n.Args[0], "", "INTERVAL has no week")
	}
	return b.notTemporal(n, x)
}

func truncDates(day func(int32) int32) kernel {
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		dst := out.makeInt32(n)
		for i, d := range args[0].i32[:n] {
			dst[i] = day(d)
		}
		return nil
	}
}

func truncToDays(day func(int32) int32, k kind) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeInt64(n)
		for i := range live.rows(n) {
			d, _ := splitMicros(args[0].i64[i])
			v, ok := joinMicros(int64(day(d)), 0)
			if !ok {
				return faultf(i, "the start of the unit is beyond %s", k)
			}
			dst[i] = v
		}
		return nil
	}
}

func truncClock(unitMicros int64) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeInt64(n)
		for i := range live.rows(n) {
			t := args[0].i64[i]
			// Units divide the day, so that within it nothing overflows.
			_, ofDay := splitMicros(t)
			v, ok := subChecked(t, ofDay%unitMicros)
			if !ok {
				return faultf(i, "the start of the unit is beyond TIMESTAMP")
			}
			dst[i] = v
		}
		return nil
	}
}

// truncInterval drops what is smaller than the unit.
func truncInterval(unit string) kernel {
	months := map[string]int32{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}[unit]
	nanos := truncMicros[unit] * nanosPerMicro
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeInterval(n)
		for i := range live.rows(n) {
			v := args[0].iv[i]
			switch {
			case months > 0:
				v = arrow.MonthDayNanoInterval{Months: v.Months / months * months}
			case nanos > 0:
				v.Nanoseconds -= v.Nanoseconds % nanos
			default:
				v.Nanoseconds = 0
			}
			dst[i] = v
		}
		return nil
	}
}
