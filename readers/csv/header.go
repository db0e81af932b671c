package csv

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
	"unicode"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

// Header is a distinct header: a list of column names that some inputs share,
// and how it differs from the reference: the columns of the schema file or,
// without one, the header of the first input that has any.
type Header struct {
	// Columns are the names as the table knows them: renamed as the schema
	// file has it, blank and repeated ones made unique.
	Columns []string
	Inputs  int   // that have the header
	Line    int64 // 1-based, of the header in First; 0 without headers
	// First and Last are the names of the first and last of the inputs.
	First, Last string

	New     []string // columns that the reference lacks
	Missing []string // columns that only the reference has
	Moved   []string // columns that stand elsewhere among those that both have; as few as explain the order
	Renamed []Rename // pairs of Missing and New that may be one column
	Retyped []Retype
}

// Retype is a column whose values in one input do not fit its type.
type Retype struct {
	Column string
	// Type is the column's type, and Found what an input's sample holds, with
	// the format where it is a date in one.
	Type, Found string
	// Input is the first in which the values do not fit, Line that of its
	// header.
	Input string
	Line  int64
	// Err names the value; nil without a schema file.
	Err *pipeline.InputError
}

// Differs reports whether the header differs from the reference.
func (h *Header) Differs() bool {
	return len(h.New)+len(h.Missing)+len(h.Moved)+len(h.Retyped) > 0
}

// Headers returns the distinct headers of all inputs in the order in which they
// come up. Schema must have been called. A schema file's types are compared
// with the samples, some of which are read again for it.
func (s *Source) Headers(ctx context.Context, t *pipeline.Task) ([]Header, error) {
	r := s.reference()
	var list []Header
	at := make(map[string]int)
	base := make([]columnBase, s.schema.NumFields())
	for _, f := range s.files {
		if f.names == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		key := strings.Join(f.names, "\x00")
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, Header{Columns: f.names, Line: f.headerLine, First: f.input.Name})
			s.compare(&list[i], r, f)
		}
		h := &list[i]
		h.Inputs++
		h.Last = f.input.Name
		if err := s.retypes(ctx, t, h, f, base); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// reference is what headers are compared with.
type reference struct {
	name  string // of the schema file or the input
	names []string
	place map[string]int
}

func (s *Source) reference() *reference {
	r := &reference{place: make(map[string]int)}
	if given := s.options.Schema; given != nil {
		r.name = given.Name
		for _, c := range given.Columns {
			r.names = append(r.names, c.Name)
		}
	} else {
		for _, f := range s.files {
			if f.names != nil {
				r.name, r.names = f.input.Name, f.names
				break
			}
		}
	}
	for i, n := range r.names {
		r.place[n] = i
	}
	return r
}

// compare says how a header differs from the reference. f has the header.
func (s *Source) compare(h *Header, r *reference, f *file) {
	present := make(map[string]int, len(h.Columns))
	var common []int // places in the reference
	for i, n := range h.Columns {
		present[n] = i
		if at, ok := r.place[n]; ok {
			common = append(common, at)
		} else if !s.ignored[n] {
			h.New = append(h.New, n)
		}
	}
	for _, n := range r.names {
		if _, ok := present[n]; !ok && !s.ignored[n] {
			h.Missing = append(h.Missing, n)
		}
	}
	for _, at := range outOfOrder(common) {
		h.Moved = append(h.Moved, r.names[at])
	}
	s.renames(h, r, present, f)
}

// outOfOrder returns, in order, the fewest numbers that have to be taken out of
// a list of distinct numbers so that the rest ascends: all but one longest
// increasing subsequence.
func outOfOrder(list []int) (out []int) {
	tails := make([]int, 0, len(list)) // tails[n] is where the lowest end of a run of n+1 stands
	before := make([]int, len(list))
	for i, v := range list {
		n := sort.Search(len(tails), func(n int) bool { return list[tails[n]] >= v })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	kept := make([]bool, len(list))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			kept[i] = true
		}
	}
	for i, v := range list {
		if !kept[i] {
			out = append(out, v)
		}
	}
	return out
}

// renamePairsMax bounds the search for renamed columns, which compares pairs.
const renamePairsMax = 10_000

// renames pairs columns that are missing with columns that are new where one
// may be the other under a new name: their types agree, and either the names
// differ in case, spaces and punctuation only, or they are near each other and
// stand at the same place.
func (s *Source) renames(h *Header, r *reference, present map[string]int, f *file) {
	if len(h.Missing)*len(h.New) > renamePairsMax {
		return
	}
	taken := make(map[string]bool)
	for _, sameLetters := range []bool{true, false} {
		for _, from := range h.Missing {
			if taken[from] {
				continue
			}
			for _, to := range h.New {
				if taken[to] || !s.typesAgree(from, &f.columns[present[to]]) {
					continue
				}
				if sameLetters && !strings.EqualFold(letters(from), letters(to)) {
					continue
				}
				if !sameLetters && !(namesNear(from, to) && samePlace(r, h.Columns, r.place[from], present[to])) {
					continue
				}
				taken[from], taken[to] = true, true
				h.Renamed = append(h.Renamed, Rename{from, to})
				break
			}
		}
	}
}

// letters is a name without what is neither letter nor digit.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
}

