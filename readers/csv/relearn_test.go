package csv_test

import (
	"fmt"
	"strings"
	"testing"

	"csvloom/readers/csv"
)

// A type that turns out too narrow is inferred again from all values, and the
// run starts over: nothing is lost, and the user is told why.
func TestRelearn(t *testing.T) {
	long := func(first, last string) string {
		var s strings.Builder
		s.WriteString("k,v\n")
		for i := range 400 {
			fmt.Fprintf(&s, "%d,%s\n", i, first)
		}
		return s.String() + "400," + last + "\n"
	}
	for _, test := range []struct {
		name    string
		texts   []string
		o       csv.Options
		schema  string
		last    string
		widened string
	}{
		{"a fraction", []string{long("1", "12.5")}, csv.Options{}, "k BIGINT|v DOUBLE", "400|12.5",
			`column "v" is DOUBLE, not BIGINT as the sample had it: a.csv:402:5 has "12.5"`},
		{"leading zeros in the last file", []string{long("1", "1"), "v,k\n" + strings.Repeat("7,1\n", 100) + "007,2\n"}, csv.Options{}, "k BIGINT|v VARCHAR", "2|007",
			`column "v" is VARCHAR, not BIGINT as the sample had it: b.csv:102:1 has "007"`},
		{"twenty digits", []string{long("1", "12345678901234567890")}, csv.Options{}, "k BIGINT|v DECIMAL(38,0)", "400|12345678901234567890",
			`column "v" is DECIMAL(38,0), not BIGINT as the sample had it: a.csv:402:5 has "12345678901234567890"`},
		{"a fraction after an integer that no double holds", []string{long("9007199254740993", "12.5")}, csv.Options{}, "k BIGINT|v DECIMAL(18,1)", "400|12.5",
			`column "v" is DECIMAL(18,1), not BIGINT as the sample had it: a.csv:402:5 has "12.5"`},
		{"a time", []string{long("2024-02-29", "2024-03-01 12:30:00")}, csv.Options{}, "k BIGINT|v TIMESTAMP", "400|2024-03-01 12:30:00",
			`column "v" is TIMESTAMP, not DATE as the sample had it: a.csv:402:5 has "2024-03-01 12:30:00"`},
		{"a bad row is not learnt from alone", []string{long("1", "x,y")}, csv.Options{OnError: csv.Skip}, "k BIGINT|v BIGINT", "399|1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := test.o
			o.SampleBytes = 64
			got, src, err := everyway(t, inputs(test.texts...), o)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if last := lines[len(lines)-1]; last != test.last {
				t.Errorf("the last row is %s, want %s", last, test.last)
			}
			if lines[0] != test.schema {
				t.Errorf("the schema is %s, want %s", lines[0], test.schema)
			}
			if w := strings.Join(src.Widened(), "\n"); w != test.widened {
				t.Errorf("told\n%s\nwant\n%s", w, test.widened)
			}
		})
	}
}
