package text

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// plainValues returns how values of a type other than VARCHAR are written, for
// one array of that type at a time; false for types that have no text.
func plainValues(t arrow.DataType) (func(values arrow.Array) appendValue, bool) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return booleans, true
	case *arrow.Int64Type:
		return bigints, true
	case *arrow.Float64Type:
		return doubles, true
	case *arrow.Decimal128Type:
		return decimals(t.Scale), true
	case *arrow.Date32Type:
		return dates, true
	case *arrow.TimestampType:
		switch {
		case t.Unit != arrow.Microsecond:
			return nil, false
		case t.TimeZone == "":
			return timestamps, true
		case t.TimeZone == "UTC":
			return timestampsTZ, true
		}
	case *arrow.Time64Type:
		return times, t.Unit == arrow.Microsecond
	case *arrow.MonthDayNanoIntervalType:
		return intervals, true
	}
	return nil, false
}

// noText is the error for a column whose type has no text.
func noText(f arrow.Field, format string) error {
	return pipeline.Usagef("column %q: %s cannot be written as %s; leave it out, CAST it to VARCHAR, or write Parquet or Arrow", f.Name, sqltype.Name(f.Type), format)
}

func booleans(values arrow.Array) appendValue {
	a := values.(*array.Boolean)
	return func(dst []byte, row int) []byte { return strconv.AppendBool(dst, a.Value(row)) }
}

func bigints(values arrow.Array) appendValue {
	v := values.(*array.Int64).Int64Values()
	return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, v[row], 10) }
}

func doubles(values arrow.Array) appendValue {
	v := values.(*array.Float64).Float64Values()
	return func(dst []byte, row int) []byte { return sqltype.AppendDouble(dst, v[row]) }
}

func decimals(scale int32) func(arrow.Array) appendValue {
	return func(values arrow.Array) appendValue {
		v := values.(*array.Decimal128).Values()
		return func(dst []byte, row int) []byte { return sqltype.AppendDecimal(dst, v[row], scale) }
	}
}

func dates(values arrow.Array) appendValue {
	v := values.(*array.Date32).Date32Values()
	return func(dst []byte, row int) []byte { return sqltype.AppendDate(dst, v[row]) }
}

func timestamps(values arrow.Array) appendValue {
	v := values.(*array.Timestamp).TimestampValues()
	return func(dst []byte, row int) []byte { return sqltype.AppendTimestamp(dst, int64(v[row])) }
}

func timestampsTZ(values arrow.Array) appendValue {
	v := values.(*array.Timestamp).TimestampValues()
	return func(dst []byte, row int) []byte { return sqltype.AppendTimestampTZ(dst, int64(v[row])) }
}

func times(values arrow.Array) appendValue {
	v := values.(*array.Time64).Time64Values()
	return func(dst []byte, row int) []byte { return sqltype.AppendTime(dst, int64(v[row])) }
}

func intervals(values arrow.Array) appendValue {
	v := values.(*array.MonthDayNanoInterval).MonthDayNanoIntervalValues()
	return func(dst []byte, row int) []byte { return sqltype.AppendInterval(dst, v[row]) }
}

// checkColumns finds the mistakes that every text format shares.
func checkColumns(schema *arrow.Schema, format string) error {
	if schema.NumFields() == 0 {
		return pipeline.Usagef("there are no columns to write as %s; select at least one", format)
	}
	return nil
}

// plainOrVarchar reports whether a column is VARCHAR; when it is not, plain
// says how its values are written.
func plainOrVarchar(f arrow.Field, format string) (plain func(arrow.Array) appendValue, varchar bool, err error) {
	if f.Type.ID() == arrow.STRING {
		return nil, true, nil
	}
	plain, ok := plainValues(f.Type)
	if !ok {
		return nil, false, noText(f, format)
	}
	return plain, false, nil
}

// errTruncated is what verification says of an output that ends early.
func errTruncated(format string) error {
	return fmt.Errorf("the %s text ends in the middle of a record", format)
}
