package sinks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/zeebo/xxh3"
	"go.uber.org/goleak"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/sinks/arrowipc"
	"csvloom/sinks/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: sqltype.BigInt, Nullable: true},
	{Name: "s", Type: sqltype.Varchar, Nullable: true},
}, nil)

// batch returns rows from..to-1: the number, and a text that needs quotes.
func batch(mem memory.Allocator, from, to int) pipeline.Batch {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for i := from; i < to; i++ {
		if i%10 == 0 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.Int64Builder).Append(int64(i))
		}
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("row\n%d", i))
	}
	return pipeline.Batch{Record: b.NewRecord()}
}

// csvText is what batches of rows 0..rows-1 are as CSV.
func csvText(rows int) string {
	var s strings.Builder
	s.WriteString("n,s\n")
	for i := range rows {
		if i%10 != 0 {
			fmt.Fprint(&s, i)
		}
		fmt.Fprintf(&s, ",\"row\n%d\"\n", i)
	}
	return s.String()
}

// run writes rows 0..rows-1 and commits.
func run(ctx context.Context, o Options, rows int) (Output, error) {
	s, err := New(o)
	if err != nil {
		return Output{}, err
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	out, err := write(ctx, s, mem, rows)
	if n := mem.CurrentAlloc(); n != 0 {
		return out, errors.Join(err, fmt.Errorf("%d bytes of Arrow memory are left", n))
	}
	return out, err
}

func write(ctx context.Context, s *Sink, mem memory.Allocator, rows int) (out Output, err error) {
	opened, err := s.Begin(ctx, &pipeline.Task{Alloc: mem, Workers: 2}, schema)
	if err != nil {
		return Output{}, err
	}
	tx := opened.(*Tx)
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	const step = 100
	for from := 0; from < rows; from += step {
		err := tx.Write(ctx, batch(mem, from, min(from+step, rows)))
		if errors.Is(err, pipeline.ErrStop) {
			break
		}
		if err != nil {
			return Output{}, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return Output{}, err
	}
	return tx.Output(), nil
}

func contents(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names lists a directory.
func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func put(t testing.TB, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

var fileNames = []string{
	"out.parquet", "out.arrow", "out.feather", "out.arrows", "out.csv", "out.tsv", "out.jsonl", "out.ndjson",
	"out.csv.gz", "out.csv.zst", "out.jsonl.gz", "OUT.CSV", "out.tsv.zst",
}

// Every format is published whole, with its number of rows, size and digest,
// and nothing beside it.
func TestFormats(t *testing.T) {
	for _, name := range fileNames {
		for _, rows := range []int{0, 1, 1234} {
			t.Run(fmt.Sprintf("%s,%d", name, rows), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), name)
				out, err := run(t.Context(), Options{Path: path}, rows)
				if err != nil {
					t.Fatal(err)
				}
				data := contents(t, path)
				sum := xxh3.HashString128(data).Bytes()
				format, compression, _ := FormatByExtension(path)
				want := Output{path, format, compression, int64(rows), int64(len(data)), fmt.Sprintf("xxh3-128:%x", sum)}
				if out != want {
					t.Errorf("output %+v, want %+v", out, want)
				}
				if got := names(t, filepath.Dir(path)); got != name {
					t.Errorf("the directory holds %s", got)
				}
				s := &Sink{o: Options{Format: format, Compression: compression, CSV: text.CSVOptions{}}}
				if found, err := s.readBack(strings.NewReader(data), int64(len(data))); found != int64(rows) || err != nil {
					t.Errorf("%d rows are read back, %v", found, err)
				}
				if format == CSV {
					r, err := decompressed(strings.NewReader(data), compression)
					if err != nil {
						t.Fatal(err)
					}
					defer r.Close()
					if got, err := io.ReadAll(r); string(got) != csvText(rows) || err != nil {
						t.Errorf("the file says %q, %v", got, err)
					}
				}
			})
		}
	}
}

// The same rows give the same bytes, in every format and compression.
func TestSameBytes(t *testing.T) {
	for _, name := range fileNames {
		dir := t.TempDir()
		a, err := run(t.Context(), Options{Path: filepath.Join(dir, name)}, 5000)
		if err != nil {
			t.Fatal(err)
		}
		b, err := run(t.Context(), Options{Path: filepath.Join(dir, name), Overwrite: true}, 5000)
		if err != nil || a != b {
			t.Errorf("%+v, then %+v, %v", a, b, err)
		}
	}
}

func TestNewMistakes(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "there.csv"), "old", 0o666)
	if err := os.Mkdir(filepath.Join(dir, "sub.csv"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Path: "out.parqet"}, `unknown extension ".parqet", did you mean .parquet?; known are .parquet`},
		{Options{Path: "out"}, `there is none; add one of .parquet`},
		{Options{Path: "out.gz"}, `there is none`},
		{Options{Path: "out.xlsx"}, `unknown extension ".xlsx"; known are`},
		{Options{Path: "out.parquet.gz"}, `parquet files are compressed inside`},
		{Options{Path: "out.dat", Format: "parqet"}, `unknown format "parqet", did you mean parquet?; known are arrow`},
		{Options{Path: "there.csv"}, `there.csv exists already; use --overwrite`},
		{Options{Path: "sub.csv"}, `sub.csv is a directory; name a file in it`},
		{Options{Path: "sub.csv" + string(filepath.Separator), Format: CSV}, `names a directory`},
		{Options{Path: filepath.Join("no", "such", "out.csv")}, "create it first (mkdir -p "},
		{Options{Path: filepath.Join("there.csv", "out.csv")}, "not a directory"},
		{Options{Path: "out.csv", Compression: "xz"}, `unknown compression "xz"; known are gzip, zstd, none`},
		{Options{Path: "out.parquet", Compression: Gzip}, `parquet is compressed inside`},
		{Options{Path: "out.csv", CSV: text.CSVOptions{Delimiter: '\n'}}, `CSV delimiter`},
		{Options{Path: "out.tsv", CSV: text.CSVOptions{Delimiter: ';'}}, `TSV is delimited by tabs, not by ';'`},
		{Options{}, `there is no standard output`},
		{Options{Stdout: io.Discard, StdoutIsTerminal: true, Format: Parquet}, `parquet is not for reading on a terminal`},
		{Options{Stdout: io.Discard, StdoutIsTerminal: true, Compression: Gzip}, `is not for reading on a terminal`},
		{Options{Stdout: io.Discard, Format: Table, Table: text.TableOptions{RowsMax: -3}}, `a table shows between`},
	} {
		if test.o.Path != "" {
			test.o.Path = dir + string(filepath.Separator) + test.o.Path
		}
		_, err := New(test.o)
		var usage *pipeline.UsageError
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &usage) {
			t.Errorf("%+v: got %v, want a UsageError with %q", test.o, err, test.want)
		}
	}
	if got := names(t, dir); got != "sub.csv there.csv" || contents(t, filepath.Join(dir, "there.csv")) != "old" {
		t.Errorf("the directory holds %s", got)
	}
}

