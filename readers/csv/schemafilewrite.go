package csv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

const schemaFileHead = `# Schema file of csvloom: what the columns of a table are to be. Keep it in version control.
#
#   use it:         csvloom run --schema FILE INPUT... -o OUT
#   write it anew:  csvloom schema --schema FILE --write FILE INPUT...
#
# columns  in the order of the table; names, order and types are binding
# rename   name in an input: name in the table
# ignore   columns of inputs that the table does not have
# drift    what an input that differs does: evolve (accept it), warn or fail
#            new      a column that is not listed here
#            missing  a listed column that an input lacks: it is NULL there
#            reorder  columns in another order
#            retype   values in the sample that do not fit the type
`

// IsSchemaFile reports whether a text means to be a schema file.
func IsSchemaFile(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "csvloom_schema:") {
			return true
		}
	}
	return false
}

// Append appends the file's text, which [ParseSchemaFile] reads, to dst. The
// same SchemaFile gives the same bytes. Candidates are renames that the reader
// may want; they are written as comments.
func (s *SchemaFile) Append(dst []byte, candidates []Rename) []byte {
	dst = append(dst, schemaFileHead...)
	dst = append(dst, "csvloom_schema: "+schemaFileVersion+"\ncolumns:\n"...)
	for _, c := range s.Columns {
		dst = fmt.Appendf(dst, "  - name: %s\n    type: %s\n", yamlText(c.Name), sqltype.Name(c.Type))
		if len(c.Formats) > 0 {
			dst = fmt.Appendf(dst, "    formats: [%s]\n", yamlList(c.Formats))
		}
	}
	dst = append(dst, "rename:\n"...)
	renames := slices.SortedFunc(slices.Values(s.Rename), compareRenames)
	for _, r := range renames {
		dst = fmt.Appendf(dst, "  %s: %s\n", yamlText(r.From), yamlText(r.To))
	}
	for _, r := range slices.SortedFunc(slices.Values(candidates), compareRenames) {
		dst = fmt.Appendf(dst, "# %s: %s  # perhaps; it is listed as a column now: take it out there\n", yamlText(r.From), yamlText(r.To))
	}
	if len(s.Ignore) == 0 {
		dst = append(dst, "ignore: []\n"...)
	} else {
		dst = append(dst, "ignore:\n"...)
		for _, n := range s.Ignore {
			dst = fmt.Appendf(dst, "  - %s\n", yamlText(n))
		}
	}
	dst = append(dst, "drift:\n"...)
	d := s.Drift.Over(driftDefaultSchema)
	for i, event := range driftEvents {
		dst = fmt.Appendf(dst, "  %s: %s\n", event, *d.event(i))
	}
	return dst
}

func compareRenames(a, b Rename) int {
	if c := strings.Compare(a.From, b.From); c != 0 {
		return c
	}
	return strings.Compare(a.To, b.To)
}

func yamlList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = yamlText(t)
	}
	return strings.Join(quoted, ", ")
}

// yamlWords are plain words that YAML 1.1 or 1.2 takes for something else than
// text.
var yamlWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// yamlText writes a text as a YAML scalar: as it is where it is a plain word,
// or else in double quotes, whose escapes are those of Go.
func yamlText(s string) string {
	plain := s != "" && !slices.Contains(yamlWords, strings.ToLower(s))
	depth, balanced := 0, true
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			plain = false
		}
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		balanced = balanced && depth >= 0
	}
	if plain {
		return s
	}
	quoted := strconv.Quote(s)
	if !balanced || depth != 0 {
		// Brackets that are not closed would count as nesting.
		quoted = strings.NewReplacer("[", `\x5b`, "{", `\x7b`, "]", `\x5d`, "}", `\x7d`).Replace(quoted)
	}
	return quoted
}

// SchemaFile returns the table's columns as a schema file under which the same
// inputs are read in the same way, without a warning. Schema must have been
// called.
func (s *Source) SchemaFile() *SchemaFile {
	out := &SchemaFile{Drift: driftDefaultSchema}
	if given := s.options.Schema; given != nil {
		out.Rename, out.Ignore, out.Drift = given.Rename, given.Ignore, given.Drift.Over(driftDefaultSchema)
	} else if s.lacks() {
		out.Drift.Missing = DriftEvolve
	}
	fields := s.schema.Fields()
	for i, f := range fields[:len(fields)-len(s.options.lineage())] {
		out.Columns = append(out.Columns, SchemaColumn{f.Name, f.Type, s.types[i].formatTexts()})
	}
	return out
}

// lacks reports whether an input lacks a column of the table.
func (s *Source) lacks() bool {
	for _, f := range s.files {
		if f.names != nil && len(f.names) < s.schema.NumFields()-len(s.options.lineage()) {
			return true
		}
	}
	return false
}

// formatTexts are the formats by which a schema file makes a column read as it
// is now.
func (c *columnType) formatTexts() (texts []string) {
	for _, l := range c.layouts {
		texts = append(texts, l.String())
	}
	if texts == nil && c.style.separator != 0 {
		texts = []string{c.style.layout(c.dataType.ID() == arrow.TIMESTAMP)}
	}
	return texts
}

// styleOf is the reverse of dateStyle.layout: the style that a format stands
// for, which also takes seconds and single digits.
func styleOf(format string) (dateStyle, bool) {
	for _, separator := range []byte("/.-") {
		for _, order := range []dateOrder{yearMonthDay, dayMonthYear, monthDayYear} {
			s := dateStyle{separator, order}
			if separator == '-' && order == yearMonthDay {
				continue // ISO, for which there is a parser of its own
			}
			if format == s.layout(false) || format == s.layout(true) {
				return s, true
			}
		}
	}
	return dateStyle{}, false
}
