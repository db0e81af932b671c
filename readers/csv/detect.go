package csv

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// fixedParts are the parts of the dialect that the user gives.
type fixedParts struct {
	delimiter, quote, escape, comment, skip, footer, header, lineEnd bool
}

// detection is what a sample says about how a file is written.
type detection struct {
	dialect  Dialect
	noHeader bool
	preamble int      // bytes before the table's first line
	footer   int      // lines behind the table, as in Options.FooterLines
	records  int      // of the sample
	reasons  []string // what speaks for it, for people
	doubt    string   // what the user should know and may decide otherwise; "" if nothing
	trials   []*trial // the candidates, best first; nil if one was accepted at once
}

// detect finds out how data, the start of a file behind its byte order mark and
// skipped lines, is written. It returns nil when data holds no whole record.
func (s *settings) detect(data []byte, final bool) *detection {
	d := s.dialect
	ends := []LineEnd{d.LineEnd}
	if !s.fixed.lineEnd {
		d.LineEnd, ends = lineEndsIn(data, final, d.Quote)
	}
	if !s.Explain {
		if found := s.detectPlain(data, final, d, ends); found != nil {
			return found
		}
	}
	try := d
	if try.Delimiter == "" {
		try.Delimiter = fallbackDelimiter(&d)
	}
	probe := &trial{dialect: try}
	tok := tokenizer{dialect: &try, data: data, final: final}
	if _, _, ok := tok.next(nil); !ok {
		if !final {
			return nil
		}
		return &detection{dialect: try}
	}
	list := trials(data, d, &s.fixed, ends)
	for _, t := range list {
		t.parse(data, final)
		t.judge(data, s.fixed.header && s.NoHeader)
	}
	list = slices.DeleteFunc(list, func(t *trial) bool { return len(t.records) == 0 })
	slices.SortStableFunc(list, func(a, b *trial) int { return cmp.Compare(b.score, a.score) })
	best := choose(data, list)
	if best == nil || best.score == 0 && !s.fixed.delimiter {
		// Nothing divides the lines: there is one column.
		if !s.fixed.delimiter {
			try.Delimiter = undivided(list, data, try)
			probe.dialect = try
		}
		best = probe
		if same := slices.IndexFunc(list, func(t *trial) bool { return t.dialect == try }); same >= 0 {
			best = list[same]
		} else {
			best.parse(data, final)
			best.judge(data, s.fixed.header && s.NoHeader)
		}
		best.score = 0
	}
	if at := slices.Index(list, best); at > 0 {
		list = slices.Insert(slices.Delete(list, at, at+1), 0, best)
	}
	found := &detection{dialect: best.dialect, records: len(best.records)}
	found.explain(best, list, &s.fixed)
	if best == probe && best.dialect.Delimiter == noDelimiter {
		found.doubt = "read as one column, since the delimiters in its text do not divide its first line; say --delim if it has one"
	}
	if s.fixed.delimiter && !bytes.Contains(data, []byte(best.dialect.Delimiter)) {
		found.doubt = fmt.Sprintf("delimiter %q was given, but the first records do not have it; check --delim", best.dialect.Delimiter)
	}
	s.describeTable(found, best, data, final)
	if found.trials = list; !s.Explain {
		found.trials = nil
	}
	return found
}

// fallbackDelimiter is the delimiter of a file that has none.
func fallbackDelimiter(d *Dialect) string {
	for _, c := range usualDelimiters {
		try := *d
		if try.Delimiter = string(c); try.Validate() == nil {
			return try.Delimiter
		}
	}
	return "\x1f"
}

// noDelimiter is the delimiter of a file of one column whose text has all usual
// ones in it: the ASCII unit separator.
const noDelimiter = "\x1f"

// undivided returns the delimiter of a file whose first line no delimiter
// divides: that of d, unless it stands in the text of a single column.
func undivided(list []*trial, data []byte, d Dialect) string {
	at := slices.IndexFunc(list, func(t *trial) bool { return t.dialect == d })
	if at < 0 || bytes.Contains(data, []byte(noDelimiter)) {
		return d.Delimiter
	}
	t := list[at]
	usual, n := t.usualWidth()
	divided, values := 0, 0
	for i := range t.records[1:] {
		rec := &t.records[i+1]
		if rec.fault.kind != noFault {
			return d.Delimiter // that is to be told
		}
		if rec.fields > 1 {
			divided++
		}
		if specificClass(bytes.TrimRight(data[rec.start:rec.end], "\r\n")).specific() {
			values++
		}
	}
	if t.records[0].fields != 1 || divided == 0 {
		return d.Delimiter
	}
	if usual > 1 && 5*n >= 4*(len(t.records)-1) && values < divided {
		// Most lines are divided alike: if that shows types, they are a table
		// whose first line is at fault.
		t.width = usual
		for c := range min(usual, typedFieldsMax) {
			if _, typed := t.columnClass(data, c); typed {
				return d.Delimiter
			}
		}
	}
	return noDelimiter
}

