package radix

import (
	"bytes"
	"cmp"
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

func TestSortKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 20, 100, 5000} {
		for _, longest := range []int{3, 9, 40, 700} {
			common := bytes.Repeat([]byte("common"), longest/7)
			keys := make([][]byte, n)
			for i := range keys {
				keys[i] = append(keys[i], common[:rng.IntN(2)*len(common)]...)
				for range rng.IntN(longest) {
					keys[i] = append(keys[i], byte(rng.IntN(3)))
				}
				if rng.IntN(3) == 0 && i > 0 {
					keys[i] = keys[rng.IntN(i)]
				}
			}
			ids := make([]uint32, n)
			for i := range ids {
				ids[i] = uint32(i)
			}
			rng.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			want := slices.Clone(ids)
			slices.SortFunc(want, func(a, b uint32) int {
				return cmp.Or(bytes.Compare(keys[a], keys[b]), cmp.Compare(a, b))
			})
			SortKeys(ids, func(id uint32, _ *[16]byte) []byte { return keys[id] }, cmp.Compare[uint32])
			if !slices.Equal(ids, want) {
				t.Fatalf("%d keys of up to %d bytes: not in order", n, longest)
			}
		}
	}
}
