package transforms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/transforms/aggregate"
	"csvloom/transforms/expr"
)

// grouping is a group-by as written: keys and aggregate calls. What is computed
// from the results of calls is a projection that follows it.
type grouping struct {
	src   string // of the aggregates
	keys  []groupKey
	calls []groupCall
	now   time.Time
}

// groupKey is an expression to group by.
type groupKey struct {
	src  string
	node expr.Node
	name string
}

// groupCall is one distinct aggregate call.
type groupCall struct {
	node *expr.Call
	name string // of its column in the result
}

// Aggregate returns the steps of a group-by. by are the expressions to group
// by, each with a name if wanted (`year(ts) as y`); without any, all rows are
// one group. aggs is a list of expressions over aggregates and keys, such as
// `sum(a) / count(*) as ratio, max(b)`; with keys it may be empty. The result has
// the keys, then these.
//
// The steps are a reducer, and where a list element is more than one call, a
// stage that computes it from the reducer's result. An error is an *expr.Error,
// or several, joined.
func Aggregate(by []string, aggs string) ([]pipeline.Step, error) {
	g := &grouping{src: aggs, now: time.Now()}
	var errs []error
	for _, src := range by {
		keys, err := parseKeys(src)
		errs = append(errs, err)
		g.keys = append(g.keys, keys...)
	}
	var items []expr.SelectItem
	var err error
	if len(by) == 0 || strings.TrimSpace(aggs) != "" {
		items, err = expr.ParseSelect(aggs)
	}
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	c := &callCollector{grouping: g, names: map[string]bool{}, calls: map[string]string{}}
	for _, k := range g.keys {
		if c.names[k.name] {
			errs = append(errs, &expr.Error{Src: k.src, Msg: fmt.Sprintf("two keys are named %q", k.name),
				Hint: "name one of them with AS"})
		}
		c.names[k.name] = true
	}
	c.collect(items)
	if err := errors.Join(append(errs, c.errs...)...); err != nil {
		return nil, err
	}
	steps := []pipeline.Step{g}
	if c.composite {
		out := &projection{src: aggs, now: g.now}
		for _, k := range g.keys {
			out.outputs = append(out.outputs, output{name: k.name})
		}
		out.outputs = append(out.outputs, c.outputs...)
		steps = append(steps, out)
	}
	return steps, nil
}

func parseKeys(src string) ([]groupKey, error) {
	items, err := expr.ParseSelect(src)
	if err != nil {
		return nil, err
	}
	var keys []groupKey
	for _, item := range items {
		if item.Star {
			return nil, &expr.Error{Src: src, Msg: "* is not a key", Hint: "name the columns to group by"}
		}
		if err := constantKey(src, item.Expr); err != nil {
			return nil, err
		}
		keys = append(keys, groupKey{src, item.Expr, item.Alias})
	}
	return keys, nil
}

// callCollector takes the aggregate calls out of a list.
type callCollector struct {
	*grouping
	names     map[string]bool   // of the reducer's columns
	calls     map[string]string // text of a call → its column
	outputs   []output
	composite bool
	errs      []error
}

