package sqltype

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name string
		want arrow.DataType
	}{
		{"BOOLEAN", Boolean}, {"bool", Boolean},
		{"bigint", BigInt}, {"int", BigInt}, {"Int8", BigInt}, {"smallint", BigInt},
		{"double", Double}, {"double   precision", Double}, {" real ", Double}, {"float8", Double},
		{"DECIMAL", Decimal(18, 3)}, {"decimal(10)", Decimal(10, 0)}, {"numeric ( 10 , 2 )", Decimal(10, 2)},
		{"dec(38,38)", Decimal(38, 38)},
		{"date", Date}, {"time", Time}, {"time without time zone", Time},
		{"timestamp", Timestamp}, {"datetime", Timestamp}, {"timestamp without time zone", Timestamp},
		{"timestamptz", TimestampTZ}, {"Timestamp With Time\tZone", TimestampTZ},
		{"text", Varchar}, {"varchar", Varchar}, {"character varying", Varchar},
		{"bytea", Blob}, {"interval", Interval},
	} {
		got, err := Parse(tc.name)
		if err != nil || !arrow.TypeEqual(got, tc.want) {
			t.Errorf("Parse(%q) = %v, %v; want %v", tc.name, got, err, tc.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"bigitn", `unknown type "bigitn"; did you mean BIGINT?`},
		{"", `unknown type ""; known are BOOLEAN, BIGINT, DOUBLE, DECIMAL(p,s), DATE, TIMESTAMP, TIMESTAMPTZ, TIME, VARCHAR, BLOB, INTERVAL`},
		{"geometry", `unknown type "geometry"; known are BOOLEAN, BIGINT, DOUBLE, DECIMAL(p,s), DATE, TIMESTAMP, TIMESTAMPTZ, TIME, VARCHAR, BLOB, INTERVAL`},
		{"hugeint", `type HUGEINT is not supported; use DECIMAL(38,0)`},
		{"decimal(39,2)", `type "decimal(39,2)": the precision is 39, expected 1 to 38`},
		{"decimal(0)", `type "decimal(0)": the precision is 0, expected 1 to 38`},
		{"decimal(5,6)", `type "decimal(5,6)": the scale is 6, expected 0 to the precision, 5`},
		{"decimal(5,-1)", `type "decimal(5,-1)": the scale is -1, expected 0 to the precision, 5`},
		{"decimal()", `type "decimal()": expected DECIMAL(precision,scale), such as DECIMAL(10,2)`},
		{"decimal(a,b)", `type "decimal(a,b)": expected DECIMAL(precision,scale), such as DECIMAL(10,2)`},
		{"decimal(1,2,3)", `type "decimal(1,2,3)": expected DECIMAL(precision,scale), such as DECIMAL(10,2)`},
		{"decimal(99999999999)", `type "decimal(99999999999)": expected DECIMAL(precision,scale), such as DECIMAL(10,2)`},
		{"decimal(5", `type "decimal(5" lacks a closing parenthesis`},
		{"varchar(10)", `type VARCHAR takes no parameters, found "varchar(10)"; write VARCHAR`},
		{"timestamp(3) with time zone", `type TIMESTAMPTZ takes no parameters, found "timestamp(3) with time zone"; write TIMESTAMPTZ`},
	} {
		got, err := Parse(tc.name)
		if got != nil || err == nil || err.Error() != tc.want {
			t.Errorf("Parse(%q) = %v, error %v\nwant %s", tc.name, got, err, tc.want)
		}
	}
	if _, err := Parse(strings.Repeat("x", 1<<20)); err == nil || len(err.Error()) > 300 {
		t.Errorf("a long name makes the error %.400v", err)
	}
}

func TestNameParsesBack(t *testing.T) {
	for _, typ := range []arrow.DataType{
		Boolean, BigInt, Double, Decimal(1, 0), Decimal(38, 38), Date, Timestamp, TimestampTZ, Time, Varchar, Blob, Interval,
	} {
		back, err := Parse(Name(typ))
		if err != nil || !arrow.TypeEqual(typ, back) {
			t.Errorf("Parse(Name(%v)) = Parse(%q) = %v, %v", typ, Name(typ), back, err)
		}
	}
	for _, tc := range []struct {
		typ  arrow.DataType
		want string
	}{
		{Decimal(10, 2), "DECIMAL(10,2)"}, {arrow.Null, "NULL"}, {nil, "unknown"},
		{arrow.PrimitiveTypes.Int32, "int32"},
		{&arrow.TimestampType{Unit: arrow.Second}, "timestamp[s]"},
		{arrow.FixedWidthTypes.Time64ns, "time64[ns]"},
	} {
		if got := Name(tc.typ); got != tc.want {
			t.Errorf("Name(%v) = %q, want %q", tc.typ, got, tc.want)
		}
	}
}

