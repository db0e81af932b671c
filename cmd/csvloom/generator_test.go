package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

var (
	generatorSeeds = flag.Int("seeds", 240, "how many directories TestGenerator makes")
	generatorSeed  = flag.Int("seed", 0, "the only seed of TestGenerator, read in all ways; 0: many, each in some")
)

// expectation is what must come of a directory that is read in one mode.
type expectation struct {
	output  string
	rejects []expectedReject
	counts  []expectedCounts // by file
}

type expectedReject struct {
	plantedReject
	file   string
	line   int64
	until  int64 // the line where reading got stuck
	offset int64
	action string
	raw    string
}

type expectedCounts struct{ in, kept, rejected, blank int64 }

// expect works out what must come of the directory at dir.
func (p *planted) expect(dir, mode string) *expectation {
	e := new(expectation)
	columns := p.columns
	if p.withLine {
		columns = append(slices.Clone(columns), "_line")
	}
	e.output = csvLine(len(columns), func(i int) plantedCell { return plantedCell{value: columns[i]} })
	for _, f := range p.files {
		place := map[string]int{}
		for i, c := range f.columns {
			place[c] = i
		}
		var counts expectedCounts
		text := f.text()
		at := len(f.head)
		for i := range f.lines {
			l := &f.lines[i]
			line := int64(1 + lineEnds(text[:at], f.lineEnd))
			cells := l.cells
			if cells == nil && mode == "repair" && !p.lost(f, i) {
				cells = l.repaired
			}
			for _, r := range l.bad {
				x := expectedReject{plantedReject: r, file: filepath.Join(dir, f.name), line: line, until: line, action: "rejected", raw: l.text}
				x.offset = int64(at)
				if f.mark && f.encoding == "utf-8" {
					x.offset += 3
				}
				if l.swallows > 0 && !p.lost(f, i) {
					x.until = int64(1 + lineEnds(text[:at+f.reach(i)], f.lineEnd))
				}
				switch {
				case r.kept:
					x.action = "kept"
				case p.lost(f, i):
					x.problem = "longer than"
					if len(x.raw) > p.rowBytes {
						x.raw, x.action = x.raw[:p.rowBytes], "truncated"
					}
				case mode == "repair":
					x.action = "repaired"
				case len(e.rejects) > 0 && e.rejects[len(e.rejects)-1].offset == x.offset && e.rejects[len(e.rejects)-1].file == x.file:
					continue // a row is left out once
				}
				e.rejects = append(e.rejects, x)
			}
			switch {
			case l.blank:
				counts.blank++
			case l.comment:
			case cells == nil:
				counts.rejected++
			default:
				counts.kept++
				e.output += csvLine(len(columns), func(i int) plantedCell {
					if i == len(p.columns) {
						return plantedCell{value: strconv.FormatInt(line, 10)}
					}
					if k, ok := place[columns[i]]; ok {
						return cells[k]
					}
					return plantedCell{null: true}
				})
			}
			at += len(l.text) + len(f.lineEnd)
		}
		counts.in = counts.kept + counts.rejected
		e.counts = append(e.counts, counts)
	}
	return e
}

// reach returns how many bytes the record of line i has, with all that it
// swallows.
func (f *plantedFile) reach(i int) int {
	last := i + f.lines[i].swallows
	if f.lines[i].swallows < 0 {
		last = len(f.lines) - 1
	}
	n := 0
	for k := i; k <= last; k++ {
		n += len(f.lines[k].text) + len(f.lineEnd)
	}
	return n - 1 // the CR of a CRLF counts
}

// lost reports whether the row of line i is, or seems, too long to be repaired.
func (p *planted) lost(f *plantedFile, i int) bool {
	l := &f.lines[i]
	return len(l.bad) > 0 && (l.bad[0].final || l.swallows != 0 && p.rowBytes > 0 && f.reach(i) > p.rowBytes)
}

