package rejects_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"csvloom/pipeline"
	"csvloom/sinks/rejects"
)

func reject(file string, line int64, action pipeline.Action, raw string) pipeline.Reject {
	return pipeline.Reject{Pos: pipeline.Position{File: file, Line: line, Column: 1}, Line: line, Offset: line * 10,
		Column: "a, b", Error: `found "x", expected BIGINT`, Action: action, Raw: raw}
}

// Blocks come in any order; the file is in that of the input.
func TestOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects.csv")
	f, err := rejects.Create(path, -1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Add(pipeline.Seq{Source: 9}, slices.Values([]pipeline.Reject{reject("gone.csv", 1, pipeline.Rejected, "of a run that starts over")})); err != nil {
		t.Fatal(err)
	}
	f.Reset()
	var wait sync.WaitGroup
	for _, seq := range []pipeline.Seq{{Source: 1, Block: 0}, {Source: 0, Block: 1}, {Source: 0, Block: 0}} {
		wait.Go(func() {
			name := fmt.Sprintf("f%d.csv", seq.Source)
			err := f.Add(seq, slices.Values([]pipeline.Reject{
				reject(name, int64(seq.Block*10+1), pipeline.Rejected, "1,\"two\"\r\nlines\""),
				reject(name, int64(seq.Block*10+2), pipeline.Kept, "plain"),
			}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if c := f.Counts(); c != (rejects.Counts{Rejected: 3, Kept: 3}) {
		t.Errorf("counts %+v", c)
	}
	if r := f.First(); r.Pos.File != "f0.csv" || r.Line != 1 {
		t.Errorf("the first is %v", r.Pos)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file is there before it is published")
	}
	if err := f.Publish(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const why = `"a, b","found ""x"", expected BIGINT",`
	want := "file,line,byte_offset,column,error,action,raw\n"
	for _, p := range []string{"f0.csv,1,10,", "f0.csv,11,110,", "f1.csv,1,10,"} {
		line := p
		want += line + why + "rejected,\"1,\"\"two\"\"\r\nlines\"\"\"\n"
		var file string
		var n, o int
		fmt.Sscanf(p, "%6s,%d,%d,", &file, &n, &o)
		want += fmt.Sprintf("%s,%d,%d,", file, n+1, (n+1)*10) + why + "kept,plain\n"
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func TestTooMany(t *testing.T) {
	f, err := rejects.Create("", 1, false)
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Values([]pipeline.Reject{reject("a.csv", 3, pipeline.Rejected, "x")})
	odd := slices.Values([]pipeline.Reject{reject("a.csv", 2, pipeline.Kept, "x")})
	if err := errors.Join(f.Add(pipeline.Seq{}, odd), f.Add(pipeline.Seq{}, odd), f.Add(pipeline.Seq{}, bad)); err != nil {
		t.Fatal(err)
	}
	var many *rejects.TooManyError
	if err := f.Add(pipeline.Seq{Block: 1}, bad); !errors.As(err, &many) || many.Bad != 2 ||
		err.Error() != `2 rows could not be read, more than the 1 that --max-rejects allows; a.csv:3:1 is one of them: found "x", expected BIGINT` {
		t.Errorf("got %v", err)
	}
}

// A file that is not a rejects file is not replaced.
func TestTarget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "rejects file " + path + ": the file is there and is no rejects file; give another name, or remove it"
	if _, err := rejects.Create(path, -1, false); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := rejects.Create(filepath.Dir(path), -1, true); err == nil {
		t.Error("a directory was accepted")
	}
}
