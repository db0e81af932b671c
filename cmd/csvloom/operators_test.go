package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// poison is an allocator that fills what it hands out, and what
// it takes back, with bytes that show when they are taken for data.
type poison struct{ memory.Allocator }

func (p poison) fill(b []byte) []byte {
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

// Allocate returns poisoned memory.
func (p poison) Allocate(size int) []byte { return p.fill(p.Allocator.Allocate(size)) }

// Reallocate moves b and poisons what is behind it and where it was.
func (p poison) Reallocate(size int, b []byte) []byte {
	moved := p.Allocate(size)
	copy(moved, b)
	p.Free(b)
	return moved
}

// Free poisons b.
func (p poison) Free(b []byte) {
	p.fill(b)
	p.Allocator.Free(b)
}

// inProcess runs a command line in this process, with memory that is checked.
func inProcess(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	alloc := memory.NewCheckedAllocator(poison{memory.NewGoAllocator()})
	code = run(args, terminal{stdin: strings.NewReader(""), stdout: &out, stderr: &messages, alloc: alloc})
	alloc.AssertSize(t, 0)
	return code, out.String(), messages.String()
}

// operatorInputs writes files that drift: other columns, another order, other
// line ends and delimiters, quoted newlines, NULLs and repeated rows.
func operatorInputs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 4))
	for file := range 4 {
		columns := []string{"k", "g", "x", "d", "s", "b", "m"}
		if file == 2 {
			columns = []string{"s", "x", "g", "k", "extra", "m"}
		}
		delim, nl := ",", "\n"
		if file == 1 {
			delim, nl = ";", "\r\n"
		}
		var text strings.Builder
		text.WriteString(strings.Join(columns, delim) + nl)
		for row := range 60 + 13*file {
			for i, c := range columns {
				if i > 0 {
					text.WriteString(delim)
				}
				if rng.IntN(9) == 0 {
					continue
				}
				switch c {
				case "k":
					fmt.Fprint(&text, rng.IntN(40))
				case "g":
					text.WriteString([]string{"red", "green", "blue", `"a ""b"""`, "\"two\nlines\""}[rng.IntN(5)])
				case "x":
					fmt.Fprintf(&text, "%.3f", rng.NormFloat64()*1e3)
				case "d":
					fmt.Fprintf(&text, "20%02d-%02d-%02d", 10+rng.IntN(20), 1+rng.IntN(12), 1+rng.IntN(28))
				case "s":
					fmt.Fprintf(&text, "s%04d", rng.IntN(30))
				case "b":
					fmt.Fprint(&text, rng.IntN(2) == 0)
				case "m":
					fmt.Fprintf(&text, "%d.%02d", rng.Uint64(), rng.IntN(100))
				default:
					fmt.Fprint(&text, row)
				}
			}
			text.WriteString(nl)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.csv", file)), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOperators is promise 4: for every operator the output file has the same
// bytes whatever the number of workers and the size of blocks.
func TestOperators(t *testing.T) {
	dir := operatorInputs(t)
	for name, flags := range map[string][]string{
		"copy":            {},
		"where":           {"--where", "x > 0 and g is not null"},
		"where none":      {"--where", "k = 1000"},
		"lineage":         {"--with-file", "--with-line", "--where", "_line % 3 = 0"},
		"lineage by":      {"--with-file", "--with-line", "--by", "_file", "--agg", "sum(_line) as lines"},
		"derive":          {"--derive", "y = x * 2 + k", "--derive", "z = upper(g) || coalesce(s, '?')"},
		"select":          {"--select", "* except (b), x / 3 as third, year(d) as year"},
		"sample part":     {"--sample", "30%", "--seed", "5"},
		"sample rows":     {"--sample", "25", "--seed", "5"},
		"totals":          {"--agg", "count(*) as n, sum(k), sum(x), avg(x), min(g), max(d), sum(m), stddev(x), median(x), count(distinct s) as ds"},
		"by one":          {"--by", "k", "--agg", "count(*) as n, sum(x), avg(m), min(s), max(s)"},
		"by string":       {"--by", "g", "--agg", "sum(k), first(s), last(s), any_value(d), string_agg(s, '+') as all, bool_and(b), bool_or(b)"},
		"by two":          {"--by", "g, k", "--agg", "sum(x), variance(x), count(b)"},
		"by three":        {"--by", "g", "--by", "year(d) as y, b", "--agg", "approx_count_distinct(s) as a, approx_quantile(x, 0.5) as q"},
		"filter distinct": {"--by", "b", "--agg", "sum(distinct k) filter (where x > 0) as sk, count(*) filter (where g = 'red') as reds, sum(x) / count(*) as ratio"},
		"having":          {"--by", "s", "--agg", "count(*) as n", "--having", "n > 5"},
		"distinct":        {"--select", "g, b", "--distinct"},
		"distinct on":     {"--distinct=g"},
		"sort":            {"--sort", "g desc nulls last, x"},
		"sort stable":     {"--sort", "b"},
		"top":             {"--sort", "x desc", "--limit", "7", "--offset", "2"},
		"limit":           {"--limit", "50", "--offset", "20"},
		"all together":    {"--where", "k < 30", "--derive", "t = x + k", "--by", "g", "--agg", "sum(t) as t, count(*) as n", "--having", "n > 1", "--select", "g, t", "--sort", "t desc", "--limit", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []byte
			for _, workers := range []string{"1", "2", "8"} {
				for _, block := range []string{"1", "7", "65536", "1048576"} {
					out := filepath.Join(t.TempDir(), "out.parquet")
					args := append([]string{"run", dir, "-q", "-o", out, "--workers", workers, "--block-bytes", block}, flags...)
					if code, _, stderr := inProcess(t, args...); code != 0 {
						t.Fatalf("workers %s, block %s: exit %d: %s", workers, block, code, stderr)
					}
					got, err := os.ReadFile(out)
					if err != nil {
						t.Fatal(err)
					}
					if want == nil {
						want = got
					}
					if !bytes.Equal(got, want) {
						t.Fatalf("workers %s, block %s: the output differs from that of 1 worker and blocks of 1 byte", workers, block)
					}
				}
			}
		})
	}
}

// TestFormatsAgree is promise 4 for the other formats.
func TestFormatsAgree(t *testing.T) {
	dir := operatorInputs(t)
	for _, extension := range []string{"arrow", "arrows", "csv", "jsonl", "csv.gz", "jsonl.zst"} {
		var want []byte
		for _, workers := range []string{"1", "8"} {
			for _, block := range []string{"7", "1048576"} {
				out := filepath.Join(t.TempDir(), "out."+extension)
				if code, _, stderr := inProcess(t, "run", dir, "-q", "-o", out, "--workers", workers, "--block-bytes", block); code != 0 {
					t.Fatalf("%s: exit %d: %s", extension, code, stderr)
				}
				got, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = got
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%s: workers %s, block %s: the output differs", extension, workers, block)
				}
			}
		}
	}
}
