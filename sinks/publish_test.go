package sinks

import (
	"errors"
	"fmt"
	"io/fs"
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

func TestOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	put(t, path, "old", 0o640)
	if _, err := run(t.Context(), Options{Path: path}, 1); err == nil || contents(t, path) != "old" {
		t.Fatalf("without Overwrite: %v", err)
	}
	if _, err := run(t.Context(), Options{Path: path, Overwrite: true}, 3); err != nil {
		t.Fatal(err)
	}
	if contents(t, path) != csvText(3) {
		t.Error("the file was not replaced")
	}
	if got := names(t, filepath.Dir(path)); got != "out.csv" {
		t.Errorf("the directory holds %s", got)
	}
}

// A target that comes to exist during the run is not lost.
func TestTargetAppears(t *testing.T) {
	for _, supported := range []bool{true, false} { // by renameat2, by link
		path := filepath.Join(t.TempDir(), "out.csv")
		s, err := New(Options{Path: path, fs: noReplaceFS{supported: supported}})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Write(t.Context(), batch(memory.DefaultAllocator, 0, 3)); err != nil {
			t.Fatal(err)
		}
		put(t, path, "theirs", 0o666)
		if err := tx.Commit(t.Context()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "--overwrite") {
			t.Errorf("Commit = %v", err)
		}
		if contents(t, path) != "theirs" {
			t.Error("the file that appeared was lost")
		}
		if got := names(t, filepath.Dir(path)); got != "out.csv" {
			t.Errorf("the directory holds %s", got)
		}
	}
}

// noReplaceFS renames without a system call for it where that is asked for.
type noReplaceFS struct {
	vfs.OS
	supported bool
}

func (n noReplaceFS) RenameNoReplace(oldname, newname string) error {
	if n.supported {
		return vfs.OS{}.RenameNoReplace(oldname, newname)
	}
	return vfs.LinkNoReplace(oldname, newname)
}

func TestLinkNoReplacePublishes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	if _, err := run(t.Context(), Options{Path: path, fs: noReplaceFS{}}, 3); err != nil {
		t.Fatal(err)
	}
	if contents(t, path) != csvText(3) || names(t, filepath.Dir(path)) != "out.csv" {
		t.Errorf("the directory holds %s", names(t, filepath.Dir(path)))
	}
}

// While it is written, an output is hidden and for its owner only; then it has
// the mode of the file that it replaces, or what the umask leaves.
func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	for _, test := range []struct{ old, want fs.FileMode }{
		{0, 0o666 &^ vfs.Umask()}, {0o600, 0o600}, {0o664, 0o664}, {0o444, 0o444}, {0o755, 0o755}, {0o200, 0o200},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "out.csv")
		if test.old != 0 {
			put(t, path, "old", test.old)
		}
		s, err := New(Options{Path: path, Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, schema)
		if err != nil {
			t.Fatal(err)
		}
		temps, err := filepath.Glob(filepath.Join(dir, ".out.csv.csvloom-*.tmp"))
		if err != nil || len(temps) != 1 {
			t.Fatalf("temporary files %v, %v", temps, err)
		}
		if info, err := os.Stat(temps[0]); err != nil || info.Mode() != vfs.CreateMode {
			t.Errorf("the temporary file is %v, %v", info.Mode(), err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != test.want {
			t.Errorf("a file of mode %v became %v, want %v; %v", test.old, info.Mode(), test.want, err)
		}
	}
}

// A link stays a link; what it leads to is replaced, or made.
func TestSymlinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making symbolic links needs a privilege on Windows")
	}
	dir := t.TempDir()
	for _, d := range []string{"data", "deep", "deep/er"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(dir, "data", "there.csv"), "old", 0o666)
	links := map[string]string{
		"to-file.csv":     filepath.Join("data", "there.csv"),
		"to-nothing.csv":  filepath.Join("data", "new.csv"),
		"absolute.csv":    filepath.Join(dir, "data", "absolute.csv"),
		"twice.csv":       "to-twice",
		"to-twice":        filepath.Join("data", "twice.csv"),
		"loop.csv":        "loop.csv",
		"nowhere.csv":     filepath.Join("no", "such", "file.csv"),
		"dirlink":         filepath.Join("deep", "er"),
		"deep/er/dot.csv": filepath.Join("..", "up.csv"),
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range map[string]string{
		"to-file.csv": "data/there.csv", "to-nothing.csv": "data/new.csv", "absolute.csv": "data/absolute.csv",
		"twice.csv": "data/twice.csv", "dirlink/dot.csv": "deep/up.csv",
	} {
		if _, err := run(t.Context(), Options{Path: filepath.Join(dir, name), Overwrite: true}, 3); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more, %v", name, err)
		}
		if info, err := os.Lstat(filepath.Join(dir, file)); err != nil || !info.Mode().IsRegular() || contents(t, filepath.Join(dir, file)) != csvText(3) {
			t.Errorf("%s: %s was not written, %v", name, file, err)
		}
	}
	for name, want := range map[string]string{"loop.csv": "too many levels", "nowhere.csv": "there is no directory"} {
		var usage *pipeline.UsageError
		if _, err := New(Options{Path: filepath.Join(dir, name)}); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Options{Path: filepath.Join(dir, "to-file.csv")}); err == nil {
		t.Error("a link to an existing file counts as free")
	}
}