// lineEnds counts the line ends of a text, as lines are counted.
func lineEnds(text, lineEnd string) int { return strings.Count(text, lineEnd[len(lineEnd)-1:]) }

// csvLine writes n cells as csvloom writes them.
func csvLine(n int, cell func(int) plantedCell) string {
	var s strings.Builder
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		c := cell(i)
		switch {
		case c.null:
		case c.value == "" || strings.ContainsAny(c.value, "\",\r\n") || strings.Trim(c.value, " \t") != c.value:
			s.WriteString(`"` + strings.ReplaceAll(c.value, `"`, `""`) + `"`)
		default:
			s.WriteString(c.value)
		}
	}
	return s.String() + "\n"
}

// combination is a way to run.
type combination struct{ workers, blockBytes string }

var combinations = []combination{{"1", "64"}, {"2", "1048576"}, {"8", "64"}, {"1", "1048576"}, {"2", "64"}, {"8", "1048576"}}

// TestGenerator reads directories of which it is known what is in them, however
// they are written and whatever is wrong with them: the output, the rejects file
// and the counts are what was planted, and the same bytes in every way to run.
// It is promise 2. -seeds N makes more of them, -seed N repeats one.
func TestGenerator(t *testing.T) {
	root := memoryDir(t)
	if *generatorSeed != 0 {
		for _, mode := range []string{"skip", "repair", "fail"} {
			checkPlanted(t, root, uint64(*generatorSeed), mode, combinations)
		}
		return
	}
	seeds := *generatorSeeds
	if underRace {
		seeds = min(seeds, 24) // each takes ten times as long
	}
	const shards = 4
	var failed atomic.Int32
	for shard := range shards {
		t.Run(strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(root, strconv.Itoa(shard))
			for seed := 1 + shard; seed <= seeds && failed.Load() < 3; seed += shards {
				for i, mode := range []string{"skip", "repair", "fail"} {
					at := (seed/shards + i) % 3
					if !checkPlanted(t, dir, uint64(seed), mode, combinations[2*at:2*at+2]) {
						failed.Add(1)
						break
					}
				}
			}
		})
	}
}

// memoryDir is a directory in memory, if the machine has that: each run syncs the
// files that it writes.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "csvloom")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// checkPlanted makes the directory of a seed and reads it.
func checkPlanted(t *testing.T, root string, seed uint64, mode string, ways []combination) bool {
	t.Helper()
	p := plant(seed)
	dir := filepath.Join(root, strconv.FormatUint(seed, 10))
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range p.files {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := p.expect(dir, mode)
	var first []byte // the rejects file of the first way
	for _, way := range ways {
		out, rejects, report := filepath.Join(dir, "out", "o.csv"), filepath.Join(dir, "out", "r.rejects"), filepath.Join(dir, "out", "report.json")
		os.RemoveAll(filepath.Dir(out))
		if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"run", filepath.Join(dir, "*.csv*"), "-o", out, "--rejects", rejects, "--report", report, "--on-error", mode,
			"--workers", way.workers, "--block-bytes", way.blockBytes}, p.flags...)
		code, _, stderr := inProcess(t, args...)
		var problem string
		switch bad := want.firstBad(); {
		case mode == "fail" && bad >= 0:
			problem = want.checkFailure(code, stderr, bad)
		case code != 0:
			problem = fmt.Sprintf("exit code %d", code)
		default:
			problem = want.check(out, rejects, report)
		}
		if problem == "" && code == 0 {
			got, err := os.ReadFile(rejects)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			}
			if !bytes.Equal(got, first) {
				problem = fmt.Sprintf("the rejects differ from those of %+v:\n%s\nwere\n%s", ways[0], got, first)
			}
		}
		if problem == "" {
			continue
		}
		var files strings.Builder
		for _, f := range p.files {
			fmt.Fprintf(&files, "--- %s (%s, mark %v, delimiter %q, quote %s)\n", f.name, f.encoding, f.mark, f.delimiter, f.quote)
			for i, line := range strings.SplitAfter(f.text(), f.lineEnd[len(f.lineEnd)-1:]) {
				fmt.Fprintf(&files, "%4d %q\n", i+1, line[:min(len(line), 300)])
			}
		}
		t.Errorf("seed %d: csvloom %q\n%s\n%s\n%s", seed, args, problem, stderr, &files)
		return false
	}
	return true
}

