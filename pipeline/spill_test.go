package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
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

// spillTable is a table of every type, with NULLs, long texts and rows that are
// there several times.
func spillTable(rows int) string {
	rng := rand.New(rand.NewPCG(7, 8))
	var in strings.Builder
	in.WriteString("k,s,v,d,b,day,ts,tz,tm,id\n")
	cell := func(format string, args ...any) {
		if rng.IntN(20) > 0 {
			fmt.Fprintf(&in, format, args...)
		}
		in.WriteByte(',')
	}
	for i := range rows {
		cell("%d", rng.IntN(1303))
		cell("s%s%d", strings.Repeat("long", rng.IntN(3)*rng.IntN(5)), rng.IntN(7))
		cell("%d.5", rng.IntN(rows))
		cell("%d.%018d", rng.IntN(3), rng.IntN(rows))
		cell("%t", rng.IntN(2) == 0)
		cell("20%02d-03-%02d", rng.IntN(30), 1+rng.IntN(28))
		cell("2024-05-%02d 10:%02d:00", 1+rng.IntN(28), rng.IntN(60))
		cell("2024-05-%02dT10:%02d:00Z", 1+rng.IntN(28), rng.IntN(60))
		cell("%02d:%02d:01", rng.IntN(24), rng.IntN(60))
		fmt.Fprintf(&in, "%d\n", i/3)
	}
	return in.String()
}

// spilling is one way to run steps over a table.
type spilling struct {
	in      string
	workers int
	bytes   int64 // of memory
	dir     string
	create  func(dir string) (pipeline.TempFile, error) // nil: files on disk
}

// run returns what comes out, as text. All memory must be back at the end.
func (s spilling) run(t *testing.T, steps ...pipeline.Step) (string, error) {
	t.Helper()
	source, err := csv.NewSource([]csv.Input{{Name: "x", Open: func(context.Context) (csv.Stream, error) {
		return text{strings.NewReader(s.in)}, nil
	}}}, csv.Options{BlockBytes: 2 << 10})
	if err != nil {
		t.Fatal(err)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	var out strings.Builder
	job, err := pipeline.Plan{
		Source: source, Steps: steps, Workers: s.workers, MemoryBytes: s.bytes, TempDir: s.dir, Alloc: alloc,
		Sink: pipeline.Collect(func(rec arrow.Record) error {
			for r := range int(rec.NumRows()) {
				for _, c := range rec.Columns() {
					fmt.Fprintf(&out, "%s|", c.ValueStr(r))
				}
				out.WriteByte('\n')
			}
			return nil
		}),
	}.Bind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.create != nil {
		job.SpillTo(s.create)
	}
	_, err = job.Run(t.Context())
	return out.String(), err
}

func reducer(t *testing.T) func(r pipeline.Reducer, err error) []pipeline.Step {
	return func(r pipeline.Reducer, err error) []pipeline.Step {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return []pipeline.Step{r}
	}
}

// spillingJobs are the jobs whose states can be more than fits memory.
func spillingJobs(t *testing.T) map[string][]pipeline.Step {
	t.Helper()
	aggregated := func(by, aggs string) []pipeline.Step {
		steps, err := transforms.Aggregate([]string{by}, aggs)
		if err != nil {
			t.Fatal(err)
		}
		return steps
	}
	one := reducer(t)
	jobs := map[string][]pipeline.Step{
		"group":             aggregated("s, k", "count(*) as n, sum(v), min(v), first(v), string_agg(s, '+'), count(distinct v)"),
		"median":            aggregated("k", "median(v), median(distinct v) as m, string_agg(s, ',' order by v desc, id) as texts"),
		"median of one":     aggregated("'all' as g", "median(v), count(distinct id)"),
		"distinct":          one(transforms.Distinct(nil)),
		"distinct k, b":     one(transforms.Distinct([]string{"k", "b"})),
		"distinct id":       one(transforms.Distinct([]string{"id"})),
		"sort limit":        one(transforms.SortLimit("v desc, k", 300)),
		"sort twice":        append(one(transforms.Sort("s, v")), one(transforms.Sort("k desc nulls last"))...),
		"sort by a formula": one(transforms.Sort("upper(s) desc, v / 2")),
	}
	for _, keys := range []string{
		"k", "k desc", "v nulls first", "v desc nulls last", "s", "s desc nulls first", "d", "d desc", "b, k", "day desc, s, v", "ts", "tz desc", "tm nulls first, d",
	} {
		jobs["sort "+keys] = one(transforms.Sort(keys))
	}
	return jobs
}

// TestSpill is promise 5: the result does not depend on memory, and nothing
// stays on disk.
func TestSpill(t *testing.T) {
	in := spillTable(700)
	for name, steps := range spillingJobs(t) {
		t.Run(name, func(t *testing.T) {
			want, err := spilling{in: in, workers: 1}.run(t, steps...)
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				t.Fatal("there is no result")
			}
			for _, s := range []spilling{{workers: 1, bytes: 1}, {workers: 2, bytes: 64 << 10}, {workers: 8, bytes: 1}} {
				s.in, s.dir = in, t.TempDir()
				got, err := s.run(t, steps...)
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("workers %d, %d bytes: the result differs", s.workers, s.bytes)
				}
				if left, _ := os.ReadDir(s.dir); len(left) > 0 {
					t.Errorf("workers %d, %d bytes: %v is left", s.workers, s.bytes, left)
				}
			}
		})
	}
}

