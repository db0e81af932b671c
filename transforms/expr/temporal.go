package expr

import (
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

const (
	microsPerSecond = sqltype.MicrosPerSecond
	microsPerMinute = sqltype.MicrosPerMinute
	microsPerHour   = sqltype.MicrosPerHour
	microsPerDay    = sqltype.MicrosPerDay
	nanosPerMicro   = 1000
	nanosPerDay     = microsPerDay * nanosPerMicro
)

// floorDiv returns a/b rounded down; b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// splitMicros returns the day of a timestamp and the microseconds since its
// midnight.
func splitMicros(micros int64) (days int32, ofDay int64) {
	d := floorDiv(micros, microsPerDay)
	return int32(d), micros - d*microsPerDay
}

// joinMicros is the inverse of splitMicros; false when int64 microseconds do
// not reach that far.
func joinMicros(days, ofDay int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(abs64(days)), uint64(microsPerDay))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	micros := int64(lo)
	if days < 0 {
		micros = -micros
	}
	return addChecked(micros, ofDay)
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// yearsMax bounds the years that dates are computed with: more than int64
// microseconds reach.
const yearsMax = 300_000

// addMonths moves a day by calendar months; where the month is shorter, to its
// last day, as in PostgreSQL.
func addMonths(days int32, months int64) (int32, bool) {
	year, month, day := sqltype.CivilFromDays(days)
	total := int64(year)*12 + int64(month-1) + months
	y := floorDiv(total, 12)
	if y < -yearsMax || y > yearsMax {
		return 0, false
	}
	m := int(total-y*12) + 1
	return sqltype.DaysFromCivil(int(y), m, min(day, daysIn(int(y), m))), true
}

// daysIn returns the length of a month.
func daysIn(year, month int) int {
	return int(sqltype.DaysFromCivil(year, month+1, 1) - sqltype.DaysFromCivil(year, month, 1))
}

// addInterval adds sign (1 or -1) times an interval to a timestamp: first
// months, then days, then the time, as in PostgreSQL.
func addInterval(micros int64, v arrow.MonthDayNanoInterval, sign int64) (int64, bool) {
	days, ofDay := splitMicros(micros)
	if v.Months != 0 {
		var ok bool
		if days, ok = addMonths(days, sign*int64(v.Months)); !ok {
			return 0, false
		}
	}
	t, ok := joinMicros(int64(days)+sign*int64(v.Days), ofDay)
	if !ok {
		return 0, false
	}
	return addChecked(t, sign*(v.Nanoseconds/nanosPerMicro))
}

// intervalBetween is a - b for timestamps: whole days and the rest, as in
// PostgreSQL.
func intervalBetween(a, b int64) (arrow.MonthDayNanoInterval, bool) {
	d, ok := subChecked(a, b)
	if !ok {
		return arrow.MonthDayNanoInterval{}, false
	}
	days := d / microsPerDay
	return arrow.MonthDayNanoInterval{Days: int32(days), Nanoseconds: (d - days*microsPerDay) * nanosPerMicro}, true
}

// ageBetween is age(a, b): the years, months, days and time from b to a by the
// calendar, as in PostgreSQL.
func ageBetween(a, b int64) arrow.MonthDayNanoInterval {
	if a < b {
		v := ageBetween(b, a)
		return arrow.MonthDayNanoInterval{Months: -v.Months, Days: -v.Days, Nanoseconds: -v.Nanoseconds}
	}
	aDays, aTime := splitMicros(a)
	bDays, bTime := splitMicros(b)
	ay, am, ad := sqltype.CivilFromDays(aDays)
	by, bm, bd := sqltype.CivilFromDays(bDays)
	months := (ay-by)*12 + am - bm
	days := ad - bd
	time := aTime - bTime
	if time < 0 {
		time += microsPerDay
		days--
	}
	if days < 0 {
		// The month borrowed from is the one that b stands in.
		days += daysIn(by, bm)
		months--
	}
	return arrow.MonthDayNanoInterval{Months: int32(months), Days: int32(days), Nanoseconds: time * nanosPerMicro}
}

// sumIntervals is a + sign*b.
func sumIntervals(a, b arrow.MonthDayNanoInterval, sign int64) (arrow.MonthDayNanoInterval, bool) {
	months := int64(a.Months) + sign*int64(b.Months)
	days := int64(a.Days) + sign*int64(b.Days)
	nanos, ok := addChecked(a.Nanoseconds, b.Nanoseconds)
	if sign < 0 {
		nanos, ok = subChecked(a.Nanoseconds, b.Nanoseconds)
	}
	return packInterval(months, days, nanos, ok)
}

func packInterval(months, days, nanos int64, ok bool) (arrow.MonthDayNanoInterval, bool) {
	if !ok || int64(int32(months)) != months || int64(int32(days)) != days {
		return arrow.MonthDayNanoInterval{}, false
	}
	return arrow.MonthDayNanoInterval{Months: int32(months), Days: int32(days), Nanoseconds: nanos}, true
}

// scaleInterval is v * by, or v / by. What a fraction leaves of a month goes to
// the days, 30 a month, and what it leaves of a day to the time; both remainders
// are rounded to a millionth and the time to microseconds, as in PostgreSQL.
func scaleInterval(v arrow.MonthDayNanoInterval, by float64, divide bool) (arrow.MonthDayNanoInterval, bool) {
	scale := func(x float64) float64 {
		if divide {
			return x / by
		}
		return x * by
	}
	const secondsPerDay = 24 * 60 * 60
	months := scale(float64(v.Months))
	wholeMonths := math.Trunc(months)
	monthDays := roundMillionth((months - wholeMonths) * 30)
	days := scale(float64(v.Days))
	wholeDays := math.Trunc(days) + math.Trunc(monthDays)
	seconds := roundMillionth((days - math.Trunc(days) + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	if carry := math.Trunc(seconds / secondsPerDay); carry != 0 {
		wholeDays += carry
		seconds -= carry * secondsPerDay
	}
	micros := math.RoundToEven(scale(float64(v.Nanoseconds/nanosPerMicro)) + seconds*microsPerSecond)
	const microsMax = math.MaxInt64 / nanosPerMicro
	ok := math.Abs(wholeMonths) <= math.MaxInt32 && math.Abs(wholeDays) <= math.MaxInt32 && math.Abs(micros) < microsMax
	if !ok { // NaN too
		return arrow.MonthDayNanoInterval{}, false
	}
	return packInterval(int64(wholeMonths), int64(wholeDays), int64(micros)*nanosPerMicro, true)
}

func roundMillionth(v float64) float64 { return math.Round(v*1e6) / 1e6 }
