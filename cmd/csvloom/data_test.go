package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// sharedData is where real inputs lie on a developer's machine.
const sharedData = "../../../shared/data"

// needData skips a test where the real inputs are absent.
func needData(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(sharedData, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data %s is not on this machine", name)
	}
	return path
}

// output runs csvloom and returns its stdout.
func output(t *testing.T, args ...string) string {
	t.Helper()
	cmd := csvloomCommand(t, t.TempDir(), append([]string{"run", "-q"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("csvloom %q: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

// TestDailyReports: byte order marks, two schemas and mixed line ends are no
// obstacle, and the sums are those of the data's README.
func TestDailyReports(t *testing.T) {
	dir := needData(t, "daily-reports")
	got := output(t, dir, "--agg", `count(*) as rows, sum("Confirmed") as confirmed, sum("Deaths") as deaths, sum("Recovered") as recovered, count("Latitude") as located`, "-o", "-", "--format", "csv")
	if want := "rows,confirmed,deaths,recovered,located\n7648,4861504,167610,1785510,4830\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = output(t, dir, "--by", `"Country/Region" as country`, "--agg", `sum("Confirmed") as confirmed`, "-o", "-", "--format", "csv")
	if n := strings.Count(got, "\n") - 1; n != 210 {
		t.Errorf("%d countries, want 210", n)
	}
	for _, want := range []string{"\nMainland China,2473544\n", "\nChina,891682\n", "\nItaly,379683\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", strings.TrimSpace(want))
		}
	}
	got = output(t, dir, "--timestamp-format", "%m/%d/%Y %H:%M", "--timestamp-format", "%m/%d/%y %H:%M", "--timestamp-format", "%Y-%m-%dT%H:%M:%S",
		"--agg", `count("Last Update") as n, min("Last Update") as first, max("Last Update") as last`, "-o", "-", "--format", "csv")
	if want := "n,first,last\n7648,2020-01-22 17:00:00,2020-03-22 00:00:00\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSpectrum: every file of csv-spectrum reads as its JSON says, by way of
// every format.
func TestSpectrum(t *testing.T) {
	dir := needData(t, "csv-spectrum")
	files, err := filepath.Glob(filepath.Join(dir, "csvs", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		text, err := os.ReadFile(filepath.Join(dir, "json", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if csv, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		} else if !bytes.Contains(csv, []byte("\r")) {
			// Some copies of the files have lost their CRs on the way.
			text = bytes.ReplaceAll(text, []byte(`\r\n`), []byte(`\n`))
		}
		var want []map[string]string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		lines := output(t, file, "--all-varchar", "-o", "-", "--format", "jsonl")
		var got []map[string]*string
		for line := range strings.Lines(lines) {
			var row map[string]*string
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
			got = append(got, row)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
			continue
		}
		for i, row := range want {
			for column, value := range row {
				// csv-spectrum does not tell NULL from the empty string.
				g := ""
				if p := got[i][column]; p != nil {
					g = *p
				}
				if g != value || len(got[i]) != len(row) {
					t.Errorf("%s: row %d, %s: %q, want %q", name, i, column, g, value)
				}
			}
		}
		// The other formats hold the same rows: read each back.
		for _, extension := range []string{".parquet", ".arrow"} {
			path := filepath.Join(t.TempDir(), name+extension)
			output(t, file, "--all-varchar", "-o", path)
			if stored := storedRows(t, path); !reflect.DeepEqual(stored, got) {
				t.Errorf("%s%s holds %v, want %v", name, extension, stored, got)
			}
		}
		if again := output(t, writeFile(t, name+".csv", output(t, file, "--all-varchar", "-o", "-", "--format", "csv")), "--all-varchar", "-o", "-", "--format", "jsonl"); again != lines {
			t.Errorf("%s: as CSV and read again:\n%s\nwant\n%s", name, again, lines)
		}
	}
}

// storedRows reads a Parquet or Arrow file of texts with the Arrow library.
func storedRows(t *testing.T, path string) (rows []map[string]*string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	add := func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			row := map[string]*string{}
			for c, a := range rec.Columns() {
				row[rec.ColumnName(c)] = nil
				if a.IsValid(i) {
					text := a.(*array.String).Value(i)
					row[rec.ColumnName(c)] = &text
				}
			}
			rows = append(rows, row)
		}
	}
	if filepath.Ext(path) == ".arrow" {
		r, err := ipc.NewFileReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for i := range r.NumRecords() {
			rec, err := r.Record(i)
			if err != nil {
				t.Fatal(err)
			}
			add(rec)
		}
		return rows
	}
	table, err := pqarrow.ReadTable(t.Context(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	r := array.NewTableReader(table, 0)
	for r.Next() {
		add(r.Record())
	}
	return rows
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
