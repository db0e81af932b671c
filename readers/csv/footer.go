package csv

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"unicode/utf8"

	"csvloom/pipeline"
)

// footerLinesMax is how many lines at the end of a file may be a footer;
// footerFoundMax how many are recognised as one.
const (
	footerLinesMax = 1000
	footerFoundMax = 10
)

// footerWords start lines that say something about the table above them.
var footerWords = regexp.MustCompile(`(?i)^(?:(?:(?:sub|grand )?totals?|sum|average|rows?|records?|count|end|eof|source|notes?|footnotes?|generated|exported|created|copyright|page|report|disclaimer)\b|\(?\d[\d,. ]* (?:rows?|records?|lines?|entries)\b|#|--|//|==|\*)`)

// lastLine returns where the last line of data starts and where its text ends,
// without line ends behind it. Blank lines at the end are passed over. start is
// -1 when there is no line.
func lastLine(d *Dialect, data []byte) (start, end int) {
	end = len(bytes.TrimRight(data, "\r\n"))
	if end == 0 {
		return -1, 0
	}
	return d.lastLineEnd(data[:end]) + 1, end
}

// tableEnd returns where the last n lines of data that are not blank begin: the
// end of the table in front of a footer of n lines.
func tableEnd(d *Dialect, data []byte, n int) int {
	end := len(data)
	for range n {
		start, _ := lastLine(d, data[:end])
		if start < 0 {
			return 0
		}
		end = start
	}
	return end
}

// noFooter is the error of data, all that stands behind the header of a file, that has
// fewer than n lines which are not blank; nil if it has as many.
func noFooter(name string, d *Dialect, data []byte, n int) error {
	end := len(data)
	for lines := range n {
		start, _ := lastLine(d, data[:end])
		if start < 0 {
			return &pipeline.InputError{Pos: pipeline.Position{File: name},
				Problem: fmt.Sprintf("behind the header there is no more than %s, expected at least the %d of the footer", count(lines, "line"), n), Advice: "check --footer"}
		}
		end = start
	}
	return nil
}

// footerLines recognises a footer at the end of data, of which the lines that
// are not blank are counted: lines that have not as many fields as the table,
// one of them filled or two of which the first is a label, and that stand behind
// a blank line and hold text, or start with a word such as Total or a mark that no
// record starts with. What else there is may be a torn row, and is left for
// decoding to complain of.
func footerLines(data []byte, d *Dialect, width int) int {
	if width < 2 {
		return 0
	}
	lines, marked, text := 0, true, true
	var marks []byte // that the lines start with, where it is no letter
	for end := len(data); ; {
		start, textEnd := lastLine(d, data[:end])
		if start <= 0 {
			return 0
		}
		fields, filled, plain := lineShape(d, data[start:textEnd])
		if fields == width || !plain {
			blankBefore := lines > 0 && len(bytes.TrimRight(data[textEnd:end], " \t\r\n")) == 0 && d.countLines(data[textEnd:end]) > 1
			if start < textEnd && bytes.IndexByte(marks, data[start]) >= 0 {
				return 0
			}
			if fields == width && lines > 0 && (marked || blankBefore && text) {
				return lines
			}
			return 0
		}
		if lines++; lines > footerFoundMax || filled > 2 {
			return 0
		}
		line := bytes.TrimLeft(data[start:textEnd], " "+d.Delimiter)
		if filled == 2 && !footerLabel(line, d) {
			return 0
		}
		marked = marked && footerWords.Match(line)
		if len(line) > 0 && !isLetter(line[0]) {
			marks = append(marks, line[0])
		}
		text = text && !specificClass(line).specific()
		end = start
	}
}

// footerLabel reports whether the first field of a line does nothing but name the
// second: it is a word such as Total, or ends in a colon or has one.
func footerLabel(line []byte, d *Dialect) bool {
	first, _, _ := bytes.Cut(line, []byte(d.Delimiter))
	word := footerWords.Find(first)
	return word != nil && (len(word) == len(bytes.TrimSpace(first)) || bytes.IndexByte(first, ':') >= 0)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf }

