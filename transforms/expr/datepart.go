package expr

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// datePart computes one field of a moment, given as its day and the
// microseconds since its midnight.
type datePart struct {
	name    string
	aliases []string
	doc     string
	// ofDay fields need the date, ofClock fields the time.
	ofDay   func(days int32) int64
	ofClock func(micros int64) int64
	// alone is true for fields that are functions of their own.
	alone bool
}

var dateParts = []datePart{
	{name: "year", aliases: []string{"years", "y"}, doc: "The year.", alone: true, ofDay: yearOf},
	{name: "quarter", aliases: []string{"quarters"}, doc: "The quarter of the year, 1 to 4.", alone: true,
		ofDay: func(d int32) int64 { _, m, _ := sqltype.CivilFromDays(d); return int64(m+2) / 3 }},
	{name: "month", aliases: []string{"months", "mon"}, doc: "The month, 1 to 12.", alone: true,
		ofDay: func(d int32) int64 { _, m, _ := sqltype.CivilFromDays(d); return int64(m) }},
	{name: "week", aliases: []string{"weeks", "weekofyear"}, doc: "The ISO 8601 week of the year, 1 to 53.", alone: true,
		ofDay: func(d int32) int64 { _, w := isoWeek(d); return w }},
	{name: "day", aliases: []string{"days", "dayofmonth"}, doc: "The day of the month, 1 to 31.", alone: true,
		ofDay: func(d int32) int64 { _, _, day := sqltype.CivilFromDays(d); return int64(day) }},
	{name: "dayofweek", aliases: []string{"dow", "weekday"}, doc: "The day of the week, Sunday being 0.", alone: true, ofDay: dayOfWeek},
	{name: "isodow", doc: "The day of the week, Monday being 1 and Sunday 7.", alone: true,
		ofDay: func(d int32) int64 { return (dayOfWeek(d)+6)%7 + 1 }},
	{name: "dayofyear", aliases: []string{"doy"}, doc: "The day of the year, 1 to 366.", alone: true,
		ofDay: func(d int32) int64 {
			y, _, _ := sqltype.CivilFromDays(d)
			return int64(d-sqltype.DaysFromCivil(y, 1, 1)) + 1
		}},
	{name: "isoyear", doc: "The year that the ISO 8601 week belongs to.", alone: true,
		ofDay: func(d int32) int64 { y, _ := isoWeek(d); return y }},
	{name: "hour", aliases: []string{"hours", "h"}, doc: "The hour, 0 to 23.", alone: true,
		ofClock: func(t int64) int64 { return t / microsPerHour }},
	{name: "minute", aliases: []string{"minutes", "min"}, doc: "The minute, 0 to 59.", alone: true,
		ofClock: func(t int64) int64 { return t / microsPerMinute % 60 }},
	{name: "second", aliases: []string{"seconds", "sec", "s"}, doc: "The second, 0 to 59.", alone: true,
		ofClock: func(t int64) int64 { return t / microsPerSecond % 60 }},
	{name: "millisecond", aliases: []string{"milliseconds", "ms"}, doc: "The second in milliseconds, 0 to 59999.",
		ofClock: func(t int64) int64 { return t % microsPerMinute / 1000 }},
	{name: "microsecond", aliases: []string{"microseconds", "us"}, doc: "The second in microseconds, 0 to 59999999.",
		ofClock: func(t int64) int64 { return t % microsPerMinute }},
	{name: "decade", aliases: []string{"decades"}, doc: "The year divided by 10.",
		ofDay: func(d int32) int64 { return floorDiv(yearOf(d), 10) }},
	{name: "century", aliases: []string{"centuries"}, doc: "The century: 2001 begins the 21st.",
		ofDay: func(d int32) int64 { return ordinalSpan(yearOf(d), 100) }},
	{name: "millennium", aliases: []string{"millennia"}, doc: "The millennium: 2001 begins the third.",
		ofDay: func(d int32) int64 { return ordinalSpan(yearOf(d), 1000) }},
}

func yearOf(days int32) int64 {
	y, _, _ := sqltype.CivilFromDays(days)
	return int64(y)
}

// dayOfWeek is 0 for Sunday; 1970-01-01 was a Thursday.
func dayOfWeek(days int32) int64 {
	d := int64(days) + 4
	return d - floorDiv(d, 7)*7
}

// isoWeek returns the ISO 8601 year and week: those of the week's Thursday.
func isoWeek(days int32) (year, week int64) {
	thursday := int64(days) - (dayOfWeek(days)+6)%7 + 3
	y, _, _ := sqltype.CivilFromDays(int32(thursday))
	return int64(y), (thursday-int64(sqltype.DaysFromCivil(y, 1, 1)))/7 + 1
}

