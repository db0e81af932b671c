package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// Option changes how an expression is bound.
type Option func(*binder)

// WithNow sets what now() and current_date mean. Without it they mean the
// moment of Bind; a run that binds several expressions gives all of them one.
func WithNow(t time.Time) Option { return func(b *binder) { b.now = t } }

// binder turns a tree into a typed program.
type binder struct {
	schema  *arrow.Schema
	now     time.Time
	slots   int
	columns map[int]*column
	errs    []error
	// guarded counts the branches around the node being bound that may not
	// be taken: a constant that fails in there fails only if its row comes.
	guarded int
	folding Eval // computes constants; its vectors are used again
}

// Bind fixes an expression to the schema of the records it will read. All
// mistakes that can be told apart are reported together (errors.Join), each an
// [*Error]. A nil schema has no columns.
func Bind(n Node, in *arrow.Schema, opts ...Option) (*Program, error) {
	if in == nil {
		in = arrow.NewSchema(nil, nil)
	}
	b := &binder{schema: in, now: time.Now(), columns: map[int]*column{}}
	for _, o := range opts {
		o(b)
	}
	root := b.bind(n)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	if kindOf(root.typ()) == kNull {
		root = &constant{t: sqltype.Varchar, v: nullConstant}
	}
	p := &Program{root: root, schema: in, slots: b.slots, text: n.String()}
	for i := range b.columns {
		p.columns = append(p.columns, i)
	}
	slices.Sort(p.columns)
	return p, nil
}

func (b *binder) slot() int {
	b.slots++
	return b.slots - 1
}

// fail records a mistake and returns nil, which the binding of the nodes
// around it passes on.
func (b *binder) fail(at Node, hint, format string, args ...any) bound {
	b.errs = append(b.errs, at.where().errorf(hint, fmt.Sprintf(format, args...)))
	return nil
}

// bind returns the typed node, or nil after recording what is wrong.
func (b *binder) bind(n Node) bound {
	switch n := n.(type) {
	case *Literal:
		return b.literal(n)
	case *Column:
		return b.column(n)
	case *Unary:
		return b.unary(n)
	case *Binary:
		return b.binary(n)
	case *Is:
		return b.is(n)
	case *In:
		return b.in(n)
	case *Between:
		return b.between(n)
	case *Like:
		return b.like(n)
	case *Case:
		return b.caseOf(n)
	case *Cast:
		return b.cast(n)
	case *Call:
		return b.call(n)
	}
	b.errs = append(b.errs, fmt.Errorf("an expression is missing"))
	return nil
}

// guard binds what may not be computed for every row.
func (b *binder) guard(n Node) bound {
	b.guarded++
	defer func() { b.guarded-- }()
	return b.bind(n)
}

func (b *binder) bindAll(list []Node) ([]bound, bool) {
	out, ok := make([]bound, len(list)), true
	for i, n := range list {
		out[i] = b.bind(n)
		ok = ok && out[i] != nil
	}
	return out, ok
}

// Resolve finds a column by name: exactly, else in any case if that is
// unambiguous. The error suggests the nearest name; it is not an [*Error]
// since there is no source to point at.
func Resolve(in *arrow.Schema, name string) (int, error) {
	i, hint, msg := resolve(in, name)
	switch {
	case msg == "":
		return i, nil
	case hint == "":
		return -1, errors.New(msg)
	}
	return -1, fmt.Errorf("%s; %s", msg, hint)
}

func resolve(in *arrow.Schema, name string) (index int, hint, msg string) {
	if exact := in.FieldIndices(name); len(exact) == 1 {
		return exact[0], "", ""
	} else if len(exact) > 1 {
		return -1, "rename one of them", fmt.Sprintf("column %s is there %d times", QuoteName(name), len(exact))
	}
	var near []int
	names := make([]string, in.NumFields())
	for i, f := range in.Fields() {
		names[i] = f.Name
		if strings.EqualFold(f.Name, name) {
			near = append(near, i)
		}
	}
	switch len(near) {
	case 1:
		return near[0], "", ""
	case 0:
		msg = fmt.Sprintf("there is no column %s", QuoteName(name))
		if s := sqltype.Suggest(name, names); s != "" {
			return -1, fmt.Sprintf("did you mean %s?", QuoteName(s)), msg
		}
		return -1, columnsHint(names), msg
	}
	quoted := make([]string, len(near))
	for i, n := range near {
		quoted[i] = QuoteName(names[n])
	}
	return -1, "write it with its capitals", fmt.Sprintf("column %s may be %s", QuoteName(name), strings.Join(quoted, " or "))
}

