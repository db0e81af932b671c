package csv

import (
	"fmt"

	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv/internal/digits"

	"github.com/apache/arrow/go/v17/arrow"
)

// dateOrder is the order in which the parts of a date stand.
type dateOrder uint8

const (
	yearMonthDay dateOrder = iota
	dayMonthYear
	monthDayYear
)

// dateStyle is a way to write dates, such as 31/12/2020, optionally followed by
// a space or T and a time of day: h:mm[:ss[.f]] with one to six digits of f.
// Years have four digits, days and months one or two. The zero value stands
// for ISO 8601, which sqltype parses.
type dateStyle struct {
	separator byte // '/', '.' or '-'; 0: ISO
	order     dateOrder
}

// layout is the style as a --date-format or --timestamp-format.
func (s dateStyle) layout(withTime bool) string {
	format := "%[1]cY%[2]c%[1]cm%[2]c%[1]cd"
	switch s.order {
	case dayMonthYear:
		format = "%[1]cd%[2]c%[1]cm%[2]c%[1]cY"
	case monthDayYear:
		format = "%[1]cm%[2]c%[1]cd%[2]c%[1]cY"
	}
	l := fmt.Sprintf(format, '%', s.separator)
	if withTime {
		l += " %H:%M"
	}
	return l
}

// dateParts is a date in some style, its parts not yet given a meaning.
type dateParts struct {
	separator byte
	yearFirst bool
	a, b, c   int
	rest      []byte // a time of day, or empty
}

// scanDate splits a date at its separators. It does not check that the date
// exists.
func scanDate(b []byte) (p dateParts, ok bool) {
	var n int
	if p.a, n = leadingDigits(b, 4); n != 1 && n != 2 && n != 4 || n >= len(b) {
		return p, false
	}
	p.yearFirst = n == 4
	p.separator = b[n]
	if p.separator != '/' && p.separator != '.' && p.separator != '-' {
		return p, false
	}
	b = b[n+1:]
	if p.b, n = leadingDigits(b, 2); n == 0 || n >= len(b) || b[n] != p.separator {
		return p, false
	}
	b = b[n+1:]
	if p.c, n = leadingDigits(b, 4); n == 0 || (n == 4) == p.yearFirst || n == 3 {
		return p, false
	}
	if p.yearFirst == (n > 2) || !p.yearFirst && n != 4 {
		return p, false
	}
	p.rest = b[n:]
	return p, len(p.rest) == 0 || len(p.rest) > 1 && (p.rest[0] == ' ' || p.rest[0] == 'T')
}

// days gives the parts a meaning; false when there is no such day.
func (p *dateParts) days(order dateOrder) (int32, bool) {
	year, month, day := p.a, p.b, p.c
	switch order {
	case dayMonthYear:
		year, month, day = p.c, p.b, p.a
	case monthDayYear:
		year, month, day = p.c, p.a, p.b
	}
	if p.yearFirst != (order == yearMonthDay) || year < 1 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	days := sqltype.DaysFromCivil(year, month, day)
	if day > 28 {
		if _, m, _ := sqltype.CivilFromDays(days); m != month {
			return 0, false
		}
	}
	return days, true
}

// timeOfDay reads what follows a date: nothing, or [ T]h:mm[:ss[.f]], in
// microseconds.
func (p *dateParts) timeOfDay() (micros int64, present, ok bool) {
	if len(p.rest) == 0 {
		return 0, false, true
	}
	b := p.rest[1:]
	if len(b) > 1 && b[1] == ':' {
		var padded [16]byte
		if len(b) >= len(padded) {
			return 0, true, false
		}
		padded[0] = '0'
		b = padded[:1+copy(padded[1:], b)]
	}
	micros, ok = sqltype.ParseTime(b)
	return micros, true, ok
}

// parse reads a date with an optional time of day.
func (s dateStyle) parse(b []byte) (days int32, micros int64, hasTime, ok bool) {
	p, ok := scanDate(b)
	if !ok || p.separator != s.separator {
		return 0, 0, false, false
	}
	if days, ok = p.days(s.order); !ok {
		return 0, 0, false, false
	}
	micros, hasTime, ok = p.timeOfDay()
	return days, micros, hasTime, ok
}

// leadingDigits reads up to limit digits and returns how many there were.
func leadingDigits(b []byte, limit int) (v, n int) {
	for n < len(b) && n < limit && b[n]-'0' <= 9 {
		v = v*10 + int(b[n]-'0')
		n++
	}
	return v, n
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// dateRuns reads runs of dates where they are as ISO 8601 has them; nil elsewhere.
func (c *layoutColumn) dateRuns() runsOf[arrow.Date32] {
	if c.layouts != nil || c.style.separator != 0 {
		return nil
	}
	return digits.Dates
}

// timestampRuns is dateRuns for timestamps without an offset.
func (c *layoutColumn) timestampRuns() runsOf[int64] {
	if c.layouts != nil || c.style.separator != 0 || c.zoned() && !c.declared {
		return nil
	}
	return digits.Timestamps
}

// zoned reports whether the column is a TIMESTAMPTZ.
func (c *layoutColumn) zoned() bool { return c.dataType.(*arrow.TimestampType).TimeZone != "" }

// dateParser returns how the column's dates are read: listed formats first, in
// order, then the style that was found, or ISO.
func (c *layoutColumn) dateParser() func([]byte) (arrow.Date32, bool) {
	if c.layouts == nil && c.style.separator == 0 {
		return sqltype.ParseDate
	}
	return func(b []byte) (arrow.Date32, bool) {
		if micros, _, ok := parseListed(c.layouts, b); ok && micros%microsPerDay == 0 {
			return arrow.Date32(micros / microsPerDay), true
		}
		if c.style.separator != 0 {
			days, _, hasTime, ok := c.style.parse(b)
			return arrow.Date32(days), ok && !hasTime
		}
		return sqltype.ParseDate(b)
	}
}

// timestampParser is dateParser for TIMESTAMP and TIMESTAMPTZ. A TIMESTAMP does
// not take a value with an offset, which it would lose; a TIMESTAMPTZ takes
// values without one as UTC only if it was declared.
func (c *layoutColumn) timestampParser() func([]byte) (int64, bool) {
	wantZone := c.zoned()
	fits := func(zoned bool) bool { return zoned == wantZone || wantZone && c.declared }
	return func(b []byte) (int64, bool) {
		if c.layouts != nil {
			if micros, zoned, ok := parseListed(c.layouts, b); ok && fits(zoned) {
				return micros, true
			}
			if !c.declared {
				return 0, false
			}
		}
		if c.style.separator != 0 {
			days, micros, _, ok := c.style.parse(b)
			return int64(days)*microsPerDay + micros, ok
		}
		micros, zoned, ok := sqltype.ParseTimestamp(b)
		return micros, ok && fits(zoned)
	}
}
