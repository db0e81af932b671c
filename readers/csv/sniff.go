package csv

import (
	"fmt"
	"strings"
)

// Sniffed is how a file is written, as far as Schema has found out.
type Sniffed struct {
	Input       string
	Compression string // "" if not compressed
	Encoding    string // of the text
	Empty       bool   // the file has no record; what follows is not known
	Dialect     Dialect
	Header      bool     // the first record names the columns
	HeaderLine  int64    // 1-based line of the header or, without one, of the first record
	Columns     []string // names
	Preamble    int      // lines before that which are no part of the table
	Footer      int      // lines at the end, blank ones not counted, which are no part of it
	Records     int      // that were looked at for this
	Reasons     []string // what speaks for it
	Doubt       string   // what may be otherwise, and the flag that decides; "" if nothing
	Candidates  []Candidate
}

// Candidate is a dialect that was tried and how plausible the file looks in it.
// There are candidates with [Options].Explain only, or where it was not plain.
type Candidate struct {
	Dialect Dialect
	Columns int
	// Score is Shape, how regular the records are (0 to 1), times Types, how
	// much their cells look like values (0 to 1), times a factor for unlikely
	// delimiters. 0: ruled out.
	Score, Shape, Types float64
}

// candidatesMax is how many candidates are told.
const candidatesMax = 5

// Sniffed tells how each input is written, in input order. Schema must have been
// called.
func (s *Source) Sniffed() (all []Sniffed) {
	for _, f := range s.files {
		if f.skipped {
			continue
		}
		n := Sniffed{Input: f.input.Name, Compression: f.compression, Encoding: f.encoding}
		if f.names == nil || f.found == nil {
			n.Empty = true
			all = append(all, n)
			continue
		}
		n.Dialect, n.Header, n.Columns = f.dialect, !f.found.noHeader, f.names
		n.HeaderLine, n.Preamble, n.Footer = f.headerLine, f.preambleLines, f.footer
		if !n.Header {
			n.HeaderLine = f.line
		}
		n.Records, n.Reasons, n.Doubt = f.found.records, f.found.reasons, f.found.doubt
		for _, t := range f.found.trials[:min(len(f.found.trials), candidatesMax)] {
			n.Candidates = append(n.Candidates, Candidate{t.dialect, t.width, t.score, t.shape, t.types})
		}
		all = append(all, n)
	}
	return all
}

// String is the dialect in the words of its flags.
func (d *Dialect) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "delimiter %q", d.Delimiter)
	if d.Quote == 0 {
		s.WriteString(", no quotes")
	} else {
		fmt.Fprintf(&s, ", quote %c", d.Quote)
	}
	if d.Escape != 0 {
		fmt.Fprintf(&s, ", escape %c", d.Escape)
	}
	if d.Comment != "" {
		fmt.Fprintf(&s, ", comments %s", d.Comment)
	}
	fmt.Fprintf(&s, ", line end %s", d.LineEnd)
	return s.String()
}

// tellDialects notes what of the files is read otherwise than one would take for
// granted, once for each kind: the first file and how many there are.
func (s *Source) tellDialects() {
	type remark struct {
		file  string
		files int
	}
	remarks := map[string]*remark{}
	var order []string
	tell := func(f *file, text string) {
		if r := remarks[text]; r != nil {
			r.files++
			return
		}
		remarks[text] = &remark{f.input.Name, 1}
		order = append(order, text)
	}
	for _, f := range s.files {
		if f.skipped || f.names == nil || f.found == nil {
			continue
		}
		if f.preambleLines > 0 {
			tell(f, fmt.Sprintf("%s before the header %s skipped; --skip 0 reads from the first line", count(f.preambleLines, "line"), plural(f.preambleLines, "was", "were")))
		}
		if f.footer > 0 && !s.settings.fixed.footer {
			tell(f, fmt.Sprintf("%s at the end %s taken for a footer and skipped; --footer 0 reads them", count(f.footer, "line"), plural(f.footer, "was", "were")))
		}
		if f.found.noHeader && !s.settings.fixed.header {
			tell(f, "the first record looks like the others, so columns are called column_1, column_2 …; --header says that it names them")
		}
		if f.dialect.Comment != "" && !s.settings.fixed.comment {
			tell(f, fmt.Sprintf("lines that start with %s are taken for comments; --comment none reads them", f.dialect.Comment))
		}
		if f.dialect.LineEnd == LineEndMixed && !s.settings.fixed.lineEnd && f.found.doubt == "" {
			tell(f, "lines end in several ways; each ends a line")
		}
		if f.found.doubt != "" {
			tell(f, f.found.doubt)
		}
	}
	for _, text := range order {
		r := remarks[text]
		name := r.file
		if r.files > 1 {
			name = fmt.Sprintf("%s and %s", r.file, count(r.files-1, "other input"))
		}
		s.notes = append(s.notes, name+": "+text)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
