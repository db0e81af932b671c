package sqltype

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// intervalUnit is what one of a unit is worth; one field is set.
type intervalUnit struct {
	months, days, micros int64
}

// intervalUnits are PostgreSQL's unit words, singular and plural.
var intervalUnits = func() map[string]intervalUnit {
	units := make(map[string]intervalUnit)
	for _, u := range []struct {
		words string
		unit  intervalUnit
	}{
		{"millennium millennia millenniums mil mils", intervalUnit{months: 12000}},
		{"century centuries cent c", intervalUnit{months: 1200}},
		{"decade decades dec decs", intervalUnit{months: 120}},
		{"year years yr yrs y", intervalUnit{months: 12}},
		{"quarter quarters", intervalUnit{months: 3}},
		{"month months mon mons", intervalUnit{months: 1}},
		{"week weeks w", intervalUnit{days: 7}},
		{"day days d", intervalUnit{days: 1}},
		{"hour hours hr hrs h", intervalUnit{micros: MicrosPerHour}},
		{"minute minutes min mins m", intervalUnit{micros: MicrosPerMinute}},
		{"second seconds sec secs s", intervalUnit{micros: MicrosPerSecond}},
		{"millisecond milliseconds msec msecs ms", intervalUnit{micros: 1000}},
		{"microsecond microseconds usec usecs us", intervalUnit{micros: 1}},
	} {
		for word := range strings.FieldsSeq(u.words) {
			units[word] = u.unit
		}
	}
	return units
}()

var (
	errIntervalRange  = errors.New("the value is out of range")
	errIntervalMicros = errors.New("a part is finer than a microsecond")
	errIntervalMonths = errors.New("a fraction does not make whole months; write it in days")
)

// intervalSum adds up the parts of an interval.
type intervalSum struct {
	months, days, micros int64
}

// amount is an unsigned number of units: whole + millionths/10⁶.
type amount struct {
	whole, millionths int64
}

// add adds n times a unit. Fractions go down, as in PostgreSQL, from years to
// months and from days to time, but never from months to days: months have no
// fixed length, and rounding would be silent.
func (s *intervalSum) add(n amount, unit intervalUnit, negative bool) error {
	var part intervalSum
	var ok bool
	const million = 1_000_000
	switch {
	case unit.months > 0:
		if n.millionths*unit.months%million != 0 {
			return errIntervalMonths
		}
		part.months, ok = mulAdd64(n.whole, unit.months, n.millionths*unit.months/million)
	case unit.days > 0:
		part.days, ok = mulAdd64(n.whole, unit.days, n.millionths*unit.days/million)
		// A millionth of a day is a whole number of microseconds.
		part.micros = n.millionths * unit.days % million * (MicrosPerDay / million)
	default:
		if n.millionths*(unit.micros%million)%million != 0 {
			return errIntervalMicros
		}
		// Whole seconds first: a millionth of an hour times its microseconds
		// stays far below 2⁶³.
		part.micros, ok = mulAdd64(n.whole, unit.micros, n.millionths*unit.micros/million)
	}
	if !ok {
		return errIntervalRange
	}
	if negative {
		part = intervalSum{-part.months, -part.days, -part.micros}
	}
	for _, f := range []struct{ sum, part *int64 }{
		{&s.months, &part.months}, {&s.days, &part.days}, {&s.micros, &part.micros},
	} {
		sum := *f.sum + *f.part
		if (*f.sum < 0) == (*f.part < 0) && (sum < 0) != (*f.sum < 0) {
			return errIntervalRange
		}
		*f.sum = sum
	}
	return nil
}

// mulAdd64 returns a*b+c of numbers that are not negative, if it fits.
func mulAdd64(a, b, c int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	lo, carry := bits.Add64(lo, uint64(c), 0)
	return int64(lo), hi+carry == 0 && lo <= math.MaxInt64
}

func (s *intervalSum) interval() (arrow.MonthDayNanoInterval, error) {
	const nanos = 1000
	if s.months != int64(int32(s.months)) || s.days != int64(int32(s.days)) ||
		s.micros > math.MaxInt64/nanos || s.micros < math.MinInt64/nanos {
		return arrow.MonthDayNanoInterval{}, errIntervalRange
	}
	return arrow.MonthDayNanoInterval{
		Months: int32(s.months), Days: int32(s.days), Nanoseconds: s.micros * nanos,
	}, nil
}

