package sqltype

import "github.com/apache/arrow/go/v17/arrow"

// The moments that text can spell: years 1 to 9999.
var (
	microsMin = int64(DaysFromCivil(yearMin, 1, 1)) * MicrosPerDay
	microsMax = int64(DaysFromCivil(yearMax+1, 1, 1))*MicrosPerDay - 1
)

// offsetHoursMax bounds a zone's distance from UTC, as in PostgreSQL.
const offsetHoursMax = 15

// ParseTimestamp reads a timestamp as microseconds since 1970-01-01 00:00:00:
// an ISO date as for [ParseDate]; T or a space and a time of day as for
// [ParseTime]; an offset from UTC, Z, ±hh, ±hhmm or ±hh:mm (ISO 8601 and RFC
// 3339, with a space for the T as in SQL). A date alone is its midnight. With
// an offset zoned is true and micros are UTC; without one they are of no zone.
// A seventh digit of the second is not dropped but makes it false, and so does
// an offset that leads out of the years 1 to 9999.
func ParseTimestamp(b []byte) (micros int64, zoned, ok bool) {
	if len(b) < 10 {
		return 0, false, false
	}
	days, ok := isoDays(b)
	if !ok {
		return 0, false, false
	}
	micros = int64(days) * MicrosPerDay
	if len(b) == 10 {
		return micros, false, true
	}
	if b[10] != 'T' && b[10] != ' ' {
		return 0, false, false
	}
	t, n := clock(b[11:])
	if n == 0 {
		return 0, false, false
	}
	micros += t
	rest := b[11+n:]
	if len(rest) == 0 {
		return micros, false, true
	}
	offset, n := zone(rest)
	if n != len(rest) {
		return 0, false, false
	}
	micros -= offset
	if micros < microsMin || micros > microsMax {
		return 0, false, false
	}
	return micros, true, true
}

// zone reads an offset from UTC from the front of b, in microseconds, and
// returns the number of bytes it took, 0 if there is none.
func zone(b []byte) (micros int64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] == 'Z' {
		return 0, 1
	}
	if b[0] != '+' && b[0] != '-' || len(b) < 3 {
		return 0, 0
	}
	h, m := twoDigits(b[1:]), uint(0)
	n = 3
	switch {
	case len(b) >= 6 && b[3] == ':':
		m = twoDigits(b[4:])
		n = 6
	case len(b) >= 5 && isDigit(b[3]):
		m = twoDigits(b[3:])
		n = 5
	}
	if h > offsetHoursMax || m > 59 {
		return 0, 0
	}
	micros = int64(h*60+m) * MicrosPerMinute
	if b[0] == '-' {
		micros = -micros
	}
	return micros, n
}

// splitMicros takes a timestamp apart into its day and the microseconds since
// its midnight, 0 <= clock < [MicrosPerDay].
func splitMicros(micros int64) (days int32, clock int64) {
	d := micros / MicrosPerDay
	clock = micros % MicrosPerDay
	if clock < 0 {
		clock += MicrosPerDay
		d--
	}
	return int32(d), clock
}

// AppendTimestamp writes yyyy-mm-dd hh:mm:ss[.f] without trailing zeros in f;
// the date is as [AppendDate] has it.
func AppendTimestamp(dst []byte, micros int64) []byte {
	days, clock := splitMicros(micros)
	dst = AppendDate(dst, arrow.Date32(days))
	dst = append(dst, ' ')
	return AppendTime(dst, clock)
}

// AppendTimestampTZ writes a moment as [AppendTimestamp] in UTC, followed by
// +00.
func AppendTimestampTZ(dst []byte, micros int64) []byte {
	return append(AppendTimestamp(dst, micros), "+00"...)
}