// lineEndsIn returns the kind of the first line end outside quotes, and the
// kinds worth a trial: also mixed ones, when another kind comes up.
func lineEndsIn(data []byte, final bool, quote byte) (first LineEnd, worthTrying []LineEnd) {
	if !final && len(data) > 0 && data[len(data)-1] == '\r' {
		data = data[:len(data)-1] // perhaps half of a CRLF
	}
	cr := bytes.IndexByte(data, '\r')
	if cr < 0 {
		return LineEndLF, []LineEnd{LineEndLF}
	}
	first = firstLineEnd(data, quote)
	pairs := bytes.Count(data, []byte("\r\n"))
	bareCR, bareLF := bytes.Count(data, []byte{'\r'})-pairs, bytes.Count(data, []byte{'\n'})-pairs
	if bareCR > 0 && bareLF+pairs > 0 {
		return first, []LineEnd{first, LineEndMixed}
	}
	return first, []LineEnd{first}
}

// firstLineEnd is the kind of the first line end outside quotes.
func firstLineEnd(data []byte, quote byte) LineEnd {
	quoted := false
	for i, c := range data {
		switch {
		case c == quote && quote != 0:
			quoted = !quoted
		case quoted:
		case c == '\n':
			return LineEndLF
		case c == '\r':
			switch {
			case i+1 == len(data):
				return LineEndLF
			case data[i+1] == '\n':
				return LineEndCRLF
			}
			return LineEndCR
		}
	}
	return LineEndLF
}

// detectPlain recognises the ordinary file at once: a usual delimiter divides all
// records of the sample into the same number of fields, quotes stand where RFC
// 4180 has them, there is nothing that another quote or an escape could explain,
// and no other delimiter that the first line has does as well. It returns nil for
// any other file.
func (s *settings) detectPlain(data []byte, final bool, d Dialect, ends []LineEnd) *detection {
	if len(ends) != 1 || s.fixed.delimiter || d.Comment != "" || d.Escape != 0 || len(data) == 0 {
		return nil
	}
	n := d.nextLineEnd(data)
	if n < 0 {
		n = len(data)
	}
	line := data[:n]
	if len(line) == 0 || line[0] == '#' || bytes.IndexByte(data[:min(len(data), trialBytesMax)], '\\') >= 0 && !s.fixed.escape {
		return nil
	}
	t := plainTrials.Get().(*trial)
	defer plainTrials.Put(t)
	for i := range usualDelimiters {
		delim := usualDelimiters[i : i+1]
		if bytes.IndexByte(line, delim[0]) < 0 {
			continue
		}
		t.dialect = d
		t.dialect.Delimiter = delim
		if t.dialect.Validate() != nil {
			continue
		}
		if !t.parsePlain(data, final, s) {
			continue
		}
		if t.hasRival(data, final, line) {
			return nil
		}
		found := &detection{dialect: t.dialect, records: len(t.records)}
		t.width = t.records[0].fields
		switch {
		case s.fixed.header:
			found.noHeader = s.NoHeader
		case t.filled(data, 0, 2) < 2:
			return nil
		case t.hasValue(data): // or else it is a header, whatever stands below
			t.findHeader(found, data)
		}
		if final && !s.fixed.footer && t.mayHaveFooter(data) {
			found.footer = footerLines(data, &found.dialect, t.width)
		}
		return found
	}
	return nil
}

// plainTrials keeps the memory of trials that detectPlain made.
var plainTrials = sync.Pool{New: func() any { return new(trial) }}

// parsePlain parses the sample and reports whether all of it is plain.
func (t *trial) parsePlain(data []byte, final bool, s *settings) bool {
	t.records, t.ends, t.first = t.records[:0], t.ends[:0], t.first[:0]
	bytesMax := min(trialBytesMax, s.SampleBytes)
	tok := tokenizer{dialect: &t.dialect, data: data, final: final}
	for len(t.records) < trialRecordsMax && (tok.pos < bytesMax || len(t.records) < 2) {
		t.first = append(t.first, len(t.ends))
		rec, ends, ok := tok.next(t.ends)
		if !ok {
			t.first = t.first[:len(t.records)]
			break
		}
		t.ends = ends
		t.records = append(t.records, rec)
		if rec.fields < 2 || rec.fields != t.records[0].fields || rec.fault.kind != noFault || rec.stray >= 0 {
			return false
		}
	}
	if len(t.records) == 0 {
		return false
	}
	head := data[:min(len(data), detectTextBytes)]
	return s.fixed.quote || bytes.IndexByte(head, '\'') < 0 || !encloses(head, t.dialect.Delimiter, '\'')
}

