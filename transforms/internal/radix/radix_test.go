package radix

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSortIsStableAndOrders(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 63, 64, 65, 1000, 70000} {
		for _, mask := range []uint64{0, 3, 0xff00, 0xff00000000000000, ^uint64(0)} {
			keys, ids := make([]uint64, n), make([]uint32, n)
			for i := range keys {
				keys[i], ids[i] = rng.Uint64()&mask, uint32(i)
			}
			original := slices.Clone(keys)
			want := slices.Clone(ids)
			slices.SortStableFunc(want, func(a, b uint32) int {
				switch {
				case original[a] < original[b]:
					return -1
				case original[a] > original[b]:
					return 1
				}
				return 0
			})
			Sort(keys, ids)
			if !slices.Equal(ids, want) || !slices.IsSorted(keys) {
				t.Fatalf("n=%d mask=%x: not the stable ascending order", n, mask)
			}
			for i, id := range ids {
				if keys[i] != original[id] {
					t.Fatalf("n=%d mask=%x: key %d parted from its id", n, mask, i)
				}
			}
		}
	}
}

func BenchmarkSort1M(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	keys, ids := make([]uint64, 1<<20), make([]uint32, 1<<20)
	for b.Loop() {
		for i := range keys {
			keys[i], ids[i] = rng.Uint64(), uint32(i)
		}
		Sort(keys, ids)
	}
}
