package sqltype

// The civil calendar is the proleptic Gregorian one: its leap years run back
// before 1582, and the year before 1 is 0. Days count from 1970-01-01.
//
// The conversions follow Cassio Neri and Lorenz Schneider, "Euclidean affine
// functions and their application to calendar algorithms", Software: Practice
// and Experience 53 (4), 2023: years begin in March, which puts the leap day
// last, and each division by a constant becomes a multiplication and a shift.

const (
	daysPerEra  = 146097 // 400 years
	yearsPerEra = 400
	// erasShift makes every int32 day, and its year, positive.
	erasShift = 14705
	// epochDays counts from 0000-03-01 to 1970-01-01.
	epochDays = 719468
)

// CivilFromDays returns the date that is days after 1970-01-01, month 1..12,
// day 1..31.
func CivilFromDays(days int32) (year, month, day int) {
	n := uint64(int64(days) + epochDays + erasShift*daysPerEra)

	n1 := 4*n + 3
	century := n1 / daysPerEra
	dayOfCentury := n1 % daysPerEra / 4

	// The high word is the year of the century, the low word, scaled, the
	// day of the year.
	p := 2939745 * (4*dayOfCentury + 3)
	dayOfYear := uint64(uint32(p)) / 2939745 / 4

	n3 := 2141*dayOfYear + 197913
	year = int(100*century+p>>32) - erasShift*yearsPerEra
	month = int(n3 >> 16)
	day = int(n3&0xffff/2141) + 1
	if dayOfYear >= 306 { // January and February belong to the next year
		year++
		month -= 12
	}
	return year, month, day
}

// DaysFromCivil returns the days from 1970-01-01 to a date. A month outside
// 1..12 carries into the year and a day outside the month into the month, so
// that adding months or days to a date needs no care. The year is within
// ±5,800,000, which is what int32 days reach.
func DaysFromCivil(year, month, day int) int32 {
	if uint(month-1) >= 12 {
		months := month - 1
		carry := months / 12
		if months%12 < 0 {
			carry--
		}
		year += carry
		month = months - 12*carry + 1
	}
	y := uint64(year + erasShift*yearsPerEra)
	m := uint64(month)
	if m <= 2 {
		y--
		m += 12
	}
	century := y / 100
	days := 1461*y/4 - century + century/4 + (979*m-2919)/32
	return int32(int64(days) + int64(day) - 1 - epochDays - erasShift*daysPerEra)
}

// isLeap reports whether a year has a 29th of February.
func isLeap(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// monthDays are the lengths of the months 1 to 12 of a year that is no leap year.
var monthDays = [13]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// daysIn returns the length of a month, 1..12.
func daysIn(year, month int) int {
	if month == 2 && isLeap(year) {
		return 29
	}
	return int(monthDays[month])
}

// validDate reports whether such a date is on the calendar and in the years
// that text can spell.
func validDate(year, month, day int) bool {
	return year >= yearMin && year <= yearMax && uint(month-1) < 12 && day >= 1 && day <= daysIn(year, month)
}

// Dates and timestamps are read from year 1 to 9999, as SQL has them.
const (
	yearMin = 1
	yearMax = 9999
)
