package transforms

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"csvloom/pipeline"
)

const mixedColumns = "k VARCHAR; g BIGINT; x DOUBLE; n BIGINT; d DECIMAL(10,2); b BOOLEAN; day DATE; s VARCHAR"

const mixedRows = `
	a    | 1    | 0.1   | 5    | 1.25   | true  | 2020-01-02 | pear
	b    | 2    | NULL  | -7   | NULL   | false | 2019-05-06 | apple
	a    | 1    | 0.2   | NULL | 3.50   | NULL  | NULL       | NULL
	NULL | 1    | -0.0  | 3    | -2.00  | true  | 2021-12-31 | fig
	''   | NULL | NaN   | 3    | 0.01   | true  | 2000-02-29 | pear
	b    | 2    | Infinity | 9223372036854775807 | 99999999.99 | false | 1969-07-20 | ''
	a    | 2    | 1e300 | 1    | 1.25   | true  | 2020-01-02 | apple
	''   | 1    | 1e-300 | 0   | 7.00   | NULL  | 2020-01-02 | zebra with a long name
	NULL | NULL | 0.0   | 3    | -2.00  | false | NULL       | zebra with a long nose
`

func TestAggregates(t *testing.T) {
	in := table(t, mixedColumns, mixedRows)
	for _, c := range []struct{ by, aggs, want string }{
		{"", "count(*), count(x), count(b) as bools", "count(*) | count(x) | bools\n9 | 8 | 7"},
		{"", "count(*) filter (where n > 2) as many, sum(g) filter (where k = 'a') as s", "many | s\n5 | 4"},
		{"", "count(distinct k), count(distinct n), count(distinct x), count(distinct d), count(distinct day)",
			"count(distinct k) | count(distinct n) | count(distinct x) | count(distinct d) | count(distinct day)\n3 | 6 | 7 | 6 | 5"},
		{"", "sum(g), sum(d), avg(g) as avg, sum(distinct g) as sd, avg(distinct g) as ad", "sum(g) | sum(d) | avg | sd | ad\n10 | 100000009.00 | 1.4285714285714286 | 3 | 1.5"},
		{"", "min(k), max(k), min(n), max(n), min(d), max(d), min(day), max(day)",
			"min(k) | max(k) | min(n) | max(n) | min(d) | max(d) | min(day) | max(day)\n | b | -7 | 9223372036854775807 | -2.00 | 99999999.99 | 1969-07-20 | 2021-12-31"},
		{"", "min(x), max(x), sum(x), avg(x), max(x) filter (where x < 1) as small", "min(x) | max(x) | sum(x) | avg(x) | small\n0 | NaN | NaN | NaN | 0.2"},
		{"", "first(k), last(k), first(x), any_value(b), last(n)", "first(k) | last(k) | first(x) | any_value(b) | last(n)\na | NULL | 0.1 | true | 3"},
		{"", "bool_and(b), bool_or(b), bool_and(b) filter (where k = 'a') as every", "bool_and(b) | bool_or(b) | every\nfalse | true | true"},
		{"", "string_agg(s, '+') as s", "s\npear+apple+fig+pear++apple+zebra with a long name+zebra with a long nose"},
		{"", "string_agg(distinct s, '+') as s", "s\npear+apple+fig++zebra with a long name+zebra with a long nose"},
		{"", "string_agg(s, ',' order by s desc) as s", "s\nzebra with a long nose,zebra with a long name,pear,pear,fig,apple,apple,"},
		{"", "string_agg(s, ',' order by g nulls first, s) as s", "s\npear,zebra with a long nose,fig,pear,zebra with a long name,,apple,apple"},
		{"", "median(g), median(d), median(x) as m", "median(g) | median(d) | m\n1 | 1.25 | 0.15000000000000002"},
		{"", "stddev(g), var_pop(g), variance(g), stddev_pop(d)", "stddev(g) | var_pop(g) | variance(g) | stddev_pop(d)\n0.5345224838248488 | 0.24489795918367346 | 0.2857142857142857 | 33071890.95931782"},
		{"", "approx_count_distinct(k), approx_count_distinct(x), approx_count_distinct(d)", "approx_count_distinct(k) | approx_count_distinct(x) | approx_count_distinct(d)\n3 | 7 | 6"},
		{"", "approx_quantile(g, 0.5) as q, approx_quantile(x, 1) as top", "q | top\n1.0099999999999998 | NaN"},

		{"k", "count(*) as n", "k | n\n | 2\na | 3\nb | 2\nNULL | 2"},
		{"g", "", "g\n1\n2\nNULL"},
		{"x", "count(*) as n", "x | n\n0 | 2\n1e-300 | 1\n0.1 | 1\n0.2 | 1\n1e+300 | 1\ninf | 1\nNaN | 1\nNULL | 1"},
		{"k; g", "count(*) as n", "k | g | n\n | 1 | 1\n | NULL | 1\na | 1 | 2\na | 2 | 1\nb | 2 | 2\nNULL | 1 | 1\nNULL | NULL | 1"},
		{"d", "count(*) as n", "d | n\n-2.00 | 2\n0.01 | 1\n1.25 | 2\n3.50 | 1\n7.00 | 1\n99999999.99 | 1\nNULL | 1"},
		{"b; g; k", "sum(n) filter (where n < 100) as n", `b | g | k | n
			false | 2 | b | -7
			false | NULL | NULL | 3
			true | 1 | a | 5
			true | 1 | NULL | 3
			true | 2 | a | 1
			true | NULL |  | 3
			NULL | 1 |  | 0
			NULL | 1 | a | NULL`},
		{"b; g; k; day", "count(*) as c", `b | g | k | day | c
			false | 2 | b | 1969-07-20 | 1
			false | 2 | b | 2019-05-06 | 1
			false | NULL | NULL | NULL | 1
			true | 1 | a | 2020-01-02 | 1
			true | 1 | NULL | 2021-12-31 | 1
			true | 2 | a | 2020-01-02 | 1
			true | NULL |  | 2000-02-29 | 1
			NULL | 1 |  | 2020-01-02 | 1
			NULL | 1 | a | NULL | 1`},
		{"g + 1 as next", "max(s) as s", "next | s\n2 | zebra with a long name\n3 | apple\nNULL | zebra with a long nose"},
	} {
		t.Run(c.by+"/"+c.aggs, func(t *testing.T) {
			var by []string
			if c.by != "" {
				by = strings.Split(c.by, "; ")
			}
			step := reducerOf(t, by, c.aggs)
			sameText(t, plainly(t, in, step), c.want)
			everyWay(t, in, step)
		})
	}
}

