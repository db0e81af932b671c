// Package digits parses columns of short numbers. A column is the fields between
// separators of an indexed text: field r lies between ends[r*stride] + 1 and
// ends[r*stride+1], both offsets in data, which has [PadBytes] of room behind the
// last field.
//
// Its functions read as many fields as are of the plain kind and return how many;
// the caller reads the one they stopped at and calls again for the rest. What they
// read they read exactly as strconv would.
//
// There are two forms of each, fuzzed equal: one with unchecked loads, and one
// without unsafe, which the tag purego selects. Start reading at pure.go.
package digits

// PadBytes is how much readable room there must be behind the last field.
const PadBytes = 16

const (
	ones  = 0x0101010101010101
	zeros = '0' * ones
)

// powersOfTen are exact.
var powersOfTen = [8]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

// value returns the number that the first n bytes of w, 1 to 8 of them, are in
// decimal digits, or false if they are not all digits. (Mula, "SIMD-ized faster
// parse of integers", 2014.)
func value(w uint64, n uint32) (int64, bool) {
	// The digits become bytes of 0 to 9, with zeros before them.
	w = (w ^ zeros) << ((64 - 8*n) & 63)
	if (w|(w+6*ones))&(0xf0*ones) != 0 {
		return 0, false
	}
	w = w*10 + w>>8
	w = ((w&0x000000ff000000ff)*(100+1000000<<32) + (w>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
	return int64(w), true
}

// Value returns the number that the first n bytes of w, 1 to 8 of them in text
// order, are in decimal digits, or false if they are not all digits.
func Value(w uint64, n uint32) (int64, bool) { return value(w, n) }