// TestSpillPartitionsAgain: partitions that are too large for memory are
// partitioned again, and a group that is so alone is merged all the same.
func TestSpillPartitionsAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var in strings.Builder
	in.WriteString("k,s\n")
	for i := range 3_000 {
		fmt.Fprintf(&in, "%d,%s%d\n", rng.IntN(200)*rng.IntN(2), strings.Repeat("text", 60), i)
	}
	aggregated, err := transforms.Aggregate([]string{"k"}, "string_agg(s, '+'), count(distinct s), median(k)")
	if err != nil {
		t.Fatal(err)
	}
	for name, steps := range map[string][]pipeline.Step{
		"group": aggregated, "distinct": reducer(t)(transforms.Distinct(nil)),
	} {
		want, err := spilling{in: in.String(), workers: 1}.run(t, steps...)
		if err != nil {
			t.Fatal(err)
		}
		files := 0
		got, err := spilling{in: in.String(), workers: 1, bytes: 100 << 10, dir: t.TempDir(), create: func(dir string) (pipeline.TempFile, error) {
			files++
			return os.CreateTemp(dir, "spill-*")
		}}.run(t, steps...)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: the result differs", name)
		}
		// One for each partition, and one for the runs.
		if files < 64+1+1 {
			t.Errorf("%s: %d files: no partition was partitioned again", name, files)
		}
	}
}

// TestSpillOneLargeGroup: a group that does not fit memory is an error that says
// what to do.
func TestSpillOneLargeGroup(t *testing.T) {
	var in strings.Builder
	in.WriteString("v\n")
	for i := range 900_000 {
		fmt.Fprintf(&in, "%d\n", i*7919%900_000)
	}
	steps, err := transforms.Aggregate(nil, "median(v), count(*)")
	if err != nil {
		t.Fatal(err)
	}
	s := spilling{in: in.String(), workers: 2, bytes: 64 << 10, dir: t.TempDir()}
	if _, err := s.run(t, steps...); err == nil || !strings.Contains(err.Error(), "give more --memory, or take approx_quantile") {
		t.Errorf("16 MiB for 900,000 values: %v", err)
	}
	s.bytes = 64 << 20
	if got, err := s.run(t, steps...); err != nil || got != "449999.5|900000|\n" {
		t.Errorf("64 MiB for 900,000 values: %q, %v", got, err)
	}
}

// brokenFile is a temporary file of a disk that becomes full, or cannot be read
// any more, after so many bytes of all files.
type brokenFile struct {
	*os.File
	writes, reads *atomic.Int64
}

func (f brokenFile) Write(p []byte) (int, error) {
	if f.writes.Add(-int64(len(p))) < 0 {
		return 0, syscall.ENOSPC
	}
	return f.File.Write(p)
}

var errWornOut = errors.New("the disk is worn out")

func (f brokenFile) ReadAt(p []byte, at int64) (int, error) {
	if f.reads.Add(-int64(len(p))) < 0 {
		return 0, errWornOut
	}
	return f.File.ReadAt(p, at)
}

// TestSpillFaults: a disk that is full or broken fails the run, which says so,
// and neither files nor memory are left.
func TestSpillFaults(t *testing.T) {
	in := spillTable(300)
	jobs := spillingJobs(t)
	const plenty = 1 << 40
	for _, name := range []string{"group", "distinct", "sort k", "sort s"} {
		run := func(writeBytes, readBytes int64) (written, read int64, err error) {
			var writes, reads atomic.Int64
			writes.Store(writeBytes)
			reads.Store(readBytes)
			dir := t.TempDir()
			_, err = spilling{in: in, workers: 2, bytes: 1, dir: dir, create: func(dir string) (pipeline.TempFile, error) {
				f, err := os.CreateTemp(dir, "spill-*")
				return brokenFile{f, &writes, &reads}, err
			}}.run(t, jobs[name]...)
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s: %v is left", name, left)
			}
			return writeBytes - writes.Load(), readBytes - reads.Load(), err
		}
		written, read, err := run(plenty, plenty)
		if err != nil || written == 0 || read == 0 {
			t.Fatalf("%s: %d bytes written, %d read: %v", name, written, read, err)
		}
		for part := range int64(5) {
			_, _, err := run(written*part/5, plenty)
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "cannot spill to disk: ") || !strings.Contains(err.Error(), "--temp-dir") {
				t.Errorf("%s, full after %d of %d bytes: %v", name, written*part/5, written, err)
			}
			if _, _, err = run(plenty, read*part/5); !errors.Is(err, errWornOut) {
				t.Errorf("%s, broken after %d of %d bytes: %v", name, read*part/5, read, err)
			}
		}
	}
}

// TestSpillWithoutRoom: where nothing can be written the run fails and says so.
func TestSpillWithoutRoom(t *testing.T) {
	for _, name := range []string{"group", "distinct", "sort k"} {
		_, err := spilling{in: spillTable(100), workers: 2, bytes: 1, dir: filepath.Join(t.TempDir(), "missing")}.run(t, spillingJobs(t)[name]...)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot spill to disk: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
