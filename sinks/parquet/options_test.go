package parquet

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
)

func TestValidate(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "flag", Type: arrow.FixedWidthTypes.Boolean},
	}, nil)
	one := func(typ arrow.DataType) *arrow.Schema {
		return arrow.NewSchema([]arrow.Field{{Name: "x", Type: typ}}, nil)
	}
	for _, c := range []struct {
		o      Options
		schema *arrow.Schema
		want   []string // empty: valid
	}{
		{Options{}, schema, nil},
		{Options{Level: 22, BloomColumns: []string{"n"}, SortedBy: []SortColumn{{Column: "flag"}}}, schema, nil},
		{Options{Level: 23}, schema, []string{"level 23", "zstd", "1 to 22"}},
		{Options{Compression: Gzip, Level: -1}, schema, []string{"level -1", "1 to 9"}},
		{Options{Compression: Snappy, Level: 3}, schema, []string{"snappy has no levels"}},
		{Options{Compression: 9}, schema, []string{"no Parquet compression number 9", "zstd, snappy"}},
		{Options{RowGroupRows: -1, PageBytes: 1 << 30}, schema, []string{"rows in a row group is -1", "bytes in a page is 1073741824"}},
		{Options{BloomColumns: []string{"m", "flag"}}, schema, []string{`no column "m"; the columns are "n", "flag"`, `"flag" is BOOLEAN`}},
		{Options{SortedBy: []SortColumn{{Column: "m"}}}, schema, []string{`sorted columns: there is no column "m"`}},
		{Options{}, arrow.NewSchema(nil, nil), []string{"no columns", "select at least one"}},
		{Options{}, arrow.NewSchema([]arrow.Field{schema.Field(0), schema.Field(0)}, nil), []string{`two columns are called "n"`}},
		{Options{}, one(arrow.FixedWidthTypes.MonthDayNanoInterval), []string{`"x"`, "INTERVAL", "VARCHAR"}},
		{Options{}, one(arrow.FixedWidthTypes.Timestamp_s), []string{`"x"`, "TIMESTAMP"}},
		{Options{}, one(arrow.ListOf(arrow.PrimitiveTypes.Int64)), []string{`"x" is of type list`}},
		{Options{}, one(&arrow.Decimal128Type{Precision: 39}), []string{"1 to 38 digits"}},
	} {
		err := c.o.Validate(c.schema)
		if len(c.want) == 0 {
			if err != nil {
				t.Errorf("%+v: %v, want it to be valid", c.o, err)
			}
			continue
		}
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %v, want it to say %q", c.o, err, w)
			}
		}
	}
}

func TestParseCodec(t *testing.T) {
	for name, want := range map[string]Codec{
		"zstd": Zstd, "Snappy": Snappy, "gzip": Gzip, "lz4": LZ4Raw, "LZ4_RAW": LZ4Raw, "none": Uncompressed, "uncompressed": Uncompressed,
	} {
		if got, err := ParseCodec(name); err != nil || got != want {
			t.Errorf("ParseCodec(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := ParseCodec("brotli"); err == nil || !strings.Contains(err.Error(), "zstd, snappy, gzip, lz4, none") {
		t.Errorf("ParseCodec(brotli): %v, want the list of codecs", err)
	}
}
