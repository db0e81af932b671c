package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"csvloom/readers"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checkedReport reads a report, which has to be as its schema says, and has to
// balance.
func checkedReport(t *testing.T, path string) *report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(reportSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := compiled.Validate(document); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	r := new(report)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	var sum reportCounts
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if in.RowsIn != in.RowsKept+in.RowsFiltered+in.RowsRejected {
			t.Errorf("%s does not balance: %+v", in.Path, in.reportCounts)
		}
		sum.add(&in.reportCounts)
	}
	if sum != r.Totals.reportCounts {
		t.Errorf("the inputs sum up to %+v, the totals are %+v", sum, r.Totals.reportCounts)
	}
	return r
}

// TestReport holds reports to what was read and written.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rows := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, "%d;x%d\r\n", i, i)
		}
		return s.String()
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte("k;v\r\n" + rows(50_000)))
	_ = z.Close()
	paths := []string{
		write("a.csv", "\n\nk;v\r\n"+rows(10)+"\r\n"), // kept after the sample
		write("b.csv", "k;v\r\n"+rows(30_000)),        // one split
		write("c.csv", "k;v\r\n"+rows(200_000)),       // several blocks
		write("d.csv.gz", packed.String()),
		write("e.csv", ""),
	}
	out, account := filepath.Join(dir, "out.parquet"), filepath.Join(dir, "report.json")

	for _, workers := range []string{"1", "2", "8"} {
		code, _, stderr := inProcess(t, append([]string{"run", "--where", "k >= 5", "-o", out, "--overwrite", "--report", account, "--workers", workers}, paths...)...)
		if code != exitDone {
			t.Fatalf("exit %d, %s", code, stderr)
		}
		r := checkedReport(t, account)
		if r.Status != reportDone || len(r.Errors) != 0 || len(r.Inputs) != len(paths) || len(r.Outputs) != 1 {
			t.Fatalf("the report is %+v", r)
		}
		for i, want := range []struct {
			rowsIn, blank, header int64
			compression           string
		}{{10, 1, 3, ""}, {30_000, 0, 1, ""}, {200_000, 0, 1, ""}, {50_000, 0, 1, "gzip"}, {0, 0, 0, ""}} {
			in := &r.Inputs[i]
			raw, err := os.ReadFile(paths[i])
			if err != nil {
				t.Fatal(err)
			}
			if in.Path != paths[i] || in.Digest == nil || *in.Digest != readers.Digest(raw) || in.RawBytes != int64(len(raw)) {
				t.Errorf("workers %s, %s: path %s, digest %v of %d bytes, expected %s of %d", workers, paths[i], in.Path, in.Digest, in.RawBytes, readers.Digest(raw), len(raw))
			}
			filtered := min(want.rowsIn, 5)
			if in.RowsIn != want.rowsIn || in.RowsFiltered != filtered || in.RowsRejected != 0 || in.BlankLines != want.blank {
				t.Errorf("workers %s, %s: counts %+v, expected %+v", workers, paths[i], in.reportCounts, want)
			}
			if (in.Compression == nil) != (want.compression == "") || in.Compression != nil && *in.Compression != want.compression {
				t.Errorf("%s: compression %v, expected %q", paths[i], in.Compression, want.compression)
			}
			if want.header == 0 {
				if in.Dialect != nil || in.Columns != 0 {
					t.Errorf("%s: an empty file has a dialect: %+v", paths[i], in)
				}
				continue
			}
			d := in.Dialect
			if d == nil || d.Delimiter != ";" || d.Quote == nil || *d.Quote != `"` || d.Escape != nil || d.HeaderLine == nil || *d.HeaderLine != want.header || d.FirstLine != want.header+1 || in.Columns != 2 {
				t.Errorf("%s: dialect %+v of %d columns", paths[i], d, in.Columns)
			}
		}
		file, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		o := r.Outputs[0]
		if o.Path != out || o.Rows != 279_990 || o.Bytes != int64(len(file)) || o.Digest != readers.Digest(file) || o.Format != "parquet" {
			t.Errorf("the output is %+v", o)
		}
		if r.Totals.RowsOut != o.Rows || r.Totals.OutputBytes != o.Bytes || r.Totals.RowsIn != 280_010 || r.Totals.RowsFiltered != 20 {
			t.Errorf("the totals are %+v", r.Totals)
		}
		if n := len(r.Stages); n != 4 || r.Stages[0].Name != "read" || r.Stages[2].Name != "where k >= 5" || r.Stages[3].RowsOut != o.Rows {
			t.Errorf("the stages are %+v", r.Stages)
		}
	}

	t.Run("limit", func(t *testing.T) {
		code, _, stderr := inProcess(t, "run", "--limit", "3", paths[2], "-o", out, "--overwrite", "--report", account)
		if code != exitDone {
			t.Fatalf("exit %d, %s", code, stderr)
		}
		r := checkedReport(t, account)
		// How far it was read when the limit was reached is a matter of time.
		raw, err := os.ReadFile(paths[2])
		if err != nil {
			t.Fatal(err)
		}
		if in := r.Inputs[0]; in.Digest != nil && *in.Digest != readers.Digest(raw) || in.RowsKept != 3 || in.RawBytes == 0 || in.RawBytes > int64(len(raw)) {
			t.Errorf("of a file not read to its end there is %+v", in)
		}
	})
	t.Run("partitions", func(t *testing.T) {
		code, _, stderr := inProcess(t, "run", paths[0], "-o", filepath.Join(dir, "parts"), "--format", "csv", "--partition-by", "k", "--report", account)
		if code != exitDone {
			t.Fatalf("exit %d, %s", code, stderr)
		}
		if r := checkedReport(t, account); len(r.Outputs) != 10 || r.Totals.RowsOut != 10 {
			t.Errorf("the outputs are %+v", r.Outputs)
		}
	})
	t.Run("failed", func(t *testing.T) {
		bad := write("bad.csv", "k;v\n"+strings.Repeat("1;a\n", 200_000)+"x;a\n")
		out := filepath.Join(dir, "none.parquet")
		code, _, stderr := inProcess(t, "run", paths[0], bad, "-o", out, "--types", "k:BIGINT", "--report", account)
		if code != exitFailed {
			t.Fatalf("exit %d, %s", code, stderr)
		}
		r := checkedReport(t, account)
		if r.Status != reportFailed || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "bad.csv:200002:1") || len(r.Outputs) != 0 || len(r.Inputs) != 2 {
			t.Errorf("the report is %+v", r)
		}
		if in := r.Inputs[0]; in.RowsIn != 10 || in.Digest == nil {
			t.Errorf("of the first input there is %+v", in)
		}
	})
	t.Run("missing", func(t *testing.T) {
		code, _, _ := inProcess(t, "run", filepath.Join(dir, "nowhere.csv"), "-o", out, "--overwrite", "--report", account)
		if r := checkedReport(t, account); code == exitDone || r.Status != reportFailed || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "nowhere.csv") {
			t.Errorf("exit %d, the report is %+v", code, r)
		}
	})
	t.Run("skipped", func(t *testing.T) {
		code, _, _ := inProcess(t, "run", filepath.Join(dir, "nowhere.csv"), paths[0], "-o", out, "--overwrite", "--report", account, "--on-source-error", "skip")
		if r := checkedReport(t, account); code != exitSourcesSkipped || r.Status != reportDone || len(r.Skipped) != 1 || len(r.Inputs) != 1 {
			t.Errorf("exit %d, the report is %+v", code, r)
		}
	})
	t.Run("usage", func(t *testing.T) {
		if err := os.Remove(account); err != nil {
			t.Fatal(err)
		}
		code, _, _ := inProcess(t, "run", paths[0], "-o", out, "--format", "docx", "--report", account)
		if _, err := os.Stat(account); code != exitUsage || err == nil {
			t.Errorf("exit %d; a mistake in the command line has left a report: %v", code, err)
		}
	})
}
