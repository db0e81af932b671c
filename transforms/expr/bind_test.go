package expr

import (
	"cmp"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

func mustBind(t testing.TB, src string, schema *arrow.Schema) *Program {
	t.Helper()
	n, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Bind(n, schema, WithNow(testNow))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// orders is a schema as users have it.
var orders = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: sqltype.BigInt}, {Name: "price", Type: sqltype.Double}, {Name: "Country/Region", Type: sqltype.Varchar},
	{Name: "Qty", Type: sqltype.BigInt}, {Name: "name", Type: sqltype.Varchar}, {Name: "Name", Type: sqltype.Varchar},
	{Name: "day", Type: sqltype.Date}, {Name: "paid", Type: sqltype.Boolean}, {Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String)},
}, nil)

func TestBindErrors(t *testing.T) {
	for _, c := range [][2]string{
		{"prise * 2", "there is no column prise; did you mean price?\n  prise * 2\n  ^"},
		{"zzz", `there is no column zzz; there are id, price, "Country/Region", Qty, name, Name, day, paid, tags` + "\n  zzz\n  ^"},
		{`name = "Bob"`, `there is no column Bob; there are id, price, "Country/Region", Qty, name, Name, day, paid, tags; text is written in single quotes, 'Bob'` + "\n  name = \"Bob\"\n         ^"},
		{"NAME", "column NAME may be name or Name; write it with its capitals\n  NAME\n  ^"},
		{"tags", "column tags has the Arrow type list<item: utf8, nullable>, which expressions do not read\n  tags\n  ^"},
		{"id > 'five'", "\"five\" is not a BIGINT\n  id > 'five'\n       ^"},
		{"name > 5", "VARCHAR is not compared with BIGINT; write CAST(name AS BIGINT)\n  name > 5\n  ^"},
		{"id and paid", "AND needs a BOOLEAN, found BIGINT; write id <> 0\n  id and paid\n  ^"},
		{"day > '2020-02-30'", "\"2020-02-30\" is not a DATE; a date is written '2024-12-31'\n  day > '2020-02-30'\n        ^"},
		{"lenght(name)", "there is no function lenght; did you mean length?\n  lenght(name)\n  ^"},
		{"round(id, 1, 2)", "round does not take 3 arguments; it is called as round(BIGINT) or round(DECIMAL) or round(DOUBLE) or round(BIGINT, BIGINT) or round(DECIMAL, BIGINT) or round(DOUBLE, BIGINT)\n  round(id, 1, 2)\n  ^"},
		{"regexp_matches(name, 'a(')", "regular expression \"a(\": missing closing ) in \"a(\"\n  regexp_matches(name, 'a(')\n                       ^"},
		{"9223372036854775807 + 1", "9223372036854775807 + 1 does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE\n  9223372036854775807 + 1\n                      ^"},
		{"day - name", "there is no DATE - VARCHAR; write CAST(name AS DATE)\n  day - name\n      ^"},
		{"a.b.c", "\".\" is not an operator; a name that holds a point is written \"in.quotes\"\n  a.b.c\n   ^"},
	} {
		n, err := Parse(c[0])
		if err == nil {
			_, err = Bind(n, orders)
		}
		if err == nil || err.Error() != c[1] {
			t.Errorf("Bind(%q)\n got %q\nwant %q", c[0], err, c[1])
		}
	}
}

func TestBindReportsEveryMistake(t *testing.T) {
	n, err := Parse("prise * qyt > upr(name) and 'x' = day or CASE WHEN id THEN nme ELSE lenght(1) END IN (ddy, 2)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Bind(n, orders)
	var found []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var x *Error
		if !errors.As(e, &x) {
			t.Fatalf("%v is no *Error", e)
		}
		found = append(found, x.Src[x.Pos:x.Pos+3]+": "+x.Msg)
	}
	want := []string{"pri: there is no column prise", "qyt: there is no column qyt", "upr: there is no function upr", `'x': "x" is not a DATE`,
		"id : WHEN needs a BOOLEAN, found BIGINT", "nme: there is no column nme", "len: there is no function lenght", "ddy: there is no column ddy"}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("found %q\nexpected %q", found, want)
	}
}

