package sqltype

import (
	"encoding/binary"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
)

// ParseDate reads an ISO 8601 calendar date in its extended form, yyyy-mm-dd,
// of the years 0001 to 9999. The day must exist.
func ParseDate(b []byte) (arrow.Date32, bool) {
	if len(b) != 10 {
		return 0, false
	}
	d, ok := isoDays(b)
	return arrow.Date32(d), ok
}

// isoDays reads yyyy-mm-dd from the first ten bytes of b.
func isoDays(b []byte) (days int32, ok bool) {
	const (
		dashMask  = 0xff0000ff << 32
		dashes    = '-'<<56 | '-'<<32
		dashToNil = ('-'^'0')<<56 | ('-'^'0')<<32
	)
	v := binary.LittleEndian.Uint64(b)
	if v&dashMask != dashes {
		return 0, false
	}
	v ^= dashToNil // yyyy0mm0, a number of eight digits
	day := twoDigits(b[8:10])
	if notDigits(v) != 0 {
		return 0, false
	}
	ymd := uint32(value8(v))
	year, month := int(ymd/10000), int(ymd%10000/10)
	if !validDate(year, month, int(day)) {
		return 0, false
	}
	return DaysFromCivil(year, month, int(day)), true
}

// AppendDate writes yyyy-mm-dd. Years beyond 9999 take the digits they need;
// the year 0 is 0001 followed by (BC), and so on back, as DuckDB has it.
func AppendDate(dst []byte, v arrow.Date32) []byte {
	year, month, day := CivilFromDays(int32(v))
	return appendCivil(dst, year, month, day)
}

func appendCivil(dst []byte, year, month, day int) []byte {
	before := year <= 0
	if before {
		year = 1 - year
	}
	dst = appendYear(dst, year)
	dst = append(dst, '-')
	dst = append2(dst, month)
	dst = append(dst, '-')
	dst = append2(dst, day)
	if before {
		dst = append(dst, " (BC)"...)
	}
	return dst
}

// appendYear writes a year with at least four digits; one before 0 with a
// minus.
func appendYear(dst []byte, year int) []byte {
	if year < 0 {
		dst = append(dst, '-')
		year = -year
	}
	if year > yearMax {
		return strconv.AppendInt(dst, int64(year), 10)
	}
	return append4(dst, year)
}
