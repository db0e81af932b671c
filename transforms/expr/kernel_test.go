package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
)

// columnOf makes a column of a type from text; "NULL" is NULL.
func columnOf(t *testing.T, typ arrow.DataType, values []string) arrow.Array {
	t.Helper()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for _, v := range values {
		if v == "NULL" {
			b.AppendNull()
		} else {
			b.Append(v)
		}
	}
	text := b.NewArray()
	schema := arrow.NewSchema([]arrow.Field{{Name: "v", Type: sqltype.Varchar, Nullable: true}}, nil)
	p, err := Bind(&Cast{X: &Column{Name: "v"}, Type: typ}, schema)
	if err != nil {
		t.Fatal(err)
	}
	col, err := p.NewEval(memory.DefaultAllocator).Eval(array.NewRecord(schema, []arrow.Array{text}, int64(len(values))))
	if err != nil {
		t.Fatal(err)
	}
	return col
}

// ordered has values of each type in ascending order.
var ordered = map[string][]string{
	"BIGINT": {"-9223372036854775808", "-5", "0", "7", "9223372036854775807"}, "DOUBLE": {"-inf", "-1.5", "0", "2", "inf", "NaN"},
	"DECIMAL(9,2)": {"-150.25", "-1.50", "0", "0.01", "3"}, "VARCHAR": {"", "A", "a", "ab", "\u00e9"}, "DATE": {"1969-01-01", "1970-01-01", "2020-02-29"},
	"TIMESTAMP": {"1969-01-01", "2020-01-01 00:00:01"}, "TIMESTAMPTZ": {"1969-01-01", "2020-01-01 00:00:01"}, "TIME": {"00:00:00", "12:00:00"},
	"INTERVAL": {"-1 day", "0 days", "29 days", "1 month", "1 year"}, "BOOLEAN": {"false", "true"},
}

// Every comparison of every type, column against column and against constants
// on both sides, orders values as they are listed.
func TestComparisonKernels(t *testing.T) {
	holds := map[string]func(i, j int) bool{
		"=": func(i, j int) bool { return i == j }, "<>": func(i, j int) bool { return i != j },
		"<": func(i, j int) bool { return i < j }, "<=": func(i, j int) bool { return i <= j },
		">": func(i, j int) bool { return i > j }, ">=": func(i, j int) bool { return i >= j },
		"IS DISTINCT FROM": func(i, j int) bool { return i != j }, "IS NOT DISTINCT FROM": func(i, j int) bool { return i == j },
	}
	for name, values := range ordered {
		typ, err := sqltype.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		// All pairs, repeated beyond a word of a bitmap, and NULLs.
		var left, right []string
		all := append(append([]string(nil), values...), "NULL")
		for len(left) < 100 {
			for _, l := range all {
				for _, r := range all {
					left, right = append(left, l), append(right, r)
				}
			}
		}
		place := map[string]int{}
		for i, v := range values {
			place[v] = i
		}
		schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: typ, Nullable: true}, {Name: "r", Type: typ, Nullable: true}}, nil)
		rec := array.NewRecord(schema, []arrow.Array{columnOf(t, typ, left), columnOf(t, typ, right)}, int64(len(left)))
		check := func(op, src string, l, r func(i int) string) {
			arr, err := mustBind(t, src, schema).NewEval(memory.DefaultAllocator).Eval(rec)
			if err != nil {
				t.Fatal(src, err)
			}
			for i := range arr.Len() {
				a, b := l(i), r(i)
				want := fmt.Sprintf("BOOLEAN %t", holds[op](place[a], place[b]))
				switch distinct := strings.HasPrefix(op, "IS"); {
				case distinct && (a == "NULL" || b == "NULL"):
					want = fmt.Sprintf("BOOLEAN %t", (a == b) == (op == "IS NOT DISTINCT FROM"))
				case a == "NULL" || b == "NULL":
					want = "NULL"
				}
				if got := describe(arr, i); got != want {
					t.Fatalf("%s of %s, row %d: %s and %s give %s, expected %s", src, name, i, a, b, got, want)
				}
			}
		}
		for op := range holds {
			atLeft, atRight := func(i int) string { return left[i] }, func(i int) string { return right[i] }
			check(op, "l "+op+" r", atLeft, atRight)
			for _, v := range values {
				fixed := func(int) string { return v }
				literal := fmt.Sprintf("CAST(%s AS %s)", textLiteral(v), name)
				check(op, "l "+op+" "+literal, atLeft, fixed)
				check(op, literal+" "+op+" r", fixed, atRight)
			}
		}
	}
}

