package sinks

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/sinks/internal/vfs"
	"csvloom/sinks/internal/vfs/errorfs"
)

// fewTrips are rows of two partitions.
func fewTrips(seed uint64) []trip { return trips(rand.New(rand.NewPCG(2, seed)), 60, 1) }

// partitionOptions write every row group of a few rows at once, so that files
// are opened more than once.
func partitionOptions(path string, fsys vfs.FS) Options {
	return Options{Path: path, Overwrite: true, fs: fsys, Partition: PartitionOptions{By: []string{"zone"}, BufferBytes: 1, strideRows: 30}}
}

// publishTrips publishes rows and returns what the directory then holds.
func publishTrips(t *testing.T, path string, seed uint64) map[string]string {
	t.Helper()
	if _, _, err := writeTrips(t.Context(), partitionOptions(path, unsyncedFS{}), fewTrips(seed), 20, 2); err != nil {
		t.Fatal(err)
	}
	return tree(t, path)
}

// withoutExchange renames the old directory away, as systems without a call to
// exchange names make necessary.
type withoutExchange struct{ vfs.FS }

func (withoutExchange) Exchange(string, string) error { return errors.ErrUnsupported }

// Whichever one operation fails, the target is the old directory or the new
// one, the new one if there was no error, and nothing is left beside it unless
// removing it is what failed.
func TestPartitionEveryOperationFails(t *testing.T) {
	old := publishTrips(t, filepath.Join(t.TempDir(), "out"), 1)
	want := publishTrips(t, filepath.Join(t.TempDir(), "out"), 2)
	for _, exchange := range []bool{true, false} {
		for _, there := range []bool{false, true} {
			if !exchange && !there {
				continue // nothing to exchange
			}
			for n := 0; ; n++ {
				parent := t.TempDir()
				path := filepath.Join(parent, "out")
				before := map[string]string{}
				if there {
					publishTrips(t, path, 1)
					before = old
				}
				var mu sync.Mutex
				var failed errorfs.Op
				faulty := &errorfs.FS{FS: unsyncedFS{}, ShortWrites: n%2 == 0, Fail: func(i int, op errorfs.Op, _ string) error {
					mu.Lock()
					defer mu.Unlock()
					if i != n {
						return nil
					}
					failed = op
					return errInjected
				}}
				var fsys vfs.FS = faulty
				if !exchange {
					fsys = withoutExchange{faulty}
				}
				_, _, err := writeTrips(t.Context(), partitionOptions(path, fsys), fewTrips(2), 20, 2)
				if failed == "" {
					if err != nil {
						t.Fatal(err)
					}
					if n < 40 {
						t.Fatalf("a run of %d operations tests too little: %v", n, faulty.Ops())
					}
					break
				}
				where := fmt.Sprintf("exchange=%t, there=%t, operation %d (%s) fails: %v", exchange, there, n, failed, err)
				got := tree(t, path)
				switch {
				case err == nil && !maps.Equal(got, want):
					t.Errorf("%s: no error, yet the directory is not the new one", where)
				case err != nil && maps.Equal(got, want) && failed != errorfs.SyncDir:
					t.Errorf("%s: the new directory is in place in spite of the error", where)
				case err != nil && !maps.Equal(got, want) && !maps.Equal(got, before):
					t.Errorf("%s: the directory holds %d files", where, len(got))
				}
				if err != nil && (!errors.Is(err, errInjected) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".tmp")) {
					t.Errorf("%s: the error does not name cause and target alone", where)
				}
				if temps := leftBehind(t, parent); len(temps) > 0 && failed != errorfs.RemoveAll && failed != errorfs.SyncDir {
					t.Errorf("%s: %v is left", where, temps)
				}
			}
		}
	}
}

// A crash is an operation after which every other fails. The target is the old
// directory or the new one, or under its other name, which the next run mends;
// and the next run leaves nothing else.
func TestPartitionCrashes(t *testing.T) {
	old := publishTrips(t, filepath.Join(t.TempDir(), "out"), 1)
	want := publishTrips(t, filepath.Join(t.TempDir(), "out"), 2)
	for _, exchange := range []bool{true, false} {
		mended := 0
		for n := 0; ; n++ {
			parent := t.TempDir()
			path := filepath.Join(parent, "out")
			publishTrips(t, path, 1)
			var mu sync.Mutex
			crashed := false
			var fsys vfs.FS = &errorfs.FS{FS: unsyncedFS{}, ShortWrites: true, Fail: func(i int, _ errorfs.Op, _ string) error {
				mu.Lock()
				defer mu.Unlock()
				if i < n {
					return nil
				}
				crashed = true
				return errInjected
			}}
			if !exchange {
				fsys = withoutExchange{fsys}
			}
			_, _, _ = writeTrips(t.Context(), partitionOptions(path, fsys), fewTrips(2), 20, 2)
			got := tree(t, path)
			if len(got) == 0 && !exchange {
				// Between the two renames. A run that begins, and no more, mends it.
				s, err := New(partitionOptions(path, unsyncedFS{}))
				if err != nil {
					t.Fatal(err)
				}
				tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, tripSchema)
				if err != nil {
					t.Fatal(err)
				}
				if err := tx.Rollback(); err != nil {
					t.Fatal(err)
				}
				got = tree(t, path)
				mended++
			}
			if !maps.Equal(got, old) && !maps.Equal(got, want) {
				t.Errorf("crashed at operation %d: the directory holds %d files", n, len(got))
			}
			after := publishTrips(t, path, 2)
			if got := names(t, parent); got != "out" || !maps.Equal(after, want) {
				t.Errorf("after a crash at operation %d and another run: %s", n, got)
			}
			if !crashed {
				break
			}
		}
		if !exchange && mended == 0 {
			t.Error("no crash came between the two renames")
		}
	}
}

