package expr

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// tree shows a node's structure without its place in the source.
func tree(n Node) string {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return "-"
	}
	v := reflect.ValueOf(n).Elem()
	var s strings.Builder
	fmt.Fprintf(&s, "(%s", v.Type().Name())
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "place" {
			continue
		}
		s.WriteByte(' ')
		switch x := v.Field(i).Interface().(type) {
		case Node:
			s.WriteString(tree(x))
		case []Node:
			s.WriteByte('[')
			for _, c := range x {
				s.WriteString(tree(c))
			}
			s.WriteByte(']')
		case []When:
			for _, w := range x {
				s.WriteString(tree(w.If) + "→" + tree(w.Then))
			}
		case []OrderItem:
			for _, o := range x {
				fmt.Fprintf(&s, "{%s %v %v}", tree(o.Expr), o.Desc, o.NullsFirst)
			}
		case *string:
			if x != nil {
				fmt.Fprintf(&s, "%q", *x)
			}
		case string:
			fmt.Fprintf(&s, "%q", x)
		case nil:
			s.WriteByte('-')
		default:
			fmt.Fprint(&s, x)
		}
	}
	return s.String() + ")"
}

// Precedence and associativity show in where parentheses go.
func TestParsePrecedence(t *testing.T) {
	for _, c := range [][2]string{
		{"a + b * c", "a + b * c"},
		{"(a + b) * c", "(a + b) * c"},
		{"a - b - c", "a - b - c"},
		{"a - (b - c)", "a - (b - c)"},
		{"a / b // c % d", "a / b // c % d"},
		{"-a * b", "-a * b"},
		{"-(a * b)", "-(a * b)"},
		{"- -a", "-(-a)"},
		{"+a", "a"},
		{"-a::int", "-CAST(a AS BIGINT)"},
		{"a::int::text", "CAST(CAST(a AS BIGINT) AS VARCHAR)"},
		{"a || b + c", "a || b + c"},
		{"(a || b) + c", "(a || b) + c"},
		{"not a = b", "NOT a = b"},
		{"(not a) = b", "(NOT a) = b"},
		{"not not a", "NOT NOT a"},
		{"a or b and not c", "a OR b AND NOT c"},
		{"(a or b) and c", "(a OR b) AND c"},
		{"a or (b or c)", "a OR (b OR c)"},
		{"a = b is null", "a = b IS NULL"},
		{"a = (b is null)", "a = (b IS NULL)"},
		{"a is not null is true", "a IS NOT NULL IS TRUE"},
		{"a is distinct from b = c", "a IS DISTINCT FROM b = c"},
		{"(a is distinct from b) = c", "(a IS DISTINCT FROM b) = c"},
		{"a <> b", "a <> b"}, {"a != b", "a <> b"}, {"a == b", "a = b"},
		{"a between 1 and 2 and b", "a BETWEEN 1 AND 2 AND b"},
		{"a not between 1 and 2", "a NOT BETWEEN 1 AND 2"},
		{"a + 1 in (1, 2) = b", "a + 1 IN (1, 2) = b"},
		{"a not in (1)", "a NOT IN (1)"},
		{"not a in (1)", "NOT a IN (1)"},
		{"a like b || '%' escape '!'", "a LIKE b || '%' ESCAPE '!'"},
		{"a not ilike 'x'", "a NOT ILIKE 'x'"},
		{"CASE when a then b when c then d else e end", "CASE WHEN a THEN b WHEN c THEN d ELSE e END"},
		{"case a when 1 then 2 end + 1", "CASE a WHEN 1 THEN 2 END + 1"},
		{"cast(a as decimal(10, 2))", "CAST(a AS DECIMAL(10,2))"},
		{"a::numeric(5)", "CAST(a AS DECIMAL(5,0))"},
		{"a::double precision + 1", "CAST(a AS DOUBLE) + 1"},
		{"a::timestamp with time zone", "CAST(a AS TIMESTAMPTZ)"},
		{"try_cast(a as date)", "TRY_CAST(a AS DATE)"},
		{"Date '2020-01-01'", "DATE '2020-01-01'"},
		{"date", "date"}, {"date + 1", "date + 1"}, {"interval", "interval"},
		{"interval '1' day", "INTERVAL '1 day'"}, {"interval 5 minutes", "INTERVAL '5 minutes'"},
		{"timestamp without time zone '2020-01-01'", "TIMESTAMP '2020-01-01'"},
		{"extract(year from d)", "date_part('year', d)"},
		{"substring(a from 2)", "substring(a, 2)"},
		{"trim(both from a)", "trim(a)"}, {"trim(a)", "trim(a)"}, {"trim(leading)", `trim("leading")`},
		{"position('a' in b)", "strpos(b, 'a')"},
		{"COUNT(*)", "count(*)"}, {"count(distinct a)", "count(DISTINCT a)"},
		{"sum(a) filter (where b > 1)", "sum(a) FILTER (WHERE b > 1)"},
		{"string_agg(a, ',' order by b desc, c nulls first)", "string_agg(a, ',' ORDER BY b DESC, c NULLS FIRST)"},
		{"now()", "now()"}, {"current_date", "current_date()"}, {`"current_date"`, `"current_date"`},
		{`"in"`, `"in"`}, {`"a b"`, `"a b"`}, {`"a""b"`, `"a""b"`}, {`"plain"`, "plain"}, {"größe_2", "größe_2"},
		{`"cast"(a)`, `"cast"(a)`},
		{"'it''s'", "'it''s'"}, {"''", "''"},
		{"a -- comment\n + b", "a + b"}, {"a /* x /* y */ z */ + b", "a + b"},
		{"1.50", "1.50"}, {".5e-3", ".5e-3"}, {"NULL", "NULL"}, {"True", "TRUE"},
	} {
		n, err := Parse(c[0])
		if err != nil {
			t.Errorf("Parse(%q): %v", c[0], err)
			continue
		}
		if got := n.String(); got != c[1] {
			t.Errorf("Parse(%q) = %s, expected %s", c[0], got, c[1])
		}
		again, err := Parse(n.String())
		if err != nil {
			t.Errorf("%s, printed of %q: %v", n, c[0], err)
		} else if tree(n) != tree(again) {
			t.Errorf("%q printed as %s is another tree:\n%s\n%s", c[0], n, tree(n), tree(again))
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range [][2]string{
		{"", "found the end, expected an expression"},
		{" ", "found the end, expected an expression\n   \n   ^"},
		{"a +", "found the end, expected an expression\n  a +\n     ^"},
		{"a + * b", "found *, expected an expression\n  a + * b\n      ^"},
		{"(a + b", `found the end, expected ")" in parentheses` + "\n  (a + b\n        ^"},
		{"a b", "found b, expected an operator or the end\n  a b\n    ^"},
		{"a)", "found ), which closes nothing\n  a)\n   ^"},
		{"a < b < c", "< does not follow another such operator; write a < b AND b < c\n  a < b < c\n        ^"},
		{"a like b like c", "LIKE does not follow another such operator; use parentheses\n  a like b like c\n           ^"},
		{"a && b", "\"&\" is not an operator; AND is spelt AND\n  a && b\n    ^"},
		{"'abc", "the text does not end; close it with ', and write '' for a quote inside\n  'abc\n  ^"},
		{`"abc`, "the quoted name does not end; close it with \", and write \"\" for a quote inside\n  \"abc\n  ^"},
		{`""`, "a quoted name is empty; empty text is written ''\n  \"\"\n  ^"},
		{"a /* b", "the comment does not end; close it with */\n  a /* b\n    ^"},
		{"2020_sales + 1", "2020_sales is not a number; a column name that starts with a digit is written in \"quotes\"\n  2020_sales + 1\n  ^"},
		{"1.2.3", "1.2.3 is not a number; a column name that starts with a digit is written in \"quotes\"\n  1.2.3\n  ^"},
		{"t.a", "\".\" is not an operator; a name that holds a point is written \"in.quotes\"\n  t.a\n   ^"},
		{"end + 1", "found end, expected an expression; a column of that name is written in quotes, \"end\"\n  end + 1\n  ^"},
		{"a in ()", "found ), expected at least one value in IN (…)\n  a in ()\n        ^"},
		{"a in (select b)", "subqueries are not supported\n  a in (select b)\n        ^"},
		{"a is 5", "found 5, expected NULL, TRUE, FALSE or DISTINCT FROM after IS\n  a is 5\n       ^"},
		{"a between 1 or 2", "found or, expected AND in BETWEEN; a column of that name is written in quotes, \"or\"\n  a between 1 or 2\n              ^"},
		{"case when a then b", "found the end, expected WHEN, ELSE or END in CASE\n  case when a then b\n                    ^"},
		{"case else 1 end", "found else, expected an expression; a column of that name is written in quotes, \"else\"\n  case else 1 end\n       ^"},
		{"cast(a int)", "found int, expected AS in CAST(x AS type)\n  cast(a int)\n         ^"},
		{"a::intt", "unknown type \"intt\"; did you mean INT?\n  a::intt\n     ^"},
		{"a::decimal(x)", "found x, expected a number in the type's parameters\n  a::decimal(x)\n             ^"},
		{"f(a b)", "found b, expected \",\" or \")\" in f(…)\n  f(a b)\n      ^"},
		{"sum(a) over (x)", "window functions are not supported\n  sum(a) over (x)\n         ^"},
		{"interval 5", "found the end, expected a unit such as DAY after the number of INTERVAL\n  interval 5\n            ^"},
		{"extract(year d)", "found d, expected FROM in EXTRACT(field FROM x)\n  extract(year d)\n               ^"},
		{"a like 'x' escape 'ab'", "found the text 'ab', expected one character in quotes after ESCAPE\n  a like 'x' escape 'ab'\n                    ^"},
		{"a =\n  b +\n\tc d", "found d, expected an operator or the end\n  \tc d\n  \t  ^"},
		{"é + ", "found the end, expected an expression\n  é + \n      ^"},
	} {
		_, err := Parse(c[0])
		if err == nil {
			t.Errorf("Parse(%q) succeeded, expected: %s", c[0], c[1])
			continue
		}
		if got := err.Error(); got != c[1] {
			t.Errorf("Parse(%q)\n got %q\nwant %q", c[0], got, c[1])
		}
		var e *Error
		if !errors.As(err, &e) || e.Src != c[0] {
			t.Errorf("Parse(%q) failed with %#v, expected an *Error with its source", c[0], err)
		}
	}
}

func TestErrorCutsLongLines(t *testing.T) {
	src := strings.Repeat("a + ", 100) + "? + " + strings.Repeat("b + ", 100) + "b"
	_, err := Parse(src)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || len([]rune(lines[1])) > 2*excerptRunes+10 {
		t.Fatalf("the excerpt is too long: %q", lines)
	}
	if caret := strings.IndexByte(lines[2], '^'); []rune(lines[1])[caret] != '?' {
		t.Errorf("the caret is not under the token:\n%s", err)
	}
}

func TestParseLimits(t *testing.T) {
	for name, src := range map[string]string{
		"nested more than":    strings.Repeat("(", 10000) + "a" + strings.Repeat(")", 10000),
		"nested more":         strings.Repeat("-", 10000) + "a",
		"more than 5000":      strings.Repeat("a + ", 10000) + "a",
		"bytes long":          "'" + strings.Repeat("x", sourceBytesMax) + "'",
		"more than 5000 oper": strings.Repeat("f(1) + ", 4000) + "a",
	} {
		if name == "nested more" {
			src = strings.ReplaceAll(src, "-", "- ")
		}
		if _, err := Parse(src); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("expected an error with %q, found %.200v", name, err)
		}
	}
	if _, err := Parse("a in (" + strings.Repeat("'key', ", 50000) + "'key')"); err != nil {
		t.Errorf("a long IN list: %v", err)
	}
}

func TestParseSelect(t *testing.T) {
	items, err := ParseSelect(`a, b*2 as c, *, * except (x, "y z"), "Country/Region" region, count( * ), "q"`)
	if err != nil {
		t.Fatal(err)
	}
	want := []SelectItem{
		{Alias: "a", Text: "a"},
		{Alias: "c", Named: true, Text: "b*2"},
		{Star: true, Text: "*"},
		{Star: true, Except: []Ident{{"x", 26}, {"y z", 29}}, Text: `* except (x, "y z")`},
		{Alias: "region", Named: true, Text: `"Country/Region"`},
		{Alias: "count( * )", Text: "count( * )"},
		{Alias: "q", Text: `"q"`},
	}
	if len(items) != len(want) {
		t.Fatalf("found %d items, expected %d", len(items), len(want))
	}
	for i, got := range items {
		if (got.Expr == nil) != want[i].Star {
			t.Errorf("item %d: the expression is %v", i, got.Expr)
		}
		got.Expr = nil
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("item %d is %+v, expected %+v", i, got, want[i])
		}
	}
	for src, msg := range map[string]string{
		"":               "found the end, expected an expression",
		"a,":             "found the end, expected an expression",
		"a as":           "found the end, expected a name after AS",
		"a lke 'x'":      "found lke, expected an operator or the end",
		"* except x":     `found x, expected "(" in * EXCEPT (…)`,
		"* except ()":    "found ), expected a column name in * EXCEPT (…)",
		"* except (a b)": `found b, expected "," or ")" in * EXCEPT (…)`,
		"a as end":       `found end, expected a name after AS; a column of that name is written in quotes, "end"`,
	} {
		if _, err := ParseSelect(src); err == nil || firstLine(err) != "error: "+msg {
			t.Errorf("ParseSelect(%q): %v, expected %s", src, err, msg)
		}
	}
}

