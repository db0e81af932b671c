package csv_test

import (
	"reflect"
	"strings"
	"testing"

	"csvloom/pipeline"
	"csvloom/readers/csv"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

func TestParseDrift(t *testing.T) {
	const e, w, f = csv.DriftEvolve, csv.DriftWarn, csv.DriftFail
	for text, want := range map[string]csv.Drift{
		"":                          {},
		"warn":                      {New: w, Missing: w, Reorder: w, Retype: w},
		"new=fail, missing=warn":    {New: f, Missing: w},
		"fail,reorder=evolve":       {New: f, Missing: f, Reorder: e, Retype: f},
		"retype=warn,evolve":        {New: e, Missing: e, Reorder: e, Retype: w},
		"new=evolve,reorder=evolve": {New: e, Reorder: e},
	} {
		if got, err := csv.ParseDrift(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v; expected %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"often":             `found "often", expected evolve, warn or fail`,
		"new":               `found "new", expected evolve, warn or fail`,
		"new=":              `new: found "", expected evolve, warn or fail`,
		"mising=warn":       "did you mean missing?",
		"warn,fail":         "an action for all events is given twice",
		"new=warn,new=warn": "new is given twice",
		",":                 "expected evolve, warn or fail",
	} {
		if _, err := csv.ParseDrift(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, expected %q", text, err, want)
		}
	}
}

// headersOf returns what the headers of some texts are, as read with o.
func headersOf(t *testing.T, o csv.Options, texts ...string) []csv.Header {
	t.Helper()
	_, src, err := table(t, 2, inputs(texts...), o)
	if err != nil {
		t.Fatal(err)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	headers, err := src.Headers(t.Context(), &pipeline.Task{Alloc: alloc, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return headers
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		name  string
		texts []string
		want  []csv.Header
	}{
		{"one", []string{"a,b\n1,2\n", "a,b\n", ""}, []csv.Header{
			{Columns: []string{"a", "b"}, Inputs: 2, Line: 1, First: "a.csv", Last: "b.csv"},
		}},
		{"the first is empty", []string{"", "\n\na\n1\n", "b\n"}, []csv.Header{
			{Columns: []string{"a"}, Inputs: 1, Line: 3, First: "b.csv", Last: "b.csv"},
			{Columns: []string{"b"}, Inputs: 1, Line: 1, First: "c.csv", Last: "c.csv", New: []string{"b"}, Missing: []string{"a"}},
		}},
		{"as few moves as explain the order", []string{"a,b,c,d,e\n", "e,a,b,d,c\n"}, []csv.Header{
			{Columns: []string{"a", "b", "c", "d", "e"}, Inputs: 1, Line: 1, First: "a.csv", Last: "a.csv"},
			{Columns: []string{"e", "a", "b", "d", "c"}, Inputs: 1, Line: 1, First: "b.csv", Last: "b.csv", Moved: []string{"e", "d"}},
		}},
		{"renamed by letters", []string{"Province/State,n\nx,1\n", "n,Province_State\n2,y\n"}, []csv.Header{
			{Columns: []string{"Province/State", "n"}, Inputs: 1, Line: 1, First: "a.csv", Last: "a.csv"},
			{Columns: []string{"n", "Province_State"}, Inputs: 1, Line: 1, First: "b.csv", Last: "b.csv",
				New: []string{"Province_State"}, Missing: []string{"Province/State"}, Renamed: []csv.Rename{{From: "Province/State", To: "Province_State"}}},
		}},
		{"renamed by place, type and a near name", []string{"id,Latitude,x\n1,1.5,a\n", "id,Lat,y\n1,2.5,2026-01-01\n"}, []csv.Header{
			{Columns: []string{"id", "Latitude", "x"}, Inputs: 1, Line: 1, First: "a.csv", Last: "a.csv"},
			{Columns: []string{"id", "Lat", "y"}, Inputs: 1, Line: 1, First: "b.csv", Last: "b.csv",
				New: []string{"Lat", "y"}, Missing: []string{"Latitude", "x"}, Renamed: []csv.Rename{{From: "Latitude", To: "Lat"}}},
		}},
		{"not renamed: another type", []string{"id,amount\n1,1.5\n", "id,amounts\n1,many\n"}, []csv.Header{
			{Columns: []string{"id", "amount"}, Inputs: 1, Line: 1, First: "a.csv", Last: "a.csv"},
			{Columns: []string{"id", "amounts"}, Inputs: 1, Line: 1, First: "b.csv", Last: "b.csv", New: []string{"amounts"}, Missing: []string{"amount"}},
		}},
		{"retyped", []string{"a,b,c\n1.5,x,\n", "a,b,c\n2,3,2026-01-01\n", "a,b,c\nz,,12:30\n"}, []csv.Header{
			{Columns: []string{"a", "b", "c"}, Inputs: 3, Line: 1, First: "a.csv", Last: "c.csv", Retyped: []csv.Retype{
				{Column: "a", Type: "DOUBLE", Found: "VARCHAR", Input: "c.csv", Line: 1},
				{Column: "c", Type: "DATE", Found: "TIME", Input: "c.csv", Line: 1},
			}},
		}},
		{"days and months: open, then known, then the other way", []string{"d\n1/2/2026\n", "d\n31/1/2026\n", "d\n1/31/2026\n"}, []csv.Header{
			{Columns: []string{"d"}, Inputs: 3, Line: 1, First: "a.csv", Last: "c.csv", Retyped: []csv.Retype{
				{Column: "d", Type: "DATE like %d/%m/%Y", Found: "DATE like %m/%d/%Y", Input: "c.csv", Line: 1},
			}},
		}},
	} {
		got := headersOf(t, csv.Options{}, c.texts...)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// TestHeadersRetypedBySchema holds samples to declared types, which take more
// than what would be inferred as such.
func TestHeadersRetypedBySchema(t *testing.T) {
	s, err := csv.ParseSchemaFile("s.yaml", []byte(`csvloom_schema: 1
columns: [{name: n, type: BIGINT}, {name: d, type: "DECIMAL(4,1)"}, {name: t, type: VARCHAR}]
drift: evolve
`))
	if err != nil {
		t.Fatal(err)
	}
	good := "n,d,t\n007,1.5,5\n+8,2,2026-01-01\n"
	if h := headersOf(t, csv.Options{Schema: s}, good); len(h) != 1 || h[0].Differs() {
		t.Errorf("headers %+v", h)
	}
	long := "n,d,t\n" + strings.Repeat("1,2,x\n", 5) + "9,1234567,y\n" + strings.Repeat("1,2,x\n", 200_000) // not kept
	for _, text := range []string{"n,d,t\n1,2,x\n2,1234567,x\n", long} {
		src, err := csv.NewSource(inputs(good, text), csv.Options{Schema: s, Drift: csv.Drift{Retype: csv.DriftFail}})
		if err != nil {
			t.Fatal(err)
		}
		alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
		_, err = src.Schema(t.Context(), &pipeline.Task{Alloc: alloc, Workers: 2})
		if err == nil || !strings.Contains(err.Error(), `column "d": found "1234567", expected DECIMAL(4,1) as s.yaml has it; mend the value, or change s.yaml, or accept it with --drift retype=evolve or retype=warn`) {
			t.Errorf("error %v", err)
		}
		alloc.AssertSize(t, 0)
	}
}

// TestDriftWarningsAreBounded has more headers than a person wants to be told of.
func TestDriftWarningsAreBounded(t *testing.T) {
	var in []csv.Input
	for i := range 30 {
		in = append(in, inputs("a,x"+strings.Repeat("x", i)+"\n")...)
	}
	_, src, err := table(t, 1, in, csv.Options{Drift: csv.Drift{New: csv.DriftWarn}})
	if err != nil {
		t.Fatal(err)
	}
	if w := src.Warnings(); len(w) != 21 || w[20] != "9 more warnings about headers; csvloom schema shows them all" {
		t.Errorf("%d warnings: %q", len(w), w)
	}
}
