package aggregate

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

var integerSumFields = []arrow.Field{
	{Name: "low", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "high", Type: arrow.PrimitiveTypes.Int64},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64},
}

// integerTotal is a 128-bit sum, which cannot overflow: only the final result
// is checked, so that the order of the terms does not decide about an error.
type integerTotal struct {
	low  uint64
	high int64
	n    int64
}

func (t *integerTotal) add(v int64) {
	var c uint64
	t.low, c = bits.Add64(t.low, uint64(v), 0)
	t.high += v>>63 + int64(c)
	t.n++
}

// integerSum is sum and avg of a BIGINT.
type integerSum struct {
	totals  []integerTotal
	touched uint64
}

func newIntegerSum() state { return &integerSum{} }

func (s *integerSum) grow(n int)   { s.totals = grown(s.totals, n) }
func (s *integerSum) bytes() int64 { return 24 * int64(cap(s.totals)) }

func (s *integerSum) fold(in *folding) error {
	values := in.args[0].(*array.Int64).Int64Values()
	totals := s.totals
	switch {
	case len(totals) == 1 && in.all:
		t := totals[0]
		for _, v := range values {
			t.add(v)
		}
		totals[0] = t
	case in.all:
		for groups := in.groups; len(groups) > 0; {
			n := min(len(groups), touchRows)
			if len(totals) > touchGroupsMin {
				for _, g := range groups[:n] {
					s.touched ^= totals[g].low
				}
			}
			for i, g := range groups[:n] {
				totals[g].add(values[i])
			}
			groups, values = groups[n:], values[n:]
		}
	default:
		for _, r := range in.rows {
			totals[in.groups[r]].add(values[r])
		}
	}
	return nil
}

func (s *integerSum) combine(groups []uint32, columns []arrow.Array) error {
	low := columns[0].(*array.Uint64).Uint64Values()
	high := columns[1].(*array.Int64).Int64Values()
	n := columns[2].(*array.Int64).Int64Values()
	for i, g := range groups {
		t := &s.totals[g]
		var c uint64
		t.low, c = bits.Add64(t.low, low[i], 0)
		t.high += high[i] + int64(c)
		t.n += n[i]
	}
	return nil
}

func (s *integerSum) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	return []arrow.Array{
		uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].low }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].high }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].n }),
	}, nil
}

// fits reports whether the total is a BIGINT.
func (t *integerTotal) fits() bool { return t.high == int64(t.low)>>63 }

func (t *integerTotal) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(t.high), 64)
	return b.Add(b, new(big.Int).SetUint64(t.low))
}

func (s *integerSum) sum(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	b := array.NewInt64Builder(alloc)
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		t := &s.totals[g]
		switch {
		case t.n == 0:
			b.UnsafeAppendBoolToBitmap(false)
		case t.fits():
			b.UnsafeAppend(int64(t.low))
		default:
			return nil, &groupError{g, fmt.Errorf("the total %s does not fit BIGINT; cast the argument to DECIMAL(38,0) or DOUBLE", t.big())}
		}
	}
	return b.NewArray(), nil
}

func (s *integerSum) avg(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := &s.totals[g]
		if t.n == 0 {
			return 0, false
		}
		if v := int64(t.low); t.fits() && isExact(v) && isExact(t.n) {
			return float64(v) / float64(t.n), true
		}
		return ratio(t.big(), big.NewInt(t.n)), true
	}), nil
}

// isExact reports whether v is below 2^53, so that a double holds it exactly
// and a quotient of two such is rounded only once.
func isExact(v int64) bool { return -(1<<53) <= v && v <= 1<<53 }

// ratio returns a/b rounded once.
func ratio(a, b *big.Int) float64 {
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return f
}
