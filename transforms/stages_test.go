package transforms

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"csvloom/pipeline"
)

const fruit = `
	1 | pear  | 2.5
	2 | NULL  | 1
	3 | apple | NULL
	4 | fig   | 0
	5 | pear  | -1
`

const fruitColumns = "id BIGINT; name VARCHAR; price DOUBLE"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestStages(t *testing.T) {
	in := table(t, fruitColumns, fruit)
	for _, c := range []struct {
		stage pipeline.Stage
		want  string
	}{
		{must(Where("price > 0")), "id | name | price\n1 | pear | 2.5 @0:2\n2 | NULL | 1 @0:3"},
		{must(Where("name = 'pear'")), "id | name | price\n1 | pear | 2.5 @0:2\n5 | pear | -1 @0:9"},
		{must(Where("name is null or price is null")), "id | name | price\n2 | NULL | 1 @0:3\n3 | apple | NULL @0:5"},
		{must(Where("true")), "id | name | price\n1 | pear | 2.5 @0:2\n2 | NULL | 1 @0:3\n3 | apple | NULL @0:5\n4 | fig | 0 @0:8\n5 | pear | -1 @0:9"},
		{must(Where("id > 9")), "id | name | price"},
		{must(Select("price, id * 2 as twice, upper(name)")),
			"price | twice | upper(name)\n2.5 | 2 | PEAR @0:2\n1 | 4 | NULL @0:3\nNULL | 6 | APPLE @0:5\n0 | 8 | FIG @0:8\n-1 | 10 | PEAR @0:9"},
		{must(Select("* except (name, PRICE), id + 1 as next")), "id | next\n1 | 2 @0:2\n2 | 3 @0:3\n3 | 4 @0:5\n4 | 5 @0:8\n5 | 6 @0:9"},
		{must(Derive("price = coalesce(price, 9)")),
			"id | name | price\n1 | pear | 2.5 @0:2\n2 | NULL | 1 @0:3\n3 | apple | 9 @0:5\n4 | fig | 0 @0:8\n5 | pear | -1 @0:9"},
		{must(Derive("big = id > 3")),
			"id | name | price | big\n1 | pear | 2.5 | false @0:2\n2 | NULL | 1 | false @0:3\n3 | apple | NULL | false @0:5\n4 | fig | 0 | true @0:8\n5 | pear | -1 | true @0:9"},
		{Limit(2, 0), "id | name | price\n1 | pear | 2.5 @0:2\n2 | NULL | 1 @0:3"},
		{Limit(2, 2), "id | name | price\n3 | apple | NULL @0:5\n4 | fig | 0 @0:8"},
		{Limit(9, 4), "id | name | price\n5 | pear | -1 @0:9"},
		{Limit(0, 0), "id | name | price"},
		{Limit(-1, -1), "id | name | price"},
		{must(SampleFraction(1, 0)), "id | name | price\n1 | pear | 2.5 @0:2\n2 | NULL | 1 @0:3\n3 | apple | NULL @0:5\n4 | fig | 0 @0:8\n5 | pear | -1 @0:9"},
		{must(SampleFraction(0, 0)), "id | name | price"},
	} {
		t.Run(c.stage.String(), func(t *testing.T) {
			got, err := apply(t, in, c.stage)
			if err != nil {
				t.Fatal(err)
			}
			sameText(t, got, c.want)
		})
	}
}

func TestRowFaults(t *testing.T) {
	in := table(t, "n BIGINT", "1\n9223372036854775807\n9223372036854775807")
	for _, s := range []pipeline.Stage{must(Where("n + 1 > 0")), must(Select("n + 1 as m")), must(Derive("m = n + 1"))} {
		if _, err := apply(t, in, s); !isRowError(err) {
			t.Errorf("%s: the error is %v, want that of a row", s, err)
		}
	}
	for _, s := range []pipeline.Step{must(Sort("n + 1")), reducerOf(t, nil, "max(n + 1)"), reducerOf(t, []string{"n + 1"}, "count(*)")} {
		if _, err := run(t, in, s, way{rng: rand.New(rand.NewPCG(1, 1)), locals: 1, workers: 1}); !isRowError(err) {
			t.Errorf("%s: the error is %v, want that of a row", s, err)
		}
	}
}

