package csv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// SchemaFile is what a table's columns are to be: a small YAML file that belongs
// in version control. [ParseSchemaFile] tells its format.
type SchemaFile struct {
	// Name is what errors call the file, such as its path.
	Name    string
	Columns []SchemaColumn // of the table, in order
	// Rename says by which names of the table columns of other names go.
	Rename []Rename
	// Ignore are columns of files that the table does not have.
	Ignore []string
	Drift  Drift
}

// SchemaColumn is a column of a [SchemaFile].
type SchemaColumn struct {
	Name    string
	Type    arrow.DataType
	Formats []string // strptime, of DATE, TIMESTAMP and TIMESTAMPTZ; tried in order
}

// Rename gives a column of a file another name.
type Rename struct{ From, To string }

// Limits of schema files.
const (
	// SchemaFileBytesMax is how long a schema file may be.
	SchemaFileBytesMax = 8 << 20
	// A schema file nests three deep; the parser recurses, so that its input
	// is bounded before it sees it.
	schemaFileNestingMax = 16
	schemaFileIndentMax  = 64
	schemaFileLineMax    = 64 << 10
	schemaFormatsMax     = 100
)

// schemaFileVersion is the only version there is.
const schemaFileVersion = "1"

// ParseSchemaFile reads a schema file:
//
//	csvloom_schema: 1
//	columns:                      # in the order of the table
//	  - name: day
//	    type: DATE
//	    formats: ["%d/%m/%Y"]     # optional
//	rename:                       # optional: name in a file: name in the table
//	  Day: day
//	ignore: [comment]             # optional: columns of files that are left out
//	drift:                        # optional: evolve, warn or fail
//	  new: fail
//	  missing: warn
//	  reorder: evolve
//	  retype: fail
//
// It is YAML 1.2 without anchors, aliases, tags and further documents. Keys
// that are not known are errors, and so is what contradicts itself. Errors
// start with name:line:column and end with the line itself.
func ParseSchemaFile(name string, text []byte) (*SchemaFile, error) {
	p := &schemaParser{name: name, text: text}
	if err := p.check(); err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var located yaml.Error
		if errors.As(err, &located) && located.GetToken() != nil {
			return nil, p.at(located.GetToken(), "%s", located.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: expected one YAML document that starts with csvloom_schema: %s", name, schemaFileVersion)
	}
	s := &SchemaFile{Name: name}
	if err := p.document(file.Docs[0].Body, s); err != nil {
		return nil, err
	}
	return s, nil
}

// schemaParser makes a SchemaFile from YAML nodes.
type schemaParser struct {
	name string
	text []byte
	// kind of each name that the file has given a meaning, for contradictions
	meaning map[string]string
}

// check bounds what the YAML parser is given.
func (p *schemaParser) check() error {
	switch {
	case len(p.text) > SchemaFileBytesMax:
		return fmt.Errorf("%s: the schema file has more than %d bytes", p.name, SchemaFileBytesMax)
	case !utf8.Valid(p.text):
		return fmt.Errorf("%s: the schema file is not UTF-8", p.name)
	}
	depth, deepest, line := 0, 0, 0
	for text := range bytes.Lines(p.text) {
		line++
		fail := func(problem string) error { return fmt.Errorf("%s:%d: %s", p.name, line, problem) }
		if len(text) > schemaFileLineMax {
			return fail(fmt.Sprintf("the line is longer than %d bytes", schemaFileLineMax))
		}
		if b := bytes.TrimLeft(text, " \t"); len(text)-len(b) > schemaFileIndentMax && len(bytes.TrimSpace(b)) > 0 {
			return fail(fmt.Sprintf("the line is indented by more than %d spaces", schemaFileIndentMax))
		}
		if compactDashes(text) > schemaFileNestingMax {
			return fail("lists are nested too deeply")
		}
		// Brackets in quotes count too, which hurts only names with many
		// brackets that are not closed; see yamlText.
		for _, c := range text {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
			deepest = max(deepest, depth)
		}
		if deepest > schemaFileNestingMax {
			return fail(fmt.Sprintf("more than %d brackets are open; close them, or write those in names as \"\\x5b\"", schemaFileNestingMax))
		}
	}
	return nil
}

// compactDashes counts the "- " and "? " that a line starts with.
func compactDashes(line []byte) (n int) {
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) < 2 || line[0] != '-' && line[0] != '?' || line[1] != ' ' && line[1] != '\t' {
			return n
		}
		n++
		line = line[2:]
	}
}

