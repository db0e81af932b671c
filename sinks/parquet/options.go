package parquet

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// Codec is a compression of pages.
type Codec int

// The codecs. Zstd is the default.
const (
	Zstd Codec = iota
	Snappy
	Gzip
	LZ4Raw
	Uncompressed
)

// codecNames are what the codecs are called on the command line.
var codecNames = [...]string{Zstd: "zstd", Snappy: "snappy", Gzip: "gzip", LZ4Raw: "lz4", Uncompressed: "none"}

// String returns the codec's name as [ParseCodec] takes it.
func (c Codec) String() string {
	if c < 0 || int(c) >= len(codecNames) {
		return fmt.Sprintf("codec %d", int(c))
	}
	return codecNames[c]
}

// ParseCodec returns the codec of a name in any case: zstd, snappy, gzip, lz4
// (LZ4_RAW) or none (also "uncompressed").
func ParseCodec(name string) (Codec, error) {
	lower := strings.ToLower(name)
	for c, n := range codecNames {
		if lower == n {
			return Codec(c), nil
		}
	}
	switch lower {
	case "uncompressed":
		return Uncompressed, nil
	case "lz4_raw", "lz4raw":
		return LZ4Raw, nil
	}
	return 0, fmt.Errorf("unknown Parquet compression %q; it is one of %s", name, strings.Join(codecNames[:], ", "))
}

// levelMax returns the highest level of a codec, 0 when it has none.
func (c Codec) levelMax() int {
	switch c {
	case Zstd:
		return 22
	case Gzip:
		return 9
	default:
		return 0
	}
}

// Options say how a file is written. The zero value is a good choice.
type Options struct {
	// Compression of the pages; zstd by default. A page that would shrink by
	// less than a twentieth is stored as it is.
	Compression Codec
	// Level of compression: 1 to 22 for zstd, 1 to 9 for gzip; 0 is the
	// codec's default, which is 1 for zstd and 6 for gzip. The other codecs
	// have no levels.
	Level int
	// RowGroupRows is the number of rows in each row group but the last;
	// 0 means DefaultRowGroupRows.
	RowGroupRows int
	// RowGroupBytes ends a row group early: before the row with which its
	// values would exceed so many bytes, not encoded. A row that is larger is
	// a row group by itself. 0 means DefaultRowGroupBytes, or, when
	// RowGroupRows is given, 1 GiB.
	RowGroupBytes int64
	// PageRows bounds the rows of a data page; 0 means DefaultPageRows.
	PageRows int
	// PageBytes bounds the bytes of a data page, not compressed; 0 means
	// DefaultPageBytes. A value that is larger is a page by itself.
	PageBytes int
	// NoDictionary switches dictionary encoding off.
	NoDictionary bool
	// NoStatistics leaves out minimum, maximum and the column index.
	NoStatistics bool
	// BloomColumns names the columns that get a bloom filter, with one false
	// positive in a hundred.
	BloomColumns []string
	// SortedBy declares the order of the rows within each row group. It is
	// written to the file and believed: readers rely on it.
	SortedBy []SortColumn
	// CreatedBy names the program, such as "csvloom version 1.2.0 (build
	// abc)"; empty means "csvloom".
	CreatedBy string
	// Metadata is written to the footer, in the order of its keys.
	Metadata map[string]string
}

// SortColumn is a column by which rows are sorted.
type SortColumn struct {
	Column     string
	Descending bool
	NullsFirst bool
}

// The defaults of [Options].
//
// Row groups are as large as memory allows, since a dictionary pays when its
// entries recur: a column of 100,000 distinct strings takes 3.1 bytes a value
// in row groups of 122,880 or 245,760 rows, 2.8 in those of 491,520, and half
// the time. Two or three of them are in memory at once, which is why wide rows
// make smaller ones. Pages are small enough to be skipped by their bounds;
// larger ones compress one or two hundredths better.
const (
	DefaultRowGroupRows  = 491_520
	DefaultRowGroupBytes = 48 << 20
	DefaultPageRows      = 20_480
	DefaultPageBytes     = 1 << 20
)

