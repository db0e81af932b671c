package main

import (
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// goldenRows is a chunk and a bit for the set of one file, and the rest in
// proportion.
var goldenRows = map[string]int64{"brc": chunkRows + 1000, "h2o": 3200, "lineitem": 2000, "taxi": 3000, "small": 250, "gzip": 3000, "zstd": 3000, "unique": 1000}

// goldenDigests are of all files of a set, one after the other, from seed 1.
// When rows change on purpose, raise generation too.
var goldenDigests = map[string]uint64{
	"h2o":      0xbcafd68e99ad4ed7,
	"lineitem": 0x262aeefb6ae1b297,
	"taxi":     0xa4b4de6e7a33beeb,
	"brc":      0x4783ae791149e7fb,
	"small":    0x61d116edae47aa7c,
	"gzip":     0x3c646e8bdb714da9,
	"zstd":     0xd666941b32b983ea,
	"unique":   0x9a1a5e19644acd7b,
}

func contentDigest(t *testing.T, s *dataSet, dir string, m *manifest) (uint64, int64) {
	t.Helper()
	h := xxh3.New()
	var size int64
	for i := range m.Files {
		text, err := os.ReadFile(filepath.Join(s.directory(dir), m.Files[i].Name))
		if err != nil {
			t.Fatal(err)
		}
		h.Write(text)
		size += int64(len(text))
		if int64(len(text)) != m.Files[i].Bytes {
			t.Errorf("%s: manifest says %d bytes, found %d", m.Files[i].Name, m.Files[i].Bytes, len(text))
		}
	}
	return h.Sum64(), size
}

func TestGenerateIsByteIdentical(t *testing.T) {
	for _, cpus := range []int{1, 7} {
		before := runtime.GOMAXPROCS(cpus)
		defer runtime.GOMAXPROCS(before)
		dir := t.TempDir()
		for _, s := range dataSets {
			m, made, err := s.ensure(context.Background(), dir, goldenRows[s.name], 1)
			if err != nil || !made {
				t.Fatalf("%s: made %v, %v", s.name, made, err)
			}
			got, size := contentDigest(t, s, dir, m)
			if got != goldenDigests[s.name] || size != m.Bytes {
				t.Errorf("%d CPUs, %s: digest %#x of %d bytes, expected %#x of %d", cpus, s.name, got, size, goldenDigests[s.name], m.Bytes)
			}
		}
	}
}

// TestRowsAreCSV reads every set with encoding/csv, and the copies as the
// originals.
func TestRowsAreCSV(t *testing.T) {
	dir := t.TempDir()
	texts := make(map[string]string)
	for _, s := range dataSets {
		m, _, err := s.ensure(context.Background(), dir, goldenRows[s.name], 1)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		rows := int64(0)
		for i := range m.Files {
			text := readData(t, filepath.Join(s.directory(dir), m.Files[i].Name))
			all.WriteString(text)
			r := csv.NewReader(strings.NewReader(text))
			r.Comma = rune(s.delimiter())
			records, err := r.ReadAll() // which checks the number of fields
			if err != nil {
				t.Fatalf("%s: %v", m.Files[i].Name, err)
			}
			if n := int64(len(records) - 1); n != m.Files[i].Rows {
				t.Errorf("%s: %d rows, manifest says %d", m.Files[i].Name, n, m.Files[i].Rows)
			}
			if header := strings.Join(records[0], string(s.delimiter())) + "\n"; header != s.table.header {
				t.Errorf("%s: header %q", m.Files[i].Name, header)
			}
			rows += int64(len(records) - 1)
		}
		if rows != goldenRows[s.name] {
			t.Errorf("%s: %d rows, expected %d", s.name, rows, goldenRows[s.name])
		}
		texts[s.name] = all.String()
	}
	if texts["gzip"] != texts["taxi"] || texts["zstd"] != texts["taxi"] {
		t.Error("the compressed copies are not the taxi rows")
	}
	if !strings.Contains(texts["lineitem"], `,"`) || !strings.Contains(texts["taxi"], ",,") {
		t.Error("lineitem has no quotes or taxi no empty fields")
	}
	if len(stations()) != brcStations {
		t.Errorf("%d stations", len(stations()))
	}
}

func readData(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	switch filepath.Ext(path) {
	case ".gz":
		r, err = gzip.NewReader(f)
	case ".zst":
		r, err = zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEnsureKeepsWhatIsComplete(t *testing.T) {
	dir := t.TempDir()
	s := setByName("small")
	ensure := func(rows int64, seed uint64) bool {
		t.Helper()
		_, made, err := s.ensure(context.Background(), dir, rows, seed)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	if !ensure(1000, 1) || ensure(1000, 1) {
		t.Fatal("the first run makes the set, the second keeps it")
	}
	theirs := filepath.Join(s.directory(dir), "notes.csv")
	if err := os.WriteFile(theirs, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if !ensure(300, 1) {
		t.Fatal("fewer rows: made anew")
	}
	if left, _ := filepath.Glob(filepath.Join(s.directory(dir), "small-*")); len(left) != 3 {
		t.Errorf("files of the larger set are left: %v", left)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("a file of the user: %v", err)
	}
	if !ensure(300, 2) {
		t.Error("another seed: made anew")
	}
	if err := os.Truncate(filepath.Join(s.directory(dir), s.fileName(1)), 10); err != nil {
		t.Fatal(err)
	}
	if !ensure(300, 2) {
		t.Error("a file that was cut short: made anew")
	}
	if err := os.Remove(filepath.Join(s.directory(dir), manifestName)); err != nil {
		t.Fatal(err)
	}
	if !ensure(300, 2) {
		t.Error("no manifest: made anew")
	}
}

func TestGenerateStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	s := setByName("h2o")
	if _, _, err := s.ensure(ctx, dir, 1000, 1); err == nil {
		t.Error("a cancelled run made a set")
	}
	if m, err := readManifest(s.directory(dir)); m != nil || err != nil {
		t.Errorf("a cancelled run left a manifest: %v, %v", m, err)
	}
}

func TestFileSpans(t *testing.T) {
	for _, s := range dataSets {
		for _, rows := range []int64{1, 99, 100, 101, 12_345} {
			next := int64(0)
			for i := range s.fileCount(rows) {
				part := s.fileSpan(i, rows)
				if part.first != next || part.count < 0 || part.total != rows {
					t.Fatalf("%s of %d rows: file %d is %+v, expected to start at %d", s.name, rows, i, part, next)
				}
				next += part.count
			}
			if next != rows {
				t.Errorf("%s: %d of %d rows", s.name, next, rows)
			}
		}
	}
}

func TestChooseSets(t *testing.T) {
	names := func(list []string) (chosen []string) {
		sets, err := chooseSets(list)
		if err != nil {
			return []string{err.Error()}
		}
		for _, s := range sets {
			chosen = append(chosen, s.name)
		}
		return chosen
	}
	if got := names(nil); !slices.Equal(got, []string{"h2o", "lineitem", "taxi", "brc", "small", "gzip", "zstd"}) {
		t.Errorf("by default %v", got)
	}
	if got := names([]string{"unique", "h2o"}); !slices.Equal(got, []string{"h2o", "unique"}) {
		t.Errorf("h2o and unique: %v", got)
	}
	if got := names([]string{"taxis"}); !strings.Contains(got[0], `no data set "taxis"`) {
		t.Errorf("a name that is none: %v", got)
	}
}

func TestUniqueKeysAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	text := uniqueTable.rows(nil, newRandom("unique", 1, 0, 0), span{first: 1 << 20, count: 50_000})
	for line := range strings.Lines(string(text)) {
		id, _, _ := strings.Cut(line, ",")
		seen[id] = true
	}
	if len(seen) != 50_000 {
		t.Errorf("%d keys of 50000 rows", len(seen))
	}
}

func TestAppendScaled(t *testing.T) {
	for _, c := range []struct {
		v      int64
		places int
		want   string
	}{{1250, 2, "12.50"}, {5, 2, "0.05"}, {-5, 1, "-0.5"}, {-999, 1, "-99.9"}, {0, 1, "0.0"}, {99_000_001, 6, "99.000001"}} {
		if got := string(appendScaled(nil, c.v, c.places)); got != c.want {
			t.Errorf("appendScaled(%d, %d) = %q, expected %q", c.v, c.places, got, c.want)
		}
	}
	if got := string(appendPadded(nil, 42, 3)) + string(appendPadded(nil, 1000, 3)); got != "0421000" {
		t.Errorf("appendPadded: %q", got)
	}
}

func TestRandomRanges(t *testing.T) {
	r := newRandom("test", 1, 0, 0)
	var skewedSum, bellSum int64
	for range 10_000 {
		if v := r.between(-3, 3); v < -3 || v > 3 {
			t.Fatalf("between: %d", v)
		}
		v := r.skewed(265)
		if v < 0 || v >= 265 {
			t.Fatalf("skewed: %d", v)
		}
		skewedSum += v
		bellSum += r.bell(500, 100)
	}
	if mean := skewedSum / 10_000; mean < 60 || mean > 72 { // 265/4 less rounding down
		t.Errorf("mean of skewed numbers: %d", mean)
	}
	if mean := bellSum / 10_000; mean < 495 || mean > 505 {
		t.Errorf("mean of the bell: %d", mean)
	}
	if newRandom("a", 1, 0, 0).below(1<<40) == newRandom("b", 1, 0, 0).below(1<<40) {
		t.Error("two tables have the same numbers")
	}
}
