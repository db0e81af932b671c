package sqltype

import (
	"errors"
	"fmt"
	"strings"
)

// Layout is a date and time format in the notation of C's strptime and
// strftime (POSIX.1-2017), with DuckDB's additions: what --date-format,
// --timestamp-format, strptime() and strftime() take. Names are English.
//
//	%Y year, four digits    %y year, two digits: 69-99 are 19xx, 00-68 20xx
//	%m month 01-12          %b %h month name, short   %B in full
//	%d day 01-31            %e day, padded with a space
//	%j day of the year 001-366
//	%a weekday, short       %A in full    %u 1-7 from Monday   %w 0-6 from Sunday
//	%H hour 00-23           %I hour 01-12 %k %l the same, padded with a space
//	%p AM or PM             %M minute     %S second
//	%f microseconds, six digits           %g milliseconds, three   %n nanoseconds, nine
//	%z offset from UTC, as +0000          %Z zone name: UTC
//	%G ISO 8601 year        %V ISO 8601 week 01-53
//	%U week 00-53 from Sunday             %W from Monday
//	%s seconds since 1970-01-01 UTC
//	%F %x %Y-%m-%d   %T %X %H:%M:%S   %R %H:%M   %D %m/%d/%y   %r %I:%M:%S %p
//	%c %Y-%m-%d %H:%M:%S    %t a tab      %% a percent sign
//
// A minus, as in %-d, writes a number without padding. In reading, numbers of
// two digits may have one; %Y and %y have all of theirs; %f has 1 to 6; names
// are short or full in any case. Everything else stands for itself.
//
// A Layout is immutable and safe for concurrent use.
type Layout struct {
	text  string
	ops   []layoutOp
	seen  fieldSet
	unfit error // why text cannot be read with it
}

// layoutOp is one directive or a run of literal text.
type layoutOp struct {
	field   field
	literal string // of fieldLiteral
	width   int    // digits when padded; 1 when not
	pad     byte   // '0' or ' '
	full    bool   // names in full
}

// field is a part of a date or time that a directive stands for.
type field uint8

const (
	fieldLiteral field = iota
	fieldYear
	fieldYear2
	fieldMonth
	fieldMonthName
	fieldDay
	fieldYearDay
	fieldWeekdayName
	fieldWeekdayMonday // 1 to 7
	fieldWeekdaySunday // 0 to 6
	fieldHour
	fieldHour12
	fieldHalf // AM or PM
	fieldMinute
	fieldSecond
	fieldMicros
	fieldMillis
	fieldNanos
	fieldOffset
	fieldZoneName
	fieldISOYear
	fieldISOWeek
	fieldWeekSunday // %U
	fieldWeekMonday // %W
	fieldEpoch
)

// fieldSet has bit f for each field f.
type fieldSet uint32

func setOf(fields ...field) (s fieldSet) {
	for _, f := range fields {
		s |= 1 << f
	}
	return s
}

func (s fieldSet) any(fields fieldSet) bool { return s&fields != 0 }

var (
	timeFields = setOf(fieldHour, fieldHour12, fieldHalf, fieldMinute, fieldSecond,
		fieldMicros, fieldMillis, fieldNanos, fieldEpoch)
	zoneFields     = setOf(fieldOffset, fieldZoneName, fieldEpoch)
	yearFields     = setOf(fieldYear, fieldYear2)
	monthFields    = setOf(fieldMonth, fieldMonthName)
	hourFields     = setOf(fieldHour, fieldHour12)
	fractionFields = setOf(fieldMicros, fieldMillis, fieldNanos)
)

