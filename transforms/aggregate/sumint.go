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

// integerSum is sum and avg of a BIGINT. The sum has 128 bits and cannot
// overflow: only the final result is checked, so that the order of the terms does
// not decide about an error.
type integerSum struct {
	cells []integerCell
	// wraps is how often a cell's sum has overflown, by group: upwards less
	// downwards. It is short or nil while all are 0, which they nearly always are.
	wraps []int64
}

// integerCell is the lower half of a sum, and the count.
type integerCell struct{ sum, n int64 }

// integerTotal is a whole sum.
type integerTotal struct {
	low  uint64
	high int64
	n    int64
}

func newIntegerSum() state { return &integerSum{} }

func (s *integerSum) grow(n int)   { s.cells = grown(s.cells, n) }
func (s *integerSum) bytes() int64 { return 16*int64(cap(s.cells)) + 8*int64(cap(s.wraps)) }

func (s *integerSum) fold(in *folding) error {
	values := in.args[0].(*array.Int64).Int64Values()
	switch {
	case len(s.cells) == 1 && in.all:
		t := integerTotal{n: int64(len(values))}
		for _, v := range values {
			var c uint64
			t.low, c = bits.Add64(t.low, uint64(v), 0)
			t.high += v>>63 + int64(c)
		}
		s.addTotal(0, t)
	case in.all:
		values = values[:len(in.groups)]
		for at := 0; at < len(values); at++ {
			if at += addIntegers(s.cells, in.groups[at:], values[at:]); at < len(values) {
				s.add(in.groups[at], values[at])
			}
		}
	default:
		for _, r := range in.rows {
			s.add(in.groups[r], values[r])
		}
	}
	return nil
}

// addIntegers adds values[i] to cells[groups[i]] for one i after the other and
// returns the first that would overflow.
func addIntegers(cells []integerCell, groups []uint32, values []int64) int {
	values = values[:len(groups)]
	for i, g := range groups {
		c, v := &cells[g], values[i]
		sum := c.sum + v
		if (c.sum^sum)&(v^sum) < 0 {
			return i
		}
		c.sum = sum
		c.n++
	}
	return len(groups)
}

// add adds one value.
func (s *integerSum) add(g uint32, v int64) {
	c := &s.cells[g]
	sum := c.sum + v
	if (c.sum^sum)&(v^sum) < 0 {
		s.wraps = grown(s.wraps, int(g)+1)
		s.wraps[g] += 1 + 2*(v>>63) // 1, or -1 for a negative one
	}
	c.sum = sum
	c.n++
}

// addTotal adds another sum.
func (s *integerSum) addTotal(g uint32, o integerTotal) {
	t := s.total(g)
	var c uint64
	t.low, c = bits.Add64(t.low, o.low, 0)
	t.high += o.high + int64(c)
	s.cells[g] = integerCell{sum: int64(t.low), n: t.n + o.n}
	wraps := t.high - int64(t.low)>>63
	if wraps != 0 || int(g) < len(s.wraps) {
		s.wraps = grown(s.wraps, int(g)+1)
		s.wraps[g] = wraps
	}
}

// total returns the sum of a group.
func (s *integerSum) total(g uint32) integerTotal {
	c := s.cells[g]
	t := integerTotal{low: uint64(c.sum), high: c.sum >> 63, n: c.n}
	if int(g) < len(s.wraps) {
		t.high += s.wraps[g]
	}
	return t
}

func (s *integerSum) combine(groups []uint32, columns []arrow.Array) error {
	low := columns[0].(*array.Uint64).Uint64Values()
	high := columns[1].(*array.Int64).Int64Values()
	n := columns[2].(*array.Int64).Int64Values()
	for i, g := range groups {
		s.addTotal(g, integerTotal{low[i], high[i], n[i]})
	}
	return nil
}

func (s *integerSum) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	return []arrow.Array{
		uint64Column(alloc, groups, func(g uint32) uint64 { return uint64(s.cells[g].sum) }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.total(g).high }),
		int64Column(alloc, groups, func(g uint32) int64 { return s.cells[g].n }),
	}, nil
}

// fits reports whether the total is a BIGINT.
func (t *integerTotal) fits() bool { return t.high == int64(t.low)>>63 }

func (t *integerTotal) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(t.high), 64)
	return b.Add(b, new(big.Int).SetUint64(t.low))
}

func (s *integerSum) sum(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	if s.wraps != nil {
		for _, g := range groups {
			if t := s.total(g); !t.fits() {
				return nil, &groupError{g, fmt.Errorf("the total %s does not fit BIGINT; cast the argument to DECIMAL(38,0) or DOUBLE", t.big())}
			}
		}
	}
	return nullableColumn(alloc, arrow.PrimitiveTypes.Int64, groups, func(g uint32) (uint64, bool) {
		return uint64(s.cells[g].sum), s.cells[g].n > 0
	}), nil
}

func (s *integerSum) avg(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
		t := s.total(g)
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
