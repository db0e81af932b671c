package csv

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// trial is a sample read by a dialect that may be the right one, and how
// plausible the result looks. The score is that of van den Burg, Nazábal and
// Sutton, "Wrangling messy CSV files by detecting row and type patterns" (Data
// Mining and Knowledge Discovery 33, 2019), in principle: how regular the rows
// are, times how much their cells look like values.
type trial struct {
	dialect Dialect
	prior   float64 // of the delimiter, at most 1
	records []record
	ends    []uint32 // of the fields of all records, one after the other
	first   []int    // for every record, the place of its first field in ends
	table   int      // records before the table: the preamble
	width   int      // fields of the table's records
	blank   bool     // a blank line stands between the preamble and the table

	shape, types, score float64
}

// Bounds of what a dialect is judged by. The first two records are read
// whatever their length.
const (
	trialRecordsMax = 100
	trialBytesMax   = 64 << 10
	typedRecordsMax = 30
	typedFieldsMax  = 64
)

// parse reads the sample by the trial's dialect.
func (t *trial) parse(data []byte, final bool) {
	tok := tokenizer{dialect: &t.dialect, data: data, final: final}
	for len(t.records) < trialRecordsMax && (tok.pos < trialBytesMax || len(t.records) < 2) {
		t.first = append(t.first, len(t.ends))
		rec, ends, ok := tok.next(t.ends)
		if !ok {
			t.first = t.first[:len(t.records)]
			return
		}
		t.ends = ends
		t.records = append(t.records, rec)
	}
}

// cell returns the text of a field without its quotes, and whether it had any.
func (t *trial) cell(data []byte, r, c int) (b []byte, quoted bool) {
	rec := &t.records[r]
	at := t.first[r] + c
	from := rec.start
	if c > 0 {
		from = int(t.ends[at-1]) + len(t.dialect.Delimiter)
	}
	b = data[from:t.ends[at]]
	if c == rec.fields-1 && t.dialect.LineEnd != LineEndCR {
		b = bytes.TrimSuffix(b, []byte("\r"))
	}
	if q := t.dialect.Quote; q != 0 && len(b) > 1 && b[0] == q && b[len(b)-1] == q {
		return b[1 : len(b)-1], true
	}
	return b, false
}

// filled counts the fields of a record that are not empty, up to most.
func (t *trial) filled(data []byte, r, most int) (n int) {
	for c := range t.records[r].fields {
		if b, _ := t.cell(data, r, c); len(bytes.TrimSpace(b)) > 0 {
			if n++; n >= most {
				return n
			}
		}
	}
	return n
}

// usualWidth is the width that most records without fault have, and of equally
// many the largest.
func (t *trial) usualWidth() (width, records int) {
	counts := map[int]int{}
	for i := range t.records {
		if rec := &t.records[i]; rec.fault.kind == noFault {
			counts[rec.fields]++
		}
	}
	for w, n := range counts {
		if n > records || n == records && w > width {
			width, records = w, n
		}
	}
	return width, records
}

// singleFieldShape is what a record of one field is worth beside the
// (width-1)/width of others; so much that it loses to any division that holds.
const singleFieldShape = 1e-3

// judge fills in the scores.
func (t *trial) judge(data []byte, header bool) {
	if len(t.records) == 0 {
		return
	}
	t.findTable(data, header)
	rows := t.records[t.table:]
	t.width = rows[0].fields
	// Records of one width are a pattern; those with a fault are one too.
	patterns := map[int]int{}
	for i := range rows {
		w := rows[i].fields
		if rows[i].fault.kind != noFault {
			w = 0
		}
		patterns[w]++
	}
	for _, w := range slices.Sorted(maps.Keys(patterns)) { // sums depend on their order
		n := patterns[w]
		worth := singleFieldShape
		if w > 1 {
			worth = float64(w-1) / float64(w)
		}
		t.shape += worth * float64(n) / float64(len(rows))
	}
	t.shape /= float64(len(patterns))
	if t.width < 2 {
		return // a header that is not divided: neither are the rows
	}
	t.types = t.typeScore(data)
	t.score = t.shape * t.types * t.prior
	if t.prior < priorWeak && !t.certain(data, len(patterns) == 1) {
		t.score = 0
	}
}

// typeScore is the mean over the columns of how clean their cells are, less
// where a column is of several kinds.
func (t *trial) typeScore(data []byte) float64 {
	rows := min(len(t.records), t.table+typedRecordsMax)
	columns := min(t.width, typedFieldsMax)
	total := 0.0
	for c := range columns {
		var classes [classAddress + 1]int
		n, clean := 0, 0.0
		for r := t.table; r < rows; r++ {
			if t.records[r].fields <= c || t.records[r].fault.kind != noFault {
				continue
			}
			b, quoted := t.cell(data, r, c)
			class := classOf(b, quoted, t.dialect.Delimiter)
			clean += cleanness[class]
			classes[class]++
			n++
		}
		if classes[classEmpty] == n {
			continue // not even a name: an accident of the division
		}
		if n > 0 {
			same := float64(slices.Max(classes[:])+classes[classEmpty]) / float64(n)
			total += clean / float64(n) * (0.8 + 0.2*min(same, 1))
		}
	}
	return total / float64(columns)
}

