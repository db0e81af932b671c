package transforms

import (
	"errors"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/transforms/aggregate"
	"csvloom/transforms/expr"
)

// aggregateCall returns the call that n is, if it calls an aggregate.
func aggregateCall(n expr.Node) (*expr.Call, bool) {
	c, ok := n.(*expr.Call)
	if !ok {
		return nil, false
	}
	_, ok = aggregate.Lookup(c.Name)
	return c, ok
}

// formulas is a list of distinct expressions over one schema.
type formulas struct {
	in       *arrow.Schema
	programs []*expr.Program
	places   map[string]int // by text
}

func newFormulas(in *arrow.Schema) *formulas {
	return &formulas{in: in, places: map[string]int{}}
}

// add returns the place of a program in the list, where it may be already.
func (f *formulas) add(p *expr.Program) int {
	if i, ok := f.places[p.String()]; ok {
		return i
	}
	f.places[p.String()] = len(f.programs)
	f.programs = append(f.programs, p)
	return len(f.programs) - 1
}

// types are the types of the programs.
func (f *formulas) types() []arrow.DataType {
	types := make([]arrow.DataType, len(f.programs))
	for i, p := range f.programs {
		types[i] = p.Type()
	}
	return types
}

// need adds the input columns that the programs read to wanted.
func (f *formulas) need(wanted pipeline.Columns) {
	for _, p := range f.programs {
		needProgram(wanted, f.in, p)
	}
}

func needProgram(wanted pipeline.Columns, in *arrow.Schema, p *expr.Program) {
	for _, c := range p.Columns() {
		wanted[in.Field(c).Name] = true
	}
}

// codedColumns returns the VARCHAR columns that are formulas by themselves, and
// read by no formula but such as takesCodes says may be codes.
func (f *formulas) codedColumns(takesCodes func(formula int) bool) pipeline.Columns {
	coded, read := pipeline.Columns{}, pipeline.Columns{}
	for i, p := range f.programs {
		c, ok := p.Column()
		if !ok || p.Type().ID() != arrow.STRING || !takesCodes(i) {
			needProgram(read, f.in, p)
			continue
		}
		coded[f.in.Field(c).Name] = true
	}
	for name := range read {
		delete(coded, name)
	}
	return coded
}

// evals computes formulas for one goroutine.
type evals []eval

// eval computes one formula. Where that is column, it may be a column of codes,
// which is passed on as it is.
type eval struct {
	*expr.Eval
	column int // -1 where the formula is more
}

func (f *formulas) open(alloc memory.Allocator) evals {
	e := make(evals, len(f.programs))
	for i, p := range f.programs {
		e[i] = eval{p.NewEval(alloc), -1}
		if c, ok := p.Column(); ok {
			e[i].column = c
		}
	}
	return e
}

// columns computes all formulas; the caller releases them. The fault of the
// lowest row is reported.
func (e evals) columns(rec arrow.Record) ([]arrow.Array, error) {
	arrays := make([]arrow.Array, 0, len(e))
	var fault error
	for _, f := range e {
		if f.column >= 0 && f.column < int(rec.NumCols()) && rec.Column(f.column).DataType().ID() == arrow.DICTIONARY {
			a := rec.Column(f.column)
			a.Retain()
			arrays = append(arrays, a)
			continue
		}
		a, err := f.Eval.Eval(rec)
		if err != nil {
			if fault = lowerFault(fault, err); !isRowError(err) {
				break
			}
			continue
		}
		arrays = append(arrays, a)
	}
	if fault != nil {
		releaseArrays(arrays)
		return nil, fault
	}
	return arrays, nil
}

func isRowError(err error) bool {
	var row *pipeline.RowError
	return errors.As(err, &row)
}

// lowerFault returns the error of the lower row; one of no row comes first, and
// of the same row the first.
func lowerFault(a, b error) error {
	var ra, rb *pipeline.RowError
	switch {
	case a == nil:
		return b
	case !errors.As(a, &ra):
		return a
	case !errors.As(b, &rb), rb.Row < ra.Row:
		return b
	}
	return a
}

// cloneColumns returns a copy to be added to.
func cloneColumns(c pipeline.Columns) pipeline.Columns {
	out := make(pipeline.Columns, len(c))
	for name, in := range c {
		if in {
			out[name] = true
		}
	}
	return out
}

// oneLine is what a user wrote as a plan shows it.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
