package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"csvloom/pipeline"
	"csvloom/sinks/internal/vfs"
)

// direct is a destination that takes bytes as they come and cannot take them
// back: a device, a FIFO, standard output.
type direct struct {
	w     io.Writer
	name  string
	f     vfs.File    // nil for standard output, which is not ours to close
	quiet func() bool // stops watching the context; nil when nothing watches
}

// The pauses between looks whether a FIFO has got a reader.
const (
	readerPauseMin = 5 * time.Millisecond
	readerPauseMax = 200 * time.Millisecond
)

// openSpecial opens a target that is written to as it is. It waits for a
// FIFO's reader until ctx is done.
func openSpecial(ctx context.Context, fsys vfs.FS, t target) (*direct, error) {
	pause := readerPauseMin
	for {
		f, err := fsys.OpenForWrite(t.path)
		if err == nil {
			return &direct{w: f, name: t.name, f: f, quiet: context.AfterFunc(ctx, f.Interrupt)}, nil
		}
		if !errors.Is(err, vfs.ErrNoReader) {
			return nil, pipeline.Usagef("%s: cannot open it for writing: %w", t.name, causeOf(err))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: nothing has opened the pipe for reading: %w", t.name, context.Cause(ctx))
		case <-time.After(pause):
		}
		pause = min(2*pause, readerPauseMax)
	}
}

// Write implements [io.Writer].
func (d *direct) Write(p []byte) (int, error) { return d.w.Write(p) }

// publish implements [destination]: there is nothing left to do but close.
func (d *direct) publish(context.Context, int64, func(io.ReaderAt) error) error {
	if err := d.close(); err != nil {
		return fmt.Errorf("%s: cannot close: %w", d.name, causeOf(err))
	}
	return nil
}

// discard implements [destination]. What was written has been seen.
func (d *direct) discard() error {
	_ = d.close()
	return nil
}

func (d *direct) close() error {
	if d.quiet != nil {
		d.quiet()
		d.quiet = nil
	}
	if d.f == nil {
		return nil
	}
	f := d.f
	d.f = nil
	return f.Close()
}
