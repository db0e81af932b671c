package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sample is what one run of a process took.
type sample struct {
	WallSeconds float64 `json:"wall_seconds"`           // of the whole process
	WorkSeconds float64 `json:"work_seconds,omitempty"` // of a peer's query in its process
	CPUSeconds  float64 `json:"cpu_seconds"`            // user and system
	PeakBytes   int64   `json:"peak_bytes,omitempty"`   // resident; 0 where the system does not tell
	OutputBytes int64   `json:"output_bytes,omitempty"`
}

// process is a command to run and measure.
type process struct {
	path    string
	args    []string
	env     []string // added to the environment
	stdin   []byte
	timeout time.Duration
}

// messageBytesMax is how much of what a process says on stderr is kept: the end.
const messageBytesMax = 2000

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if surplus := len(t.text) - messageBytesMax; surplus > 0 {
		t.text = append(t.text[:0], t.text[surplus:]...)
	}
	return len(p), nil
}

// lastLine is where Python and csvloom say what went wrong.
func (t *tail) lastLine() string {
	text := strings.TrimSpace(string(t.text))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// run runs the process to its end.
func (p *process) run(ctx context.Context) (stdout []byte, s sample, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = bytes.NewReader(p.stdin)
	var out bytes.Buffer
	var said tail
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	err = cmd.Run()
	s.WallSeconds = time.Since(start).Seconds()
	if state := cmd.ProcessState; state != nil {
		s.CPUSeconds = (state.UserTime() + state.SystemTime()).Seconds()
		s.PeakBytes = peakBytes(state)
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("stopped after %v", p.timeout)
	case err != nil:
		if line := said.lastLine(); line != "" {
			err = fmt.Errorf("%w: %s", err, line)
		}
	}
	return out.Bytes(), s, err
}

// sizeOf returns the bytes of a file, or of all files of a directory.
func sizeOf(path string) (bytes int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		bytes += info.Size()
		return nil
	})
	return bytes, err
}
