package expr

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// testNow is what now() means in the golden files.
var testNow = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

// goldenCase is one line of testdata/*.txt: `expression => TYPE value`,
// `expression => NULL` or `expression => error: message`.
type goldenCase struct {
	file, src, want string
	line            int
}

func goldenCases(t *testing.T, pattern string) []goldenCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files %s: %v", pattern, err)
	}
	var cases []goldenCase
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(f)
		for line := 1; s.Scan(); line++ {
			text := strings.TrimSpace(s.Text())
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			src, want, ok := strings.Cut(text, " => ")
			if !ok {
				t.Fatalf("%s:%d: a line is `expression => result`, found %q", file, line, text)
			}
			cases = append(cases, goldenCase{file, strings.TrimSpace(src), strings.TrimSpace(want), line})
		}
		if err := errors.Join(s.Err(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// describe shows row i of an array as golden files do.
func describe(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return "NULL"
	}
	value := string(sqltype.AppendValue(nil, a, i))
	if a.DataType().ID() == arrow.STRING {
		value = textLiteral(value)
	}
	return sqltype.Name(a.DataType()) + " " + value
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return "error: " + line
}

// emptyRecord has rows and no columns.
func emptyRecord(rows int) arrow.Record {
	return array.NewRecord(arrow.NewSchema(nil, nil), nil, int64(rows))
}

// evalText evaluates an expression without columns.
func evalText(t *testing.T, src string) string {
	t.Helper()
	n, err := Parse(src)
	if err != nil {
		return firstLine(err)
	}
	p, err := Bind(n, nil, WithNow(testNow))
	if err != nil {
		return firstLine(err)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	rec := emptyRecord(3)
	defer rec.Release()
	arr, err := p.NewEval(alloc).Eval(rec)
	if err != nil {
		var row *pipeline.RowError
		if !errors.As(err, &row) || row.Row != 0 {
			t.Errorf("%s: a fault of every row was reported as %#v", src, err)
		}
		return firstLine(err)
	}
	defer arr.Release()
	if !arrow.TypeEqual(arr.DataType(), p.Type()) {
		t.Errorf("%s: the result is %s, the program says %s", src, arr.DataType(), p.Type())
	}
	if arr.Len() != 3 || describe(arr, 0) != describe(arr, 2) {
		t.Errorf("%s: the rows of a constant differ: %s", src, arr)
	}
	return describe(arr, 0)
}

// Every golden line says what an expression is worth. Most were computed by
// PostgreSQL's and DuckDB's documented rules, not by this package.
func TestGolden(t *testing.T) {
	for _, c := range goldenCases(t, "*.txt") {
		if got := evalText(t, c.src); got != c.want {
			t.Errorf("%s:%d: %s\n got %s\nwant %s", c.file, c.line, c.src, got, c.want)
		}
	}
}

// The same expressions with every literal in a column instead: constant
// folding and kernels must agree.
func TestGoldenOnColumns(t *testing.T) {
	const rows = 70 // more than a word of a bitmap
	compared := 0
	for _, c := range goldenCases(t, "*.txt") {
		if strings.HasPrefix(c.want, "error") {
			continue
		}
		n, err := Parse(c.src)
		if err != nil {
			t.Fatal(err)
		}
		p, rec := onColumns(t, n, rows)
		if p == nil {
			continue
		}
		compared++
		arr, err := p.NewEval(memory.DefaultAllocator).Eval(rec)
		if err != nil {
			// A BIGINT column has 19 digits where the literal had a few.
			if !strings.Contains(err.Error(), "DECIMAL(38") {
				t.Errorf("%s:%d: %s on columns: %s", c.file, c.line, c.src, firstLine(err))
			}
			continue
		}
		for _, i := range []int{0, 63, 64, rows - 1} {
			if got, want := valueOf(describe(arr, i)), valueOf(c.want); got != want {
				t.Errorf("%s:%d: %s on columns, row %d\n got %s\nwant %s", c.file, c.line, c.src, i, got, want)
				break
			}
		}
		arr.Release()
		rec.Release()
	}
	if compared < 300 {
		t.Errorf("only %d golden expressions were compared on columns", compared)
	}
}

// valueOf drops the type, and the zeros at the end of a DECIMAL: how many
// there are may depend on a constant, as in round(x, 2).
func valueOf(described string) string {
	typ, value, _ := strings.Cut(described, " ")
	if strings.HasPrefix(typ, "DECIMAL") && strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return value
}

// onColumns replaces literals by columns that hold them; nil if the expression
// needs one of them to be a literal.
func onColumns(t *testing.T, n Node, rows int) (*Program, arrow.Record) {
	t.Helper()
	var fields []arrow.Field
	var cols []arrow.Array
	rewritten := Rewrite(n, func(n Node) Node {
		lit, ok := n.(*Literal)
		if !ok || lit.Kind == LiteralNull {
			return n
		}
		p, err := Bind(lit, nil)
		if err != nil {
			return n
		}
		rec := emptyRecord(rows)
		defer rec.Release()
		col, err := p.NewEval(memory.DefaultAllocator).Eval(rec)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("c%d", len(fields))
		fields = append(fields, arrow.Field{Name: name, Type: p.Type(), Nullable: true})
		cols = append(cols, col)
		return &Column{Name: name}
	})
	schema := arrow.NewSchema(fields, nil)
	p, err := Bind(rewritten, schema, WithNow(testNow))
	if err != nil {
		return nil, nil
	}
	return p, array.NewRecord(schema, cols, int64(rows))
}