// columnClass returns the specific class that all cells of a column below the
// table's first record have, empty and missing ones aside, or false.
func (t *trial) columnClass(data []byte, c int) (class cellClass, ok bool) {
	rows := min(len(t.records), t.table+typedRecordsMax)
	for r := t.table + 1; r < rows; r++ {
		if t.records[r].fields != t.width || t.records[r].fault.kind != noFault {
			continue
		}
		b, _ := t.cell(data, r, c)
		k := specificClass(b)
		if !k.specific() && isMissing(b) {
			continue
		}
		switch {
		case !k.specific():
			return 0, false
		case class == 0 || class == classInteger && k == classDecimal:
			class = k
		case class == classDecimal && k == classInteger:
		case class != k:
			return 0, false
		}
	}
	return class, class != 0
}

// certain holds weak delimiters, which text is full of, to more than others: all
// records agree, there are three or more, the columns show a type, and the lines
// are not values as they stand.
func (t *trial) certain(data []byte, regular bool) bool {
	if !regular || len(t.records)-t.table < 3 || t.table > 0 {
		return false
	}
	typed := false
	for c := 0; c < min(t.width, typedFieldsMax) && !typed; c++ {
		_, typed = t.columnClass(data, c)
	}
	values := 0
	for i := range t.records {
		line := bytes.TrimRight(data[t.records[i].start:t.records[i].end], "\r\n")
		if len(line) > 0 && specificClass(line).specific() {
			values++
		}
	}
	return typed && values < len(t.records)/2
}

// Priors of delimiters. Those below priorWeak have to be certain.
const (
	priorUsual = 1.0
	priorPair  = 0.98 // for a usual one and a space, ||, and the like
	priorRare  = 0.95
	priorWeak  = 0.9
	priorText  = 0.7 // a character that text is full of
)

const (
	usualDelimiters = ",;\t|"
	rareDelimiters  = "\x1f\x1e\x01\x02^~§¦¬"
	textDelimiters  = ": /=&#!*"
)

// delimitersIn lists the delimiters that data may have, most likely first, with
// their priors. Only those that the first lines have are worth a trial.
func delimitersIn(data []byte) (found []string, priors []float64) {
	add := func(delim string, prior float64) {
		if bytes.Contains(data, []byte(delim)) {
			found, priors = append(found, delim), append(priors, prior)
		}
	}
	for _, c := range usualDelimiters {
		add(string(c), priorUsual)
	}
	for _, pair := range []string{", ", "; ", " | ", "||", "::", "~~", "~|~", "|~|", "^^", ";;", "\t|\t"} {
		add(pair, priorPair)
	}
	for _, c := range rareDelimiters {
		add(string(c), priorRare)
	}
	for _, c := range textDelimiters {
		add(string(c), priorText)
	}
	return found, priors
}

// detectTextBytes is how much of the sample is searched for delimiters and quotes.
const detectTextBytes = 4 << 10

// trials lists the dialects worth a trial: d with the delimiter, quote, escape
// and line end that the sample may have, apart from what is fixed.
func trials(data []byte, d Dialect, fixed *fixedParts, ends []LineEnd) (list []*trial) {
	head := data[:min(len(data), detectTextBytes)]
	delims, priors := []string{d.Delimiter}, []float64{priorUsual}
	if !fixed.delimiter {
		delims, priors = delimitersIn(head)
	}
	quotes := []byte{d.Quote}
	if !fixed.quote {
		quotes = []byte{'"'}
		if bytes.IndexByte(head, '"') >= 0 {
			quotes = append(quotes, 0)
		}
	}
	for i, delim := range delims {
		tried := quotes
		if !fixed.quote && encloses(head, delim, '\'') {
			tried = append(slices.Clone(quotes), '\'')
		}
		for _, quote := range tried {
			escapes := []byte{d.Escape}
			if !fixed.escape && quote != 0 && bytes.Contains(data[:min(len(data), trialBytesMax)], []byte{'\\', quote}) {
				escapes = append(escapes, '\\')
			}
			for _, escape := range escapes {
				for _, end := range ends {
					c := d
					c.Delimiter, c.Quote, c.Escape, c.LineEnd = delim, quote, escape, end
					if c.Validate() == nil && (c.Comment == "" || !strings.HasPrefix(delim, c.Comment)) {
						list = append(list, &trial{dialect: c, prior: priors[i]})
					}
				}
			}
		}
	}
	return list
}

// encloses reports whether the quote stands right behind and right before
// delimiters or line ends.
func encloses(data []byte, delim string, quote byte) bool {
	q := string([]byte{quote})
	opens := bytes.Contains(data, []byte(delim+q)) || bytes.Contains(data, []byte("\n"+q)) || len(data) > 0 && data[0] == quote
	closes := bytes.Contains(data, []byte(q+delim)) || bytes.Contains(data, []byte(q+"\n")) || bytes.Contains(data, []byte(q+"\r"))
	return opens && closes
}
