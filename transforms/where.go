package transforms

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/transforms/expr"
)

// where keeps the rows that meet a condition.
type where struct {
	src  string
	cond expr.Node
	now  time.Time
}

// Where returns the stage that keeps the rows on which the condition src is
// true; rows on which it is false or NULL are dropped. An error is an
// *expr.Error.
func Where(src string) (pipeline.Stage, error) {
	n, err := expr.Parse(src)
	if err != nil {
		return nil, err
	}
	return &where{src, n, time.Now()}, nil
}

func (w *where) String() string { return "where " + oneLine(w.src) }

func (w *where) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	p, err := expr.Bind(w.cond, in, expr.WithNow(w.now))
	if err != nil {
		return nil, err
	}
	if p.Type().ID() != arrow.BOOL {
		return nil, &expr.Error{Src: w.src, Pos: w.cond.Pos(),
			Msg:  "a condition must be BOOLEAN, this is " + sqltype.Name(p.Type()),
			Hint: "compare it with something, as in x > 0"}
	}
	return &boundWhere{in, p}, nil
}

type boundWhere struct {
	schema *arrow.Schema
	cond   *expr.Program
}

func (w *boundWhere) Schema() *arrow.Schema { return w.schema }
func (w *boundWhere) InOrder() bool         { return false }

// Reads implements pipeline.RowFilter.
func (w *boundWhere) Reads() pipeline.Columns {
	reads := pipeline.Columns{}
	needProgram(reads, w.schema, w.cond)
	return reads
}

// Coded implements pipeline.Coder: columns that the condition does not read pass
// through as they are.
func (w *boundWhere) Coded(wanted pipeline.Columns) pipeline.Columns {
	coded := cloneColumns(wanted)
	for name := range w.Reads() {
		delete(coded, name)
	}
	return coded
}

func (w *boundWhere) Needs(wanted pipeline.Columns) pipeline.Columns {
	need := cloneColumns(wanted)
	needProgram(need, w.schema, w.cond)
	return need
}

func (w *boundWhere) Open(t *pipeline.Task) (pipeline.Apply, error) {
	cond := w.cond.NewEval(t.Alloc)
	var rows []int32
	return func(b pipeline.Batch) (pipeline.Batch, error) {
		var err error
		if rows, err = cond.Filter(b.Record, rows); err != nil {
			b.Release()
			return pipeline.Batch{}, err
		}
		return keepRows(t.Alloc, b, rows)
	}, nil
}
