package main

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 100}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, expected %v", c.values, got, c.want)
		}
	}
}

// exampleReport has one work of each fate.
func exampleReport() *report {
	ours := func(seconds ...float64) *toolResult {
		t := &toolResult{Tool: csvloomTool}
		for _, s := range seconds {
			t.Samples = append(t.Samples, sample{WallSeconds: s, CPUSeconds: 2 * s, PeakBytes: 100 << 20, OutputBytes: 1_030_000})
		}
		return t
	}
	theirs := func(tool, mode string, seconds float64, bytes int64) *toolResult {
		return &toolResult{Tool: tool, Mode: mode, Samples: []sample{{WallSeconds: seconds + 1, WorkSeconds: seconds, CPUSeconds: 3, OutputBytes: bytes}}}
	}
	return &report{
		Machine: machine{CPU: "Model | 9000", Threads: 2, CPUs: 4, MemoryBytes: 24 << 30, System: "linux/amd64", Go: "go1.26", Load: "0.02"},
		Rounds:  3, Csvloom: "csvloom v1",
		Peers: []peerTitle{{Name: "duckdb", Title: "DuckDB 9.9"}, {Name: "polars", Title: "Polars 8.8", Absent: "no python"}},
		Works: []*workResult{
			{Name: "a", Title: "convert", Data: "h2o-like, 10 M rows", Goal: 2, Converts: true, Answers: "equal",
				Tools: []*toolResult{ours(0.5, 0.4, 0.75), theirs("duckdb", "default", 1.2, 1_000_000), theirs("polars", "streaming", 1.1, 900_000)}},
			{Name: "b", Title: "group", Data: "taxi-like, 6 M rows", Goal: 2, Answers: "equal",
				Tools: []*toolResult{ours(0.5), theirs("duckdb", "default", 12.34, 1), {Tool: "polars", Failure: "no python", Absent: true}}},
			{Name: "c", Title: "partition", Data: "taxi-like, 6 M rows", Goal: 3, Answers: "not compared: csvloom has none",
				Tools: []*toolResult{{Tool: csvloomTool, Failure: "csvloom has no --x", Absent: true}, {Tool: "duckdb", Failure: "stopped after 1s"}}},
			{Name: "d", Title: "sort", Goal: 2, Missing: "there is no data"},
		},
		Measures: []*measureResult{
			atMost("the binary", 27, 25, "MB"),
			peakResult("peak memory", 200<<20, 300),
			{Title: "unique", Missing: "csvloom has no --memory"},
		},
	}
}

func TestMarkdown(t *testing.T) {
	const golden = "testdata/report.md"
	got := exampleReport().markdown()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the report changed; -update rewrites %s:\n%s", golden, got)
	}
}

func TestRatios(t *testing.T) {
	r := exampleReport()
	if x, ok := r.Works[0].ratio(); !ok || x != 2.2 { // 1.1 s of the best peer's query, median 0.5 s
		t.Errorf("ratio %v, %v", x, ok)
	}
	if x, ok := r.Works[0].sizeRatio(); !ok || x != 1_030_000.0/900_000 {
		t.Errorf("size ratio %v, %v", x, ok)
	}
	if _, ok := r.Works[2].ratio(); ok {
		t.Error("a ratio without csvloom")
	}
	if _, ok := r.Works[3].ratio(); ok {
		t.Error("a ratio without data")
	}
}

func TestSound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*report)
		sound bool
	}{
		"what csvloom cannot do yet": {func(*report) {}, true},
		"answers differ":             {func(r *report) { r.Works[1].Unequal = true }, false},
		"csvloom fails":              {func(r *report) { r.Works[0].Tools[0].Failure = "exit status 1" }, false},
		"a peer fails":               {func(r *report) { r.Works[0].Tools[1].Failure = "exit status 1" }, true},
		"a measure fails":            {func(r *report) { r.Measures[0].Failed = true }, false},
		"a goal is missed":           {func(r *report) { r.Measures[0].Reached = false }, true},
	} {
		r := exampleReport()
		c.spoil(r)
		if r.sound() != c.sound {
			t.Errorf("%s: sound is %v", name, r.sound())
		}
	}
}

func TestSignificant(t *testing.T) {
	for v, want := range map[float64]string{0.0214: "0.021", 1.234: "1.23", 12.34: "12.3", 123.4: "123"} {
		if got := significant(v); got != want {
			t.Errorf("significant(%v) = %s, expected %s", v, got, want)
		}
	}
	for n, want := range map[int64]string{6_000_000: "6 M", 200_000: "200 k", 99: "99", 1_234_567: "1.23 M"} {
		if got := short(n); got != want {
			t.Errorf("short(%d) = %s, expected %s", n, got, want)
		}
	}
}
