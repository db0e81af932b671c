// Package exactsum adds doubles without any rounding, so that a sum depends
// neither on the order of its terms nor on how they were split among workers.
//
// Almost all data lies in a narrow band of magnitudes. [Sum] therefore is a
// 192-bit fixed-point number with the bits 2^-85 to 2^107, and adding a double
// to it is a shift and three additions with carry. A term that does not fit the
// window goes to a [Wide] sum, which holds every double there is. The exact
// total is the two together, rounded once, to nearest and ties to even.
//
// This is the idea of Kulisch's long accumulator, cut down to the part that
// ordinary data touches. Where many values are added, most of them go to a [Cell]
// first, which adds in plain doubles and still loses nothing.
package exactsum

import (
	"math"
	"math/bits"
)

const (
	// windowExponent is the weight of the lowest bit of Sum: 2^-85.
	windowExponent = -85
	// windowShiftMax is the highest place of a term's lowest bit, so that a term
	// is below 2^149 units and 2^42 of the largest fit beside the sign: more
	// rows than a run can read.
	windowShiftMax = 96

	mantissaBits = 52
	exponentMask = 0x7ff
	// exponentBias turns the exponent field into the weight of the lowest bit
	// of the mantissa.
	exponentBias = 1075
)

// Sum is an exact sum of doubles of ordinary magnitude: a 192-bit two's
// complement number in units of 2^-85, lowest word first. The zero value is 0.
type Sum struct {
	W0, W1 uint64
	W2     int64
}

// Add adds v, or reports false when v does not fit the window: when it is not
// finite, subnormal, 2^64 or larger, or has bits below 2^-85.
func (s *Sum) Add(v float64) bool {
	b := math.Float64bits(v)
	exp := int(b>>mantissaBits) & exponentMask
	shift := uint(exp - exponentBias - windowExponent)
	if shift > windowShiftMax {
		return v == 0
	}
	m := b&(1<<mantissaBits-1) | 1<<mantissaBits
	s.add(m, shift, uint64(int64(b)>>63))
	return true
}

// AddInt adds an integer.
func (s *Sum) AddInt(v int64) {
	sign := uint64(v >> 63)
	s.add((uint64(v)^sign)-sign, -windowExponent, sign)
}

// add adds m<<shift, negated when sign is all ones, without a branch on data:
// the place of the two words and the sign are applied as masks.
func (s *Sum) add(m uint64, shift uint, sign uint64) {
	lo := m << (shift & 63)
	hi := m >> 1 >> (63 - shift&63)
	up := -uint64(shift >> 6) // all ones: one word higher
	w0 := lo &^ up
	w1 := hi&^up | lo&up
	w2 := hi & up
	var c uint64
	w0, c = bits.Add64(w0^sign, sign&1, 0)
	w1, c = bits.Add64(w1^sign, 0, c)
	w2, _ = bits.Add64(w2^sign, 0, c)
	s.W0, c = bits.Add64(s.W0, w0, 0)
	s.W1, c = bits.Add64(s.W1, w1, c)
	s.W2 = int64(uint64(s.W2) + w2 + c)
}

// AddSum adds another sum.
func (s *Sum) AddSum(o Sum) {
	var c uint64
	s.W0, c = bits.Add64(s.W0, o.W0, 0)
	s.W1, c = bits.Add64(s.W1, o.W1, c)
	s.W2 += o.W2 + int64(c)
}

// Float64 returns the sum rounded to the nearest double, ties to even.
func (s Sum) Float64() float64 {
	words := [3]uint64{s.W0, s.W1, uint64(s.W2)}
	return roundWords(words[:], windowExponent)
}

// Squares is an exact sum of the squares of such doubles: a 384-bit unsigned
// number in units of 2^-170, lowest word first.
type Squares [6]uint64

// Add adds v*v, or reports false where [Sum.Add] would.
func (q *Squares) Add(v float64) bool {
	b := math.Float64bits(v)
	exp := int(b>>mantissaBits) & exponentMask
	shift := uint(exp - exponentBias - windowExponent)
	if shift > windowShiftMax {
		return v == 0
	}
	q.add(b&(1<<mantissaBits-1)|1<<mantissaBits, 2*shift)
	return true
}

// AddInt adds the square of an integer.
func (q *Squares) AddInt(v int64) {
	sign := uint64(v >> 63)
	q.add((uint64(v)^sign)-sign, -2*windowExponent)
}

func (q *Squares) add(m uint64, shift uint) {
	hi, lo := bits.Mul64(m, m)
	s := shift & 63
	a := lo << s
	b := hi<<s | lo>>1>>(63-s)
	c := hi >> 1 >> (63 - s)
	at := shift >> 6 // at most 2*96/64 = 3, so that three words fit into six
	var carry uint64
	q[at], carry = bits.Add64(q[at], a, 0)
	q[at+1], carry = bits.Add64(q[at+1], b, carry)
	q[at+2], carry = bits.Add64(q[at+2], c, carry)
	for at += 3; carry != 0 && at < uint(len(q)); at++ {
		q[at], carry = bits.Add64(q[at], 0, carry)
	}
}

// AddSquares adds another sum of squares.
func (q *Squares) AddSquares(o *Squares) {
	var c uint64
	for i := range q {
		q[i], c = bits.Add64(q[i], o[i], c)
	}
}
