package text

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// encoder is what the encoders of this package have in common.
type encoder interface {
	Write(context.Context, arrow.Record) error
	Close(context.Context) (int64, error)
	Abort()
}

var allTypes = arrow.NewSchema([]arrow.Field{
	{Name: "bool", Type: sqltype.Boolean, Nullable: true},
	{Name: "bigint", Type: sqltype.BigInt, Nullable: true},
	{Name: "double", Type: sqltype.Double, Nullable: true},
	{Name: "decimal", Type: sqltype.Decimal(10, 2), Nullable: true},
	{Name: "date", Type: sqltype.Date, Nullable: true},
	{Name: "timestamp", Type: sqltype.Timestamp, Nullable: true},
	{Name: "timestamptz", Type: sqltype.TimestampTZ, Nullable: true},
	{Name: "time", Type: sqltype.Time, Nullable: true},
	{Name: "interval", Type: sqltype.Interval, Nullable: true},
	{Name: "text, \"quoted\"", Type: sqltype.Varchar, Nullable: true},
}, nil)

// allTypesRecord has five rows, each with another extreme; row 2 is NULL.
func allTypesRecord(mem memory.Allocator) arrow.Record {
	b := array.NewRecordBuilder(mem, allTypes)
	defer b.Release()
	valid := []bool{true, true, false, true, true}
	b.Field(0).(*array.BooleanBuilder).AppendValues([]bool{true, false, false, true, false}, valid)
	b.Field(1).(*array.Int64Builder).AppendValues([]int64{math.MaxInt64, math.MinInt64, 0, 0, -1}, valid)
	b.Field(2).(*array.Float64Builder).AppendValues([]float64{1, 0.1, 0, math.NaN(), math.Inf(-1)}, valid)
	b.Field(3).(*array.Decimal128Builder).AppendValues([]decimal128.Num{
		decimal128.FromI64(9999999999), decimal128.FromI64(-5), decimal128.FromI64(0), decimal128.FromI64(0), decimal128.FromI64(100)}, valid)
	b.Field(4).(*array.Date32Builder).AppendValues([]arrow.Date32{0, sqltypeDays(9999, 12, 31), 0, sqltypeDays(1, 1, 1), sqltypeDays(2024, 2, 29)}, valid)
	micros := []arrow.Timestamp{0, 1, 0, -1, 1709164800_123456}
	b.Field(5).(*array.TimestampBuilder).AppendValues(micros, valid)
	b.Field(6).(*array.TimestampBuilder).AppendValues(micros, valid)
	b.Field(7).(*array.Time64Builder).AppendValues([]arrow.Time64{0, 1, 0, 86_399_999_999, 3_600_000_000}, valid)
	b.Field(8).(*array.MonthDayNanoIntervalBuilder).AppendValues([]arrow.MonthDayNanoInterval{
		{Months: 14, Days: 3, Nanoseconds: 4_000_000_000}, {}, {}, {Days: -1}, {Nanoseconds: 1_500_000_000}}, valid)
	b.Field(9).(*array.StringBuilder).AppendValues([]string{"", " a ", "", "a,b\n\"c\"\r", "日本 \x01 \xff"}, valid)
	return b.NewRecord()
}

func sqltypeDays(y, m, d int) arrow.Date32 { return arrow.Date32(sqltype.DaysFromCivil(y, m, d)) }

// stringRecord returns a record of VARCHAR columns; "NULL" stands for NULL.
func stringRecord(t testing.TB, names []string, rows ...[]string) arrow.Record {
	t.Helper()
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: sqltype.Varchar, Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			if v == "NULL" {
				b.Field(i).AppendNull()
			} else {
				b.Field(i).(*array.StringBuilder).Append(v)
			}
		}
	}
	return b.NewRecord()
}