func TestNeeds(t *testing.T) {
	in := table(t, "a BIGINT; b BIGINT; c BIGINT; d VARCHAR", "")
	set := func(names string) pipeline.Columns {
		c := pipeline.Columns{}
		for _, n := range strings.Fields(names) {
			c[n] = true
		}
		return c
	}
	aggregate := func(by, aggs string) pipeline.Step { return must(Aggregate(strings.Fields(by), aggs))[0] }
	for _, c := range []struct {
		step       pipeline.Step
		want, need string
	}{
		{must(Where("a > 1")), "b", "a b"},
		{must(Where("true")), "b", "b"},
		{must(Select("a + b as x, c, d")), "x", "a b"},
		{must(Select("a + b as x, c, d")), "c d", "c d"},
		{must(Select("*")), "c", "c"},
		{must(Select("* except (a)")), "b", "b"},
		{must(Select("a as b, b as a")), "a", "b"},
		{must(Derive("x = a + b")), "x c", "a b c"},
		{must(Derive("x = a + b")), "c", "c"},
		{must(Derive("a = b")), "a", "b"},
		{must(Derive("a = a + 1")), "a", "a"},
		{Limit(1, 0), "c", "c"},
		{must(SampleFraction(0.5, 1)), "c", "c"},
		{must(SampleRows(5, 1)), "c", "c"},
		{must(Distinct(nil)), "c", "a b c d"},
		{must(Distinct([]string{"a"})), "c", "a c"},
		{must(Sort("b desc")), "c", "b c"},
		{must(Sort("a + b")), "c", "a b c"},
		{aggregate("", "count(*)"), "", ""},
		{aggregate("a", "count(*)"), "", "a"},
		{aggregate("a", "sum(b) filter (where c > 0), first(d)"), "", "a b c d"},
	} {
		var bound interface {
			Needs(pipeline.Columns) pipeline.Columns
		}
		switch s := c.step.(type) {
		case pipeline.Stage:
			bound = must(s.Bind(in.schema))
		case pipeline.Reducer:
			bound = must(s.Bind(in.schema))
		}
		if got := bound.Needs(set(c.want)); !reflect.DeepEqual(got, set(c.need)) {
			t.Errorf("%s: for %q it needs %v, want %q", c.step, c.want, got, c.need)
		}
	}
}

func TestPrune(t *testing.T) {
	in := table(t, fruitColumns, fruit)
	bound := must(must(Select("* except (price), id + 1 as next")).Bind(in.schema))
	pruned := bound.(pipeline.Pruner).Prune(pipeline.Columns{"next": true})
	narrow := table(t, "id BIGINT", "1\n2")
	got, err := apply(t, narrow, pruned)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, got, "next\n2 @0:2\n3 @0:3")

	bound = must(must(Derive("x = price * 2")).Bind(in.schema))
	got, err = apply(t, narrow, bound.(pipeline.Pruner).Prune(pipeline.Columns{"id": true}))
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, got, "id\n1 @0:2\n2 @0:3")
}

func TestNoColumns(t *testing.T) {
	in := table(t, fruitColumns, fruit)
	bound := must(must(Select("id")).Bind(in.schema))
	none := bound.(pipeline.Pruner).Prune(pipeline.Columns{})
	got, err := apply(t, in, none)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, got, "@0:2\n@0:3\n@0:5\n@0:8\n@0:9")
}