func TestBindColumns(t *testing.T) {
	p := mustBind(t, `qty * id + length("country/region") + id`, orders)
	if got := p.Columns(); !reflect.DeepEqual(got, []int{0, 2, 3}) {
		t.Errorf("reads columns %v", got)
	}
	if !arrow.TypeEqual(p.Type(), sqltype.BigInt) {
		t.Errorf("is of type %s", p.Type())
	}
	if p.String() != `qty * id + length("country/region") + id` {
		t.Errorf("is called %s", p)
	}
	if got := mustBind(t, "NULL", orders); !arrow.TypeEqual(got.Type(), sqltype.Varchar) || len(got.Columns()) != 0 {
		t.Errorf("NULL is of type %s and reads %v", got.Type(), got.Columns())
	}
	for name, want := range map[string]int{"Qty": 3, "QTY": 3, "name": 4, "Name": 5} {
		if got, err := Resolve(orders, name); err != nil || got != want {
			t.Errorf("Resolve(%s) = %d, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"NAME": "column NAME may be name or Name; write it with its capitals",
		"dya":  "there is no column dya; did you mean day?",
	} {
		if _, err := Resolve(orders, name); err == nil || err.Error() != want {
			t.Errorf("Resolve(%s): %v", name, err)
		}
	}
	twice := arrow.NewSchema([]arrow.Field{{Name: "a", Type: sqltype.BigInt}, {Name: "a", Type: sqltype.BigInt}}, nil)
	if _, err := Resolve(twice, "a"); err == nil || err.Error() != "column a is there 2 times; rename one of them" {
		t.Errorf("a repeated column: %v", err)
	}
}

// A node made by hand has no source to point at, and says so by its message.
func TestBindNodeWithoutSource(t *testing.T) {
	_, err := Bind(&Column{Name: "prise"}, orders)
	if err == nil || err.Error() != "there is no column prise; did you mean price?" {
		t.Errorf("found %v", err)
	}
	if _, err := Bind(nil, orders); err == nil {
		t.Error("binding nothing succeeded")
	}
}

func TestNowIsFrozen(t *testing.T) {
	n, err := Parse("now() = now() AND current_date = now()::DATE")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Bind(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := emptyRecord(1)
	defer rec.Release()
	for range 2 {
		if sel, err := p.NewEval(memory.DefaultAllocator).Filter(rec, nil); err != nil || len(sel) != 1 {
			t.Errorf("found %v, %v", sel, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// intRecord has a column a of the given values.
func intRecord(values ...int64) (*arrow.Schema, arrow.Record) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: sqltype.BigInt, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	return schema, b.NewRecord()
}

// The lowest row at fault is reported, though a node that is computed later
// finds it; rows that a guard spares are not.
func TestFaultsAreReportedByRow(t *testing.T) {
	schema, rec := intRecord(1, 2, 1<<62, 0, 5)
	defer rec.Release()
	for _, c := range []struct {
		src  string
		row  int
		text string
	}{
		{"a * 4", 2, "4611686018427387904 * 4 does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE"},
		{"a * 4 + ln(a - 2)", 0, "ln of a number that is not above 0, -1"},
		{"a * 4 + ln(3 - a)", 2, "4611686018427387904 * 4 does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE"},
		{"CASE WHEN a = 5 THEN a * 9223372036854775807 WHEN a < 5 THEN ln(a)::BIGINT END", 3, "ln of a number that is not above 0, 0"},
		{"CASE WHEN a < 100 THEN a * 4 END", -1, ""},
		{"a < 100 AND a * 4 > 0", -1, ""},
		{"a > 100 OR a * 4 > 0", -1, ""},
		{"coalesce(nullif(a, 4611686018427387904), a * 4)", 2, "4611686018427387904 * 4 does not fit BIGINT; CAST an operand to DECIMAL(38,0) or DOUBLE"},
		{"coalesce(a, a * 4)", -1, ""},
		{"a BETWEEN 0 AND 10 AND a * 4 BETWEEN 0 AND 40", -1, ""},
		{"a IN (4611686018427387904, a * 4)", -1, ""},
		{"CASE WHEN a = 3 THEN 'x'::BIGINT ELSE 0 END", -1, ""},
		{"CASE WHEN a = 5 THEN 'x'::BIGINT ELSE 0 END", 4, `"x" cannot be CAST to BIGINT; TRY_CAST makes it NULL`},
	} {
		for _, chunk := range []int64{1, 2, 3, 5} {
			row, text := -1, ""
			e := mustBind(t, c.src, schema).NewEval(memory.DefaultAllocator)
			for from := int64(0); from < rec.NumRows() && row < 0; from += chunk {
				part := rec.NewSlice(from, min(from+chunk, rec.NumRows()))
				arr, err := e.Eval(part)
				part.Release()
				var fault *pipeline.RowError
				switch {
				case err == nil:
					arr.Release()
				case errors.As(err, &fault):
					row, text = int(from)+fault.Row, fault.Error()
				default:
					t.Fatal(err)
				}
			}
			if row != c.row || text != c.text {
				t.Errorf("%s, %d rows at a time: row %d: %q; expected row %d: %q", c.src, chunk, row, text, c.row, c.text)
			}
		}
	}
}

func TestEvalChecksTheRecord(t *testing.T) {
	schema, rec := intRecord(1)
	defer rec.Release()
	e := mustBind(t, "length(name)", orders).NewEval(memory.DefaultAllocator)
	if _, err := e.Eval(rec); err == nil || err.Error() != "length(name): the record has 1 columns, expected those of the bound schema, 9" {
		t.Errorf("found %v", err)
	}
	wrong := arrow.NewSchema([]arrow.Field{{Name: "a", Type: sqltype.Double}}, nil)
	e = mustBind(t, "a + 1", wrong).NewEval(memory.DefaultAllocator)
	if _, err := e.Eval(rec); err == nil || err.Error() != `a + 1: column "a" is int64, expected float64 as bound` {
		t.Errorf("found %v", err)
	}
	e = mustBind(t, "a + 1", schema).NewEval(memory.DefaultAllocator)
	if _, err := e.Filter(rec, nil); err == nil || err.Error() != "a condition is BOOLEAN, a + 1 is BIGINT" {
		t.Errorf("found %v", err)
	}
}

// The largest expressions that parse bind and compute without trouble.
func TestLongExpressions(t *testing.T) {
	schema, rec := intRecord(1, 2, 3)
	defer rec.Release()
	for src, want := range map[string]int64{
		"a" + strings.Repeat(" + 1", operatorsMax-1):                                   operatorsMax + 2,
		"1" + strings.Repeat(" + 1", operatorsMax-2) + " + a":                          operatorsMax + 2,
		"abs(" + strings.Repeat("CASE WHEN a > 0 THEN a END + ", 1000) + "a)":          3003,
		strings.Repeat("abs(", depthMax/2-5) + "a" + strings.Repeat(")", depthMax/2-5): 3,
	} {
		arr, err := mustBind(t, src, schema).NewEval(memory.DefaultAllocator).Eval(rec)
		if err != nil {
			t.Fatal(err)
		}
		if got := arr.(*array.Int64).Value(2); got != want {
			t.Errorf("%.40s… is %d, expected %d", src, got, want)
		}
		arr.Release()
	}
	list := "a IN (" + strings.Repeat("7, ", 50000) + "2)"
	sel, err := mustBind(t, list, schema).NewEval(memory.DefaultAllocator).Filter(rec, nil)
	if err != nil || !reflect.DeepEqual(sel, []int32{1}) {
		t.Errorf("a long IN list found %v, %v", sel, err)
	}
}

// A program is shared by goroutines, each with its Eval.
func TestProgramIsShared(t *testing.T) {
	schema, rec := intRecord(5, -3, 0, 12)
	defer rec.Release()
	p := mustBind(t, "CASE WHEN a::VARCHAR LIKE a || '%' AND regexp_matches(a::VARCHAR, '^' || abs(a)) AND a IN (5, 0, 12, 13) THEN upper('x') END", schema)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			e := p.NewEval(memory.DefaultAllocator)
			for range 50 {
				arr, err := e.Eval(rec)
				if err != nil || arr.NullN() != 1 {
					t.Errorf("found %v, %v", arr, err)
					return
				}
				arr.Release()
			}
		})
	}
	wg.Wait()
}

// A column that is returned as it is, and one that is computed, both outlive
// the record.
func TestResultsOutliveTheRecord(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	b := array.NewRecordBuilder(alloc, fuzzSchema)
	defer b.Release()
	for i := range fuzzSchema.Fields() {
		for r := range uint64(100) {
			appendRandom(b.Field(i), r)
		}
	}
	rec := b.NewRecord()
	var arrays []arrow.Array
	var want []string
	for _, src := range []string{"s", "left(s, 2)", "a", "TRY_CAST(y AS BIGINT)", "f", "NOT f", "bl", "'x'", "iv + iv", "d", "coalesce(s, t)", "CASE WHEN f THEN d END"} {
		arr, err := mustBind(t, src, fuzzSchema).NewEval(alloc).Eval(rec)
		if err != nil {
			t.Fatal(src, err)
		}
		arrays, want = append(arrays, arr), append(want, strings.Clone(arr.String()))
	}
	rec.Release()
	for i, arr := range arrays {
		if arr.String() != want[i] {
			t.Errorf("a result changed with its record: %s", want[i])
		}
		arr.Release()
	}
}

// The order of sorting is that of comparing, NULL last.
func TestNewComparator(t *testing.T) {
	for name, values := range ordered {
		typ, err := sqltype.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		arr := columnOf(t, typ, append(append([]string(nil), values...), "NULL"))
		compare := NewComparator(arr, arr)
		for i := range arr.Len() {
			for j := range arr.Len() {
				if got := compare(i, j); got != cmp.Compare(i, j) {
					t.Errorf("%s: row %d (%s) against row %d (%s) is %d", name, i, arr.ValueStr(i), j, arr.ValueStr(j), got)
				}
			}
		}
	}
}

// Fuzzing the values: text that is cast, and invalid UTF-8, never panics.
func FuzzTextFunctions(f *testing.F) {
	f.Add("a-b", "-", int64(2))
	f.Add("\xff\xc3", "\xc3", int64(-1))
	f.Add("Zoë", "", int64(1<<40))
	var programs []*Program
	for _, src := range []string{
		"upper(s)", "lower(s)", "length(s)", "reverse(s)", "trim(s, t)", "ltrim(s, t)", "rtrim(s, t)", "substr(s, a)", "substr(s, a, a)", "left(s, a)", "right(s, a)",
		"split_part(s, t, a)", "replace(s, t, 'xy')", "strpos(s, t)", "lpad(s, a % 100, t)", "rpad(s, a % 100, t)", "repeat(s, a % 10)", "s LIKE t", "s ILIKE t",
		"regexp_matches(s, t)", "regexp_replace(s, t, s, 'g')", "regexp_extract(s, t)", "s::BIGINT", "s::DOUBLE", "s::DECIMAL(20,3)", "s::DATE", "s::TIMESTAMP", "s::TIME",
		"s::INTERVAL", "s::BOOLEAN", "try_strptime(s, '%d/%m/%y %H')", "md5(s)", "s || t",
	} {
		programs = append(programs, mustBind(f, src, fuzzSchema))
	}
	f.Fuzz(func(t *testing.T, s, other string, a int64) {
		b := array.NewRecordBuilder(memory.DefaultAllocator, fuzzSchema)
		defer b.Release()
		for i, field := range fuzzSchema.Fields() {
			switch field.Name {
			case "s":
				b.Field(i).(*array.StringBuilder).Append(s)
			case "t":
				b.Field(i).(*array.StringBuilder).Append(other)
			case "a":
				b.Field(i).(*array.Int64Builder).Append(a)
			default:
				b.Field(i).AppendNull()
			}
		}
		rec := b.NewRecord()
		defer rec.Release()
		for _, p := range programs {
			arr, err := p.NewEval(memory.DefaultAllocator).Eval(rec)
			if err == nil {
				arr.Release()
			}
		}
	})
}
