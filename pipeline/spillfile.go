package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// tempFile is what spilling needs of a file.
type tempFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Name() string
}

// spillFile is a temporary file in Task.TempDir, with the permissions 0600, that
// holds Arrow IPC streams one after the other. It is gone after close.
type spillFile struct {
	file      tempFile
	sizeBytes int64
	failed    error // the first one of a write
}

// Streams are written through a buffer, since the encoder writes in small parts.
// The bodies of messages are read at once, so that reading needs a small one.
const (
	spillWriteBytes = 64 << 10
	spillReadBytes  = 4 << 10
)

func newSpillFile(t *Task) (*spillFile, error) {
	create := t.createTemp
	if create == nil {
		create = func(dir string) (tempFile, error) { return os.CreateTemp(dir, "csvloom-spill-*") }
	}
	file, err := create(t.TempDir)
	if err != nil {
		return nil, spillError(err)
	}
	// Where the system allows it, the file has no name from here on, and
	// nothing is left of it whatever becomes of the process.
	_ = os.Remove(file.Name())
	return &spillFile{file: file}, nil
}

func spillError(err error) error {
	return fmt.Errorf("cannot spill to disk: %w; give another --temp-dir, or more --memory", err)
}

// Write appends to the file. After its first failure it only repeats that.
func (f *spillFile) Write(p []byte) (int, error) {
	if f.failed != nil {
		return 0, f.failed
	}
	n, err := f.file.Write(p)
	f.sizeBytes += int64(n)
	f.failed = err
	return n, err
}

func (f *spillFile) close() {
	f.file.Close()
	_ = os.Remove(f.file.Name()) // where it still has a name
}

// spillStream is a stream being written.
type spillStream struct {
	file   *spillFile
	buffer *bufio.Writer
	writer *ipc.Writer
}

// stream begins a stream at the end of the file.
func (f *spillFile) stream(t *Task, schema *arrow.Schema) *spillStream {
	buffer := bufio.NewWriterSize(f, spillWriteBytes)
	return &spillStream{f, buffer, ipc.NewWriter(buffer, ipc.WithSchema(schema), ipc.WithAllocator(t.Alloc))}
}

// write appends a record, which stays the caller's.
func (s *spillStream) write(rec arrow.Record) error { return s.check(s.writer.Write(rec)) }

// close ends the stream.
func (s *spillStream) close() error {
	return s.check(errors.Join(s.writer.Close(), s.buffer.Flush()))
}

// check returns what failed: the IPC writer can lose an error.
func (s *spillStream) check(err error) error {
	if s.file.failed != nil {
		err = s.file.failed
	}
	if err != nil {
		return spillError(err)
	}
	return nil
}

// spilled is where a stream is in a file.
type spilled struct{ from, to int64 }

// read yields the batches of a stream. Several streams may be read at a time.
func (f *spillFile) read(ctx context.Context, t *Task, at spilled) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		section := io.NewSectionReader(f.file, at.from, at.to-at.from)
		r, err := ipc.NewReader(bufio.NewReaderSize(section, spillReadBytes), ipc.WithAllocator(t.Alloc))
		if err != nil {
			yield(Batch{}, fmt.Errorf("cannot read what was spilled: %w", err))
			return
		}
		defer r.Release()
		for ctx.Err() == nil && r.Next() {
			rec := r.Record()
			rec.Retain()
			if !yield(Batch{Record: rec}, nil) {
				return
			}
		}
		if err := errors.Join(r.Err(), ctx.Err()); err != nil && err != io.EOF {
			yield(Batch{}, fmt.Errorf("cannot read what was spilled: %w", err))
		}
	}
}
