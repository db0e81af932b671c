package transforms

import (
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/transforms/expr"
)

// derive adds or replaces one column.
type derive struct {
	src  string
	name string
	node expr.Node
	now  time.Time
}

// Derive returns the stage of a definition such as `total = price * quantity`:
// it adds the column at the end, or replaces the one of exactly that name. An
// error is an *expr.Error.
func Derive(src string) (pipeline.Stage, error) {
	name, n, err := expr.ParseDerive(src)
	if err != nil {
		return nil, err
	}
	return &derive{src, name, n, time.Now()}, nil
}

func (d *derive) String() string { return "derive " + oneLine(d.src) }

func (d *derive) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	p, err := expr.Bind(d.node, in, expr.WithNow(d.now))
	if err != nil {
		return nil, err
	}
	field := arrow.Field{Name: d.name, Type: p.Type(), Nullable: true}
	fields := slices.Clone(in.Fields())
	at := len(fields)
	if same := in.FieldIndices(d.name); len(same) > 0 {
		at = same[0]
		fields[at] = field
	} else {
		fields = append(fields, field)
	}
	meta := in.Metadata()
	return &boundDerive{d, in, arrow.NewSchema(fields, &meta), p, at}, nil
}

type boundDerive struct {
	*derive
	in, schema *arrow.Schema
	program    *expr.Program
	at         int // of the column in the result
}

func (d *boundDerive) Schema() *arrow.Schema { return d.schema }
func (d *boundDerive) InOrder() bool         { return false }

func (d *boundDerive) Needs(wanted pipeline.Columns) pipeline.Columns {
	need := cloneColumns(wanted)
	if need[d.name] {
		delete(need, d.name)
		needProgram(need, d.in, d.program)
	}
	return need
}

// Prune returns a stage that does nothing if nobody wants the column; see
// pipeline.Pruner.
func (d *boundDerive) Prune(wanted pipeline.Columns) pipeline.Stage {
	if wanted[d.name] {
		return d.derive
	}
	return pass{d.String()}
}

func (d *boundDerive) Open(t *pipeline.Task) (pipeline.Apply, error) {
	eval := d.program.NewEval(t.Alloc)
	return func(b pipeline.Batch) (pipeline.Batch, error) {
		defer b.Record.Release()
		a, err := eval.Eval(b.Record)
		if err != nil {
			return pipeline.Batch{}, err
		}
		defer a.Release()
		columns := slices.Clone(b.Record.Columns())
		if d.at == len(columns) {
			columns = append(columns, a)
		} else {
			columns[d.at] = a
		}
		out := b
		out.Record = array.NewRecord(d.schema, columns, b.Record.NumRows())
		return out, nil
	}, nil
}

// pass stands for a stage whose work nobody wants.
type pass struct{ name string }

func (p pass) String() string { return p.name }

func (p pass) Bind(in *arrow.Schema) (pipeline.BoundStage, error) { return boundPass{in}, nil }

type boundPass struct{ schema *arrow.Schema }

func (p boundPass) Schema() *arrow.Schema                          { return p.schema }
func (p boundPass) Needs(wanted pipeline.Columns) pipeline.Columns { return wanted }
func (p boundPass) InOrder() bool                                  { return false }
func (p boundPass) Open(*pipeline.Task) (pipeline.Apply, error) {
	return func(b pipeline.Batch) (pipeline.Batch, error) { return b, nil }, nil
}
