package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// csvloomCommand runs this test binary as csvloom; see TestMain.
func csvloomCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "csvloom")
	if err := os.Symlink(exe, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	cmd := exec.Command(link, args...)
	cmd.Dir = dir
	return cmd
}

// TestKill is promise 3: a run that is killed at any moment leaves the target as
// it was or as it should be, complete; and the next run clears up.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs SIGKILL")
	}
	dir := t.TempDir()
	for _, version := range []string{"old", "new"} {
		var text bytes.Buffer
		text.WriteString("n,version,text\n")
		for i := range 40_000 {
			fmt.Fprintf(&text, "%d,%s,%x\n", i, version, rand.Uint64())
		}
		if err := os.WriteFile(filepath.Join(dir, version+".csv"), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	digest := func() string {
		data, err := os.ReadFile(filepath.Join(dir, "out.parquet"))
		if err != nil {
			t.Fatalf("the target is gone: %v", err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(data))
	}
	write := func(version string) (string, time.Duration) {
		start := time.Now()
		cmd := csvloomCommand(t, dir, "run", version+".csv", "--sort", "text", "-q", "-o", "out.parquet", "--overwrite")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return digest(), time.Since(start)
	}
	complete := map[string]string{}
	newDigest, took := write("new")
	complete[newDigest] = "new"
	oldDigest, _ := write("old")
	complete[oldDigest] = "old"

	seen := map[string]int{}
	killed := 0
	window := took // in which the kill comes, kept such that most runs have not ended
	for range 3 * killRuns {
		if killed == killRuns {
			break
		}
		cmd := csvloomCommand(t, dir, "run", "new.csv", "--sort", "text", "-q", "-o", "out.parquet", "--overwrite")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(window))))
		_ = cmd.Process.Kill() // it may have ended
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == -1 {
			killed++
			window += window / 20
		} else if err != nil {
			t.Fatal(err)
		} else {
			window -= window / 5 // the machine has become faster than it was
		}
		got := complete[digest()]
		if got == "" {
			t.Fatal("after a kill the target is neither the old nor the new file")
		}
		if seen[got]++; got == "new" {
			if d, _ := write("old"); d != oldDigest {
				t.Fatal("the same input gave other bytes")
			}
		}
	}
	t.Logf("%d runs were killed; the target was then old %d times, new %d times", killed, seen["old"], seen["new"])
	if killed < killRuns {
		t.Errorf("only %d of %d runs were killed before they ended", killed, 3*killRuns)
	}
	write("new")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind by a killed run and not removed by the next", e.Name())
		}
	}
}
