package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"csvloom/pipeline"
	"csvloom/readers"
)

// report is the JSON that --report writes.
type report struct {
	Version string         `json:"csvloom_version"`
	WallMS  int64          `json:"wall_ms"`
	Inputs  []reportInput  `json:"inputs"`
	Skipped []string       `json:"skipped"`
	Stages  []reportStage  `json:"stages"`
	Outputs []reportOutput `json:"outputs"`
	Totals  reportCounts   `json:"totals"`
}

// reportCounts add up: rows_in = rows_kept + rows_filtered + rows_rejected.
type reportCounts struct {
	RowsIn       int64 `json:"rows_in"`
	RowsKept     int64 `json:"rows_kept"`
	RowsFiltered int64 `json:"rows_filtered"`
	RowsRejected int64 `json:"rows_rejected"`
	BlankLines   int64 `json:"blank_lines"`
	Bytes        int64 `json:"bytes"` // of text, after decompression
}

type reportInput struct {
	Name string `json:"name"`
	reportCounts
}

type reportStage struct {
	Name      string `json:"name"`
	RowsIn    int64  `json:"rows_in"`
	RowsOut   int64  `json:"rows_out"`
	Blocks    int64  `json:"blocks"`
	Bytes     int64  `json:"bytes"`
	BusyMS    int64  `json:"busy_ms"`
	WaitingMS int64  `json:"waiting_ms"`
}

type reportOutput struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest"`
}

// checkReport refuses, before anything is read, a report that could not be
// written or that would destroy something: the output, an input, or any file
// that is not an earlier report.
func (j *job) checkReport(path string) error {
	if path == "" {
		return nil
	}
	if path == "-" {
		return pipeline.Usagef("--report -: expected a file; standard output is for data")
	}
	if out := j.out.sinks.Path; out != "" && filepath.Clean(out) == filepath.Clean(path) {
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

// writeReport writes the account of a run, whole or not at all, readable by the
// user alone.
func writeReport(path string, r *pipeline.Report, out published, skipped []readers.SourceError) error {
	doc := report{
		Version: version(), WallMS: r.Wall.Milliseconds(),
		Inputs: []reportInput{}, Skipped: []string{}, Stages: []reportStage{},
		Outputs: outputsOf(out),
	}
	for i := range r.Inputs {
		in := &r.Inputs[i]
		c := reportCounts{in.RowsIn, in.RowsKept, in.RowsFiltered, in.RowsRejected, in.BlankLines, in.Bytes}
		doc.Inputs = append(doc.Inputs, reportInput{in.Name, c})
		t := &doc.Totals
		t.RowsIn, t.RowsKept, t.RowsFiltered = t.RowsIn+c.RowsIn, t.RowsKept+c.RowsKept, t.RowsFiltered+c.RowsFiltered
		t.RowsRejected, t.BlankLines, t.Bytes = t.RowsRejected+c.RowsRejected, t.BlankLines+c.BlankLines, t.Bytes+c.Bytes
	}
	for i := range skipped {
		doc.Skipped = append(doc.Skipped, skipped[i].Error())
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		doc.Stages = append(doc.Stages, reportStage{s.Name, s.RowsIn, s.RowsOut, s.Blocks, s.Bytes, s.Busy.Milliseconds(), s.Waiting.Milliseconds()})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err == nil {
		err = replaceFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("the output is complete, but the report could not be written: %w", err)
	}
	return nil
}

// outputsOf lists the files of an output.
func outputsOf(out published) []reportOutput {
	if !out.partitioned {
		return []reportOutput{{out.Path, string(out.Format), out.Rows, out.Bytes, out.Digest}}
	}
	list := make([]reportOutput, 0, len(out.files))
	for _, f := range out.files {
		list = append(list, reportOutput{filepath.Join(out.Path, filepath.FromSlash(f.Path)), string(out.Format), f.Rows, f.Bytes, f.Digest})
	}
	return list
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
