package csv

import (
	"bytes"
	"fmt"
	"strconv"
)

// preambleLinesMax is how many lines before a header are recognised as such.
const preambleLinesMax = 50

// commentPrefixes are what comment lines are known to start with.
var commentPrefixes = []string{"#", "//", "--", "%"}

// findTable sets t.table and t.blank: the records before the table. They are of
// one field where the others have more, or padded with empty fields, or start as
// comments do; and what follows is a header over a table. noHeader says that
// there is none, and so no preamble that could be told from rows.
func (t *trial) findTable(data []byte, noHeader bool) {
	if noHeader {
		return
	}
	width, agree := t.usualWidth()
	if width < 2 {
		return
	}
	n, marked := 0, true
	for n < len(t.records)-1 && n < preambleLinesMax && t.beforeTable(data, n, width) {
		rec := &t.records[n]
		marked = marked && (rec.fields > 1 || commentPrefix(data[rec.start:rec.end]) != "")
		n++
	}
	if n == 0 || t.records[n].fields != width || t.records[n].fault.kind != noFault || 5*agree < 4*(len(t.records)-n) {
		return
	}
	blank := t.records[n].line > t.records[n-1].line+t.dialect.countLines(data[t.records[n-1].start:t.records[n-1].end])
	if !t.names(data, n) {
		return
	}
	t.table, t.width = n, width
	if !marked && !blank {
		typed := false
		for c := 0; c < min(width, typedFieldsMax) && !typed; c++ {
			_, typed = t.columnClass(data, c)
		}
		if !typed {
			t.table, t.width = 0, 0
			return
		}
	}
	t.blank = blank
}

// beforeTable reports whether a record at the start looks like no part of a
// table of the given width.
func (t *trial) beforeTable(data []byte, r, width int) bool {
	rec := &t.records[r]
	switch {
	case rec.fault.kind != noFault:
		return false
	case rec.fields == 1:
		return true
	case rec.fields != width:
		return commentPrefix(data[rec.start:rec.end]) != ""
	}
	return width > 2 && t.filled(data, r, 2) < 2
}

// names reports whether a record could be a header: texts, all there, no two
// alike.
func (t *trial) names(data []byte, r int) bool {
	seen := make(map[string]bool, t.records[r].fields)
	for c := range t.records[r].fields {
		b, _ := t.cell(data, r, c)
		b = bytes.TrimSpace(b)
		if len(b) == 0 || specificClass(b).specific() || seen[string(b)] {
			return false
		}
		seen[string(b)] = true
	}
	return true
}

// commentPrefix returns what a line starts with if that may start a comment.
func commentPrefix(line []byte) string {
	for _, p := range commentPrefixes {
		if bytes.HasPrefix(line, []byte(p)) {
			return p
		}
	}
	return ""
}

// describeTable fills in what surrounds the table that best has found: comment
// lines in it, the preamble, the header, the footer.
func (s *settings) describeTable(found *detection, best *trial, data []byte, final bool) {
	if best.width == 0 && len(best.records) > 0 {
		best.width = best.records[0].fields
	}
	if !s.fixed.comment {
		if prefix := best.comments(data); prefix != "" {
			again := &trial{dialect: best.dialect, prior: best.prior}
			again.dialect.Comment = prefix
			if again.dialect.Validate() == nil {
				again.parse(data, final)
				again.judge(data, s.fixed.header && s.NoHeader)
				if len(again.records) > 0 {
					found.reasons = append(found.reasons, fmt.Sprintf("lines that start with %q have no fields and stand between records", prefix))
					found.dialect, best = again.dialect, again
				}
			}
		}
	}
	if best.table > 0 && !s.fixed.skip {
		rec := &best.records[best.table]
		found.preamble = rec.start
		found.reasons = append(found.reasons, fmt.Sprintf("%d of the first lines have no part in the table of %d columns behind them", rec.line, best.width))
	}
	if s.fixed.header || len(best.records) == 0 {
		found.noHeader = s.NoHeader
	} else {
		best.findHeader(found, data)
	}
	if final && !s.fixed.footer && !s.fixed.delimiter || final && !s.fixed.footer && best.width > 1 {
		found.footer = footerLines(data[min(found.preamble, len(data)):], &found.dialect, best.width)
	}
}

// comments returns the prefix of lines that stand among records of the table
// and are not divided as those are, or "".
func (t *trial) comments(data []byte) string {
	if t.width < 2 || t.dialect.Comment != "" {
		return ""
	}
	for _, prefix := range commentPrefixes {
		within := 0
		for i := range t.records {
			rec := &t.records[i]
			if !bytes.HasPrefix(data[rec.start:rec.end], []byte(prefix)) {
				continue
			}
			if rec.fields == t.width {
				within = 0
				break
			}
			if i > t.table {
				within++
			}
		}
		if within > 0 {
			return prefix
		}
	}
	return ""
}

// findHeader decides whether the table's first record names the columns. Where
// nothing speaks against it, it does.
func (t *trial) findHeader(found *detection, data []byte) {
	var names, strong, integers int
	first := t.table
	for c := range min(t.width, typedFieldsMax, t.records[first].fields) {
		b, _ := t.cell(data, first, c)
		class := specificClass(bytes.TrimSpace(b))
		below, typed := t.columnClass(data, c)
		switch {
		case !class.specific():
			if typed && !isMissing(b) && below != classBoolean {
				names++
			}
		case !typed:
		case class == classInteger && (below == classInteger || below == classDecimal):
			if isYear(b) && !t.isYears(data, c) {
				names++ // a year as the name of a column of something else
				continue
			}
			integers++
		case class == below || class == classDecimal && below == classInteger:
			strong++
		default:
			names++ // such as a day as the name of a column of numbers
		}
	}
	switch {
	case len(t.records)-first < 2 && strong == 0:
		found.reasons = append(found.reasons, "the only record is taken for a header")
	case names > 0 && strong == 0, names > strong+integers:
		found.reasons = append(found.reasons, fmt.Sprintf("the first record has text above %s of numbers, dates or the like: it is a header", count(names, "column")))
	case strong > 0 || integers > 0 && names == 0:
		found.noHeader = true
		found.reasons = append(found.reasons, fmt.Sprintf("the first record has %s of the same types as the records below: there is no header", count(strong+integers, "value")))
	default:
		found.reasons = append(found.reasons, "nothing tells the first record from the others: it is taken for a header")
	}
}

// hasValue reports whether a field of the first record is a number, a date or
// the like.
func (t *trial) hasValue(data []byte) bool {
	for c := range min(t.width, typedFieldsMax) {
		if b, _ := t.cell(data, 0, c); specificClass(bytes.TrimSpace(b)).specific() {
			return true
		}
	}
	return false
}

func isYear(b []byte) bool {
	year, err := strconv.Atoi(string(b))
	return err == nil && len(b) == 4 && year >= 1900 && year < 2100
}

// isYears reports whether all values below the first record are years.
func (t *trial) isYears(data []byte, c int) bool {
	rows := min(len(t.records), t.table+typedRecordsMax)
	for r := t.table + 1; r < rows; r++ {
		if t.records[r].fields == t.width {
			if b, _ := t.cell(data, r, c); !isMissing(b) && !isYear(b) {
				return false
			}
		}
	}
	return rows > t.table+1
}
