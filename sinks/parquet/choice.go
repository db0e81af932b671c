package parquet

import (
	"math/bits"

	"csvloom/sinks/parquet/internal/dict"
)

const (
	// dictionaryFirstValues is how many values are seen before the number of
	// distinct ones is extrapolated for the first time.
	dictionaryFirstValues = 1 << 14
	// dictionaryBytesMax bounds a dictionary page: readers keep it in memory.
	dictionaryBytesMax = 8 << 20
	// sampleRunValues is the length of each of the three runs of a sample.
	sampleRunValues = 1 << 10
)

// alternative is the cost of the best encoding without a dictionary, measured
// on a sample.
type alternative struct {
	encoding encoding
	// plainBytes and storedBytes are what the sample takes in PLAIN encoding
	// before compression, and in the chosen encoding after it.
	plainBytes, storedBytes int
	// plainStoredBytes is what it takes in PLAIN encoding after compression.
	plainStoredBytes int
}

// obvious reports whether a dictionary is plainly the best choice, so that no
// sample need be encoded: few entries, and codes far shorter than values.
func obvious(distinct, entryBytes, values int) bool {
	return distinct <= values/16 && codeWidth(distinct) <= 2*entryBytes
}

// worthDictionary reports whether distinct entries of so many bytes in all and a
// code for each value take less room than the alternative. Entries are taken
// to compress like the values themselves, codes not at all.
func worthDictionary(distinct int, entriesBytes, values, valuesBytes int64, a alternative) bool {
	if entriesBytes > dictionaryBytesMax {
		return false
	}
	codes := values * int64(codeWidth(distinct)) / 8
	entries := scaled(entriesBytes, a.plainStoredBytes, a.plainBytes)
	return codes+entries < scaled(valuesBytes, a.storedBytes, a.plainBytes)
}

// scaled returns n * part / whole, and n when whole is 0. n is small enough for
// that: a row group's bytes times a sample's.
func scaled(n int64, part, whole int) int64 {
	if whole == 0 {
		return n
	}
	hi, lo := bits.Mul64(uint64(n), uint64(part))
	if hi >= uint64(whole) {
		return n
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(quotient)
}

// codeWidth returns the number of bits of the codes of so many entries. It is
// at least 1: some readers do not expect codes of no bits.
func codeWidth(distinct int) int { return max(1, bits.Len(uint(max(distinct, 1)-1))) }

// encodeCodes makes dictionary codes of n values in growing blocks, after each
// of which keep is asked whether the expected number of distinct values is
// still worth it. It reports whether it got to the end and keep agreed.
func encodeCodes(codes []uint32, encode func(low, high int) bool, distinct func() int, keep func(expected int) bool) bool {
	n := len(codes)
	for low, block := 0, dictionaryFirstValues; low < n; low, block = low+block, 2*block {
		high := min(low+block, n)
		if high*4 > n*3 { // too little is left to stop for
			high = n
		}
		if !encode(low, high) || !keep(dict.Predict(high, distinct(), n)) {
			return false
		}
		if high == n {
			break
		}
	}
	return true
}

// sampled appends three runs of the values to dst, or all of them when they
// are few.
func sampled[T any](dst, values []T) []T {
	for _, r := range sampleRuns(len(values)) {
		dst = append(dst, values[r[0]:r[1]]...)
	}
	return dst
}

// sampleRuns returns from where to where the runs of a sample of n values go.
func sampleRuns(n int) [][2]int {
	if n <= 3*sampleRunValues {
		return [][2]int{{0, n}}
	}
	middle := (n - sampleRunValues) / 2
	return [][2]int{{0, sampleRunValues}, {middle, middle + sampleRunValues}, {n - sampleRunValues, n}}
}
