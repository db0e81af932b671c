package aggregate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
	"csvloom/transforms/internal/rowkey"
)

// Constant says what the second argument of a function is, which is a constant
// of the call and no column.
type Constant uint8

// The kinds of constants.
const (
	NoConstant Constant = iota
	Text                // the separator of string_agg
	Fraction            // the quantile, 0 to 1
)

// Signature describes an aggregate function.
type Signature struct {
	Name     string
	Constant Constant
	// Star says that f(*) is allowed: it counts rows.
	Star bool
	// Order says that ORDER BY is allowed in the call.
	Order bool
	// Summary says what it computes, for help.
	Summary string
}

// Call is one aggregate to compute. Columns are numbered by their place in the
// inputs of the [Plan].
type Call struct {
	Function string // in lower case
	Star     bool   // count(*)
	Distinct bool
	Arg      int // the column; -1 with Star
	Filter   int // the BOOLEAN column that chooses the rows, or -1
	Order    []OrderKey
	// Separator is the constant of a function that takes Text.
	Separator string
	// Quantile is the constant of a function that takes a Fraction.
	Quantile float64
	// Name is the name of the result column.
	Name string
	// Text is the call as the user wrote it, for errors about its result.
	Text string
}

// OrderKey is a key of the ORDER BY within a call.
type OrderKey struct {
	Input            int
	Desc, NullsFirst bool
}

// resultFunc returns the results of some groups.
type resultFunc func(alloc memory.Allocator, groups []uint32) (arrow.Array, error)

// binding is a function fixed to the type of its argument.
type binding struct {
	typ arrow.DataType // of the result
	// state names the state: calls with the same state and arguments share
	// one.
	state  string
	fields []arrow.Field
	make   func() state
	result func(s state) resultFunc
	// nulls says that rows with a NULL argument count too.
	nulls bool
	// places says that the places of the rows are needed.
	places bool
}

// function is an aggregate function: its signature and how it is bound.
type function struct {
	Signature
	// sameDistinct says that DISTINCT makes no difference, or that bind sees
	// to it.
	sameDistinct bool
	bind         func(c *Call, t arrow.DataType) (binding, error)
}

// functions are all aggregate functions, by name.
var functions = func() map[string]*function {
	m := map[string]*function{}
	for _, f := range []function{
		{Signature{Name: "count", Star: true, Summary: "how many values are not NULL; count(*) counts rows"}, false, bindCount},
		{Signature{Name: "sum", Summary: "total; exact, so that it does not depend on the order"}, false, bindSum},
		{Signature{Name: "avg", Summary: "arithmetic mean, a DOUBLE"}, false, bindAvg},
		{Signature{Name: "min", Summary: "smallest value"}, true, bindMin},
		{Signature{Name: "max", Summary: "largest value; NaN is larger than all numbers"}, true, bindMax},
		{Signature{Name: "stddev", Summary: "standard deviation of a sample"}, false, bindDeviation(1, true)},
		{Signature{Name: "stddev_samp", Summary: "standard deviation of a sample"}, false, bindDeviation(1, true)},
		{Signature{Name: "stddev_pop", Summary: "standard deviation of the population"}, false, bindDeviation(0, true)},
		{Signature{Name: "variance", Summary: "variance of a sample"}, false, bindDeviation(1, false)},
		{Signature{Name: "var_samp", Summary: "variance of a sample"}, false, bindDeviation(1, false)},
		{Signature{Name: "var_pop", Summary: "variance of the population"}, false, bindDeviation(0, false)},
		{Signature{Name: "first", Summary: "value of the first row, NULL or not"}, true, bindPlace(false, true)},
		{Signature{Name: "last", Summary: "value of the last row, NULL or not"}, true, bindPlace(true, true)},
		{Signature{Name: "any_value", Summary: "first value that is not NULL"}, true, bindPlace(false, false)},
		{Signature{Name: "bool_and", Summary: "whether all values are true"}, true, bindBoolean("bool_and", newConjunction)},
		{Signature{Name: "bool_or", Summary: "whether a value is true"}, true, bindBoolean("bool_or", newDisjunction)},
		{Signature{Name: "string_agg", Constant: Text, Order: true, Summary: "texts joined by a separator, in input order or ORDER BY"}, true, bindStringAgg},
		{Signature{Name: "median", Summary: "exact median; keeps all values of a group"}, false, bindMedian},
		{Signature{Name: "approx_quantile", Constant: Fraction, Summary: "quantile, 0 to 1, within 1 % of the value"}, false, bindApproxQuantile},
		{Signature{Name: "approx_count_distinct", Summary: "how many distinct values, within about 1 %; exact to 1024"}, true, bindApproxCount},
	} {
		m[f.Name] = &f
	}
	return m
}()