func encode(t testing.TB, open func(io.Writer) (encoder, error), records ...arrow.Record) string {
	t.Helper()
	var out bytes.Buffer
	e, err := open(&out)
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	for _, rec := range records {
		if err := e.Write(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		want += rec.NumRows()
	}
	if rows, err := e.Close(t.Context()); err != nil || rows != want {
		t.Fatalf("Close = %d, %v; want %d rows", rows, err, want)
	}
	return out.String()
}

func csvTo(s *arrow.Schema, o CSVOptions) func(io.Writer) (encoder, error) {
	return func(w io.Writer) (encoder, error) { return NewCSV(w, s, o, &pipeline.Task{Workers: 2}) }
}

func jsonTo(s *arrow.Schema) func(io.Writer) (encoder, error) {
	return func(w io.Writer) (encoder, error) { return NewJSONLines(w, s, &pipeline.Task{Workers: 2}) }
}

func tableTo(s *arrow.Schema, o TableOptions) func(io.Writer) (encoder, error) {
	return func(w io.Writer) (encoder, error) { return NewTable(w, s, o) }
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update when the change is meant\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestAllTypes(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := allTypesRecord(mem)
	defer rec.Release()
	golden(t, "alltypes.csv", encode(t, csvTo(allTypes, CSVOptions{}), rec))
	golden(t, "alltypes-null.csv", encode(t, csvTo(allTypes, CSVOptions{Null: "false", Delimiter: ':', NoHeader: true}), rec))
	golden(t, "alltypes.jsonl", encode(t, jsonTo(allTypes), rec))
	golden(t, "alltypes.table", encode(t, tableTo(allTypes, TableOptions{}), rec))
	golden(t, "alltypes-80.table", encode(t, tableTo(allTypes, TableOptions{WidthColumns: 80, Color: true}), rec))
}

// A record that is a slice has offsets everywhere; the text must not change.
func TestSlices(t *testing.T) {
	rec := allTypesRecord(memory.DefaultAllocator)
	defer rec.Release()
	for name, open := range map[string]func(io.Writer) (encoder, error){
		"csv": csvTo(allTypes, CSVOptions{}), "jsonl": jsonTo(allTypes), "table": tableTo(allTypes, TableOptions{}),
	} {
		whole := encode(t, open, rec)
		for cut := int64(0); cut <= rec.NumRows(); cut++ {
			a, b := rec.NewSlice(0, cut), rec.NewSlice(cut, rec.NumRows())
			if got := encode(t, open, a, b); got != whole {
				t.Errorf("%s: cut at %d:\n%s\nwant:\n%s", name, cut, got, whole)
			}
			a.Release()
			b.Release()
		}
	}
}

func TestCSVQuotes(t *testing.T) {
	for _, test := range []struct {
		name    string
		options CSVOptions
		value   string
		want    string
	}{
		{"plain", CSVOptions{}, "a b", "a b"},
		{"empty", CSVOptions{}, "", `""`},
		{"null", CSVOptions{}, "NULL", ""},
		{"null spelt", CSVOptions{Null: "NA"}, "NULL", "NA"},
		{"like null", CSVOptions{Null: "NA"}, "NA", `"NA"`},
		{"almost like null", CSVOptions{Null: "NA"}, "NAN", "NAN"},
		{"empty when null is spelt", CSVOptions{Null: "NA"}, "", `""`},
		{"delimiter", CSVOptions{}, "a,b", `"a,b"`},
		{"other delimiter", CSVOptions{Delimiter: ';'}, "a,b", `a,b`},
		{"own delimiter", CSVOptions{Delimiter: ';'}, "a;b", `"a;b"`},
		{"quote", CSVOptions{}, `5" disk`, `"5"" disk"`},
		{"quotes only", CSVOptions{}, `""`, `""""""`},
		{"LF", CSVOptions{}, "a\nb", "\"a\nb\""},
		{"CR", CSVOptions{}, "a\rb", "\"a\rb\""},
		{"leading space", CSVOptions{}, " a", `" a"`},
		{"trailing tab", CSVOptions{}, "a\t", "\"a\t\""},
		{"special in the second word", CSVOptions{}, "0123456789abc,", `"0123456789abc,"`},
		{"special at the eighth byte", CSVOptions{}, "0123456,", `"0123456,"`},
		{"bytes above 0x7f", CSVOptions{}, "ééééééé", "ééééééé"},
		{"not UTF-8", CSVOptions{}, "a\xff\xac\x8db12345", "a\xff\xac\x8db12345"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := stringRecord(t, []string{"a", "b"}, []string{test.value, "x"})
			d := string(rune(test.options.delimiter()))
			got := encode(t, csvTo(rec.Schema(), test.options), rec)
			if want := "a" + d + "b\n" + test.want + d + "x\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A blank line is skipped by readers, so a lone NULL must not be one.
func TestCSVLoneNull(t *testing.T) {
	rec := stringRecord(t, []string{"a"}, []string{"NULL"}, []string{"x"})
	if got, want := encode(t, csvTo(rec.Schema(), CSVOptions{}), rec), "a\n\"\"\nx\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := encode(t, csvTo(rec.Schema(), CSVOptions{Null: "NA"}), rec), "a\nNA\nx\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCSVHeader(t *testing.T) {
	rec := stringRecord(t, []string{"\ufeffa", "", "b,c", "\ufeffd"})
	if got, want := encode(t, csvTo(rec.Schema(), CSVOptions{})), "\"\ufeffa\",\"\",\"b,c\",\ufeffd\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := encode(t, csvTo(rec.Schema(), CSVOptions{NoHeader: true})); got != "" {
		t.Errorf("without header: %q", got)
	}
}

func TestMistakes(t *testing.T) {
	strs := stringRecord(t, []string{"a"}).Schema()
	twice := stringRecord(t, []string{"a", "a"}).Schema()
	blob := arrow.NewSchema([]arrow.Field{{Name: "state", Type: sqltype.Blob}}, nil)
	none := arrow.NewSchema(nil, nil)
	for _, test := range []struct {
		name string
		open func(io.Writer) (encoder, error)
		want string
	}{
		{"delimiter is the quote", csvTo(strs, CSVOptions{Delimiter: '"'}), `CSV delimiter '"' is not possible`},
		{"delimiter is a line end", csvTo(strs, CSVOptions{Delimiter: '\n'}), `CSV delimiter '\n' is not possible`},
		{"delimiter is half a character", csvTo(strs, CSVOptions{Delimiter: 0xe9}), `is not possible`},
		{"null holds the delimiter", csvTo(strs, CSVOptions{Null: "a,b"}), `"a,b" cannot stand for NULL`},
		{"null holds a quote", csvTo(strs, CSVOptions{Null: `""`}), `cannot stand for NULL`},
		{"null is a space", csvTo(strs, CSVOptions{Null: ` `}), `cannot stand for NULL`},
		{"csv of blob", csvTo(blob, CSVOptions{}), `column "state": BLOB cannot be written as CSV`},
		{"json of blob", jsonTo(blob), `column "state": BLOB cannot be written as JSON lines`},
		{"table of blob", tableTo(blob, TableOptions{}), `column "state": BLOB cannot be written as a table`},
		{"csv of nothing", csvTo(none, CSVOptions{}), `there are no columns to write as CSV`},
		{"json of nothing", jsonTo(none), `there are no columns`},
		{"json twice", jsonTo(twice), `two columns are called "a"`},
		{"table of one row", tableTo(strs, TableOptions{RowsMax: 1}), `between 2 and 10000 rows, not 1`},
		{"table of negative width", tableTo(strs, TableOptions{WidthColumns: -1}), `cannot be -1 columns wide`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.open(io.Discard)
			var usage *pipeline.UsageError
			if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &usage) {
				t.Errorf("got %T %v, want a UsageError with %q", err, err, test.want)
			}
		})
	}
}

// An empty output has its header, and is the same whether an empty record was
// written or none.
func TestNoRows(t *testing.T) {
	rec := stringRecord(t, []string{"a", "b"})
	if got := encode(t, csvTo(rec.Schema(), CSVOptions{}), rec); got != "a,b\n" {
		t.Errorf("csv: %q", got)
	}
	if got := encode(t, jsonTo(rec.Schema()), rec); got != "" {
		t.Errorf("jsonl: %q", got)
	}
	golden(t, "norows.table", encode(t, tableTo(rec.Schema(), TableOptions{}), rec))
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a", "a,b", "\"", "\r\n", " ", "日本", "\xff", "NA", "0123456\"89"} {
		f.Add(s, "x", byte(','), "")
		f.Add("x", s, byte(';'), "NA")
	}
	f.Fuzz(func(t *testing.T, a, b string, delimiter byte, null string) {
		o := CSVOptions{Delimiter: delimiter, Null: null}
		if o.Validate() != nil || a == "NULL" || b == "NULL" || delimiter == 0 {
			t.Skip()
		}
		rec := stringRecord(t, []string{"k", "v"}, []string{a, b}, []string{b, a})
		out := encode(t, csvTo(rec.Schema(), o), rec)
		if rows, err := VerifyCSV(strings.NewReader(out), o); err != nil || rows != 2 {
			t.Fatalf("VerifyCSV = %d, %v of %q", rows, err, out)
		}
		if strings.Contains(a+b, "\r") {
			t.Skip() // encoding/csv changes CRLF within quotes
		}
		r := csv.NewReader(strings.NewReader(out))
		r.Comma = rune(delimiter)
		got, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if len(got) != 3 || got[1][0] != a || got[1][1] != b || got[2][0] != b || got[2][1] != a {
			t.Fatalf("%q is read back as %q, wrote %q, %q", out, got, a, b)
		}
	})
}

func FuzzJSONString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\b\f\n\r\t\x00\x1f\x7f", "日本 \u2028 😀", "\xff\xc0\x80", "01234567\x1f", "abcdefg\"hijklmnop\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := appendJSONString(nil, []byte(s))
		if !utf8.Valid(out) || bytes.ContainsAny(out, "\n\r") {
			t.Fatalf("%q of %q", out, s)
		}
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && got != want {
			t.Fatalf("%q is read back as %q, wrote %q", out, got, s)
		}
		// The standard library replaces every bad byte, as we do.
		var runes strings.Builder
		for _, r := range s {
			runes.WriteRune(r)
		}
		if got != runes.String() {
			t.Fatalf("%q is read back as %q, wrote %q", out, got, s)
		}
	})
}

