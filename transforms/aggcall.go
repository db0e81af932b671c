package transforms

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
	"csvloom/transforms/aggregate"
	"csvloom/transforms/expr"
)

// bindCall fixes one aggregate call to the input: its argument, filter and
// order keys become formulas, its constant a value.
func (b *boundGrouping) bindCall(g *grouping, c groupCall, in *arrow.Schema) (aggregate.Call, error) {
	n := c.node
	sig, _ := aggregate.Lookup(n.Name)
	call := aggregate.Call{Function: n.Name, Star: n.Star, Distinct: n.Distinct, Arg: -1, Filter: -1, Name: c.name, Text: n.String()}
	fail := func(at expr.Node, hint, format string, args ...any) error {
		return &expr.Error{Src: g.src, Pos: at.Pos(), Msg: fmt.Sprintf(format, args...), Hint: hint}
	}
	var errs []error
	bind := func(n expr.Node) int {
		p, err := expr.Bind(n, in, expr.WithNow(g.now))
		if err != nil {
			errs = append(errs, err)
			return -1
		}
		return b.formulas.add(p)
	}
	args := n.Args
	if !n.Star {
		if len(args) == 0 {
			hint := ""
			if sig.Star {
				hint = n.Name + "(*) counts rows"
			}
			return call, fail(n, hint, "%s needs an argument", n.Name)
		}
		call.Arg = bind(args[0])
		args = args[1:]
	}
	switch sig.Constant {
	case aggregate.NoConstant:
		if len(args) > 0 {
			errs = append(errs, fail(args[0], "", "%s takes one argument", n.Name))
		}
	case aggregate.Text:
		call.Separator = ","
		if len(args) > 1 {
			errs = append(errs, fail(args[1], "", "%s takes a text and a separator", n.Name))
		} else if len(args) == 1 {
			text, err := constant(args[0], g.src, sqltype.Varchar)
			errs = append(errs, err)
			call.Separator = text
		}
	case aggregate.Fraction:
		if len(args) != 1 {
			errs = append(errs, fail(n, "as in "+n.Name+"(x, 0.95)", "%s takes a number and the quantile", n.Name))
			break
		}
		text, err := constant(args[0], g.src, sqltype.Double)
		if err == nil {
			call.Quantile, err = strconv.ParseFloat(text, 64)
		}
		errs = append(errs, err)
	}
	if n.Filter != nil {
		call.Filter = bind(n.Filter)
	}
	for _, o := range n.OrderBy {
		call.Order = append(call.Order, aggregate.OrderKey{Input: bind(o.Expr), Desc: o.Desc, NullsFirst: o.NullsFirst})
	}
	return call, errors.Join(errs...)
}

// constant computes an argument that must not depend on the row, as a value of
// type t, and returns its text.
func constant(n expr.Node, src string, t arrow.DataType) (string, error) {
	wrong := &expr.Error{Src: src, Pos: n.Pos(), Msg: "expected a constant " + sqltype.Name(t)}
	none := arrow.NewSchema(nil, nil)
	isColumn := false
	expr.Walk(n, func(n expr.Node) bool {
		_, column := n.(*expr.Column)
		isColumn = isColumn || column
		return true
	})
	if isColumn {
		wrong.Msg += ", this depends on the row"
		return "", wrong
	}
	if t.ID() != arrow.STRING {
		n = &expr.Cast{X: n, Type: t}
	}
	p, err := expr.Bind(n, none)
	if err != nil {
		return "", err
	}
	if p.Type().ID() != t.ID() {
		wrong.Msg += ", this is " + sqltype.Name(p.Type())
		return "", wrong
	}
	row := array.NewRecord(none, nil, 1)
	defer row.Release()
	a, err := p.NewEval(memory.DefaultAllocator).Eval(row)
	if err != nil {
		return "", err
	}
	defer a.Release()
	if a.IsNull(0) {
		wrong.Msg += ", this is NULL"
		return "", wrong
	}
	return string(sqltype.AppendValue(nil, a, 0)), nil
}
