//go:build unix

package readers

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFIFO(t *testing.T) {
	tree(t, map[string]string{"d/a.csv": "a"})
	for _, name := range []string{"fifo", "d/pipe.csv"} {
		if err := unix.Mkfifo(name, 0o600); err != nil {
			t.Skipf("cannot make a FIFO here: %v", err)
		}
	}
	set := discover(t, Options{}, "fifo", "d", "./fifo")
	if names(set) != "fifo d/a.csv" {
		t.Errorf("inputs: %s", names(set))
	}
	if n := set.Notes(); len(n) != 2 || n[0] != `"d/pipe.csv" is not a regular file; it is passed over (a pipe can be named by itself)` ||
		n[1] != `"./fifo" is the same file as "fifo"; it is read once` {
		t.Errorf("notes: %q", n)
	}
	globbed := discover(t, Options{}, "d/**/*.csv")
	if n := globbed.Notes(); names(globbed) != "d/a.csv" || len(n) != 1 {
		t.Errorf("glob: %s, notes %q", names(globbed), n)
	}
	want := strings.Repeat("row\n", 100_000)
	go func() {
		time.Sleep(50 * time.Millisecond) // the reader is there before the writer
		if err := os.WriteFile("fifo", []byte(want), 0); err != nil {
			t.Error(err)
		}
	}()
	for range 2 {
		if got := mustContent(t, set.Inputs()[0]); got != want {
			t.Errorf("%d bytes", len(got))
		}
	}

	set = discover(t, Options{}, "fifo")
	time.AfterFunc(20*time.Millisecond, func() { _ = set.Close() })
	if _, err := set.Inputs()[0].Open(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a FIFO that nobody writes to: %v", err)
	}
}

func TestDevicesAndSockets(t *testing.T) {
	dir := tree(t, nil)
	set := discover(t, Options{}, os.DevNull)
	if got := mustContent(t, set.Inputs()[0]); got != "" {
		t.Errorf("got %q", got)
	}
	l, err := net.Listen("unix", dir+"/s")
	if err != nil {
		t.Skipf("cannot make a socket here: %v", err)
	}
	defer l.Close()
	_, err = Discover(t.Context(), []string{"s"}, Options{})
	if err == nil || err.Error() != `cannot open "s": neither a file, a directory nor a pipe` {
		t.Errorf("got %v", err)
	}
}
