package parquet

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/sinks/parquet/internal/compact"
)

// physical is one of Parquet's storage types, numbered as in parquet.thrift.
type physical int32

const (
	physicalBoolean           physical = 0
	physicalInt32             physical = 1
	physicalInt64             physical = 2
	physicalFloat             physical = 4
	physicalDouble            physical = 5
	physicalByteArray         physical = 6
	physicalFixedLenByteArray physical = 7
)

// annotation says what the stored values mean: Parquet's LogicalType. The
// numbers are the field ids of the LogicalType union.
type annotation int16

const (
	annotationNone      annotation = 0
	annotationString    annotation = 1
	annotationDecimal   annotation = 5
	annotationDate      annotation = 6
	annotationTime      annotation = 7
	annotationTimestamp annotation = 8
	annotationInteger   annotation = 10
)

// convertedType is the older form of an annotation, numbered as in
// parquet.thrift; convertedNone where there is none.
type convertedType int32

const (
	convertedNone            convertedType = -1
	convertedUTF8            convertedType = 0
	convertedDecimal         convertedType = 5
	convertedDate            convertedType = 6
	convertedTimeMillis      convertedType = 7
	convertedTimeMicros      convertedType = 8
	convertedTimestampMillis convertedType = 9
	convertedTimestampMicros convertedType = 10
	convertedUint8           convertedType = 11 // 16, 32 and 64 bits follow
	convertedInt8            convertedType = 15 // 16, 32 and 64 bits follow
)

// column is what the encoder knows of a column before any row.
type column struct {
	name     string
	arrow    arrow.DataType
	optional bool // rows may be NULL

	physical   physical
	length     int // bytes of a FIXED_LEN_BYTE_ARRAY
	annotation annotation
	converted  convertedType
	order      order

	precision, scale int32          // of a decimal
	unit             arrow.TimeUnit // of a time or timestamp
	utc              bool           // of a timestamp: an instant, not a local time
	bits             int8           // of an annotated integer
	signed           bool           // the same
}

// order is how the values of a column compare, for statistics.
type order int

const (
	orderSigned   order = iota // integers; false before true
	orderUnsigned              // unsigned integers
	orderFloat                 // by number, NaN having no place
	orderBytes                 // byte by byte
	orderDecimal               // two's complement, big-endian
)

// decimalBytes returns how many bytes the widest number of the precision takes
// in two's complement: the least n with 2^(8n-1) > 10^precision.
func decimalBytes(precision int32) int {
	table := [...]int{
		0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 9,
		9, 9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 13, 14, 14, 15, 15, 16, 16, 16,
	}
	return table[precision]
}

// newColumns lays the columns of a file out, or reports every column that
// cannot be.
func newColumns(schema *arrow.Schema) ([]column, error) {
	if schema.NumFields() == 0 {
		return nil, errors.New("there are no columns: Parquet cannot hold rows without any; select at least one column, or write CSV")
	}
	columns := make([]column, schema.NumFields())
	seen := map[string]bool{}
	var errs []error
	for i, f := range schema.Fields() {
		if seen[f.Name] {
			errs = append(errs, fmt.Errorf("two columns are called %q; rename one of them", f.Name))
		}
		seen[f.Name] = true
		c := column{name: f.Name, arrow: f.Type, optional: f.Nullable, converted: convertedNone}
		if err := c.setType(); err != nil {
			errs = append(errs, err)
		}
		columns[i] = c
	}
	return columns, errors.Join(errs...)
}