// What crashed runs left is removed by the next run to the same target, and
// nothing else is: not the files of runs that go on, not those of other
// targets, nothing that only looks alike.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	stale := []string{".out.csv.csvloom-0123456789abcdef.tmp", ".out.csv.csvloom-ffffffffffffffff.tmp"}
	others := []string{".out.csv.csvloom-0123.tmp", ".out.csv.csvloom-0123456789abcdef.bak", ".out.csvx.csvloom-0123456789abcdef.tmp", ".x.csv.csvloom-0123456789abcdef.tmp"}
	for _, name := range append(stale, others...) {
		put(t, filepath.Join(dir, name), "left", 0o600)
	}
	if err := os.Mkdir(filepath.Join(dir, ".out.csv.csvloom-dddddddddddddddd.tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Symlink("elsewhere", filepath.Join(dir, ".out.csv.csvloom-1111111111111111.tmp")); err != nil {
			t.Fatal(err)
		}
		others = append(others, ".out.csv.csvloom-1111111111111111.tmp")
	}
	others = append(others, ".out.csv.csvloom-dddddddddddddddd.tmp")

	// A run that goes on while two others come and go.
	s, err := New(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Write(t.Context(), batch(memory.DefaultAllocator, 0, 5)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := run(t.Context(), Options{Path: path, Overwrite: true}, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if contents(t, path) != csvText(5) {
		t.Error("the run that went on lost its output")
	}
	for _, name := range others {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	for _, name := range stale {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// Runs to the same target at the same time sweep around each other; each
// publishes a whole file.
func TestConcurrentRuns(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 15 {
				if _, err := run(t.Context(), Options{Path: path, Overwrite: true}, 10*(i+1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := contents(t, path)
	if got != csvText(10) && got != csvText(20) && got != csvText(30) && got != csvText(40) {
		t.Errorf("the file is no run's: %q", got)
	}
	if got := names(t, dir); got != "out.csv" {
		t.Errorf("the directory holds %s", got)
	}
}

// A file name may be as long as the file system allows, which leaves no room
// for a longer temporary one.
func TestLongName(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []int{200, 221, 222, 223, 240, 251} {
		name := strings.Repeat("é", n/2) + strings.Repeat("x", n%2) + ".csv"
		if _, err := run(t.Context(), Options{Path: filepath.Join(dir, name)}, 3); err != nil {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
	}
	if a, b := tempPrefix(strings.Repeat("x", 250)+"a"), tempPrefix(strings.Repeat("x", 250)+"b"); a == b {
		t.Error("two long names share their temporary names")
	}
}

var errInjected = errors.New("injected fault")

// Whichever one operation fails, the target is the old file or the new one,
// there was an error if it is the old one, and no temporary file is left
// unless removing it is what failed.
func TestEveryOperationFails(t *testing.T) {
	for _, name := range []string{"out.parquet", "out.arrow", "out.arrows", "out.csv", "out.jsonl.gz", "out.csv.zst"} {
		for _, overwrite := range []bool{false, true} {
			want := published(t, name)
			for n := 0; ; n++ {
				dir := t.TempDir()
				path := filepath.Join(dir, name)
				if overwrite {
					put(t, path, "old", 0o666)
				}
				var failed errorfs.Op
				faulty := &errorfs.FS{FS: vfs.OS{}, ShortWrites: n%2 == 0, Fail: func(i int, op errorfs.Op, _ string) error {
					if i != n {
						return nil
					}
					failed = op
					return errInjected
				}}
				_, err := run(t.Context(), Options{Path: path, Overwrite: overwrite, fs: faulty}, 300)
				if failed == "" {
					if err != nil {
						t.Fatal(err)
					}
					if n < 15 {
						t.Fatalf("a run of %d operations tests too little: %v", n, faulty.Ops())
					}
					break
				}
				where := fmt.Sprintf("%s, overwrite=%t, operation %d (%s) fails: %v", name, overwrite, n, failed, err)
				ops := faulty.Ops()
				harmless := failed == errorfs.Glob || // nothing to sweep
					failed == errorfs.Close && ops[n-1] == errorfs.Rename || failed == errorfs.Close && ops[n-1] == errorfs.RenameNoReplace // the reader's, at the end
				switch state := stateOf(t, path); {
				case (err == nil) != harmless:
					t.Errorf("%s", where)
				case err == nil && state != want:
					t.Errorf("%s: no error, yet the file is %.40q", where, state)
				case err != nil && state != want && overwrite && state != "old":
					t.Errorf("%s: the file is %.40q", where, state)
				case err != nil && state != want && !overwrite && state != "":
					t.Errorf("%s: the file is %.40q", where, state)
				case err != nil && state == want && failed != errorfs.SyncDir:
					t.Errorf("%s: the new file is in place in spite of the error", where)
				}
				if err != nil && (!errors.Is(err, errInjected) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".tmp") && failed != errorfs.Remove) {
					t.Errorf("%s: the error does not name cause and target alone", where)
				}
				if temps := leftBehind(t, dir); len(temps) > 0 && failed != errorfs.Remove {
					t.Errorf("%s: %v is left", where, temps)
				}
			}
		}
	}
}

// A crash is an operation after which every other fails. The target is the old
// file or the new one, and the next run leaves nothing else.
func TestCrashes(t *testing.T) {
	for _, name := range []string{"out.parquet", "out.csv"} {
		want := published(t, name)
		for n := 0; ; n++ {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			put(t, path, "old", 0o666)
			crashed := false
			faulty := &errorfs.FS{FS: vfs.OS{}, ShortWrites: true, Fail: func(i int, _ errorfs.Op, _ string) error {
				if i < n {
					return nil
				}
				crashed = true
				return errInjected
			}}
			_, _ = run(t.Context(), Options{Path: path, Overwrite: true, fs: faulty}, 300)
			if state := stateOf(t, path); state != "old" && state != want {
				t.Errorf("%s: crashed at operation %d: the file is %.40q", name, n, state)
			}
			if temps := leftBehind(t, dir); len(temps) > 1 {
				t.Errorf("%s: crashed at operation %d: %v are left", name, n, temps)
			}
			if _, err := run(t.Context(), Options{Path: path, Overwrite: true}, 300); err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); got != name || stateOf(t, path) != want {
				t.Errorf("%s: after a crash at operation %d and another run, the directory holds %s", name, n, got)
			}
			if !crashed {
				break
			}
		}
	}
}

// published returns what 300 rows are in the format.
func published(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if _, err := run(t.Context(), Options{Path: path}, 300); err != nil {
		t.Fatal(err)
	}
	return contents(t, path)
}

func stateOf(t *testing.T, path string) string {
	t.Helper()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return contents(t, path)
}

func leftBehind(t *testing.T, dir string) []string {
	t.Helper()
	temps, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	return temps
}

// A full disk is told by its name and the file's, and the old file stays.
func TestDiskFull(t *testing.T) {
	for _, name := range []string{"out.parquet", "out.arrow", "out.arrows", "out.csv", "out.jsonl", "out.csv.gz"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		put(t, path, "old", 0o666)
		full := &errorfs.FS{FS: vfs.OS{}, ShortWrites: true, Fail: func(_ int, op errorfs.Op, _ string) error {
			if op == errorfs.Write {
				return syscall.ENOSPC
			}
			return nil
		}}
		_, err := run(t.Context(), Options{Path: path, Overwrite: true, fs: full}, 5000)
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), path+": cannot write: ") || !strings.Contains(err.Error(), "free some space") || !strings.Contains(err.Error(), "the previous file is left as it was") {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, dir); got != name || contents(t, path) != "old" {
			t.Errorf("%s: the directory holds %s", name, got)
		}
	}
}

// lyingFS loses the end of every write and says nothing, as a broken disk.
type lyingFS struct{ vfs.OS }

type lyingFile struct{ vfs.File }

func (l lyingFS) Create(name string) (vfs.File, error) {
	f, err := l.OS.Create(name)
	return lyingFile{f}, err
}

func (l lyingFile) Write(p []byte) (int, error) {
	_, err := l.File.Write(p[:len(p)-1])
	return len(p), err
}

func TestLostBytes(t *testing.T) {
	for _, name := range fileNames {
		dir := t.TempDir()
		_, err := run(t.Context(), Options{Path: filepath.Join(dir, name), fs: lyingFS{}}, 10)
		if err == nil || !strings.Contains(err.Error(), "the file system lost data") {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, dir); got != "" {
			t.Errorf("%s: the directory holds %s", name, got)
		}
	}
}

// zeroingFS stores zeros instead of what was written, as file systems do after
// a power cut.
type zeroingFS struct{ vfs.OS }

type zeroingFile struct{ vfs.File }

func (z zeroingFS) Create(name string) (vfs.File, error) {
	f, err := z.OS.Create(name)
	return zeroingFile{f}, err
}

func (z zeroingFile) Write(p []byte) (int, error) { return z.File.Write(make([]byte, len(p))) }

func TestReadBackFails(t *testing.T) {
	for _, name := range fileNames {
		dir := t.TempDir()
		_, err := run(t.Context(), Options{Path: filepath.Join(dir, name), fs: zeroingFS{}}, 10)
		if err == nil || !strings.Contains(err.Error(), "read") {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, dir); got != "" {
			t.Errorf("%s: the directory holds %s", name, got)
		}
	}
}
