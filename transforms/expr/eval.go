package expr

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// bound is a node of a typed expression. It is immutable; what changes while
// a record is computed lives in the [Eval].
type bound interface {
	typ() arrow.DataType
	// eval computes the node for the rows that are active (nil: all). Rows
	// outside hold anything, and nothing that would be wrong about them is
	// reported: that is how CASE, AND and COALESCE guard what they guard.
	// Kernels of fixed-width types compute every row, since that is faster,
	// and look at activity only when something went wrong.
	eval(e *Eval, active bitmap) (*vector, error)
}

// kernel computes out from args for n rows. live are the rows whose arguments
// are not NULL and whose result is wanted; nil means all. It may compute
// others if that is harmless. Faults are reported for live rows only, the
// lowest first.
type kernel func(n int, live bitmap, args []*vector, out *vector) error

// Program is an expression bound to a schema. It is immutable and safe for
// concurrent use.
type Program struct {
	root    bound
	schema  *arrow.Schema
	columns []int
	slots   int
	text    string
}

// Type returns the type of the result.
func (p *Program) Type() arrow.DataType { return p.root.typ() }

// Columns returns the indexes of the input columns that are read, ascending.
func (p *Program) Columns() []int { return p.columns }

// Column returns the index of the input column that the program is, if it is
// that column and nothing else.
func (p *Program) Column() (int, bool) {
	c, ok := p.root.(*column)
	if !ok {
		return 0, false
	}
	return c.index, true
}

// String returns the expression as SQL text.
func (p *Program) String() string { return p.text }

// NewEval returns what one goroutine computes the expression with. Results
// come from alloc; intermediate columns are memory of the Eval's own, which is
// used again for every record.
func (p *Program) NewEval(alloc memory.Allocator) *Eval {
	return &Eval{prog: p, alloc: alloc, slots: make([]vector, p.slots)}
}

// Eval computes a [Program] for one goroutine.
type Eval struct {
	prog  *Program
	alloc memory.Allocator
	slots []vector // one for each node that computes something
	rec   arrow.Record
	n     int    // rows to compute
	round uint64 // counts evaluations
}

// Eval computes the expression for every row of rec, whose columns are those
// of the schema that was bound. The caller releases the result. A row that has
// no value (overflow, a failed cast) is a [pipeline.RowError] for the lowest
// such row.
func (e *Eval) Eval(rec arrow.Record) (arrow.Array, error) {
	if c, ok := e.prog.root.(*column); ok {
		if err := e.check(rec); err != nil {
			return nil, err
		}
		if col := rec.Column(c.index); arrow.TypeEqual(col.DataType(), c.t) {
			col.Retain()
			return col, nil
		}
	}
	root := e.result()
	if root != nil {
		root.fresh = e.alloc
	}
	v, err := e.run(rec)
	if root != nil {
		root.fresh = nil
	}
	var arr arrow.Array
	if err == nil {
		arr, err = e.finish(v, e.prog.Type(), int(rec.NumRows()))
	}
	if root != nil && root.buf != nil {
		root.buf.Release()
		root.buf = nil
		root.reset()
	}
	return arr, err
}

// result returns the vector in which the root node leaves its result; nil if
// it has none of its own.
func (e *Eval) result() *vector {
	switch root := e.prog.root.(type) {
	case *apply:
		return &e.slots[root.slot]
	case *caseOf:
		return &e.slots[root.slot]
	case *coalesce:
		return &e.slots[root.slot]
	}
	return nil
}

// Filter appends the rows for which a BOOLEAN program is true to sel[:0], in
// ascending order. Errors are those of [Eval.Eval].
func (e *Eval) Filter(rec arrow.Record, sel []int32) ([]int32, error) {
	sel = sel[:0]
	if kindOf(e.prog.Type()) != kBool {
		return sel, fmt.Errorf("a condition is BOOLEAN, %s is %s", e.prog.text, sqltype.Name(e.prog.Type()))
	}
	v, err := e.run(rec)
	if err != nil {
		return sel, err
	}
	for w := range wordsFor(e.n) {
		t, _ := v.truth(w)
		t &= bitmap(nil).word(w, e.n)
		for base := int32(w << 6); t != 0; t &= t - 1 {
			sel = append(sel, base+int32(bits.TrailingZeros64(t)))
		}
	}
	return sel, nil
}

func (e *Eval) check(rec arrow.Record) error {
	for _, i := range e.prog.columns {
		if i >= int(rec.NumCols()) {
			return fmt.Errorf("%s: the record has %d columns, expected those of the bound schema, %d", e.prog.text, rec.NumCols(), e.prog.schema.NumFields())
		}
		if got, want := rec.Column(i).DataType(), e.prog.schema.Field(i).Type; got.ID() != want.ID() || !arrow.TypeEqual(got, want) {
			return fmt.Errorf("%s: column %q is %s, expected %s as bound", e.prog.text, rec.ColumnName(i), got, want)
		}
	}
	return nil
}

