package sqltype

import "strconv"

// Append writes a timestamp in the layout; a zone in it is UTC.
func (l *Layout) Append(dst []byte, micros int64) []byte {
	days, clock := splitMicros(micros)
	year, month, day := CivilFromDays(days)
	second := int(clock / MicrosPerSecond)
	fraction := int(clock % MicrosPerSecond)
	hour := second / 3600
	seconds := int64(days)*(MicrosPerDay/MicrosPerSecond) + int64(second)
	if micros < 0 && l.seen.any(setOf(fieldEpoch)) && l.seen.any(fractionFields) {
		// %s.%f is one number: half a second before 1970 is -0.500000.
		seconds, fraction = micros/MicrosPerSecond, int(-micros%MicrosPerSecond)
	}
	for i := range l.ops {
		op := &l.ops[i]
		switch op.field {
		case fieldLiteral:
			dst = append(dst, op.literal...)
		case fieldYear:
			dst = appendYear(dst, year)
		case fieldYear2:
			dst = op.number(dst, (year%100+100)%100)
		case fieldMonth:
			dst = op.number(dst, month)
		case fieldMonthName:
			dst = op.name(dst, monthNames[month])
		case fieldDay:
			dst = op.number(dst, day)
		case fieldYearDay:
			dst = op.number(dst, yearDayOf(days, year))
		case fieldWeekdayName:
			dst = op.name(dst, weekdayNames[weekdayOf(days)])
		case fieldWeekdayMonday:
			dst = op.number(dst, (weekdayOf(days)+6)%7+1)
		case fieldWeekdaySunday:
			dst = op.number(dst, weekdayOf(days))
		case fieldHour:
			dst = op.number(dst, hour)
		case fieldHour12:
			dst = op.number(dst, (hour+11)%12+1)
		case fieldHalf:
			if hour < 12 {
				dst = append(dst, "AM"...)
			} else {
				dst = append(dst, "PM"...)
			}
		case fieldMinute:
			dst = op.number(dst, second/60%60)
		case fieldSecond:
			dst = op.number(dst, second%60)
		case fieldMicros:
			dst = op.number(dst, fraction)
		case fieldMillis:
			dst = op.number(dst, fraction/1000)
		case fieldNanos:
			dst = op.number(dst, fraction*1000)
		case fieldOffset:
			dst = append(dst, "+0000"...)
		case fieldZoneName:
			dst = append(dst, "UTC"...)
		case fieldISOYear:
			isoYear, _ := isoWeekOf(days, year)
			dst = appendYear(dst, isoYear)
		case fieldISOWeek:
			_, week := isoWeekOf(days, year)
			dst = op.number(dst, week)
		case fieldWeekSunday:
			dst = op.number(dst, (yearDayOf(days, year)+6-weekdayOf(days))/7)
		case fieldWeekMonday:
			dst = op.number(dst, (yearDayOf(days, year)+6-(weekdayOf(days)+6)%7)/7)
		case fieldEpoch:
			if seconds == 0 && micros < 0 {
				dst = append(dst, '-')
			}
			dst = strconv.AppendInt(dst, seconds, 10)
		}
	}
	return dst
}

// number writes a number in the directive's width.
func (op *layoutOp) number(dst []byte, v int) []byte {
	if op.pad == ' ' && op.width == 2 && v < 10 {
		return append(dst, ' ', byte('0'+v))
	}
	return appendPadded(dst, uint64(v), op.width)
}

func (op *layoutOp) name(dst []byte, full string) []byte {
	if op.full {
		return append(dst, full...)
	}
	return append(dst, full[:shortNameBytes]...)
}

// yearDayOf returns the day of its year, from 1.
func yearDayOf(days int32, year int) int {
	return int(days-DaysFromCivil(year, 1, 1)) + 1
}

// isoWeekOf returns the ISO 8601 year and week of a day in the civil year.
func isoWeekOf(days int32, year int) (isoYear, week int) {
	switch {
	case days < isoYearStart(year):
		year--
	case days >= isoYearStart(year+1):
		year++
	}
	return year, int(days-isoYearStart(year))/7 + 1
}