// Lookup returns the signature of the aggregate function of that name, which is
// in lower case.
func Lookup(name string) (Signature, bool) {
	f, ok := functions[name]
	if !ok {
		return Signature{}, false
	}
	return f.Signature, true
}

// Functions returns all aggregate functions, by name.
func Functions() []Signature {
	all := make([]Signature, 0, len(functions))
	for _, f := range functions {
		all = append(all, f.Signature)
	}
	slices.SortFunc(all, func(a, b Signature) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ResultType returns the type of a call's result, given the types of the
// plan's inputs, or says why there is none.
func ResultType(c *Call, inputs []arrow.DataType) (arrow.DataType, error) {
	b, err := bind(c, inputs)
	return b.typ, err
}

func bind(c *Call, inputs []arrow.DataType) (binding, error) {
	f, ok := functions[c.Function]
	if !ok {
		names := make([]string, 0, len(functions))
		for n := range functions {
			names = append(names, n)
		}
		if s := sqltype.Suggest(c.Function, names); s != "" {
			return binding{}, fmt.Errorf("unknown aggregate %s; did you mean %s?", c.Function, s)
		}
		return binding{}, fmt.Errorf("unknown aggregate %s", c.Function)
	}
	var t arrow.DataType = arrow.Null
	if c.Star {
		if !f.Star {
			return binding{}, fmt.Errorf("%s(*) has no meaning; name a column", c.Function)
		}
	} else {
		t = inputs[c.Arg]
	}
	if c.Filter >= 0 {
		if ft := inputs[c.Filter]; ft.ID() != arrow.BOOL {
			return binding{}, fmt.Errorf("FILTER needs a BOOLEAN, found %s", sqltype.Name(ft))
		}
	}
	if len(c.Order) > 0 && !f.Order {
		return binding{}, fmt.Errorf("ORDER BY has no effect in %s; leave it out", c.Function)
	}
	inner := *c
	if c.Distinct && !f.sameDistinct {
		inner.Distinct = false
	}
	b, err := f.bind(&inner, t)
	if err != nil || !c.Distinct || f.sameDistinct {
		return b, err
	}
	if c.Star {
		return binding{}, fmt.Errorf("%s(DISTINCT *) has no meaning; name a column", c.Function)
	}
	return distinctBinding(b, t)
}

// distinctBinding turns f(x) into f(DISTINCT x).
func distinctBinding(b binding, t arrow.DataType) (binding, error) {
	maker, err := newDistinct(t, b.make)
	if err != nil {
		return binding{}, err
	}
	result := b.result
	b.state += " distinct"
	b.fields = distinctFields(t)
	b.make = maker
	b.result = func(s state) resultFunc { return result(s.(*distinct).inner) }
	return b, nil
}

func typeError(c *Call, t arrow.DataType, want, advice string) error {
	if advice != "" {
		advice = "; " + advice
	}
	return fmt.Errorf("%s needs %s, found %s%s", c.Function, want, sqltype.Name(t), advice)
}

func bindCount(*Call, arrow.DataType) (binding, error) {
	return binding{
		typ: sqltype.BigInt, state: "count", fields: countFields, make: newCount,
		result: func(s state) resultFunc {
			return func(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
				return s.(*count).result(alloc, groups), nil
			}
		},
	}, nil
}

const adviceNumber = "cast the argument, as in CAST(x AS DOUBLE)"

func bindSum(c *Call, t arrow.DataType) (binding, error) {
	switch t.ID() {
	case arrow.INT64:
		return binding{typ: t, state: "sum", fields: integerSumFields, make: newIntegerSum,
			result: func(s state) resultFunc { return s.(*integerSum).sum }}, nil
	case arrow.DECIMAL128:
		scale := t.(*arrow.Decimal128Type).Scale
		return binding{typ: sqltype.Decimal(sqltype.PrecisionMax, scale), state: "sum", fields: decimalSumFields,
			make:   func() state { return &decimalSum{scale: scale} },
			result: func(s state) resultFunc { return s.(*decimalSum).sum }}, nil
	case arrow.FLOAT64:
		return binding{typ: t, state: "sum", fields: doubleSumFields, make: newDoubleSum,
			result: func(s state) resultFunc { return s.(*doubleSum).sum }}, nil
	}
	return binding{}, typeError(c, t, "a number", adviceNumber)
}

func bindAvg(c *Call, t arrow.DataType) (binding, error) {
	b, err := bindSum(c, t)
	b.typ = sqltype.Double
	b.result = func(s state) resultFunc {
		switch s := s.(type) {
		case *integerSum:
			return s.avg
		case *decimalSum:
			return s.avg
		}
		return s.(*doubleSum).avg
	}
	return b, err
}

func bindMin(c *Call, t arrow.DataType) (binding, error) { return bindExtreme(c, t, false) }
func bindMax(c *Call, t arrow.DataType) (binding, error) { return bindExtreme(c, t, true) }

func bindExtreme(c *Call, t arrow.DataType, largest bool) (binding, error) {
	if t.ID() == arrow.BOOL {
		instead := "bool_and"
		if largest {
			instead = "bool_or"
		}
		return binding{}, typeError(c, t, "a value with an order", "use "+instead)
	}
	if !rowkey.Supported(t) || t.ID() == arrow.NULL {
		return binding{}, typeError(c, t, "a value with an order", "")
	}
	return extremeBinding(c.Function, t, newExtreme(t, largest)), nil
}

func extremeBinding(name string, t arrow.DataType, make func() state) binding {
	return binding{
		typ: t, state: name, fields: valueFields(t), make: make,
		result: func(s state) resultFunc {
			return s.(interface {
				array(memory.Allocator, []uint32) (arrow.Array, error)
			}).array
		},
	}
}

func bindBoolean(name string, make func() state) func(*Call, arrow.DataType) (binding, error) {
	return func(c *Call, t arrow.DataType) (binding, error) {
		if t.ID() != arrow.BOOL {
			return binding{}, typeError(c, t, "a BOOLEAN", "write a condition, such as x > 0")
		}
		return extremeBinding(name, t, make), nil
	}
}

func isNumber(t arrow.DataType) bool {
	return t.ID() == arrow.INT64 || t.ID() == arrow.FLOAT64 || t.ID() == arrow.DECIMAL128
}

func bindDeviation(less int64, root bool) func(*Call, arrow.DataType) (binding, error) {
	return func(c *Call, t arrow.DataType) (binding, error) {
		if !isNumber(t) {
			return binding{}, typeError(c, t, "a number", adviceNumber)
		}
		return binding{typ: sqltype.Double, state: "stddev", fields: momentFields, make: newMoments,
			result: func(s state) resultFunc { return s.(*moments).deviation(less, root) }}, nil
	}
}

func bindPlace(last, nulls bool) func(*Call, arrow.DataType) (binding, error) {
	return func(c *Call, t arrow.DataType) (binding, error) {
		maker, err := newAtPlace(t, last)
		if err != nil {
			return binding{}, typeError(c, t, "a value that can be stored", "")
		}
		return binding{typ: t, state: c.Function, fields: placeFields(t), make: maker, nulls: nulls, places: true,
			result: func(s state) resultFunc { return s.(*atPlace).cells.array }}, nil
	}
}

func bindStringAgg(c *Call, t arrow.DataType) (binding, error) {
	if t.ID() != arrow.STRING {
		return binding{}, typeError(c, t, "a VARCHAR", "cast the argument, as in CAST(x AS VARCHAR)")
	}
	// The encoder is put in by the plan, which knows the types of the keys.
	id := "string_agg" + strconv.FormatBool(c.Distinct) + c.Separator
	for _, k := range c.Order {
		id += fmt.Sprintf(" %d %t %t", k.Input, k.Desc, k.NullsFirst)
	}
	return binding{typ: t, state: id, fields: stringAggFields, places: true,
		make:   func() state { return &stringAgg{separator: c.Separator, distinct: c.Distinct} },
		result: func(s state) resultFunc { return s.(*stringAgg).result }}, nil
}

func bindMedian(c *Call, t arrow.DataType) (binding, error) {
	if !isNumber(t) {
		return binding{}, typeError(c, t, "a number", adviceNumber)
	}
	return binding{typ: sqltype.Double, state: "median", fields: medianFields, make: newMedian,
		result: func(s state) resultFunc { return s.(*median).result }}, nil
}

func bindApproxQuantile(c *Call, t arrow.DataType) (binding, error) {
	if !isNumber(t) {
		return binding{}, typeError(c, t, "a number", adviceNumber)
	}
	if !(c.Quantile >= 0 && c.Quantile <= 1) {
		return binding{}, fmt.Errorf("the quantile of approx_quantile is %v, expected 0 to 1; the median is 0.5", c.Quantile)
	}
	q := c.Quantile
	return binding{typ: sqltype.Double, state: "approx_quantile", fields: sketchFields, make: newApproxQuantile,
		result: func(s state) resultFunc { return s.(*approxQuantile).quantile(q) }}, nil
}

func bindApproxCount(c *Call, t arrow.DataType) (binding, error) {
	if !rowkey.Supported(t) || t.ID() == arrow.NULL {
		return binding{}, typeError(c, t, "a value that can be compared", "")
	}
	return binding{typ: sqltype.BigInt, state: "approx_count_distinct", fields: sketchFields, make: newApproxCount,
		result: func(s state) resultFunc { return s.(*approxCount).result }}, nil
}