func TestStageMistakes(t *testing.T) {
	in := table(t, fruitColumns, fruit)
	bind := func(s pipeline.Stage, err error) error {
		if err != nil {
			return err
		}
		_, err = s.Bind(in.schema)
		return err
	}
	reduce := func(s pipeline.Reducer, err error) error {
		if err != nil {
			return err
		}
		_, err = s.Bind(in.schema)
		return err
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{bind(Where("id")), "a condition must be BOOLEAN, this is BIGINT; compare it with something, as in x > 0\n  id\n  ^"},
		{bind(Where("sum(id) > 1")), "sum is an aggregate, which has no value for a single row; it belongs in --agg\n  sum(id) > 1\n  ^"},
		{bind(Where("prize > 1")), "there is no column prize; did you mean price?\n  prize > 1\n  ^"},
		{bind(Where("price >")), ""},
		{bind(Select("id, name, price as id")), "the result would have two columns named \"id\"; give one of them another name with AS, or leave it out with * EXCEPT (id)\n  id, name, price as id\n            ^"},
		{bind(Select("* except (nam)")), "there is no column nam; did you mean name?\n  * except (nam)\n            ^"},
		{bind(Select("* except (id, id)")), "\"id\" is left out twice\n  * except (id, id)\n                ^"},
		{bind(Select("* except (id, name, price)")), "nothing is selected; keep a column\n  * except (id, name, price)\n  ^"},
		{bind(Select("prize, nam")), "there is no column prize; did you mean price?\n  prize, nam\n  ^\nthere is no column nam; did you mean name?\n  prize, nam\n         ^"},
		{bind(Derive("price * 2")), ""},
		{bind(SampleFraction(1.5, 0)), "sample: the fraction is 1.5, expected 0 to 1"},
		{reduce(SampleRows(-1, 0)), "sample: the number of rows is -1, expected 0 to 2147483648"},
		{reduce(Distinct([]string{"nam", "x"})), "distinct: there is no column nam; did you mean name?\ndistinct: there is no column x; there are id, name, price"},
		{reduce(Distinct([]string{"id", "id"})), "distinct: column \"id\" is named twice"},
		{reduce(Sort("prize")), "there is no column prize; did you mean price?\n  prize\n  ^"},
		{reduce(Sort("interval '1 day' * id")), ""},
		{reduce(Sort("name asc desc")), ""},
	} {
		if c.err == nil {
			t.Errorf("no error, want %s", c.want)
		} else if c.want != "" && c.err.Error() != c.want {
			t.Errorf("the error is\n%s\nwant\n%s", c.err, c.want)
		}
	}
}

func TestDistinct(t *testing.T) {
	in := table(t, "k VARCHAR; x DOUBLE; n BIGINT", `
		a    | 0.0 | 1
		b    | NaN | 2
		a    | -0.0 | 1
		NULL | 1   | 3
		b    | NaN | 2
		NULL | 1   | 4
		a    | 0   | 1`)
	sameText(t, plainly(t, in, must(Distinct(nil))), "k | x | n\na | 0 | 1\nb | NaN | 2\nNULL | 1 | 3\nNULL | 1 | 4")
	sameText(t, plainly(t, in, must(Distinct([]string{"k"}))), "k | x | n\na | 0 | 1\nb | NaN | 2\nNULL | 1 | 3")
	sameText(t, plainly(t, in, must(Distinct([]string{"N", "k"}))), "k | x | n\na | 0 | 1\nb | NaN | 2\nNULL | 1 | 3\nNULL | 1 | 4")
	everyWay(t, in, must(Distinct(nil)))
	everyWay(t, in, must(Distinct([]string{"x"})))
}