// firstBad returns the place of the first reject of a row that is not kept, or -1.
func (e *expectation) firstBad() int {
	return slices.IndexFunc(e.rejects, func(r expectedReject) bool { return !r.kept })
}

var placeInError = regexp.MustCompile(`csvloom: error: (\S+?\.csv(?:\.gz)?):(\d+):`)

// checkFailure says what is wrong with how a run failed that had to: it names
// the first bad row, or a NUL byte, which is looked for before anything is read.
func (e *expectation) checkFailure(code int, stderr string, bad int) string {
	place := placeInError.FindStringSubmatch(stderr)
	if code != 1 || place == nil {
		return fmt.Sprintf("exit code %d, want 1 and the place of %+v", code, e.rejects[bad])
	}
	line, _ := strconv.ParseInt(place[2], 10, 64)
	for i, r := range e.rejects {
		if r.file == place[1] && r.line <= line && line <= r.until && (i == bad || strings.Contains(r.problem, "NUL")) {
			return ""
		}
	}
	return fmt.Sprintf("the error names %s:%s, want that of %+v", place[1], place[2], e.rejects[bad])
}

// check says how the output, the rejects and the report differ from what they
// should be, or returns "".
func (e *expectation) check(out, rejects, reportPath string) string {
	got, err := os.ReadFile(out)
	if err != nil {
		return err.Error()
	}
	if problem := differingLine(string(got), e.output); problem != "" {
		return "output: " + problem
	}
	if problem := e.checkRejects(rejects); problem != "" {
		return problem
	}
	report, err := readReport(reportPath)
	if err != nil {
		return err.Error()
	}
	if len(report.Inputs) != len(e.counts) {
		return fmt.Sprintf("%d inputs reported, want %d", len(report.Inputs), len(e.counts))
	}
	for i, in := range report.Inputs {
		if got := (expectedCounts{in.RowsIn, in.RowsKept, in.RowsRejected, in.BlankLines}); got != e.counts[i] {
			return fmt.Sprintf("%s: counts %+v, want %+v", in.Path, got, e.counts[i])
		}
	}
	return ""
}

// differingLine shows the first line in which two texts differ.
func differingLine(got, want string) string {
	if got == want {
		return ""
	}
	a, b := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	line := func(list []string) string {
		if i < len(list) {
			return list[i]
		}
		return "the end"
	}
	return fmt.Sprintf("line %d is %q, want %q", i+1, line(a), line(b))
}

// readReport reads the counts of a report.
func readReport(path string) (*report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(report)
	return r, json.Unmarshal(text, r)
}

// checkRejects says how a rejects file differs from what it should be.
func (e *expectation) checkRejects(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return err.Error()
	}
	for i, row := range rows[1:] {
		if i >= len(e.rejects) {
			return fmt.Sprintf("there is a reject too much: %q", row)
		}
		w := &e.rejects[i]
		want := []string{w.file, strconv.FormatInt(w.line, 10), strconv.FormatInt(w.offset, 10), w.column, row[4], w.action, w.raw}
		if !slices.Equal(row, want) || !strings.Contains(row[4], w.problem) {
			return fmt.Sprintf("reject %d is %q, want %q with the error %q", i+1, row, want, w.problem)
		}
	}
	if len(rows)-1 < len(e.rejects) {
		return fmt.Sprintf("a reject is missing: %+v", e.rejects[len(rows)-1])
	}
	return ""
}
