package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"csvloom/pipeline"
	"csvloom/readers/csv"
)

// report is the JSON that --report writes. report.schema.json publishes its
// form; what is there is never left out.
type report struct {
	Version   string         `json:"csvloom_version"`
	Format    int            `json:"report_version"`
	Status    string         `json:"status"`
	Errors    []string       `json:"errors"`
	StartedAt string         `json:"started_at"`
	WallMS    float64        `json:"wall_ms"`
	Inputs    []reportInput  `json:"inputs"`
	Skipped   []string       `json:"skipped"`
	Widened   []string       `json:"widened"`
	Rejects   reportRejects  `json:"rejects"`
	Stages    []reportStage  `json:"stages"`
	Outputs   []reportOutput `json:"outputs"`
	Totals    reportTotals   `json:"totals"`
}

const reportVersion = 1

// Statuses of a run.
const (
	reportDone    = "done"
	reportFailed  = "failed"
	reportStopped = "stopped" // by a signal
)

// reportCounts add up: rows_in = rows_kept + rows_filtered + rows_rejected.
type reportCounts struct {
	RowsIn       int64 `json:"rows_in"`
	RowsKept     int64 `json:"rows_kept"`
	RowsFiltered int64 `json:"rows_filtered"`
	RowsRejected int64 `json:"rows_rejected"`
	BlankLines   int64 `json:"blank_lines"`
	RawBytes     int64 `json:"raw_bytes"`
	TextBytes    int64 `json:"text_bytes"`
}

func (c *reportCounts) add(o *reportCounts) {
	c.RowsIn += o.RowsIn
	c.RowsKept += o.RowsKept
	c.RowsFiltered += o.RowsFiltered
	c.RowsRejected += o.RowsRejected
	c.BlankLines += o.BlankLines
	c.RawBytes += o.RawBytes
	c.TextBytes += o.TextBytes
}

type reportInput struct {
	Path        string         `json:"path"`
	Digest      *string        `json:"digest"` // null: not read to its end
	Compression *string        `json:"compression"`
	Encoding    string         `json:"encoding"`
	Dialect     *reportDialect `json:"dialect"` // null: the file is empty or was not looked at
	Columns     int            `json:"columns"`
	reportCounts
}

type reportDialect struct {
	Delimiter  string  `json:"delimiter"`
	Quote      *string `json:"quote"`
	Escape     *string `json:"escape"`
	Comment    *string `json:"comment"`
	LineEnd    string  `json:"line_end"`
	HeaderLine *int64  `json:"header_line"`
	FirstLine  int64   `json:"first_line"`
	Preamble   int     `json:"preamble_lines"`
	Footer     int     `json:"footer_lines"`
	Comments   int64   `json:"comment_lines"`
}

type reportStage struct {
	Name      string  `json:"name"`
	RowsIn    int64   `json:"rows_in"`
	RowsOut   int64   `json:"rows_out"`
	Blocks    int64   `json:"blocks"`
	TextBytes int64   `json:"text_bytes"`
	BusyMS    float64 `json:"busy_ms"`
	WaitingMS float64 `json:"waiting_ms"`
}

// reportRejects counts rows that could not be read as they stand.
type reportRejects struct {
	Path     *string `json:"path"`
	Rejected int64   `json:"rejected"`
	Repaired int64   `json:"repaired"`
	Kept     int64   `json:"kept"`
}

