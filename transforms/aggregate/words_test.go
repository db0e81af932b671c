package aggregate

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWordGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		step := 1 + rng.Uint64()>>rng.IntN(64)
		if step == 0 {
			continue
		}
		g := newGrid(rng.Uint64(), step)
		at := rng.Uint64N(min(math.MaxUint64/step, math.MaxInt) + 1)
		if got := g.place(g.key(int(at))); got != at {
			t.Fatalf("%+v: place %d is %d", g, at, got)
		}
		if step > 1 {
			off := g.base + at*step + 1 + rng.Uint64N(step-1)
			d := off - g.base // modulo 2^64
			if got := g.place(off); d%step != 0 && got <= math.MaxUint64/step {
				t.Fatalf("%+v: %d beside the grid is at place %d", g, off, got)
			}
		}
	}
}

// TestWordTableOnGrids holds the table to what a map says for keys on grids that
// turn out to be finer, reach down, and to the ends of the range.
func TestWordTableOnGrids(t *testing.T) {
	const hour = 3_600_000_000
	for _, c := range []struct {
		name  string
		key   func(rng *rand.Rand, round int) uint64
		dense bool
	}{
		{"hours", func(rng *rand.Rand, _ int) uint64 { return 1<<63 + hour*rng.Uint64N(9000) }, true},
		{"hours backwards", func(rng *rand.Rand, round int) uint64 { return 1<<63 + hour*(9000-uint64(20*round)-rng.Uint64N(20)) }, true},
		{"finer and finer", func(rng *rand.Rand, round int) uint64 {
			return 1<<40 + rng.Uint64N(40000)>>(10-round/40)<<(10-round/40)
		}, true},
		{"the lowest", func(rng *rand.Rand, _ int) uint64 { return rng.Uint64N(10) * 77 }, true},
		{"the highest", func(rng *rand.Rand, _ int) uint64 { return math.MaxUint64 - rng.Uint64N(10)*77 }, true},
		{"both ends", func(rng *rand.Rand, _ int) uint64 { return []uint64{0, math.MaxUint64, 1 << 63}[rng.IntN(3)] }, false},
		{"a coarse grid", func(rng *rand.Rand, _ int) uint64 { return rng.Uint64N(16) << 60 }, true},
		{"hours and one beside", func(rng *rand.Rand, round int) uint64 {
			if round == 200 {
				return 1<<63 + 1
			}
			return 1<<63 + hour*rng.Uint64N(9000)
		}, false},
		{"anything", func(rng *rand.Rand, _ int) uint64 { return rng.Uint64() }, false},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		var table wordTable
		numbers := map[uint64]uint32{}
		for round := range 400 {
			keys, ids := make([]uint64, rng.IntN(300)), make([]uint32, 300)
			rows := []int32{}
			for i := range keys {
				keys[i] = c.key(rng, round)
				rows = append(rows, int32(i))
			}
			if round%3 == 0 {
				table.lookupSome(keys, ids, rows)
			} else {
				table.lookup(keys, ids)
			}
			for i, key := range keys {
				want, ok := numbers[key]
				if !ok {
					want = uint32(len(numbers))
					numbers[key] = want
				}
				if ids[i] != want || table.keys[want] != key {
					t.Fatalf("%s: %d has number %d, want %d", c.name, key, ids[i], want)
				}
			}
		}
		if (table.dense != nil) != c.dense || len(table.keys) != len(numbers) {
			t.Errorf("%s: %d of %d keys, an array: %t", c.name, len(table.keys), len(numbers), table.dense != nil)
		}
	}
}
