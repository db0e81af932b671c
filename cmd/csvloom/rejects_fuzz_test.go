package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"csvloom/pipeline"
	"csvloom/readers/csv"
	"csvloom/sinks/rejects"
)

// FuzzRejects: no text given back as a rejects file makes the reader panic, and
// rows that were written as rejects are read as they were.
func FuzzRejects(f *testing.F) {
	f.Add([]byte(rejects.Header+"\na.csv,3,8,,\"bad\",rejected,\"3,\"\"y\"\"z\"\n"), "a.csv", "b", "3,\"y\"z", int64(3))
	f.Add([]byte(rejects.Header+"\r\na.csv,3,8,,bad,kept,\"1\n2\"\r\na.csv,x,8,,bad,rejected,1"), "dir/ü, x.csv", "", "a\r\nb", int64(0))
	f.Add([]byte("file,line\n"), "\"", "\r", "\"", int64(1)<<62)
	f.Fuzz(func(t *testing.T, text []byte, file, column, raw string, offset int64) {
		if rows, err := csv.ReadRejects("r.csv", bytes.NewReader(text)); err == nil {
			for _, r := range rows {
				if r.Line < 1 || r.Offset < 0 {
					t.Fatalf("read %+v", r)
				}
			}
		}
		offset = max(offset, -offset, 0)
		path := filepath.Join(memoryDir(t), "r.csv")
		w, err := rejects.Create(path, -1, true)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		list := []pipeline.Reject{
			{Pos: pipeline.Position{File: file}, Line: 1, Offset: offset, Column: column, Error: raw, Action: pipeline.Rejected, Raw: raw},
			{Pos: pipeline.Position{File: file}, Line: 2, Offset: offset, Column: column, Error: column, Action: pipeline.Kept, Raw: raw},
			{Pos: pipeline.Position{File: file + "x"}, Line: 3, Offset: offset, Error: column, Action: pipeline.Rejected, Raw: raw + file},
		}
		if err := w.Add(pipeline.Seq{}, slices.Values(list)); err != nil {
			t.Fatal(err)
		}
		if err := w.Publish(); err != nil {
			t.Fatal(err)
		}
		written, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer written.Close()
		got, err := csv.ReadRejects(path, written)
		want := []csv.RejectedRow{{File: file, Line: 1, Offset: offset, Text: raw}, {File: file + "x", Line: 3, Offset: offset, Text: raw + file}}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: %+v, want %+v", err, got, want)
		}
	})
}

// TestRejectsOfHostileNames: what a rejects file names is only ever read.
func TestRejectsOfHostileNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.csv")
	if err := os.WriteFile(path, []byte(rejects.Header+"\n"+filepath.Join(dir, "none.csv")+",2,4,,bad,rejected,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := inProcess(t, "run", "--from-rejects", path, "-o", filepath.Join(dir, "o.csv"))
	if code == 0 || !strings.Contains(stderr, "none.csv") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
