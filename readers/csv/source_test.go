package csv_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type text struct{ io.Reader }

func (text) Close() error        { return nil }
func (text) Compression() string { return "" }

// inputs makes inputs of texts, called a.csv, b.csv and so on.
func inputs(texts ...string) (in []csv.Input) {
	for i, s := range texts {
		in = append(in, csv.Input{Name: string(rune('a'+i)) + ".csv", Open: func(context.Context) (csv.Stream, error) {
			return text{strings.NewReader(s)}, nil
		}})
	}
	return in
}

// table reads inputs and prints them: a line with the names and types, then a
// line for every row, NULL as a dot.
func table(t *testing.T, workers int, in []csv.Input, o csv.Options) (string, *csv.Source, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	src, err := csv.NewSource(in, o)
	if err != nil {
		return "", nil, err
	}
	var out strings.Builder
	job, err := pipeline.Plan{Source: src, Workers: workers, Alloc: alloc, Sink: restarting{out: &out, Sink: pipeline.Collect(printRows(&out))}}.Bind(t.Context())
	if err != nil {
		return "", src, err
	}
	_, err = job.Run(t.Context())
	var header strings.Builder
	for i, f := range job.Schema().Fields() {
		if i > 0 {
			header.WriteByte('|')
		}
		fmt.Fprintf(&header, "%s %s", f.Name, sqltype.Name(f.Type))
	}
	return header.String() + "\n" + out.String(), src, err
}

// printRows returns a function that prints a line for every row, NULL as a dot.
func printRows(out *strings.Builder) func(arrow.Record) error {
	return func(rec arrow.Record) error {
		for r := range int(rec.NumRows()) {
			for c, a := range rec.Columns() {
				if c > 0 {
					out.WriteByte('|')
				}
				if a.IsNull(r) {
					out.WriteByte('.')
				} else {
					out.Write(sqltype.AppendValue(nil, a, r))
				}
			}
			out.WriteByte('\n')
		}
		return nil
	}
}

// restarting is a sink that forgets what was written when the run starts over.
type restarting struct {
	pipeline.Sink
	out *strings.Builder
}

func (r restarting) Begin(ctx context.Context, t *pipeline.Task, s *arrow.Schema) (pipeline.Tx, error) {
	r.out.Reset()
	return r.Sink.Begin(ctx, t, s)
}

