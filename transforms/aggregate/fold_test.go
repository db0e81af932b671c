package aggregate

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

// folded is values of groups, folded in batches: some of all rows, some of
// chosen ones, and some into another state that is combined at the end.
type folded[T any] struct {
	groups []uint32
	values []T
}

func foldAll[T any](t *testing.T, rng *rand.Rand, in folded[T], groups int, make func() state, column func([]T) arrow.Array) state {
	t.Helper()
	states := []state{make(), make()}
	for at := 0; at < len(in.values); {
		n := min(1+rng.IntN(700), len(in.values)-at)
		batch := folding{groups: in.groups[at : at+n], all: rng.IntN(2) == 0, args: []arrow.Array{column(in.values[at : at+n])}}
		if !batch.all {
			for i := range n {
				batch.rows = append(batch.rows, int32(i))
			}
		}
		s := states[rng.IntN(2)]
		s.grow(groups)
		if err := s.fold(&batch); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	all := upTo(groups)
	for _, s := range states {
		s.grow(groups)
	}
	columns, err := states[1].columns(memory.DefaultAllocator, all)
	if err != nil {
		t.Fatal(err)
	}
	if err := states[0].combine(all, columns); err != nil {
		t.Fatal(err)
	}
	return states[0]
}

func upTo(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

func integers(values []int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}

func float64s(values []float64) arrow.Array {
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}

// TestIntegerSums: totals that leave and enter the range of BIGINT are what
// big.Int says.
func TestIntegerSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 30 {
		groups := []int{1, 3, 40}[round%3]
		var in folded[int64]
		want, counts := make([]*big.Int, groups), make([]int64, groups)
		for g := range want {
			want[g] = new(big.Int)
		}
		for range 2000 {
			v := rng.Int64() >> rng.IntN(63)
			switch {
			case round%5 == 0:
				v = math.MinInt64
			case round%5 == 1:
				v = math.MaxInt64
			case rng.IntN(2) == 0:
				v = -v
			}
			g := uint32(rng.IntN(groups))
			in.groups, in.values = append(in.groups, g), append(in.values, v)
			want[g].Add(want[g], big.NewInt(v))
			counts[g]++
		}
		s := foldAll(t, rng, in, groups, newIntegerSum, integers).(*integerSum)
		for g := range want {
			total := s.total(uint32(g))
			if total.big().Cmp(want[g]) != 0 || total.n != counts[g] || total.fits() != want[g].IsInt64() {
				t.Fatalf("round %d: group %d is %v of %d, want %v of %d", round, g, total.big(), total.n, want[g], counts[g])
			}
		}
	}
}

// TestExtremes: min and max are the first and last in the order of rowkey words,
// for values at the ends of their type too.
func TestExtremes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	special := []float64{math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, 5e-324}
	for round := range 40 {
		const groups = 7
		var doubles folded[float64]
		var whole folded[int64]
		for range 30 << (round % 5) {
			g := uint32(rng.IntN(groups - 1)) // the last stays empty
			v, n := rng.NormFloat64(), int64(rng.IntN(100)-50)
			if rng.IntN(3) == 0 || round%7 == 0 {
				v, n = special[rng.IntN(len(special))], []int64{math.MaxInt64, math.MinInt64}[rng.IntN(2)]
			}
			if round%8 == 0 {
				v, n = math.NaN(), math.MaxInt64
			}
			doubles.groups, doubles.values = append(doubles.groups, g), append(doubles.values, v)
			whole.groups, whole.values = append(whole.groups, g), append(whole.values, n)
		}
		for _, largest := range []bool{false, true} {
			s := foldAll(t, rng, doubles, groups, newExtreme(arrow.PrimitiveTypes.Float64, largest), float64s)
			checkExtreme(t, s, doubles.groups, float64s(doubles.values), groups, largest)
			s = foldAll(t, rng, whole, groups, newExtreme(arrow.PrimitiveTypes.Int64, largest), integers)
			checkExtreme(t, s, whole.groups, integers(whole.values), groups, largest)
		}
	}
}

