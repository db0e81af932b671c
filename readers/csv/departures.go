package csv

import (
	"fmt"
	"sync"
)

// departures account for what a file has beside rows as its dialect has them:
// quotes where the grammar gives them no meaning, quoted fields that may have
// swallowed lines, and comment lines. Blocks are added by any goroutine, in any
// order.
type departures struct {
	mu                        sync.Mutex
	strays, doubts, comments  int64
	strayAt, doubtAt, comment int64 // the line of the first one
}

// add notes what the index of a block has found.
func (d *departures) add(l *layout, b *block, ix *index) {
	doubts, doubtAt := l.doubts(b.data, ix)
	if len(ix.strays)+doubts+ix.comments == 0 {
		return
	}
	line := func(at int) int64 { return b.line + int64(l.dialect.countLines(b.data[:at])) }
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(ix.strays); n > 0 {
		noteFirst(&d.strays, &d.strayAt, n, line(ix.strays[0]))
	}
	if doubts > 0 {
		noteFirst(&d.doubts, &d.doubtAt, doubts, line(doubtAt))
	}
	if ix.comments > 0 {
		noteFirst(&d.comments, &d.comment, ix.comments, line(ix.commentAt))
	}
}

// reset forgets everything: the run starts over.
func (d *departures) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strays, d.doubts, d.comments = 0, 0, 0
}

// commentLines is how many were passed.
func (d *departures) commentLines() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.comments
}

// noteFirst adds n to count and keeps the smallest line.
func noteFirst(count, first *int64, n int, line int64) {
	if *count == 0 || line < *first {
		*first = line
	}
	*count += int64(n)
}

// doubts counts the rows that span several lines of which the last reads as a
// whole record by itself: a stray quote may have swallowed the lines before it.
// first is the offset of the first such row.
func (l *layout) doubts(data []byte, ix *index) (rows, first int) {
	if ix.lines == nil || !ix.quotes || ix.width < 2 {
		return 0, 0
	}
	var ends []uint32
	for r := range ix.rows {
		if r+1 < ix.rows && ix.lines[r+1] == ix.lines[r]+1 {
			continue
		}
		start, _ := ix.field(r, 0)
		_, end := ix.field(r, ix.width-1)
		if int(end) > len(data) {
			continue // the row was mended, and told of
		}
		from := l.dialect.lastLineEnd(data[start:end])
		if from < 0 || int(start)+from+1 == int(end) {
			continue // one line, or its CR
		}
		t := tokenizer{dialect: &l.dialect, data: data[int(start)+from+1 : end], final: true}
		var rec record
		var ok bool
		if rec, ends, ok = t.next(ends[:0]); ok && rec.fields == ix.width && rec.stray < 0 && rec.fault.kind != textAfterQuote {
			if rows++; rows == 1 {
				first = int(start)
			}
		}
	}
	return rows, first
}

// tell makes the remarks about a file for the user. quote is that of its dialect.
func (d *departures) tell(file string, dialect *Dialect) (remarks []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strays > 0 {
		remarks = append(remarks, fmt.Sprintf("%s:%d: %s a quote inside an unquoted field; it was kept as a character%s",
			file, d.strayAt, has(d.strays, "row"), others(d.strays)))
	}
	if d.doubts > 0 {
		remarks = append(remarks, fmt.Sprintf("%s:%d: a quoted field spans lines that read as records of their own; if its quote is a stray one, mend it or say --quote none%s",
			file, d.doubtAt, others(d.doubts)))
	}
	if d.comments > 0 {
		remarks = append(remarks, fmt.Sprintf("%s:%d: %s skipped, starting with %q%s", file, d.comment, wasOrWere(d.comments, "comment line"), dialect.Comment, others(d.comments)))
	}
	return remarks
}

func has(n int64, what string) string {
	if n == 1 {
		return "1 " + what + " has"
	}
	return fmt.Sprintf("%d %ss have", n, what)
}

func wasOrWere(n int64, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return fmt.Sprintf("%d %ss were", n, what)
}

// others says that the line named is only the first.
func others(n int64) string {
	if n == 1 {
		return ""
	}
	return " (this line is the first)"
}

// Departures returns a remark about every file that the last run has read with
// something beside rows as its dialect has them, in input order, each naming
// the first line: nothing is read as it was not meant without a word. It is
// called when the run has ended.
func (s *Source) Departures() (remarks []string) {
	for _, f := range s.files {
		remarks = append(remarks, f.departures.tell(f.input.Name, &f.dialect)...)
	}
	return remarks
}
