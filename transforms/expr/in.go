package expr

import (
	"math"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"csvloom/pipeline/sqltype"
)

// in types X IN (list). A list of constants becomes a set; otherwise the
// elements are compared one after the other.
func (b *binder) in(n *In) bound {
	x := b.bind(n.X)
	items := make([]bound, len(n.List))
	ok := x != nil
	for i, item := range n.List {
		items[i] = b.bindFirst(item, i == 0)
		ok = ok && items[i] != nil
	}
	if !ok {
		return nil
	}
	k, ok := b.inSet(n, x, items)
	if !ok {
		return nil
	}
	if k != nil {
		return b.negate(n, b.apply(n, sqltype.Boolean, k, x), n.Not)
	}
	if len(items) > operatorsMax {
		return b.fail(n, "", "IN takes at most %d values that are not constants of the type on its left, found %d", operatorsMax, len(items))
	}
	x = b.share(x)
	var any bound
	for i, item := range items {
		equal := b.compare(n.List[i], "=", n.X, n.List[i], x, item)
		switch {
		case equal == nil:
			return nil
		case any == nil:
			any = equal
		default:
			any = b.logical(n, true, any, equal)
		}
	}
	return b.negate(n, any, n.Not)
}

// constantSet is the list of an IN, by the layout of its type.
type constantSet struct {
	ints     map[int64]struct{} // DATE too
	doubles  map[uint64]struct{}
	decimals map[decimal128.Num]struct{}
	texts    map[string]struct{}
	few      []int64 // instead of ints while there are few
	null     bool    // NULL is in the list
}

// fewMax is up to how many integers are compared one by one.
const fewMax = 8

// inSet returns the kernel for a list of constants that x's type holds, nil if
// the list is another; false after recording what is wrong. A constant that no
// value of that type equals is left out.
func (b *binder) inSet(n *In, x bound, items []bound) (kernel, bool) {
	k := kindOf(x.typ())
	s := &constantSet{
		ints: map[int64]struct{}{}, doubles: map[uint64]struct{}{},
		decimals: map[decimal128.Num]struct{}{}, texts: map[string]struct{}{},
	}
	for i, item := range items {
		c, ok := item.(*constant)
		if !ok {
			return nil, true
		}
		if c.v.null {
			s.null = true
			continue
		}
		if c.literal && k != kVarchar {
			read := b.readAs(n.List[i], c, x.typ())
			if read == nil {
				return nil, false
			}
			c = read.(*constant)
		}
		if !s.add(k, scaleOf(x.typ()), c) {
			return nil, true
		}
	}
	switch k.layout() {
	case layoutInt32, layoutInt64, layoutDouble, layoutDecimal, layoutBytes:
	default:
		return nil, true
	}
	if len(s.ints) <= fewMax {
		for v := range s.ints {
			s.few = append(s.few, v)
		}
	}
	return s.kernel(k), true
}

// add puts a constant into the set of values of kind k; false if that kind
// does not compare with it exactly.
func (s *constantSet) add(k kind, scale int32, c *constant) bool {
	ck := kindOf(c.t)
	switch {
	case k == kInt && ck.isNumber():
		if i, ok := exactInt(c); ok {
			s.ints[i] = struct{}{}
		}
	case k == kDouble && ck.isNumber():
		switch ck {
		case kInt:
			i := c.v.i64[0]
			if f := float64(i); f < -math.MinInt64 && int64(f) == i {
				s.doubles[doubleKey(f)] = struct{}{}
			}
		case kDecimal:
			s.doubles[doubleKey(decimalToDouble(c.v.dec[0], scaleOf(c.t)))] = struct{}{}
		default:
			s.doubles[doubleKey(c.v.f64[0])] = struct{}{}
		}
	case k == kDecimal && (ck == kInt || ck == kDecimal):
		v := decimal128.Num{}
		if ck == kInt {
			v = decimal128.FromI64(c.v.i64[0])
		} else {
			v = c.v.dec[0]
		}
		// Only what the scale holds exactly can be equal.
		if r, ok := rescale(v, scaleOf(c.t), scale, sqltype.PrecisionMax); ok && compareScaled(v, scaleOf(c.t), r, scale) == 0 {
			s.decimals[r] = struct{}{}
		}
	case k != ck:
		return false
	case k.layout() == layoutInt32:
		s.ints[int64(c.v.i32[0])] = struct{}{}
	case k.layout() == layoutInt64:
		s.ints[c.v.i64[0]] = struct{}{}
	case k.layout() == layoutBytes:
		s.texts[string(c.v.text(0))] = struct{}{}
	default:
		return false
	}
	return true
}

// doubleKey makes equal doubles the same bits: the zeros, and all NaN.
func doubleKey(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}

func (s *constantSet) kernel(k kind) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		x := args[0]
		value := out.makeBits(n)
		clear(value)
		switch k.layout() {
		case layoutInt32:
			memberInts(value, x.i32, s)
		case layoutInt64:
			memberInts(value, x.i64, s)
		case layoutDouble:
			for i, f := range x.f64 {
				if _, ok := s.doubles[doubleKey(f)]; ok {
					value.set(i)
				}
			}
		case layoutDecimal:
			for i, d := range x.dec {
				if _, ok := s.decimals[d]; ok {
					value.set(i)
				}
			}
		default:
			for i := range live.rows(n) {
				if _, ok := s.texts[string(x.text(i))]; ok {
					value.set(i)
				}
			}
		}
		if s.null {
			// What is not found may be equal to the NULL in the list.
			valid := out.ownValid(n)
			for w := range valid {
				valid[w] &= value[w]
			}
		}
		return nil
	}
}

func memberInts[T int32 | int64](out bitmap, rows []T, s *constantSet) {
	if s.few == nil {
		for i, v := range rows {
			if _, ok := s.ints[int64(v)]; ok {
				out.set(i)
			}
		}
		return
	}
	for w := range out {
		var m uint64
		some := chunk(rows, w)
		for _, v := range some {
			var bit uint64
			for _, c := range s.few {
				if int64(v) == c {
					bit = 1 << 63
				}
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(some)))
	}
}