// ParseInterval reads an INTERVAL in PostgreSQL's form, a list of amounts with
// units and at most one time, each with its own sign, optionally turned round
// by `ago`: `1 year 2 months 3 days 04:05:06.5`, `-1 week`, `90 min`; or as an
// ISO 8601 duration, `P1Y2M3DT4H5M6.5S`. Case does not count. Months and days
// are each within int32 and the time within ±292 years; its grain is the
// microsecond. Fractions have at most 6 digits and must come out whole:
// 1.5 years are 18 months and 1.5 days are 1 day 12:00:00, but 1.5 months are
// an error.
func ParseInterval(s string) (arrow.MonthDayNanoInterval, error) {
	sc := intervalScanner{rest: strings.ToLower(strings.TrimSpace(s))}
	var v arrow.MonthDayNanoInterval
	err := sc.scan()
	if err == nil {
		v, err = sc.sum.interval()
	}
	if err != nil {
		return arrow.MonthDayNanoInterval{}, fmt.Errorf(
			"%s is not an INTERVAL: %w; write for example '1 year 2 months 3 days 04:05:06'", cut(s), err)
	}
	return v, nil
}

// cut quotes a text for an error and bounds its length.
func cut(s string) string {
	const bytesMax = 60
	if len(s) > bytesMax {
		return fmt.Sprintf("%q…", s[:bytesMax])
	}
	return fmt.Sprintf("%q", s)
}

type intervalScanner struct {
	rest string // in small letters
	sum  intervalSum
}

func (sc *intervalScanner) scan() error {
	if body, ok := strings.CutPrefix(strings.TrimLeft(sc.rest, "+-"), "p"); ok && len(sc.rest)-len(body) <= 2 {
		negative := sc.rest[0] == '-'
		sc.rest = body
		return sc.iso(negative)
	}
	timeSeen, parts := false, 0
	for ; ; parts++ {
		sc.spaces()
		if sc.rest == "" {
			break
		}
		if parts > 0 && sc.rest == "ago" {
			sc.sum = intervalSum{-sc.sum.months, -sc.sum.days, -sc.sum.micros}
			return nil
		}
		negative := sc.sign()
		n, err := sc.amount()
		if err != nil {
			return err
		}
		if strings.HasPrefix(sc.rest, ":") {
			if timeSeen || n.millionths != 0 {
				return fmt.Errorf("%s does not belong there", cut(sc.rest))
			}
			timeSeen = true
			if err := sc.clock(n.whole, negative); err != nil {
				return err
			}
			continue
		}
		sc.spaces()
		word := sc.word()
		unit, ok := intervalUnits[word]
		switch {
		case word == "":
			return errors.New("a number lacks its unit")
		case !ok:
			return unknownUnit(word)
		}
		if err := sc.sum.add(n, unit, negative); err != nil {
			return err
		}
	}
	if parts == 0 {
		return errors.New("the text is empty")
	}
	return nil
}

func unknownUnit(word string) error {
	known := make([]string, 0, len(intervalUnits))
	for w := range intervalUnits {
		known = append(known, w)
	}
	if s := Suggest(word, known); s != "" {
		return fmt.Errorf("unknown unit %s, did you mean %s?", cut(word), s)
	}
	return fmt.Errorf("unknown unit %s", cut(word))
}

func (sc *intervalScanner) spaces() { sc.rest = strings.TrimLeft(sc.rest, " \t\n\r") }

// sign takes an optional sign and reports whether it is a minus.
func (sc *intervalScanner) sign() (negative bool) {
	if sc.rest != "" && (sc.rest[0] == '-' || sc.rest[0] == '+') {
		negative = sc.rest[0] == '-'
		sc.rest = sc.rest[1:]
	}
	return negative
}

// word takes letters.
func (sc *intervalScanner) word() string {
	n := 0
	for n < len(sc.rest) && sc.rest[n] >= 'a' && sc.rest[n] <= 'z' {
		n++
	}
	w := sc.rest[:n]
	sc.rest = sc.rest[n:]
	return w
}

// digits takes digits, at least one and as many as an int64 surely holds.
func (sc *intervalScanner) digits() (v int64, n int, err error) {
	for n < len(sc.rest) && isDigit(sc.rest[n]) {
		if v >= math.MaxInt64/10 {
			return 0, 0, errIntervalRange
		}
		v = v*10 + int64(sc.rest[n]-'0')
		n++
	}
	if n == 0 {
		if sc.rest == "" {
			return 0, 0, errors.New("a number is missing at its end")
		}
		return 0, 0, fmt.Errorf("expected a number at %s", cut(sc.rest))
	}
	sc.rest = sc.rest[n:]
	return v, n, nil
}

