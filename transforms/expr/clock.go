package expr

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

func clockFunctions() []function {
	moment := func(name string, aliases []string, t arrow.DataType, doc string) function {
		return function{name: name, aliases: aliases, group: "date", doc: doc,
			usage: []string{name + "() → " + sqltype.Name(t)},
			bind: func(b *binder, n *Call) bound {
				if len(n.Args) > 0 {
					return b.fail(n, "", "%s takes no arguments", n.Name)
				}
				return b.moment(t)
			}}
	}
	return []function{
		moment("now", []string{"current_timestamp"}, sqltype.TimestampTZ, "The moment at which the run began; the same for every row."),
		moment("current_date", []string{"today"}, sqltype.Date, "The date, in UTC, on which the run began."),
		{name: "age", group: "date", doc: "The years, months, days and time from the second moment, or to the current date from the only one, by the calendar.",
			example: "age(DATE '2024-03-01', DATE '2023-01-31') = 1 year 1 month 1 day",
			usage:   []string{"age(TIMESTAMP, TIMESTAMP) → INTERVAL", "age(TIMESTAMP) → INTERVAL"}, bind: bindAge},
		{name: "make_date", group: "date", doc: "The date of a year, month and day; one that is not on the calendar is an error.",
			example: "make_date(2024, 2, 29) = 2024-02-29", overloads: []overload{fn(kDate, makeDateKernel, kInt, kInt, kInt)}},
		{name: "to_timestamp", group: "date", doc: "The moment so many seconds after 1970-01-01 00:00:00 UTC.",
			example: "to_timestamp(60) = 1970-01-01 00:01:00+00", overloads: []overload{fn(kTimestampTZ, toTimestampKernel, kDouble)}},
	}
}

// moment is the time of the run as a DATE or TIMESTAMPTZ.
func (b *binder) moment(t arrow.DataType) bound {
	micros := b.now.UnixMicro()
	if kindOf(t) == kDate {
		days, _ := splitMicros(micros)
		return &constant{t: t, v: &vector{constant: true, i32: []int32{days}}}
	}
	return &constant{t: t, v: &vector{constant: true, i64: []int64{micros}}}
}

func bindAge(b *binder, n *Call) bound {
	if len(n.Args) != 1 && len(n.Args) != 2 {
		return b.fail(n, "it is called as age(later, earlier)", "age does not take %s", plural(len(n.Args), "argument"))
	}
	args, ok := b.bindAll(n.Args)
	if !ok {
		return nil
	}
	to := sqltype.Timestamp
	for i, arg := range args {
		switch k := kindOf(arg.typ()); {
		case k == kTimestampTZ:
			to = sqltype.TimestampTZ
		case k != kDate && k != kTimestamp && k != kNull && !isTextLiteral(arg):
			return b.fail(n.Args[i], castHint(n.Args[i], sqltype.Timestamp), "age needs a date or timestamp, found %s", sqltype.Name(arg.typ()))
		}
	}
	for i := range args {
		if args[i] = b.convert(n.Args[i], args[i], to); args[i] == nil {
			return nil
		}
	}
	if len(args) == 1 {
		args = []bound{b.convert(n, b.moment(sqltype.Date), to), args[0]}
	}
	return b.apply(n, sqltype.Interval, ageKernel, args...)
}

func ageKernel(n int, live bitmap, args []*vector, out *vector) error {
	a, b := args[0], args[1]
	dst := out.makeInterval(n)
	for i := range live.rows(n) {
		dst[i] = ageBetween(a.i64[a.at(i)], b.i64[b.at(i)])
	}
	return nil
}

func makeDateKernel(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt32(n)
	for i := range live.rows(n) {
		y, m, d := args[0].i64[args[0].at(i)], args[1].i64[args[1].at(i)], args[2].i64[args[2].at(i)]
		if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > int64(daysIn(int(y), int(m))) {
			return faultf(i, "make_date(%d, %d, %d) is not a date", y, m, d)
		}
		dst[i] = sqltype.DaysFromCivil(int(y), int(m), int(d))
	}
	return nil
}

func toTimestampKernel(n int, live bitmap, args []*vector, out *vector) error {
	dst := out.makeInt64(n)
	for i := range live.rows(n) {
		v := args[0].f64[i]
		// Whole seconds and the fraction apart keep the microseconds.
		const secondsMax = 1 << 43
		if !(v > -secondsMax && v < secondsMax) {
			return faultf(i, "to_timestamp(%s) is beyond TIMESTAMPTZ", sqltype.AppendDouble(nil, v))
		}
		whole := math.Floor(v)
		dst[i] = int64(whole)*microsPerSecond + int64((v-whole)*microsPerSecond+0.5)
	}
	return nil
}