func (c *callCollector) fail(n expr.Node, hint, format string, args ...any) {
	c.errs = append(c.errs, &expr.Error{Src: c.src, Pos: n.Pos(), Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// collect fills outputs, which say how the list's elements are computed from
// the reducer's columns. Where each is one call and nothing else, these calls
// bear the elements' names and no further step is needed.
func (c *callCollector) collect(items []expr.SelectItem) {
	final := map[string]bool{}
	for _, k := range c.keys {
		final[k.name] = true
	}
	direct := map[string]bool{}
	for _, item := range items {
		if item.Star {
			c.errs = append(c.errs, &expr.Error{Src: c.src, Msg: "* is not an aggregate", Hint: "count(*) counts rows"})
			continue
		}
		if final[item.Alias] {
			c.fail(item.Expr, "give one of them another name with AS", "the result would have two columns named %q", item.Alias)
		}
		final[item.Alias] = true
		call, ok := aggregateCall(item.Expr)
		if !ok || direct[call.String()] {
			c.composite = true // no call, or the second name of one
		} else {
			direct[call.String()] = true
		}
	}
	for _, item := range items {
		if item.Star {
			continue
		}
		if call, ok := aggregateCall(item.Expr); ok && !c.composite {
			c.checkNested(call)
			c.add(call, item.Alias)
			continue
		}
		c.checkCalls(item.Expr)
		computed := map[expr.Node]bool{}
		node := expr.Rewrite(item.Expr, func(n expr.Node) expr.Node {
			name := c.columnOf(n)
			if name == "" {
				return n
			}
			column := &expr.Column{Name: name}
			computed[column] = true
			return column
		})
		c.checkColumns(node, computed)
		c.outputs = append(c.outputs, output{name: item.Alias, node: node})
	}
}

// columnOf returns the reducer's column that holds the value of n, or "".
func (c *callCollector) columnOf(n expr.Node) string {
	text := n.String()
	for _, k := range c.keys {
		if k.node.String() == text {
			return k.name
		}
	}
	call, ok := aggregateCall(n)
	if !ok {
		return ""
	}
	if name, ok := c.calls[text]; ok {
		return name
	}
	name := text
	for c.names[name] {
		name += "'"
	}
	return c.add(call, name)
}

func (c *callCollector) add(call *expr.Call, name string) string {
	c.names[name] = true
	c.calls[call.String()] = name
	c.grouping.calls = append(c.grouping.calls, groupCall{call, name})
	return name
}

// checkCalls reports aggregates inside aggregates, and calls of what is not
// there.
func (c *callCollector) checkCalls(n expr.Node) {
	expr.Walk(n, func(n expr.Node) bool {
		if call, ok := aggregateCall(n); ok {
			c.checkNested(call)
			return false
		}
		if call, ok := n.(*expr.Call); ok && !isFunction(call.Name) {
			hint := ""
			if s := sqltype.Suggest(call.Name, functionNames()); s != "" {
				hint = "did you mean " + s + "?"
			}
			c.fail(n, hint, "there is no aggregate or function %s", call.Name)
			return false
		}
		return true
	})
}

// checkColumns reports columns that have no one value in a group.
func (c *callCollector) checkColumns(n expr.Node, computed map[expr.Node]bool) {
	if len(c.errs) > 0 {
		return // the columns of a misspelt call are no mistake
	}
	expr.Walk(n, func(n expr.Node) bool {
		column, ok := n.(*expr.Column)
		if !ok || computed[n] {
			return true
		}
		for _, k := range c.keys {
			if strings.EqualFold(k.name, column.Name) {
				return true
			}
		}
		c.fail(n, "group by it, or say which value, as in first("+n.String()+")",
			"column %s is neither a key nor inside an aggregate", n)
		return true
	})
}

func isFunction(name string) bool { return slices.Contains(functionNames(), name) }

// functionNames lists the functions and the aggregates.
var functionNames = sync.OnceValue(func() []string {
	var names []string
	for _, f := range expr.Functions() {
		names = append(names, f.Name)
		names = append(names, f.Aliases...)
	}
	for _, f := range aggregate.Functions() {
		names = append(names, f.Name)
	}
	return names
})

func (c *callCollector) checkNested(call *expr.Call) {
	expr.Walk(call, func(n expr.Node) bool {
		if inner, ok := aggregateCall(n); ok && inner != call {
			c.fail(inner, "compute the inner one in a run of its own", "%s is inside the aggregate %s", inner.Name, call.Name)
			return false
		}
		return true
	})
}

func (g *grouping) String() string {
	keys := make([]string, len(g.keys))
	for i, k := range g.keys {
		keys[i] = k.node.String()
	}
	calls := make([]string, len(g.calls))
	for i, c := range g.calls {
		calls[i] = c.node.String()
	}
	if len(keys) == 0 {
		return "aggregate " + strings.Join(calls, ", ")
	}
	return "by " + strings.Join(keys, ", ") + " aggregate " + strings.Join(calls, ", ")
}

func (g *grouping) Bind(in *arrow.Schema) (pipeline.BoundReducer, error) {
	b := &boundGrouping{formulas: newFormulas(in)}
	var errs []error
	var keys []arrow.Field
	for _, k := range g.keys {
		p, err := expr.Bind(k.node, in, expr.WithNow(g.now))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.keys = append(b.keys, b.formulas.add(p))
		keys = append(keys, arrow.Field{Name: k.name, Type: p.Type(), Nullable: true})
	}
	var calls []aggregate.Call
	for _, c := range g.calls {
		call, err := b.bindCall(g, c, in)
		if err == nil {
			if _, e := aggregate.ResultType(&call, b.formulas.types()); e != nil {
				err = &expr.Error{Src: g.src, Pos: c.node.Pos(), Msg: e.Error()}
			}
		}
		if err != nil {
			errs = append(errs, err)
		}
		calls = append(calls, call)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var err error
	if b.Plan, err = aggregate.NewPlan(keys, b.formulas.types(), calls); err != nil {
		return nil, err
	}
	b.coded = b.formulas.codedColumns(b.Plan.TakesCodes(b.keys))
	return b, nil
}

// boundGrouping is a plan with what computes its keys and inputs; Schema,
// Partial and Merge are the plan's.
type boundGrouping struct {
	*aggregate.Plan
	formulas *formulas
	keys     []int // formulas
	coded    pipeline.Columns
}

// Coded implements pipeline.Coder: columns that are keys, or counted, and
// nothing else.
func (b *boundGrouping) Coded(wanted pipeline.Columns) pipeline.Columns {
	coded := pipeline.Columns{}
	for name := range b.coded {
		if wanted[name] {
			coded[name] = true
		}
	}
	return coded
}

func (b *boundGrouping) Needs(pipeline.Columns) pipeline.Columns {
	need := pipeline.Columns{}
	b.formulas.need(need)
	return need
}

func (b *boundGrouping) NewLocal(t *pipeline.Task) (pipeline.Local, error) {
	table, err := b.NewTable(t.Alloc)
	if err != nil {
		return nil, err
	}
	return &groupLocal{bound: b, table: table, eval: b.formulas.open(t.Alloc)}, nil
}

// groupLocal computes keys and inputs and folds them into a table.
type groupLocal struct {
	bound *boundGrouping
	table *aggregate.Table
	eval  evals
	keys  []arrow.Array
	lines []int64
}

func (l *groupLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	if b.Record.NumRows() == 0 {
		return nil
	}
	computed, err := l.eval.columns(b.Record)
	if err != nil {
		return err
	}
	defer releaseArrays(computed)
	l.keys = l.keys[:0]
	for _, k := range l.bound.keys {
		l.keys = append(l.keys, computed[k])
	}
	if l.bound.NeedsPlaces() {
		l.lines = linesOf(l.lines, &b)
	}
	return l.table.Fold(&aggregate.Rows{
		Len:    int(b.Record.NumRows()),
		Keys:   l.keys,
		Inputs: computed,
		Source: int64(b.Seq.Source),
		Lines:  l.lines,
	})
}

func (l *groupLocal) Bytes() int64                   { return l.table.Bytes() + 8*int64(cap(l.lines)) }
func (l *groupLocal) Flush(emit pipeline.Emit) error { return l.table.Flush(emit) }
func (l *groupLocal) Close()                         {}
