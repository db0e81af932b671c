package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"csvloom/pipeline"
	"csvloom/readers/csv"
	"csvloom/transforms"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

type text struct{ *strings.Reader }

func (text) Close() error        { return nil }
func (text) Compression() string { return "" }

// grouped groups a table by two keys with a bound on memory and returns what
// comes out, as text.
func grouped(t *testing.T, workers int, memoryBytes int64, tempDir string) (string, error) {
	t.Helper()
	var in strings.Builder
	in.WriteString("k,s,v\n")
	for i := range 5_000 {
		key := fmt.Sprint(i * 7919 % 1303)
		if i%50 == 0 {
			key = ""
		}
		fmt.Fprintf(&in, "%s,s%d,%d.5\n", key, i%7, i)
	}
	source, err := csv.NewSource([]csv.Input{{Name: "x", Open: func(context.Context) (csv.Stream, error) {
		return text{strings.NewReader(in.String())}, nil
	}}}, csv.Options{BlockBytes: 2 << 10})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := transforms.Aggregate([]string{"s, k"}, "count(*) as n, sum(v), min(v), first(v), string_agg(s, '+'), count(distinct v)")
	if err != nil {
		t.Fatal(err)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	var out strings.Builder
	_, err = pipeline.Run(t.Context(), pipeline.Plan{
		Source: source, Steps: steps, Workers: workers, MemoryBytes: memoryBytes, TempDir: tempDir, Alloc: alloc,
		Sink: pipeline.Collect(func(rec arrow.Record) error {
			for r := range int(rec.NumRows()) {
				for _, c := range rec.Columns() {
					fmt.Fprintf(&out, "%s|", c.ValueStr(r))
				}
				out.WriteByte('\n')
			}
			return nil
		}),
	})
	return out.String(), err
}

// TestSpill is promise 5 for groups: the result does not depend on memory, and
// nothing stays on disk.
func TestSpill(t *testing.T) {
	want, err := grouped(t, 1, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(want, "\n"); n < 3_000 {
		t.Fatalf("only %d groups", n)
	}
	for _, workers := range []int{1, 2, 8} {
		for _, bytes := range []int64{1, 1 << 20} {
			dir := t.TempDir()
			got, err := grouped(t, workers, bytes, dir)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("workers %d, %d bytes: the result differs", workers, bytes)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("workers %d, %d bytes: %v is left", workers, bytes, left)
			}
		}
	}
}

// TestSpillWithoutRoom: where nothing can be written the run fails and says so.
func TestSpillWithoutRoom(t *testing.T) {
	_, err := grouped(t, 2, 1, filepath.Join(t.TempDir(), "missing"))
	if err == nil || !strings.HasPrefix(err.Error(), "cannot spill to disk: ") {
		t.Errorf("got %v", err)
	}
}