// BIGINT and DOUBLE compare exactly in columns and against constants.
func TestMixedComparisons(t *testing.T) {
	ints := []string{"9007199254740993", "9007199254740992", "-1", "0", "9223372036854775807", "NULL"}
	doubles := []string{"9007199254740992", "9007199254740992", "-0.5", "NaN", "9223372036854775808", "1"}
	schema := arrow.NewSchema([]arrow.Field{{Name: "i", Type: sqltype.BigInt}, {Name: "d", Type: sqltype.Double}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{columnOf(t, sqltype.BigInt, ints), columnOf(t, sqltype.Double, doubles)}, int64(len(ints)))
	for src, want := range map[string]string{
		"i = d": "ftfff-", "i <> d": "tfttt-", "i < d": "ffttt-", "i <= d": "ftttt-", "i > d": "tffff-", "i >= d": "ttfff-",

		"d = i": "ftfff-", "d < i": "tffff-", "d <= i": "ttfff-", "d > i": "ffttt-", "d >= i": "ftttt-",

		"i > 9007199254740992e0": "tffft-", "9007199254740992e0 < i": "tffft-", "i < 0.5e0": "ffttf-", "d = 1": "ffffft", "d < 9007199254740993": "tttfft", "i > 0.5": "ttfft-", "i = 0.0": "ffftf-",
	} {
		arr, err := mustBind(t, src, schema).NewEval(memory.DefaultAllocator).Eval(rec)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, arr.Len())
		for i := range got {
			got[i] = map[string]byte{"NULL": '-', "BOOLEAN true": 't', "BOOLEAN false": 'f'}[describe(arr, i)]
		}
		if string(got) != want {
			t.Errorf("%s is %s, expected %s", src, got, want)
		}
	}
}

// Patterns and options that change from row to row.
func TestPatternsOfRows(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: sqltype.Varchar}, {Name: "p", Type: sqltype.Varchar}, {Name: "o", Type: sqltype.Varchar}, {Name: "n", Type: sqltype.BigInt}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{
		columnOf(t, sqltype.Varchar, []string{"ABab", "ABab", "ABab", "x", "ABab"}),
		columnOf(t, sqltype.Varchar, []string{"b", "b", "(a)(b)", "NULL", "(a)(b)"}),
		columnOf(t, sqltype.Varchar, []string{"g", "gi", "i", "g", ""}),
		columnOf(t, sqltype.BigInt, []string{"0", "0", "2", "1", "1"}),
	}, 5)
	for src, want := range map[string]string{
		"regexp_replace(s, p, '#', o)": "['ABa#' 'A#a#' '#ab' NULL 'AB#']",
		"regexp_extract(s, p, n)":      "['b' 'b' 'b' NULL 'a']",
		"regexp_matches(s, p || '$')":  "[true true true NULL true]",
		"s LIKE '%' || p":              "[true true false NULL false]",
		"replace(s, p, o)":             "['ABag' 'ABagi' 'ABab' NULL 'ABab']",
		"substr(s, n, n)":              "['' '' 'Ba' 'x' 'A']",
		"lpad(s, n + 4, o)":            "['ABab' 'ABab' 'iiABab' 'ggggx' 'ABab']",
		"split_part(s, 'B', n + 1)":    "['A' 'A' '' '' 'ab']",
	} {
		arr, err := mustBind(t, src, schema).NewEval(memory.DefaultAllocator).Eval(rec)
		if err != nil {
			t.Fatal(src, err)
		}
		got := make([]string, arr.Len())
		for i := range got {
			if got[i] = "NULL"; arr.IsValid(i) {
				_, got[i], _ = strings.Cut(describe(arr, i), " ")
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s is %s, expected %s", src, got, want)
		}
	}
	bad := array.NewRecord(schema, []arrow.Array{
		columnOf(t, sqltype.Varchar, []string{"a", "a"}), columnOf(t, sqltype.Varchar, []string{"a", "("}),
		columnOf(t, sqltype.Varchar, []string{"g", "g"}), columnOf(t, sqltype.BigInt, []string{"0", "0"}),
	}, 2)
	_, err := mustBind(t, "regexp_matches(s, p)", schema).NewEval(memory.DefaultAllocator).Eval(bad)
	if err == nil || err.Error() != `regular expression "(": missing closing ) in "("` {
		t.Errorf("a bad pattern in a row: %v", err)
	}
}
