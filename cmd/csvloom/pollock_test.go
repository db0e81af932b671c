package main

import (
	stdcsv "encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// pollockParameters are what the Pollock benchmark says of the dialect of a file.
type pollockParameters struct {
	Delimiter    string `json:"delimiter"`
	Quote        string `json:"quotechar"`
	Escape       string `json:"escapechar"`
	RowDelimiter string `json:"row_delimiter"`
	Header       int    `json:"header_lines"`
	Preamble     int    `json:"preamble_lines"`
	Footer       int    `json:"footnote_lines"`
}

func (p *pollockParameters) flags() []string {
	flags := []string{"--delim", p.Delimiter, "--quote", p.Quote, "--escape", p.Escape, "--skip", strconv.Itoa(p.Preamble), "--footer", strconv.Itoa(p.Footer),
		"--line-end", map[string]string{"\n": "lf", "\r\n": "crlf", "\r": "cr"}[p.RowDelimiter]}
	if p.Header == 0 {
		return append(flags, "--no-header")
	}
	return append(flags, "--header")
}

// brokenRow finds the row that a file of Pollock breaks in its name.
var brokenRow = regexp.MustCompile(`^row_[a-z_]+?_?(?:row)?(\d+)_`)

// TestPollock is an exam: every file of the Pollock benchmark is read as it is
// meant, or its offending line is named; with its dialect given, and found out.
// The rules are those of Vitagliano et al., "Pollock: A Data Loading Benchmark"
// (PVLDB 16, 2023), made stricter: a table that is wrong without a word fails.
func TestPollock(t *testing.T) {
	dir := needData(t, "pollock")
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, detected := range []bool{false, true} {
		mode := "given parameters"
		if detected {
			mode = "detection alone"
		}
		var mu sync.Mutex
		counts := map[string]int{}
		t.Run(strings.ReplaceAll(mode, " ", "_"), func(t *testing.T) {
			for _, file := range files {
				t.Run(filepath.Base(file), func(t *testing.T) {
					t.Parallel()
					outcome := pollockOutcome(t, dir, file, detected)
					mu.Lock()
					counts[outcome]++
					mu.Unlock()
					if outcome == "silent" {
						t.Errorf("the table is wrong and no line is named")
					}
				})
			}
		})
		t.Logf("pollock, %-16s  %3d exact  %3d flagged  %3d silent", mode, counts["exact"], counts["flagged"], counts["silent"])
		if total := counts["exact"] + counts["flagged"] + counts["silent"]; total != len(files) || counts["exact"] < 7 {
			t.Errorf("%d of %d files had an outcome, %d of them exact; at least 7 are not broken", total, len(files), counts["exact"])
		}
	}
}

// pollockOutcome reads a file and returns exact, flagged or silent.
func pollockOutcome(t *testing.T, dir, file string, detected bool) string {
	name := filepath.Base(file)
	text, err := os.ReadFile(filepath.Join(dir, "parameters", name+"_parameters.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p pollockParameters
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", file, "--all-varchar", "-o", "-", "--format", "csv"}
	if !detected {
		args = append(args, p.flags()...)
	}
	cmd := csvloomCommand(t, t.TempDir(), args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err == nil {
		got, err := stdcsv.NewReader(strings.NewReader(stdout.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if p.Header == 0 && len(got) > 0 && got[0][0] == "column_1" {
			got = got[1:]
		}
		clean, err := os.ReadFile(filepath.Join(dir, "clean", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := stdcsv.NewReader(strings.NewReader(string(clean))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if slices.EqualFunc(got, want, slices.Equal) {
			return "exact"
		}
	}
	// The line must be that of the row that is broken, or the next one, where
	// the damage shows.
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(name)+`:(\d+)`).FindAllStringSubmatch(stderr.String(), -1) {
		line, _ := strconv.Atoi(m[1])
		row := brokenRow.FindStringSubmatch(name)
		if row == nil {
			return "flagged"
		}
		if n, _ := strconv.Atoi(row[1]); line == n+1 || line == n+2 {
			return "flagged"
		}
	}
	t.Logf("csvloom printed: %s", stderr.String())
	return "silent"
}
