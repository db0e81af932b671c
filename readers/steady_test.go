package readers_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"csvloom/readers"
)

// TestFileChanges: a file that grows, shrinks or is replaced by another one
// between listing and the end of reading is an error, never a part of it.
func TestFileChanges(t *testing.T) {
	const text = "a,b\n1,2\n3,4\n"
	path := filepath.Join(t.TempDir(), "in.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name   string
		change func()
		ok     bool
	}{
		{"not at all", func() {}, true},
		{"grows", func() { write(text + "5,6\n") }, false},
		{"shrinks", func() { write(text[:len(text)-4]) }, false},
		{"is emptied", func() { write("") }, false},
		{"is replaced", func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			write("a,b\n")
		}, false},
		{"is written again, as long as it was", func() {
			write(strings.Replace(text, "4", "5", 1))
			later := time.Now().Add(time.Second) // clocks of file systems are coarse
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(text)
			set, err := readers.Discover(t.Context(), []string{path}, readers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			in := set.Inputs()[0]
			if in.SizeHint() != int64(len(text)) {
				t.Fatalf("%d bytes", in.SizeHint())
			}
			test.change()
			var got []byte
			s, err := in.Open(t.Context())
			if err == nil {
				got, err = io.ReadAll(s)
				s.Close()
			}
			if test.ok {
				if err != nil || string(got) != text {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "in.csv") || !strings.Contains(err.Error(), "has changed while being read: it ") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
