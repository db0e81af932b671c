package csv_test

import (
	"strings"
	"testing"

	"csvloom/readers/csv"
)

func TestLineage(t *testing.T) {
	in := inputs("a,b\n1,x\n\n2,\"y\nz\"\n3,w\n", "b,a\r\nq,4\r\n", "a,b\n")
	got, _, err := everyway(t, in, csv.Options{FileColumn: "f", LineColumn: "n"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `a BIGINT|b VARCHAR|f VARCHAR|n BIGINT
1|x|a.csv|2
2|y
z|a.csv|4
3|w|a.csv|6
4|q|b.csv|2
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	// A header that has the name already.
	_, _, err = everyway(t, inputs("a,n\n1,2\n"), csv.Options{LineColumn: "n"})
	if err == nil || !strings.Contains(err.Error(), "--with-line n: there is a column of that name; give another one, such as --with-line=n_2") {
		t.Errorf("error %v", err)
	}
	// One that is ignored does not matter.
	s, err := csv.ParseSchemaFile("s.yaml", []byte("csvloom_schema: 1\ncolumns: [{name: a, type: BIGINT}]\nignore: [n]\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, src, err := everyway(t, inputs("a,n\n1,2\n"), csv.Options{LineColumn: "n", Schema: s})
	if err != nil || got != "a BIGINT|n BIGINT\n1|2\n" {
		t.Errorf("%v, got %s", err, got)
	}
	if file := src.SchemaFile(); len(file.Columns) != 1 || file.Columns[0].Name != "a" {
		t.Errorf("the schema file has columns that the source made: %+v", file.Columns)
	}
	// Names are repeated in every row of a block.
	long := inputs("a\n1\n")
	long[0].Name = strings.Repeat("x", 5000)
	if _, _, err := table(t, 1, long, csv.Options{FileColumn: "f"}); err == nil || !strings.Contains(err.Error(), "the name has 5000 bytes") {
		t.Errorf("error %v", err)
	}
}

// TestSchemaFileBinding reads with a schema file whatever the headers are.
func TestSchemaFileBinding(t *testing.T) {
	const text = `csvloom_schema: 1
columns:
  - {name: day, type: DATE, formats: ["%d/%m/%Y"]}
  - {name: at, type: TIMESTAMP, formats: ["%m/%d/%Y %H:%M"]}
  - {name: id, type: BIGINT}
  - {name: none, type: "DECIMAL(5,2)"}
rename: {Day: day, "When?": at}
ignore: [noise]
`
	s, err := csv.ParseSchemaFile("s.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(
		"id,noise,Day,When?\n007,x,02/01/2026,1/2/2026 5:06\n",
		"at,day,id\n12/31/2025 23:59:58,31/12/2025,8\n",
		"id\n9\n",
	)
	got, src, err := everyway(t, in, csv.Options{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	const want = `day DATE|at TIMESTAMP|id BIGINT|none DECIMAL(5,2)
2026-01-02|2026-01-02 05:06:00|7|.
2025-12-31|2025-12-31 23:59:58|8|.
.|.|9|.
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// By default a missing column is a warning, once for each header.
	if w := src.Warnings(); len(w) != 3 || !strings.Contains(w[2], `c.csv:1 differs from s.yaml: it lacks columns "day", "at", "none"`) {
		t.Errorf("the warnings are %q", w)
	}
	// Types that are given otherwise go first.
	types, err := csv.ParseTypes("id:VARCHAR")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err = everyway(t, in, csv.Options{Schema: s, Types: types}); err != nil || !strings.Contains(got, "|007|") {
		t.Errorf("%v, got %s", err, got)
	}
	// All columns may be missing: an empty table has its types.
	if got, _, err = table(t, 1, inputs(""), csv.Options{Schema: s}); err != nil || got != "day DATE|at TIMESTAMP|id BIGINT|none DECIMAL(5,2)\n" {
		t.Errorf("%v, got %s", err, got)
	}
}
