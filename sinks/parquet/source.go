package parquet

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// number is what a column of fixed-width numbers is gathered into.
type number interface {
	int32 | int64 | float32 | float64
}

// gather returns the values of the arrays that are not NULL, one after
// another. view returns all values of an array, those under NULLs too. A
// single array without NULLs is returned as it is, which the caller must not
// write to; everything else is copied to memory.
func gather[T number](memory *[]T, arrays []arrow.Array, view func(arrow.Array) []T) []T {
	if len(arrays) == 1 && arrays[0].NullN() == 0 {
		return view(arrays[0])
	}
	dst := slices.Grow((*memory)[:0], lengthOf(arrays))
	for _, a := range arrays {
		if a.NullN() == 0 {
			dst = append(dst, view(a)...)
		} else {
			dst = appendValid(dst, view(a), a.NullBitmapBytes(), a.Data().Offset())
		}
	}
	*memory = dst
	return dst
}

// lengthOf returns how many rows the arrays have together.
func lengthOf(arrays []arrow.Array) int {
	n := 0
	for _, a := range arrays {
		n += a.Len()
	}
	return n
}

// appendValid appends the values whose bit in the bitmap is set; that of
// values[0] is bit offset.
func appendValid[T any](dst, values []T, bitmap []byte, offset int) []T {
	at := len(dst)
	dst = append(dst, values...) // makes room; overwritten from at on
	for i := 0; i < len(values); {
		bit := offset + i
		// Whole bytes of valid values are copied at once.
		if bit%8 == 0 && bitmap[bit/8] == 0xff && len(values)-i >= 8 {
			copy(dst[at:at+8], values[i:i+8])
			at += 8
			i += 8
			continue
		}
		dst[at] = values[i]
		at += int(bitmap[bit/8] >> (bit % 8) & 1)
		i++
	}
	return dst[:at]
}

// buffer returns a buffer of an array, nil where there is none.
func buffer(a arrow.Array, i int) []byte {
	if b := a.Data().Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

// view32 returns the values of an array of 32-bit integers of any kind.
func view32(a arrow.Array) []int32 {
	start := a.Data().Offset()
	return arrow.Int32Traits.CastFromBytes(buffer(a, 1))[start : start+a.Len()]
}

// view64 returns the values of an array of 64-bit integers of any kind.
func view64(a arrow.Array) []int64 {
	start := a.Data().Offset()
	return arrow.Int64Traits.CastFromBytes(buffer(a, 1))[start : start+a.Len()]
}

func viewFloat32(a arrow.Array) []float32 { return a.(*array.Float32).Float32Values() }
func viewFloat64(a arrow.Array) []float64 { return a.(*array.Float64).Float64Values() }

func widened[T int8 | int16 | uint8 | uint16](values []T) []int32 {
	wide := make([]int32, len(values))
	for i, v := range values {
		wide[i] = int32(v)
	}
	return wide
}

func viewInt8(a arrow.Array) []int32   { return widened(a.(*array.Int8).Int8Values()) }
func viewInt16(a arrow.Array) []int32  { return widened(a.(*array.Int16).Int16Values()) }
func viewUint8(a arrow.Array) []int32  { return widened(a.(*array.Uint8).Uint8Values()) }
func viewUint16(a arrow.Array) []int32 { return widened(a.(*array.Uint16).Uint16Values()) }

// narrowed returns the low bits of decimals, which is all there is to a number
// of few digits.
func narrowed[T int32 | int64](values []decimal128.Num) []T {
	narrow := make([]T, len(values))
	for i, v := range values {
		narrow[i] = T(v.LowBits())
	}
	return narrow
}

func viewDecimal32(a arrow.Array) []int32 { return narrowed[int32](a.(*array.Decimal128).Values()) }
func viewDecimal64(a arrow.Array) []int64 { return narrowed[int64](a.(*array.Decimal128).Values()) }

// gather32 gathers a column that is stored as INT32.
func gather32(memory *[]int32, arrays []arrow.Array, t arrow.DataType) []int32 {
	view := view32
	switch t.ID() {
	case arrow.INT8:
		view = viewInt8
	case arrow.INT16:
		view = viewInt16
	case arrow.UINT8:
		view = viewUint8
	case arrow.UINT16:
		view = viewUint16
	case arrow.DECIMAL128:
		view = viewDecimal32
	}
	return gather(memory, arrays, view)
}

// gather64 gathers a column that is stored as INT64.
func gather64(memory *[]int64, arrays []arrow.Array, t arrow.DataType) []int64 {
	view := view64
	if t.ID() == arrow.DECIMAL128 {
		view = viewDecimal64
	}
	return gather(memory, arrays, view)
}

// gatherBits gathers booleans that are not NULL as a bitmap from bit 0 on.
func gatherBits(memory []byte, arrays []arrow.Array, values int) []byte {
	memory = zeroed(memory, values)
	at := 0
	for _, a := range arrays {
		bits, offset := buffer(a, 1), a.Data().Offset()
		if a.NullN() == 0 {
			bitutil.CopyBitmap(bits, offset, a.Len(), memory, at)
			at += a.Len()
			continue
		}
		for i := range a.Len() {
			if a.IsValid(i) {
				bitutil.SetBitTo(memory, at, bitutil.BitIsSet(bits, offset+i))
				at++
			}
		}
	}
	return memory
}

// gatherValidity returns a bitmap of the rows that are not NULL, from bit 0
// on, nil when all are.
func gatherValidity(memory *[]byte, arrays []arrow.Array, rows, nulls int) []byte {
	if nulls == 0 {
		return nil
	}
	bitmap := zeroed(*memory, rows)
	at := 0
	for _, a := range arrays {
		if a.NullN() == 0 {
			bitutil.SetBitsTo(bitmap, int64(at), int64(a.Len()), true)
		} else {
			bitutil.CopyBitmap(a.NullBitmapBytes(), a.Data().Offset(), a.Len(), bitmap, at)
		}
		at += a.Len()
	}
	*memory = bitmap
	return bitmap
}

// zeroed returns a bitmap of n zero bits, in memory if that is large enough.
func zeroed(memory []byte, n int) []byte {
	size := (n + 7) / 8
	if cap(memory) < size {
		return make([]byte, size)
	}
	memory = memory[:size]
	clear(memory)
	return memory
}
