package csv

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"csvloom/pipeline"
)

// rejectList is the rejects of a block. A hostile block has hundreds of thousands of
// bad rows, all of which are held until it is done: a row takes 36 bytes here, and what
// it says.
type rejectList struct {
	file     string
	line     int64 // on which the block starts
	offset   int64 // of the block
	entries  []rejectEntry
	problems []rejectProblem // those of many rows in succession are one
	raw      []byte          // rows as they are written
}

// rejectEntry is a reject. Lines and offsets count from the start of the block.
type rejectEntry struct {
	start            uint32 // offset of the row
	line             uint32 // on which it starts
	atLine, atColumn uint32 // of what is wrong
	rawFrom, rawTo   uint32 // in rejectList.raw
	problem          uint32 // in rejectList.problems
	action           pipeline.Action
}

type rejectProblem struct{ column, text string }

// add notes the row between two offsets of the block, of which raw is the text
// without a line end.
func (l *rejectList) add(start int, raw []byte, pos pipeline.Position, line int64, column, problem string, action pipeline.Action) {
	p := rejectProblem{column, problem}
	if n := len(l.problems); n == 0 || l.problems[n-1] != p {
		l.problems = append(l.problems, p)
	}
	e := rejectEntry{
		start: uint32(start), line: uint32(line - l.line), atLine: uint32(pos.Line - l.line), atColumn: uint32(pos.Column),
		problem: uint32(len(l.problems) - 1), action: action,
	}
	if n := len(l.entries); n > 0 && l.entries[n-1].start == e.start && bytes.Equal(l.rawOf(&l.entries[n-1]), raw) {
		e.rawFrom, e.rawTo = l.entries[n-1].rawFrom, l.entries[n-1].rawTo // another value of the row
	} else {
		e.rawFrom = uint32(len(l.raw))
		l.raw = append(l.raw, raw...)
		e.rawTo = uint32(len(l.raw))
	}
	l.entries = append(l.entries, e)
}

func (l *rejectList) rawOf(e *rejectEntry) []byte { return l.raw[e.rawFrom:e.rawTo] }

// all returns the rejects in input order, nil when there are none.
func (l *rejectList) all() iter.Seq[pipeline.Reject] {
	if len(l.entries) == 0 {
		return nil
	}
	slices.SortStableFunc(l.entries, func(a, b rejectEntry) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.atLine, b.atLine), cmp.Compare(a.atColumn, b.atColumn))
	})
	return func(yield func(pipeline.Reject) bool) {
		for i := range l.entries {
			e := &l.entries[i]
			problem := &l.problems[e.problem]
			r := pipeline.Reject{
				Pos:  pipeline.Position{File: l.file, Line: l.line + int64(e.atLine), Column: int64(e.atColumn)},
				Line: l.line + int64(e.line), Offset: l.offset + int64(e.start),
				Column: problem.column, Error: problem.text, Action: e.action, Raw: string(l.rawOf(e)),
			}
			if !yield(r) {
				return
			}
		}
	}
}
