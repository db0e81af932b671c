package sqltype

import (
	"encoding/hex"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// AppendValue writes one value of an array, which must not be NULL, as CAST(x
// AS VARCHAR) and CSV output show it. A BLOB is \x and hexadecimal digits, as
// in PostgreSQL; a dictionary shows the value it stands for; an Arrow type that
// is none of csvloom's is shown as Arrow does.
func AppendValue(dst []byte, a arrow.Array, row int) []byte {
	switch a := a.(type) {
	case *array.String:
		return append(dst, a.Value(row)...)
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(row), 10)
	case *array.Float64:
		return AppendDouble(dst, a.Value(row))
	case *array.Decimal128:
		return AppendDecimal(dst, a.Value(row), a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Date32:
		return AppendDate(dst, a.Value(row))
	case *array.Timestamp:
		if t := a.DataType().(*arrow.TimestampType); t.Unit == arrow.Microsecond {
			if t.TimeZone == "" {
				return AppendTimestamp(dst, int64(a.Value(row)))
			}
			return AppendTimestampTZ(dst, int64(a.Value(row)))
		}
	case *array.Time64:
		if a.DataType().(*arrow.Time64Type).Unit == arrow.Microsecond {
			return AppendTime(dst, int64(a.Value(row)))
		}
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row))
	case *array.MonthDayNanoInterval:
		return AppendInterval(dst, a.Value(row))
	case *array.Binary:
		return hex.AppendEncode(append(dst, '\\', 'x'), a.Value(row))
	case *array.Dictionary:
		return AppendValue(dst, a.Dictionary(), a.GetValueIndex(row))
	}
	return append(dst, a.ValueStr(row)...)
}