func TestVerify(t *testing.T) {
	for _, test := range []struct {
		text string
		o    CSVOptions
		rows int64
		want string
	}{
		{"a\n", CSVOptions{}, 0, ""},
		{"a\n1\n2\n", CSVOptions{}, 2, ""},
		{"a\n\"1\n\"\n2\n", CSVOptions{}, 2, ""},
		{"", CSVOptions{NoHeader: true}, 0, ""},
		{"1\n", CSVOptions{NoHeader: true}, 1, ""},
		{"", CSVOptions{}, 0, "lost its header"},
		{"a\n1", CSVOptions{}, 0, "middle of a record"},
		{"a\n\"1\n", CSVOptions{}, 0, "middle of a record"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(test.text), "bytewise": oneByte{strings.NewReader(test.text)}} {
			rows, err := VerifyCSV(r, test.o)
			if test.want == "" && (err != nil || rows != test.rows) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%q, %s: %d, %v", test.text, name, rows, err)
			}
		}
	}
	if rows, err := VerifyJSONLines(strings.NewReader("{}\n{}\n")); rows != 2 || err != nil {
		t.Errorf("VerifyJSONLines = %d, %v", rows, err)
	}
	if _, err := VerifyJSONLines(strings.NewReader("{}\n{}")); err == nil {
		t.Error("VerifyJSONLines takes a cut line")
	}
	if _, err := VerifyJSONLines(io.MultiReader(strings.NewReader("{}\n"), failRead{})); err == nil {
		t.Error("VerifyJSONLines loses a read error")
	}
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

type failRead struct{}

func (failRead) Read([]byte) (int, error) { return 0, errors.New("bad sector") }