func TestSort(t *testing.T) {
	in := table(t, "k VARCHAR; x DOUBLE; n BIGINT", `
		b    | 2    | 1
		NULL | NaN  | 2
		a    | NULL | 3
		b    | -1   | 4
		''   | Infinity | 5
		a    | 2    | 6
		abcdefghij1 | -0.0 | 7
		abcdefghij0 | 0    | 8`)
	rows := func(numbers string) string {
		want := []string{"k | x | n"}
		plain := strings.Split(strings.TrimSpace(plainly(t, in, must(Sort("n")))), "\n")[1:]
		for _, n := range strings.Fields(numbers) {
			want = append(want, plain[n[0]-'1'])
		}
		return strings.Join(want, "\n")
	}
	for _, c := range []struct{ keys, want string }{
		{"n desc", "8 7 6 5 4 3 2 1"},
		{"x", "4 7 8 1 6 5 2 3"},
		{"x desc", "3 2 5 1 6 7 8 4"},
		{"x nulls first", "3 4 7 8 1 6 5 2"},
		{"x desc nulls last", "2 5 1 6 7 8 4 3"},
		{"k", "5 3 6 8 7 1 4 2"},
		{"k desc", "2 1 4 7 8 3 6 5"},
		{"k, x", "5 6 3 8 7 4 1 2"},
		{"k desc nulls last, x desc", "1 4 7 8 3 6 5 2"},
		{"n % 2, x", "4 8 6 2 7 1 5 3"},
		{"K = 'a' desc nulls last", "3 6 1 4 5 7 8 2"},
	} {
		t.Run(c.keys, func(t *testing.T) {
			sameText(t, plainly(t, in, must(Sort(c.keys))), rows(c.want))
			for n := range int64(4) {
				want := strings.Join(strings.Fields(c.want)[:n], " ")
				sameText(t, plainly(t, in, must(SortLimit(c.keys, n))), rows(want))
			}
			everyWay(t, in, must(Sort(c.keys)))
		})
	}
}

func TestSample(t *testing.T) {
	in := table(t, "n BIGINT", "")
	for i := range 2000 {
		in.rows = append(in.rows, []string{string(rune('0' + i%10))})
	}
	count := func(s string) int { return strings.Count(s, "\n") - 1 }
	for _, f := range []float64{0.1, 0.5, 0.9} {
		a, err := apply(t, in, must(SampleFraction(f, 42)))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := apply(t, in, must(SampleFraction(f, 43)))
		if n := count(a); float64(n) < 2000*f-120 || float64(n) > 2000*f+120 {
			t.Errorf("a fraction of %v of 2000 rows is %d rows", f, n)
		}
		if a == b {
			t.Errorf("fraction %v: two seeds give the same rows", f)
		}
	}
	for _, n := range []int64{0, 1, 100, 2000, 5000} {
		if got := count(plainly(t, in, must(SampleRows(n, 7)))); got != int(min(n, 2000)) {
			t.Errorf("a sample of %d rows has %d", n, got)
		}
	}
	if plainly(t, in, must(SampleRows(50, 1))) == plainly(t, in, must(SampleRows(50, 2))) {
		t.Error("two seeds give the same sample")
	}
	everyWay(t, in, must(SampleRows(30, 7)))
}

func TestNames(t *testing.T) {
	for want, step := range map[string]pipeline.Step{
		"where a > 1":                         must(Where(" a\n > 1 ")),
		"select a, b":                         must(Select("a,  b")),
		"derive x = a + 1":                    must(Derive("x = a + 1")),
		"limit 5":                             Limit(5, 0),
		"limit 5 offset 2":                    Limit(5, 2),
		"sort a desc":                         must(Sort("a desc")),
		"sort a limit 3":                      must(SortLimit("a", 3)),
		"distinct":                            must(Distinct(nil)),
		"distinct a, b":                       must(Distinct([]string{"a", "b"})),
		"sample 10% seed 1":                   must(SampleFraction(0.1, 1)),
		"sample 10 rows seed 1":               must(SampleRows(10, 1)),
		"by a, b aggregate count(*), sum(x)":  must(Aggregate([]string{"a", "b"}, "count(*), sum(x)"))[0],
		"aggregate count(*) FILTER (WHERE b)": must(Aggregate(nil, "count(*) filter (where b) as n"))[0],
	} {
		if step.String() != want {
			t.Errorf("the step is %q, want %q", step, want)
		}
	}
}
