package readers

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func TestStdin(t *testing.T) {
	plain := text()
	set := discover(t, Options{Stdin: strings.NewReader(string(gzipped(t, plain, "")))}, "-")
	in := set.Inputs()[0]
	if in.Name != "-" || in.SizeHint() != -1 {
		t.Errorf("%q of %d bytes", in.Name, in.SizeHint())
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := content(t.Context(), in); got != string(plain) || err != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}

// A pipe can be read from its start again while it is still growing.
func TestStdinIsFollowed(t *testing.T) {
	r, w := io.Pipe()
	set := discover(t, Options{Stdin: r}, "-")
	in := set.Inputs()[0]
	first := strings.Repeat("first,", 10)
	go func() { _, _ = io.WriteString(w, first) }()
	for range 3 {
		s, err := in.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, len(first))
		if _, err := io.ReadFull(s, buf); err != nil || string(buf) != first {
			t.Errorf("%q, %v", buf, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	go func() {
		_, _ = io.WriteString(w, "second")
		_ = w.Close()
	}()
	for range 2 {
		if got := mustContent(t, in); got != first+"second" {
			t.Errorf("got %q", got)
		}
	}
}

func TestStdinFails(t *testing.T) {
	fault := errors.New("the producer broke")
	r := io.MultiReader(strings.NewReader(strings.Repeat("x", 100)), iotest.ErrReader(fault))
	set := discover(t, Options{Stdin: r}, "-")
	for range 2 {
		got, err := content(t.Context(), set.Inputs()[0])
		if len(got) != 0 && len(got) != 100 || !errors.Is(err, fault) || err.Error() != `cannot read "-": the producer broke` {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	set = discover(t, Options{Stdin: strings.NewReader(strings.Repeat("x", 1000)), Limits: Limits{SpoolBytes: 100}}, "-")
	if _, err := content(t.Context(), set.Inputs()[0]); err == nil ||
		err.Error() != `cannot read "-": cannot keep the data in a temporary file: the limit of 100 bytes for all such data is reached` {
		t.Errorf("got %v", err)
	}
}

func TestStdinRegularFile(t *testing.T) {
	dir := tree(t, map[string]string{"in": "skipped,rest of the file"})
	f, err := os.Open("in")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(8, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	set := discover(t, Options{Stdin: f, TempDir: filepath.Join(dir, "none")}, "-") // nothing is kept
	in := set.Inputs()[0]
	if n := in.SizeHint(); n != 16 {
		t.Errorf("size %d", n)
	}
	for range 2 {
		if got := mustContent(t, in); got != "rest of the file" {
			t.Errorf("got %q", got)
		}
	}
	if _, _, ok := in.Plain(); ok {
		t.Error("it has no path")
	}
}

// Close must not wait for a producer that says nothing, and what has been
// opened must end.
func TestStdinCancelled(t *testing.T) {
	osReader, osWriter, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer osWriter.Close()
	defer osReader.Close()
	ioReader, ioWriter := io.Pipe()
	defer ioWriter.Close()
	for name, stdin := range map[string]io.Reader{"os.Pipe": osReader, "io.Pipe": ioReader} {
		set := discover(t, Options{Stdin: stdin}, "-")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := set.Inputs()[0].Open(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: opened: %v", name, err)
		}
		time.AfterFunc(20*time.Millisecond, func() { _ = set.Close() })
		start := time.Now()
		if _, err := set.Inputs()[0].Open(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: closed: %v", name, err)
		}
		if err := set.Close(); err != nil || time.Since(start) > time.Second {
			t.Errorf("%s: Close took %v: %v", name, time.Since(start), err)
		}
	}
	// What was not wanted is still there for others.
	go func() { _, _ = osWriter.WriteString("x") }()
	if _, err := io.ReadFull(osReader, make([]byte, 1)); err != nil {
		t.Errorf("standard input was closed: %v", err)
	}
}

func TestStdinNeverOpened(t *testing.T) {
	r, w := io.Pipe()
	set := discover(t, Options{Stdin: r}, "-")
	if err := set.Close(); err != nil {
		t.Error(err)
	}
	if _, err := set.Inputs()[0].Open(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("opened after Close: %v", err)
	}
	_ = w.Close()
}