// ordinalSpan numbers the centuries or millennia, 1 being the years from 1 on;
// the years before count as in PostgreSQL, without a 0.
func ordinalSpan(year, span int64) int64 {
	if year > 0 {
		return (year + span - 1) / span
	}
	return -((span - 1 - (year - 1)) / span)
}

// findDatePart looks a field up by name or alias.
func findDatePart(name string) *datePart {
	for i := range dateParts {
		p := &dateParts[i]
		if p.name == name {
			return p
		}
		for _, a := range p.aliases {
			if a == name {
				return p
			}
		}
	}
	return nil
}

func datePartNames() []string {
	names := []string{"epoch"}
	for _, p := range dateParts {
		names = append(names, p.name)
	}
	return names
}

func datepartFunctions() []function {
	list := []function{{
		name: "date_part", aliases: []string{"datepart"}, group: "date",
		doc:     "A field of a date, time or interval; EXTRACT(field FROM x) is the same. Fields: " + strings.Join(datePartNames(), ", ") + ".",
		example: "date_part('year', DATE '2024-05-06') = 2024",
		usage:   []string{"date_part(VARCHAR, DATE|TIMESTAMP|TIMESTAMPTZ|TIME|INTERVAL) → BIGINT, DOUBLE for epoch"},
		bind:    bindDatePart,
	}}
	for i := range dateParts {
		p := &dateParts[i]
		if !p.alone {
			continue
		}
		f := function{name: p.name, group: "date", doc: p.doc, example: ""}
		if p.name == "dayofweek" {
			f.aliases = []string{"weekday", "dow"}
		}
		for _, k := range []kind{kTimestamp, kDate, kTimestampTZ, kTime, kInterval} {
			if kernel := p.kernel(k); kernel != nil {
				f.overloads = append(f.overloads, fn(kInt, kernel, k))
			}
		}
		f.example = fmt.Sprintf("%s(TIMESTAMP '2024-05-06 07:08:09') = %d", p.name, p.of(19849, 7*microsPerHour+8*microsPerMinute+9*microsPerSecond))
		list = append(list, f)
	}
	return append(list, function{name: "epoch", group: "date", doc: "Seconds since 1970-01-01 00:00:00 UTC, or that an interval lasts.",
		example: "epoch(TIMESTAMP '1970-01-01 00:01:00') = 60",
		overloads: []overload{
			fn(kDouble, epochKernel(kTimestamp), kTimestamp), fn(kDouble, epochKernel(kDate), kDate),
			fn(kDouble, epochKernel(kTimestampTZ), kTimestampTZ), fn(kDouble, epochKernel(kTime), kTime),
			fn(kDouble, epochKernel(kInterval), kInterval),
		}})
}

func (p *datePart) of(days int32, ofDay int64) int64 {
	if p.ofDay != nil {
		return p.ofDay(days)
	}
	return p.ofClock(ofDay)
}

// kernel returns the field's kernel for a kind, nil if it has no such field.
func (p *datePart) kernel(k kind) kernel {
	switch k {
	case kDate:
		if p.ofDay == nil {
			return func(n int, _ bitmap, _ []*vector, out *vector) error {
				clear(out.makeInt64(n))
				return nil
			}
		}
		return func(n int, _ bitmap, args []*vector, out *vector) error {
			dst := out.makeInt64(n)
			for i, d := range args[0].i32[:n] {
				dst[i] = p.ofDay(d)
			}
			return nil
		}
	case kTimestamp, kTimestampTZ:
		return func(n int, _ bitmap, args []*vector, out *vector) error {
			dst := out.makeInt64(n)
			if p.ofDay != nil {
				for i, t := range args[0].i64[:n] {
					d, _ := splitMicros(t)
					dst[i] = p.ofDay(d)
				}
				return nil
			}
			for i, t := range args[0].i64[:n] {
				_, ofDay := splitMicros(t)
				dst[i] = p.ofClock(ofDay)
			}
			return nil
		}
	case kTime:
		if p.ofClock == nil {
			return nil
		}
		return func(n int, _ bitmap, args []*vector, out *vector) error {
			dst := out.makeInt64(n)
			for i, t := range args[0].i64[:n] {
				dst[i] = p.ofClock(t)
			}
			return nil
		}
	case kInterval:
		f := intervalPart(p.name)
		if f == nil {
			return nil
		}
		return func(n int, live bitmap, args []*vector, out *vector) error {
			dst := out.makeInt64(n)
			for i := range live.rows(n) {
				dst[i] = f(args[0].iv[i])
			}
			return nil
		}
	}
	return nil
}

