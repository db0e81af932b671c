package transforms

import (
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/transforms/expr"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

// sorting orders rows.
type sorting struct {
	src   string
	keys  []expr.OrderItem
	limit int64 // -1 for all rows
	now   time.Time
}

// Sort returns the reducer that orders rows by keys such as `a desc nulls last,
// b`. Rows of equal keys stay in input order. NaN is larger than all numbers,
// NULL than all values unless NULLS FIRST or LAST says otherwise. An error is an
// *expr.Error.
//
// Its state is rows, in any order, with the keys that are not plain columns in
// columns sort.0, sort.1, …, and the rows' places in row.source and row.line.
// Rows that do not fit memory are kept on disk as runs of states in order; see
// pipeline.RunSpiller.
func Sort(src string) (pipeline.Reducer, error) { return newSorting(src, -1) }

// SortLimit is Sort followed by a limit of n rows, of which it never keeps many
// more in memory.
func SortLimit(src string, n int64) (pipeline.Reducer, error) { return newSorting(src, max(n, 0)) }

// constantKey refuses a number as a key: SQL takes the 1 for the first column,
// and as a value it is the same for all rows.
func constantKey(src string, key expr.Node) error {
	if l, ok := key.(*expr.Literal); !ok || l.Kind != expr.LiteralNumber {
		return nil
	}
	return &expr.Error{Src: src, Pos: key.Pos(), Msg: "a constant is the same for all rows", Hint: "name a column or an expression; places of columns are not numbered here"}
}

// SortColumn is a column by which rows are in order.
type SortColumn struct {
	Column     string
	Descending bool
	NullsFirst bool
}

// SortColumns returns the columns of schema by which rows are in order after a
// sort by src: its keys up to the first that is not a plain column.
func SortColumns(src string, schema *arrow.Schema) []SortColumn {
	keys, err := expr.ParseOrder(src)
	if err != nil {
		return nil
	}
	var columns []SortColumn
	for _, k := range keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok {
			break
		}
		i, err := expr.Resolve(schema, c.Name)
		if err != nil {
			break
		}
		columns = append(columns, SortColumn{schema.Field(i).Name, k.Desc, k.NullsFirst})
	}
	return columns
}

func newSorting(src string, limit int64) (pipeline.Reducer, error) {
	keys, err := expr.ParseOrder(src)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if err := constantKey(src, k.Expr); err != nil {
			return nil, err
		}
	}
	return &sorting{src, keys, limit, time.Now()}, nil
}

func (s *sorting) String() string {
	if s.limit < 0 {
		return "sort " + oneLine(s.src)
	}
	return fmt.Sprintf("sort %s limit %d", oneLine(s.src), s.limit)
}

func (s *sorting) Bind(in *arrow.Schema) (pipeline.BoundReducer, error) {
	b := &boundSort{schema: in, limit: s.limit, formulas: newFormulas(in)}
	var errs []error
	var own []arrow.Field
	for _, k := range s.keys {
		p, err := expr.Bind(k.Expr, in, expr.WithNow(s.now))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !rowkey.Supported(p.Type()) {
			errs = append(errs, &expr.Error{Src: s.src, Pos: k.Expr.Pos(),
				Msg: "rows cannot be ordered by a value of type " + sqltype.Name(p.Type())})
			continue
		}
		at := -1
		if c, ok := k.Expr.(*expr.Column); ok {
			at, _ = expr.Resolve(in, c.Name)
		}
		if at < 0 {
			if i := b.formulas.add(p); i == len(own) {
				own = append(own, arrow.Field{Name: fmt.Sprint("sort.", i), Type: p.Type(), Nullable: true})
				at = in.NumFields() + i
			} else {
				at = in.NumFields() + i
			}
		}
		b.columns = append(b.columns, at)
		b.keys = append(b.keys, rowkey.Column{Type: p.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	b.partial = placedSchema(in, own...)
	var err error
	if b.encoder, err = rowkey.NewEncoder(b.keys); err != nil {
		return nil, err
	}
	// Rows of types that cannot be rearranged do not get this far: no stage
	// makes them.
	if b.rowLayout, err = take.NewLayout(in); err != nil {
		return nil, err
	}
	b.stateLayout, err = take.NewLayout(b.partial)
	return b, err
}

type boundSort struct {
	schema, partial *arrow.Schema
	limit           int64
	formulas        *formulas // the keys that are no columns
	columns         []int     // of the state, where the keys are
	keys            []rowkey.Column
	encoder         *rowkey.Encoder
	rowLayout       *take.Layout // of the result's columns
	stateLayout     *take.Layout // of all columns of the state
}

func (s *boundSort) Schema() *arrow.Schema  { return s.schema }
func (s *boundSort) Partial() *arrow.Schema { return s.partial }

func (s *boundSort) Needs(wanted pipeline.Columns) pipeline.Columns {
	need := cloneColumns(wanted)
	s.formulas.need(need)
	for _, c := range s.columns {
		if c < s.schema.NumFields() {
			need[s.schema.Field(c).Name] = true
		}
	}
	return need
}