// What somebody put into the directory keeps it from being replaced, before the
// run and at its end.
func TestForeignFiles(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "out")
	old := publishTrips(t, path, 1)
	s, err := New(partitionOptions(path, unsyncedFS{}))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, tripSchema)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("zone=z%200", "notes.txt")
	put(t, filepath.Join(path, name), "theirs", 0o666)
	for _, err := range []error{tx.Commit(t.Context()), func() error { _, err := New(partitionOptions(path, unsyncedFS{})); return err }()} {
		var usage *pipeline.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), filepath.ToSlash(name)) {
			t.Errorf("with a file of somebody's: %v", err)
		}
	}
	if contents(t, filepath.Join(path, name)) != "theirs" || len(tree(t, path)) != len(old)+1 || names(t, parent) != "out" {
		t.Errorf("the directory was touched; beside it: %s", names(t, parent))
	}
}

// Hidden directories of runs that go on are left alone, and a directory that
// comes to exist is not lost.
func TestPartitionSweep(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "out")
	o := partitionOptions(path, unsyncedFS{})
	o.Overwrite = false
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, tripSchema)
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(parent, ".out.csvloom-0123456789abcdef.dir.tmp")
	for _, dir := range []string{stale, filepath.Join(parent, ".out.csvloom-ffffffffffffffff.dir.tmp", "zone=1"), filepath.Join(parent, ".out.csvloom-0123.dir.tmp")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(stale, markerName), "", 0o600)
	put(t, filepath.Join(stale, "x"), "", 0o600)
	first := publishTrips(t, path, 1)
	if got := names(t, parent); strings.Count(got, ".dir.tmp") != 2 || !strings.Contains(got, ".out.csvloom-0123.dir.tmp") {
		t.Errorf("the directory holds %s", got)
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "--overwrite") {
		t.Errorf("Commit = %v", err)
	}
	if !maps.Equal(tree(t, path), first) {
		t.Error("the directory that appeared was lost")
	}
}

// Modes, links and names of targets.
func TestPartitionTargets(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits, and links need a privilege")
	}
	parent := t.TempDir()
	path := filepath.Join(parent, "out")
	publishTrips(t, path, 1)
	check := func(dir, file fs.FileMode) {
		t.Helper()
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != dir {
			t.Errorf("the directory has mode %v, want %v; %v", info.Mode(), dir, err)
		}
		for name := range tree(t, path) {
			if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode() != file {
				t.Errorf("%s has mode %v, want %v; %v", name, info.Mode(), file, err)
			}
		}
	}
	check(0o777&^vfs.Umask(), 0o666&^vfs.Umask())
	if err := os.Chmod(path, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("out", filepath.Join(parent, "link")); err != nil {
		t.Fatal(err)
	}
	publishTrips(t, filepath.Join(parent, "link"), 2)
	check(0o750, 0o666&^vfs.Umask())
	if info, err := os.Lstat(filepath.Join(parent, "link")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v", err)
	}
	if err := os.Mkdir(filepath.Join(parent, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	publishTrips(t, filepath.Join(parent, "empty"), 2)
	publishTrips(t, filepath.Join(parent, strings.Repeat("é", 127)), 2)
}

func TestPartitionDiskFull(t *testing.T) {
	for _, format := range []Format{Parquet, ArrowFile, CSV} {
		parent := t.TempDir()
		path := filepath.Join(parent, "out")
		old := publishTrips(t, path, 1)
		full := &errorfs.FS{FS: unsyncedFS{}, ShortWrites: true, Fail: func(_ int, op errorfs.Op, _ string) error {
			if op == errorfs.Write {
				return syscall.ENOSPC
			}
			return nil
		}}
		o := partitionOptions(path, full)
		o.Format = format
		_, _, err := writeTrips(t.Context(), o, fewTrips(2), 20, 2)
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), "free some space") || !strings.Contains(err.Error(), "the previous directory is left as it was") {
			t.Errorf("%s: %v", format, err)
		}
		if !maps.Equal(tree(t, path), old) || names(t, parent) != "out" {
			t.Errorf("%s: the directory holds %s", format, names(t, parent))
		}
	}
}
