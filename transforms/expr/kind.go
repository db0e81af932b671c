package expr

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// kind is a SQL type without its parameters.
type kind uint8

const (
	kNone kind = iota // an Arrow type that expressions do not read
	kNull             // NULL that has no type yet
	kBool
	kInt
	kDouble
	kDecimal
	kDate
	kTimestamp
	kTimestampTZ
	kTime
	kInterval
	kVarchar
	kBlob
	kAny // in signatures: any type
)

func kindOf(t arrow.DataType) kind {
	switch t := t.(type) {
	case *arrow.NullType:
		return kNull
	case *arrow.BooleanType:
		return kBool
	case *arrow.Int64Type:
		return kInt
	case *arrow.Float64Type:
		return kDouble
	case *arrow.Decimal128Type:
		return kDecimal
	case *arrow.Date32Type:
		return kDate
	case *arrow.TimestampType:
		switch {
		case t.Unit != arrow.Microsecond:
		case t.TimeZone == "":
			return kTimestamp
		case t.TimeZone == "UTC":
			return kTimestampTZ
		}
	case *arrow.Time64Type:
		if t.Unit == arrow.Microsecond {
			return kTime
		}
	case *arrow.MonthDayNanoIntervalType:
		return kInterval
	case *arrow.StringType:
		return kVarchar
	case *arrow.BinaryType:
		return kBlob
	}
	return kNone
}

// dataType returns the type of a kind without parameters.
func (k kind) dataType() arrow.DataType {
	switch k {
	case kBool:
		return sqltype.Boolean
	case kInt:
		return sqltype.BigInt
	case kDouble:
		return sqltype.Double
	case kDecimal:
		return sqltype.Decimal(sqltype.PrecisionMax, 0)
	case kDate:
		return sqltype.Date
	case kTimestamp:
		return sqltype.Timestamp
	case kTimestampTZ:
		return sqltype.TimestampTZ
	case kTime:
		return sqltype.Time
	case kInterval:
		return sqltype.Interval
	case kVarchar:
		return sqltype.Varchar
	case kBlob:
		return sqltype.Blob
	}
	return arrow.Null
}

func (k kind) String() string {
	switch k {
	case kDecimal:
		return "DECIMAL"
	case kAny:
		return "ANY"
	}
	return sqltype.Name(k.dataType())
}

func (k kind) isNumber() bool { return k == kInt || k == kDouble || k == kDecimal }

// layout says which slice of a vector holds the values of a kind.
type layout uint8

const (
	layoutNone layout = iota
	layoutBits
	layoutInt32
	layoutInt64
	layoutDouble
	layoutDecimal
	layoutInterval
	layoutBytes
)

func (k kind) layout() layout {
	switch k {
	case kBool:
		return layoutBits
	case kDate:
		return layoutInt32
	case kInt, kTimestamp, kTimestampTZ, kTime:
		return layoutInt64
	case kDouble:
		return layoutDouble
	case kDecimal:
		return layoutDecimal
	case kInterval:
		return layoutInterval
	case kVarchar, kBlob:
		return layoutBytes
	}
	return layoutNone
}

func layoutOf(t arrow.DataType) layout { return kindOf(t).layout() }

// implicitCost says how far an implicit cast is: 0 for none, -1 for not at
// all. Overloads with the least total cost win.
func implicitCost(from, to kind) int {
	switch {
	case from == to || to == kAny || from == kNull:
		return 0
	case from == kInt && to == kDecimal, from == kDate && to == kTimestamp, from == kTimestamp && to == kTimestampTZ:
		return 1
	case from == kInt && to == kDouble, from == kDate && to == kTimestampTZ:
		return 2
	case from == kDecimal && to == kDouble:
		return 1
	}
	return -1
}

// scaleOf returns the digits behind the point of a DECIMAL; 0 of other types.
func scaleOf(t arrow.DataType) int32 {
	if d, ok := t.(*arrow.Decimal128Type); ok {
		return d.Scale
	}
	return 0
}
