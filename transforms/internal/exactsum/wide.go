package exactsum

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"
)

// What a Wide sum has met besides finite numbers.
const (
	metNaN = 1 << iota
	metPosInf
	metNegInf
	metSquareNotFinite
)

const (
	// wideSumExponent is the weight of the lowest bit of a double.
	wideSumExponent = -1074
	// wideSumWords holds 2^-1074 to 2^1024 and 2^77 terms.
	wideSumWords = 34
	// wideSquareWords holds 2^-2148 to 2^2048 and 2^91 terms.
	wideSquareWords = 67
)

// Wide is the part of an exact sum, and of the sum of squares if Squares were
// added, that does not fit the windows of [Sum] and [Squares]. The zero value
// is empty and ready for use. It takes 0.8 KiB and is meant to be rare.
type Wide struct {
	met    uint8
	sum    [wideSumWords]uint64    // two's complement, in units of 2^-1074
	square [wideSquareWords]uint64 // unsigned, in units of 2^-2148
}

// Add adds any double.
func (w *Wide) Add(v float64) {
	switch {
	case math.IsNaN(v):
		w.met |= metNaN
	case math.IsInf(v, 1):
		w.met |= metPosInf
	case math.IsInf(v, -1):
		w.met |= metNegInf
	default:
		m, shift := split(v)
		addShifted(w.sum[:], 0, m, shift, v < 0)
	}
}

// AddSquare adds the square of any double.
func (w *Wide) AddSquare(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.met |= metSquareNotFinite
		return
	}
	m, shift := split(v)
	hi, lo := bits.Mul64(m, m)
	addShifted(w.square[:], hi, lo, 2*shift, false)
}

// AddWide adds another wide sum.
func (w *Wide) AddWide(o *Wide) {
	w.met |= o.met
	var c uint64
	for i := range w.sum {
		w.sum[i], c = bits.Add64(w.sum[i], o.sum[i], c)
	}
	c = 0
	for i := range w.square {
		w.square[i], c = bits.Add64(w.square[i], o.square[i], c)
	}
}

// split returns a finite double's magnitude as m * 2^(shift-1074).
func split(v float64) (m uint64, shift uint) {
	b := math.Float64bits(v)
	exp := uint(b>>mantissaBits) & exponentMask
	m = b & (1<<mantissaBits - 1)
	if exp == 0 {
		return m, 0
	}
	return m | 1<<mantissaBits, exp - 1
}

// addShifted adds or subtracts (hi:lo) << shift.
func addShifted(words []uint64, hi, lo uint64, shift uint, negative bool) {
	s := shift & 63
	part := [3]uint64{lo << s, hi<<s | lo>>1>>(63-s), hi >> 1 >> (63 - s)}
	var c uint64
	for i, at := 0, int(shift>>6); at < len(words); i, at = i+1, at+1 {
		var p uint64
		if i < len(part) {
			p = part[i]
		} else if c == 0 {
			return
		}
		if negative {
			words[at], c = bits.Sub64(words[at], p, c)
		} else {
			words[at], c = bits.Add64(words[at], p, c)
		}
	}
}

// total returns the exact sum of s and w in units of 2^-1074.
func (w *Wide) total(s Sum) [wideSumWords]uint64 {
	t := w.sum
	words := [3]uint64{s.W0, s.W1, uint64(s.W2)}
	negative := s.W2 < 0
	if negative {
		negate(words[:])
	}
	for i, word := range words {
		addShifted(t[:], 0, word, uint(windowExponent-wideSumExponent+64*i), negative)
	}
	return t
}

// Total returns s plus w rounded to the nearest double, as IEEE 754 adds:
// infinite when beyond the range, NaN when a term is NaN or when infinities of
// both signs are there. w may be nil.
func Total(s Sum, w *Wide) float64 {
	if w == nil {
		return s.Float64()
	}
	switch {
	case w.met&metNaN != 0, w.met&(metPosInf|metNegInf) == metPosInf|metNegInf:
		return math.NaN()
	case w.met&metPosInf != 0:
		return math.Inf(1)
	case w.met&metNegInf != 0:
		return math.Inf(-1)
	}
	t := w.total(s)
	return roundWords(t[:], wideSumExponent)
}

// Mean returns (s + w) / n for n > 0; only the quotient can be out of range.
func Mean(s Sum, w *Wide, n int64) float64 {
	total := Total(s, w)
	if !math.IsInf(total, 0) || w.met&(metPosInf|metNegInf) != 0 {
		return total / float64(n)
	}
	t := w.total(s)
	num := signedInt(t[:])
	f := new(big.Float).SetPrec(bigPrec).SetInt(num)
	f.Quo(f, new(big.Float).SetInt64(n))
	f.SetMantExp(f, wideSumExponent)
	mean, _ := f.Float64()
	return mean
}

// bigPrec is how many bits quotients and roots carry before they are rounded
// to the 53 bits of a double.
const bigPrec = 160