// columnsHint lists the columns there are, not too many of them.
func columnsHint(names []string) string {
	const listMax = 12
	if len(names) == 0 {
		return "there are no columns"
	}
	var s strings.Builder
	s.WriteString("there are ")
	for i, n := range names {
		if i == listMax {
			fmt.Fprintf(&s, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(QuoteName(shorten(n)))
	}
	return s.String()
}

func (b *binder) column(n *Column) bound {
	i, hint, msg := resolve(b.schema, n.Name)
	if msg != "" {
		if n.quotedText() {
			hint += fmt.Sprintf("; text is written in single quotes, %s", textLiteral(n.Name))
		}
		return b.fail(n, hint, "%s", msg)
	}
	if c, ok := b.columns[i]; ok {
		return c
	}
	t := b.schema.Field(i).Type
	switch kindOf(t) {
	case kNone:
		return b.fail(n, "", "column %s has the Arrow type %s, which expressions do not read", QuoteName(n.Name), t)
	case kNull:
		return &constant{t: arrow.Null, v: nullConstant}
	}
	c := &column{t: t, index: i, slot: b.slot()}
	b.columns[i] = c
	return c
}

// quotedText reports whether the name stands in double quotes in its source,
// where text may have been meant.
func (n *Column) quotedText() bool {
	return n.src != nil && n.pos < len(*n.src) && (*n.src)[n.pos] == '"'
}

func textLiteral(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// apply makes a call of a kernel; if all arguments are constants it is
// computed at once.
func (b *binder) apply(at Node, t arrow.DataType, k kernel, args ...bound) bound {
	return b.fold(at, &apply{t: t, slot: b.slot(), args: args, kernel: k})
}

// applyLenient is apply for a kernel that sees NULLs.
func (b *binder) applyLenient(at Node, t arrow.DataType, k kernel, args ...bound) bound {
	return b.fold(at, &apply{t: t, slot: b.slot(), args: args, kernel: k, lenient: true})
}

// fold computes a node whose operands are constants. A fault is the user's
// mistake, unless the node is guarded: then it is left to the rows.
func (b *binder) fold(at Node, x bound) bound {
	for _, arg := range operandsOf(x) {
		if _, ok := arg.(*constant); !ok {
			return x
		}
	}
	if missing := b.slots - len(b.folding.slots); missing > 0 {
		b.folding.slots = append(b.folding.slots, make([]vector, missing)...)
	}
	b.folding.n = 1
	v, err := x.eval(&b.folding, nil)
	if err != nil {
		if b.guarded > 0 {
			return x
		}
		return b.fail(at, "", "%s", err)
	}
	return &constant{t: x.typ(), v: firstRow(v, layoutOf(x.typ()))}
}

func operandsOf(x bound) []bound {
	switch x := x.(type) {
	case *apply:
		return x.args
	case *logical:
		return []bound{x.l, x.r}
	case *coalesce:
		return x.args
	case *caseOf:
		list := []bound{x.otherwise}
		for _, w := range x.whens {
			list = append(list, w.cond, w.then)
		}
		return list
	}
	return []bound{x}
}

// firstRow makes a constant of row 0 of a vector.
func firstRow(v *vector, l layout) *vector {
	if v.isNull(0) {
		return nullConstant
	}
	c := &vector{}
	c.begin(l, 1)
	// One row of text below 2 GiB: merge has nothing to complain about.
	if err := c.merge(l, v, bitmap{1}, 1); err != nil {
		return nullConstant
	}
	c.constant, c.valid = true, nil
	return c
}

// call binds a call of a function of the registry.
func (b *binder) call(n *Call) bound {
	f, ok := registry()[n.Name]
	if !ok {
		b.bindAll(n.Args) // for the mistakes in them
		if aggregates[n.Name] {
			return b.fail(n, "it belongs in --agg", "%s is an aggregate, which has no value for a single row", n.Name)
		}
		hint := ""
		if s := sqltype.Suggest(n.Name, functionNames()); s != "" {
			hint = fmt.Sprintf("did you mean %s?", s)
		}
		return b.fail(n, hint, "there is no function %s", shorten(n.Name))
	}
	switch {
	case n.Star:
		return b.fail(n, "", "%s(*) is not a call; * stands only in count(*)", n.Name)
	case n.Distinct, n.Filter != nil, n.OrderBy != nil:
		return b.fail(n, "", "%s is not an aggregate and takes no DISTINCT, FILTER or ORDER BY", n.Name)
	}
	if f.bind != nil {
		return f.bind(b, n)
	}
	args, ok := b.bindAll(n.Args)
	if !ok {
		return nil
	}
	return b.overload(f, n, args)
}

// aggregates are known so that a misplaced one is told from a misspelt one.
var aggregates = wordSet("count", "sum", "avg", "mean", "min", "max", "stddev", "stddev_samp", "stddev_pop",
	"variance", "var_samp", "var_pop", "first", "last", "any_value", "bool_and", "bool_or", "string_agg",
	"approx_count_distinct", "approx_quantile", "median", "quantile", "row_number", "rank", "lag", "lead")
