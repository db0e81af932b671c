package readers_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"csvloom/readers"
)

// TestDigest holds a stream's digest to that of the file, compressed or not,
// and only when all of it was read.
func TestDigest(t *testing.T) {
	text := bytes.Repeat([]byte("a,b\n1,2\n"), 100_000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(text)
	_ = z.Close()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"plain.csv": text, "packed.csv.gz": packed.Bytes(), "empty.csv": nil} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, wanted := range []bool{true, false} {
			set, err := readers.Discover(t.Context(), []string{path}, readers.Options{Digests: wanted})
			if err != nil {
				t.Fatal(err)
			}
			for _, all := range []bool{true, false} {
				s, err := set.Inputs()[0].Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if all {
					_, err = io.Copy(io.Discard, s)
				} else {
					_, _ = s.Read(make([]byte, 1))
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				want := ""
				if wanted && (all || name == "empty.csv") {
					want = readers.Digest(data)
				}
				if got := s.Digest(); got != want {
					t.Errorf("%s, wanted %v, all %v: digest %q, expected %q", name, wanted, all, got, want)
				}
			}
			if err := set.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	// xxhsum -H2 of the empty input
	if got := readers.Digest(nil); got != "xxh3-128:99aa06d3014798d86001c324468d497f" {
		t.Errorf("the digest of nothing is %s", got)
	}
}