// Variance returns the sum of squared deviations from the mean of n values,
// divided by divisor: n for the population, n-1 for a sample. Both must be
// positive. s, q and w hold the values' exact sum and sum of squares; w may be
// nil. With root it returns the square root: the standard deviation. NaN when
// a value was not finite.
func Variance(s Sum, q *Squares, w *Wide, n, divisor int64, root bool) float64 {
	var sum, square *big.Int
	exponent := 2 * windowExponent
	if w == nil {
		words := [3]uint64{s.W0, s.W1, uint64(s.W2)}
		sum, square = signedInt(words[:]), unsignedInt(q[:])
	} else {
		if w.met != 0 {
			return math.NaN()
		}
		t := w.total(s)
		all := w.square
		for i, word := range q {
			addShifted(all[:], 0, word, uint(2*(windowExponent-wideSumExponent)+64*i), false)
		}
		sum, square = signedInt(t[:]), unsignedInt(all[:])
		exponent = 2 * wideSumExponent
	}
	// n·Σx² - (Σx)², exactly; then one division.
	square.Mul(square, big.NewInt(n))
	square.Sub(square, sum.Mul(sum, sum))
	if square.Sign() < 0 {
		return math.NaN() // no values have such sums
	}
	f := new(big.Float).SetPrec(bigPrec).SetInt(square)
	d := new(big.Float).SetPrec(bigPrec).SetInt64(n)
	d.Mul(d, new(big.Float).SetInt64(divisor))
	f.Quo(f, d)
	f.SetMantExp(f, exponent)
	if root {
		f.Sqrt(f)
	}
	v, _ := f.Float64()
	return v
}

func signedInt(words []uint64) *big.Int {
	if int64(words[len(words)-1]) >= 0 {
		return unsignedInt(words)
	}
	var magnitude [wideSumWords]uint64
	m := magnitude[:copy(magnitude[:], words)]
	negate(m)
	i := unsignedInt(m)
	return i.Neg(i)
}

func unsignedInt(words []uint64) *big.Int {
	buf := make([]byte, 8*len(words))
	for i, w := range words {
		binary.BigEndian.PutUint64(buf[8*(len(words)-1-i):], w)
	}
	return new(big.Int).SetBytes(buf)
}

func negate(words []uint64) {
	c := uint64(1)
	for i, w := range words {
		words[i], c = bits.Add64(^w, 0, c)
	}
}

// roundWords rounds a two's complement number in units of 2^exponent to the
// nearest double, ties to even. exponent is at least -1074.
func roundWords(words []uint64, exponent int) float64 {
	var magnitude [wideSumWords]uint64
	m := magnitude[:copy(magnitude[:], words)]
	var sign uint64
	if int64(m[len(m)-1]) < 0 {
		sign = 1 << 63
		negate(m)
	}
	top := len(m) - 1
	for top >= 0 && m[top] == 0 {
		top--
	}
	if top < 0 {
		return 0
	}
	// Bring the top 64 bits into one word; what is below only matters as
	// being there or not.
	high := 64*top + 63 - bits.LeadingZeros64(m[top]) // place of the top bit
	low := high - mantissaBits                        // place of the mantissa's lowest bit
	low = max(low, wideSumExponent-exponent)          // subnormal: fewer bits
	var mantissa uint64
	if low <= 0 {
		mantissa = m[0] << uint(-low)
	} else {
		at, s := low/64, uint(low%64)
		mantissa = m[at] >> s
		if s != 0 && at+1 < len(m) {
			mantissa |= m[at+1] << (64 - s)
		}
		mantissa &= 1<<(mantissaBits+1) - 1
		half := low - 1
		if m[half/64]>>uint(half%64)&1 != 0 {
			sticky := m[half/64]&(1<<uint(half%64)-1) != 0
			for i := 0; !sticky && i < half/64; i++ {
				sticky = m[i] != 0
			}
			if sticky || mantissa&1 != 0 {
				mantissa++
			}
		}
	}
	// The implicit bit of the mantissa, and a carry of the rounding, add
	// themselves to the exponent field.
	field := low + exponent - wideSumExponent
	if field > exponentMask-1 {
		return math.Float64frombits(sign | exponentMask<<mantissaBits)
	}
	b := uint64(field)<<mantissaBits + mantissa
	if b >= exponentMask<<mantissaBits {
		b = exponentMask << mantissaBits
	}
	return math.Float64frombits(sign | b)
}

// wideBytes is the length of a Wide's encoding.
const wideBytes = 1 + 8*(wideSumWords+wideSquareWords)

// AppendBinary appends w's encoding: what it met, then the words of the sum
// and of the squares, lowest first, little endian.
func (w *Wide) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, w.met)
	for _, v := range w.sum {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	for _, v := range w.square {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b, nil
}

var errWideLength = errors.New("exactsum: the encoded wide sum has the wrong length")

// UnmarshalBinary sets w to what AppendBinary encoded.
func (w *Wide) UnmarshalBinary(b []byte) error {
	if len(b) != wideBytes {
		return errWideLength
	}
	w.met = b[0]
	b = b[1:]
	for i := range w.sum {
		w.sum[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	b = b[8*wideSumWords:]
	for i := range w.square {
		w.square[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return nil
}
