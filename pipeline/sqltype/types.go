package sqltype

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// The SQL types in their Arrow form; DECIMAL takes parameters, see [Decimal].
var (
	Boolean     arrow.DataType = arrow.FixedWidthTypes.Boolean
	BigInt      arrow.DataType = arrow.PrimitiveTypes.Int64
	Double      arrow.DataType = arrow.PrimitiveTypes.Float64
	Date        arrow.DataType = arrow.FixedWidthTypes.Date32
	Timestamp   arrow.DataType = &arrow.TimestampType{Unit: arrow.Microsecond}
	TimestampTZ arrow.DataType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	Time        arrow.DataType = arrow.FixedWidthTypes.Time64us
	Varchar     arrow.DataType = arrow.BinaryTypes.String
	Blob        arrow.DataType = arrow.BinaryTypes.Binary
	Interval    arrow.DataType = arrow.FixedWidthTypes.MonthDayNanoInterval
)

// PrecisionMax is the greatest number of digits a DECIMAL has: 10³⁸-1 is the
// widest run of nines that 128 bits hold.
const PrecisionMax = 38

// A DECIMAL without parameters is DECIMAL(18,3), as in DuckDB.
const (
	precisionDefault = 18
	scaleDefault     = 3
)

// Decimal returns DECIMAL(precision, scale): precision digits in all, 1 to
// [PrecisionMax], scale of them (0 to precision) behind the point. The range
// is the caller's to keep; [Parse] checks what a user wrote.
func Decimal(precision, scale int32) *arrow.Decimal128Type {
	return &arrow.Decimal128Type{Precision: precision, Scale: scale}
}

// names maps every spelling to its type. Integers and floats of any width are
// stored as the widest: csvloom has one of each.
var names = map[string]arrow.DataType{
	"BOOLEAN": Boolean, "BOOL": Boolean, "LOGICAL": Boolean,

	"BIGINT": BigInt, "INT": BigInt, "INTEGER": BigInt, "LONG": BigInt,
	"INT8": BigInt, "INT4": BigInt, "INT2": BigInt, "INT64": BigInt, "INT32": BigInt, "INT16": BigInt,
	"SMALLINT": BigInt, "TINYINT": BigInt,

	"DOUBLE": Double, "DOUBLE PRECISION": Double, "FLOAT": Double, "REAL": Double,
	"FLOAT8": Double, "FLOAT4": Double, "FLOAT64": Double, "FLOAT32": Double,

	"DATE": Date, "DATE32": Date,

	"TIMESTAMP": Timestamp, "DATETIME": Timestamp, "TIMESTAMP WITHOUT TIME ZONE": Timestamp,
	"TIMESTAMP_US": Timestamp,

	"TIMESTAMPTZ": TimestampTZ, "TIMESTAMP WITH TIME ZONE": TimestampTZ,

	"TIME": Time, "TIME WITHOUT TIME ZONE": Time,

	"VARCHAR": Varchar, "TEXT": Varchar, "STRING": Varchar, "CHAR": Varchar, "BPCHAR": Varchar,
	"CHARACTER": Varchar, "CHARACTER VARYING": Varchar, "UTF8": Varchar,

	"BLOB": Blob, "BYTEA": Blob, "BINARY": Blob, "VARBINARY": Blob, "BYTES": Blob,

	"INTERVAL": Interval,
}

// canonical lists the names that error messages offer.
const canonical = "BOOLEAN, BIGINT, DOUBLE, DECIMAL(p,s), DATE, TIMESTAMP, TIMESTAMPTZ, TIME, VARCHAR, BLOB, INTERVAL"

// refused are the names that other systems know and csvloom does not, each
// with what to write instead.
var refused = map[string]string{
	"HUGEINT":             "use DECIMAL(38,0)",
	"INT128":              "use DECIMAL(38,0)",
	"UBIGINT":             "use BIGINT, or DECIMAL(20,0) for values above 9223372036854775807",
	"UINTEGER":            "use BIGINT",
	"USMALLINT":           "use BIGINT",
	"UTINYINT":            "use BIGINT",
	"TIMETZ":              "use TIME, or TIMESTAMPTZ for a moment in time",
	"TIME WITH TIME ZONE": "use TIME, or TIMESTAMPTZ for a moment in time",
	"TIMESTAMP_NS":        "use TIMESTAMP, which holds microseconds",
	"TIMESTAMP_MS":        "use TIMESTAMP, which holds microseconds",
	"TIMESTAMP_S":         "use TIMESTAMP, which holds microseconds",
	"UUID":                "use VARCHAR",
	"JSON":                "use VARCHAR",
	"ENUM":                "use VARCHAR",
}