func TestTenTenthsAreOne(t *testing.T) {
	in := table(t, "x DOUBLE", strings.Repeat("0.1\n", 10))
	sameText(t, plainly(t, in, reducerOf(t, nil, "sum(x), avg(x), stddev_pop(x)")), "sum(x) | avg(x) | stddev_pop(x)\n1 | 0.1 | 0")
}

func TestNoRows(t *testing.T) {
	in := table(t, mixedColumns, "")
	all := "count(*) as a, count(x) as b, sum(x) as c, avg(n) as d, min(s) as e, max(d) as f, stddev(x) as g, var_pop(x) as h, first(k) as i, " +
		"last(x) as j, any_value(b) as k, bool_and(b) as l, string_agg(s, ',') as m, median(x) as n, approx_quantile(x, 0.5) as o, " +
		"approx_count_distinct(x) as p, count(distinct x) as q, sum(distinct x) as r, sum(n) as s, sum(d) as t"
	sameText(t, plainly(t, in, reducerOf(t, nil, all)),
		"a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p | q | r | s | t\n"+
			"0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | 0 | 0 | NULL | NULL | NULL")
	sameText(t, plainly(t, in, reducerOf(t, []string{"k"}, "count(*) as n, sum(x) as s")), "k | n | s")

	nulls := table(t, "x DOUBLE; n BIGINT; s VARCHAR", "NULL | NULL | NULL\nNULL | NULL | NULL")
	sameText(t, plainly(t, nulls, reducerOf(t, nil, "count(*) as a, count(x) as b, sum(x) as c, sum(n) as d, min(s) as e, avg(n) as f, first(s) as g, median(n) as h")),
		"a | b | c | d | e | f | g | h\n2 | 0 | NULL | NULL | NULL | NULL | NULL | NULL")
}

