package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// hostileMemoryBytes is --memory of the runs of TestHostileMemory, and
// hostileMemoryMore how much more a run may take: the program itself, and the
// longest record that is accepted by default, 16 MiB, in the buffers that it
// passes through.
const (
	hostileMemoryBytes = 128 << 20
	hostileMemoryMore  = 96 << 20
)

// peak runs cmd and returns the most memory it had, in bytes, and what it printed.
// The resource usage that the kernel reports when it has ended does not serve: it
// is that of this process, when the other was started from it, if that is more.
func peak(t *testing.T, cmd *exec.Cmd) (bytesMost int64, stderr string, err error) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	limit := time.After(hostileLimit)
	for {
		select {
		case err := <-ended:
			return bytesMost, out.String(), err
		case <-limit:
			_ = cmd.Process.Kill() // it may have ended
			t.Fatalf("%q has not ended after %v", cmd.Args, hostileLimit)
		case <-time.After(2 * time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			continue // it has ended
		}
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if n, _ := fmt.Sscanf(rest, "%d kB", &kib); n == 1 {
				bytesMost = max(bytesMost, kib<<10)
			}
		}
	}
}

// TestHostileMemory: what unpacks to more than fits, and what has no end of line,
// is refused or passed over in the memory that --memory gives.
func TestHostileMemory(t *testing.T) {
	if underRace {
		t.Skip("it looks at peak memory, of which the race detector takes many times as much")
	}
	if testing.Short() {
		t.Skip("unpacks gigabytes")
	}
	dir := t.TempDir()
	const memberBytes = 32 << 20
	line := bytes.Repeat([]byte("x"), memberBytes)
	gzipped := func(text []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(text) // to memory
		w.Close()
		return b.Bytes()
	}
	zstandard := func(text []byte) []byte {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		return w.EncodeAll(text, nil)
	}
	bomb := func(pack func([]byte) []byte) []byte {
		return bytes.Join([][]byte{pack([]byte("a,b\n1,2\n")), bytes.Repeat(pack(line), 32), pack([]byte("\n3,4\n"))}, nil)
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	member, err := z.Create("in.csv")
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if _, err := member.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"bomb.csv.gz": bomb(gzipped), "bomb.csv.zst": bomb(zstandard), "header.csv.gz": bytes.Repeat(gzipped(line), 32),
		"bomb.zip": zipped.Bytes(), "nested.csv.gz": gzipped(gzipped(gzipped(line))),
		"quoted.csv":  append([]byte("a,b\n1,\""), bytes.Repeat([]byte("y\n"), 50_000_000)...),
		"columns.csv": bytes.Repeat([]byte("c,"), 1_000_000),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, mode, message string
		flags               []string
		fails               bool
	}{
		{"bomb.csv.gz", "fail", "bomb.csv.gz:3:1: the record is longer than 16777216 bytes", nil, true},
		{"bomb.csv.gz", "skip", "3 rows from 1 input, 1 rejected; 2 rows", nil, false},
		{"bomb.csv.zst", "repair", "3 rows from 1 input, 1 rejected; 2 rows", nil, false},
		{"header.csv.gz", "skip", "header.csv.gz:1:1: the record is longer than 16777216 bytes", nil, true},
		{"bomb.zip", "skip", "unpacks to more than 1000 times its size", nil, true},
		{"nested.csv.gz", "fail", "nested.csv.gz:1:", nil, true},
		{"quoted.csv", "fail", "quoted.csv:2:1: the record is longer than 16777216 bytes", nil, true},
		{"quoted.csv", "skip", "rows could not be read, more than the 1000 that", []string{"--max-rejects", "1000"}, true},
		{"columns.csv", "skip", "columns.csv:1: the header has 1000001 fields", nil, true},
	} {
		t.Run(test.name+" "+test.mode, func(t *testing.T) {
			cmd := csvloomCommand(t, dir, append([]string{"run", test.name, "-o", "o.csv", "--overwrite", "--on-error", test.mode, "--workers", "4",
				"--memory", fmt.Sprint(hostileMemoryBytes)}, test.flags...)...)
			cmd.Stdout = io.Discard
			bytesMost, stderr, err := peak(t, cmd)
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 3) || (err != nil) != test.fails || !strings.Contains(stderr, test.message) {
				t.Errorf("%v: %.500s", err, stderr)
			}
			if bytesMost > hostileMemoryBytes+hostileMemoryMore {
				t.Errorf("%d MiB were used", bytesMost>>20)
			}
			t.Logf("%d MiB", bytesMost>>20)
		})
	}
}