type reportOutput struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"digest"`
}

type reportTotals struct {
	reportCounts
	RowsOut     int64 `json:"rows_out"`
	OutputBytes int64 `json:"output_bytes"`
}

// newReport starts the account of a run.
func newReport(start time.Time) *report {
	return &report{
		Version: version(), Format: reportVersion, Status: reportDone, StartedAt: start.UTC().Format(time.RFC3339),
		WallMS: milliseconds(time.Since(start)),
		Errors: []string{}, Inputs: []reportInput{}, Skipped: []string{}, Widened: []string{}, Stages: []reportStage{}, Outputs: []reportOutput{},
	}
}

// fail books why the run failed. Messages hold no secrets.
func (r *report) fail(err error) {
	r.Status = reportFailed
	var signal *signalError
	if errors.As(err, &signal) || errors.Is(err, context.Canceled) {
		r.Status = reportStopped
	}
	for _, e := range unjoin(err) {
		r.Errors = append(r.Errors, e.Error())
	}
}

// account books what a job has done, as far as it came: ran is nil when it did
// not come to run.
func (r *report) account(j *job, ran *pipeline.Report) {
	counted := 0
	for i, f := range j.inputs.source.Files() {
		if f.Skipped {
			continue
		}
		in := reportInput{Path: f.Name, Columns: f.Columns, Dialect: describeDialect(&f)}
		j.inputs.describe(i, &in)
		if ran != nil && counted < len(ran.Inputs) {
			c := &ran.Inputs[counted]
			in.RowsIn, in.RowsKept, in.RowsFiltered, in.RowsRejected = c.RowsIn, c.RowsKept, c.RowsFiltered, c.RowsRejected
			in.BlankLines, in.TextBytes = c.BlankLines, c.Bytes
		}
		counted++
		r.Inputs = append(r.Inputs, in)
		r.Totals.add(&in.reportCounts)
	}
	for _, f := range j.inputs.set.Failures() {
		r.Skipped = append(r.Skipped, f.Error())
	}
	r.Widened = append(r.Widened, j.inputs.source.Widened()...)
	counts := j.rejects.Counts()
	r.Rejects = reportRejects{orNull(j.flags.rejects.path), counts.Rejected, counts.Repaired, counts.Kept}
	if ran == nil {
		return
	}
	for i := range ran.Stages {
		s := &ran.Stages[i]
		r.Stages = append(r.Stages, reportStage{s.Name, s.RowsIn, s.RowsOut, s.Blocks, s.Bytes, milliseconds(s.Busy), milliseconds(s.Waiting)})
	}
}

// publish books an output.
func (r *report) publish(out published) {
	list := []reportOutput{{out.Path, string(out.Format), out.Rows, out.Bytes, out.Digest}}
	if out.partitioned {
		list = make([]reportOutput, 0, len(out.files))
		for _, f := range out.files {
			list = append(list, reportOutput{filepath.Join(out.Path, filepath.FromSlash(f.Path)), string(out.Format), f.Rows, f.Bytes, f.Digest})
		}
	}
	for _, o := range list {
		r.Totals.RowsOut += o.Rows
		r.Totals.OutputBytes += o.Bytes
	}
	r.Outputs = append(r.Outputs, list...)
}

// balance holds the account to what it promises: that of all rows it says what
// became of them. A row that is missing is a fault of csvloom.
func (r *report) balance(ran *pipeline.Report) error {
	t := &r.Totals
	if t.RowsIn != t.RowsKept+t.RowsFiltered+t.RowsRejected || t.RowsIn != ran.RowsIn() {
		return fmt.Errorf("bug: the account does not balance: %d rows were read, and %d kept, %d filtered and %d rejected", ran.RowsIn(), t.RowsKept, t.RowsFiltered, t.RowsRejected)
	}
	if t.RowsOut > ran.RowsOut {
		return fmt.Errorf("bug: the account does not balance: %d rows were to be written, and %d were", ran.RowsOut, t.RowsOut)
	}
	return nil
}

// report writes the account of a job that has run or failed with err, and
// returns err with what went wrong in that.
func (j *job) report(path string, start time.Time, ran *pipeline.Report, err error) error {
	r := newReport(start)
	r.account(j, ran)
	if err == nil {
		r.publish(j.sink.published())
		err = r.balance(ran)
	}
	return r.end(path, err)
}

// reportEarly writes the account of a job that failed before it could be set up.
// There is none of a mistake in the command line.
func reportEarly(path string, start time.Time, err error) error {
	var usage *pipeline.UsageError
	if path == "" || errors.As(err, &usage) {
		return err
	}
	return newReport(start).end(path, err)
}

// end writes the report; with err it is that of a run that failed.
func (r *report) end(path string, err error) error {
	if err == nil {
		return r.write(path)
	}
	r.fail(err)
	if e := r.write(path); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// milliseconds is a time to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// describeDialect says how a file is written; nil for one without records.
func describeDialect(f *csv.FileInfo) *reportDialect {
	if f.Columns == 0 {
		return nil
	}
	d := &reportDialect{
		Delimiter: f.Dialect.Delimiter, LineEnd: f.Dialect.LineEnd.String(), FirstLine: f.FirstLine,
		Preamble: f.Preamble, Footer: f.Footer, Comments: f.Comments,
		Quote: character(f.Dialect.Quote), Escape: character(f.Dialect.Escape), Comment: orNull(f.Dialect.Comment),
	}
	if f.HeaderLine > 0 {
		d.HeaderLine = &f.HeaderLine
	}
	return d
}

// character is a special character, nil for none.
func character(c byte) *string {
	if c == 0 {
		return nil
	}
	return orNull(string(rune(c)))
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// write writes the report, whole or not at all, readable by the user alone.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = replaceFile(path, append(text, '\n'), 0o600)
	}
	if err == nil {
		return nil
	}
	if r.Status == reportDone {
		return fmt.Errorf("the output is complete, but the report could not be written: %w", err)
	}
	return fmt.Errorf("the report could not be written either: %w", err)
}
