package exactsum

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sumOf adds values one by one, and the rest to a wide sum.
func sumOf(values []float64) (Sum, *Wide) {
	var s Sum
	w := new(Wide)
	for _, v := range values {
		if !s.Add(v) {
			w.Add(v)
		}
	}
	return s, w
}

// TestCellsAreExact: cells hold to the bit what Sum holds, for values within and
// around the range, and for as many of one size as the bound is made for.
func TestCellsAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const groups = 5
	for _, c := range ranges {
		for round := range 8 {
			values := make([]float64, 5000)
			cells, totals := make([]Cell, groups), make([]Sum, groups)
			wide, byGroup := make([]Wide, groups), make([][]float64, groups)
			ids, rows := make([]uint32, len(values)), make([]int32, len(values))
			for i := range values {
				values[i] = draw(rng, c.low, c.top)
				if round%4 == 1 {
					values[i] = math.Abs(values[i])
				}
				if round%4 == 2 && i > 0 { // the largest of one sign, full mantissa
					values[i] = math.Nextafter(math.Ldexp(1, min(c.top, 1023)), 0)
				}
				ids[i], rows[i] = uint32(rng.IntN(groups)), int32(i)
				byGroup[ids[i]] = append(byGroup[ids[i]], values[i])
			}
			r := RangeOf(values[:200])
			for at := 0; at < len(values); {
				if round%2 == 0 {
					at += r.AddEach(cells, ids[at:], values[at:])
				} else {
					at += r.AddRows(cells, ids, values, rows[at:])
				}
				if at < len(values) {
					g := ids[at]
					if !r.Add(&cells[g], &totals[g], values[at]) {
						wide[g].Add(values[at])
					}
					at++
				}
			}
			for g := range groups {
				r.Settle(&cells[g], &totals[g])
				want, wantWide := sumOf(byGroup[g])
				if totals[g] != want || wide[g] != *wantWide || cells[g].N != int64(len(byGroup[g])) {
					t.Fatalf("%s, round %d: group %d is %v of %d, want %v of %d",
						c.name, round, g, totals[g], cells[g].N, want, len(byGroup[g]))
				}
			}
			var one Sum
			var oneWide Wide
			for at := 0; at < len(values); at++ {
				at += r.AddTo(&one, values[at:])
				if at < len(values) && !one.Add(values[at]) {
					oneWide.Add(values[at])
				}
			}
			if want, wantWide := sumOf(values); one != want || oneWide != *wantWide {
				t.Fatalf("%s, round %d: the whole is %v, want %v", c.name, round, one, want)
			}
		}
	}
}

// TestRangeBounds: the least and the largest value of every range are added
// without loss as often as a cell takes them.
func TestRangeBounds(t *testing.T) {
	for top := rangeTopMin; top <= rangeTopMax; top++ {
		largest, least := math.Nextafter(math.Ldexp(1, top), 0), math.Nextafter(math.Ldexp(1, top-rangeWidth), math.Inf(1))
		r := RangeOf([]float64{math.Ldexp(1, top-1), math.Ldexp(1, top-rangeWidth)})
		if r.top != top || !r.Holds(largest) || !r.Holds(-least) || !r.Holds(0) ||
			r.Holds(math.Ldexp(1, top)) || r.Holds(math.Ldexp(1, top-rangeWidth-1)) || r.Holds(math.NaN()) || r.Holds(math.Inf(-1)) {
			t.Fatalf("the range of values below 2^%d is %+v", top, r)
		}
		for _, v := range []float64{largest, -largest, least, -least, -least * (1 << 20)} {
			var c Cell
			var total, want Sum
			for range 3 * cellAdds {
				r.Add(&c, &total, v)
				want.Add(v)
			}
			r.Settle(&c, &total)
			if total != want {
				t.Fatalf("%v, %d times: %v, want %v", v, 3*cellAdds, total, want)
			}
		}
	}
}

func TestRangeOfNothing(t *testing.T) {
	for _, values := range [][]float64{nil, {0, 0}, {math.NaN(), math.Inf(1)}, {1e300, 5e-324}} {
		r := RangeOf(values)
		var c Cell
		var total Sum
		if !r.Add(&c, &total, 1.5) || !r.Add(&c, &total, 0) {
			t.Errorf("the range of %v does not take 1.5", values)
		}
		if r.Settle(&c, &total); total.Float64() != 1.5 || c.N != 2 {
			t.Errorf("the sum is %v of %d", total.Float64(), c.N)
		}
	}
	var r Range // takes nothing itself
	var c Cell
	var total Sum
	if n := r.AddEach([]Cell{{}}, []uint32{0}, []float64{1}); n != 0 || !r.Add(&c, &total, 1) || total.Float64() != 1 {
		t.Errorf("the empty range took a value")
	}
}

func BenchmarkCells(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 16<<10)
	for i := range values {
		values[i] = float64(rng.IntN(1e8)) / 1e6
	}
	r := RangeOf(values)
	for _, c := range []struct {
		name   string
		groups int
	}{{"4", 4}, {"100", 100}, {"10k", 10000}} {
		cells, totals := make([]Cell, c.groups), make([]Sum, c.groups)
		ids := make([]uint32, len(values))
		for i := range ids {
			ids[i] = uint32(rng.IntN(c.groups))
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				for at := 0; at < len(values); at++ {
					if at += r.AddEach(cells, ids[at:], values[at:]); at < len(values) {
						r.Add(&cells[ids[at]], &totals[ids[at]], values[at])
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(values)), "ns/value")
		})
	}
	b.Run("one", func(b *testing.B) {
		var total Sum
		for b.Loop() {
			r.AddTo(&total, values)
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(values)), "ns/value")
	})
}
