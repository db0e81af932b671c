package main

import (
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"csvloom/pipeline"
	"csvloom/readers"
)

// checkReport refuses, before anything is read, a report that could not be
// written or that would destroy something: the output, an input, or any file
// that is not an earlier report.
func checkReport(path, output string) error {
	if path == "" {
		return nil
	}
	if path == "-" {
		return pipeline.Usagef("--report -: expected a file; standard output is for data")
	}
	if output != "" && filepath.Clean(output) == filepath.Clean(path) {
		return pipeline.Usagef("--report %s: that is the output; give the report a name of its own", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return pipeline.Usagef("--report %s: there is no directory %s", path, filepath.Dir(path))
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return pipeline.Usagef("--report %s: %w", path, err)
	}
	defer f.Close()
	start := make([]byte, len(reportStart))
	if _, err := io.ReadFull(f, start); err != nil || string(start) != reportStart {
		return pipeline.Usagef("--report %s: the file is there and is no report of csvloom; give another name, or remove it", path)
	}
	return nil
}

// reportStart is how every report starts.
const reportStart = "{\n  \"csvloom_version\": "

// wholeFile is a file that was read without a stream.
type wholeFile struct {
	bytes  int64
	digest string
}

// wholeFiles are told of by the workers that read them, each by its place.
type wholeFiles []atomic.Pointer[wholeFile]

func (w wholeFiles) read(input int, text []byte) {
	w[input].Store(&wholeFile{int64(len(text)), readers.Digest(text)})
}

// describe books how an input's bytes were had: the last time it was read, since
// a sample of it may have been read before.
func (in *inputs) describe(input int, r *reportInput) {
	r.Encoding = "utf-8"
	if w := in.wholes[input].Load(); w != nil {
		r.RawBytes, r.Digest = w.bytes, &w.digest
		return
	}
	s := in.raw.streams[input].Load()
	if s == nil {
		return
	}
	r.RawBytes, r.Encoding = s.RawBytes(), s.Encoding()
	r.Digest, r.Compression = orNull(s.Digest()), orNull(s.Compression())
}

// replaceFile writes a small file with these permission bits so that readers
// see the old or the new one. A device or a pipe is written to as it is.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		if e := f.Close(); err == nil {
			err = e
		}
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails once it has been renamed
	_, err = tmp.Write(data)
	if err == nil && mode != 0o600 {
		err = os.Chmod(tmp.Name(), mode)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
