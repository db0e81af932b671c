package expr

import (
	"bytes"
	"cmp"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// The comparison operators. Of the six only equal and less are computed; the
// others swap operands or negate, which is right because every SQL type here
// is totally ordered: NaN is equal to itself and larger than any number.
type compareOp struct {
	swap, less, negate bool
}

var compareOps = map[string]compareOp{
	"=":  {},
	"<>": {negate: true},
	"<":  {less: true},
	">=": {less: true, negate: true},
	">":  {less: true, swap: true},
	"<=": {less: true, swap: true, negate: true},
}

// comparison returns the kernel of op for two operands of one kind; DECIMALs
// have one scale.
func comparison(op string, k kind) kernel {
	o := compareOps[op]
	return func(n int, live bitmap, args []*vector, out *vector) error {
		a, b := args[0], args[1]
		if o.swap {
			a, b = b, a
		}
		value := out.makeBits(n)
		switch l := k.layout(); {
		case l == layoutBits:
			compareBits(value, a, b, o.less)
		case l == layoutInt32:
			compareOrdered(value, a.i32, b.i32, a.constant, b.constant, o.less)
		case l == layoutInt64:
			compareOrdered(value, a.i64, b.i64, a.constant, b.constant, o.less)
		case l == layoutDouble:
			compareDoubles(value, a, b, o.less)
		case l == layoutDecimal:
			compareDecimals(value, n, a, b, o.less)
		case l == layoutBytes && !o.less:
			equalText(value, n, live, a, b)
		default:
			clear(value)
			for i := range live.rows(n) {
				if c := compareAt(k, a, i, b, i); c == 0 && !o.less || c < 0 && o.less {
					value.set(i)
				}
			}
		}
		if o.negate {
			for w := range value {
				value[w] = ^value[w]
			}
		}
		return nil
	}
}

func compareBits(out bitmap, a, b *vector, less bool) {
	for w := range out {
		x, _ := a.truth(w)
		y, _ := b.truth(w)
		if less {
			out[w] = ^x & y
		} else {
			out[w] = ^(x ^ y)
		}
	}
}

func compareOrdered[T int32 | int64](out bitmap, a, b []T, constA, constB, less bool) {
	switch {
	case constA && constB: // one row
		out[0] = 0
		if a[0] == b[0] && !less || a[0] < b[0] && less {
			out[0] = 1
		}
	case less && constB:
		lessThan(out, a, b[0])
	case less && constA:
		greaterThan(out, b, a[0])
	case less:
		lessRows(out, a, b)
	case constB:
		equalTo(out, a, b[0])
	case constA:
		equalTo(out, b, a[0])
	default:
		equalRows(out, a, b)
	}
}

// chunk returns the rows of word w.
func chunk[T any](a []T, w int) []T {
	return a[w<<6 : min(w<<6+64, len(a))]
}

// The loops below shift each answer in from the top, so that the only shift
// of variable distance is one for the last, shorter word.

func lessThan[T int32 | int64](out bitmap, a []T, c T) {
	for w := range out {
		var m uint64
		rows := chunk(a, w)
		for _, x := range rows {
			var bit uint64
			if x < c {
				bit = 1 << 63
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(rows)))
	}
}

func greaterThan[T int32 | int64](out bitmap, a []T, c T) {
	for w := range out {
		var m uint64
		rows := chunk(a, w)
		for _, x := range rows {
			var bit uint64
			if x > c {
				bit = 1 << 63
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(rows)))
	}
}

func equalTo[T int32 | int64](out bitmap, a []T, c T) {
	for w := range out {
		var m uint64
		rows := chunk(a, w)
		for _, x := range rows {
			var bit uint64
			if x == c {
				bit = 1 << 63
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(rows)))
	}
}

func lessRows[T int32 | int64](out bitmap, a, b []T) {
	for w := range out {
		var m uint64
		rows := chunk(a, w)
		others := chunk(b, w)[:len(rows)]
		for i, x := range rows {
			var bit uint64
			if x < others[i] {
				bit = 1 << 63
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(rows)))
	}
}

func equalRows[T int32 | int64](out bitmap, a, b []T) {
	for w := range out {
		var m uint64
		rows := chunk(a, w)
		others := chunk(b, w)[:len(rows)]
		for i, x := range rows {
			var bit uint64
			if x == others[i] {
				bit = 1 << 63
			}
			m = m>>1 | bit
		}
		out[w] = m >> (64 - uint(len(rows)))
	}
}

func compareDoubles(out bitmap, a, b *vector, less bool) {
	switch {
	case a.constant && b.constant:
		c := compareFloat(a.f64[0], b.f64[0])
		out[0] = 0
		if c == 0 && !less || c < 0 && less {
			out[0] = 1
		}
	case less && b.constant && b.f64[0] == b.f64[0]:
		// NaN < c is false, as it should be.
		c := b.f64[0]
		for w := range out {
			var m uint64
			rows := chunk(a.f64, w)
			for _, x := range rows {
				var bit uint64
				if x < c {
					bit = 1 << 63
				}
				m = m>>1 | bit
			}
			out[w] = m >> (64 - uint(len(rows)))
		}
	case less && a.constant:
		// c < NaN is true unless c is NaN: not (x <= c).
		c := a.f64[0]
		for w := range out {
			var m uint64
			rows := chunk(b.f64, w)
			for _, x := range rows {
				var bit uint64
				if !(x <= c) && c == c {
					bit = 1 << 63
				}
				m = m>>1 | bit
			}
			out[w] = m >> (64 - uint(len(rows)))
		}
	case less && !b.constant:
		for w := range out {
			var m uint64
			rows := chunk(a.f64, w)
			others := chunk(b.f64, w)[:len(rows)]
			for i, x := range rows {
				// Not y <= x is x < y, or that one of them is NaN: then it
				// is y that must be.
				var bit uint64
				if !(others[i] <= x) && x == x {
					bit = 1 << 63
				}
				m = m>>1 | bit
			}
			out[w] = m >> (64 - uint(len(rows)))
		}
	default:
		for w := range out {
			var m uint64
			count := min(64, max(len(a.f64), len(b.f64))-w<<6)
			for i := range count {
				c := compareFloat(a.f64[a.at(w<<6+i)], b.f64[b.at(w<<6+i)])
				if c == 0 && !less || c < 0 && less {
					m |= 1 << uint(i)
				}
			}
			out[w] = m
		}
	}
}

// compareFloat orders doubles as PostgreSQL does, NaN last.
func compareFloat(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case x == x:
		return -1
	case y == y:
		return 1
	}
	return 0
}

