package sqltype

var (
	monthNames = [13]string{1: "January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December"}
	weekdayNames = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// shortNameBytes is the length of Jan and Mon.
const shortNameBytes = 3

// moment collects the fields of one text.
type moment struct {
	year, month, day, yearDay int
	isoYear, isoWeek          int
	weekday                   int // 0 is Sunday, -1 not given
	hour, minute, second      int
	half                      int // 0 AM, 1 PM, -1 not given
	micros, offset            int64
	epoch                     int64 // seconds without their sign
	beforeEpoch               bool
}

// ParseTimestamp reads text of the layout as microseconds since 1970-01-01
// 00:00:00, UTC and zoned=true when the layout has a zone. Fields of the time
// that the layout lacks are 0, a month or day that it lacks is the first. It is
// false when the text differs from the layout, goes on behind it, names a day
// that does not exist or a weekday that the day is not, or leaves the years 1
// to 9999; and always when [Layout.Readable] has an error.
func (l *Layout) ParseTimestamp(b []byte) (micros int64, zoned, ok bool) {
	if l.unfit != nil {
		return 0, false, false
	}
	m := moment{month: 1, day: 1, weekday: -1, half: -1}
	for i := range l.ops {
		op := &l.ops[i]
		var n int
		if op.field == fieldLiteral {
			if n = len(op.literal); len(b) < n || string(b[:n]) != op.literal {
				return 0, false, false
			}
		} else if n = m.read(op, b); n == 0 {
			return 0, false, false
		}
		b = b[n:]
	}
	if len(b) != 0 {
		return 0, false, false
	}
	if micros, ok = m.resolve(l.seen); !ok {
		return 0, false, false
	}
	return micros, l.HasZone(), true
}

// read takes one field from the front of b and returns how many bytes it has,
// 0 when it is not there.
func (m *moment) read(op *layoutOp, b []byte) (n int) {
	switch op.field {
	case fieldYear:
		m.year, n = number(b, 4, 4)
	case fieldYear2:
		if m.year, n = number(b, 2, 2); m.year < 69 {
			m.year += 100
		}
		m.year += 1900
	case fieldMonth:
		m.month, n = number(b, 1, 2)
	case fieldMonthName:
		m.month, n = name(b, monthNames[1:])
		m.month++
	case fieldDay:
		m.day, n = paddedNumber(op, b)
	case fieldYearDay:
		m.yearDay, n = number(b, 1, 3)
	case fieldWeekdayName:
		m.weekday, n = name(b, weekdayNames[:])
	case fieldWeekdayMonday:
		if m.weekday, n = number(b, 1, 1); m.weekday < 1 || m.weekday > 7 {
			return 0
		}
		m.weekday %= 7
	case fieldWeekdaySunday:
		if m.weekday, n = number(b, 1, 1); m.weekday > 6 {
			return 0
		}
	case fieldHour:
		m.hour, n = paddedNumber(op, b)
	case fieldHour12:
		if m.hour, n = paddedNumber(op, b); m.hour < 1 || m.hour > 12 {
			return 0
		}
		m.hour %= 12
	case fieldHalf:
		m.half, n = half(b)
	case fieldMinute:
		m.minute, n = number(b, 1, 2)
	case fieldSecond:
		m.second, n = number(b, 1, 2)
	case fieldMicros:
		m.micros, n = fraction(b, fractionDigitsMax)
	case fieldMillis:
		var v int
		v, n = number(b, 3, 3)
		m.micros = int64(v) * 1000
	case fieldNanos:
		var v int
		if v, n = number(b, 9, 9); v%1000 != 0 {
			return 0
		}
		m.micros = int64(v) / 1000
	case fieldOffset:
		m.offset, n = zone(b)
	case fieldZoneName:
		n = zoneName(b)
	case fieldISOYear:
		m.isoYear, n = number(b, 4, 4)
	case fieldISOWeek:
		m.isoWeek, n = number(b, 1, 2)
	case fieldEpoch:
		n = m.readEpoch(b)
	}
	return n
}

// resolve makes a timestamp of the fields, those in seen being set.
func (m *moment) resolve(seen fieldSet) (int64, bool) {
	if seen.any(setOf(fieldEpoch)) {
		micros := m.epoch*MicrosPerSecond + m.micros
		if m.beforeEpoch { // -1.5 is before -1
			micros = -micros
		}
		return micros, micros >= microsMin && micros <= microsMax
	}
	var days int32
	switch {
	case seen.any(setOf(fieldISOYear)):
		weekday := (m.weekday + 6) % 7 // 0 is Monday
		if m.weekday < 0 {
			weekday = 0
		}
		if m.isoYear < yearMin || m.isoWeek < 1 || m.isoWeek > isoWeeks(m.isoYear) {
			return 0, false
		}
		days = isoYearStart(m.isoYear) + int32((m.isoWeek-1)*7+weekday)
	case seen.any(setOf(fieldYearDay)):
		if m.year < yearMin || m.yearDay < 1 || m.yearDay > 365 && !(m.yearDay == 366 && isLeap(m.year)) {
			return 0, false
		}
		days = DaysFromCivil(m.year, 1, m.yearDay)
	default:
		if !validDate(m.year, m.month, m.day) {
			return 0, false
		}
		days = DaysFromCivil(m.year, m.month, m.day)
	}
	if m.weekday >= 0 && m.weekday != weekdayOf(days) {
		return 0, false
	}
	switch {
	case m.hour > 23 || m.minute > 59 || m.second > 59:
		return 0, false
	case m.half == 0 && m.hour >= 12:
		return 0, false // 13:00 AM
	case m.half == 1 && m.hour < 12:
		if seen.any(setOf(fieldHour)) {
			return 0, false // 01:00 PM with an hour of 24
		}
		m.hour += 12
	}
	micros := int64(days)*MicrosPerDay + int64(m.hour*3600+m.minute*60+m.second)*MicrosPerSecond +
		m.micros - m.offset
	return micros, micros >= microsMin && micros <= microsMax
}

// number reads digitsMin to digitsMax digits, as many as there are.
func number(b []byte, digitsMin, digitsMax int) (v, n int) {
	for n < len(b) && n < digitsMax && isDigit(b[n]) {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n < digitsMin {
		return 0, 0
	}
	return v, n
}

// paddedNumber reads one or two digits, with a space for the first when the
// directive writes one.
func paddedNumber(op *layoutOp, b []byte) (v, n int) {
	if op.pad == ' ' && len(b) > 0 && b[0] == ' ' {
		if v, n = number(b[1:], 1, 1); n == 1 {
			n = 2
		}
		return v, n
	}
	return number(b, 1, 2)
}

// name reads one of the names, in full or its first three letters, any case.
func name(b []byte, names []string) (index, n int) {
	for i, full := range names {
		if n = len(full); len(b) >= n && sameLetters(b[:n], full) {
			return i, n
		}
	}
	for i, full := range names {
		if n = shortNameBytes; len(b) >= n && sameLetters(b[:n], full[:n]) {
			return i, n
		}
	}
	return 0, 0
}

// sameLetters compares ASCII letters without regard to case.
func sameLetters(b []byte, word string) bool {
	for i := range b {
		if b[i]|0x20 != word[i]|0x20 {
			return false
		}
	}
	return true
}

func half(b []byte) (half, n int) {
	if len(b) < 2 || b[1]|0x20 != 'm' {
		return 0, 0
	}
	switch b[0] | 0x20 {
	case 'a':
		return 0, 2
	case 'p':
		return 1, 2
	}
	return 0, 0
}

// zoneName reads a name of UTC.
func zoneName(b []byte) (n int) {
	for _, z := range [...]string{"UTC", "GMT"} {
		if len(b) >= len(z) && sameLetters(b[:len(z)], z) {
			return len(z)
		}
	}
	if len(b) > 0 && b[0] == 'Z' {
		return 1
	}
	return 0
}

// epochDigitsMax reaches beyond the year 9999.
const epochDigitsMax = 12

// readEpoch takes an optional minus and digits.
func (m *moment) readEpoch(b []byte) (n int) {
	sign := 0
	if len(b) > 0 && b[0] == '-' {
		m.beforeEpoch = true
		sign = 1
	}
	n = sign
	for n < len(b) && n < sign+epochDigitsMax && isDigit(b[n]) {
		n++
	}
	v, ok := parseDigits(b[sign:n])
	if !ok {
		return 0
	}
	m.epoch = int64(v)
	return n
}

// weekdayOf returns the weekday, 0 for Sunday; 1970-01-01 was a Thursday.
func weekdayOf(days int32) int {
	w := (int64(days) + 4) % 7
	if w < 0 {
		w += 7
	}
	return int(w)
}

// isoYearStart returns the Monday of week 1 of an ISO 8601 year: the week that
// holds the 4th of January.
func isoYearStart(year int) int32 {
	fourth := DaysFromCivil(year, 1, 4)
	return fourth - int32((weekdayOf(fourth)+6)%7)
}

func isoWeeks(year int) int {
	return int(isoYearStart(year+1)-isoYearStart(year)) / 7
}
