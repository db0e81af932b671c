package csv_test

import (
	"reflect"
	"strings"
	"testing"

	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv"
)

func TestParseSchemaFile(t *testing.T) {
	text := `# a comment
csvloom_schema: 1
columns:
  - name: day
    type: DATE
    formats: ["%d/%m/%Y", '%Y%m%d']
  - {name: "007", type: "DECIMAL(10,2)"}
  - name: 2020
    type: bigint
rename:
  Day: day
  "Tag:": day
ignore: [x, "a b"]
drift: {new: warn, retype: evolve}
`
	got, err := csv.ParseSchemaFile("s.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &csv.SchemaFile{
		Name: "s.yaml",
		Columns: []csv.SchemaColumn{
			{Name: "day", Type: sqltype.Date, Formats: []string{"%d/%m/%Y", "%Y%m%d"}},
			{Name: "007", Type: sqltype.Decimal(10, 2)},
			{Name: "2020", Type: sqltype.BigInt},
		},
		Rename: []csv.Rename{{From: "Day", To: "day"}, {From: "Tag:", To: "day"}},
		Ignore: []string{"x", "a b"},
		Drift:  csv.Drift{New: csv.DriftWarn, Retype: csv.DriftEvolve},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseSchemaFileErrors(t *testing.T) {
	const start = "csvloom_schema: 1\ncolumns:\n  - name: a\n    type: BIGINT\n"
	for _, c := range []struct{ text, want string }{
		{"", "s.yaml: expected one YAML document that starts with csvloom_schema: 1"},
		{"a: [", "s.yaml:1:4: "},
		{"columns: []\n", "the key csvloom_schema is missing"},
		{"csvloom_schema: 2\ncolumns: []\n", "s.yaml:1:17: this is version 2 of the schema file, expected 1\n  csvloom_schema: 2\n                  ^"},
		{"csvloom_schema: 1\n", "the list of columns is missing"},
		{"csvloom_schema: 1\ncolumns: 3\n", "s.yaml:2:10: expected a list of columns"},
		{start + "colour: red\n", `s.yaml:5:1: there is no key "colour", expected csvloom_schema, columns, rename, ignore, drift`},
		{start + "renames: {}\n", "did you mean rename?"},
		{start + "    format: x\n", `s.yaml:5:5: there is no key "format", expected name, type, formats; did you mean formats?` + "\n      format: x\n      ^"},
		{start + "  - name: b\n    type: BIGNIT\n", "s.yaml:6:11: "},
		{start + "  - name: a\n    type: DATE\n", `s.yaml:5:11: "a" is a column of the table and cannot be a column of the table too`},
		{start + "  - name: b\n", "s.yaml:5:9: a column needs both name and type"},
		{start + "    formats: ['%d']\n", "formats are for DATE, TIMESTAMP and TIMESTAMPTZ, and this column is BIGINT"},
		{start + "ignore: [a]\n", `s.yaml:5:10: "a" is a column of the table and cannot be a column to be ignored too`},
		{start + "rename: {x: b}\n", `s.yaml:5:13: "b" is none of the columns above`},
		{start + "rename: {a: a}\n", `"a" is a column of the table and cannot be a column to be renamed too`},
		{start + "rename: {x: a, x: a}\n", ""},
		{start + "drift: often\n", `found "often", expected evolve, warn or fail`},
		{start + "drift: {moved: fail}\n", `there is no key "moved", expected new, missing, reorder, retype`},
		{start + "drift: {new: maybe}\n", `s.yaml:5:14: found "maybe", expected evolve, warn or fail`},
		{start + "---\na: 1\n", "expected one YAML document"},
		{start + "ignore: [&x y, *x]\n", "if this is meant as text, put it in double quotes"},
		{start + "ignore: " + strings.Repeat("[", 20), "more than 16 brackets are open"},
		{start + strings.Repeat("- ", 20), "lists are nested too deeply"},
		{start + strings.Repeat(" ", 80) + "x: 1\n", "indented by more than 64 spaces"},
		{start + "ignore: [\xff]\n", "not UTF-8"},
		{start + strings.Repeat("#", 8<<20), "more than 8388608 bytes"},
	} {
		_, err := csv.ParseSchemaFile("s.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "s.yaml") {
			t.Errorf("%.80q: error %v, expected %q", c.text, err, c.want)
		}
	}
}

func TestSchemaFileRoundTrip(t *testing.T) {
	s := &csv.SchemaFile{
		Columns: []csv.SchemaColumn{
			{Name: "plain", Type: sqltype.Varchar}, {Name: "true", Type: sqltype.Boolean}, {Name: "a: b # c", Type: sqltype.Double},
			{Name: " \t\n\x00\x7f", Type: sqltype.Time}, {Name: "Größe [m²", Type: sqltype.BigInt}, {Name: "]{", Type: sqltype.BigInt},
			{Name: `quote " and ' and \`, Type: sqltype.TimestampTZ, Formats: []string{"%d.%m.%Y %H:%M %z", "%s"}},
			{Name: "~", Type: sqltype.Decimal(38, 10)}, {Name: "-", Type: sqltype.Date}, {Name: "1e3", Type: sqltype.Timestamp},
			{Name: "\u2028\ufeff😀", Type: sqltype.Date},
		},
		Rename: []csv.Rename{{From: "A", To: "plain"}, {From: "null", To: "true"}, {From: "z", To: "-"}},
		Ignore: []string{"no", "*x"},
		Drift:  csv.Drift{New: csv.DriftWarn, Missing: csv.DriftFail, Reorder: csv.DriftEvolve, Retype: csv.DriftWarn},
	}
	text := s.Append(nil, []csv.Rename{{From: "old\nname", To: "plain"}})
	if !csv.IsSchemaFile(text) {
		t.Error("IsSchemaFile does not know it")
	}
	got, err := csv.ParseSchemaFile("", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(got, s) {
		t.Errorf("got  %+v\nwant %+v\n%s", got, s, text)
	}
}

func FuzzSchemaFile(f *testing.F) {
	f.Add("csvloom_schema: 1\ncolumns:\n  - name: day\n    type: DATE\n    formats: ['%d/%m/%Y']\nrename: {Day: day}\nignore: [x]\ndrift: warn\n")
	f.Add("csvloom_schema: 1\ncolumns: [{name: \"\\x5b\", type: \"DECIMAL(3,1)\"}]\ndrift: {new: fail}\n")
	f.Add("a: &b [*b, !!str x, ? y]\n<<: {}\n--- |\n x\n...\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := csv.ParseSchemaFile("", []byte(text))
		if err != nil {
			return
		}
		written := s.Append(nil, nil)
		again, err := csv.ParseSchemaFile("", written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		if third := again.Append(nil, nil); string(third) != string(written) {
			t.Fatalf("written again it is\n%s\nbefore\n%s", third, written)
		}
	})
}
