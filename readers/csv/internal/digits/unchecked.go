//go:build !purego && (amd64 || arm64)

package digits

import (
	"math"
	"math/bits"
	"unsafe"
)

// intFields is Ints, field by field: intsPure without its checks of bounds, which
// Ints has made.
func intFields(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	text, first := unsafe.Pointer(unsafe.SliceData(data)), unsafe.Pointer(unsafe.SliceData(ends))
	limit := uint32(len(data) - PadBytes)
	strict := uint64(0)
	if exact {
		strict = 0xff
	}
	step := uintptr(stride) * 4
	for r, k := 0, uintptr(0); r < len(dst); r, k = r+1, k+step {
		at := unsafe.Add(first, k)
		start := *(*uint32)(at) + 1
		end := *(*uint32)(unsafe.Add(at, 4))
		if start > limit {
			return r
		}
		w := *(*uint64)(unsafe.Add(text, uintptr(start)))
		if int(byte(w)) == quote {
			start, end = start+1, end-1
			w = *(*uint64)(unsafe.Add(text, uintptr(start)))
		}
		n := end - start
		if n-1 >= 8 {
			return r
		}
		w ^= zeros
		if w&strict == 0 && exact && n > 1 {
			return r
		}
		w <<= (64 - 8*n) & 63
		if (w|(w+6*ones))&(0xf0*ones) != 0 {
			return r
		}
		w = w*10 + w>>8
		w = (w&0x000000ff000000ff)*(100+1000000<<32) + (w>>16&0x000000ff000000ff)*(1+10000<<32)
		dst[r] = int64(w >> 32)
	}
	return len(dst)
}

// doubleFields is doublesPure without its checks of bounds.
func doubleFields(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	text, first := unsafe.Pointer(unsafe.SliceData(data)), unsafe.Pointer(unsafe.SliceData(ends))
	limit := uint32(len(data) - PadBytes)
	step := uintptr(stride) * 4
	for r, k := 0, uintptr(0); r < len(dst); r, k = r+1, k+step {
		at := unsafe.Add(first, k)
		start := *(*uint32)(at) + 1
		end := *(*uint32)(unsafe.Add(at, 4))
		if start > limit {
			return r
		}
		field := unsafe.Add(text, uintptr(start))
		if int(*(*byte)(field)) == quote {
			start, end = start+1, end-1
			field = unsafe.Add(text, uintptr(start))
		}
		negative := uint32(0)
		if *(*byte)(field) == '-' {
			negative = 1
		}
		field = unsafe.Add(field, uintptr(negative))
		n := end - start - negative
		w := *(*uint64)(field)
		point := uint32(bits.TrailingZeros64(^w&(0x10*ones))) / 8
		if point >= n && n-1 < 8 && (!exact || byte(w) != '0' || n == 1) {
			x, ok := value(w, n)
			if !ok {
				return r
			}
			dst[r] = math.Float64frombits(math.Float64bits(float64(x)) ^ uint64(negative)<<63)
			continue
		}
		fraction := n - point - 1
		if point-1 >= 7 || fraction-1 >= 7 || n > 9 || *(*byte)(unsafe.Add(field, uintptr(point))) != '.' {
			return r
		}
		if exact && byte(w) == '0' && point > 1 {
			return r
		}
		before := uint64(1)<<(8*point) - 1
		x, ok := value(w&before|*(*uint64)(unsafe.Add(field, 1))&^before, n-1)
		if !ok {
			return r
		}
		dst[r] = math.Float64frombits(math.Float64bits(float64(x)/powersOfTen[fraction&7]) ^ uint64(negative)<<63)
	}
	return len(dst)
}
