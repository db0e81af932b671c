package sinks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/sinks/internal/vfs"
)

var tripSchema = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: sqltype.BigInt, Nullable: true},
	{Name: "zone", Type: sqltype.Varchar, Nullable: true},
	{Name: "text", Type: sqltype.Varchar, Nullable: true},
	{Name: "hour", Type: sqltype.BigInt, Nullable: true},
}, nil)

// trip is a row of tripSchema.
type trip struct {
	n    int64
	zone *string
	text string
	hour int64
}

func trips(rng *rand.Rand, rows, zones int) (list []trip) {
	for i := range rows {
		r := trip{n: int64(i), text: strings.Repeat("t", rng.IntN(20)), hour: rng.Int64N(3)}
		if z := rng.IntN(zones + 1); z < zones {
			// Some have most of the rows.
			z = z * z / zones
			name := fmt.Sprintf("z %d", z)
			r.zone = &name
		}
		list = append(list, r)
	}
	return list
}

func tripBatch(mem memory.Allocator, list []trip) pipeline.Batch {
	b := array.NewRecordBuilder(mem, tripSchema)
	defer b.Release()
	for _, r := range list {
		b.Field(0).(*array.Int64Builder).Append(r.n)
		if r.zone == nil {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.StringBuilder).Append(*r.zone)
		}
		b.Field(2).(*array.StringBuilder).Append(r.text)
		b.Field(3).(*array.Int64Builder).Append(r.hour)
	}
	return pipeline.Batch{Record: b.NewRecord()}
}

// junk fills memory that is handed out and taken back, so that what is not
// written, or used after its release, is seen.
type junk struct{ memory.Allocator }

func (j junk) Allocate(size int) []byte {
	b := j.Allocator.Allocate(size)
	for i := range b {
		b[i] = 0xa5
	}
	return b
}

func (j junk) Free(b []byte) {
	for i := range b {
		b[i] = 0x5a
	}
	j.Allocator.Free(b)
}

