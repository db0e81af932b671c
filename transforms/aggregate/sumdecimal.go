package aggregate

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
)

var decimalSumFields = []arrow.Field{
	{Name: "w0", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "w1", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "w2", Type: arrow.PrimitiveTypes.Int64},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64},
}

// decimalTotal is a 192-bit sum of unscaled values, which cannot overflow.
type decimalTotal struct {
	w0, w1 uint64
	w2     int64
	n      int64
}

func (t *decimalTotal) add(w0, w1 uint64, w2 int64, n int64) {
	var c uint64
	t.w0, c = bits.Add64(t.w0, w0, 0)
	t.w1, c = bits.Add64(t.w1, w1, c)
	t.w2 += w2 + int64(c)
	t.n += n
}

func (t *decimalTotal) addValue(v decimal128.Num) {
	high := v.HighBits()
	t.add(v.LowBits(), uint64(high), high>>63, 1)
}

// decimalSum is sum and avg of a DECIMAL.
type decimalSum struct {
	scale  int32
	totals []decimalTotal
}

func (s *decimalSum) grow(n int)   { s.totals = grown(s.totals, n) }
func (s *decimalSum) bytes() int64 { return 32 * int64(cap(s.totals)) }

func (s *decimalSum) fold(in *folding) error {
	values := in.args[0].(*array.Decimal128).Values()
	if in.all {
		values = values[:len(in.groups)]
		for i, g := range in.groups {
			s.totals[g].addValue(values[i])
		}
		return nil
	}
	for _, r := range in.rows {
		s.totals[in.groups[r]].addValue(values[r])
	}
	return nil
}

func (s *decimalSum) combine(groups []uint32, columns []arrow.Array) error {
	w0 := columns[0].(*array.Uint64).Uint64Values()
	w1 := columns[1].(*array.Uint64).Uint64Values()
	w2 := columns[2].(*array.Int64).Int64Values()
	n := columns[3].(*array.Int64).Int64Values()
	for i, g := range groups {
		s.totals[g].add(w0[i], w1[i], w2[i], n[i])
	}
	return nil
}

func (s *decimalSum) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	return []arrow.Array{
		uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].w0 }),
		uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].w1 }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].w2 }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].n }),
	}, nil
}

func (t *decimalTotal) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(t.w2), 64)
	b.Add(b, new(big.Int).SetUint64(t.w1))
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(t.w0))
}

func (s *decimalSum) sum(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	b := array.NewDecimal128Builder(alloc, sqltype.Decimal(sqltype.PrecisionMax, s.scale))
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		t := &s.totals[g]
		if t.n == 0 {
			b.AppendNull()
			continue
		}
		v := decimal128.New(int64(t.w1), t.w0)
		if t.w2 != int64(t.w1)>>63 || !v.FitsInPrecision(sqltype.PrecisionMax) {
			return nil, &groupError{g, fmt.Errorf("the total does not fit %s, the widest type; cast the argument to DOUBLE",
				sqltype.Name(sqltype.Decimal(sqltype.PrecisionMax, s.scale)))}
		}
		b.UnsafeAppend(v)
	}
	return b.NewArray(), nil
}

// avg is a DOUBLE, rounded once.
func (s *decimalSum) avg(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.scale)), nil)
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := &s.totals[g]
		if t.n == 0 {
			return 0, false
		}
		small := t.w2 == int64(t.w0)>>63 && int64(t.w1) == int64(t.w0)>>63 && isExact(int64(t.w0))
		if small && unit.IsInt64() {
			if d := unit.Int64(); d <= 1<<53/t.n {
				return float64(int64(t.w0)) / float64(t.n*d), true
			}
		}
		return ratio(t.big(), new(big.Int).Mul(unit, big.NewInt(t.n))), true
	}), nil
}
