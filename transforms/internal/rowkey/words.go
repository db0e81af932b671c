// Package rowkey turns values into keys that order and compare as plain
// integers or bytes: what sort, distinct and grouping compare instead of
// values.
//
// [Words] makes a 64-bit word of each value of a type of at most eight bytes.
// [Encoder] makes one string of bytes of each row, for any number of columns
// of any type, with direction and place of NULLs applied, such that
// bytes.Compare of two keys is the order of the rows. Both can be turned back.
//
// Two values have the same key exactly if SQL groups them together: all NaNs
// are one value, the largest DOUBLE, and -0.0 is 0.
package rowkey

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

const (
	sign64 = 1 << 63
	sign32 = 1 << 31

	// nanBits is the one NaN that stands for all.
	nanBits = 0x7ff8000000000001
)

// Fixed reports whether values of type t have a word.
func Fixed(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.BOOL, arrow.INT64, arrow.FLOAT64, arrow.DATE32, arrow.TIMESTAMP, arrow.TIME64:
		return true
	}
	return false
}

// Supported reports whether values of type t can be compared at all.
func Supported(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.DECIMAL128, arrow.STRING, arrow.BINARY, arrow.NULL:
		return true
	}
	return Fixed(t)
}

// Words appends one word for each row of a, whose type is [Fixed], to
// dst[:0]: an unsigned integer that orders as the values do. The words of
// NULLs are arbitrary.
func Words(dst []uint64, a arrow.Array) []uint64 {
	n := a.Len()
	if cap(dst) < n {
		dst = make([]uint64, n)
	}
	dst = dst[:n]
	switch a := a.(type) {
	case *array.Boolean:
		for i := range dst {
			dst[i] = 0
			if a.Value(i) {
				dst[i] = 1
			}
		}
	case *array.Int64:
		integers(dst, a.Int64Values())
	case *array.Timestamp:
		integers(dst, a.TimestampValues())
	case *array.Time64:
		integers(dst, a.Time64Values())
	case *array.Date32:
		values := a.Date32Values()[:n]
		for i, v := range values {
			dst[i] = uint64(uint32(v) ^ sign32)
		}
	case *array.Float64:
		values := a.Float64Values()[:n]
		for i, v := range values {
			dst[i] = DoubleWord(v)
		}
	}
	return dst
}

func integers[T ~int64](dst []uint64, values []T) {
	values = values[:len(dst)]
	for i, v := range values {
		dst[i] = uint64(v) ^ sign64
	}
}

// DoubleWord returns the word of one double.
func DoubleWord(v float64) uint64 {
	b := math.Float64bits(v + 0) // -0 + 0 is 0
	if v != v {
		b = nanBits
	}
	return b ^ (uint64(int64(b)>>63) | sign64)
}

// WordDouble is the inverse of DoubleWord.
func WordDouble(w uint64) float64 {
	return math.Float64frombits(w ^ (uint64(int64(^w)>>63) | sign64))
}

// FromWords makes an array of type t, which is [Fixed], of the words at the
// given ids, the inverse of [Words]. The id null, if it occurs, is NULL.
func FromWords(alloc memory.Allocator, t arrow.DataType, words []uint64, ids []uint32, null uint32) (arrow.Array, error) {
	n := len(ids)
	width := 8
	switch t.ID() {
	case arrow.BOOL:
		width = 0
	case arrow.DATE32:
		width = 4
	}
	size := width * n
	if width == 0 {
		size = int(bitutil.BytesForBits(int64(n)))
	}
	data := memory.NewResizableBuffer(alloc)
	defer data.Release()
	data.Resize(size)
	switch t.ID() {
	case arrow.BOOL:
		clear(data.Bytes())
		for i, id := range ids {
			if words[id] != 0 {
				bitutil.SetBit(data.Bytes(), i)
			}
		}
	case arrow.DATE32:
		dst := arrow.Uint32Traits.CastFromBytes(data.Bytes())
		for i, id := range ids {
			dst[i] = uint32(words[id]) ^ sign32
		}
	case arrow.FLOAT64:
		dst := arrow.Float64Traits.CastFromBytes(data.Bytes())
		for i, id := range ids {
			dst[i] = WordDouble(words[id])
		}
	case arrow.INT64, arrow.TIMESTAMP, arrow.TIME64:
		dst := arrow.Uint64Traits.CastFromBytes(data.Bytes())
		for i, id := range ids {
			dst[i] = words[id] ^ sign64
		}
	default:
		return nil, fmt.Errorf("rowkey: type %s has no words", t)
	}
	validity, nulls := Validity(alloc, ids, null)
	if validity != nil {
		defer validity.Release()
	}
	d := array.NewData(t, n, []*memory.Buffer{validity, data}, nil, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d), nil
}

// Validity returns the bitmap of ids in which the id null is a NULL, nil when
// it does not occur, and how often it does.
func Validity(alloc memory.Allocator, ids []uint32, null uint32) (*memory.Buffer, int) {
	nulls := 0
	for _, id := range ids {
		if id == null {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	b := memory.NewResizableBuffer(alloc)
	b.Resize(int(bitutil.BytesForBits(int64(len(ids)))))
	clear(b.Bytes())
	for i, id := range ids {
		if id != null {
			bitutil.SetBit(b.Bytes(), i)
		}
	}
	return b, nulls
}