func TestOverflowNamesTheGroup(t *testing.T) {
	in := table(t, "k VARCHAR; n BIGINT", `
		a | 9223372036854775807
		b | 9223372036854775807
		c | -9223372036854775808
		c | -1
		c | 1
		b | 1
		a | 1
		a | -1`)
	step := reducerOf(t, []string{"k"}, "sum(n)")
	for range 3 {
		_, err := run(t, in, step, way{rng: rand.New(rand.NewPCG(1, 1)), locals: 2, workers: 2})
		want := `sum(n) of the group k="b": the total 9223372036854775808 does not fit BIGINT; cast the argument to DECIMAL(38,0) or DOUBLE`
		if err == nil || err.Error() != want {
			t.Fatalf("the error is %v, want %s", err, want)
		}
	}
	everyWay(t, in, step)
	in.rows = append(in.rows, []string{"b", "-1"})
	sameText(t, plainly(t, in, step), "k | sum(n)\na | 9223372036854775807\nb | 9223372036854775807\nc | -9223372036854775808")
}

func TestDecimalOverflow(t *testing.T) {
	nines := strings.Repeat("9", 38)
	in := table(t, "d DECIMAL(38,0)", nines+"\n"+nines+"\n-"+nines)
	step := reducerOf(t, nil, "sum(d)")
	sameText(t, plainly(t, in, step), "sum(d)\n"+nines)
	in.rows = in.rows[:2]
	if _, err := run(t, in, step, way{rng: rand.New(rand.NewPCG(1, 1)), locals: 1, workers: 1}); err == nil ||
		err.Error() != "sum(d): the total does not fit DECIMAL(38,0), the widest type; cast the argument to DOUBLE" {
		t.Errorf("the error is %v", err)
	}
	sameText(t, plainly(t, in, reducerOf(t, nil, "avg(d)")), "avg(d)\n1e+38")
}

func TestExpressionsOverAggregates(t *testing.T) {
	in := table(t, mixedColumns, mixedRows)
	steps, err := Aggregate([]string{"g"}, `sum(n) filter (where n < 100) / count(*) as ratio, max(d), g * 10 as tens, count(*)`)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 2 {
		t.Fatalf("steps are %v", steps)
	}
	reduced := plainly(t, in, steps[0])
	sameText(t, strings.Split(reduced, "\n")[0], "g | sum(n) FILTER (WHERE n < 100) | count(*) | max(d)")
	bound, err := steps[0].(pipeline.Reducer).Bind(in.schema)
	if err != nil {
		t.Fatal(err)
	}
	middle := input{schema: bound.Schema()}
	for _, row := range strings.Split(strings.TrimSpace(reduced), "\n")[1:] {
		middle.rows = append(middle.rows, strings.Split(row, " | "))
	}
	got, err := apply(t, middle, steps[1].(pipeline.Stage))
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, got, `g | ratio | max(d) | tens | count(*)
		1 | 2 | 7.00 | 10 | 4 @0:2
		2 | -2 | 99999999.99 | 20 | 3 @0:3
		NULL | 3 | 0.01 | NULL | 2 @0:5`)
}

func TestSameAggregateTwice(t *testing.T) {
	in := table(t, "x DOUBLE", "1\n2")
	steps, err := Aggregate(nil, "sum(x) as a, SUM(x) as b, avg(x) as c")
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, plainly(t, in, steps[0]), "sum(x) | avg(x)\n3 | 1.5")
	bound, err := steps[0].(pipeline.Reducer).Bind(in.schema)
	if err != nil {
		t.Fatal(err)
	}
	// partition, and one state of five columns for both.
	if n := bound.Partial().NumFields(); n != 6 {
		t.Errorf("the state has %d columns: %v", n, bound.Partial())
	}
}