// lineShape returns how many fields a line has and how many of them are filled.
// plain is false when there are quotes or a fault in it.
func lineShape(d *Dialect, line []byte) (fields, filled int, plain bool) {
	if len(line) == 0 {
		return 0, 0, true
	}
	if d.Quote != 0 && bytes.IndexByte(line, d.Quote) >= 0 {
		// Whether a quoted field ends here or began lines ago is not known.
		tok := tokenizer{dialect: d, data: line, final: true}
		rec, _, ok := tok.next(nil)
		return rec.fields, rec.fields, ok && rec.fault.kind == noFault && rec.stray < 0
	}
	for part := range bytes.SplitSeq(line, []byte(d.Delimiter)) {
		fields++
		if len(bytes.TrimSpace(part)) > 0 {
			filled++
		}
	}
	return fields, filled, true
}

// mayHaveFooter reports whether the last line of the data, which ends where the
// file does, is not of the table's width. The trial's records need not reach it.
func (t *trial) mayHaveFooter(data []byte) bool {
	start, end := lastLine(&t.dialect, data)
	if start <= 0 {
		return false
	}
	if t.records[len(t.records)-1].end >= end {
		return false // it is one of the records, which are all alike
	}
	fields, _, plain := lineShape(&t.dialect, data[start:end])
	return plain && fields != t.width
}

// footerReader reads a stream up to the last lines that are not blank.
type footerReader struct {
	r       io.Reader
	dialect *Dialect
	lines   int // to hold back
	max     int // bytes of them
	name    string
	buf     []byte
	given   int  // bytes of buf that have been read
	some    bool // there was something before the footer
	err     error
}

// Read implements io.Reader. It holds back as much as may turn out to be the
// footer.
func (f *footerReader) Read(p []byte) (int, error) {
	for {
		ready := 0
		if f.err == nil || f.err == io.EOF {
			ready = tableEnd(f.dialect, f.buf[f.given:], f.lines)
		}
		if ready > 0 {
			n := copy(p, f.buf[f.given:f.given+ready])
			f.given += n
			f.some = true
			return n, nil
		}
		if f.err == io.EOF && !f.some {
			f.some = true
			if err := noFooter(f.name, f.dialect, f.buf[f.given:], f.lines); err != nil {
				f.err = err
			}
		}
		if f.err != nil {
			return 0, f.err
		}
		if len(f.buf)-f.given > f.max {
			return 0, &pipeline.InputError{Pos: pipeline.Position{File: f.name},
				Problem: fmt.Sprintf("the last %d lines are longer than %d bytes together, expected a footer", f.lines, f.max), Advice: "check --footer and --line-end"}
		}
		f.buf = append(f.buf[:0], f.buf[f.given:]...)
		f.given = 0
		n := len(f.buf)
		want := max(n, 64<<10)
		f.buf = append(f.buf, make([]byte, want)...)
		var m int
		m, f.err = f.r.Read(f.buf[n:])
		f.buf = f.buf[:n+m]
	}
}

// withoutFooter reads r, which starts behind the header, up to the footer.
func (f *file) withoutFooter(r io.Reader, s *settings) io.Reader {
	if f.footer == 0 {
		return r
	}
	return &footerReader{r: r, dialect: &f.dialect, lines: f.footer, max: s.RowBytesMax, name: f.input.Name}
}

// tailBytes is how much of the end of a file is searched for a footer.
const tailBytes = 4 << 10

// footerInTail recognises a footer of a plain local file of which only the start
// was sampled. A file whose end cannot be read has none that is known.
func (f *file) footerInTail() int {
	if !f.plain || f.input.Path == "" || len(f.names) < 2 {
		return 0
	}
	in, err := os.Open(f.input.Path)
	if err != nil {
		return 0
	}
	defer in.Close()
	tail := make([]byte, min(tailBytes, f.input.Bytes))
	if n, err := in.ReadAt(tail, f.input.Bytes-int64(len(tail))); n < len(tail) || err != nil && err != io.EOF {
		return 0
	}
	return footerLines(tail, &f.dialect, len(f.names))
}
