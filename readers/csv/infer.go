package csv

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv/internal/digits"

	"github.com/apache/arrow/go/v17/arrow"
)

// possible is a set of types that all values seen so far fit.
type possible uint16

const (
	asBoolean possible = 1 << iota
	asBigInt
	asDouble
	asDecimal
	asDate
	asTimestamp
	asTime
	asYearMonthDay // dates with / or . between their parts, and so on
	asDayMonthYear
	asMonthDayYear
	asListedDate // matches one of the --date-format
	asListedTimestamp
)

const (
	asStyled = asYearMonthDay | asDayMonthYear | asMonthDayYear
	asNumber = asBigInt | asDouble | asDecimal
	asAny    = possible(1<<12 - 1)
)

// evidence is what the values of a column say about its type. Evidence of
// several samples is combined with merge, in any order.
type evidence struct {
	fits      possible // meaningless while values is 0
	values    int64    // that are not NULL
	integer   int      // most digits before a decimal point
	fraction  int      // most digits behind one
	finite    bool     // a number that is neither NaN nor infinite was seen
	zoned     bool     // timestamps with an offset were seen
	unzoned   bool     // timestamps without one were seen
	withTime  bool     // dates in a style, with a time of day
	separator byte     // of dates in a style; styleMixed when there are several
	example   string   // a date that leaves day and month open
}

const styleMixed = 0xff

// formats are the date and timestamp formats that the user lists, in order, and
// how numbers are written.
type formats struct {
	dates, timestamps []*sqltype.Layout
	numerals          Numerals
}

// number returns a value as it is to be looked at for a number, nil if it is none.
func (f *formats) number(b []byte) []byte {
	if f.numerals.usual() {
		return b
	}
	usual, ok := f.numerals.appendUsual(nil, b)
	if !ok {
		return nil
	}
	return usual
}

// parseListed tries layouts in order.
func parseListed(layouts []*sqltype.Layout, b []byte) (micros int64, zoned, ok bool) {
	for _, l := range layouts {
		if micros, zoned, ok = l.ParseTimestamp(b); ok {
			return micros, zoned, true
		}
	}
	return 0, false, false
}

// add notes one value that is not NULL. b is unquoted.
func (e *evidence) add(b []byte, f *formats) {
	if e.values == 0 {
		e.fits = asAny
		if f.dates == nil {
			e.fits &^= asListedDate
		}
		if f.timestamps == nil {
			e.fits &^= asListedTimestamp
		}
	}
	e.values++
	if e.fits == 0 {
		return
	}
	fits := e.listed(b, f)
	switch c := b[0]; {
	case c >= '0' && c <= '9':
		if e.fits&asNumber != 0 {
			fits |= e.number(f.number(b))
		}
		if e.fits&(asDate|asTimestamp|asTime|asStyled) != 0 {
			fits |= e.date(b)
		}
	case c == '-' || c == '+' || c == '.':
		if e.fits&asNumber != 0 {
			fits |= e.number(f.number(b))
		}
	default:
		if _, ok := sqltype.ParseBool(b); ok {
			fits |= asBoolean
		}
	}
	if fits&asNumber == 0 && e.fits&asDouble != 0 {
		if _, ok := sqltype.ParseDouble(b); ok && isSpecial(b) {
			fits |= asDouble
		}
	}
	e.fits &= fits
}

// isSpecial reports whether a text that parses as a DOUBLE is NaN or infinite
// by name rather than a number that is too long or too large.
func isSpecial(b []byte) bool {
	c := b[len(b)-1] | 0x20
	return c == 'n' || c == 'f' || c == 'y'
}

func (e *evidence) listed(b []byte, f *formats) (fits possible) {
	if e.fits&asListedDate != 0 {
		if _, _, ok := parseListed(f.dates, b); ok {
			fits |= asListedDate
		}
	}
	if e.fits&asListedTimestamp != 0 {
		if _, zoned, ok := parseListed(f.timestamps, b); ok {
			fits |= asListedTimestamp
			e.noteZone(zoned)
		}
	}
	return fits
}

func (e *evidence) noteZone(zoned bool) {
	e.zoned = e.zoned || zoned
	e.unzoned = e.unzoned || !zoned
}

func (e *evidence) number(b []byte) (fits possible) {
	if n := len(b); n <= 8 && cap(b) >= 8 && b[0] != '0' {
		// What ScanNumber would say of a few digits.
		if _, ok := digits.Value(binary.LittleEndian.Uint64(b[:8]), uint32(n)); ok {
			e.integer, e.finite = max(e.integer, n), true
			return asNumber
		}
	}
	shape, ok := sqltype.ScanNumber(b)
	if !ok {
		return 0
	}
	if shape.BigInt() {
		fits |= asBigInt
	}
	if shape.Double() {
		fits |= asDouble
	}
	if integer, fraction, ok := shape.Decimal(); ok {
		fits |= asDecimal
		e.integer, e.fraction = max(e.integer, integer), max(e.fraction, fraction)
	}
	e.finite = true
	return fits
}

