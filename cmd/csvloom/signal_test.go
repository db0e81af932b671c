package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals: Ctrl-C and SIGTERM stop a run cleanly: its own exit code, the old
// output, nothing left behind.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs signals")
	}
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: exitInterrupted, syscall.SIGTERM: exitTerminated} {
		dir := t.TempDir()
		out := filepath.Join(dir, "out.csv")
		if err := os.WriteFile(out, []byte("old\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := csvloomCommand(t, dir, "run", "-", "-o", "out.csv", "--overwrite")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(stdin, "n\n"+strings.Repeat("1\n", 100_000)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // it waits for more
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != want {
			t.Errorf("%v: %v, want exit code %d; %s", signal, err, want, &stderr)
		}
		if got, _ := os.ReadFile(out); string(got) != "old\n" {
			t.Errorf("%v: the output is %q", signal, got)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%v: left behind: %v", signal, entries)
		}
		if !strings.Contains(stderr.String(), "stopped by a signal") || strings.Contains(stderr.String(), "goroutine") {
			t.Errorf("%v: said %q", signal, &stderr)
		}
	}
}

// TestReaderGoesAway: when the reader of a pipe has seen enough, that is no
// failure.
func TestReaderGoesAway(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs SIGPIPE")
	}
	input := writeFile(t, "in.csv", "n\n"+strings.Repeat("123456789\n", 200_000))
	cmd := csvloomCommand(t, t.TempDir(), "run", "-q", input, "-o", "-")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 12)
	if _, err := io.ReadFull(stdout, line); err != nil || string(line) != "n\n123456789\n" {
		t.Fatalf("%q, %v", line, err)
	}
	stdout.Close()
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, %s", err, &stderr)
	}
}
