package aggregate

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
	"csvloom/transforms/internal/rowkey"
)

// Plan is a group-by fixed to types: its keys, its calls, and the states they
// need. It is immutable and shared by all workers.
type Plan struct {
	keys    []arrow.Field
	types   []arrow.DataType // of the keys
	states  []planState
	calls   []planCall
	selects []selection
	places  bool
	schema  *arrow.Schema
	partial *arrow.Schema
}

// planState is a state of the plan, shared by the calls that can.
type planState struct {
	binding
	args   []int // inputs: the argument, then the order keys
	sel    int   // which rows are folded: a place in Plan.selects
	column int   // of Partial, where its fields begin
}

type planCall struct {
	state  int
	result func(state) resultFunc
	text   string
}

// selection is a choice of rows: those on which the input filter is TRUE and
// the input arg is not NULL. Either may be -1.
type selection struct{ arg, filter int }

// NewPlan returns the plan for the given keys, inputs and calls. Without keys
// all rows are one group, which is there also when there are no rows.
func NewPlan(keys []arrow.Field, inputs []arrow.DataType, calls []Call) (*Plan, error) {
	p := &Plan{keys: slices.Clone(keys)}
	partial := []arrow.Field{{Name: "partition", Type: arrow.PrimitiveTypes.Uint8}}
	for i, k := range keys {
		if !rowkey.Supported(k.Type) || k.Type.ID() == arrow.NULL {
			return nil, fmt.Errorf("rows cannot be grouped by %q of type %s; cast it to a type with an order, such as VARCHAR",
				k.Name, sqltype.Name(k.Type))
		}
		p.keys[i].Nullable = true
		p.types = append(p.types, k.Type)
		partial = append(partial, arrow.Field{Name: "key." + k.Name, Type: k.Type, Nullable: true})
	}
	result := slices.Clone(p.keys)
	shared := map[string]int{}
	selects := map[selection]int{}
	for i := range calls {
		c := &calls[i]
		b, err := bind(c, inputs)
		if err != nil {
			return nil, err
		}
		var args []int
		if !c.Star {
			args = append(args, c.Arg)
		}
		for _, k := range c.Order {
			args = append(args, k.Input)
		}
		if len(c.Order) > 0 {
			if b.make, err = orderedMake(b.make, c.Order, inputs); err != nil {
				return nil, err
			}
		}
		id := fmt.Sprintf("%s %v %d", b.state, args, c.Filter)
		at, ok := shared[id]
		if !ok {
			sel := selection{arg: c.Arg, filter: c.Filter}
			if b.nulls || c.Star {
				sel.arg = -1
			}
			if _, ok := selects[sel]; !ok {
				selects[sel] = len(p.selects)
				p.selects = append(p.selects, sel)
			}
			at = len(p.states)
			shared[id] = at
			p.states = append(p.states, planState{b, args, selects[sel], len(partial)})
			p.places = p.places || b.places
			for _, f := range b.fields {
				f.Name = fmt.Sprintf("%d.%s.%s", at, c.Function, f.Name)
				partial = append(partial, f)
			}
		}
		p.calls = append(p.calls, planCall{at, b.result, c.Text})
		result = append(result, arrow.Field{Name: c.Name, Type: b.typ, Nullable: true})
	}
	p.schema = arrow.NewSchema(result, nil)
	p.partial = arrow.NewSchema(partial, nil)
	return p, nil
}

// orderedMake gives the states of string_agg the encoder of its order keys.
func orderedMake(make func() state, order []OrderKey, inputs []arrow.DataType) (func() state, error) {
	columns := []rowkey.Column{}
	for _, k := range order {
		columns = append(columns, rowkey.Column{Type: inputs[k.Input], Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	encoder, err := rowkey.NewEncoder(columns)
	if err != nil {
		return nil, fmt.Errorf("ORDER BY: %w", err)
	}
	return func() state {
		s := make()
		s.(*stringAgg).encoder = encoder
		return s
	}, nil
}

// Schema is the schema of the result: the keys, then the calls.
func (p *Plan) Schema() *arrow.Schema { return p.schema }

// Partial is the schema of the state; see the package comment.
func (p *Plan) Partial() *arrow.Schema { return p.partial }

// NeedsPlaces reports whether rows must be folded with their places.
func (p *Plan) NeedsPlaces() bool { return p.places }

// TakesCodes returns which inputs may come as codes (see pipeline.Coded), given
// the inputs that are the keys: those that are keys looked up one by one, or
// that are counted.
func (p *Plan) TakesCodes(keys []int) func(input int) bool {
	values := map[int]bool{}
	for i := range p.states {
		if _, ok := p.states[i].make().(*count); ok {
			continue // looks at no more than whether a value is NULL
		}
		for _, a := range p.states[i].args {
			values[a] = true
		}
	}
	if len(p.types) > chainedKeysMax {
		for _, k := range keys {
			values[k] = true
		}
	}
	return func(input int) bool { return !values[input] }
}