// amount takes digits with an optional fraction; ISO 8601 writes it with a
// comma or a point.
func (sc *intervalScanner) amount() (amount, error) {
	var a amount
	var err error
	if !strings.HasPrefix(sc.rest, ".") {
		if a.whole, _, err = sc.digits(); err != nil {
			return amount{}, err
		}
	}
	if sc.rest == "" || sc.rest[0] != '.' && sc.rest[0] != ',' {
		return a, nil
	}
	sc.rest = sc.rest[1:]
	v, n, err := sc.digits()
	if err != nil {
		return amount{}, err
	}
	for ; n > fractionDigitsMax; n-- {
		if v%10 != 0 {
			return amount{}, errIntervalMicros
		}
		v /= 10
	}
	for ; n < fractionDigitsMax; n++ {
		v *= 10
	}
	a.millionths = v
	return a, nil
}

// clock takes :mm[:ss[.f]] after the hours.
func (sc *intervalScanner) clock(hours int64, negative bool) error {
	sc.rest = sc.rest[1:]
	minutes, n, err := sc.digits()
	if err != nil {
		return err
	}
	if n > 2 || minutes > 59 {
		return errors.New("the minutes of a time are 0 to 59")
	}
	var seconds amount
	if strings.HasPrefix(sc.rest, ":") {
		sc.rest = sc.rest[1:]
		if seconds, err = sc.amount(); err != nil {
			return err
		}
		if seconds.whole > 59 {
			return errors.New("the seconds of a time are 0 to 59")
		}
	}
	return errors.Join(
		sc.sum.add(amount{whole: hours}, intervalUnits["hour"], negative),
		sc.sum.add(amount{whole: minutes}, intervalUnits["minute"], negative),
		sc.sum.add(seconds, intervalUnits["second"], negative),
	)
}

// iso takes what follows the P of an ISO 8601 duration: amounts with the
// designators Y M W D and, behind a T, H M S, in that order.
func (sc *intervalScanner) iso(negative bool) error {
	designators, units := "ymwd", []string{"year", "month", "week", "day"}
	parts, timeSeen := 0, false
	for sc.rest != "" {
		if sc.rest[0] == 't' && !timeSeen {
			designators, units = "hms", []string{"hour", "minute", "second"}
			timeSeen = true
			sc.rest = sc.rest[1:]
			if sc.rest == "" {
				return errors.New("nothing follows the T")
			}
			continue
		}
		minus := sc.sign()
		n, err := sc.amount()
		if err != nil {
			return err
		}
		if sc.rest == "" {
			return errors.New("a number lacks its designator")
		}
		i := strings.IndexByte(designators, sc.rest[0])
		if i < 0 {
			return fmt.Errorf("designator %q is unknown or out of order", strings.ToUpper(sc.rest[:1]))
		}
		if err := sc.sum.add(n, intervalUnits[units[i]], minus != negative); err != nil {
			return err
		}
		designators, units = designators[i+1:], units[i+1:]
		sc.rest = sc.rest[1:]
		parts++
	}
	if parts == 0 {
		return errors.New("nothing follows the P")
	}
	return nil
}

// AppendInterval writes an interval as DuckDB does: years and months, days,
// then the time if there is one, each with its sign and without what is 0:
// 1 year 2 months -3 days 04:05:06.5. The empty interval is 00:00:00.
func AppendInterval(dst []byte, v arrow.MonthDayNanoInterval) []byte {
	start := len(dst)
	for _, part := range []struct {
		n    int64
		unit string
	}{{int64(v.Months / 12), " year"}, {int64(v.Months % 12), " month"}, {int64(v.Days), " day"}} {
		if part.n == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		n := part.n
		if n < 0 {
			dst = append(dst, '-')
			n = -n
		}
		dst = appendPadded(dst, uint64(n), 1)
		dst = append(dst, part.unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
	}
	if v.Nanoseconds == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	nanos := uint64(v.Nanoseconds)
	if v.Nanoseconds < 0 {
		dst = append(dst, '-')
		nanos = -nanos
	}
	const nanosPerSecond, digits = 1_000_000_000, 9
	dst = appendClock(dst, nanos/nanosPerSecond)
	return appendFraction(dst, nanos%nanosPerSecond, digits)
}
