package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"csvloom/pipeline"
)

// file is what is known of an input after looking at its start.
type file struct {
	input                 Input
	dialect               Dialect
	names                 []string   // of its columns, unique; nil: the file is empty
	columns               []evidence // of its columns' types
	start                 int64      // offset of the first record behind the header
	line                  int64      // 1-based line on which that record starts
	headerLine            int64      // 1-based line on which the header starts; 0: there is none
	content               []byte     // all of the file's text, when it was kept
	plain                 bool       // not compressed
	skipped               bool       // could not be read and is left out
	compression, encoding string     // of the input
	found                 *detection // what the dialect rests on
	footer                int        // lines at the end that are no records
	preambleLines         int        // lines before the header that were found to be no part of the table
	departures            departures // of the last run
}

// firstReadBytes is the least that is read of a file at first: a small file is
// then read once and kept, though less of it may be looked at.
const firstReadBytes = 16 << 10

// probing is what the probes of many files share. What one file turns out to be
// has no say in another: which is looked at first depends on timing.
type probing struct {
	buffers *bufferPool
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// probe looks at the start of an input: its dialect, its header, and the types
// of a sample of rows, or of all rows when types are to be sure.
func probe(ctx context.Context, in Input, s *settings, shared *probing) (*file, error) {
	buffers := shared.buffers
	r, err := in.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f := &file{input: in, dialect: s.dialect, plain: r.Compression() == "" && !isConverted(r), compression: r.Compression()}
	if e, ok := r.(interface{ Encoding() string }); ok {
		f.encoding = e.Encoding()
	}
	first := max(s.SampleBytes, firstReadBytes)
	buf := buffers.get(first)
	defer func() { buffers.put(buf) }()
	var end error
	for want := first; ; want *= 2 {
		if cap(buf)-padBytes < want {
			bigger := append(buffers.get(want), buf...)
			buffers.put(buf)
			buf = bigger
		}
		buf, end = fill(r, buf, want)
		if end != nil && end != io.EOF {
			return nil, end
		}
		ok, err := f.header(buf, end == io.EOF, s, shared)
		if err != nil {
			return nil, err
		}
		if ok {
			break
		}
		if len(buf) > s.RowBytesMax {
			l := layout{name: in.Name, dialect: f.dialect, rowBytesMax: s.RowBytesMax}
			return nil, l.tooLong(&block{data: buf, line: 1}, 0)
		}
	}
	if f.names == nil {
		return f, nil
	}
	f.columns = make([]evidence, len(f.names))
	if f.footer = s.FooterLines; f.footer == 0 && !s.fixed.footer {
		if f.footer = f.found.footer; end != io.EOF {
			f.footer = f.footerInTail()
		}
	}
	text := buf
	if end == io.EOF {
		if f.footer > 0 {
			if err := noFooter(in.Name, &f.dialect, buf[f.start:], f.footer); err != nil {
				return nil, err
			}
			text = buf[:int(f.start)+tableEnd(&f.dialect, buf[f.start:], f.footer)]
		}
		f.content = append(make([]byte, 0, len(text)+padBytes), text...)
	}
	if rows := text[f.start:]; !s.InferFull {
		n := min(len(rows), s.SampleBytes)
		f.sample(rows[:n], end == io.EOF && n == len(rows), s)
		return f, nil
	} else if end == io.EOF {
		f.sample(rows, true, s)
		return f, nil
	}
	c := cutter{dialect: &f.dialect, r: f.withoutFooter(io.MultiReader(bytes.NewReader(buf[f.start:]), r), s),
		blockBytes: s.BlockBytes, rowBytesMax: s.RowBytesMax, buffers: buffers}
	for {
		b, err := c.next()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		f.sample(b.data, true, s)
		buffers.putBlock(&b)
	}
}

// header finds the dialect, the names, and where the data starts. It reports
// false when data does not hold the whole header.
func (f *file) header(data []byte, final bool, s *settings, shared *probing) (ok bool, err error) {
	start := 0
	if bytes.HasPrefix(data, byteOrderMark) {
		start = len(byteOrderMark)
	}
	if !s.fixed.lineEnd {
		f.dialect.LineEnd, _ = lineEndsIn(data[start:], final, f.dialect.Quote)
	}
	if s.OnError == Fail {
		if err := f.checkText(data); err != nil {
			return false, err
		}
	}
	for range s.SkipLines {
		i := f.dialect.nextLineEnd(data[start:])
		if i < 0 {
			return final, nil
		}
		start += i + 1
	}
	skipped := start
	if !s.fixed.delimiter {
		if isHTML(data[start:]) {
			return false, &pipeline.InputError{Pos: pipeline.Position{File: f.input.Name, Line: 1}, Problem: "this is an HTML page, expected CSV",
				Advice: "look at the page: it may ask for a login, or say what is wrong; --delim reads it all the same"}
		}
		if n, delim := separatorLine(data[start:]); n > 0 && !s.fixed.skip {
			start += n
			hinted := *s
			hinted.dialect.Delimiter, hinted.fixed.delimiter = delim, true
			s = &hinted
		}
	}
	found := s.detect(data[start:], final)
	if found == nil {
		return final, nil
	}
	f.dialect, f.found = found.dialect, found
	start += found.preamble
	f.preambleLines = f.dialect.countLines(data[skipped:start])
	t := tokenizer{dialect: &f.dialect, data: data[start:], final: final}
	rec, ends, ok := t.next(nil)
	if !ok {
		return final, nil
	}
	lines := int64(f.dialect.countLines(data[:start]))
	l := layout{name: f.input.Name, dialect: f.dialect}
	if rec.fields > columnsMax {
		return false, &pipeline.InputError{
			Pos:     pipeline.Position{File: f.input.Name, Line: lines + int64(rec.line) + 1},
			Problem: fmt.Sprintf("the header has %d fields, expected at most %d", rec.fields, columnsMax),
			Advice:  "check --delim and --quote",
		}
	}
	if rec.fault.kind != noFault {
		e := &pipeline.InputError{}
		l.explainRecord(&block{data: data[start:], line: lines + 1}, &rec, e)
		return false, e
	}
	if found.noHeader {
		f.start, f.line = int64(start+rec.start), lines+int64(rec.line)+1
		f.names = columnNames(make([]string, rec.fields))
		return true, nil
	}
	names := make([]string, rec.fields)
	from := rec.start
	for i, end := range ends {
		b := data[start+from : start+int(end)]
		if i == len(ends)-1 && f.dialect.LineEnd != LineEndCR {
			b = bytes.TrimSuffix(b, []byte("\r"))
		}
		b = f.dialect.appendPlain(nil, b)
		if fault := textFault(b); fault != "" {
			e := &pipeline.InputError{Pos: l.position(&block{data: data[start:], line: lines + 1}, from), Found: string(b)}
			e.Problem, e.Advice = fault, convertAdvice
			return false, e
		}
		names[i] = string(b)
		from = int(end) + len(f.dialect.Delimiter)
	}
	f.names = columnNames(names)
	f.headerLine = lines + int64(rec.line) + 1
	f.start, f.line = int64(start+rec.end), lines+int64(t.lines)+1
	return true, nil
}

// isConverted reports whether a stream's text has been converted from another
// encoding, so that the file's bytes are not those of the stream.
func isConverted(s Stream) bool {
	c, ok := s.(interface{ Encoding() string })
	return ok && c.Encoding() != "utf-8"
}

// checkText refuses what is not text in an encoding that can be read.
func (f *file) checkText(data []byte) error {
	i := bytes.IndexByte(data, 0)
	if i < 0 {
		return nil
	}
	e := &pipeline.InputError{Problem: "this is not a text file: it has a NUL byte", Advice: "give CSV text, plain or compressed with gzip, zstd, bzip2 or snappy"}
	e.Pos = (&layout{name: f.input.Name, dialect: f.dialect}).position(&block{data: data, line: 1}, i)
	return e
}

// columnNames makes names that are unique and not empty: a blank one becomes
// column_3 after its place, a repeated one gets _2, _3 and so on.
func columnNames(names []string) []string {
	taken := make(map[string]bool, len(names))
	for _, n := range names {
		taken[n] = true
	}
	used := make(map[string]bool, len(names))
	suffix := make(map[string]int) // the last one tried for a name, so that many equal names are no square
	for i, n := range names {
		if n == "" {
			n = "column_" + strconv.Itoa(i+1)
		}
		unique := n
		for k := max(suffix[n]+1, 2); used[unique] || unique != names[i] && taken[unique]; k++ {
			unique = n + "_" + strconv.Itoa(k)
			suffix[n] = k
		}
		used[unique] = true
		names[i] = unique
	}
	return names
}

// sample adds the values of whole records to the evidence. Records of another
// width are left for decoding to complain of.
func (f *file) sample(data []byte, final bool, s *settings) {
	if s.AllVarchar {
		return
	}
	t := tokenizer{dialect: &f.dialect, data: data, final: final}
	var ends []uint32
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	values := fields{data: data, quote: f.dialect.Quote, nulls: s.nulls, escapes: f.dialect.escapesIn(data), decoder: d}
	for {
		rec, e, ok := t.next(ends[:0])
		if !ok {
			return
		}
		ends = e
		if rec.fields != len(f.columns) || rec.fault.kind != noFault {
			continue
		}
		from := uint32(rec.start)
		for i, end := range ends {
			to := end
			if i == len(ends)-1 && f.dialect.LineEnd != LineEndCR && to > from && data[to-1] == '\r' {
				to--
			}
			if b, null := values.value(from, to); !null {
				f.columns[i].add(b, &s.formats)
			}
			from = end + uint32(len(f.dialect.Delimiter))
		}
	}
}

// errNoColumns says that there is nothing to read in any input.
var errNoColumns = errors.New("no input has a header")

// separatorLine returns the length of a first line such as sep=; with which
// spreadsheets say the delimiter, and that; 0 if there is none.
func separatorLine(data []byte) (n int, delim string) {
	if len(data) < 6 || !bytes.EqualFold(data[:4], []byte("sep=")) {
		return 0, ""
	}
	line, _, ok := bytes.Cut(data, []byte{'\n'})
	text := bytes.TrimSuffix(line[4:], []byte{'\r'})
	d := Dialect{Delimiter: string(text), Quote: '"'}
	if !ok || utf8.RuneCount(text) != 1 || d.Validate() != nil {
		return 0, ""
	}
	return len(line) + 1, d.Delimiter
}

// isHTML reports whether data starts as an HTML page does.
func isHTML(data []byte) bool {
	data = bytes.TrimLeft(data[:min(len(data), 512)], " \t\r\n")
	for _, start := range []string{"<!doctype html", "<html"} {
		if len(data) >= len(start) && bytes.EqualFold(data[:len(start)], []byte(start)) {
			return true
		}
	}
	return false
}