// everyway reads inputs with {1, 2, 8} workers and blocks of 1 byte to 1 MiB
// and requires the same answer from all.
func everyway(t *testing.T, in []csv.Input, o csv.Options) (string, *csv.Source, error) {
	t.Helper()
	var want string
	var src *csv.Source
	var wantErr error
	for i, workers := range []int{1, 2, 8} {
		for k, blockBytes := range []int{1, 7, 64 << 10, 1 << 20} {
			o.BlockBytes = blockBytes
			got, s, err := table(t, workers, in, o)
			if i == 0 && k == 0 {
				want, src, wantErr = got, s, err
				continue
			}
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("workers %d, block %d: error %v; workers 1, block 1: %v", workers, blockBytes, err, wantErr)
			}
			if err == nil && got != want {
				t.Fatalf("workers %d, block %d:\n%s\nworkers 1, block 1:\n%s", workers, blockBytes, got, want)
			}
		}
	}
	return want, src, wantErr
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		o    csv.Options
		want string
	}{
		{"types", []string{"b,i,d,m,dt,ts,tz,tm,v\n" +
			"true,1,1.5,12345678901234567.25,2020-01-31,2020-01-31T10:00:00,2020-01-31T10:00:00+02:00,10:00,007\n" +
			"false,-9223372036854775808,-2e10,0.5,2020-02-29,2020-02-29 10:00:00.25,2020-01-31T10:00:00Z,23:59:59.5,x\n" +
			",,,,,,,,\n"}, csv.Options{}, `
b BOOLEAN|i BIGINT|d DOUBLE|m DECIMAL(38,2)|dt DATE|ts TIMESTAMP|tz TIMESTAMPTZ|tm TIME|v VARCHAR
true|1|1.5|12345678901234567.25|2020-01-31|2020-01-31 10:00:00|2020-01-31 08:00:00+00|10:00:00|007
false|-9223372036854775808|-20000000000|0.50|2020-02-29|2020-02-29 10:00:00.25|2020-01-31 10:00:00+00|23:59:59.5|x
.|.|.|.|.|.|.|.|.
`},
		{"nothing is lost", []string{"zero,plus,long,wide,neg0,frac\n007,+1,12345678901234567890,1234567890123456,-0,1.234567890123456789\n1,2,3,1.5,4,2\n"}, csv.Options{}, `
zero VARCHAR|plus VARCHAR|long DECIMAL(38,0)|wide DECIMAL(18,1)|neg0 DOUBLE|frac DECIMAL(38,18)
007|+1|12345678901234567890|1234567890123456.0|-0|1.234567890123456789
1|2|3|1.5|4|2.000000000000000000
`},
		{"decimal comma", []string{"i;d;m;v;t\n1.234;1,5;12.345.678.901.234.567,25;1.5;2020-01-31\n-5;-1.000,25;0,5;1;2020-02-01\n;;;;\n"},
			csv.Options{Numerals: csv.Numerals{Decimal: ",", Thousands: "."}}, `
i BIGINT|d DOUBLE|m DECIMAL(38,2)|v VARCHAR|t DATE
1234|1.5|12345678901234567.25|1.5|2020-01-31
-5|-1000.25|0.50|1|2020-02-01
.|.|.|.|.
`},
		{"null and empty", []string{"v,i\n\"\",\"\"\n,\n\"NA\",1\nNA,NA\n"}, csv.Options{Nulls: []string{"NA"}}, `
v VARCHAR|i BIGINT
|.
.|.
NA|1
.|.
`},
		{"by name", []string{"a,b\n1,2\n", "b,c,a\n3,x,4\n", "a\n5\n"}, csv.Options{}, `
a BIGINT|b BIGINT|c VARCHAR
1|2|.
4|3|x
5|.|.
`},
		{"names", []string{"a,,a,a_2,\"x \"\"y\"\"\"\n1,2,3,4,5\n"}, csv.Options{}, `
a BIGINT|column_2 BIGINT|a_3 BIGINT|a_2 BIGINT|x "y" BIGINT
1|2|3|4|5
`},
		{"byte order mark and line ends", []string{"\ufeffa,b\r\n1,x\r\n2,y\n3,z"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x
2|y
3|z
`},
		{"bare CR", []string{"a,b\r1,\"x\ry\"\r2,z"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x` + "\r" + `y
2|z
`},
		{"bare CR and quoted LF", []string{"a,b\r1,\"x\ny\"\r2,z\r"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x
y
2|z
`},
		{"quoted newlines and quotes", []string{"a,b\n\"one\ntwo\",\"say \"\"hi\"\"\"\n5\" disk,\"a,b\"\n"}, csv.Options{}, `
a VARCHAR|b VARCHAR
one
two|say "hi"
5" disk|a,b
`},
		{"delimiters", []string{"a;b\n1;2,5\n", "a|b\n3|4\n", "a\tb\n5\t6\n"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|2,5
3|4
5|6
`},
		{"wide delimiter and other quote", []string{"a§b\n'x§y'§1\n''''§2\n"}, csv.Options{Delimiter: "§", Quote: '\''}, `
a VARCHAR|b BIGINT
x§y|1
'|2
`},
		{"comments, skipped and blank lines", []string{"made by x\n#c\na,b\n\n1,2\n# d,e,f\n3,4\n\n"}, csv.Options{SkipLines: 1, Comment: "#"}, `
a BIGINT|b BIGINT
1|2
3|4
`},
		{"no header", []string{"1,x\n2,y\n"}, csv.Options{NoHeader: true}, `
column_1 BIGINT|column_2 VARCHAR
1|x
2|y
`},
		{"header only", []string{"a,b\n"}, csv.Options{}, `
a VARCHAR|b VARCHAR
`},
		{"dates by evidence", []string{"d,m,x,p\n13/01/2020,01/13/2020 9:05,01/02/2020,31.12.2020\n", "d,m,x,p\n01/02/2020,1/2/2020 17:00,03/04/2020,01.02.2021\n"}, csv.Options{}, `
d DATE|m TIMESTAMP|x VARCHAR|p DATE
2020-01-13|2020-01-13 09:05:00|01/02/2020|2020-12-31
2020-02-01|2020-01-02 17:00:00|03/04/2020|2021-02-01
`},
		{"dates by format", []string{"d,t\n01/02/2020,1/2/20 17:00\n03/04/2020,2020-01-02T03:04:05\n"}, csv.Options{DateFormats: []string{"%d/%m/%Y"}, TimestampFormats: []string{"%m/%d/%y %H:%M", "%Y-%m-%dT%H:%M:%S"}}, `
d DATE|t TIMESTAMP
2020-02-01|2020-01-02 17:00:00
2020-04-03|2020-01-02 03:04:05
`},
		{"declared", []string{"a,b\n1,2\n"}, csv.Options{Types: []csv.ColumnType{{Name: "a", Type: sqltype.Varchar}, {Name: "b", Type: sqltype.Decimal(5, 2)}}}, `
a VARCHAR|b DECIMAL(5,2)
1|2.00
`},
		{"all varchar", []string{"a,b\n1,true\n"}, csv.Options{AllVarchar: true}, `
a VARCHAR|b VARCHAR
1|true
`},
		{"special numbers", []string{"a,b\n1.5,nan\nNaN,inf\n-inf,x\n"}, csv.Options{}, `
a DOUBLE|b VARCHAR
1.5|nan
NaN|inf
-inf|x
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := everyway(t, inputs(c.in...), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestFaults: every fault is told with its place, what was found and what to do,
// and it is the first of the input whatever the workers do.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		o    csv.Options
		want string
	}{
		{"declared type", []string{"a,b\n1,2\n3,x\n"}, csv.Options{Types: []csv.ColumnType{{Name: "b", Type: sqltype.BigInt}}},
			`a.csv:3:3: column "b": found "x", expected BIGINT; mend the value, or declare another type with --types`},
		{"first of several", []string{"a,b\n1,2\n3,\"x\n\",y\n5,6,7\n"}, csv.Options{},
			`a.csv:3:1: the record has 3 fields, expected 2 as in the header; mend the row, or check --delim and --quote`},
		{"line after quoted newlines", []string{"a,b\n\"x\ny\",1\n1,2,3\n"}, csv.Options{},
			`a.csv:4:1: the record has 3 fields, expected 2 as in the header; mend the row, or check --delim and --quote`},
		{"text after quote", []string{"a,b\n\"x\"y,1\n"}, csv.Options{},
			`a.csv:2:4: found "y,1", expected a delimiter or the line's end behind a closing quote; double the quotes inside the field, or say --quote none if quotes mean nothing in this file`},
		{"open quote", []string{"a,b\n1,2\n3,\"x\n4,5\n"}, csv.Options{},
			`a.csv:3:3: the quote that opens here is never closed; close it, or say --quote none if quotes mean nothing in this file`},
		{"not UTF-8", []string{"a,b\n1,x\n2,\xe9t\xe9\n"}, csv.Options{},
			`a.csv:3:3: column "b": found "\xe9t\xe9", which is not UTF-8; name the encoding of the file with --encoding, or that of all such files with --encoding-fallback, such as windows-1252`},
		{"line ends that change", []string{"a,b\r1,x\r2,y\n"}, csv.Options{LineEnd: "CR"},
			`a.csv:3:4: a line feed in a file whose lines end in CR; give the file one kind of line end`},
		{"header not UTF-8", []string{"a,\xe9\n1,2\n"}, csv.Options{},
			`a.csv:1:3: found "\xe9", which is not UTF-8; name the encoding of the file with --encoding, or that of all such files with --encoding-fallback, such as windows-1252`},
		{"binary", []string{"PAR1\x15\x00\x15"}, csv.Options{},
			`a.csv:1:6: this is not a text file: it has a NUL byte; give CSV text, plain or compressed with gzip, zstd, bzip2 or snappy`},
		{"long row", []string{"a,b\n1,2\n" + strings.Repeat("x", 70) + ",1\n"}, csv.Options{RowBytesMax: 64},
			`a.csv:3:1: the record is longer than 64 bytes; if that is right say --max-row-bytes with a larger number; if not, look for a quote that is never closed, or another --delim or --quote`},
		{"empty", []string{"", "\n\n"}, csv.Options{},
			`a.csv: no input has a header; the files are empty: give at least one that is not`},
		{"unknown column", []string{"price\n1\n"}, csv.Options{Types: []csv.ColumnType{{Name: "prise", Type: sqltype.BigInt}}},
			`--types: there is no column "prise"; did you mean "price"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := everyway(t, inputs(c.in...), c.o)
			if err == nil || err.Error() != c.want {
				t.Errorf("got\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestAmbiguousDatesAreTold(t *testing.T) {
	_, src, err := table(t, 1, inputs("d\n01/02/2020\n"), csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `column "d" stays VARCHAR: dates like "01/02/2020" leave open which part is the day; say --date-format '%d/%m/%Y' or --date-format '%m/%d/%Y'`
	if got := strings.Join(src.Notes(), "\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFailingStream: a reader that fails half-way fails the run, and names the
// input; nothing is taken for the end of the file.
func TestFailingStream(t *testing.T) {
	broken := errors.New("connection lost")
	opened := 0
	in := []csv.Input{{Name: "x.csv", Open: func(context.Context) (csv.Stream, error) {
		opened++
		body := io.Reader(strings.NewReader("a\n" + strings.Repeat("1\n", 10_000)))
		if opened > 1 {
			body = io.MultiReader(strings.NewReader("a\n1\n2\n"), failing{broken})
		}
		return text{body}, nil
	}}}
	_, _, err := table(t, 2, in, csv.Options{SampleBytes: 8, BlockBytes: 2})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "x.csv: ") {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestManyEqualNames: a hundred thousand columns of one name are no square.
func TestManyEqualNames(t *testing.T) {
	header := strings.Repeat("a,", 99_999) + "a\n"
	got, _, err := table(t, 1, inputs(header), csv.Options{AllVarchar: true})
	if err != nil || !strings.HasPrefix(got, "a VARCHAR|a_2 VARCHAR|a_3 VARCHAR|") || !strings.HasSuffix(got, "|a_100000 VARCHAR\n") {
		t.Errorf("%v, %.100s", err, got)
	}
}

// TestInferredTypesTakeWhatInferenceTakes: a value behind the sample is read as
// it would be if it had been in the sample, or it is an error; nothing is lost.
func TestInferredTypesTakeWhatInferenceTakes(t *testing.T) {
	tricky := []string{"007", "-0", "+5", "12", "-7", "123456789012345678", "99999999999999999999", "1.5", "01.5", "-01.5", ".5", "5.", "1e3", "1e-400", "1e400",
		"+1.5", "0.12345678901234567", "1.50", "0.10", "inf", "NaN", "-0.0", "00", "0", "-00.25", "1_000", " 1", "0x10", "true", "TRUE", "2020-02-30", "2020-01-01",
		"2020-01-01T10:00:00", "2020-01-01 10:00:00Z", "24:00", "7:05", "12345678.123456789012", "-12345678901234567.5"}
	for base, first := range map[string]string{
		"BIGINT": "1", "DOUBLE": "1.5", "DECIMAL": "1234567890123456.75", "BOOLEAN": "true", "DATE": "2020-01-31",
		"TIMESTAMP": "2020-01-31T10:00:00", "TIMESTAMPTZ": "2020-01-31T10:00:00Z", "TIME": "10:00",
	} {
		for _, late := range tricky {
			text := "a\n" + first + "\n" + late + "\n"
			want, _, err := table(t, 1, inputs(text), csv.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := table(t, 1, inputs(text), csv.Options{SampleBytes: len(first) + 1})
			if err != nil {
				continue // told, not lost
			}
			// The column is then of the type that the whole file has, or one
			// in which the value prints the same.
			if value := strings.Split(got, "\n")[2]; got != want && value != late && value != strings.Split(want, "\n")[2] {
				t.Errorf("%s: %q behind the sample became %q; with all in the sample %q", base, late, got, want)
			}
		}
	}
}

// A file that is read whole and was written to after it was listed is an error, though
// it is as long as it was: its header may be another.
func TestWholeFileWrittenAgain(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 10_000)
	for _, ago := range []time.Duration{0, time.Second} {
		in := onDisk(t, text)
		info, err := os.Stat(in[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		in[0].Modified = info.ModTime().Add(-ago)
		_, _, err = table(t, 1, in, csv.Options{SampleBytes: 1 << 10})
		if changed := err != nil && strings.Contains(err.Error(), "has changed while being read"); changed != (ago > 0) || err != nil && !changed {
			t.Errorf("written %v after it was listed: %v", ago, err)
		}
	}
}
