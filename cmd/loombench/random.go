package main

import (
	"math/bits"
	"math/rand/v2"

	"github.com/zeebo/xxh3"
)

// random draws the numbers of one chunk of rows. The bits come from PCG-DXSM,
// which math/rand/v2 specifies; what is made of them is integer arithmetic
// here, so that no library's choice and no processor's fused multiply-add can
// change a data set.
type random struct {
	pcg rand.PCG
}

// newRandom returns the numbers of a chunk: every chunk of every file of every
// table has its own, so that chunks can be made in any order.
func newRandom(table string, seed uint64, file, chunk int) *random {
	r := new(random)
	r.pcg.Seed(seed^xxh3.HashString(table), uint64(file)<<32|uint64(chunk))
	return r
}

// below returns a number in [0, n); n is at least 1. The bias is below n/2⁶⁴.
func (r *random) below(n int64) int64 {
	high, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int64(high)
}

// between returns a number in [low, high].
func (r *random) between(low, high int64) int64 {
	return low + r.below(high-low+1)
}

// oneIn reports true once in n times.
func (r *random) oneIn(n int64) bool { return r.below(n) == 0 }

// skewed returns a number in [0, n) that is small more often than not: n times
// the cube of a uniform number, in fixed point.
func (r *random) skewed(n int64) int64 {
	u := r.pcg.Uint64() >> 32
	cube := (u * u >> 32) * u >> 32
	return int64(cube * uint64(n) >> 32)
}

// bell returns a number that is normally distributed, nearly: the sum of twelve
// uniform numbers has variance 1 (Irwin-Hall). mean and deviation are in the
// units of the result.
func (r *random) bell(mean, deviation int64) int64 {
	var sum int64
	for range 3 {
		u := r.pcg.Uint64()
		sum += int64(u&0xffff) + int64(u>>16&0xffff) + int64(u>>32&0xffff) + int64(u>>48)
	}
	return mean + (sum-6<<16)*deviation>>16
}