// directives are the letters that stand for one field.
var directives = map[byte]layoutOp{
	'Y': {field: fieldYear, width: 4, pad: '0'},
	'y': {field: fieldYear2, width: 2, pad: '0'},
	'm': {field: fieldMonth, width: 2, pad: '0'},
	'b': {field: fieldMonthName},
	'h': {field: fieldMonthName},
	'B': {field: fieldMonthName, full: true},
	'd': {field: fieldDay, width: 2, pad: '0'},
	'e': {field: fieldDay, width: 2, pad: ' '},
	'j': {field: fieldYearDay, width: 3, pad: '0'},
	'a': {field: fieldWeekdayName},
	'A': {field: fieldWeekdayName, full: true},
	'u': {field: fieldWeekdayMonday, width: 1, pad: '0'},
	'w': {field: fieldWeekdaySunday, width: 1, pad: '0'},
	'H': {field: fieldHour, width: 2, pad: '0'},
	'k': {field: fieldHour, width: 2, pad: ' '},
	'I': {field: fieldHour12, width: 2, pad: '0'},
	'l': {field: fieldHour12, width: 2, pad: ' '},
	'p': {field: fieldHalf},
	'M': {field: fieldMinute, width: 2, pad: '0'},
	'S': {field: fieldSecond, width: 2, pad: '0'},
	'f': {field: fieldMicros, width: 6, pad: '0'},
	'g': {field: fieldMillis, width: 3, pad: '0'},
	'n': {field: fieldNanos, width: 9, pad: '0'},
	'z': {field: fieldOffset},
	'Z': {field: fieldZoneName},
	'G': {field: fieldISOYear, width: 4, pad: '0'},
	'V': {field: fieldISOWeek, width: 2, pad: '0'},
	'U': {field: fieldWeekSunday, width: 2, pad: '0'},
	'W': {field: fieldWeekMonday, width: 2, pad: '0'},
	's': {field: fieldEpoch, width: 1, pad: '0'},
}

// unpadded are the fields that %-x writes without padding.
var unpadded = setOf(fieldMonth, fieldDay, fieldYearDay, fieldHour, fieldHour12, fieldMinute,
	fieldSecond, fieldYear2, fieldISOWeek, fieldWeekSunday, fieldWeekMonday)

// composites are the letters that stand for a layout.
var composites = map[byte]string{
	'F': "%Y-%m-%d", 'x': "%Y-%m-%d",
	'T': "%H:%M:%S", 'X': "%H:%M:%S",
	'R': "%H:%M",
	'D': "%m/%d/%y",
	'r': "%I:%M:%S %p",
	'c': "%Y-%m-%d %H:%M:%S",
	't': "\t",
	'%': "%%",
}

const knownDirectives = "%Y %y %m %b %B %d %e %j %a %A %u %w %H %I %p %M %S %f %g %n %z %Z %G %V %U %W %s %F %T %R %D %r %c %x %X %%"

// layoutBytesMax bounds a layout, and with it the growth of what it writes.
const layoutBytesMax = 1024

// ParseLayout compiles a layout. The error names the directive that is unknown
// and where it stands.
func ParseLayout(s string) (*Layout, error) {
	switch {
	case s == "":
		return nil, errors.New("the format is empty; write for example '%d/%m/%Y'")
	case len(s) > layoutBytesMax:
		return nil, fmt.Errorf("the format has %d bytes, at most %d are taken", len(s), layoutBytesMax)
	}
	l := &Layout{text: s}
	var twice []string
	if err := l.compile(s, s, &twice); err != nil {
		return nil, err
	}
	l.unfit = l.findUnfit(twice)
	return l, nil
}

// compile appends the operations of s, which is whole or what a composite of
// whole stands for, and collects the directives whose field came before.
func (l *Layout) compile(s, whole string, twice *[]string) error {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			l.literal(s[i : i+1])
			continue
		}
		start := i
		i++
		bare := i < len(s) && s[i] == '-'
		if bare {
			i++
		}
		if i == len(s) {
			return fmt.Errorf("format %q ends within a directive; a percent sign is written %%%%", whole)
		}
		c := s[i]
		if text, ok := composites[c]; ok && !bare {
			if c == '%' || c == 't' {
				l.literal(text[:1])
			} else if err := l.compile(text, whole, twice); err != nil {
				return err
			}
			continue
		}
		op, ok := directives[c]
		if !ok || bare && !unpadded.any(setOf(op.field)) {
			return fmt.Errorf("format %q: unknown directive %q at byte %d; known are %s",
				whole, s[start:i+1], start+1, knownDirectives)
		}
		if bare {
			op.width = 1
		}
		if l.seen.any(setOf(op.field)) {
			*twice = append(*twice, s[start:i+1])
		}
		l.seen |= setOf(op.field)
		l.ops = append(l.ops, op)
	}
	return nil
}