func TestUnify(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"BIGINT", "BIGINT", "BIGINT"},
		{"BIGINT", "DOUBLE", "DOUBLE"},
		{"BIGINT", "DECIMAL(10,2)", "DECIMAL(21,2)"},
		{"BIGINT", "DECIMAL(30,2)", "DECIMAL(30,2)"},
		{"BIGINT", "DECIMAL(38,30)", "DECIMAL(38,30)"},
		{"DECIMAL(10,2)", "DECIMAL(12,8)", "DECIMAL(16,8)"},
		{"DECIMAL(38,0)", "DECIMAL(38,38)", "DECIMAL(38,38)"},
		{"DECIMAL(10,2)", "DOUBLE", "DOUBLE"},
		{"DATE", "TIMESTAMP", "TIMESTAMP"},
		{"DATE", "TIMESTAMPTZ", "TIMESTAMPTZ"},
		{"TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPTZ"},
		{"DATE", "TIME", ""}, {"BIGINT", "VARCHAR", ""}, {"BOOLEAN", "BIGINT", ""}, {"DATE", "BIGINT", ""},
		{"TIMESTAMP", "INTERVAL", ""},
	} {
		a, _ := Parse(tc.a)
		b, _ := Parse(tc.b)
		for _, got := range []string{unifiedName(a, b), unifiedName(b, a)} {
			if got != tc.want {
				t.Errorf("Unify(%s, %s) = %q, want %q", tc.a, tc.b, got, tc.want)
			}
		}
	}
}

func unifiedName(a, b arrow.DataType) string {
	u, ok := Unify(a, b)
	if !ok {
		return ""
	}
	return Name(u)
}

// Files come in any order, and the schema must not depend on it.
func TestUnifyIsALattice(t *testing.T) {
	anyType := rapid.Custom(func(t *rapid.T) arrow.DataType {
		if rapid.Bool().Draw(t, "decimal") {
			p := rapid.Int32Range(1, 38).Draw(t, "p")
			return Decimal(p, rapid.Int32Range(0, p).Draw(t, "s"))
		}
		return rapid.SampledFrom([]arrow.DataType{
			arrow.Null, Boolean, BigInt, Double, Date, Timestamp, TimestampTZ, Time, Varchar, Interval,
		}).Draw(t, "type")
	})
	unify := func(a, b arrow.DataType) arrow.DataType {
		if a == nil || b == nil {
			return nil
		}
		u, _ := Unify(a, b)
		return u
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyType.Draw(t, "a"), anyType.Draw(t, "b"), anyType.Draw(t, "c")
		if l, r := unify(unify(a, b), c), unify(a, unify(b, c)); Name(l) != Name(r) {
			t.Fatalf("(a+b)+c = %s, a+(b+c) = %s", Name(l), Name(r))
		}
		if l, r := unify(a, b), unify(b, a); Name(l) != Name(r) {
			t.Fatalf("a+b = %s, b+a = %s", Name(l), Name(r))
		}
		if u := unify(a, b); u != nil && Name(unify(u, a)) != Name(u) {
			t.Fatalf("(a+b)+a = %s, a+b = %s", Name(unify(u, a)), Name(u))
		}
	})
}

func TestSuggest(t *testing.T) {
	known := []string{"Confirmed", "Deaths", "Recovered", "Latitude", "Longitude", "a", "b"}
	for _, tc := range []struct{ word, want string }{
		{"Confirmd", "Confirmed"}, {"confirmed", "Confirmed"}, {"Deahts", "Deaths"}, {"longitude", "Longitude"},
		{"Lattitude", "Latitude"}, {"price", ""}, {"", ""}, {"c", ""}, {"A", "a"},
		{strings.Repeat("x", 1000), ""},
	} {
		if got := Suggest(tc.word, known); got != tc.want {
			t.Errorf("Suggest(%q) = %q, want %q", tc.word, got, tc.want)
		}
	}
	// The answer does not depend on the order of the known words.
	if a, b := Suggest("bat", []string{"cat", "bar"}), Suggest("bat", []string{"bar", "cat"}); a != "bar" || b != "bar" {
		t.Errorf("of cat and bar, %q and %q are suggested for bat; want bar twice", a, b)
	}
	if got := Suggest("naïve", []string{"naive"}); got != "naive" {
		t.Errorf("Suggest counts bytes, not characters: %q", got)
	}
}
