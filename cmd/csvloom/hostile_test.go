package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// hostileLimit is how long any hostile input may take: far more than needed on
// a busy machine, and far less than something quadratic takes.
const hostileLimit = 60 * time.Second

var onErrorModes = []string{"fail", "skip", "repair"}

// withinLimit runs a command line in this process, and fails when it does not
// come back.
func withinLimit(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, _, stderr = inProcess(t, args...)
	}()
	select {
	case <-done:
	case <-time.After(hostileLimit):
		t.Fatalf("csvloom %q has not ended after %v", args, hostileLimit)
	}
	if code != 0 && code != 1 {
		t.Errorf("csvloom %q: exit code %d: %s", args, code, stderr)
	}
	return code, stderr
}

// TestHostileText: texts made to take time or memory, or to be misread, end soon,
// in an error that names the file or in counts that are those of the text.
func TestHostileText(t *testing.T) {
	const million = 1_000_000 // of lines, quotes or the like; of rejects fewer, each of which is written twice
	type counts = expectedCounts
	for _, test := range []struct {
		name  string
		text  func() string
		flags []string
		fail  string                            // the error with --on-error fail; "" for none
		want  func(mode string) (counts, error) // of the other modes; an error for one that holds in all
	}{
		{"quotes that are never closed", func() string { return "a,b\n" + strings.Repeat("x,\"y\n", million/4) }, []string{"--quote", `"`},
			`h.csv:3:4: found "y"`, func(mode string) (counts, error) {
				if mode == "repair" {
					return counts{in: million / 4, kept: million / 4}, nil
				}
				return counts{in: million / 4, rejected: million / 4}, nil
			}},
		{"a quote that is never closed, over many lines", func() string { return "a,b\n1,\"2\n" + strings.Repeat("3,4\n", million) }, nil,
			"h.csv:2:3: the quote that opens here is never closed", func(mode string) (counts, error) {
				if mode == "repair" {
					return counts{in: million + 1, kept: million + 1}, nil
				}
				return counts{in: million + 1, kept: million, rejected: 1}, nil
			}},
		{"quotes alone", func() string { return strings.Repeat(`"`, million) }, nil, "", nil},
		{"doubled quotes", func() string { return "a,b\n\"" + strings.Repeat(`""`, million) + "\",1\n" }, nil, "",
			func(string) (counts, error) { return counts{in: 1, kept: 1}, nil }},
		{"escapes", func() string { return "a,b\n1," + strings.Repeat(`\`, million) + "\n2,3\n" }, []string{"--escape", `\`}, "",
			func(string) (counts, error) { return counts{in: 2, kept: 2}, nil }},
		{"blank lines", func() string { return "a,b\n" + strings.Repeat("\n", million) + "1,2\n" }, nil, "",
			func(string) (counts, error) { return counts{in: 1, kept: 1, blank: million}, nil }},
		{"delimiters", func() string { return "a,b,c\n" + strings.Repeat(",,\n", million) }, nil, "",
			func(string) (counts, error) { return counts{in: million, kept: million}, nil }},
		{"delimiters, too many", func() string { return "a,b\n1,2\n" + strings.Repeat(",", million) + "\n" }, nil,
			"h.csv:3:1: the record has 1000001 fields, expected 2", func(mode string) (counts, error) {
				if mode == "repair" {
					return counts{in: 2, kept: 2}, nil
				}
				return counts{in: 2, kept: 1, rejected: 1}, nil
			}},
		{"CR alone", func() string { return strings.Repeat("\r", million) }, nil, "h.csv: no input has a header",
			func(string) (counts, error) { return counts{}, fmt.Errorf("h.csv: no input has a header") }},
		{"NUL alone", func() string { return strings.Repeat("\x00", million) }, nil, "h.csv:1:1: ",
			func(string) (counts, error) { return counts{}, fmt.Errorf("NUL byte") }},
		{"columns", func() string { return strings.Repeat("c,", million) + "c\n1\n" }, nil, "h.csv:1: the header has 1000001 fields",
			func(string) (counts, error) { return counts{}, fmt.Errorf("the header has 1000001 fields") }},
		{"a long field", func() string { return "a,b\n1,2\n3," + strings.Repeat("x", 20*million) + "\n4,5\n" }, nil,
			"h.csv:3:1: the record is longer than 16777216 bytes",
			func(string) (counts, error) { return counts{in: 3, kept: 2, rejected: 1}, nil }},
		{"a long quoted field", func() string { return "a,b\n1,2\n3,\"" + strings.Repeat("x,y\n", million/10) + "\"\n4,5\n" }, []string{"--max-row-bytes", "65536"},
			"h.csv:3:1: the record is longer than 65536 bytes", nil},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			dir := t.TempDir()
			path, report := filepath.Join(dir, "h.csv"), filepath.Join(dir, "report.json")
			if err := os.WriteFile(path, []byte(test.text()), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, mode := range onErrorModes {
				code, stderr := withinLimit(t, append([]string{"run", path, "-o", filepath.Join(dir, "o.csv"), "--overwrite", "--report", report,
					"--rejects", filepath.Join(dir, "r.rejects"), "--on-error", mode, "--workers", "2"}, test.flags...)...)
				want, fault := counts{}, ""
				if test.want != nil {
					var err error
					if want, err = test.want(mode); err != nil {
						fault = err.Error()
					}
				}
				if mode == "fail" {
					fault = test.fail
				}
				if (code != 0) != (fault != "") || !strings.Contains(stderr, fault) {
					t.Fatalf("%s: exit code %d: %.500s", mode, code, stderr)
				}
				in := checkedReport(t, report).Inputs
				if code != 0 || test.want == nil {
					continue
				}
				if got := (counts{in[0].RowsIn, in[0].RowsKept, in[0].RowsRejected, in[0].BlankLines}); got != want {
					t.Errorf("%s: counts %+v, want %+v", mode, got, want)
				}
			}
		})
	}
}

// TestHostileBytes: bytes of any kind are read or refused, and alike whatever
// the blocks are.
func TestHostileBytes(t *testing.T) {
	alphabets := []string{"", "a1,\n\"", "ab12,;|\t\"'\\#\r\n ", "\"\n,", "a,\n\x00\xff\xef\xbb\xbf", "1.,-\n\r\"e:/ "}
	dir := memoryDir(t)
	path, out, rejects := filepath.Join(dir, "h.csv"), filepath.Join(dir, "o.csv"), filepath.Join(dir, "r.rejects")
	seeds := uint64(100)
	if underRace {
		seeds = 25 // each takes ten times as long
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 5))
		text := make([]byte, rng.IntN(3000))
		alphabet := alphabets[rng.IntN(len(alphabets))]
		for i := range text {
			if text[i] = byte(rng.IntN(256)); alphabet != "" {
				text[i] = alphabet[rng.IntN(len(alphabet))]
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, mode := range onErrorModes {
			var first string
			for _, way := range []combination{{"1", "1048576"}, {"2", "16"}} {
				code, stderr := withinLimit(t, "run", path, "-o", out, "--overwrite", "--rejects", rejects, "--on-error", mode,
					"--workers", way.workers, "--block-bytes", way.blockBytes)
				got := fmt.Sprintln(code)
				for _, result := range []string{out, rejects} {
					if text, err := os.ReadFile(result); err == nil {
						got += string(text)
					}
					os.Remove(result)
				}
				if code != 0 {
					if got = stderr; !strings.Contains(stderr, "h.csv") {
						t.Errorf("seed %d, %s: the error does not name the file: %s", seed, mode, stderr)
					}
					if i := strings.Index(got, "csvloom: error"); i >= 0 {
						got = got[i:] // behind warnings, which tell how far the run came
					}
				}
				if first == "" {
					first = got
				}
				if got != first {
					t.Errorf("seed %d, %s: %+v gives\n%.1000s\nand a single block\n%.1000s\nof %.300q", seed, mode, way, got, first, text)
				}
			}
		}
	}
}

// bzip2Rows is `n,s` and 60 rows, made by bzip2.
const bzip2Rows = "QlpoOTFBWSZTWQ4dLqQAAQZZgAAQQAR/4AIBDEAwASLKGM00P9VFPSaBqp/kNCQgDTKDGlQNPtppznOc5zmCoC4gCQsCwJCIiHvXXfffu41fNtZ3qm4SlUnFGCguq" +
	"WUCgUuIoHmZ1mfG9bmuOomuJtLZUTY4S1piV6SVnhkXlZ1kRNTYo3iXEEUZOoIPKXX3hu6o0DhXFCCWzR2Dj3OS7zHw5a2RoFHh0GgjxublrUt91JYpQgkjpRBE5reRN66bwGlwgw3j6qp2" +
	"nGBE4sMHXJvrduaoMmMIMp9b7mZc5iwG1JB57AiIr74BEQQIiPAIiP4u5IpwoSAcOl1I"

// TestHostileTruncated: what is cut off anywhere is an error, whatever becomes
// of bad rows, and never a shorter table.
func TestHostileTruncated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var text bytes.Buffer
	text.WriteString("n,s\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "%d,%x\n", i, rng.Uint64())
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	gzipped := func(text []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(text)
		must(err)
		must(w.Close())
		return b.Bytes()
	}
	zstandard := func(text []byte) []byte {
		w, err := zstd.NewWriter(nil)
		must(err)
		return w.EncodeAll(text, nil)
	}
	var zipped, tape bytes.Buffer
	z := zip.NewWriter(&zipped)
	member, err := z.Create("in.csv")
	must(err)
	_, err = member.Write(text.Bytes())
	must(err)
	must(z.Close())
	tw := tar.NewWriter(&tape)
	must(tw.WriteHeader(&tar.Header{Name: "in.csv", Mode: 0o600, Size: int64(text.Len())}))
	_, err = tw.Write(text.Bytes())
	must(err)
	contents := 512 + text.Len() // the end of an archive may be missing: tar itself leaves it out at times
	must(tw.Close())
	bzipped, err := base64.StdEncoding.DecodeString(bzip2Rows)
	must(err)
	for _, test := range []struct {
		name string
		data []byte
		most int // cuts lie before this
	}{
		{"in.csv.gz", gzipped(text.Bytes()), 0}, {"in.csv.zst", zstandard(text.Bytes()), 0}, {"in.csv.bz2", bzipped, 0},
		{"in.zip", zipped.Bytes(), 0}, {"in.tar", tape.Bytes(), contents},
		{"in.tar.gz", gzipped(tape.Bytes()), 0}, {"in.tar.zst", zstandard(tape.Bytes()), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path, out := filepath.Join(dir, test.name), filepath.Join(dir, "o.csv")
			run := func(data []byte, mode string) (int, string) {
				must(os.WriteFile(path, data, 0o600))
				return withinLimit(t, "run", path, "-o", out, "--overwrite", "--on-error", mode)
			}
			if code, stderr := run(test.data, "fail"); code != 0 {
				t.Fatalf("whole: exit code %d: %s", code, stderr)
			}
			must(os.Remove(out))
			most := test.most
			if most == 0 {
				most = len(test.data)
			}
			cuts := []int{20, 40, most - 1, most - 4, most - 8, most - 9, most - 30}
			for i := 1; i < 8; i++ {
				cuts = append(cuts, most*i/8)
			}
			for i, cut := range cuts {
				mode := onErrorModes[i%len(onErrorModes)]
				code, stderr := run(test.data[:cut], mode)
				if code != 1 || !strings.Contains(stderr, test.name) {
					t.Errorf("%d of %d bytes, %s: exit code %d: %s", cut, len(test.data), mode, code, stderr)
				}
				if _, err := os.Stat(out); err == nil {
					t.Fatalf("%d of %d bytes: there is an output", cut, len(test.data))
				}
			}
		})
	}
}
