package main

import (
	"strings"
	"testing"
)

func TestAnswersQuery(t *testing.T) {
	w := &work{
		columns: []column{{"a", integer}, {"b", computed}, {"s", text}, {"d", date}, {"t", timestamp}, {"x", double}},
		keys:    []string{"s", "d"}, sorted: []string{"a"},
	}
	query := answersQuery(w, "/out/it's.parquet")
	for _, want := range []string{
		"FROM read_parquet('/out/it''s.parquet', file_row_number = true)",
		"CAST(hash(c2, c3) % 9973 + 1 AS HUGEINT) AS w",
		"fsum(w * abs(c1))", "fsum(w * c1)", "sum(w * c2)", "sum(p * c0)", "sum(p) FILTER (WHERE c0 IS NULL)",
		`epoch_us(CAST("t" AS TIMESTAMP))`,
	} {
		if !strings.Contains(query, want) {
			t.Errorf("no %s in\n%s", want, query)
		}
	}
	w.keys = nil
	if query = answersQuery(w, "x"); !strings.Contains(query, "CAST(position % 9973 + 1 AS HUGEINT) AS w") {
		t.Errorf("without keys rows are compared by position:\n%s", query)
	}
	w.partition = "s"
	if query = answersQuery(w, "x"); !strings.Contains(query, "'x/**/*.parquet'") {
		t.Errorf("partitions are read from below:\n%s", query)
	}
}

func TestDifference(t *testing.T) {
	w := &work{columns: []column{{"a", integer}, {"b", computed}}, sorted: []string{"a"}}
	// rows; NULLs and values of a; NULLs, size and values of b; a by position
	a := func(cells string) []string { return strings.Fields(cells) }
	for _, c := range []struct{ x, y, want string }{
		{"5 0 10 0 1e9 1e9 0 7", "5 0 10 0 1e9 1000000000.001 0 7", ""},
		{"5 0 10 0 1e9 1e9 0 7", "5 0 10 0 1e9 1000000000.1 0 7", "values of b: 1e9 against 1000000000.1"},
		{"5 0 10 0 1e9 1e9 0 7", "5 0 11 0 1e9 1e9 0 7", "values of a: 10 against 11"},
		{"5 0 10 0 1e9 1e9 0 7", "5 1 10 0 1e9 1e9 0 7", "NULLs of a: 0 against 1"},
		{"5 0 10 0 1e9 1e9 0 7", "5 0 10 0 1e9 1e9 0 8", "values in order of a: 7 against 8"},
		{"5 0 10 0 1e9 1e9 0 7", "6 0 10 0 1e9 1e9 0 7", "5 rows against 6"},
		{"5 0 10 0 1e9 nan 0 7", "5 0 10 0 1e9 1 0 7", "values of b: nan against 1"},
		{"5", "5", "the answers cannot be read"},
	} {
		if got := difference(w, a(c.x), a(c.y)); got != c.want {
			t.Errorf("difference(%s, %s) = %q, expected %q", c.x, c.y, got, c.want)
		}
	}
}

func TestGroupingCompares(t *testing.T) {
	g := workByName("brc").groups
	groups := map[string]*group{
		"Oslo": {rows: 4, states: []float64{-2, 10, 8}},
		"Rome": {rows: 1, states: []float64{20, 20, 20}},
	}
	for _, c := range []struct{ text, fault string }{
		{"station,low,mean,high\nOslo,-2,2.5,8\nRome,20,20,20\n", ""},
		{"station,low,mean,high\nRome,20,20,20\nOslo,-2.0,2.50000000000001,8\n", ""},
		{"station,low,mean,high\nOslo,-2,2.6,8\nRome,20,20,20\n", "expected 2.5"},
		{"station,low,mean,high\nOslo,-2,2.5,8\n", "1 groups, expected 2"},
		{"station,low,mean,high\nOslo,-2,2.5,8\nParis,20,20,20\n", "not in the data"},
		{"station,low,mean,high\nOslo,-2,,8\nRome,20,20,20\n", "expected 2.5"},
		{"station,low\nOslo,-2\n", "wrong number of fields"},
	} {
		err := g.compare(groups, strings.NewReader(c.text))
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%q: %v, expected %q", c.text, err, c.fault)
		}
	}
}
