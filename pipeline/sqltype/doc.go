// Package sqltype holds the SQL types that csvloom knows: their names, their
// Arrow form, their limits and their text.
//
// CSV decoding, SQL casts and text output all read and write values through
// this package, so that the three cannot disagree about what `1e3`, `24:00` or
// `2020-02-30` mean.
//
// Parse functions take the exact bytes of one value, do not trim, do not
// allocate, and answer ok=false for anything that is not wholly such a value
// or that the type cannot hold without loss; the caller, who knows where the
// text stands, makes the error. Append functions write the one canonical text
// of a value to the end of a buffer. What Append
// writes Parse reads back as the same value, if its year is 0001 to 9999 and,
// of an INTERVAL, its time is in whole microseconds.
//
//	BOOLEAN       arrow.Boolean             true, false
//	BIGINT        arrow.Int64               -9223372036854775808 … 9223372036854775807
//	DOUBLE        arrow.Float64             0.1, 1e+20, NaN, inf
//	DECIMAL(p,s)  arrow.Decimal128          12.30
//	DATE          arrow.Date32              2020-01-02
//	TIMESTAMP     arrow.Timestamp(us)       2020-01-02 03:04:05.678
//	TIMESTAMPTZ   arrow.Timestamp(us, UTC)  2020-01-02 03:04:05.678+00
//	TIME          arrow.Time64(us)          03:04:05.678
//	VARCHAR       arrow.String
//	BLOB          arrow.Binary              \x00ff
//	INTERVAL      arrow.MonthDayNano        1 year 2 months 3 days 04:05:06.5
//
// Start reading at types.go (names), unify.go (which types mix), then the file
// named after the type. digits.go explains how digits are read eight at a time.
package sqltype
