package csv

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"csvloom/pipeline"
)

// OnError says what becomes of a row that cannot be read as it stands: one of
// another width than the header, with quotes that mean nothing, with a value
// that a declared type cannot hold, that is not UTF-8, or that is too long.
type OnError uint8

// What becomes of a bad row.
const (
	Fail   OnError = iota // the run ends with an error that names it
	Skip                  // it is left out
	Repair                // it is mended: NULL for a value, padded, cut, a stray quote made a character
)

// rawBytesMax bounds how much is kept of a row that is too long.
const rawBytesMax = 64 << 10

// mender reads the bad records of a block as far as they can be read, and keeps
// account of them.
//
// A record with quotes that mean nothing, or with a wrong number of fields over
// several lines, may have swallowed lines that are records of their own: an
// opening quote that should not be there does that. When some of its lines, behind
// the first, are whole records without an odd quote, its lines are read one by
// one, and so they are when its quotes mean nothing; otherwise it is one bad row:
// a line with an odd quote may be the end of a field. Either way reading goes on
// behind the record, so that where blocks are cut does not matter.
type mender struct {
	layout  *layout
	block   *block
	text    []byte // mended rows; its offsets follow those of the block's data
	mended  []mended
	rejects rejectList
	records int            // bad records that have no row in the index
	skipped map[int32]bool // rows of the index that were given up because of a value
	bad     int            // rows that were given up
}

func (l *layout) newMender(b *block) *mender {
	return &mender{layout: l, block: b, rejects: rejectList{file: l.name, line: b.line, offset: b.offset}}
}

// mended says from where in the block the mended row at an offset comes.
type mended struct{ at, from uint32 }

// source returns the place in the block of an offset, which may be in a mended row.
func (m *mender) source(at int) int {
	if m == nil || at < len(m.block.data) || len(m.mended) == 0 {
		return at
	}
	i := sort.Search(len(m.mended), func(i int) bool { return int(m.mended[i].at) > at })
	return int(m.mended[i-1].from)
}

// record reads what can be read of a bad record.
func (m *mender) record(ix *index, rec record) {
	l, data := m.layout, m.block.data
	first := l.dialect.nextLineEnd(data[rec.start:rec.end])
	if first < 0 || rec.fault.kind == rowTooLong || rec.start+first+1 == rec.end {
		m.row(ix, rec)
		return
	}
	lines := tokenizer{dialect: &l.dialect, data: data[:rec.end], final: true, pos: rec.start + first + 1, lines: rec.line + 1, rowBytesMax: l.rowBytesMax}
	var ends []uint32
	type line struct {
		rec  record
		ends []uint32
	}
	var read []line
	good := 0
	for {
		var r record
		var ok bool
		if r, ends, ok = lines.next(ends[:0]); !ok {
			break
		}
		if r.fields == ix.width && r.fault.kind == noFault {
			if r.stray < 0 {
				good++
			}
			read = append(read, line{r, slices.Clone(ends)})
			continue
		}
		// Only its first line is given up.
		end := r.end
		if i := l.dialect.nextLineEnd(data[r.start:r.end]); i >= 0 {
			end = r.start + i + 1
		}
		lines.pos, lines.lines = end, r.line+1
		r.end = end
		read = append(read, line{rec: r})
	}
	if good == 0 && rec.fault.kind == noFault {
		m.row(ix, rec)
		return
	}
	ix.blank += lines.blank
	head := rec
	head.end = rec.start + first + 1
	m.row(ix, head)
	for _, r := range read {
		if r.ends != nil {
			ix.ends = append(append(ix.ends, uint32(r.rec.start)-ix.skip), r.ends...)
			ix.row(r.rec)
		} else {
			m.row(ix, r.rec)
		}
	}
}

// row gives up a row, or mends it.
func (m *mender) row(ix *index, rec record) {
	l, b := m.layout, m.block
	e := &pipeline.InputError{Pos: l.position(b, rec.start)}
	l.explainRecord(b, &rec, e)
	mend := l.onError == Repair && rec.fault.kind != rowTooLong && rec.fault.kind != mixedLineEnds
	if !mend {
		m.records++
		m.bad++
		m.reject(rec.start, rec.end, e, pipeline.Rejected)
		return
	}
	m.reject(rec.start, rec.end, e, pipeline.Repaired)
	m.mend(ix, rec.start, rec.end, rec.line)
}

