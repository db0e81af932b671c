package text

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// putValue writes the text of v into b at position at and returns where it
// ends, see digits.go.
type putValue[T any] func(b []byte, at int, v T) int

// valueColumn is the column of values that take at most bytesMax each. NULL is
// written as null.
func valueColumn[T any](valuesOf func(arrow.Array) []T, bytesMax int, null string, put putValue[T]) column {
	bytesMax = max(bytesMax, len(null))
	return func(c *cells, values arrow.Array, from, to int) {
		v, valid := valuesOf(values)[from:to], validityOf(values, from)
		text, bounds := c.room(len(v), len(v)*bytesMax)
		at := 0
		for i, x := range v {
			bounds[i] = at
			if valid.isNull(i) {
				at += copy(text[at:], null)
				continue
			}
			at = put(text, at, x)
		}
		bounds[len(v)] = at
	}
}

// booleanColumn is [valueColumn] for BOOLEAN, whose values are bits.
func booleanColumn(null string) column {
	return func(c *cells, values arrow.Array, from, to int) {
		a, valid := values.(*array.Boolean), validityOf(values, from)
		rows := to - from
		text, bounds := c.room(rows, rows*max(booleanBytesMax, len(null)))
		at := 0
		for i := range rows {
			bounds[i] = at
			if valid.isNull(i) {
				at += copy(text[at:], null)
				continue
			}
			at = putBool(text, at, a.Value(from+i))
		}
		bounds[rows] = at
	}
}

func bigints(a arrow.Array) []int64              { return a.(*array.Int64).Int64Values() }
func doubles(a arrow.Array) []float64            { return a.(*array.Float64).Float64Values() }
func decimals(a arrow.Array) []decimal128.Num    { return a.(*array.Decimal128).Values() }
func dates(a arrow.Array) []arrow.Date32         { return a.(*array.Date32).Date32Values() }
func timestamps(a arrow.Array) []arrow.Timestamp { return a.(*array.Timestamp).TimestampValues() }
func times(a arrow.Array) []arrow.Time64         { return a.(*array.Time64).Time64Values() }
func intervals(a arrow.Array) []arrow.MonthDayNanoInterval {
	return a.(*array.MonthDayNanoInterval).MonthDayNanoIntervalValues()
}

// spelling is how a format writes what formats write differently.
type spelling struct {
	null      string
	separator byte   // between the date and the time of day
	zone      string // behind a TIMESTAMPTZ
	quote     string // around dates, times and intervals
	double    putValue[float64]
}

// column returns how a column of a type other than VARCHAR is written; nil when
// the type has no text.
func (s spelling) column(t arrow.DataType) column {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return booleanColumn(s.null)
	case *arrow.Int64Type:
		return valueColumn(bigints, bigintBytesMax, s.null, putInt)
	case *arrow.Float64Type:
		return valueColumn(doubles, doubleBytesMax, s.null, s.double)
	case *arrow.Decimal128Type:
		return valueColumn(decimals, decimalBytesMax, s.null, func(b []byte, at int, v decimal128.Num) int { return putDecimal(b, at, v, t.Scale) })
	case *arrow.Date32Type:
		return quotedColumn(s, dates, dateBytesMax, putDate)
	case *arrow.TimestampType:
		if !isSQLTimestamp(t) {
			return nil
		}
		zone := ""
		if t.TimeZone != "" {
			zone = s.zone
		}
		return quotedColumn(s, timestamps, timestampBytesMax, func(b []byte, at int, v arrow.Timestamp) int {
			at = putTimestamp(b, at, int64(v), s.separator)
			return at + copy(b[at:], zone)
		})
	case *arrow.Time64Type:
		if t.Unit != arrow.Microsecond {
			return nil
		}
		return quotedColumn(s, times, timeBytesMax, func(b []byte, at int, v arrow.Time64) int { return putTime(b, at, int64(v)) })
	case *arrow.MonthDayNanoIntervalType:
		return quotedColumn(s, intervals, intervalBytesMax, func(b []byte, at int, v arrow.MonthDayNanoInterval) int {
			return len(sqltype.AppendInterval(b[:at], v))
		})
	}
	return nil
}

// hasText reports whether values of a type can be written as text.
func hasText(t arrow.DataType) bool {
	return t.ID() == arrow.STRING || spelling{}.column(t) != nil
}

// quotedColumn is valueColumn with the quote around values.
func quotedColumn[T any](s spelling, valuesOf func(arrow.Array) []T, bytesMax int, put putValue[T]) column {
	if s.quote == "" {
		return valueColumn(valuesOf, bytesMax, s.null, put)
	}
	return valueColumn(valuesOf, bytesMax+2*len(s.quote), s.null, func(b []byte, at int, v T) int {
		at += copy(b[at:], s.quote)
		at = put(b, at, v)
		return at + copy(b[at:], s.quote)
	})
}

// isSQLTimestamp reports whether t is TIMESTAMP or TIMESTAMPTZ.
func isSQLTimestamp(t *arrow.TimestampType) bool {
	return t.Unit == arrow.Microsecond && (t.TimeZone == "" || t.TimeZone == "UTC")
}

// plainCharacters are those that values of a type can be written with in CSV;
// of intervals, those that any value can, so that they are always looked at.
func plainCharacters(t arrow.DataType) string {
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	switch t.ID() {
	case arrow.BOOL:
		return "truefals"
	case arrow.INT64:
		return digits + "-"
	case arrow.FLOAT64:
		return digits + "-+.einfNa"
	case arrow.DECIMAL128:
		return digits + "-."
	case arrow.DATE32:
		return digits + "- (BC)"
	case arrow.TIMESTAMP:
		return digits + "- (BC):.+"
	case arrow.TIME64:
		return digits + "-:."
	}
	return digits + lower + upper + "-+:. ()"
}

// consistsOf reports whether all characters of s are among those of set.
func consistsOf(s, set string) bool {
	return strings.Trim(s, set) == ""
}

// textOf returns a VARCHAR column as its bytes and the offsets of rows
// from..to-1, one more than rows.
func textOf(a *array.String, from, to int) (text []byte, offsets []int32) {
	data := a.Data()
	buffers := data.Buffers()
	if buffers[2] != nil {
		text = buffers[2].Bytes()
	}
	all := arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())
	return text, all[data.Offset()+from : data.Offset()+to+1]
}

// noText is the error for a column whose type has no text.
func noText(f arrow.Field, format string) error {
	return pipeline.Usagef("column %q: %s cannot be written as %s; leave it out, CAST it to VARCHAR, or write Parquet or Arrow", f.Name, sqltype.Name(f.Type), format)
}

// checkColumns finds the mistakes that every text format shares.
func checkColumns(schema *arrow.Schema, format string) error {
	if schema.NumFields() == 0 {
		return pipeline.Usagef("there are no columns to write as %s; select at least one", format)
	}
	return nil
}

// errTruncated is what verification says of an output that ends early.
func errTruncated(format string) error {
	return fmt.Errorf("the %s text ends in the middle of a record", format)
}