// intervalPart returns a field of intervals: years and the months that remain,
// days, hours and what remains of them.
func intervalPart(name string) func(arrow.MonthDayNanoInterval) int64 {
	micros := func(v arrow.MonthDayNanoInterval) int64 { return v.Nanoseconds / nanosPerMicro }
	type iv = arrow.MonthDayNanoInterval
	switch name {
	case "year":
		return func(v iv) int64 { return int64(v.Months / 12) }
	case "month":
		return func(v iv) int64 { return int64(v.Months % 12) }
	case "quarter":
		return func(v iv) int64 { return int64(v.Months%12/3) + 1 }
	case "decade":
		return func(v iv) int64 { return int64(v.Months / 120) }
	case "century":
		return func(v iv) int64 { return int64(v.Months / 1200) }
	case "millennium":
		return func(v iv) int64 { return int64(v.Months / 12000) }
	case "day":
		return func(v iv) int64 { return int64(v.Days) }
	case "hour":
		return func(v iv) int64 { return micros(v) / microsPerHour }
	case "minute":
		return func(v iv) int64 { return micros(v) % microsPerHour / microsPerMinute }
	case "second":
		return func(v iv) int64 { return micros(v) % microsPerMinute / microsPerSecond }
	case "millisecond":
		return func(v iv) int64 { return micros(v) % microsPerMinute / 1000 }
	case "microsecond":
		return func(v iv) int64 { return micros(v) % microsPerMinute }
	}
	return nil
}

// epochKernel is the number of seconds since 1970. An interval's months are 30
// days, twelve of them 365.25, as in PostgreSQL.
func epochKernel(k kind) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		dst := out.makeDouble(n)
		a := args[0]
		for i := range live.rows(n) {
			switch k {
			case kDate:
				dst[i] = float64(a.i32[i]) * 86400
			case kInterval:
				v := a.iv[i]
				days := float64(v.Months/12)*365.25 + float64(v.Months%12)*30 + float64(v.Days)
				dst[i] = days*86400 + float64(v.Nanoseconds/nanosPerMicro)/microsPerSecond
			default:
				dst[i] = float64(a.i64[i]) / microsPerSecond
			}
		}
		return nil
	}
}

// bindDatePart types date_part(field, x): the field decides the type.
func bindDatePart(b *binder, n *Call) bound {
	name, x := b.unitAnd(n, "date_part('year', x)", datePartNames())
	if x == nil {
		return nil
	}
	k := kindOf(x.typ())
	if k == kNull {
		return nullOf(sqltype.BigInt)
	}
	if name == "epoch" {
		switch k {
		case kDate, kTimestamp, kTimestampTZ, kTime, kInterval:
			return b.apply(n, sqltype.Double, epochKernel(k), x)
		}
		return b.notTemporal(n, x)
	}
	part := findDatePart(name)
	switch k {
	case kDate, kTimestamp, kTimestampTZ, kTime, kInterval:
	default:
		return b.notTemporal(n, x)
	}
	kernel := part.kernel(k)
	if kernel == nil {
		return b.fail(n.Args[0], "", "%s has no %s", k, part.name)
	}
	return b.apply(n, sqltype.BigInt, kernel, x)
}

func (b *binder) notTemporal(n *Call, x bound) bound {
	hint := ""
	if kindOf(x.typ()) == kVarchar {
		hint = castHint(n.Args[1], sqltype.Timestamp)
	}
	return b.fail(n.Args[1], hint, "%s needs a date or time, found %s", n.Name, sqltype.Name(x.typ()))
}

// unitAnd binds the arguments of a function of a unit or field and a moment.
// The unit must be a constant, since it decides the type.
func (b *binder) unitAnd(n *Call, form string, known []string) (unit string, x bound) {
	if len(n.Args) != 2 {
		b.fail(n, "it is called as "+form, "%s does not take %s", n.Name, plural(len(n.Args), "argument"))
		return "", nil
	}
	u, x := b.bind(n.Args[0]), b.bind(n.Args[1])
	if u == nil || x == nil {
		return "", nil
	}
	c, ok := u.(*constant)
	if !ok || c.v.null || kindOf(c.t) != kVarchar {
		b.fail(n.Args[0], "it is called as "+form, "the first argument of %s must be a text constant", n.Name)
		return "", nil
	}
	unit = strings.ToLower(string(c.v.text(0)))
	if p := findDatePart(unit); p != nil {
		unit = p.name
	}
	for _, k := range known {
		if k == unit {
			return unit, x
		}
	}
	hint := "there are " + strings.Join(known, ", ")
	if s := sqltype.Suggest(unit, known); s != "" {
		hint = fmt.Sprintf("did you mean '%s'?", s)
	}
	b.fail(n.Args[0], hint, "%s does not know %s", n.Name, textLiteral(shorten(unit)))
	return "", nil
}
