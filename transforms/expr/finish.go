package expr

import (
	"errors"
	"math/bits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
)

// finish makes an Arrow array of the n rows of v. What stands under a NULL is
// zero, so that equal results are equal bytes.
func (e *Eval) finish(v *vector, t arrow.DataType, n int) (arrow.Array, error) {
	if kindOf(t) == kNull {
		t = sqltype.Varchar
	}
	buffers := make([]*memory.Buffer, 2, 3)
	defer func() {
		for _, b := range buffers {
			if b != nil {
				b.Release()
			}
		}
	}()
	nulls := 0
	switch {
	case v.constant && v.null:
		nulls = n
		buffers[0] = e.buffer(bytesFor(n))
		clear(buffers[0].Bytes())
	case !v.constant && v.valid != nil:
		if nulls = n - v.valid.count(); nulls > 0 {
			buffers[0] = e.buffer(bytesFor(n))
			storeBits(buffers[0].Bytes(), v.valid, n)
		}
	}
	l := layoutOf(t)
	switch {
	case l == layoutBytes:
		buffers = buffers[:3]
		if err := e.finishText(v, n, buffers); err != nil {
			return nil, err
		}
	case v.buf != nil && !v.constant:
		buffers[1] = v.buf
		v.buf.Retain()
	default:
		buffers[1] = e.finishFixed(v, l, n)
	}
	if nulls > 0 && !v.constant {
		zeroNulls(l, buffers[1].Bytes(), v.valid, n)
	}
	d := array.NewData(t, n, buffers, nil, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d), nil
}

// bytesFor returns how many bytes hold n bits.
func bytesFor(n int) int { return (n + 7) >> 3 }

func (e *Eval) buffer(n int) *memory.Buffer {
	return memory.NewBufferWithAllocator(e.alloc.Allocate(n), e.alloc)
}

func (e *Eval) finishFixed(v *vector, l layout, n int) *memory.Buffer {
	switch l {
	case layoutBits:
		b := e.buffer(bytesFor(n))
		if !v.constant {
			storeBits(b.Bytes(), v.bits, n)
			return b
		}
		values := make(bitmap, wordsFor(n))
		for w := range values {
			values[w], _ = v.truth(w)
		}
		storeBits(b.Bytes(), values, n)
		return b
	case layoutInt32:
		b := e.buffer(n * 4)
		spread(arrow.Int32Traits.CastFromBytes(b.Bytes()), v.i32, v)
		return b
	case layoutDouble:
		b := e.buffer(n * 8)
		spread(arrow.Float64Traits.CastFromBytes(b.Bytes()), v.f64, v)
		return b
	case layoutDecimal:
		b := e.buffer(n * 16)
		spread(arrow.Decimal128Traits.CastFromBytes(b.Bytes()), v.dec, v)
		return b
	case layoutInterval:
		b := e.buffer(n * 16)
		spread(arrow.MonthDayNanoIntervalTraits.CastFromBytes(b.Bytes()), v.iv, v)
		return b
	}
	b := e.buffer(n * 8)
	spread(arrow.Int64Traits.CastFromBytes(b.Bytes()), v.i64, v)
	return b
}

// spread copies the values, or the one value of a constant, to dst.
func spread[T any](dst, src []T, v *vector) {
	switch {
	case !v.constant:
		copy(dst, src)
	case v.null:
		clear(dst)
	default:
		for i := range dst {
			dst[i] = src[0]
		}
	}
}

// zeroNulls clears the values of rows that are NULL.
func zeroNulls(l layout, data []byte, valid bitmap, n int) {
	var width int
	switch l {
	case layoutBits:
		for i := range data {
			data[i] &= byte(valid[i>>3] >> (8 * (i & 7)))
		}
		return
	case layoutBytes:
		return
	case layoutInt32:
		width = 4
	case layoutDecimal, layoutInterval:
		width = 16
	default:
		width = 8
	}
	for w := range valid {
		for m := bitmap(nil).word(w, n) &^ valid[w]; m != 0; m &= m - 1 {
			i := w<<6 + bits.TrailingZeros64(m)
			clear(data[i*width : (i+1)*width])
		}
	}
}

var errTextTooLong = errors.New("the text computed for one batch exceeds 2 GiB")

func (e *Eval) finishText(v *vector, n int, buffers []*memory.Buffer) error {
	buffers[1] = e.buffer((n + 1) * 4)
	offsets := arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())
	size := 0
	// Text that stands in row order without gaps is copied in one go.
	packed := !v.constant && v.valid == nil
	for i := range n {
		offsets[i] = int32(size)
		if v.valid == nil && !v.constant {
			size += int(v.hi[i] - v.lo[i])
			packed = packed && v.lo[i]-v.lo[0] == offsets[i]
		} else if !v.isNull(i) {
			size += len(v.text(i))
		}
		if size > textBytesMax {
			return errTextTooLong
		}
	}
	offsets[n] = int32(size)
	buffers[2] = e.buffer(size)
	data := buffers[2].Bytes()
	switch {
	case packed && n > 0:
		copy(data, v.data[v.lo[0]:])
		return nil
	case !v.constant:
		lo, from := v.lo[:n], v.data
		for i := range lo {
			if at, end := offsets[i], offsets[i+1]; end > at {
				copy(data[at:end], from[lo[i]:])
			}
		}
		return nil
	}
	for i := range n {
		if offsets[i+1] > offsets[i] {
			copy(data[offsets[i]:], v.text(i))
		}
	}
	return nil
}
