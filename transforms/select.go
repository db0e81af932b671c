package transforms

import (
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/transforms/expr"
)

// selection computes the columns of its result from a select list.
type selection struct {
	src   string
	items []expr.SelectItem
	now   time.Time
}

// Select returns the stage that replaces the columns by those of a select list,
// such as `*, price * 2 as double` or `* except (a, b)`. An error is an
// *expr.Error.
func Select(src string) (pipeline.Stage, error) {
	items, err := expr.ParseSelect(src)
	if err != nil {
		return nil, err
	}
	return &selection{src, items, time.Now()}, nil
}

func (s *selection) String() string { return "select " + oneLine(s.src) }

func (s *selection) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	out, err := s.expand(in)
	if err != nil {
		return nil, err
	}
	return out.Bind(in)
}

// expand replaces the stars by the columns they stand for.
func (s *selection) expand(in *arrow.Schema) (*projection, error) {
	p := &projection{src: s.src, now: s.now}
	var errs []error
	fail := func(pos int, hint, format string, args ...any) {
		errs = append(errs, &expr.Error{Src: s.src, Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
	}
	seen := map[string]bool{}
	add := func(o output, pos int) {
		if seen[o.name] {
			fail(pos, "give one of them another name with AS, or leave it out with * EXCEPT ("+expr.QuoteName(o.name)+")",
				"the result would have two columns named %q", o.name)
		}
		seen[o.name] = true
		p.outputs = append(p.outputs, o)
	}
	for _, item := range s.items {
		if !item.Star {
			add(output{name: item.Alias, node: item.Expr}, item.Expr.Pos())
			continue
		}
		except := map[int]bool{}
		for _, id := range item.Except {
			i, err := expr.Resolve(in, id.Name)
			if err != nil {
				fail(id.Pos, "", "%s", err)
			} else if except[i] {
				fail(id.Pos, "", "%q is left out twice", id.Name)
			}
			except[i] = true
		}
		pos := 0
		if len(item.Except) > 0 {
			pos = item.Except[0].Pos
		}
		for i, f := range in.Fields() {
			if !except[i] {
				add(output{name: f.Name}, pos)
			}
		}
	}
	if len(p.outputs) == 0 && len(errs) == 0 {
		fail(0, "keep a column", "nothing is selected")
	}
	return p, errors.Join(errs...)
}

// output is one column of a projection: an expression, or the input's column of
// the same name.
type output struct {
	name string
	node expr.Node
}

// projection is a select list without stars.
type projection struct {
	src     string
	outputs []output
	now     time.Time
}

func (p *projection) String() string { return "select " + oneLine(p.src) }

func (p *projection) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	b := &boundProjection{projection: p, in: in, columns: make([]int, len(p.outputs)), programs: make([]*expr.Program, len(p.outputs))}
	fields := make([]arrow.Field, len(p.outputs))
	var errs []error
	for i, o := range p.outputs {
		if o.node == nil {
			at := in.FieldIndices(o.name)
			if len(at) == 0 {
				errs = append(errs, fmt.Errorf("there is no column %q", o.name))
				continue
			}
			b.columns[i], fields[i] = at[0], in.Field(at[0])
			continue
		}
		prog, err := expr.Bind(o.node, in, expr.WithNow(p.now))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.programs[i] = prog
		fields[i] = arrow.Field{Name: o.name, Type: prog.Type(), Nullable: true}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	meta := in.Metadata()
	b.schema = arrow.NewSchema(fields, &meta)
	return b, nil
}

type boundProjection struct {
	*projection
	in, schema *arrow.Schema
	columns    []int
	programs   []*expr.Program // nil: the column
}

func (p *boundProjection) Schema() *arrow.Schema { return p.schema }
func (p *boundProjection) InOrder() bool         { return false }

func (p *boundProjection) Needs(wanted pipeline.Columns) pipeline.Columns {
	need := pipeline.Columns{}
	for i, o := range p.outputs {
		switch {
		case !wanted[o.name]:
		case p.programs[i] == nil:
			need[o.name] = true
		default:
			needProgram(need, p.in, p.programs[i])
		}
	}
	return need
}

// Prune returns the projection to the wanted columns; see pipeline.Pruner.
func (p *boundProjection) Prune(wanted pipeline.Columns) pipeline.Stage {
	pruned := &projection{src: p.src, now: p.now}
	for _, o := range p.outputs {
		if wanted[o.name] {
			pruned.outputs = append(pruned.outputs, o)
		}
	}
	return pruned
}

func (p *boundProjection) Open(t *pipeline.Task) (pipeline.Apply, error) {
	used := newFormulas(p.in)
	places := make([]int, len(p.programs))
	for i, prog := range p.programs {
		if prog != nil {
			places[i] = used.add(prog)
		}
	}
	eval := used.open(t.Alloc)
	return func(b pipeline.Batch) (pipeline.Batch, error) {
		defer b.Record.Release()
		computed, err := eval.columns(b.Record)
		if err != nil {
			return pipeline.Batch{}, err
		}
		defer releaseArrays(computed)
		columns := make([]arrow.Array, len(p.outputs))
		for i := range columns {
			if p.programs[i] == nil {
				columns[i] = b.Record.Column(p.columns[i])
			} else {
				columns[i] = computed[places[i]]
			}
		}
		out := b
		out.Record = array.NewRecord(p.schema, columns, b.Record.NumRows())
		return out, nil
	}, nil
}
