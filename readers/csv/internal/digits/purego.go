//go:build purego || !(amd64 || arm64)

package digits

// Ints parses fields of one to eight digits into dst and returns how many it has
// read before one that is not plain. With exact, a zero before other digits is
// not plain.
func Ints(dst []int64, data []byte, ends []uint32, stride int, exact bool) int {
	return intsPure(dst, data, ends, stride, exact)
}

// Doubles parses fields of one to eight digits, with a point between two of them
// or not and a minus before them or not, and returns how many it has read before
// one that is not plain. With exact, a zero before other digits of the integer
// part is not plain. The results are correctly rounded.
func Doubles(dst []float64, data []byte, ends []uint32, stride int, exact bool) int {
	return doublesPure(dst, data, ends, stride, exact)
}
