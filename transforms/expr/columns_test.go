package expr

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// fuzzSchema has a column of every type.
var fuzzSchema = arrow.NewSchema([]arrow.Field{
	{Name: "a", Type: sqltype.BigInt, Nullable: true},
	{Name: "b", Type: sqltype.BigInt, Nullable: true},
	{Name: "x", Type: sqltype.Double, Nullable: true},
	{Name: "y", Type: sqltype.Double, Nullable: true},
	{Name: "p", Type: sqltype.Decimal(9, 2), Nullable: true},
	{Name: "q", Type: sqltype.Decimal(38, 10), Nullable: true},
	{Name: "s", Type: sqltype.Varchar, Nullable: true},
	{Name: "t", Type: sqltype.Varchar, Nullable: true},
	{Name: "d", Type: sqltype.Date, Nullable: true},
	{Name: "ts", Type: sqltype.Timestamp, Nullable: true},
	{Name: "tz", Type: sqltype.TimestampTZ, Nullable: true},
	{Name: "tm", Type: sqltype.Time, Nullable: true},
	{Name: "iv", Type: sqltype.Interval, Nullable: true},
	{Name: "f", Type: sqltype.Boolean, Nullable: true},
	{Name: "g", Type: sqltype.Boolean, Nullable: true},
	{Name: "bl", Type: sqltype.Blob, Nullable: true},
}, nil)