// setType fills in how values of c.arrow are stored.
func (c *column) setType() error {
	integer := func(bits int8, signed bool, converted convertedType) {
		c.annotation, c.bits, c.signed, c.converted = annotationInteger, bits, signed, converted
		if !signed {
			c.order = orderUnsigned
		}
	}
	switch t := c.arrow.(type) {
	case *arrow.BooleanType:
		c.physical = physicalBoolean
	case *arrow.Int8Type:
		c.physical = physicalInt32
		integer(8, true, convertedInt8)
	case *arrow.Int16Type:
		c.physical = physicalInt32
		integer(16, true, convertedInt8+1)
	case *arrow.Int32Type:
		c.physical = physicalInt32
	case *arrow.Int64Type:
		c.physical = physicalInt64
	case *arrow.Uint8Type:
		c.physical = physicalInt32
		integer(8, false, convertedUint8)
	case *arrow.Uint16Type:
		c.physical = physicalInt32
		integer(16, false, convertedUint8+1)
	case *arrow.Uint32Type:
		c.physical = physicalInt32
		integer(32, false, convertedUint8+2)
	case *arrow.Uint64Type:
		c.physical = physicalInt64
		integer(64, false, convertedUint8+3)
	case *arrow.Float32Type:
		c.physical, c.order = physicalFloat, orderFloat
	case *arrow.Float64Type:
		c.physical, c.order = physicalDouble, orderFloat
	case *arrow.Decimal128Type:
		return c.setDecimal(t)
	case *arrow.Date32Type:
		c.physical, c.annotation, c.converted = physicalInt32, annotationDate, convertedDate
	case *arrow.Time32Type:
		c.physical, c.annotation, c.converted, c.unit = physicalInt32, annotationTime, convertedTimeMillis, t.Unit
		if t.Unit != arrow.Millisecond {
			return c.unsupported("Parquet has no times in seconds; cast it to TIME")
		}
	case *arrow.Time64Type:
		c.physical, c.annotation, c.unit = physicalInt64, annotationTime, t.Unit
		if t.Unit == arrow.Microsecond {
			c.converted = convertedTimeMicros
		}
	case *arrow.TimestampType:
		c.physical, c.annotation, c.unit, c.utc = physicalInt64, annotationTimestamp, t.Unit, t.TimeZone != ""
		switch t.Unit {
		case arrow.Second:
			return c.unsupported("Parquet has no timestamps in seconds; cast it to TIMESTAMP")
		case arrow.Millisecond:
			c.converted = convertedTimestampMillis
		case arrow.Microsecond:
			c.converted = convertedTimestampMicros
		}
	case *arrow.StringType:
		c.physical, c.annotation, c.converted, c.order = physicalByteArray, annotationString, convertedUTF8, orderBytes
	case *arrow.BinaryType:
		c.physical, c.order = physicalByteArray, orderBytes
	case *arrow.MonthDayNanoIntervalType:
		return c.unsupported("an INTERVAL cannot be stored; cast it to VARCHAR, or keep the two ends of it")
	default:
		return c.unsupported("cast it to one of BOOLEAN, BIGINT, DOUBLE, DECIMAL, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, VARCHAR")
	}
	return nil
}

// setDecimal stores decimals in the smallest type that holds their precision.
func (c *column) setDecimal(t *arrow.Decimal128Type) error {
	if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		return c.unsupported("a DECIMAL(p,s) has 1 to 38 digits, of which 0 to p after the point; cast it to one")
	}
	c.annotation, c.converted = annotationDecimal, convertedDecimal
	c.precision, c.scale = t.Precision, t.Scale
	switch {
	case t.Precision <= 9:
		c.physical = physicalInt32
	case t.Precision <= 18:
		c.physical = physicalInt64
	default:
		c.physical, c.order, c.length = physicalFixedLenByteArray, orderDecimal, decimalBytes(t.Precision)
	}
	return nil
}

func (c *column) unsupported(advice string) error {
	return fmt.Errorf("column %q is of type %s, which is not written to Parquet: %s", c.name, c.arrow, advice)
}

// variableLength reports whether values differ in size.
func (c *column) variableLength() bool { return c.physical == physicalByteArray }

// valueBytes returns the size of a value that is not of variable length; that
// of a boolean is rounded up.
func (c *column) valueBytes() int {
	switch c.physical {
	case physicalBoolean:
		return 1
	case physicalInt32, physicalFloat:
		return 4
	case physicalFixedLenByteArray:
		return c.length
	default:
		return 8
	}
}

// write appends the SchemaElement of the column.
func (c *column) write(w *compact.Writer) {
	w.Begin()
	w.Int32(1, int32(c.physical))
	if c.physical == physicalFixedLenByteArray {
		w.Int32(2, int32(c.length))
	}
	repetition := int32(0) // REQUIRED
	if c.optional {
		repetition = 1 // OPTIONAL
	}
	w.Int32(3, repetition)
	w.String(4, c.name)
	if c.converted != convertedNone {
		w.Int32(6, int32(c.converted))
	}
	if c.annotation == annotationDecimal {
		w.Int32(7, c.scale)
		w.Int32(8, c.precision)
	}
	if c.annotation != annotationNone {
		w.BeginField(10)
		c.writeAnnotation(w)
		w.End()
	}
	w.End()
}

// writeAnnotation writes the one field of the LogicalType union.
func (c *column) writeAnnotation(w *compact.Writer) {
	w.BeginField(int16(c.annotation))
	switch c.annotation {
	case annotationDecimal:
		w.Int32(1, c.scale)
		w.Int32(2, c.precision)
	case annotationTime, annotationTimestamp:
		w.Bool(1, c.utc)
		w.BeginField(2)
		switch c.unit { // the TimeUnit union
		case arrow.Millisecond:
			w.Empty(1)
		case arrow.Microsecond:
			w.Empty(2)
		default:
			w.Empty(3)
		}
		w.End()
	case annotationInteger:
		w.Int8(1, c.bits)
		w.Bool(2, c.signed)
	}
	w.End()
}