// hasRival reports whether another delimiter that stands in the first line
// divides all records alike.
func (t *trial) hasRival(data []byte, final bool, line []byte) bool {
	delims, _ := delimitersIn(line)
	for _, delim := range delims {
		d := t.dialect
		d.Delimiter = delim
		if delim == t.dialect.Delimiter || d.Validate() != nil {
			continue
		}
		tok := tokenizer{dialect: &d, data: data, final: final}
		var ends []uint32
		width, n := 0, 0
		for n < len(t.records) {
			rec, e, ok := tok.next(ends[:0])
			if ends = e; !ok {
				break
			}
			if n++; n == 1 {
				width = rec.fields
			}
			if rec.fields != width || rec.fault.kind != noFault || rec.stray >= 0 {
				width = 0
				break
			}
		}
		if width > 1 {
			return true
		}
	}
	return false
}

// quoteBadMin is how many records that make no sense with doubled quotes must be
// as they should with escapes, or without quotes, before those are believed in:
// one such record is more likely to be damaged, and then it must not pass.
const quoteBadMin = 2

// choose returns the best of the trials, which are ordered by score, or nil.
func choose(data []byte, list []*trial) *trial {
	for _, t := range list {
		if t.score == 0 {
			return nil
		}
		if t.dialect.Quote != 0 && t.dialect.Escape == 0 {
			return otherQuote(data, t, list)
		}
		usual := t.dialect
		if usual.Escape = 0; usual.Quote == 0 {
			usual.Quote = '"'
		}
		plain := slices.IndexFunc(list, func(o *trial) bool { return o.dialect == usual })
		if plain < 0 {
			return t
		}
		bad, proper := list[plain].quotes(data)
		left, _ := t.quotes(data)
		if bad-left >= quoteBadMin && (t.dialect.Quote != 0 || proper == 0) {
			return t
		}
	}
	return nil
}

// otherQuote returns the trial that differs from t by its quote alone, if more
// fields are enclosed in that and fewer records make no sense with it; otherwise
// t. By the score alone, one record that is damaged counts for more than several
// of which the quotes, unseen, enclose delimiters.
func otherQuote(data []byte, t *trial, list []*trial) *trial {
	for _, o := range list {
		same := o.dialect
		same.Quote = t.dialect.Quote
		if same != t.dialect || o == t || o.dialect.Quote == 0 || o.score == 0 {
			continue
		}
		bad, proper := t.quotes(data)
		left, more := o.quotes(data)
		if bad-left >= quoteBadMin && more > proper {
			return o
		}
	}
	return t
}

// quotes counts the records that have a fault, a stray quote or too many or too
// few fields, and the fields of others that are quoted as they should be.
func (t *trial) quotes(data []byte) (bad, proper int) {
	for r := t.table; r < len(t.records); r++ {
		if rec := &t.records[r]; rec.fault.kind != noFault || rec.stray >= 0 || rec.fields != t.width {
			bad++
			continue
		}
		for c := range t.records[r].fields {
			if _, quoted := t.cell(data, r, c); quoted {
				proper++
			}
		}
	}
	return bad, proper
}

// nearTie is the part of the best score from which another dialect is worth
// mentioning.
const nearTie = 0.9

// explain notes what speaks for the best trial and what against it.
func (found *detection) explain(best *trial, list []*trial, fixed *fixedParts) {
	for _, t := range list {
		if t == best || t.score < best.score*nearTie || t.score == 0 || t.width == best.width && t.dialect.Delimiter == best.dialect.Delimiter {
			continue
		}
		found.doubt = fmt.Sprintf("delimiter %q was chosen, but %q makes a table as well; say --delim with one of them", best.dialect.Delimiter, t.dialect.Delimiter)
		break
	}
	var unusual []string
	if best.dialect.Quote == 0 && !fixed.quote {
		unusual = append(unusual, "--quote none")
	}
	if best.dialect.Escape != 0 && !fixed.escape {
		unusual = append(unusual, fmt.Sprintf("--escape '%c'", best.dialect.Escape))
	}
	if best.dialect.LineEnd == LineEndMixed && !fixed.lineEnd {
		unusual = append(unusual, "--line-end mixed")
	}
	if len(unusual) > 0 && found.doubt == "" {
		found.doubt = "read with " + strings.Join(unusual, " ") + ", as its first records suggest"
	}
}