// at makes an error about a place: name:line:column, what is wrong, the line.
func (p *schemaParser) at(t *token.Token, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if t == nil || t.Position == nil {
		return fmt.Errorf("%s: %s", p.name, message)
	}
	line, column := t.Position.Line, t.Position.Column
	place := fmt.Sprintf("%s:%d:%d", p.name, line, column)
	rest := p.text
	for range line - 1 {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return fmt.Errorf("%s: %s", place, message)
		}
		rest = rest[i+1:]
	}
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	rest = bytes.TrimRight(rest, "\r")
	const shownBytesMax = 200
	if len(rest) > shownBytesMax {
		return fmt.Errorf("%s: %s", place, message)
	}
	return fmt.Errorf("%s: %s\n  %s\n  %s^", place, message, rest, strings.Repeat(" ", max(column-1, 0)))
}

// entry is a key of a mapping and its value.
type entry struct {
	key   string
	token *token.Token
	value ast.Node
}

// entries returns what a mapping holds; each key once.
func (p *schemaParser) entries(n ast.Node, what string) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, p.at(n.GetToken(), "expected %s", what)
	}
	list := make([]entry, 0, len(values))
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		key, err := p.scalar(v.Key, "a key")
		if err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, p.at(v.Key.GetToken(), "%q stands here a second time", key)
		}
		seen[key] = true
		list = append(list, entry{key, v.Key.GetToken(), v.Value})
	}
	return list, nil
}

// scalar returns a text as it is written: 007 and true are texts too.
func (p *schemaParser) scalar(n ast.Node, what string) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	case nil:
		return "", fmt.Errorf("%s: expected %s", p.name, what)
	}
	return "", p.at(n.GetToken(), "expected %s; if this is meant as text, put it in double quotes", what)
}

// list returns the items of a sequence.
func (p *schemaParser) list(n ast.Node, what string) ([]ast.Node, error) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, p.at(n.GetToken(), "expected %s", what)
	}
	return s.Values, nil
}

