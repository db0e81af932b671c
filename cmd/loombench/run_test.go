package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// standInVariable makes the test binary behave as csvloom would, with the file
// that the variable names as the result of every CSV run.
const standInVariable = "LOOMBENCH_STAND_IN"

func TestMain(m *testing.M) {
	if result, ok := os.LookupEnv(standInVariable); ok && len(os.Args) > 1 {
		switch os.Args[1] {
		case "version", "run":
			os.Exit(standIn(result, os.Args[1:]))
		case "check":
			main()
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// standIn is csvloom as far as run can tell.
func standIn(result string, args []string) int {
	if args[0] == "version" || slices.Contains(args, "--help") {
		os.Stdout.WriteString("csvloom stand-in\n")
		return 0
	}
	if slices.Contains(args, "--sort") {
		os.Stderr.WriteString("first\ncannot sort\n")
		return 1
	}
	text, err := os.ReadFile(result)
	if err == nil {
		err = os.WriteFile(args[slices.Index(args, "-o")+1], text, 0o600)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

// TestRunWithoutPeers goes the whole way with a stand-in for csvloom.
func TestRunWithoutPeers(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"brc", "taxi"} {
		if _, _, err := setByName(name).ensure(context.Background(), dir, 500, 1); err != nil {
			t.Fatal(err)
		}
	}
	groups, err := workByName("brc").groups.of(context.Background(), setByName("brc"), dir)
	if err != nil {
		t.Fatal(err)
	}
	right := "station,low,mean,high\n"
	for key, g := range groups {
		line, _ := json.Marshal([]float64{g.states[0], g.states[1] / float64(g.rows), g.states[2]})
		right += key + "," + strings.Trim(string(line), "[]") + "\n"
	}
	result := filepath.Join(t.TempDir(), "result.csv")
	t.Setenv(standInVariable, result)
	// With the race detector every process would sleep for a second at its end.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	bench := func(text string, only ...string) (report, string, error) {
		t.Helper()
		if err := os.WriteFile(result, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		f := runFlags{only: only, rounds: 3, csvloom: self, peers: []string{"none"}, threads: 2, timeout: time.Minute, json: filepath.Join(t.TempDir(), "r.json")}
		err := f.run(context.Background(), dir, &out, io.Discard)
		var r report
		if text, e := os.ReadFile(f.json); e != nil || json.Unmarshal(text, &r) != nil {
			t.Fatalf("%v: --json: %v", err, e)
		}
		return r, out.String(), err
	}

	r, table, err := bench(right, "brc", "taxi_partition", "h2o_by2", "startup", "unique")
	if err != nil {
		t.Fatalf("%v\n%s", err, table)
	}
	brc := r.Works[slices.IndexFunc(r.Works, func(w *workResult) bool { return w.Name == "brc" })]
	if brc.Answers != "equal to Go's" || len(brc.Tools[0].Samples) != 3 || brc.Tools[0].outputBytes() != int64(len(right)) {
		t.Errorf("brc: %s, %+v", brc.Answers, brc.Tools[0])
	}
	for _, want := range []string{"not available: csvloom has no --partition-by", "loombench gen " + dir + " --set h2o", "csvloom has no --memory", "| csvloom version |"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q:\n%s", want, table)
		}
	}

	wrong := strings.Replace(right, "-", "-1", 1)
	if _, table, err = bench(wrong, "brc"); !errors.Is(err, errUnsound) || !strings.Contains(table, "expected") {
		t.Errorf("a wrong answer: %v\n%s", err, table)
	}
	if _, table, err = bench(right, "taxi_sort"); !errors.Is(err, errUnsound) || !strings.Contains(table, "failed: exit status 1: cannot sort") {
		t.Errorf("a failure: %v\n%s", err, table)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".loombench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRunRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		flags runFlags
		dir   string
		want  string
	}{
		"unknown work": {runFlags{only: []string{"brcc"}, rounds: 1, threads: 1, peers: []string{"none"}}, ".", `there is no "brcc"`},
		"no rounds":    {runFlags{threads: 1, peers: []string{"none"}}, ".", "expected 1 or more"},
		"no directory": {runFlags{rounds: 1, threads: 1, peers: []string{"none"}}, filepath.Join("no", "such"), "makes the data"},
	} {
		if err := c.flags.run(context.Background(), c.dir, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestGroupingReadsEverySet: plain, compressed, and with its own delimiter.
func TestGroupingReadsEverySet(t *testing.T) {
	dir := t.TempDir()
	for _, w := range works {
		if w.groups == nil {
			continue
		}
		if _, _, err := setByName(w.set).ensure(context.Background(), dir, 1000, 1); err != nil {
			t.Fatal(err)
		}
		groups, err := w.groups.of(context.Background(), setByName(w.set), dir)
		if err != nil {
			t.Fatal(err)
		}
		rows := int64(0)
		for key, g := range groups {
			rows += g.rows
			for i := range g.states {
				if v := w.groups.value(g, i); v != v {
					t.Fatalf("%s: group %q has no value %d", w.name, key, i)
				}
			}
		}
		if rows > 1000 || rows < 900 || w.groups.where == nil && rows != 1000 {
			t.Errorf("%s: %d rows in groups", w.name, rows)
		}
	}
}

func TestProcess(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := process{path: self, args: []string{"-test.run=^$"}, timeout: time.Minute}
	_, s, err := p.run(context.Background())
	if err != nil || s.WallSeconds <= 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if (runtime.GOOS == "linux" || runtime.GOOS == "darwin") && s.PeakBytes < 1<<20 {
		t.Errorf("peak of %d bytes", s.PeakBytes)
	}
	p.timeout = time.Nanosecond
	if _, _, err = p.run(context.Background()); err == nil || !strings.Contains(err.Error(), "stopped after 1ns") {
		t.Errorf("a time-out: %v", err)
	}
	var said tail
	for range 10 {
		said.Write(bytes.Repeat([]byte("x"), messageBytesMax))
	}
	said.Write([]byte("\nTraceback\nValueError: no\n"))
	if said.lastLine() != "ValueError: no" || len(said.text) > messageBytesMax {
		t.Errorf("tail: %q of %d bytes", said.lastLine(), len(said.text))
	}
}