// run computes the root for all rows. Where a row is at fault the rows before
// it are computed again: a node that is evaluated later may fail for one of
// them, and which row is reported must not depend on how many were in the
// record.
func (e *Eval) run(rec arrow.Record) (*vector, error) {
	if err := e.check(rec); err != nil {
		return nil, err
	}
	e.rec = rec
	defer func() { e.rec = nil }()
	e.n = int(rec.NumRows())
	v, err := e.evalRoot()
	for err != nil {
		var f *pipeline.RowError
		if !errors.As(err, &f) || f.Row == 0 {
			return nil, err
		}
		e.n = f.Row
		if _, earlier := e.evalRoot(); earlier != nil {
			err = earlier
			continue
		}
		return nil, err
	}
	return v, nil
}

func (e *Eval) evalRoot() (*vector, error) {
	if root := e.result(); root != nil && root.buf != nil {
		root.fresh = e.alloc
		root.buf.Release()
		root.buf = nil
	}
	e.round++
	return e.prog.root.eval(e, nil)
}

func faultf(row int, format string, args ...any) error {
	return &fault{Row: row, Err: fmt.Errorf(format, args...)}
}

// constant is a value known when the expression is bound.
type constant struct {
	t       arrow.DataType
	v       *vector
	literal bool // text as written, which takes the type that its place asks for
}

func (c *constant) typ() arrow.DataType                 { return c.t }
func (c *constant) eval(*Eval, bitmap) (*vector, error) { return c.v, nil }

// column reads a column of the input.
type column struct {
	t     arrow.DataType
	index int
	slot  int
}

func (c *column) typ() arrow.DataType { return c.t }

func (c *column) eval(e *Eval, _ bitmap) (*vector, error) {
	v := &e.slots[c.slot]
	if v.round == e.round {
		return v, nil
	}
	v.reset()
	v.round = e.round
	load(v, e.rec.Column(c.index).Data(), e.n)
	return v, nil
}

// load points v at the first n rows of an array.
func load(v *vector, d arrow.ArrayData, n int) {
	if valid := d.Buffers()[0]; valid != nil && valid.Len() > 0 && d.NullN() != 0 {
		v.valid = grow((*[]uint64)(&v.own.valid), wordsFor(n))
		loadBits(v.valid, valid.Bytes(), d.Offset(), n)
	}
	var raw []byte
	if b := d.Buffers()[1]; b != nil {
		raw = b.Bytes()
	}
	if n == 0 {
		return
	}
	from, to := d.Offset(), d.Offset()+n
	switch kind := kindOf(d.DataType()); kind.layout() {
	case layoutBits:
		loadBits(v.makeBits(n), raw, from, n)
	case layoutInt32:
		v.i32 = arrow.Int32Traits.CastFromBytes(raw)[from:to]
	case layoutInt64:
		v.i64 = arrow.Int64Traits.CastFromBytes(raw)[from:to]
	case layoutDouble:
		v.f64 = arrow.Float64Traits.CastFromBytes(raw)[from:to]
	case layoutDecimal:
		v.dec = arrow.Decimal128Traits.CastFromBytes(raw)[from:to]
	case layoutInterval:
		v.iv = arrow.MonthDayNanoIntervalTraits.CastFromBytes(raw)[from:to]
	case layoutBytes:
		offsets := arrow.Int32Traits.CastFromBytes(raw)
		v.lo, v.hi = offsets[from:to], offsets[from+1:to+1]
		if b := d.Buffers()[2]; b != nil {
			v.data = b.Bytes()
		}
	}
}

// apply calls a kernel on its arguments.
type apply struct {
	t      arrow.DataType
	slot   int
	args   []bound
	kernel kernel
	// lenient kernels see NULL arguments; for all others a NULL argument
	// makes the result NULL.
	lenient bool
}

func (a *apply) typ() arrow.DataType { return a.t }

func (a *apply) eval(e *Eval, active bitmap) (*vector, error) {
	out := &e.slots[a.slot]
	args := out.own.args[:0]
	constant, null := true, false
	for _, arg := range a.args {
		v, err := arg.eval(e, active)
		if err != nil {
			return nil, err
		}
		constant = constant && v.constant
		null = null || v.constant && v.null
		args = append(args, v)
	}
	out.own.args = args
	if null && !a.lenient {
		return nullConstant, nil
	}
	out.reset()
	n, live := e.n, active
	switch {
	case constant:
		// One row stands for all. It is wanted if any is.
		n, live = 1, nil
		if e.n == 0 || active != nil && !active.any() {
			return nullConstant, nil
		}
	case !a.lenient:
		for _, v := range args {
			if !v.constant {
				out.valid = and(&out.own.valid, out.valid, v.valid)
			}
		}
		live = and(&out.own.live, active, out.valid)
	}
	if err := a.kernel(n, live, args, out); err != nil {
		var f *fault
		if constant && errors.As(err, &f) {
			return nil, &fault{Row: active.first(), Err: f.Err}
		}
		return nil, err
	}
	if constant {
		out.constant = true
		out.null = out.valid != nil && !out.valid.get(0)
	}
	return out, nil
}

// shared is a node that several others read; it is computed once per record.
// The first to read it wants every row that any other wants.
type shared struct {
	x    bound
	slot int
}

func (s *shared) typ() arrow.DataType { return s.x.typ() }

func (s *shared) eval(e *Eval, active bitmap) (*vector, error) {
	memo := &e.slots[s.slot]
	if memo.round == e.round {
		return memo.own.args[0], nil
	}
	v, err := s.x.eval(e, active)
	if err != nil {
		return nil, err
	}
	memo.round = e.round
	memo.own.args = append(memo.own.args[:0], v)
	return v, nil
}
