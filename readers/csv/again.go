package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"csvloom/pipeline"
)

// RejectedRow is a row of a rejects file that was left out of the result.
type RejectedRow struct {
	File   string // that it comes from
	Line   int64  // 1-based, in File
	Offset int64  // of its first byte in File's text
	Text   string // the row, mended perhaps, without a line end
}

// rejectsBytesMax bounds a rejects file that is read again.
const rejectsBytesMax = 1 << 30

var rejectsHeader = [...]string{"file", "line", "byte_offset", "column", "error", "action", "raw"}

// ReadRejects reads a rejects file and returns the rows that were rejected, each
// once, in the order they stand there; rows that were repaired or kept are in a
// result already. One row may be given back as several of its place. name is what
// errors call the file.
func ReadRejects(name string, r io.Reader) ([]RejectedRow, error) {
	data, err := io.ReadAll(io.LimitReader(r, rejectsBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > rejectsBytesMax {
		return nil, fmt.Errorf("%s: the file is larger than %d bytes; split it", name, rejectsBytesMax)
	}
	data = bytes.TrimPrefix(data, byteOrderMark) // that a spreadsheet has put there
	l := layout{name: name, dialect: Dialect{Delimiter: ",", Quote: '"'}, width: len(rejectsHeader)}
	b := &block{data: data, line: 1}
	t := tokenizer{dialect: &l.dialect, data: data, final: true}
	var ends []uint32
	var rows []RejectedRow
	seen := make(map[RejectedRow]bool)
	for first := true; ; first = false {
		rec, e, ok := t.next(ends[:0])
		if !ok {
			if first {
				return nil, fmt.Errorf("%s: the file is empty, expected a rejects file", name)
			}
			return rows, nil
		}
		ends = e
		fault := &pipeline.InputError{Pos: l.position(b, rec.start)}
		if rec.fields != l.width || rec.fault.kind != noFault {
			l.explainRecord(b, &rec, fault)
			return nil, fault
		}
		var fields [len(rejectsHeader)]string
		from := rec.start
		for i, end := range ends {
			text := data[from:end]
			if i == len(ends)-1 && len(text) > 0 && text[len(text)-1] == '\r' {
				text = text[:len(text)-1]
			}
			if len(text) > 1 && text[0] == '"' {
				text = appendUnquoted(nil, text[1:len(text)-1], '"')
			}
			fields[i] = string(text)
			from = int(end) + 1
		}
		if first {
			if fields != rejectsHeader {
				fault.Problem = "this is no rejects file: its first line is not that of one"
				return nil, fault
			}
			continue
		}
		switch pipeline.Action(fields[5]) {
		case pipeline.Rejected:
		case pipeline.Repaired, pipeline.Kept:
			continue // it is in a result already
		case pipeline.Truncated:
			fault.Column, fault.Found = "action", fields[5]
			fault.Problem = "the row was too long to be told whole"
			fault.Advice = "write it whole and say rejected in its place, or take the line out"
			return nil, fault
		default:
			fault.Column, fault.Found = "action", fields[5]
			fault.Problem = "expected rejected, repaired, kept or truncated"
			return nil, fault
		}
		row := RejectedRow{File: fields[0], Text: fields[6]}
		if row.Line, err = strconv.ParseInt(fields[1], 10, 64); err != nil || row.Line < 1 {
			fault.Column, fault.Found, fault.Problem = "line", fields[1], "expected a line number"
			return nil, fault
		}
		if row.Offset, err = strconv.ParseInt(fields[2], 10, 64); err != nil || row.Offset < 0 {
			fault.Column, fault.Found, fault.Problem = "byte_offset", fields[2], "expected an offset"
			return nil, fault
		}
		if !seen[row] {
			seen[row] = true
			rows = append(rows, row)
		}
	}
}

// againSplits yields the rows that an input is to be read for, each as a block
// of its own, which bears the line and offset that the row has in the file.
func (r *reading) againSplits(ctx context.Context) iter.Seq2[pipeline.Split, error] {
	return func(yield func(pipeline.Split, error) bool) {
		for i := range r.file.input.Again {
			row := &r.file.input.Again[i]
			if ctx.Err() != nil {
				return
			}
			data := append(make([]byte, 0, len(row.Text)+padBytes), row.Text...)
			s := &split{reading: r, block: block{data: data, offset: row.Offset, line: row.Line}, shared: true}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// errNoHeaderAgain says that mended rows have lost the file they belong to.
var errNoHeaderAgain = errors.New("the file is empty now: its header is needed to read the mended rows")
