package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

// Input is a file or stream to read.
type Input struct {
	// Name is what errors and reports call it; it holds no credentials.
	Name string
	// Path is set for a local regular file of Bytes bytes, which may be
	// opened by this path as often as needed.
	Path  string
	Bytes int64
	// Modified is when the file at Path was written to when it was listed; it must not
	// be written to after that. Zero: it is not known.
	Modified time.Time
	// Open starts reading from the beginning; it may be called again.
	Open func(context.Context) (Stream, error)
	// Again, if not nil, are the rows to read in place of those of the
	// input, of which only the header and a sample are looked at.
	Again []RejectedRow
	// Whole, if not nil, is given all bytes of the file each time it is read
	// by Path, before they are used; it does not keep them. It is called by
	// any goroutine.
	Whole func(file []byte)
}

// Stream is the decompressed text of an Input, in UTF-8. Where it was converted
// from another encoding it also has a method Encoding() string that names it.
type Stream interface {
	io.ReadCloser
	// Compression names how the input is compressed; "" if it is not.
	Compression() string
}

// Options say how to read. The zero value reads RFC 4180 with a header,
// detects the delimiter, and infers types from samples.
type Options struct {
	// How files are written. What is not given is found out for each file.
	Delimiter   string // one character or a few, see [Dialect]
	Quote       byte
	NoQuote     bool   // quotes are characters like any other
	Escape      byte   // the quote itself: quotes are doubled, and nothing is escaped
	LineEnd     string // as [ParseLineEnd] reads it
	Comment     string // starts a comment line
	NoComment   bool   // there are no comment lines
	SkipLines   int    // lines before the header that are not looked at
	NoPreamble  bool   // with SkipLines 0: the first line is of the table
	FooterLines int    // lines at the end, blank ones not counted, that are no records
	NoFooter    bool   // with FooterLines 0: the last line is of the table
	Header      bool   // the first record names the columns
	NoHeader    bool   // the first record is data; columns are called column_1, column_2 …
	// Explain tries all dialects, also for files that are plainly ordinary, so
	// that [Source.Sniffed] can tell how others would have done.
	Explain bool

	Nulls            []string // unquoted spellings of NULL beside the empty field
	Types            []ColumnType
	AllVarchar       bool
	DateFormats      []string // strptime; tried in order
	TimestampFormats []string // strptime; tried in order
	Numerals         Numerals

	// Schema, if not nil, is the table's columns; Drift goes before its own.
	Schema *SchemaFile
	Drift  Drift

	// OnError says what becomes of rows that cannot be read as they stand.
	// Unless it is Fail, or if Account is set, batches have Rejects.
	OnError OnError
	Account bool

	// FileColumn and LineColumn, if not empty, are the names of columns that
	// tell where each row was read: Input.Name as VARCHAR, and the 1-based
	// line on which its record starts as BIGINT. They come last.
	FileColumn, LineColumn string

	InferFull   bool // infer types from all of every file, not from a sample
	SampleBytes int  // how much of every file is looked at; 0: depends on the number of files
	BlockBytes  int  // size of the parts that are decoded in parallel; 0 means 1 MiB
	RowBytesMax int  // longest record; 0 means 16 MiB

	// Unreadable is asked when an input cannot be opened or sampled because
	// of err. When it returns nil the input is left out; nil means that
	// every such error stops the run.
	Unreadable func(input int, err error) error
}

// ColumnType declares the type of a column.
type ColumnType struct {
	Name string
	Type arrow.DataType
}

// Defaults and limits of Options.
const (
	BlockBytesDefault  = 1 << 20
	RowBytesMaxDefault = 16 << 20
	blockBytesMax      = 1 << 30
	skipLinesMax       = 1 << 20
	columnsMax         = 100_000

	// The samples of all files together are about sampleBytesTotal.
	sampleBytesTotal = 4 << 20
	sampleBytesMin   = 2 << 10
	sampleBytesMax   = 256 << 10
)

// settings are Options made ready.
type settings struct {
	Options
	dialect Dialect // with the parts that are fixed
	fixed   fixedParts
	nulls   nullSpellings
	formats formats
}

func (o Options) settings(inputs int) (*settings, error) {
	s := &settings{Options: o}
	s.dialect = Dialect{Delimiter: o.Delimiter, Quote: '"', Comment: o.Comment}
	if o.Quote != 0 {
		s.dialect.Quote = o.Quote
	}
	if o.NoQuote {
		s.dialect.Quote = 0
	}
	if o.Escape != s.dialect.Quote {
		s.dialect.Escape = o.Escape
	}
	s.fixed = fixedParts{
		delimiter: o.Delimiter != "", quote: o.Quote != 0 || o.NoQuote, escape: o.Escape != 0, lineEnd: o.LineEnd != "",
		comment: o.Comment != "" || o.NoComment, skip: o.SkipLines > 0 || o.NoPreamble, footer: o.FooterLines > 0 || o.NoFooter,
		header: o.Header || o.NoHeader,
	}
	var errs []error
	if o.LineEnd != "" {
		var err error
		s.dialect.LineEnd, err = ParseLineEnd(o.LineEnd)
		errs = append(errs, err)
	}
	if o.Header && o.NoHeader {
		errs = append(errs, errors.New("header and no header contradict each other; say one of them"))
	}
	check := s.dialect
	if check.Delimiter == "" {
		check.Delimiter = fallbackDelimiter(&check)
	}
	errs = append(errs, check.Validate())
	for _, limit := range []struct {
		name     string
		value    *int
		standard int
		max      int
	}{
		{"skip", &s.SkipLines, 0, skipLinesMax},
		{"footer", &s.FooterLines, 0, footerLinesMax},
		{"block size", &s.BlockBytes, BlockBytesDefault, blockBytesMax},
		{"max row bytes", &s.RowBytesMax, RowBytesMaxDefault, blockBytesMax},
		{"sample bytes", &s.SampleBytes, min(max(sampleBytesTotal/max(inputs, 1), sampleBytesMin), sampleBytesMax), math.MaxInt32},
	} {
		if *limit.value < 0 || *limit.value > limit.max {
			errs = append(errs, fmt.Errorf("%s %d: expected 0 to %d", limit.name, *limit.value, limit.max))
		}
		if *limit.value == 0 {
			*limit.value = limit.standard
		}
	}
	for _, n := range o.Nulls {
		if n != "" {
			s.nulls = append(s.nulls, []byte(n))
		}
	}
	parse := func(texts []string) (layouts []*sqltype.Layout) {
		for _, t := range texts {
			l, err := sqltype.ParseLayout(t)
			errs = append(errs, err)
			layouts = append(layouts, l)
		}
		return layouts
	}
	declared := make(map[string]bool, len(o.Types))
	for _, t := range o.Types {
		if declared[t.Name] {
			errs = append(errs, fmt.Errorf("types: column %q is named twice", t.Name))
		}
		declared[t.Name] = true
	}
	s.formats = formats{parse(o.DateFormats), parse(o.TimestampFormats), o.Numerals}
	errs = append(errs, o.Numerals.Validate())
	return s, errors.Join(errs...)
}
