package aggregate

import (
	"math/big"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/exactsum"
)

var momentFields = func() []arrow.Field {
	fields := []arrow.Field{
		{Name: "w0", Type: arrow.PrimitiveTypes.Uint64},
		{Name: "w1", Type: arrow.PrimitiveTypes.Uint64},
		{Name: "w2", Type: arrow.PrimitiveTypes.Int64},
	}
	for i := range len(exactsum.Squares{}) {
		fields = append(fields, arrow.Field{Name: "q" + strconv.Itoa(i), Type: arrow.PrimitiveTypes.Uint64})
	}
	return append(fields,
		arrow.Field{Name: "wide", Type: arrow.BinaryTypes.Binary, Nullable: true},
		arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64})
}()

type momentTotal struct {
	sum     exactsum.Sum
	squares exactsum.Squares
	n       int64
}

// moments is variance and standard deviation of a number. It keeps the exact
// sums of x and of x², so that neither order nor split can show; subtracting
// the two at the end costs no digits, because nothing was rounded.
type moments struct {
	totals []momentTotal
	wide   wideSums
	buf    []float64
}

func newMoments() state { return &moments{} }

func (s *moments) grow(n int) { s.totals = grown(s.totals, n) }

func (s *moments) bytes() int64 {
	return 80*int64(cap(s.totals)) + s.wide.bytes() + 8*int64(cap(s.buf))
}

func (s *moments) fold(in *folding) error {
	if a, ok := in.args[0].(*array.Int64); ok {
		values := a.Int64Values()
		each(in, func(r int, g uint32) {
			t := &s.totals[g]
			t.n++
			t.sum.AddInt(values[r])
			t.squares.AddInt(values[r])
		})
		return nil
	}
	s.buf = doubles(s.buf, in.args[0])
	each(in, func(r int, g uint32) {
		t, v := &s.totals[g], s.buf[r]
		t.n++
		if t.sum.Add(v) {
			t.squares.Add(v)
		} else {
			w := s.wide.of(g)
			w.Add(v)
			w.AddSquare(v)
		}
	})
	return nil
}

// each calls f for the rows to fold. It is for states whose step costs much
// more than a call.
func each(in *folding, f func(row int, group uint32)) {
	if in.all {
		for i, g := range in.groups {
			f(i, g)
		}
		return
	}
	for _, r := range in.rows {
		f(int(r), in.groups[r])
	}
}

// doubles returns the values of a numeric column as doubles, each rounded to
// the nearest. It may write to buf.
func doubles(buf []float64, a arrow.Array) []float64 {
	switch a := a.(type) {
	case *array.Float64:
		return a.Float64Values()
	case *array.Int64:
		buf = grown(buf[:0], a.Len())
		for i, v := range a.Int64Values() {
			buf[i] = float64(v)
		}
	case *array.Decimal128:
		buf = grown(buf[:0], a.Len())
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		for i, v := range a.Values() {
			low := int64(v.LowBits())
			// 10^22 is the largest power of ten that a double holds.
			if v.HighBits() == low>>63 && isExact(low) && scale <= 22 {
				f, _ := new(big.Float).SetInt(unit).Float64()
				buf[i] = float64(low) / f
			} else if !a.IsNull(i) {
				buf[i] = ratio(v.BigInt(), unit)
			}
		}
	}
	return buf
}

func (s *moments) combine(groups []uint32, columns []arrow.Array) error {
	var words [9][]uint64
	for i := range words {
		switch c := columns[i].(type) {
		case *array.Uint64:
			words[i] = c.Uint64Values()
		case *array.Int64:
			words[i] = arrow.Uint64Traits.CastFromBytes(arrow.Int64Traits.CastToBytes(c.Int64Values()))
		}
	}
	n := columns[10].(*array.Int64).Int64Values()
	for i, g := range groups {
		t := &s.totals[g]
		t.sum.AddSum(exactsum.Sum{W0: words[0][i], W1: words[1][i], W2: int64(words[2][i])})
		var q exactsum.Squares
		for j := range q {
			q[j] = words[3+j][i]
		}
		t.squares.AddSquares(&q)
		t.n += n[i]
	}
	return s.wide.combine(groups, columns[9].(*array.Binary))
}

func (s *moments) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].sum.W0 }), nil)
	c.add(uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].sum.W1 }), nil)
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].sum.W2 }), nil)
	for j := range len(exactsum.Squares{}) {
		c.add(uint64Column(alloc, groups, func(g uint32) uint64 { return s.totals[g].squares[j] }), nil)
	}
	c.add(s.wide.column(alloc, groups))
	c.add(int64Column(alloc, groups, func(g uint32) int64 { return s.totals[g].n }), nil)
	return c.result()
}

func (s *moments) size(g uint32) int64 { return s.wide.size(g) }

// deviation returns the variance, or its root, with n-less as divisor: NULL for
// too few values.
func (s *moments) deviation(less int64, root bool) resultFunc {
	return func(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
		return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
			t := &s.totals[g]
			if t.n <= less {
				return 0, false
			}
			return exactsum.Variance(t.sum, &t.squares, s.wide.get(g), t.n, t.n-less, root), true
		}), nil
	}
}
