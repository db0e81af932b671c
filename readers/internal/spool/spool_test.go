package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newStore(t *testing.T, bytesMax int64) *Store {
	t.Helper()
	s := New(t.TempDir(), bytesMax)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func random(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Streams that are written in turns and in pieces of any size must not get into
// each other's way, also past several extents.
func TestStreamsShareAFile(t *testing.T) {
	store := newStore(t, 1<<30)
	const streams, length = 5, 1 << 20
	var wg sync.WaitGroup
	for i := range uint64(streams) {
		wg.Go(func() {
			data := random(length+int(i), i)
			s := store.Stream()
			for rest := data; len(rest) > 0; {
				n := min(len(rest), 1+int(rand.N(uint(200_000))))
				if m, err := s.Write(rest[:n]); m != n || err != nil {
					t.Errorf("Write = %d, %v", m, err)
					return
				}
				rest = rest[n:]
			}
			s.Finish(nil)
			if s.Size() != int64(len(data)) {
				t.Errorf("Size = %d", s.Size())
			}
			for range 2 {
				if got, err := io.ReadAll(s.NewReader(t.Context())); err != nil || !bytes.Equal(got, data) {
					t.Errorf("stream %d: %d bytes, %v", i, len(got), err)
				}
			}
		})
	}
	wg.Wait()
	s := store.Stream()
	data := random(100_000, 9)
	if _, err := s.Write(data); err != nil {
		t.Fatal(err)
	}
	s.Finish(nil)
	if err := iotest.TestReader(s.NewReader(t.Context()), data); err != nil {
		t.Error(err)
	}
}

func TestReadersFollow(t *testing.T) {
	s := newStore(t, 1<<30).Stream()
	data := random(500_000, 3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := io.ReadAll(s.NewReader(t.Context())); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	for i := 0; i < len(data); i += 10_000 {
		if _, err := s.Write(data[i : i+10_000]); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	s.Finish(nil)
	wg.Wait()
}

func TestFinishWithError(t *testing.T) {
	s := newStore(t, 1<<30).Stream()
	fault := errors.New("fault")
	if _, err := s.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	s.Finish(fault)
	s.Finish(nil) // the first one counts
	if got, err := io.ReadAll(s.NewReader(t.Context())); string(got) != "abc" || err != fault {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReaderCancelled(t *testing.T) {
	s := newStore(t, 1<<30).Stream()
	ctx, cancel := context.WithCancelCause(t.Context())
	fault := errors.New("no longer wanted")
	go cancel(fault)
	if _, err := s.NewReader(ctx).Read(make([]byte, 1)); err != fault {
		t.Errorf("got %v", err)
	}
	r := s.NewReader(t.Context())
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed reader: %v", err)
	}
}

func TestRestart(t *testing.T) {
	store := newStore(t, 300_000)
	s := store.Stream()
	for range 5 { // the limit counts what is held, not what was written
		s.Restart()
		if _, err := s.Write(random(200_000, 4)); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart()
	data := random(250_000, 5)
	if _, err := s.Write(data); err != nil {
		t.Fatal(err)
	}
	s.Finish(nil)
	if got, err := io.ReadAll(s.NewReader(t.Context())); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestLimit(t *testing.T) {
	store := newStore(t, 10)
	a, b := store.Stream(), store.Stream()
	if _, err := a.Write(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	var limit *Error
	_, err := b.Write(make([]byte, 1))
	if !errors.As(err, &limit) || err.Error() != "cannot keep the data in a temporary file: the limit of 10 bytes for all such data is reached" {
		t.Errorf("got %v", err)
	}
	if err := store.Fits(10); err != nil {
		t.Error(err)
	}
	if err := store.Fits(11); !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

func TestFileIsPrivateAndGone(t *testing.T) {
	dir := t.TempDir()
	store := New(dir, 1<<20)
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("the file is made before the first write")
	}
	s := store.Stream()
	if _, err := s.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		info, err := store.file.Stat()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Error("the file is not unlinked while in use")
		}
	}
	for range 2 {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("the file is left behind")
	}
	var failed *Error
	if _, err := s.Write([]byte("d")); !errors.As(err, &failed) || !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	if _, err := s.NewReader(t.Context()).Read(make([]byte, 1)); !errors.As(err, &failed) {
		t.Errorf("read after close: %v", err)
	}
	_, err := New(dir+"/none", 1<<20).Stream().Write([]byte("x"))
	if !errors.As(err, &failed) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