// What only the schema shows is found before a file is made, and is the user's
// mistake too.
func TestBeginMistakes(t *testing.T) {
	for _, name := range []string{"out.parquet", "out.arrow", "out.csv", "out.jsonl"} {
		dir := t.TempDir()
		s, err := New(Options{Path: filepath.Join(dir, name)})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, arrow.NewSchema(nil, nil))
		var usage *pipeline.UsageError
		if tx != nil || !errors.As(err, &usage) {
			t.Errorf("%s: Begin = %v, %v", name, tx, err)
		}
		if got := names(t, dir); got != "" {
			t.Errorf("%s: the directory holds %s", name, got)
		}
	}
}

func TestStdout(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Path: "-"}, csvText(2)},
		{Options{}, csvText(2)},
		{Options{Path: "/dev/stdout"}, csvText(2)},
		{Options{Format: "NDJSON"}, "{\"n\":null,\"s\":\"row\\n0\"}\n{\"n\":1,\"s\":\"row\\n1\"}\n"},
		{Options{Format: TSV, CSV: text.CSVOptions{NoHeader: true}}, "\t\"row\n0\"\n1\t\"row\n1\"\n"},
		{Options{StdoutIsTerminal: true}, "┌────────┬─────────┐\n│      n │ s       │\n│ BIGINT │ VARCHAR │\n├────────┼─────────┤\n│   NULL │ row\\n0  │\n│      1 │ row\\n1  │\n└────────┴─────────┘\n2 rows, 2 columns\n"},
	} {
		var out bytes.Buffer
		test.o.Stdout = &out
		got, err := run(t.Context(), test.o, 2)
		if err != nil || out.String() != test.want {
			t.Errorf("%+v: %v, wrote %q, want %q", test.o, err, out.String(), test.want)
		}
		if got.Path != "-" || got.Rows != 2 || got.Bytes != int64(out.Len()) {
			t.Errorf("%+v: output %+v", test.o, got)
		}
	}
	var out bytes.Buffer
	if _, err := run(t.Context(), Options{Stdout: &out, Format: ArrowStream, Arrow: arrowipc.Options{Compression: arrowipc.LZ4}}, 3); err != nil {
		t.Fatal(err)
	}
	if rows, err := arrowipc.VerifyStream(bytes.NewReader(out.Bytes()), int64(out.Len())); rows != 3 || err != nil {
		t.Errorf("an Arrow stream of %d rows, %v", rows, err)
	}
}

