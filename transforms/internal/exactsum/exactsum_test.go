package exactsum

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// accumulator is what an aggregate keeps for one group.
type accumulator struct {
	s    Sum
	q    Squares
	w    *Wide
	rows int64
}

func (a *accumulator) add(v float64) {
	a.rows++
	if a.s.Add(v) && a.q.Add(v) {
		return
	}
	if a.w == nil {
		a.w = new(Wide)
	}
	a.w.Add(v)
	a.w.AddSquare(v)
}

func (a *accumulator) merge(o *accumulator) {
	a.s.AddSum(o.s)
	a.q.AddSquares(&o.q)
	a.rows += o.rows
	if o.w != nil {
		if a.w == nil {
			a.w = new(Wide)
		}
		a.w.AddWide(o.w)
	}
}

// exactly adds with 5,000 bits, which hold any sum of doubles and squares.
func exactly(values []float64) (sum, squares *big.Float) {
	sum, squares = new(big.Float).SetPrec(5000), new(big.Float).SetPrec(5000)
	for _, v := range values {
		f := new(big.Float).SetPrec(5000).SetFloat64(v)
		sum.Add(sum, f)
		squares.Add(squares, f.Mul(f, f))
	}
	return sum, squares
}

func TestTenTimesOneTenthIsOne(t *testing.T) {
	var s Sum
	for range 10 {
		s.Add(0.1)
	}
	if got := s.Float64(); got != 1 {
		t.Errorf("0.1 ten times is %v, want 1", got)
	}
}

// ranges are the magnitudes that values are drawn from, as powers of two.
var ranges = []struct {
	name     string
	low, top int
}{
	{"one binade", 0, 1},
	{"prices", -7, 20},
	{"inside the window", -32, 63},
	{"across the lower edge", -100, -20},
	{"across the upper edge", 50, 120},
	{"all", -1074, 1023},
	{"subnormal", -1074, -1020},
	{"huge", 1000, 1024},
}

func draw(rng *rand.Rand, low, top int) float64 {
	v := math.Ldexp(1+rng.Float64(), low+rng.IntN(top-low)-1)
	switch rng.IntN(8) {
	case 0:
		v = math.Ldexp(1, low+rng.IntN(top-low)-1)
	case 1:
		v = 0
	}
	if rng.IntN(2) == 0 {
		return -v
	}
	return v
}

func TestSumIsExactInAnyOrderAndSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, r := range ranges {
		for range 200 {
			values := make([]float64, 1+rng.IntN(200))
			for i := range values {
				values[i] = draw(rng, r.low, r.top)
			}
			exact, _ := exactly(values)
			want, _ := exact.Float64()
			if want == 0 {
				want = 0 // the sum has no negative zero
			}
			for range 3 {
				rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
				parts := make([]accumulator, 1+rng.IntN(4))
				for _, v := range values {
					parts[rng.IntN(len(parts))].add(v)
				}
				var all accumulator
				for _, i := range rng.Perm(len(parts)) {
					all.merge(&parts[i])
				}
				if got := Total(all.s, all.w); math.Float64bits(got) != math.Float64bits(want) {
					t.Fatalf("%s: sum of %d values is %v (%x), want %v (%x)", r.name, len(values),
						got, math.Float64bits(got), want, math.Float64bits(want))
				}
			}
		}
	}
}

func TestVarianceIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, r := range ranges {
		for range 100 {
			values := make([]float64, 2+rng.IntN(50))
			var all accumulator
			for i := range values {
				values[i] = draw(rng, r.low, r.top)
				all.add(values[i])
			}
			n := int64(len(values))
			sum, squares := exactly(values)
			squares.Mul(squares, new(big.Float).SetInt64(n))
			squares.Sub(squares, sum.Mul(sum, sum))
			squares.Quo(squares, new(big.Float).SetInt64(n*(n-1)))
			want, _ := squares.Float64()
			if got := Variance(all.s, &all.q, all.w, n, n-1, false); got != want {
				t.Fatalf("%s: variance of %v is %v, want %v", r.name, values, got, want)
			}
			root, _ := squares.Sqrt(squares).Float64()
			if got := Variance(all.s, &all.q, all.w, n, n-1, true); got != root {
				t.Fatalf("%s: deviation is %v, want %v", r.name, got, root)
			}
		}
	}
}

func TestNotFinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{1, nan}, nan},
		{[]float64{inf, 1, -2}, inf},
		{[]float64{-inf, 1e300}, -inf},
		{[]float64{inf, -inf}, nan},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, inf},
		{[]float64{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, math.MaxFloat64},
	} {
		var a accumulator
		for _, v := range c.values {
			a.add(v)
		}
		if got := Total(a.s, a.w); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("sum of %v is %v, want %v", c.values, got, c.want)
		}
	}
	var a accumulator
	a.add(math.MaxFloat64)
	a.add(math.MaxFloat64)
	if got := Mean(a.s, a.w, 2); got != math.MaxFloat64 {
		t.Errorf("mean of two largest doubles is %v", got)
	}
}

func TestIntegersAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		var s Sum
		var q Squares
		sum, squares := new(big.Int), new(big.Int)
		for range rng.IntN(50) {
			v := int64(rng.Uint64()) >> rng.IntN(64)
			if rng.IntN(20) == 0 {
				v = math.MinInt64
			}
			s.AddInt(v)
			q.AddInt(v)
			b := big.NewInt(v)
			sum.Add(sum, b)
			squares.Add(squares, b.Mul(b, b))
		}
		words := [3]uint64{s.W0, s.W1, uint64(s.W2)}
		if got := signedInt(words[:]); got.Rsh(got, -windowExponent).Cmp(sum) != 0 {
			t.Fatalf("sum is %v, want %v", got, sum)
		}
		if got := unsignedInt(q[:]); got.Rsh(got, -2*windowExponent).Cmp(squares) != 0 {
			t.Fatalf("squares are %v, want %v", got, squares)
		}
	}
}

func TestEncodingKeepsEverything(t *testing.T) {
	var w Wide
	w.Add(1e300)
	w.Add(-1e-300)
	w.AddSquare(1e200)
	w.Add(math.Inf(1))
	b, err := w.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back Wide
	if err := back.UnmarshalBinary(b); err != nil || back != w {
		t.Errorf("decoding gives another sum (%v)", err)
	}
	if err := back.UnmarshalBinary(b[1:]); err == nil {
		t.Error("a short encoding must be refused")
	}
}

func BenchmarkAdd(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	values, groups := make([]float64, 1<<16), make([]uint32, 1<<16)
	for i := range values {
		values[i] = math.Round(rng.Float64()*1e8) / 1e6
		groups[i] = rng.Uint32N(1000)
	}
	b.Run("one", func(b *testing.B) {
		var s Sum
		for b.Loop() {
			for _, v := range values {
				s.Add(v)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
	})
	b.Run("groups", func(b *testing.B) {
		s := make([]Sum, 1000)
		for b.Loop() {
			for i, g := range groups {
				s[g].Add(values[i])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
	})
	b.Run("rounding", func(b *testing.B) {
		s := make([]float64, 1000)
		for b.Loop() {
			for i, g := range groups {
				s[g] += values[i]
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
	})
}

func BenchmarkVariance(b *testing.B) {
	var a accumulator
	for i := range 100 {
		a.add(float64(i) * 0.01)
	}
	for b.Loop() {
		Variance(a.s, &a.q, a.w, 100, 99, true)
	}
}
