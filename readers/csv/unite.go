package csv

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

// TypeOrigin says where a column's type comes from.
type TypeOrigin uint8

// Origins of types.
const (
	fromNothing    TypeOrigin = iota // no value was seen
	fromSample                       // inferred from a sample of every input
	fromAllValues                    // inferred from all of every input
	fromSchemaFile                   // declared by the schema file
	fromTypes                        // declared by Options.Types
	fromAllVarchar                   // Options.AllVarchar
	fromFileColumn                   // Options.FileColumn
	fromLineColumn                   // Options.LineColumn
)

var typeOrigins = [...]string{
	fromNothing: "no values", fromSample: "sample", fromAllValues: "all values",
	fromSchemaFile: "schema file", fromTypes: "--types", fromAllVarchar: "--all-varchar",
	fromFileColumn: "--with-file", fromLineColumn: "--with-line",
}

// String names the origin in the words of the command line.
func (o TypeOrigin) String() string { return typeOrigins[o] }

// Column is a column of the table.
type Column struct {
	Name   string
	Type   arrow.DataType
	Origin TypeOrigin
	// Formats are those by which dates are read that are not ISO.
	Formats []string
	// Values is how many values that are not NULL the type was inferred from.
	Values int64
}

// Columns returns the table's columns. Schema must have been called.
func (s *Source) Columns() []Column {
	columns := make([]Column, s.schema.NumFields())
	for i, f := range s.schema.Fields() {
		columns[i] = Column{f.Name, f.Type, s.origins[i], s.types[i].formatTexts(), s.evidence[i].values}
	}
	return columns
}

// bindNames gives the columns of all files the names that the schema file has
// for them.
func (s *Source) bindNames() error {
	given := s.options.Schema
	if given == nil {
		return nil
	}
	s.ignored = make(map[string]bool, len(given.Ignore))
	for _, n := range given.Ignore {
		s.ignored[n] = true
	}
	if len(given.Rename) == 0 {
		return nil
	}
	renames := make(map[string]string, len(given.Rename))
	for _, r := range given.Rename {
		renames[r.From] = r.To
	}
	for _, f := range s.files {
		for i, from := range f.names {
			to, ok := renames[from]
			if !ok {
				continue
			}
			if slices.Contains(f.names, to) {
				return &pipeline.InputError{
					Pos: pipeline.Position{File: f.input.Name, Line: f.headerLine}, Column: from,
					Problem: fmt.Sprintf("%s renames it to %q, but the header has that column too", given.Name, to),
					Advice:  "ignore one of the two in the schema file, or mend the header",
				}
			}
			f.names[i] = to
		}
	}
	return nil
}

// unite makes the schema from the schema file and from what the files say.
func (s *Source) unite() (*arrow.Schema, error) {
	var names []string
	s.place = map[string]int{}
	s.evidence = nil
	add := func(n string) int {
		at, ok := s.place[n]
		if !ok {
			at = len(names)
			s.place[n] = at
			names = append(names, n)
			s.evidence = append(s.evidence, evidence{})
		}
		return at
	}
	if given := s.options.Schema; given != nil {
		for _, c := range given.Columns {
			add(c.Name)
		}
	}
	for _, f := range s.files {
		if f.names == nil && !f.skipped {
			s.notes = append(s.notes, fmt.Sprintf("%s: the file is empty: it has no header and no rows", f.input.Name))
		}
		for i, n := range f.names {
			if !s.ignored[n] {
				s.evidence[add(n)].merge(&f.columns[i])
			}
		}
	}
	if len(names) == 0 {
		return nil, &pipeline.InputError{Pos: pipeline.Position{File: s.firstName()}, Err: errNoColumns,
			Advice: "the files are empty: give at least one that is not"}
	}
	if len(names) > columnsMax {
		return nil, fmt.Errorf("the inputs have %d different columns, expected at most %d", len(names), columnsMax)
	}
	if err := s.decideTypes(names); err != nil {
		return nil, err
	}
	if err := s.checkLineage(); err != nil {
		return nil, err
	}
	names, err := s.addLineage(names)
	if err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(names))
	s.coded = make([]atomic.Bool, len(names))
	for i, n := range names {
		s.coded[i].Store(true)
		fields[i] = arrow.Field{Name: n, Type: s.types[i].dataType, Nullable: true}
	}
	return arrow.NewSchema(fields, nil), nil
}

// decideTypes fills in types and origins.
func (s *Source) decideTypes(names []string) error {
	declared, err := s.declared(names)
	if err != nil {
		return err
	}
	s.types = make([]columnType, len(names))
	s.origins = make([]TypeOrigin, len(names))
	inferred := fromSample
	if s.settings.InferFull {
		inferred = fromAllValues
	}
	for i, n := range names {
		e := &s.evidence[i]
		c, from := e.infer(&s.settings.formats), inferred
		switch {
		case declared[i].dataType != nil:
			c, from = declared[i].columnType, declared[i].origin
			if c.layouts == nil {
				c.style, _ = e.style()
				c.layouts = s.settings.formats.of(c.dataType)
			}
		case s.settings.AllVarchar:
			c, from = columnType{dataType: sqltype.Varchar}, fromAllVarchar
		case e.values == 0:
			from = fromNothing
		case c.dataType == sqltype.Varchar && e.ambiguous():
			s.notes = append(s.notes, e.ambiguityNote(n))
		}
		c.numerals = s.settings.formats.numerals
		s.types[i], s.origins[i] = c, from
	}
	return nil
}

// of returns the formats that are listed for a type.
func (f *formats) of(t arrow.DataType) []*sqltype.Layout {
	switch t.ID() {
	case arrow.DATE32:
		return f.dates
	case arrow.TIMESTAMP:
		return f.timestamps
	}
	return nil
}

func (s *Source) firstName() string {
	if len(s.files) == 0 {
		return ""
	}
	return s.files[0].input.Name
}

// declaration is a type that the user has decided on; none if dataType is nil.
type declaration struct {
	columnType
	origin TypeOrigin
}

// declared returns the types of the schema file and of --types, which goes
// first, by column.
func (s *Source) declared(names []string) ([]declaration, error) {
	types := make([]declaration, len(names))
	if given := s.options.Schema; given != nil {
		for i, c := range given.Columns { // the table's first columns
			d := declaration{columnType{dataType: c.Type, declared: true}, fromSchemaFile}
			for _, text := range c.Formats {
				l, err := sqltype.ParseLayout(text)
				if err != nil {
					return nil, &pipeline.UsageError{Err: fmt.Errorf("%s: column %q: %w", given.Name, c.Name, err)}
				}
				d.layouts = append(d.layouts, l)
				if style, ok := styleOf(text); ok && d.style.separator == 0 {
					d.style = style
				}
			}
			types[i] = d
		}
	}
	var errs []error
	for _, c := range s.options.Types {
		i, ok := s.place[c.Name]
		if !ok {
			e := fmt.Errorf("--types: there is no column %q", c.Name)
			if near := sqltype.Suggest(c.Name, names); near != "" {
				e = fmt.Errorf("%w; did you mean %q?", e, near)
			}
			errs = append(errs, e)
			continue
		}
		types[i] = declaration{columnType{dataType: c.Type, declared: true}, fromTypes}
	}
	if errs != nil {
		return nil, &pipeline.UsageError{Err: errors.Join(errs...)}
	}
	return types, nil
}