// rowGroupBytesGiven bounds a row group whose number of rows the user chose.
const rowGroupBytesGiven = 1 << 30

// The ranges of the sizes in [Options].
const (
	rowGroupRowsMax = 1 << 28
	pageBytesMax    = 1 << 29
)

// Validate reports every mistake in the options, as far as it can be told from
// the schema of the rows: sizes and levels out of range, unknown columns, and
// types that Parquet or this encoder does not have.
func (o Options) Validate(schema *arrow.Schema) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Compression < 0 || int(o.Compression) >= len(codecNames) {
		fail("there is no Parquet compression number %d; it is one of %s", int(o.Compression), strings.Join(codecNames[:], ", "))
	} else if highest := o.Compression.levelMax(); o.Level < 0 || o.Level > highest {
		if highest == 0 {
			fail("compression level %d does not apply: %s has no levels; leave the level out", o.Level, o.Compression)
		} else {
			fail("compression level %d is out of range for %s: it goes from 1 to %d", o.Level, o.Compression, highest)
		}
	}
	inRange := func(name string, v, highest int64) {
		if v < 0 || v > highest {
			fail("%s is %d, expected 1 to %d, or 0 for the default", name, v, highest)
		}
	}
	inRange("the number of rows in a row group", int64(o.RowGroupRows), rowGroupRowsMax)
	inRange("the number of bytes in a row group", o.RowGroupBytes, math.MaxInt64)
	inRange("the number of rows in a page", int64(o.PageRows), rowGroupRowsMax)
	inRange("the number of bytes in a page", int64(o.PageBytes), pageBytesMax)
	if _, err := newColumns(schema); err != nil {
		errs = append(errs, err)
	}
	for _, name := range o.BloomColumns {
		switch i := indexOf(schema, name); {
		case i < 0:
			fail("bloom filter: there is no column %q; the columns are %s", name, columnList(schema))
		case schema.Field(i).Type.ID() == arrow.BOOL:
			fail("bloom filter: column %q is BOOLEAN, where one is of no use; leave it out", name)
		}
	}
	for _, s := range o.SortedBy {
		if indexOf(schema, s.Column) < 0 {
			fail("sorted columns: there is no column %q; the columns are %s", s.Column, columnList(schema))
		}
	}
	return errors.Join(errs...)
}

// withDefaults returns the options with every size filled in.
func (o Options) withDefaults() Options {
	set := func(v *int, byDefault int) {
		if *v == 0 {
			*v = byDefault
		}
	}
	if o.RowGroupBytes == 0 {
		o.RowGroupBytes = DefaultRowGroupBytes
		if o.RowGroupRows != 0 {
			o.RowGroupBytes = rowGroupBytesGiven
		}
	}
	set(&o.RowGroupRows, DefaultRowGroupRows)
	set(&o.PageRows, DefaultPageRows)
	set(&o.PageBytes, DefaultPageBytes)
	if o.CreatedBy == "" {
		o.CreatedBy = "csvloom"
	}
	return o
}

// indexOf returns the position of a column, -1 when there is none.
func indexOf(schema *arrow.Schema, name string) int {
	if at := schema.FieldIndices(name); len(at) > 0 {
		return at[0]
	}
	return -1
}

// columnsShownMax bounds how many column names an error lists.
const columnsShownMax = 20

// columnList lists the columns of a schema for an error.
func columnList(schema *arrow.Schema) string {
	var names []string
	for i, f := range schema.Fields() {
		if i == columnsShownMax {
			names = append(names, fmt.Sprintf("and %d more", schema.NumFields()-i))
			break
		}
		names = append(names, fmt.Sprintf("%q", f.Name))
	}
	return strings.Join(names, ", ")
}
