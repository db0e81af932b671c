package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run that has to start over because of a type does not print its rows twice: what
// went to standard output cannot be taken back.
func TestNoRowIsPrintedTwice(t *testing.T) {
	const rows = 200_000
	var text strings.Builder
	text.WriteString("id,v\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%d\n", i, i%7)
	}
	text.WriteString("last,12.5\n")
	in := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(in, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, workers := range []string{"1", "2", "8"} {
		code, stdout, stderr := inProcess(t, "run", in, "-o", "-", "--workers", workers, "--block-bytes", "4096")
		switch {
		case code == 0 && strings.Count(stdout, "\n") == rows+2:
		case code == exitFailed && strings.HasPrefix(text.String(), stdout) && strings.Contains(stderr, "standard output: rows were written before a column turned out to be of another type"):
			refused++
		default:
			t.Errorf("%s workers: exit %d, %d lines: %s", workers, code, strings.Count(stdout, "\n"), stderr)
		}
	}
	if refused == 0 {
		t.Error("no run had written anything when it had to start over")
	}
	if code, stdout, stderr := inProcess(t, "run", in, "-o", "-", "--infer", "full", "-q"); code != 0 || strings.Count(stdout, "\n") != rows+2 {
		t.Errorf("--infer full: exit %d, %d lines: %s", code, strings.Count(stdout, "\n"), stderr)
	}
}
