package sinks

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"sync"

	"csvloom/sinks/internal/scatter"
	"csvloom/sinks/internal/vfs"
)

// FileOutput describes a file of an output that is a directory.
type FileOutput struct {
	Path   string `json:"path"` // from the directory, with slashes
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest"` // as in [Output]
}

// partition is the rows with one value of the columns that rows are partitioned
// by, and the file they go to.
type partition struct {
	name string // path of its directory from the output's, with slashes

	// Of the goroutine that takes rows: what has come and was not sent on.
	pieces []scatter.Piece
	rows   int
	bytes  int64
	sent   bool // a run of it is on its way, or was

	// Guarded by partWriter.mu.
	queue   []*partJob // in the order in which they are to be written
	writing bool       // a goroutine has the fields below

	file    partFile
	tally   *tally
	created bool
	output  FileOutput // when the file is complete
}

// release gives back the rows that were not sent on.
func (p *partition) release() {
	for i := range p.pieces {
		p.pieces[i].Rec.Release()
	}
	p.pieces, p.rows, p.bytes = nil, 0, 0
}

// partBuffers gather small writes of the encoders.
var partBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bufferBytes) }}

// write appends an encoded job to the partition's file, which is open only as
// long as that takes, so that the number of open files does not grow with that
// of partitions. For the last job it returns the file, complete and still open.
func (w *partWriter) write(p *partition, j *partJob) (f vfs.File, err error) {
	name := w.path(p)
	if p.created {
		f, err = w.fs.OpenAppend(name)
	} else {
		f, err = w.fs.Create(name)
		p.created = err == nil
	}
	if err != nil {
		return nil, w.failure(p, "cannot create the file", err)
	}
	if p.file == nil {
		p.file, p.tally = w.format.file(), newTally(nil)
	}
	p.tally.w = f
	b := partBuffers.Get().(*bufio.Writer)
	b.Reset(p.tally)
	if j.run != nil {
		err = p.file.append(b, j.run)
	}
	if err == nil && j.last {
		p.output.Rows, err = p.file.close(b)
	}
	if err == nil {
		err = b.Flush()
	}
	b.Reset(nil)
	partBuffers.Put(b)
	p.tally.w = nil
	if failed := p.tally.failure(); failed != nil {
		err = failed // the encoder may have lost it
	}
	if err == nil && j.last {
		return f, nil
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, w.failure(p, "cannot write", err)
	}
	return nil, nil
}

// finish makes a complete file durable, reads it back, and closes it.
func (w *partWriter) finish(p *partition, f vfs.File) error {
	err := w.check(p, f)
	if closing := f.Close(); err == nil && closing != nil {
		err = w.failure(p, "cannot close the file", closing)
	}
	p.output.Path, p.output.Bytes, p.output.Digest = path.Join(p.name, w.fileName), p.tally.bytes, p.tally.sum()
	p.file, p.tally = nil, nil
	return err
}

func (w *partWriter) check(p *partition, f vfs.File) error {
	if err := f.Chmod(w.fileMode); err != nil {
		return w.failure(p, fmt.Sprintf("cannot set the permissions %v", w.fileMode), err)
	}
	if err := f.Sync(); err != nil {
		return w.failure(p, "cannot sync to disk", err)
	}
	info, err := f.Stat()
	if err != nil {
		return w.failure(p, "cannot read the file back", err)
	}
	if info.Size() != p.tally.bytes {
		return w.failure(p, "the file system lost data", fmt.Errorf("the file holds %d bytes, %d were written", info.Size(), p.tally.bytes))
	}
	rows, err := w.readBack(f, info.Size())
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return w.failure(p, "reading back what was written, before publishing it", err)
	}
	if rows != p.output.Rows {
		return w.failure(p, "please report this", fmt.Errorf("%d rows were written, %d are read back", p.output.Rows, rows))
	}
	return nil
}

// path is where the file of a partition is written.
func (w *partWriter) path(p *partition) string {
	return filepath.Join(w.dir, filepath.FromSlash(p.name), w.fileName)
}

// failure tells an error by the name that the file would have had.
func (w *partWriter) failure(p *partition, what string, err error) error {
	return fmt.Errorf("%s: %s: %w%s", filepath.Join(w.name, filepath.FromSlash(p.name), w.fileName), what, causeOf(err), w.advice(err))
}