// writeTrips writes rows in batches of so many and commits.
func writeTrips(ctx context.Context, o Options, list []trip, batchRows, workers int) (out Output, files []FileOutput, err error) {
	s, err := New(o)
	if err != nil {
		return Output{}, nil, err
	}
	mem := memory.NewCheckedAllocator(junk{memory.DefaultAllocator})
	defer func() {
		if n := mem.CurrentAlloc(); n != 0 {
			err = errors.Join(err, fmt.Errorf("%d bytes of Arrow memory are left", n))
		}
	}()
	tx, err := s.Begin(ctx, &pipeline.Task{Alloc: mem, Workers: workers}, tripSchema)
	if err != nil {
		return Output{}, nil, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	for batch := range slices.Chunk(list, batchRows) {
		if err := tx.Write(ctx, tripBatch(mem, batch)); err != nil {
			return Output{}, nil, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return Output{}, nil, err
	}
	return tx.(*PartitionTx).Output(), tx.(*PartitionTx).Files(), nil
}

// tree returns all files below a directory, by their paths from it.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

// unsyncedFS is fast.
type unsyncedFS struct{ vfs.OS }

type unsyncedFile struct{ vfs.File }

func (unsyncedFile) Sync() error { return nil }

func (unsyncedFS) SyncDir(string) error { return nil }

func (u unsyncedFS) Create(name string) (vfs.File, error) {
	f, err := u.OS.Create(name)
	return unsyncedFile{f}, err
}

func (u unsyncedFS) OpenAppend(name string) (vfs.File, error) {
	f, err := u.OS.OpenAppend(name)
	return unsyncedFile{f}, err
}

// Every partition has its rows, all of them, in input order, whatever the
// workers, the batches and the memory are; and the bytes depend on the memory
// alone.
func TestPartitions(t *testing.T) {
	list := trips(rand.New(rand.NewPCG(1, 1)), 900, 5)
	want := map[string]string{}
	for _, r := range list {
		dir := "zone=__HIVE_DEFAULT_PARTITION__"
		if r.zone != nil {
			dir = "zone=" + strings.ReplaceAll(*r.zone, " ", "%20")
		}
		path := fmt.Sprintf("%s/hour=%d/part-0.csv", dir, r.hour)
		if want[path] == "" {
			want[path] = "n,text\n"
		}
		text := r.text
		if text == "" {
			text = `""`
		}
		want[path] += fmt.Sprintf("%d,%s\n", r.n, text)
	}
	for _, buffer := range []int64{1, 5_000, 0} {
		for _, format := range []string{"csv", "csv.gz", "csv.zst", "jsonl", "parquet", "arrow", "arrows"} {
			var first map[string]string
			for _, workers := range []int{1, 2, 8} {
				batchRows := 17 * workers
				dir := filepath.Join(t.TempDir(), "out."+format)
				o := Options{Path: dir, fs: unsyncedFS{}, Partition: PartitionOptions{By: []string{"zone", "hour"}, BufferBytes: buffer, strideRows: 100}}
				o.Parquet.RowGroupRows = 90
				out, files, err := writeTrips(t.Context(), o, list, batchRows, workers)
				if err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				got := tree(t, dir)
				if first == nil {
					first = got
					checkMarker(t, got, out, files, int64(len(list)))
				}
				for path, content := range got {
					if first[path] != content {
						t.Fatalf("%s, buffer %d: with %d workers and batches of %d rows %s differs", format, buffer, workers, batchRows, path)
					}
				}
				if len(got) != len(want)+1 || len(got) != len(first) {
					t.Fatalf("%s: %d files, want %d and the marker", format, len(got), len(want))
				}
			}
			if format != "csv" && format != "csv.gz" && format != "csv.zst" {
				continue
			}
			for path, content := range want {
				path = strings.TrimSuffix(path, "csv") + format
				r, err := decompressed(strings.NewReader(first[path]), compressionByExtension(format))
				if err != nil {
					t.Fatal(err)
				}
				var text bytes.Buffer
				if _, err := text.ReadFrom(r); err != nil || text.String() != content {
					t.Fatalf("%s, buffer %d: %s is %.60q, want %.60q; %v", format, buffer, path, &text, content, err)
				}
				r.Close()
			}
		}
	}
}

// checkMarker compares the marker and what is told of the output with the files.
func checkMarker(t *testing.T, files map[string]string, out Output, told []FileOutput, rows int64) {
	t.Helper()
	var m marker
	if err := json.Unmarshal([]byte(files[markerName]), &m); err != nil {
		t.Fatal(err)
	}
	var total, sum int64
	for _, f := range m.Files {
		total += f.Bytes
		sum += f.Rows
		w := newTally(&bytes.Buffer{})
		_, _ = w.Write([]byte(files[f.Path]))
		if int64(len(files[f.Path])) != f.Bytes || w.sum() != f.Digest {
			t.Errorf("%s has %d bytes with digest %s, and the marker says %d, %s", f.Path, len(files[f.Path]), w.sum(), f.Bytes, f.Digest)
		}
	}
	if m.Version != markerVersion || len(m.Files) != len(files)-1 || m.Rows != rows || sum != rows || m.Bytes != total || !slices.Equal(m.PartitionBy, []string{"zone", "hour"}) {
		t.Errorf("the marker says %.300s", files[markerName])
	}
	w := newTally(&bytes.Buffer{})
	_, _ = w.Write([]byte(files[markerName]))
	if out.Rows != rows || out.Bytes != total || out.Digest != w.sum() || !slices.Equal(told, m.Files) {
		t.Errorf("the output is told to be %+v", out)
	}
}

// Without rows there is a directory with a marker, and it may be replaced.
func TestNoPartitions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	o := Options{Path: dir + string(filepath.Separator), Overwrite: true, Partition: PartitionOptions{By: []string{"zone"}}}
	for range 2 {
		out, files, err := writeTrips(t.Context(), o, nil, 1, 1)
		if err != nil || out.Rows != 0 || len(files) != 0 || names(t, dir) != markerName || names(t, filepath.Dir(dir)) != "out" {
			t.Fatalf("%+v, %v; the directory holds %s", out, err, names(t, filepath.Dir(dir)))
		}
	}
}

// Values that would be dangerous, or impossible, as names.
func TestHostileValues(t *testing.T) {
	values := []string{"..", ".", "", "/", "../../up", "a/b", `a\b`, "\x00", "\n", "é", "A", "B", "x.", "con", "__HIVE_DEFAULT_PARTITION__", "%41", "z=1", strings.Repeat("w", 240), "~", ".hidden", "_x"}
	var list []trip
	for i := range values {
		list = append(list, trip{n: int64(i), zone: &values[i]})
	}
	list = append(list, trip{n: int64(len(values))})
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	_, files, err := writeTrips(t.Context(), Options{Path: dir, Format: CSV, Partition: PartitionOptions{By: []string{"zone"}}}, list, 100, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(list) || names(t, parent) != "out" {
		t.Errorf("%d files, want %d; beside the output: %s", len(files), len(list), names(t, parent))
	}
	for path, content := range tree(t, dir) {
		if path != markerName && (!strings.HasPrefix(path, "zone=") || strings.Count(path, "/") != 1 || strings.Count(content, "\n") != 2) {
			t.Errorf("%s holds %q", path, content)
		}
	}
	long := strings.Repeat("é", 100)
	_, _, err = writeTrips(t.Context(), Options{Path: dir + "2", Partition: PartitionOptions{By: []string{"zone"}}}, []trip{{zone: &long}}, 1, 1)
	if err == nil || !strings.Contains(err.Error(), "at most 255") {
		t.Errorf("a name of 605 bytes: %v", err)
	}
	if got := names(t, parent); got != "out" {
		t.Errorf("beside the output: %s", got)
	}
}

func TestTooManyPartitions(t *testing.T) {
	parent := t.TempDir()
	o := Options{Path: filepath.Join(parent, "out"), Partition: PartitionOptions{By: []string{"n"}, Max: 20, strideRows: 7}}
	list := trips(rand.New(rand.NewPCG(1, 1)), 21, 2)
	if _, _, err := writeTrips(t.Context(), o, list, 5, 2); err == nil || !strings.Contains(err.Error(), "more than 20 partitions") || !strings.Contains(err.Error(), "--partitions-max") {
		t.Errorf("21 partitions: %v", err)
	}
	if got := names(t, parent); got != "" {
		t.Errorf("left behind: %s", got)
	}
	if _, _, err := writeTrips(t.Context(), o, list[:20], 5, 2); err != nil {
		t.Error(err)
	}
}

// foldingFS takes names that differ by case alone for the same.
type foldingFS struct{ vfs.OS }

func (f foldingFS) Mkdir(name string, mode fs.FileMode) error {
	return f.OS.Mkdir(filepath.Join(filepath.Dir(name), strings.ToLower(filepath.Base(name))), mode)
}

func TestNamesAlike(t *testing.T) {
	parent := t.TempDir()
	a, b := "oslo", "Oslo"
	o := Options{Path: filepath.Join(parent, "out"), fs: foldingFS{}, Partition: PartitionOptions{By: []string{"zone"}}}
	_, _, err := writeTrips(t.Context(), o, []trip{{zone: &a}, {zone: &b}}, 2, 1)
	if err == nil || !strings.Contains(err.Error(), "takes the directory zone=Oslo for the same as zone=oslo") || !strings.Contains(err.Error(), "lower(zone)") {
		t.Errorf("%v", err)
	}
	if got := names(t, parent); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestPartitionMistakes(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "x", 0o666)
	if err := os.Mkdir(filepath.Join(dir, "theirs"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "theirs", "x.txt"), "x", 0o666)
	if err := os.Mkdir(filepath.Join(dir, "damaged"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "damaged", markerName), "{}", 0o666)
	zone := PartitionOptions{By: []string{"zone"}}
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"standard output":  {Options{Path: "-", Stdout: os.Stdout, Partition: zone}, "name one with -o"},
		"a table":          {Options{Path: filepath.Join(dir, "out"), Format: Table, Partition: zone}, "tables are for people"},
		"a file":           {Options{Path: filepath.Join(dir, "file"), Overwrite: true, Partition: zone}, "is a file"},
		"there":            {Options{Path: filepath.Join(dir, "theirs"), Partition: zone}, "exists already; use --overwrite"},
		"theirs":           {Options{Path: filepath.Join(dir, "theirs"), Overwrite: true, Partition: zone}, "was not published by csvloom"},
		"damaged":          {Options{Path: filepath.Join(dir, "damaged"), Overwrite: true, Partition: zone}, "version 0"},
		"no parent":        {Options{Path: filepath.Join(dir, "no", "out"), Partition: zone}, "mkdir -p"},
		"unknown column":   {Options{Path: filepath.Join(dir, "out"), Partition: PartitionOptions{By: []string{"zon"}}}, `no column "zon" in the result, did you mean zone?`},
		"twice":            {Options{Path: filepath.Join(dir, "out"), Partition: PartitionOptions{By: []string{"zone", "zone"}}}, "twice"},
		"nothing left":     {Options{Path: filepath.Join(dir, "out"), Partition: PartitionOptions{By: []string{"n", "zone", "text", "hour"}}}, "no column is left"},
		"compressed twice": {Options{Path: filepath.Join(dir, "out"), Format: Parquet, Compression: Gzip, Partition: zone}, "compressed inside"},
	} {
		_, _, err := writeTrips(t.Context(), test.o, nil, 1, 1)
		var usage *pipeline.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := names(t, dir); got != "damaged file theirs" {
		t.Errorf("the directory holds %s", got)
	}
}
