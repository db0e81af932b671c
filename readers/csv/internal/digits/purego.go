//go:build purego || !(amd64 || arm64)

package digits

func intFields(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return intsPure(dst, data, ends, stride, quote, exact)
}

func doubleFields(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return doublesPure(dst, data, ends, stride, quote, exact)
}
