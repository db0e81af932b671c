package sinks

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// `csvloom … | head`: the reader of a pipe goes away, and that is no error.
func TestReaderOfStdoutGoesAway(t *testing.T) {
	for _, format := range []Format{Parquet, ArrowFile, ArrowStream, CSV, JSONLines, Table} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		out, err := run(t.Context(), Options{Format: format, Stdout: w}, 50_000)
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if out.Bytes != 0 {
			t.Errorf("%s: %d bytes into a pipe that nobody reads", format, out.Bytes)
		}
		w.Close()
	}
}

func TestWriteReturnsErrStop(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	s, err := New(Options{Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 1}, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Write(t.Context(), batch(memory.DefaultAllocator, 0, 50_000)); !errors.Is(err, pipeline.ErrStop) {
		t.Errorf("Write = %v", err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Errorf("Commit = %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("Rollback = %v", err)
	}
}

type brokenWriter struct{ left int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("the cable is cut")
	}
	return len(p), nil
}

// Any other failure of standard output is one, wherever it happens.
func TestStdoutFails(t *testing.T) {
	for _, format := range []Format{Parquet, ArrowFile, ArrowStream, CSV, JSONLines, Table} {
		var whole bytes.Buffer
		if _, err := run(t.Context(), Options{Format: format, Stdout: &whole}, 1000); err != nil {
			t.Fatal(err)
		}
		for _, left := range []int{0, whole.Len() / 2, whole.Len() - 1} {
			_, err := run(t.Context(), Options{Format: format, Stdout: &brokenWriter{left}}, 1000)
			if err == nil || err.Error() != "standard output: cannot write: the cable is cut" {
				t.Errorf("%s, fails after %d bytes: %v", format, left, err)
			}
		}
	}
}

func TestDevices(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	for _, format := range []Format{Parquet, ArrowFile, ArrowStream, CSV, JSONLines, Table} {
		out, err := run(t.Context(), Options{Path: "/dev/null", Format: format}, 1000)
		if err != nil || out.Rows != 1000 || out.Bytes == 0 {
			t.Errorf("%s: %+v, %v", format, out, err)
		}
		_, err = run(t.Context(), Options{Path: "/dev/full", Format: format}, 1000)
		if err == nil || err.Error() != "/dev/full: cannot write: no space left on device; free some space, or write elsewhere" {
			t.Errorf("%s: %v", format, err)
		}
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatalf("/dev/null is not a device any more: %v, %v", info.Mode(), err)
	}
}

func fifo(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "out.csv")
	if err := makeFIFO(path); err != nil {
		t.Skipf("cannot make a FIFO here: %v", err)
	}
	return path
}

// A FIFO is written to as it is, and waited for until somebody reads it.
func TestFIFO(t *testing.T) {
	path := fifo(t)
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result)
	go func() {
		time.Sleep(20 * time.Millisecond)
		text, err := os.ReadFile(path)
		done <- result{text, err}
	}()
	out, err := run(t.Context(), Options{Path: path}, 1000)
	got := <-done
	if err != nil || got.err != nil || string(got.text) != csvText(1000) || out.Rows != 1000 {
		t.Errorf("%+v, %v; read %d bytes, %v", out, err, len(got.text), got.err)
	}
	if got := names(t, filepath.Dir(path)); got != "out.csv" {
		t.Errorf("the directory holds %s", got)
	}
}

// A run that waits for a FIFO's reader can be stopped: before there is one, and
// while it does not read.
func TestFIFOCancel(t *testing.T) {
	path := fifo(t)
	stopped := errors.New("stopped by a signal")
	stop := func() context.Context {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(30*time.Millisecond, func() { cancel(stopped) })
		return ctx
	}
	if _, err := run(stop(), Options{Path: path}, 10); !errors.Is(err, stopped) || !strings.Contains(err.Error(), "nothing has opened the pipe") {
		t.Errorf("without a reader: %v", err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // does not block
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := run(stop(), Options{Path: path}, 100_000); !errors.Is(err, stopped) {
		t.Errorf("with a reader that does not read: %v", err)
	}
}