// literal appends text that stands for itself to the run it continues.
func (l *Layout) literal(s string) {
	if n := len(l.ops); n > 0 && l.ops[n-1].field == fieldLiteral {
		l.ops[n-1].literal += s
		return
	}
	l.ops = append(l.ops, layoutOp{field: fieldLiteral, literal: s})
}

// findUnfit returns why the fields do not make one moment, nil if they do.
func (l *Layout) findUnfit(twice []string) error {
	has := func(f ...field) bool { return l.seen.any(setOf(f...)) }
	problem := ""
	switch seen := l.seen; {
	case len(twice) > 0:
		problem = strings.Join(twice, " ") + " repeats a field"
	case has(fieldWeekSunday, fieldWeekMonday):
		problem = "%U and %W can be written but not read; %G-W%V-%u can"
	case has(fieldEpoch):
		if seen&^(setOf(fieldEpoch, fieldLiteral)|fractionFields) != 0 {
			problem = "%s is a whole moment and goes with no other field than %f"
		}
	case has(fieldISOYear) != has(fieldISOWeek):
		problem = "%G and %V need each other"
	case has(fieldISOYear):
		if seen.any(yearFields | monthFields | setOf(fieldDay, fieldYearDay)) {
			problem = "%G and %V do not go with another year, month or day"
		}
	case !seen.any(yearFields):
		problem = "it has no year (%Y or %y)"
	case has(fieldYear) && has(fieldYear2):
		problem = "%Y and %y are the same field"
	case has(fieldMonth) && has(fieldMonthName):
		problem = "%m and the month's name are the same field"
	case has(fieldDay) && !seen.any(monthFields):
		problem = "it has a day but no month (%m or %b)"
	case has(fieldYearDay) && seen.any(monthFields):
		problem = "%j does not go with a month"
	}
	if problem == "" {
		problem = l.unfitTime()
	}
	if problem == "" {
		return nil
	}
	return fmt.Errorf("format %q cannot be used for reading: %s", l.text, problem)
}

// unfitTime says what is wrong with the fields of the time, "" if nothing.
func (l *Layout) unfitTime() string {
	has := func(f ...field) bool { return l.seen.any(setOf(f...)) }
	switch fractions := l.seen & fractionFields; {
	case has(fieldHour) && has(fieldHour12):
		return "%H and %I are the same field"
	case has(fieldHour12) && !has(fieldHalf):
		return "%I needs %p to tell morning from afternoon; hours from 0 to 23 are %H"
	case has(fieldHalf) && !l.seen.any(hourFields):
		return "%p needs an hour (%I)"
	case has(fieldMinute) && !l.seen.any(hourFields):
		return "it has minutes but no hour (%H)"
	case has(fieldSecond) && !has(fieldMinute):
		return "it has seconds but no minutes (%M)"
	case fractions != 0 && !has(fieldSecond, fieldEpoch):
		return "it has a fraction but no seconds (%S)"
	case fractions&(fractions-1) != 0:
		return "%f, %g and %n are the same field"
	case has(fieldOffset) && has(fieldZoneName):
		return "%z and %Z are the same field"
	case has(fieldOffset, fieldZoneName) && !l.seen.any(hourFields):
		return "it has a zone but no hour (%H)"
	}
	return ""
}

// Readable returns nil if the layout's fields make one moment, so that
// [Layout.ParseTimestamp] can read with it, and otherwise what is missing or
// too much. Every layout can be written with [Layout.Append].
func (l *Layout) Readable() error { return l.unfit }

// HasTime reports whether a field of the time of day is in the layout.
func (l *Layout) HasTime() bool { return l.seen.any(timeFields) }

// HasZone reports whether the layout says which zone a time is in, so that
// what it reads is a moment (TIMESTAMPTZ).
func (l *Layout) HasZone() bool { return l.seen.any(zoneFields) }

// String returns the layout as it was written.
func (l *Layout) String() string { return l.text }