// isEmpty reports whether a key has no value, as in `ignore:`.
func isEmpty(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

func (p *schemaParser) unknown(e entry, known ...string) error {
	near := ""
	if s := sqltype.Suggest(e.key, known); s != "" {
		near = fmt.Sprintf("; did you mean %s?", s)
	}
	return p.at(e.token, "there is no key %q, expected %s%s", e.key, strings.Join(known, ", "), near)
}

func (p *schemaParser) document(n ast.Node, s *SchemaFile) error {
	top, err := p.entries(n, "csvloom_schema: "+schemaFileVersion+" and columns")
	if err != nil {
		return err
	}
	p.meaning = make(map[string]string)
	sections := make(map[string]entry, len(top))
	for _, e := range top {
		sections[e.key] = e
	}
	version, ok := sections["csvloom_schema"]
	if !ok {
		return p.at(n.GetToken(), "the key csvloom_schema is missing; a schema file has `csvloom_schema: %s`", schemaFileVersion)
	}
	if v, err := p.scalar(version.value, "a version"); err != nil {
		return err
	} else if v != schemaFileVersion {
		return p.at(version.value.GetToken(), "this is version %s of the schema file, expected %s", v, schemaFileVersion)
	}
	for _, e := range top {
		switch e.key {
		case "csvloom_schema", "columns", "rename", "ignore", "drift":
		default:
			return p.unknown(e, "csvloom_schema", "columns", "rename", "ignore", "drift")
		}
	}
	columns, ok := sections["columns"]
	if !ok || isEmpty(columns.value) {
		return p.at(n.GetToken(), "the list of columns is missing")
	}
	// What refers to columns comes after them, wherever it stands.
	for _, section := range []struct {
		key  string
		read func(ast.Node, *SchemaFile) error
	}{{"columns", p.columns}, {"ignore", p.ignore}, {"rename", p.rename}, {"drift", p.drift}} {
		e, ok := sections[section.key]
		if !ok || isEmpty(e.value) {
			continue
		}
		if err := section.read(e.value, s); err != nil {
			return err
		}
	}
	return nil
}

// name reads a column name and gives it a meaning, the only one it may have.
func (p *schemaParser) columnName(n ast.Node, meaning string) (string, error) {
	name, err := p.scalar(n, "the name of a column")
	switch {
	case err != nil:
		return "", err
	case name == "":
		return "", p.at(n.GetToken(), "a column's name is empty; a blank header is called column_3 after its place")
	case p.meaning[name] != "":
		return "", p.at(n.GetToken(), "%q is %s and cannot be %s too", name, p.meaning[name], meaning)
	}
	p.meaning[name] = meaning
	return name, nil
}

const (
	asColumn  = "a column of the table"
	asIgnored = "a column to be ignored"
	asOldName = "a column to be renamed"
)

func (p *schemaParser) columns(n ast.Node, s *SchemaFile) error {
	items, err := p.list(n, "a list of columns, each with name and type")
	if err != nil {
		return err
	}
	if len(items) == 0 || len(items) > columnsMax {
		return p.at(n.GetToken(), "the list has %d columns, expected 1 to %d", len(items), columnsMax)
	}
	for _, item := range items {
		c, err := p.column(item)
		if err != nil {
			return err
		}
		s.Columns = append(s.Columns, c)
	}
	return nil
}

func (p *schemaParser) column(n ast.Node) (c SchemaColumn, err error) {
	list, err := p.entries(n, "a column with name and type")
	if err != nil {
		return c, err
	}
	var formats ast.Node
	for _, e := range list {
		switch e.key {
		case "name":
			c.Name, err = p.columnName(e.value, asColumn)
		case "type":
			c.Type, err = p.columnType(e.value)
		case "formats":
			formats = e.value
		default:
			err = p.unknown(e, "name", "type", "formats")
		}
		if err != nil {
			return c, err
		}
	}
	if c.Name == "" || c.Type == nil {
		return c, p.at(n.GetToken(), "a column needs both name and type")
	}
	if !isEmpty(formats) {
		c.Formats, err = p.formats(formats, c.Type)
	}
	return c, err
}

func (p *schemaParser) columnType(n ast.Node) (arrow.DataType, error) {
	text, err := p.scalar(n, "a type")
	if err != nil {
		return nil, err
	}
	t, err := sqltype.Parse(text)
	if err != nil {
		return nil, p.at(n.GetToken(), "%v", err)
	}
	if !readable(t) {
		return nil, p.at(n.GetToken(), "CSV cannot be read as %s", sqltype.Name(t))
	}
	return t, nil
}

func (p *schemaParser) formats(n ast.Node, t arrow.DataType) (formats []string, err error) {
	if t.ID() != arrow.DATE32 && t.ID() != arrow.TIMESTAMP {
		return nil, p.at(n.GetToken(), "formats are for DATE, TIMESTAMP and TIMESTAMPTZ, and this column is %s", sqltype.Name(t))
	}
	items, err := p.list(n, `a list of formats, such as ["%d/%m/%Y"]`)
	if err != nil {
		return nil, err
	}
	if len(items) > schemaFormatsMax {
		return nil, p.at(n.GetToken(), "the list has %d formats, expected at most %d", len(items), schemaFormatsMax)
	}
	for _, item := range items {
		f, err := p.scalar(item, "a format")
		if err != nil {
			return nil, err
		}
		if _, err := sqltype.ParseLayout(f); err != nil {
			return nil, p.at(item.GetToken(), "%v", err)
		}
		formats = append(formats, f)
	}
	return formats, nil
}

func (p *schemaParser) ignore(n ast.Node, s *SchemaFile) error {
	items, err := p.list(n, "a list of column names")
	if err != nil {
		return err
	}
	for _, item := range items {
		name, err := p.columnName(item, asIgnored)
		if err != nil {
			return err
		}
		s.Ignore = append(s.Ignore, name)
	}
	return nil
}

func (p *schemaParser) rename(n ast.Node, s *SchemaFile) error {
	list, err := p.entries(n, "old names with new ones, such as `Day: day`")
	if err != nil {
		return err
	}
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	for _, e := range list {
		to, err := p.scalar(e.value, "the name of a column")
		if err != nil {
			return err
		}
		if p.meaning[to] != asColumn {
			near := ""
			if s := sqltype.Suggest(to, names); s != "" {
				near = fmt.Sprintf("; did you mean %q?", s)
			}
			return p.at(e.value.GetToken(), "%q is none of the columns above%s", to, near)
		}
		if m := p.meaning[e.key]; m != "" {
			return p.at(e.token, "%q is %s and cannot be %s too", e.key, m, asOldName)
		}
		p.meaning[e.key] = asOldName
		s.Rename = append(s.Rename, Rename{e.key, to})
	}
	return nil
}

func (p *schemaParser) drift(n ast.Node, s *SchemaFile) error {
	if text, err := p.scalar(n, ""); err == nil { // `drift: warn`
		if s.Drift, err = ParseDrift(text); err != nil {
			return p.at(n.GetToken(), "%v", err)
		}
		return nil
	}
	list, err := p.entries(n, "evolve, warn or fail, or one of them for each of new, missing, reorder and retype")
	if err != nil {
		return err
	}
	for _, e := range list {
		a := s.Drift.named(e.key)
		if a == nil {
			return p.unknown(e, driftEvents[:]...)
		}
		text, err := p.scalar(e.value, "evolve, warn or fail")
		if err != nil {
			return err
		}
		if *a, err = parseDriftAction(text); err != nil {
			return p.at(e.value.GetToken(), "%v", err)
		}
	}
	return nil
}