// Call order and ownership: nothing but errors, and no memory left.
func TestTxCalls(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	path := filepath.Join(t.TempDir(), "out.csv")
	s, err := New(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: mem, Workers: 1}, schema)
	if err != nil {
		t.Fatal(err)
	}
	other := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "n", Type: sqltype.Double}, {Name: "s", Type: sqltype.Varchar}}, nil),
		[]arrow.Array{array.MakeArrayOfNull(mem, sqltype.Double, 1), array.MakeArrayOfNull(mem, sqltype.Varchar, 1)}, 1)
	for _, c := range other.Columns() {
		c.Release()
	}
	if err := tx.Write(t.Context(), pipeline.Batch{Record: other}); err == nil || !strings.Contains(err.Error(), `column "n" of a batch is float64 instead of int64`) {
		t.Errorf("Write of another schema = %v", err)
	}
	none := array.NewRecord(arrow.NewSchema(nil, nil), nil, 3)
	if err := tx.Write(t.Context(), pipeline.Batch{Record: none}); err == nil || !strings.Contains(err.Error(), "0 columns instead of 2") {
		t.Errorf("Write of no columns = %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("Rollback = %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("second Rollback = %v", err)
	}
	if err := tx.Write(t.Context(), batch(mem, 0, 1)); err == nil {
		t.Error("Write after Rollback = nil")
	}
	if err := tx.Commit(t.Context()); err == nil {
		t.Error("Commit after Rollback = nil")
	}
	if got := names(t, filepath.Dir(path)); got != "" {
		t.Errorf("the directory holds %s", got)
	}
}

// The context of a Write may end after it: a run has one for each segment. The
// encoders' goroutines must not go with it.
func TestContextOfWriteEnds(t *testing.T) {
	for _, name := range []string{"out.parquet", "out.arrow", "out.csv"} {
		s, err := New(Options{Path: filepath.Join(t.TempDir(), name)})
		if err != nil {
			t.Fatal(err)
		}
		s.o.Parquet.RowGroupRows = 100
		tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 2}, schema)
		if err != nil {
			t.Fatal(err)
		}
		for from := range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			if err := tx.Write(ctx, batch(memory.DefaultAllocator, from*500, from*500+500)); err != nil {
				t.Fatal(name, err)
			}
			cancel()
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(name, err)
		}
	}
}

// A run that is stopped publishes nothing and leaves nothing, at whatever
// point it is stopped.
func TestCancel(t *testing.T) {
	stopped := errors.New("stopped by a signal")
	for _, name := range fileNames {
		for _, when := range []string{"write", "commit"} {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			put(t, path, "old", 0o666)
			s, err := New(Options{Path: path, Overwrite: true})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			tx, err := s.Begin(ctx, &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 2}, schema)
			if err != nil {
				t.Fatal(err)
			}
			if when == "write" {
				cancel(stopped)
			}
			err = tx.Write(ctx, batch(memory.DefaultAllocator, 0, 10))
			cancel(stopped)
			if when == "commit" && err == nil {
				err = tx.Commit(ctx)
			}
			if !errors.Is(err, stopped) {
				t.Errorf("%s: stopped before %s: %v", name, when, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
			if got := names(t, dir); got != name || contents(t, path) != "old" {
				t.Errorf("%s: the directory holds %s", name, got)
			}
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, name := range Formats() {
		if _, err := ParseFormat(strings.ToUpper(name)); err != nil {
			t.Error(err)
		}
	}
	if runtime.GOOS != "windows" {
		if f, c, err := FormatByExtension("dir.csv/out.JSONL.ZST"); f != JSONLines || c != Zstd || err != nil {
			t.Errorf("%s, %s, %v", f, c, err)
		}
	}
}