func TestGroupingMistakes(t *testing.T) {
	in := table(t, mixedColumns, mixedRows)
	for _, c := range []struct{ by, aggs, want string }{
		{"k", "sum(avg(x))", "avg is inside the aggregate sum; compute the inner one in a run of its own\n  sum(avg(x))\n      ^"},
		{"k", "summ(x)", "there is no aggregate or function summ; did you mean sum?\n  summ(x)\n  ^"},
		{"k", "sum(x), g + 1 as y", "column g is neither a key nor inside an aggregate; group by it, or say which value, as in first(g)\n  sum(x), g + 1 as y\n          ^"},
		{"k", "sum(s)", "sum needs a number, found VARCHAR; cast the argument, as in CAST(x AS DOUBLE)\n  sum(s)\n  ^"},
		{"k", "max(b)", "max needs a value with an order, found BOOLEAN; use bool_or\n  max(b)\n  ^"},
		{"k", "sum(x), sum(x)", "the result would have two columns named \"sum(x)\"; give one of them another name with AS\n  sum(x), sum(x)\n          ^"},
		{"k", "sum(*)", "sum(*) has no meaning; name a column\n  sum(*)\n  ^"},
		{"k", "sum(x, 2)", "sum takes one argument\n  sum(x, 2)\n         ^"},
		{"k", "count()", "count needs an argument; count(*) counts rows\n  count()\n  ^"},
		{"k", "approx_quantile(x)", "approx_quantile takes a number and the quantile; as in approx_quantile(x, 0.95)\n  approx_quantile(x)\n  ^"},
		{"k", "approx_quantile(x, 2)", "the quantile of approx_quantile is 2, expected 0 to 1; the median is 0.5\n  approx_quantile(x, 2)\n  ^"},
		{"k", "approx_quantile(x, g)", "expected a constant DOUBLE, this depends on the row\n  approx_quantile(x, g)\n                     ^"},
		{"k", "string_agg(s, 1)", "expected a constant VARCHAR, this is BIGINT\n  string_agg(s, 1)\n                ^"},
		{"k", "string_agg(n, ',')", "string_agg needs a VARCHAR, found BIGINT; cast the argument, as in CAST(x AS VARCHAR)\n  string_agg(n, ',')\n  ^"},
		{"k", "sum(x order by n)", "ORDER BY has no effect in sum; leave it out\n  sum(x order by n)\n  ^"},
		{"k", "count(distinct *)", ""},
		{"k", "*", "* is not an aggregate; count(*) counts rows\n  *\n  ^"},
		{"*", "count(*)", "* is not a key; name the columns to group by\n  *\n  ^"},
		{"sum(x)", "count(*)", ""},
		{"k; k", "count(*)", "two keys are named \"k\"; name one of them with AS\n  k\n  ^"},
		{"kk", "sum(xx)", ""},
		{"interval '1 day' as i", "count(*)", "rows cannot be grouped by \"i\" of type INTERVAL; cast it to a type with an order, such as VARCHAR"},
		{"k", "count(*) filter (where n)", "FILTER needs a BOOLEAN, found BIGINT\n  count(*) filter (where n)\n  ^"},
	} {
		steps, err := Aggregate(strings.Split(c.by, "; "), c.aggs)
		for _, s := range steps {
			if r, ok := s.(pipeline.Reducer); ok && err == nil {
				_, err = r.Bind(in.schema)
			}
		}
		switch {
		case err == nil:
			t.Errorf("by %s aggregate %s: no error", c.by, c.aggs)
		case c.want != "" && err.Error() != c.want:
			t.Errorf("by %s aggregate %s: the error is\n%s\nwant\n%s", c.by, c.aggs, err, c.want)
		}
	}
	_, err := Aggregate([]string{"kk"}, "sum(xx), max(b)")
	if err != nil {
		t.Fatal(err)
	}
	steps, _ := Aggregate([]string{"kk"}, "sum(xx), max(b)")
	_, err = steps[0].(pipeline.Reducer).Bind(in.schema)
	for _, part := range []string{"kk", "xx", "bool_or"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("all mistakes are to be reported together; %q is missing in %v", part, err)
		}
	}
}

// TestManyGroups takes the path of several merging goroutines.
func TestManyGroups(t *testing.T) {
	in := table(t, "k BIGINT; s VARCHAR; x DOUBLE", "")
	const groups = 30000
	for i := range groups {
		k := i * 7919 % groups
		s := fmt.Sprintf("group number %d", k)
		if k%100 == 0 {
			s = "NULL"
		}
		in.rows = append(in.rows, []string{fmt.Sprint(k), s, fmt.Sprint(float64(k) / 10)})
	}
	for _, by := range []string{"k", "s", "k, s", "k, s, x", "k, s, x, k % 2 as odd"} {
		var want string
		for _, workers := range []int{1, 3} {
			steps, err := Aggregate([]string{by}, "count(*) as n, sum(x) as sum, first(s) as first, min(s) as min")
			if err != nil {
				t.Fatal(err)
			}
			got, err := run(t, in, steps[0], way{rng: rand.New(rand.NewPCG(3, 3)), locals: 2, workers: workers, shuffle: true})
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("by %s: %d workers give another result", by, workers)
			}
		}
		if by == "k" {
			lines := strings.Split(strings.TrimSpace(want), "\n")[1:]
			if len(lines) != groups {
				t.Fatalf("%d groups, want %d", len(lines), groups)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, fmt.Sprintf("%d | 1 | ", i)) {
					t.Fatalf("group %d is %s", i, line)
				}
			}
		}
	}
}
