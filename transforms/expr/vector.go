package expr

import (
	"math"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// vector is a column while it is computed: slices that point into an input
// array, into another vector, or into memory of its own that is used again
// for the next record.
//
// A vector of an [Eval] is rewritten when its node is evaluated again, which
// happens once per record, so what it points to lives as long as it needs to.
//
// Only rows that were asked for hold values (see [bound]); the others, and
// NULLs, hold anything, and kernels must not read text or index by them.
type vector struct {
	constant bool   // one value, at index 0, stands for every row
	null     bool   // the constant is NULL
	valid    bitmap // rows that are not NULL; nil: all; unused by constants

	// One of these holds the values, by layout.
	bits   bitmap
	i32    []int32
	i64    []int64
	f64    []float64
	dec    []decimal128.Num
	iv     []arrow.MonthDayNanoInterval
	lo, hi []int32 // text of row i is data[lo[i]:hi[i]]
	data   []byte

	own owned

	// fresh is where the values' memory comes from when they are to become
	// the result; buf is that memory.
	fresh memory.Allocator
	buf   *memory.Buffer

	round uint64 // of evaluation in which the vector was filled, for shared nodes
}

// owned is memory that a vector keeps from record to record.
type owned struct {
	valid, live, rest, hit bitmap
	bits                   bitmap
	i32                    []int32
	i64                    []int64
	f64                    []float64
	dec                    []decimal128.Num
	iv                     []arrow.MonthDayNanoInterval
	lo, hi                 []int32
	data                   []byte
	text                   []byte // scratch of a kernel, such as a lower-cased row
	args                   []*vector
	cache                  any // what a kernel keeps from row to row, such as a compiled pattern
}

// nullConstant is NULL for every row, whatever the type.
var nullConstant = &vector{constant: true, null: true}

// at returns where the value of row i is.
func (v *vector) at(i int) int {
	if v.constant {
		return 0
	}
	return i
}

// mask is what the number of a row is and-ed with to find its value: in loops
// that is cheaper than [vector.at].
func (v *vector) mask() int {
	if v.constant {
		return 0
	}
	return -1
}

// isNull reports whether row i is NULL.
func (v *vector) isNull(i int) bool {
	if v.constant {
		return v.null
	}
	return v.valid != nil && !v.valid.get(i)
}

// text returns the bytes of row i, which must hold a value.
func (v *vector) text(i int) []byte {
	i = v.at(i)
	return v.data[v.lo[i]:v.hi[i]]
}

// truth returns the rows of word w that are true and those that are false.
func (v *vector) truth(w int) (t, f uint64) {
	switch {
	case v.constant && v.null:
		return 0, 0
	case v.constant && v.bits[0]&1 != 0:
		return ^uint64(0), 0
	case v.constant:
		return 0, ^uint64(0)
	case v.valid == nil:
		return v.bits[w], ^v.bits[w]
	}
	return v.bits[w] & v.valid[w], ^v.bits[w] & v.valid[w]
}

// nonNull returns the rows of word w, of n, that are not NULL.
func (v *vector) nonNull(w, n int) uint64 {
	if v.constant {
		if v.null {
			return 0
		}
		return bitmap(nil).word(w, n)
	}
	return v.valid.word(w, n)
}

// reset forgets what the vector held.
func (v *vector) reset() {
	v.constant, v.null, v.valid = false, false, nil
	v.bits, v.i32, v.i64, v.f64, v.dec, v.iv = nil, nil, nil, nil, nil, nil
	v.lo, v.hi, v.data = nil, nil, nil
}

// newBytes takes memory for values that become the result.
func (v *vector) newBytes(n int) []byte {
	v.buf = memory.NewBufferWithAllocator(v.fresh.Allocate(n), v.fresh)
	v.fresh = nil
	return v.buf.Bytes()
}

func (v *vector) makeBits(n int) bitmap {
	v.bits = grow((*[]uint64)(&v.own.bits), wordsFor(n))
	return v.bits
}

func (v *vector) makeInt32(n int) []int32 {
	if v.fresh != nil {
		v.i32 = arrow.Int32Traits.CastFromBytes(v.newBytes(n * 4))
	} else {
		v.i32 = grow(&v.own.i32, n)
	}
	return v.i32
}

func (v *vector) makeInt64(n int) []int64 {
	if v.fresh != nil {
		v.i64 = arrow.Int64Traits.CastFromBytes(v.newBytes(n * 8))
	} else {
		v.i64 = grow(&v.own.i64, n)
	}
	return v.i64
}

func (v *vector) makeDouble(n int) []float64 {
	if v.fresh != nil {
		v.f64 = arrow.Float64Traits.CastFromBytes(v.newBytes(n * 8))
	} else {
		v.f64 = grow(&v.own.f64, n)
	}
	return v.f64
}

func (v *vector) makeDecimal(n int) []decimal128.Num {
	if v.fresh != nil {
		v.dec = arrow.Decimal128Traits.CastFromBytes(v.newBytes(n * 16))
	} else {
		v.dec = grow(&v.own.dec, n)
	}
	return v.dec
}

func (v *vector) makeInterval(n int) []arrow.MonthDayNanoInterval {
	v.iv = grow(&v.own.iv, n)
	return v.iv
}

// makeText prepares for n rows of text that [vector.put] writes.
func (v *vector) makeText(n int) {
	v.makeViews(n)
	v.own.data = v.own.data[:0]
	v.data = v.own.data
}

// makeViews prepares for n rows that point into the data of another vector.
func (v *vector) makeViews(n int) {
	v.lo, v.hi = grow(&v.own.lo, n), grow(&v.own.hi, n)
}

// textBytesMax bounds the text that a column of one record holds: Arrow's
// 32-bit offsets end there.
const textBytesMax = math.MaxInt32

// put ends row i: its text is what was appended to v.own.data since from.
func (v *vector) put(i, from int) error {
	if len(v.own.data) > textBytesMax {
		return &fault{Row: i, Err: errTextTooLong}
	}
	v.data = v.own.data
	v.lo[i], v.hi[i] = int32(from), int32(len(v.own.data))
	return nil
}

// ownValid makes v.valid a set that may be changed.
func (v *vector) ownValid(n int) bitmap {
	if len(v.valid) > 0 && cap(v.own.valid) > 0 && &v.valid[0] == &v.own.valid[:1][0] {
		return v.valid
	}
	b := grow((*[]uint64)(&v.own.valid), wordsFor(n))
	for w := range b {
		b[w] = v.valid.word(w, n)
	}
	v.valid = b
	return b
}

// setNull makes row i of n NULL.
func (v *vector) setNull(i, n int) { v.ownValid(n).clear(i) }

// begin prepares a vector of n NULLs, to be filled by [vector.merge].
func (v *vector) begin(l layout, n int) {
	v.reset()
	v.valid = grow((*[]uint64)(&v.own.valid), wordsFor(n))
	clear(v.valid)
	switch l {
	case layoutBits:
		clear(v.makeBits(n))
	case layoutInt32:
		v.makeInt32(n)
	case layoutInt64:
		v.makeInt64(n)
	case layoutDouble:
		v.makeDouble(n)
	case layoutDecimal:
		v.makeDecimal(n)
	case layoutInterval:
		v.makeInterval(n)
	case layoutBytes:
		v.makeText(n)
	}
}

// merge copies the given rows of src, NULLs too, into v.
func (v *vector) merge(l layout, src *vector, rows bitmap, n int) error {
	for w, m := range rows {
		v.valid[w] = v.valid[w]&^m | src.nonNull(w, n)&m
	}
	if src.constant && src.null {
		return nil
	}
	switch l {
	case layoutBits:
		for w, m := range rows {
			t, _ := src.truth(w)
			v.bits[w] = v.bits[w]&^m | t&m
		}
	case layoutInt32:
		mergeRows(v.i32, src.i32, src.constant, rows)
	case layoutInt64:
		mergeRows(v.i64, src.i64, src.constant, rows)
	case layoutDouble:
		mergeRows(v.f64, src.f64, src.constant, rows)
	case layoutDecimal:
		mergeRows(v.dec, src.dec, src.constant, rows)
	case layoutInterval:
		mergeRows(v.iv, src.iv, src.constant, rows)
	case layoutBytes:
		return v.mergeText(src, rows, n)
	}
	return nil
}

// mergeRows copies the given rows of src, or its one value, to dst.
func mergeRows[T any](dst, src []T, constant bool, rows bitmap) {
	for w, m := range rows {
		to := chunk(dst, w)
		switch {
		case m == 0:
		case constant:
			for ; m != 0; m &= m - 1 {
				to[bits.TrailingZeros64(m)] = src[0]
			}
		case m == ^uint64(0):
			copy(to, src[w<<6:])
		case bits.OnesCount64(m) < 8:
			from := chunk(src, w)
			for ; m != 0; m &= m - 1 {
				i := bits.TrailingZeros64(m)
				to[i] = from[i]
			}
		default:
			// Without a branch, which the processor could not foresee.
			from := chunk(src, w)[:len(to)]
			for i, v := range to {
				if m>>uint(i)&1 != 0 {
					v = from[i]
				}
				to[i] = v
			}
		}
	}
}

func (v *vector) mergeText(src *vector, rows bitmap, n int) error {
	if src.constant {
		from := len(v.own.data)
		v.own.data = append(v.own.data, src.text(0)...)
		for i := range rows.rows(n) {
			if err := v.put(i, from); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range rows.rows(n) {
		if src.isNull(i) {
			continue
		}
		from := len(v.own.data)
		v.own.data = append(v.own.data, src.text(i)...)
		if err := v.put(i, from); err != nil {
			return err
		}
	}
	return nil
}

// fault is a row for which an expression has no value.
type fault = pipeline.RowError
