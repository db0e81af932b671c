// Package rejects keeps the rows that a run could not read as they stand, as a
// CSV file that a person can mend and give back.
//
// Blocks are read in any order and there may be more bad rows than fit in
// memory: the rows of a block go to a temporary file as they come, and are put
// in input order when the file is published. Start reading at [File].
package rejects

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"csvloom/pipeline"
)

// Header is the first line of a rejects file.
const Header = "file,line,byte_offset,column,error,action,raw"

// TooManyError says that more rows were bad than the user accepts.
type TooManyError struct {
	Bad   int64           // rows that were rejected or repaired
	Limit string          // as the user gave it
	First pipeline.Reject // the first that was seen
}

func (e *TooManyError) Error() string {
	rows := "rows"
	if e.Bad == 1 {
		rows = "row"
	}
	return fmt.Sprintf("%d %s could not be read, more than the %s that --max-rejects allows; %s is one of them: %s",
		e.Bad, rows, e.Limit, e.First.Pos, e.First.Error)
}

// Counts says how many rows were rejected, repaired, and kept though odd.
type Counts struct{ Rejected, Repaired, Kept int64 }

// File is a rejects file being made. It is a [pipeline.Rejects].
type File struct {
	path string // "": rows are counted and not kept
	max  int64  // bad rows allowed; negative: any number

	mu       sync.Mutex
	temp     *os.File
	nameless bool // temp has been removed already
	w        *bufio.Writer
	size     int64
	parts    []part
	counts   Counts
	first    pipeline.Reject
	firstAt  pipeline.Seq
}

// part is rejects of one block that were written at once.
type part struct {
	seq         pipeline.Seq
	offset, len int64 // in the temporary file
}

// Create begins a rejects file at path, or, when path is empty, only counts.
// badMax is how many rejected and repaired rows are accepted; negative means any
// number. A file that is there and is not a rejects file is left alone, with an
// error; so is one with rows in it, which may have been mended, unless overwrite
// is set.
func Create(path string, badMax int64, overwrite bool) (*File, error) {
	f := &File{path: path, max: badMax}
	if path == "" {
		return f, nil
	}
	if err := checkTarget(path, overwrite); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("rejects file: %w", err)
	}
	f.temp, f.w = temp, bufio.NewWriterSize(temp, 64<<10)
	// Where an open file may lose its name, a killed run leaves nothing behind.
	f.nameless = os.Remove(temp.Name()) == nil
	return f, nil
}

func checkTarget(path string, overwrite bool) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("rejects file %s: there is no directory %s", path, filepath.Dir(path))
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("rejects file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("rejects file %s: that is not a file", path)
	}
	if info.Size() == 0 {
		return nil
	}
	old, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("rejects file: %w", err)
	}
	defer old.Close()
	start := make([]byte, len(Header))
	if _, err := io.ReadFull(old, start); err != nil || string(start) != Header {
		return fmt.Errorf("rejects file %s: the file is there and is no rejects file; give another name, or remove it", path)
	}
	if info.Size() > int64(len(Header)+1) && !overwrite {
		return fmt.Errorf("rejects file %s: the file is there and has rows, which may have been mended; give another name, or --overwrite", path)
	}
	return nil
}

// textBytes is how much is written to the temporary file at a time.
const textBytes = 64 << 10

// Add implements [pipeline.Rejects]. It fails with a [TooManyError].
func (f *File) Add(seq pipeline.Seq, rejects iter.Seq[pipeline.Reject]) error {
	var text []byte
	var counts Counts
	var first pipeline.Reject
	for r := range rejects {
		switch r.Action {
		case pipeline.Rejected, pipeline.Truncated:
			counts.Rejected++
		case pipeline.Repaired:
			counts.Repaired++
		case pipeline.Kept:
			counts.Kept++
		}
		if first.Action == "" && r.Action != pipeline.Kept {
			first = r
		}
		if f.path == "" {
			continue
		}
		if text = appendReject(text, &r); len(text) >= textBytes {
			if err := f.write(seq, text); err != nil {
				return err
			}
			text = text[:0]
		}
	}
	if err := f.write(seq, text); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Rejected += counts.Rejected
	f.counts.Repaired += counts.Repaired
	f.counts.Kept += counts.Kept
	if first.Action != "" && (f.first.Action == "" || seq.Compare(f.firstAt) < 0) {
		f.first, f.firstAt = first, seq
	}
	if bad := f.counts.Rejected + f.counts.Repaired; f.max >= 0 && bad > f.max {
		return &TooManyError{Bad: bad, Limit: strconv.FormatInt(f.max, 10), First: f.first}
	}
	return nil
}

// write writes a part to the temporary file. Parts of one block come in order.
func (f *File) write(seq pipeline.Seq, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.w.Write(text); err != nil {
		return fmt.Errorf("rejects file: %w", err)
	}
	f.parts = append(f.parts, part{seq, f.size, int64(len(text))})
	f.size += int64(len(text))
	return nil
}

// Reset implements [pipeline.Rejects].
func (f *File) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts, f.first, f.firstAt = Counts{}, pipeline.Reject{}, pipeline.Seq{}
	// What was written stays in the temporary file, where nothing refers to it.
	f.parts = nil
}

// Counts returns what was added so far.
func (f *File) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// First returns the first row in input order that was rejected or repaired; its
// Action is empty when there is none.
func (f *File) First() pipeline.Reject {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

// Publish writes the file, in input order, and makes it visible as a whole,
// readable by the user alone.
func (f *File) Publish() (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("rejects file: %w", err)
		}
	}()
	if err := f.w.Flush(); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // fails once it has been renamed
	slices.SortFunc(f.parts, func(a, b part) int {
		return cmp.Or(a.seq.Compare(b.seq), cmp.Compare(a.offset, b.offset))
	})
	w := bufio.NewWriterSize(out, 64<<10)
	w.WriteString(Header + "\n")
	for _, p := range f.parts {
		if _, err = io.Copy(w, io.NewSectionReader(f.temp, p.offset, p.len)); err != nil {
			break
		}
	}
	err = errors.Join(err, w.Flush())
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), f.path)
}

// Close removes what is temporary. It may be called again.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.temp == nil {
		return nil
	}
	name := f.temp.Name()
	err := f.temp.Close()
	if !f.nameless {
		err = errors.Join(err, os.Remove(name))
	}
	f.temp = nil
	return err
}

func appendReject(dst []byte, r *pipeline.Reject) []byte {
	dst = append(appendField(dst, r.Pos.File), ',')
	dst = append(strconv.AppendInt(dst, r.Line, 10), ',')
	dst = append(strconv.AppendInt(dst, r.Offset, 10), ',')
	dst = append(appendField(dst, r.Column), ',')
	dst = append(appendField(dst, r.Error), ',')
	dst = append(append(dst, r.Action...), ',')
	return append(appendField(dst, r.Raw), '\n')
}

// appendField appends a field as RFC 4180 §2 has it.
func appendField(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "\",\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"')
}