// reject accounts for the row between two offsets of the block. One that is rejected
// and too long to be told whole is truncated.
func (m *mender) reject(start, end int, e *pipeline.InputError, action pipeline.Action) {
	b := m.block
	raw := bytes.TrimRight(b.data[start:end], "\r\n")
	if len(raw) > m.layout.rowBytesMax || b.passed > int64(len(b.data)) {
		raw = raw[:min(len(raw), rawBytesMax, m.layout.rowBytesMax)]
		if action == pipeline.Rejected {
			action = pipeline.Truncated
		}
	}
	problem := e.Problem
	if e.Found != "" {
		problem = "found " + pipeline.Excerpt(e.Found) + ", " + problem
	}
	m.rejects.add(start, raw, e.Pos, m.layout.position(b, start).Line, e.Column, problem, action)
}

// mend adds the row between two offsets with as many fields as there should be,
// the missing ones empty. A field that starts with a quote and does not end with
// one is read as if the quote were any character.
func (m *mender) mend(ix *index, start, end, line int) {
	d := &m.layout.dialect
	data := bytes.TrimRight(m.block.data[:end], "\r\n")
	t := tokenizer{dialect: d, data: data, final: true}
	t.prepare()
	base := uint32(len(m.block.data))
	m.mended = append(m.mended, mended{base + uint32(len(m.text)), uint32(start)})
	ix.ends = append(ix.ends, base+uint32(len(m.text))-ix.skip)
	for f, i := 0, start; f < ix.width; f++ {
		if f > 0 {
			m.text = append(m.text, d.Delimiter...)
		}
		if i <= len(data) {
			var rec record
			to, literal := i, false
			if d.Quote != 0 && i < len(data) && data[i] == d.Quote {
				if to, _, _ = t.quotedField(&rec, i, 0); rec.fault.kind != noFault {
					literal = true
				}
			}
			if to == i {
				to, _ = t.unquotedField(&record{stray: -1}, i)
			} else if literal {
				to, _ = t.unquotedField(&record{stray: -1}, i+1)
			}
			if literal {
				q := string(d.Quote)
				m.text = append(m.text, q+strings.ReplaceAll(string(data[i:to]), q, q+q)+q...)
			} else {
				m.text = append(m.text, data[i:to]...)
			}
			i = to + len(d.Delimiter)
		}
		ix.ends = append(ix.ends, base+uint32(len(m.text)))
	}
	m.text = append(m.text, '\n')
	ix.lines = append(ix.lines, uint32(line))
	ix.rows++
}

// values accounts for rows that have values which do not fit, and returns the
// rows. One that is skipped is accounted for once, with its first such value.
func (m *mender) values(ix *index, f *fields, misfits []misfit) (bad []int32) {
	l, b := m.layout, m.block
	slices.SortFunc(misfits, func(a, b misfit) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.from, b.from))
	})
	for _, fit := range misfits {
		again := len(bad) > 0 && bad[len(bad)-1] == int32(fit.row)
		if again && l.onError == Skip {
			continue
		}
		start, _ := ix.field(fit.row, 0)
		_, end := ix.field(fit.row, ix.width-1)
		from, to := int(start), int(end)
		if from >= len(b.data) {
			from, to = m.source(from), len(b.data)
			if i := l.dialect.nextLineEnd(b.data[from:]); i >= 0 {
				to = from + i
			}
		}
		e := &pipeline.InputError{Pos: l.position(b, fit.at)}
		l.explainValue(f, &fit, e)
		action := pipeline.Rejected
		if l.onError == Repair {
			action = pipeline.Repaired
		} else {
			m.bad++
			if len(ix.strays) > 0 {
				if m.skipped == nil {
					m.skipped = make(map[int32]bool)
				}
				m.skipped[int32(fit.row)] = true
			}
		}
		m.reject(from, to, e, action)
		if !again {
			bad = append(bad, int32(fit.row))
		}
	}
	return bad
}

// odd accounts for rows that are kept as they are though their quotes are odd.
func (m *mender) odd(ix *index) {
	l, b := m.layout, m.block
	for i, at := range ix.strays {
		row := int(ix.odd[i])
		if m.skipped[ix.odd[i]] {
			continue
		}
		start, _ := ix.field(row, 0)
		_, end := ix.field(row, ix.width-1)
		m.reject(int(start), int(end), &pipeline.InputError{Pos: l.position(b, at), Problem: "a quote inside an unquoted field"}, pipeline.Kept)
	}
}

// textFault says why b, the text of a field, is no VARCHAR, or "".
func textFault(b []byte) string {
	switch {
	case !utf8.Valid(b):
		return notUTF8
	case bytes.IndexByte(b, 0) >= 0:
		return "which has a NUL byte"
	}
	return ""
}

// ParseOnError reads what the user calls an OnError.
func ParseOnError(s string) (OnError, error) {
	switch s {
	case "fail":
		return Fail, nil
	case "skip":
		return Skip, nil
	case "repair":
		return Repair, nil
	}
	return Fail, fmt.Errorf("%q: expected fail, skip or repair", s)
}
