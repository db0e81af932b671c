package digits

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// intsPure parses fields of one to eight digits. With exact, a zero before
// other digits is not plain.
func intsPure(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	for r, k := 0, 0; r < len(dst); r, k = r+1, k+stride {
		start, end := ends[k]+1, ends[k+1]
		if int(data[start]) == quote {
			start, end = start+1, end-1
		}
		n := end - start
		if n-1 >= 8 {
			return r
		}
		w := binary.LittleEndian.Uint64(data[start:])
		if exact && byte(w) == '0' && n > 1 {
			return r
		}
		x, ok := value(w, n)
		if !ok {
			return r
		}
		dst[r] = x
	}
	return len(dst)
}

// doublesPure parses fields of one to eight digits, with a point between two of
// them or not, with a minus before them or not. With exact, a zero before other digits
// of the integer part is not plain.
//
// The digits without the point are an integer below 2^53, and the power of ten
// that divides it is exact, so that the quotient is correctly rounded. (Clinger,
// "How to Read Floating Point Numbers Accurately", 1990.)
func doublesPure(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	for r, k := 0, 0; r < len(dst); r, k = r+1, k+stride {
		start, end := ends[k]+1, ends[k+1]
		if int(data[start]) == quote {
			start, end = start+1, end-1
		}
		negative := uint32(0)
		if data[start] == '-' {
			negative = 1
		}
		start += negative
		n := end - start
		w := binary.LittleEndian.Uint64(data[start:])
		// A digit has bit 4 set and a point has not.
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
		if point-1 >= 7 || fraction-1 >= 7 || n > 9 || data[start+point] != '.' {
			return r
		}
		if exact && byte(w) == '0' && point > 1 {
			return r
		}
		// The bytes behind the point move over it.
		before := uint64(1)<<(8*point) - 1
		w = w&before | binary.LittleEndian.Uint64(data[start+1:])&^before
		x, ok := value(w, n-1)
		if !ok {
			return r
		}
		dst[r] = math.Float64frombits(math.Float64bits(float64(x)/powersOfTen[fraction]) ^ uint64(negative)<<63)
	}
	return len(dst)
}
