package readers

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"csvloom/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree writes files (a name ending in / is a directory) under a new directory,
// makes it the working directory, and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skipf("cannot make symbolic links here: %v", err)
	}
}

// discover runs Discover and closes the set when the test ends.
func discover(t *testing.T, o Options, args ...string) *Set {
	t.Helper()
	s, err := Discover(t.Context(), args, o)
	if err != nil {
		t.Fatalf("Discover(%q): %v", args, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func names(s *Set) string {
	var list []string
	for _, in := range s.Inputs() {
		list = append(list, filepath.ToSlash(in.Name))
	}
	return strings.Join(list, " ")
}

// content opens an input and reads all of it.
func content(ctx context.Context, in *Input) (string, error) {
	s, err := in.Open(ctx)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(s)
	return string(b), errors.Join(err, s.Close())
}

func mustContent(t *testing.T, in *Input) string {
	t.Helper()
	s, err := content(t.Context(), in)
	if err != nil {
		t.Fatalf("%s: %v", in.Name, err)
	}
	return s
}

func isUsage(err error) bool {
	var usage *pipeline.UsageError
	return errors.As(err, &usage)
}