// typeNameBytesMax bounds what is looked at as the name of a type.
const typeNameBytesMax = 64

// Parse returns the type of a SQL name in any case: `bigint`, `text`,
// `timestamp with time zone`, `DECIMAL(10,2)`. The names are PostgreSQL's and
// DuckDB's; integers of every width are BIGINT and floats of every width are
// DOUBLE. The error names the nearest type or lists all of them.
func Parse(name string) (arrow.DataType, error) {
	if len(name) > typeNameBytesMax {
		return nil, fmt.Errorf("unknown type %q…; known are %s", name[:typeNameBytesMax/2], canonical)
	}
	base, params, err := splitParams(name)
	if err != nil {
		return nil, err
	}
	switch base {
	case "DECIMAL", "NUMERIC", "DEC":
		return parseDecimalType(name, params)
	}
	if t, ok := names[base]; ok {
		if params != nil {
			return nil, fmt.Errorf("type %s takes no parameters, found %q; write %s", Name(t), name, Name(t))
		}
		return t, nil
	}
	if advice, ok := refused[base]; ok {
		return nil, fmt.Errorf("type %s is not supported; %s", base, advice)
	}
	known := make([]string, 0, len(names)+2)
	for n := range names {
		known = append(known, n)
	}
	known = append(known, "DECIMAL", "NUMERIC")
	if s := Suggest(base, known); s != "" {
		return nil, fmt.Errorf("unknown type %q; did you mean %s?", name, s)
	}
	return nil, fmt.Errorf("unknown type %q; known are %s", name, canonical)
}

// splitParams takes `numeric ( 10, 2 )` apart into NUMERIC and its parameters,
// nil when there are no parentheses.
func splitParams(name string) (base string, params []string, err error) {
	head, tail, found := strings.Cut(name, "(")
	base = strings.ToUpper(strings.Join(strings.Fields(head), " "))
	if !found {
		return base, nil, nil
	}
	inner, rest, closed := strings.Cut(tail, ")")
	if !closed {
		return "", nil, fmt.Errorf("type %q lacks a closing parenthesis", name)
	}
	// TIMESTAMP(6) WITH TIME ZONE: the words go on after the parameters.
	if more := strings.Fields(rest); len(more) > 0 {
		base += " " + strings.ToUpper(strings.Join(more, " "))
	}
	params = strings.Split(inner, ",")
	for i := range params {
		params[i] = strings.TrimSpace(params[i])
	}
	return base, params, nil
}

func parseDecimalType(name string, params []string) (arrow.DataType, error) {
	precision, scale := int64(precisionDefault), int64(scaleDefault)
	var errP, errS error
	switch len(params) {
	case 0:
	case 1:
		precision, errP = strconv.ParseInt(params[0], 10, 32)
		scale = 0
	case 2:
		precision, errP = strconv.ParseInt(params[0], 10, 32)
		scale, errS = strconv.ParseInt(params[1], 10, 32)
	default:
		errP = strconv.ErrSyntax
	}
	if errors.Join(errP, errS) != nil {
		return nil, fmt.Errorf("type %q: expected DECIMAL(precision,scale), such as DECIMAL(10,2)", name)
	}
	if precision < 1 || precision > PrecisionMax {
		return nil, fmt.Errorf("type %q: the precision is %d, expected 1 to %d", name, precision, PrecisionMax)
	}
	if scale < 0 || scale > precision {
		return nil, fmt.Errorf("type %q: the scale is %d, expected 0 to the precision, %d", name, scale, precision)
	}
	return Decimal(int32(precision), int32(scale)), nil
}

// Name returns the SQL name of a type, such as DECIMAL(10,2) or TIMESTAMPTZ;
// of an Arrow type that is none of csvloom's, the name Arrow gives it.
func Name(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return "BOOLEAN"
	case *arrow.Int64Type:
		return "BIGINT"
	case *arrow.Float64Type:
		return "DOUBLE"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case *arrow.Date32Type:
		return "DATE"
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			switch t.TimeZone {
			case "":
				return "TIMESTAMP"
			case "UTC":
				return "TIMESTAMPTZ"
			}
		}
	case *arrow.Time64Type:
		if t.Unit == arrow.Microsecond {
			return "TIME"
		}
	case *arrow.StringType:
		return "VARCHAR"
	case *arrow.BinaryType:
		return "BLOB"
	case *arrow.MonthDayNanoIntervalType:
		return "INTERVAL"
	case *arrow.NullType:
		return "NULL"
	case nil:
		return "unknown"
	}
	return t.String()
}
