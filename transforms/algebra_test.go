package transforms

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"csvloom/pipeline"
)

// The law of partial states, for every reducer: whatever the split of the
// input, the order and the number of states, the result is the same, bit for
// bit.

var algebraAggregates = []string{
	"count(*), count(x), count(distinct s), count(distinct x)",
	"sum(x), avg(x), stddev(x), var_pop(x), sum(distinct x)",
	"sum(m), avg(m), stddev_samp(m), sum(d), avg(d), variance(d)",
	"min(x), max(x), min(s), max(s), min(d), max(d), min(day), max(day), min(n), max(n)",
	"first(s), last(s), any_value(s), first(x), last(d), any_value(b), first(day)",
	"bool_and(b), bool_or(b), bool_or(b) filter (where n > 0) as f",
	"string_agg(s, ','), string_agg(distinct s, ',' order by s desc) as sd, string_agg(s, ';' order by n) as so",
	"median(x), median(n), median(distinct n) as md, approx_quantile(x, 0.3), approx_quantile(n, 0.9)",
	"approx_count_distinct(x), approx_count_distinct(s), approx_count_distinct(d)",
	"sum(x) filter (where b) as f, count(*) filter (where x > 0) as p",
}

var algebraKeys = []string{"", "s", "g", "x", "s, g", "g, day, b", "s, g, b, d", "d", "b"}

var algebraRows = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
	maybe := func(s string) string {
		if rapid.IntRange(0, 9).Draw(t, "null") == 9 {
			return "NULL"
		}
		return s
	}
	x := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) float64 {
			return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "mantissa"), rapid.IntRange(-30, 30).Draw(t, "exponent"))
		}),
		rapid.Float64(),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}),
	).Draw(t, "x")
	return []string{
		maybe("'" + rapid.SampledFrom([]string{"", "a", "b", "ab", "exactly12chr", "thirteen char",
			"a much longer text than fits two words", "a much longer text than fits two Words"}).Draw(t, "s") + "'"),
		maybe(fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "g"))),
		maybe(fmt.Sprint(x)),
		maybe(fmt.Sprint(rapid.IntRange(-10, 10).Draw(t, "n"))),
		maybe(fmt.Sprint(rapid.Int64().Draw(t, "m") >> 4 >> rapid.IntRange(0, 40).Draw(t, "shift"))),
		maybe(fmt.Sprintf("%d.%03d", rapid.IntRange(-5e8, 5e8).Draw(t, "whole"), rapid.IntRange(0, 999).Draw(t, "part"))),
		maybe(fmt.Sprint(rapid.Bool().Draw(t, "b"))),
		maybe(fmt.Sprintf("20%02d-03-04", rapid.IntRange(0, 3).Draw(t, "day"))),
	}
}), 0, 90)

const algebraColumns = "s VARCHAR; g BIGINT; x DOUBLE; n BIGINT; m BIGINT; d DECIMAL(20,3); b BOOLEAN; day DATE"

func checkLaw(t *testing.T, step func(t *rapid.T) (pipeline.Step, error)) {
	rapid.Check(t, func(rt *rapid.T) {
		in := table(t, algebraColumns, "")
		in.rows = algebraRows.Draw(rt, "rows")
		s, err := step(rt)
		if err != nil {
			rt.Fatal(err)
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		want, wantErr := run(t, in, s, way{rng: rand.New(rand.NewPCG(1, 1)), locals: 1, workers: 1})
		for i := range uint64(3) {
			w := way{rng: rand.New(rand.NewPCG(seed, i)), locals: 1 + int((seed+i)%4), shuffle: i > 0, workers: []int{1, 2, 8}[i]}
			got, err := run(t, in, s, w)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				rt.Fatalf("%s: %d locals, shuffle %t, %d workers: the result is\n%s(%v)\nin one piece it was\n%s(%v)",
					s, w.locals, w.shuffle, w.workers, got, err, want, wantErr)
			}
		}
	})
}

func TestAggregateLaw(t *testing.T) {
	checkLaw(t, func(t *rapid.T) (pipeline.Step, error) {
		var by []string
		if k := rapid.SampledFrom(algebraKeys).Draw(t, "by"); k != "" {
			by = strings.Split(k, ", ")
		}
		steps, err := Aggregate(by, rapid.SampledFrom(algebraAggregates).Draw(t, "aggregates"))
		if err != nil {
			return nil, err
		}
		return steps[0], nil
	})
}

func TestSortLaw(t *testing.T) {
	checkLaw(t, func(t *rapid.T) (pipeline.Step, error) {
		src := rapid.SampledFrom([]string{"x", "x desc", "s", "s desc nulls last", "g", "g desc nulls first", "d, s", "g desc, x",
			"b, day desc, s", "n + 1", "abs(n), upper(s) desc"}).Draw(t, "keys")
		if n := rapid.Int64Range(-1, 20).Draw(t, "limit"); n >= 0 {
			return SortLimit(src, n)
		}
		return Sort(src)
	})
}

func TestDistinctLaw(t *testing.T) {
	checkLaw(t, func(t *rapid.T) (pipeline.Step, error) {
		return Distinct(rapid.SampledFrom([][]string{nil, {"s"}, {"g", "b"}, {"x"}, {"g", "b", "day", "s"}, {"d"}}).Draw(t, "columns"))
	})
}

func TestSampleLaw(t *testing.T) {
	checkLaw(t, func(t *rapid.T) (pipeline.Step, error) {
		return SampleRows(rapid.Int64Range(0, 30).Draw(t, "n"), rapid.Uint64().Draw(t, "seed"))
	})
}
