package exactsum

import (
	"math"
)

const (
	// cellAdds is how many values a Cell takes between two settlements.
	cellAdds = 1 << cellAddsBits

	cellAddsBits = 10
	// highBits and lowBits are how far the lowest bits of the two parts of a
	// value are below its range: what a double has, less what cellAdds values
	// add to a sum. The low part is rounded to nearest, so that it is a bit
	// smaller than the lowest bit of the high one.
	highBits = mantissaBits + 1 - cellAddsBits
	lowBits  = mantissaBits + 2 - cellAddsBits

	// rangeWidth is how many exponents a Range has.
	rangeWidth = highBits + lowBits - mantissaBits
	// rangeTopMin keeps the lowest bits within the window of Sum, and
	// rangeTopMax the values.
	rangeTopMin = windowExponent + highBits + lowBits
	rangeTopMax = windowExponent + windowShiftMax + mantissaBits + 1
)

// Range is a range of magnitudes, 35 powers of two wide, in which [Cell] adds
// without rounding. The zero value is empty.
//
// A value of the range is split into two parts by adding and subtracting a
// large constant: a multiple of some power of two, and the rest. Both are so short that
// the sums of 1024 of each are doubles too. So adding a value is five additions
// of doubles, each of them exact. (This is the pre-rounding of Demmel and
// Nguyen's reproducible sums.)
type Range struct {
	split float64 // rounds to a multiple of 2^(top-highBits) when added
	least uint64  // bits of the least positive value, without the sign
	span  uint64  // from there to the first value above
	top   int     // values are below 2^top
}

// RangeOf returns the range that holds the most of the given values, and of
// those the one with as much room above as below them.
func RangeOf(values []float64) Range {
	var before [exponentMask + 2]int // by exponent field: values with a lower one
	for _, v := range values {
		before[math.Float64bits(v)>>mantissaBits&exponentMask+1]++
	}
	for i := 1; i < len(before); i++ {
		before[i] += before[i-1]
	}
	most, first, last := -1, 0, 0
	for top := rangeTopMin; top <= rangeTopMax; top++ {
		end := top + exponentMask/2 // field of 2^top
		inside := before[end] - before[end-rangeWidth]
		if inside > most {
			most, first = inside, top
		}
		if inside == most {
			last = top
		}
	}
	top := (first + last) / 2
	least := math.Float64bits(math.Ldexp(1, top-rangeWidth)) << 1
	return Range{
		split: math.Ldexp(1.5, top-highBits+mantissaBits),
		least: least,
		span:  math.Float64bits(math.Ldexp(1, top))<<1 - least,
		top:   top,
	}
}

// Cell is the sum of up to 1024 values of one [Range], and counts all values.
// The zero value is 0.
type Cell struct {
	high, low float64
	// N is how many values were added.
	N int64
}

// Empty reports whether the cell holds 0.
func (c *Cell) Empty() bool { return c.high == 0 && c.low == 0 }

// Holds reports whether v is of the range or 0.
func (r *Range) Holds(v float64) bool {
	u := math.Float64bits(v) << 1
	return u-r.least < r.span || u == 0
}

// Add adds a value of any size to a cell, or to total what the cell does not
// take. It reports false when v does not fit total either: then it only
// counted it.
func (r *Range) Add(c *Cell, total *Sum, v float64) bool {
	fits := true
	if r.Holds(v) {
		high := (v + r.split) - r.split
		c.high += high
		c.low += v - high
	} else {
		fits = total.Add(v)
	}
	c.N++
	if c.N%cellAdds == 0 {
		r.Settle(c, total)
	}
	return fits
}

// AddEach adds values[i] to cells[groups[i]] for one i after the other and
// returns the first that needs [Range.Add]: because the value is not of the
// range, or because the cell is due to be settled. The slices are equally long.
func (r *Range) AddEach(cells []Cell, groups []uint32, values []float64) int {
	split, least, span := r.split, r.least, r.span
	values = values[:len(groups)]
	for i, g := range groups {
		v := values[i]
		u := math.Float64bits(v) << 1
		if u == 0 {
			u = least // zeros are common, and no branch shall depend on them
		}
		c := &cells[g]
		n := c.N + 1
		if u-least >= span || n%cellAdds == 0 {
			return i
		}
		high := (v + split) - split
		c.high += high
		c.low += v - high
		c.N = n
	}
	return len(groups)
}

// AddRows is AddEach for the rows i that rows names; it returns a place in
// rows.
func (r *Range) AddRows(cells []Cell, groups []uint32, values []float64, rows []int32) int {
	split, least, span := r.split, r.least, r.span
	for i, row := range rows {
		v := values[row]
		u := math.Float64bits(v) << 1
		if u == 0 {
			u = least
		}
		c := &cells[groups[row]]
		n := c.N + 1
		if u-least >= span || n%cellAdds == 0 {
			return i
		}
		high := (v + split) - split
		c.high += high
		c.low += v - high
		c.N = n
	}
	return len(rows)
}

// AddTo adds values to total and returns the first that is not of the range; it
// is AddEach for one group.
func (r *Range) AddTo(total *Sum, values []float64) int {
	split, least, span := r.split, r.least, r.span
	done := 0
	for done < len(values) {
		part := values[done:min(len(values), done+cellAdds)]
		// Four sums at a time do not wait for each other.
		var h, l [4]float64
		i := 0
		for ; i+4 <= len(part); i += 4 {
			p := (*[4]float64)(part[i:])
			a, b, c, d := math.Float64bits(p[0])<<1, math.Float64bits(p[1])<<1, math.Float64bits(p[2])<<1, math.Float64bits(p[3])<<1
			if (a-least >= span && a != 0) || (b-least >= span && b != 0) || (c-least >= span && c != 0) || (d-least >= span && d != 0) {
				break
			}
			h0, h1, h2, h3 := (p[0]+split)-split, (p[1]+split)-split, (p[2]+split)-split, (p[3]+split)-split
			h[0] += h0
			h[1] += h1
			h[2] += h2
			h[3] += h3
			l[0] += p[0] - h0
			l[1] += p[1] - h1
			l[2] += p[2] - h2
			l[3] += p[3] - h3
		}
		stop := false
		for ; i < len(part); i++ {
			if stop = !r.Holds(part[i]); stop {
				break
			}
			high := (part[i] + split) - split
			h[0] += high
			l[0] += part[i] - high
		}
		// All four together are sums of cellAdds values too.
		c := Cell{high: h[0] + h[1] + h[2] + h[3], low: l[0] + l[1] + l[2] + l[3]}
		r.Settle(&c, total)
		done += i
		if stop {
			break
		}
	}
	return done
}

// Settle moves what a cell holds to total; the count stays.
func (r *Range) Settle(c *Cell, total *Sum) {
	if c.Empty() {
		return
	}
	total.addUnits(c.high, r.top-highBits)
	total.addUnits(c.low, r.top-highBits-lowBits)
	c.high, c.low = 0, 0
}

// addUnits adds v, a multiple of 2^exponent and at most 2^53 of it.
func (s *Sum) addUnits(v float64, exponent int) {
	n := int64(v * math.Float64frombits(uint64(exponentMask/2-exponent)<<mantissaBits))
	sign := uint64(n >> 63)
	s.add((uint64(n)^sign)-sign, uint(exponent-windowExponent), sign)
}