func TestParseOrder(t *testing.T) {
	items, err := ParseOrder("a, b desc, c asc nulls first, d + 1 desc nulls last, e asc nulls last")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range items {
		got = append(got, fmt.Sprintf("%s desc=%t first=%t", o.Expr, o.Desc, o.NullsFirst))
	}
	want := []string{"a desc=false first=false", "b desc=true first=true", "c desc=false first=true",
		"d + 1 desc=true first=false", "e desc=false first=false"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
	for i, s := range []string{"a", "b DESC", "c NULLS FIRST", "d + 1 DESC NULLS LAST", "e"} {
		if items[i].String() != s {
			t.Errorf("item %d prints as %s, expected %s", i, items[i], s)
		}
	}
	if _, err := ParseOrder("a nulls"); err == nil || firstLine(err) != "error: found the end, expected FIRST or LAST after NULLS" {
		t.Errorf("found %v", err)
	}
}

func TestParseDerive(t *testing.T) {
	for _, c := range [][3]string{{"total = price * 2", "total", "price * 2"}, {`"my total" = a = b`, "my total", "a = b"}} {
		name, n, err := ParseDerive(c[0])
		if err != nil || name != c[1] || n.String() != c[2] {
			t.Errorf("ParseDerive(%q) = %q, %v, %v", c[0], name, n, err)
		}
	}
	for src, msg := range map[string]string{
		"price * 2":  `found *, expected "=" after the name price, as in total = price * quantity`,
		"1 = 2":      "found 1, expected the new column's name, as in total = price * quantity",
		"a == 1":     `found ==, expected "=" after the name a, as in total = price * quantity`,
		"a = ":       "found the end, expected an expression",
		"a = b, c=d": "found ,, expected an operator or the end",
	} {
		if _, _, err := ParseDerive(src); err == nil || firstLine(err) != "error: "+msg {
			t.Errorf("ParseDerive(%q): %v, expected %s", src, err, msg)
		}
	}
}

func TestWalkAndRewrite(t *testing.T) {
	src := "CASE a WHEN -b THEN c IN (d, e) ELSE f BETWEEN g AND h END OR i LIKE j AND sum(k ORDER BY l) FILTER (WHERE m IS NULL) > CAST(n AS BIGINT)"
	n, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	Walk(n, func(n Node) bool {
		if c, ok := n.(*Column); ok {
			names = append(names, c.Name)
		}
		return true
	})
	if got := strings.Join(names, ""); got != "abcdefghijklmn" {
		t.Errorf("walked over %s, expected every column in order", got)
	}
	upper := Rewrite(n, func(n Node) Node {
		if c, ok := n.(*Column); ok {
			return &Column{Name: strings.ToUpper(c.Name)}
		}
		return n
	})
	want := "CASE A WHEN -B THEN C IN (D, E) ELSE F BETWEEN G AND H END OR I LIKE J AND sum(K ORDER BY L) FILTER (WHERE M IS NULL) > CAST(N AS BIGINT)"
	if upper.String() != want {
		t.Errorf("rewritten to %s", upper)
	}
	if n.String() != src {
		t.Errorf("the original became %s", n)
	}
	if same := Rewrite(n, func(n Node) Node { return n }); same != n {
		t.Error("a rewriting that changes nothing made a copy")
	}
	var top []string
	Walk(n, func(n Node) bool { top = append(top, fmt.Sprintf("%T", n)); return false })
	if len(top) != 1 {
		t.Errorf("walked on after false: %v", top)
	}
}

// What parses prints as SQL that parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a + b * -c", "not a = b or c is not null", "case a when 1 then 'x' else null end", `"in" in (1, 2.5e3)`,
		"x between 1 and 2 and y", "a::decimal(10,2)", "interval '1' day", "trim(leading 'x' from y)", "count(distinct a order by b desc) filter (where c)",
		"a like 'x' escape '!'", "-- c\n1", "a is not distinct from b", "substring(a from 1 for 2)", "'it''s'", "position('a' in b)", "/* /* */ */ a",
		"both", "trim(both)", "extract('year' from x)", `"substring"()`, "a == b", "date'2020-01-01'", "timestamp with time zone '2020-01-01'", "current_date",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		n, err := Parse(src)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Pos < 0 || e.Pos > len(src) {
				t.Fatalf("Parse(%q): %#v", src, err)
			}
			_ = err.Error()
			return
		}
		text := n.String()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", src, text, err)
		}
		if tree(n) != tree(again) {
			t.Fatalf("%q printed as %q is another tree:\n%s\n%s", src, text, tree(n), tree(again))
		}
		// Whatever it means, binding it does not panic.
		if _, err := Bind(n, fuzzSchema, WithNow(testNow)); err == nil {
			return
		}
	})
}
