package transforms

import (
	"errors"
	"fmt"
	"slices"
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
// Its state is sorted runs of rows, with the keys that are not plain columns in
// columns sort.0, sort.1, …, and the rows' places in row.source and row.line.
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
	b.encoder, err = rowkey.NewEncoder(b.keys)
	return b, err
}

type boundSort struct {
	schema, partial *arrow.Schema
	limit           int64
	formulas        *formulas // the keys that are no columns
	columns         []int     // of the state, where the keys are
	keys            []rowkey.Column
	encoder         *rowkey.Encoder
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

func (s *boundSort) NewLocal(t *pipeline.Task) (pipeline.Local, error) {
	return &sortLocal{bound: s, task: t, eval: s.formulas.open(t.Alloc)}, nil
}

// sortLocal gathers rows in the form of the state and sorts them in Flush.
type sortLocal struct {
	bound *boundSort
	task  *pipeline.Task
	eval  evals
	recs  []placed
	rows  int64
	held  int64
	lines []int64
}

func (l *sortLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	own, err := l.eval.columns(b.Record)
	if err != nil {
		return err
	}
	defer releaseArrays(own)
	if b.Record.NumRows() == 0 || l.bound.limit == 0 {
		return nil
	}
	l.lines = linesOf(l.lines, &b)
	l.add(withPlaces(l.task.Alloc, l.bound.partial, &b, own, l.lines))
	if limit := l.bound.limit; limit >= 0 && l.rows > 2*limit+topRowsSlack {
		return l.sort(func(rec arrow.Record) error {
			l.add(rec)
			return nil
		})
	}
	return nil
}

const (
	// topRowsSlack is how many rows beyond a limit are gathered before those
	// that cannot be in the result are dropped.
	topRowsSlack = 128 << 10
	// runRowsMax bounds the rows that are sorted at once, which have 32-bit
	// numbers.
	runRowsMax = 1 << 31
	// rowWorkBytes is what sorting takes for each row beside the row itself.
	rowWorkBytes = 24
)

func (l *sortLocal) add(rec arrow.Record) {
	l.recs = append(l.recs, newPlaced(rec))
	l.rows += rec.NumRows()
	l.held += recordBytes(rec)
}

func (l *sortLocal) Bytes() int64 { return l.held + rowWorkBytes*l.rows }

func (l *sortLocal) Flush(emit pipeline.Emit) error {
	return l.sort(asState(emit))
}

func (l *sortLocal) Close() {
	for _, p := range l.recs {
		p.rec.Release()
	}
	l.recs, l.rows, l.held = nil, 0, 0
}

// sort hands the rows to emit in order, no more than the limit, and leaves l
// without them.
func (l *sortLocal) sort(emit func(arrow.Record) error) error {
	taken := *l
	l.recs, l.rows, l.held = nil, 0, 0
	defer taken.Close()
	// In input order, so that sorting, which is stable, seldom has to look at
	// places.
	slices.SortFunc(taken.recs, func(a, b placed) int { return a.place(0).compare(b.place(0)) })
	for recs := taken.recs; len(recs) > 0; {
		n, rows := 1, recs[0].rec.NumRows()
		for n < len(recs) && rows+recs[n].rec.NumRows() <= runRowsMax {
			rows += recs[n].rec.NumRows()
			n++
		}
		if err := l.sortRun(recs[:n], emit); err != nil {
			return err
		}
		recs = recs[n:]
	}
	return nil
}

// sortRun emits the rows of the records as one sorted run.
func (l *sortLocal) sortRun(run []placed, emit func(arrow.Record) error) error {
	recs := make([]arrow.Record, len(run))
	for i, p := range run {
		recs[i] = p.rec
	}
	refs := l.bound.order(run)
	if l.bound.limit >= 0 {
		refs = refs[:min(int64(len(refs)), l.bound.limit)]
	}
	return flushRows(l.task.Alloc, l.bound.partial, recs, refs, emit)
}

// keyArrays are the key columns of a state.
func (s *boundSort) keyArrays(rec arrow.Record) []arrow.Array {
	arrays := make([]arrow.Array, len(s.columns))
	for i, c := range s.columns {
		arrays[i] = rec.Column(c)
	}
	return arrays
}

// order returns the rows of recs in their order.
func (s *boundSort) order(recs []placed) []take.Ref {
	runs := make([]sortKeys, len(recs))
	total := 0
	for i := range recs {
		runs[i] = s.keysOf(&recs[i])
		total += len(runs[i].words)
	}
	refs := make([]take.Ref, 0, total)
	for c, run := range runs {
		for i := range run.words {
			refs = append(refs, take.Ref{Chunk: uint32(c), Row: uint32(i)})
		}
	}
	var order []uint32
	if len(runs) > 0 && runs[0].keys != nil {
		order = orderByKeys(runs, refs)
	} else {
		order = orderByWords(runs, refs)
	}
	sorted := make([]take.Ref, len(refs))
	for i, o := range order {
		sorted[i] = refs[o]
	}
	return sorted
}