func compareDecimals(out bitmap, n int, a, b *vector, less bool) {
	aMask, bMask, av, bv := a.mask(), b.mask(), a.dec, b.dec
	for w := range out {
		var m uint64
		last := min(w<<6+64, n)
		for i := w << 6; i < last; i++ {
			x, y := av[i&aMask], bv[i&bMask]
			var bit uint64
			if less {
				// The borrow of x - y, its sign bits turned to order
				// numbers as if they had none.
				_, borrow := bits.Sub64(x.LowBits(), y.LowBits(), 0)
				_, bit = bits.Sub64(uint64(x.HighBits())^1<<63, uint64(y.HighBits())^1<<63, borrow)
			} else if x == y {
				bit = 1
			}
			m |= bit << (uint(i) & 63)
		}
		out[w] = m
	}
}

func compareDecimal(x, y decimal128.Num) int {
	if c := cmp.Compare(x.HighBits(), y.HighBits()); c != 0 {
		return c
	}
	return cmp.Compare(x.LowBits(), y.LowBits())
}

func equalText(out bitmap, n int, live bitmap, a, b *vector) {
	clear(out)
	if a.constant {
		a, b = b, a
	}
	if !b.constant {
		for i := range live.rows(n) {
			if bytes.Equal(a.text(i), b.text(i)) {
				out.set(i)
			}
		}
		return
	}
	want := b.text(0)
	for i := range live.rows(n) {
		if bytes.Equal(a.text(i), want) {
			out.set(i)
		}
	}
}

// compareAt orders row i of a and row j of b, neither NULL.
func compareAt(k kind, a *vector, i int, b *vector, j int) int {
	i, j = a.at(i), b.at(j)
	switch k.layout() {
	case layoutBits:
		x, y := a.bits.get(i), b.bits.get(j)
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	case layoutInt32:
		return cmp.Compare(a.i32[i], b.i32[j])
	case layoutInt64:
		return cmp.Compare(a.i64[i], b.i64[j])
	case layoutDouble:
		return compareFloat(a.f64[i], b.f64[j])
	case layoutDecimal:
		return compareDecimal(a.dec[i], b.dec[j])
	case layoutInterval:
		return compareInterval(a.iv[i], b.iv[j])
	default:
		return bytes.Compare(a.data[a.lo[i]:a.hi[i]], b.data[b.lo[j]:b.hi[j]])
	}
}

// compareInterval orders intervals as PostgreSQL does: a month is 30 days, a
// day 24 hours.
func compareInterval(x, y arrow.MonthDayNanoInterval) int {
	xd, xn := intervalDays(x)
	yd, yn := intervalDays(y)
	if c := cmp.Compare(xd, yd); c != 0 {
		return c
	}
	return cmp.Compare(xn, yn)
}

// intervalDays returns an interval as days of 24 hours and the nanoseconds
// that remain, 0 to a day less one.
func intervalDays(v arrow.MonthDayNanoInterval) (days, nanos int64) {
	carry := floorDiv(v.Nanoseconds, nanosPerDay)
	return int64(v.Months)*30 + int64(v.Days) + carry, v.Nanoseconds - carry*nanosPerDay
}

// NewComparator returns a function that orders row i of a and row j of b, two
// arrays of one SQL type: negative when a's comes first. It is the order of
// ORDER BY and of the comparison operators: text by its bytes, NaN after all
// numbers, NULL after everything and equal to NULL. Of other types every row
// is equal. The arrays must outlive the function.
func NewComparator(a, b arrow.Array) func(i, j int) int {
	x, y := new(vector), new(vector)
	load(x, a.Data(), a.Len())
	load(y, b.Data(), b.Len())
	var values func(i, j int) int
	switch k := kindOf(a.DataType()); k.layout() {
	case layoutInt32:
		values = func(i, j int) int { return cmp.Compare(x.i32[i], y.i32[j]) }
	case layoutInt64:
		values = func(i, j int) int { return cmp.Compare(x.i64[i], y.i64[j]) }
	case layoutDouble:
		values = func(i, j int) int { return compareFloat(x.f64[i], y.f64[j]) }
	case layoutBytes:
		values = func(i, j int) int { return bytes.Compare(x.data[x.lo[i]:x.hi[i]], y.data[y.lo[j]:y.hi[j]]) }
	case layoutNone:
		values = func(int, int) int { return 0 }
	default:
		values = func(i, j int) int { return compareAt(k, x, i, y, j) }
	}
	if x.valid == nil && y.valid == nil {
		return values
	}
	return func(i, j int) int {
		switch n, m := x.isNull(i), y.isNull(j); {
		case n && m:
			return 0
		case n:
			return 1
		case m:
			return -1
		}
		return values(i, j)
	}
}