func checkExtreme(t *testing.T, s state, ids []uint32, values arrow.Array, groups int, largest bool) {
	t.Helper()
	byGroup := make([][]uint64, groups)
	for i, w := range rowkey.Words(nil, values) {
		byGroup[ids[i]] = append(byGroup[ids[i]], w)
	}
	columns, err := s.columns(memory.DefaultAllocator, upTo(groups))
	if err != nil {
		t.Fatal(err)
	}
	got := rowkey.Words(nil, columns[0])
	for g, words := range byGroup {
		if columns[0].IsValid(g) != (len(words) > 0) {
			t.Fatalf("group %d has %d values, and a value: %t", g, len(words), columns[0].IsValid(g))
		}
		if len(words) == 0 {
			continue
		}
		want := slices.Min(words)
		if largest {
			want = slices.Max(words)
		}
		if got[g] != want {
			t.Fatalf("%s, largest %t: group %d is %#x, want %#x", values.DataType(), largest, g, got[g], want)
		}
	}
}

func TestCounts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, groups := range []int{1, 2, countLanesMax, countLanesMax + 1, 500} {
		in := folded[int64]{values: make([]int64, 5003)}
		want := make([]int64, groups)
		for range in.values {
			g := rng.IntN(groups)
			in.groups = append(in.groups, uint32(g))
			want[g]++
		}
		s := foldAll(t, rng, in, groups, newCount, integers).(*count)
		if !slices.Equal(s.n, want) {
			t.Errorf("%d groups: %v, want %v", groups, s.n, want)
		}
	}
}

// TestPairTable holds the table to what a map says, while it is a square, a hash
// table, and a square again.
func TestPairTable(t *testing.T) {
	for _, c := range []struct {
		name        string
		left, right int
		square      bool
	}{{"small", 50, 70, true}, {"sparse", 1 << 20, 1 << 20, false}, {"full", 700, 300, true}, {"one", 1, 1, true}} {
		rng := rand.New(rand.NewPCG(1, 2))
		var table pairTable
		numbers := map[[2]uint32]uint32{}
		for round := range 400 {
			// Numbers come into being one by one, or all at once.
			leftCount, rightCount := c.left, c.right
			if round < 200 && c.name != "full" {
				leftCount, rightCount = 1+c.left*round/200, 1+c.right*round/200
			}
			left, right := make([]uint32, rng.IntN(1500)), make([]uint32, 1500)
			for i := range left {
				left[i], right[i] = uint32(rng.IntN(leftCount)), uint32(rng.IntN(rightCount))
			}
			ids := slices.Clone(left)
			table.lookup(ids, right, leftCount, rightCount)
			for i, id := range ids {
				pair := [2]uint32{left[i], right[i]}
				want, ok := numbers[pair]
				if !ok {
					want = uint32(len(numbers))
					numbers[pair] = want
				}
				if id != want || table.keys[id] != uint64(pair[0])<<32|uint64(pair[1]) {
					t.Fatalf("%s: the pair %v has number %d, want %d", c.name, pair, id, want)
				}
			}
		}
		if (table.square != nil) != c.square || len(table.keys) != len(numbers) {
			t.Errorf("%s: %d of %d pairs, a square: %t", c.name, len(table.keys), len(numbers), table.square != nil)
		}
	}
}

// TestWordTableGoesBack: keys that come in no order are found to be close
// together.
func TestWordTableGoesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table wordTable
	numbers := map[uint64]uint32{}
	slots := false
	for range 300 {
		keys := make([]uint64, 1000)
		for i := range keys {
			keys[i] = ^uint64(0) - rng.Uint64N(300000)
		}
		ids := make([]uint32, len(keys))
		if rng.IntN(2) == 0 {
			table.lookup(keys, ids)
		} else {
			rows := make([]int32, len(keys))
			for i := range rows {
				rows[i] = int32(i)
			}
			table.lookupSome(keys, ids, rows)
		}
		slots = slots || table.slots != nil
		for i, id := range ids {
			want, ok := numbers[keys[i]]
			if !ok {
				want = uint32(len(numbers))
				numbers[keys[i]] = want
			}
			if id != want || table.keys[id] != keys[i] {
				t.Fatalf("%d has number %d, want %d", keys[i], id, want)
			}
		}
	}
	if !slots || table.dense == nil {
		t.Errorf("slots at some time: %t, an array in the end: %t", slots, table.dense != nil)
	}
}