func (e *evidence) date(b []byte) (fits possible) {
	if _, ok := sqltype.ParseDate(b); ok {
		e.unzoned = true
		return asDate | asTimestamp
	}
	if _, zoned, ok := sqltype.ParseTimestamp(b); ok {
		e.noteZone(zoned)
		return asTimestamp
	}
	if _, ok := sqltype.ParseTime(b); ok {
		return asTime
	}
	p, ok := scanDate(b)
	if !ok {
		return 0
	}
	_, withTime, ok := p.timeOfDay()
	if !ok {
		return 0
	}
	for order, bit := range [...]possible{asYearMonthDay, asDayMonthYear, asMonthDayYear} {
		if _, ok := p.days(dateOrder(order)); ok {
			fits |= bit
		}
	}
	if fits != 0 {
		e.noteSeparator(p.separator)
		e.withTime = e.withTime || withTime
		if e.example == "" && fits&asDayMonthYear != 0 && fits&asMonthDayYear != 0 {
			e.example = string(b)
		}
	}
	if e.separator == styleMixed {
		return 0
	}
	return fits
}

func (e *evidence) noteSeparator(c byte) {
	if c != 0 && e.separator != c {
		if e.separator != 0 {
			c = styleMixed
		}
		e.separator = c
	}
}

// merge adds the evidence of another sample.
func (e *evidence) merge(o *evidence) {
	if o.values == 0 {
		return
	}
	if e.values == 0 {
		*e = *o
		return
	}
	e.values += o.values
	e.fits &= o.fits
	e.integer, e.fraction = max(e.integer, o.integer), max(e.fraction, o.fraction)
	e.finite = e.finite || o.finite
	e.zoned, e.unzoned = e.zoned || o.zoned, e.unzoned || o.unzoned
	e.withTime = e.withTime || o.withTime
	e.noteSeparator(o.separator)
	if e.separator == styleMixed {
		e.fits &^= asStyled
	}
	if e.example == "" {
		e.example = o.example
	}
}

// style is the way dates are written, where the evidence decides it.
func (e *evidence) style() (s dateStyle, ok bool) {
	switch e.fits & asStyled {
	case asYearMonthDay:
		return dateStyle{e.separator, yearMonthDay}, true
	case asDayMonthYear:
		return dateStyle{e.separator, dayMonthYear}, true
	case asMonthDayYear:
		return dateStyle{e.separator, monthDayYear}, true
	}
	return dateStyle{}, false
}

// ambiguous reports whether the values are dates of which day and month cannot
// be told apart.
func (e *evidence) ambiguous() bool {
	const both = asDayMonthYear | asMonthDayYear
	return e.values > 0 && e.fits&both == both
}

// decimalPrecisionInferred is the precision of an inferred DECIMAL when it is
// enough: as many digits as are stored in 8 bytes.
const decimalPrecisionInferred = 18

// columnType is how the text of a column becomes values.
type columnType struct {
	dataType arrow.DataType
	declared bool              // by --types: a misfit is a bad row, not a bad guess
	style    dateStyle         // of DATE and TIMESTAMP; zero: ISO
	layouts  []*sqltype.Layout // of DATE and TIMESTAMP, tried before style
	numerals Numerals          // of BIGINT, DOUBLE and DECIMAL
}

// infer decides the type that holds all the values without losing anything.
func (e *evidence) infer(f *formats) columnType {
	varchar := columnType{dataType: sqltype.Varchar}
	if e.values == 0 {
		return varchar
	}
	zonedMix := e.zoned && e.unzoned
	timestamp := sqltype.Timestamp
	if e.zoned {
		timestamp = sqltype.TimestampTZ
	}
	fits := e.fits
	switch {
	case fits&asListedDate != 0:
		return columnType{dataType: sqltype.Date, layouts: f.dates}
	case fits&asListedTimestamp != 0 && !zonedMix:
		return columnType{dataType: timestamp, layouts: f.timestamps}
	case fits&asBoolean != 0:
		return columnType{dataType: sqltype.Boolean}
	case fits&asBigInt != 0:
		return columnType{dataType: sqltype.BigInt}
	case fits&asDouble != 0 && e.finite:
		return columnType{dataType: sqltype.Double}
	case fits&asDecimal != 0 && e.integer+e.fraction <= sqltype.PrecisionMax:
		precision := int32(sqltype.PrecisionMax)
		if e.integer+e.fraction <= decimalPrecisionInferred {
			precision = decimalPrecisionInferred
		}
		return columnType{dataType: sqltype.Decimal(precision, int32(e.fraction))}
	case fits&asDate != 0:
		return columnType{dataType: sqltype.Date}
	case fits&asTimestamp != 0 && !zonedMix:
		return columnType{dataType: timestamp}
	case fits&asTime != 0:
		return columnType{dataType: sqltype.Time}
	}
	if s, ok := e.style(); ok {
		if e.withTime {
			return columnType{dataType: sqltype.Timestamp, style: s}
		}
		return columnType{dataType: sqltype.Date, style: s}
	}
	return varchar
}

// ambiguityNote tells the user which flag decides between day and month.
func (e *evidence) ambiguityNote(column string) string {
	flag, day := "--date-format", dateStyle{e.separator, dayMonthYear}
	if e.withTime {
		flag = "--timestamp-format"
	}
	month := dateStyle{e.separator, monthDayYear}
	return fmt.Sprintf("column %q stays VARCHAR: dates like %q leave open which part is the day; say %s '%s' or %s '%s'",
		column, e.example, flag, day.layout(e.withTime), flag, month.layout(e.withTime))
}

// nullSpellings are the texts that mean NULL beside the empty field.
type nullSpellings [][]byte

func (n nullSpellings) has(b []byte) bool {
	for _, s := range n {
		if bytes.Equal(s, b) {
			return true
		}
	}
	return false
}