// namesNear reports whether one name may be a slip or a short form of the other.
func namesNear(a, b string) bool {
	if sqltype.Suggest(a, []string{b}) != "" {
		return true
	}
	const shortFormMin = 3 // runes, so that not every "a" is an "amount"
	x, y := []rune(strings.ToLower(letters(a))), []rune(strings.ToLower(letters(b)))
	if len(x) > len(y) {
		x, y = y, x
	}
	return len(x) >= shortFormMin && string(x) == string(y[:len(x)])
}

// samePlace reports whether two columns have the same number or a neighbour in
// common.
func samePlace(r *reference, names []string, i, k int) bool {
	neighbour := func(d int) bool {
		return i+d >= 0 && i+d < len(r.names) && k+d >= 0 && k+d < len(names) && r.names[i+d] == names[k+d]
	}
	return i == k || neighbour(-1) || neighbour(1)
}

// typesAgree reports whether values of which e is evidence may be in a column.
func (s *Source) typesAgree(column string, e *evidence) bool {
	at := s.schema.FieldIndices(column)
	if e.values == 0 || len(at) == 0 {
		return true
	}
	want, got := s.schema.Field(at[0]).Type, e.infer(&s.settings.formats).dataType
	_, ok := sqltype.Unify(want, got)
	return ok || s.evidence[at[0]].values == 0
}

// columnBase is what later inputs are compared with: the evidence of the first
// input that has values in the column.
type columnBase struct {
	evidence
	columnType
}

// retypes compares the types in one file with those before it or declared.
func (s *Source) retypes(ctx context.Context, t *pipeline.Task, h *Header, f *file, base []columnBase) error {
	for i, n := range f.names {
		at, ok := s.place[n]
		e := &f.columns[i]
		if !ok || e.values == 0 || h.retyped(n) {
			continue
		}
		found := Retype{Column: n, Input: f.input.Name, Line: f.headerLine}
		b := &base[at]
		switch {
		case s.origins[at] == fromSchemaFile:
			declared := &s.types[at]
			got := e.infer(&s.settings.formats)
			if fitsDeclared(declared.dataType, got.dataType) {
				continue
			}
			misfit, err := s.misfit(ctx, t, f, i, at)
			if err != nil {
				return err
			}
			if misfit == nil {
				continue
			}
			found.Type, found.Found, found.Err = declared.String(), got.String(), misfit
		case s.types[at].declared || s.settings.AllVarchar:
			continue // the user has decided: what does not fit is a bad row
		case b.values == 0:
			b.evidence, b.columnType = *e, e.infer(&s.settings.formats)
			continue
		default:
			both := b.evidence
			both.merge(e)
			united := both.infer(&s.settings.formats)
			if united.sameAs(&b.columnType) {
				continue
			}
			if b.ambiguous() && united.dataType != sqltype.Varchar {
				b.evidence, b.columnType = both, united // now it is known which part is the day
				continue
			}
			got := e.infer(&s.settings.formats)
			found.Type, found.Found = b.columnType.String(), got.String()
		}
		h.Retyped = append(h.Retyped, found)
	}
	return nil
}

func (h *Header) retyped(column string) bool {
	return slices.ContainsFunc(h.Retyped, func(r Retype) bool { return r.Column == column })
}

// fitsDeclared reports whether all values of an inferred type surely fit a
// declared one.
func fitsDeclared(declared, inferred arrow.DataType) bool {
	if declared.ID() == arrow.STRING {
		return true
	}
	united, ok := sqltype.Unify(declared, inferred)
	return ok && arrow.TypeEqual(united, declared)
}

// sameAs reports whether two types are the same and written the same way.
func (c *columnType) sameAs(o *columnType) bool {
	return arrow.TypeEqual(c.dataType, o.dataType) && c.style == o.style
}

// String is the type, with the format of dates that are not ISO.
func (c *columnType) String() string {
	text := sqltype.Name(c.dataType)
	if c.style.separator != 0 {
		text += " like " + c.style.layout(c.dataType.ID() == arrow.TIMESTAMP)
	}
	return text
}

// misfit decodes one column of a file's sample as its type is declared, and
// returns the error about the first value that does not fit, or nil. A
// declared type takes more than is inferred as that type, such as 007 for a
// BIGINT, which only decoding tells.
func (s *Source) misfit(ctx context.Context, t *pipeline.Task, f *file, field, at int) (*pipeline.InputError, error) {
	r := &reading{s, f, &layout{
		name: f.input.Name, dialect: f.dialect, width: len(f.names), rowBytesMax: s.settings.RowBytesMax,
		nulls: s.settings.nulls, schema: arrow.NewSchema([]arrow.Field{s.schema.Field(at)}, nil),
		columns: []layoutColumn{{name: s.schema.Field(at).Name, field: field, columnType: s.types[at]}},
	}}
	sample := split{reading: r, shared: true, block: block{offset: f.start, line: f.line}}
	if f.content != nil {
		sample.block.data = f.content[f.start:]
	} else {
		stream, err := r.open(ctx)
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		c := cutter{
			dialect: &f.dialect, r: stream, blockBytes: s.settings.SampleBytes, rowBytesMax: s.settings.RowBytesMax,
			buffers: &s.buffers, offset: f.start, line: f.line,
		}
		defer func() { c.buffers.put(c.rest) }()
		b, err := c.next()
		if err != nil {
			return nil, nil // reading the file will tell
		}
		sample.block, sample.shared = b, false
	}
	b, err := sample.Decode(ctx, t)
	if err == nil {
		b.Release()
		return nil, nil
	}
	var fault *pipeline.InputError
	if errors.As(err, &fault) && fault.Column != "" {
		return fault, nil
	}
	return nil, nil // a bad row, told when it is read
}
