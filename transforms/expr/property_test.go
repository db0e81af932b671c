package expr

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// drawRecord makes random rows of fuzzSchema, a third of the values NULL in
// some columns, and cuts rows off the front so that bitmaps have an offset.
func drawRecord(r *rand.Rand, alloc memory.Allocator) arrow.Record {
	rows := r.IntN(140)
	cut := r.IntN(min(rows, 70) + 1)
	b := array.NewRecordBuilder(alloc, fuzzSchema)
	defer b.Release()
	for i := range fuzzSchema.Fields() {
		nulls := r.IntN(2) == 0
		for range rows {
			if nulls && r.IntN(3) == 0 {
				b.Field(i).AppendNull()
			} else {
				appendRandom(b.Field(i), r.Uint64()>>1)
			}
		}
	}
	whole := b.NewRecord()
	defer whole.Release()
	return whole.NewSlice(int64(cut), int64(rows))
}

var (
	someInts    = []int64{0, 1, -1, 2, 3, 7, 10, -10, 100, 1 << 31, -1 << 31, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	someDoubles = []float64{0, 1, -1, 0.5, -0.5, 2.5, 0.1, 1e10, -1e300, 1e300, 1 << 53, math.MaxInt64,
		math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, math.Copysign(0, -1)}
	someTexts = []string{"", "a", "abc", "ABC", "a-b-c", "Zoë", "日本語", "%", "a_b", "12", "-7", "1.5", "2020-02-29",
		"2020-02-29 10:11:12", "true", " x ", "\xff\xfe", "a\xc3", "xxabcxx", "long text that goes on and on"}
	someDays   = []int32{0, 1, -1, 18321, 18322, 59, -719162, 2932896, 11000}
	someMicros = []int64{0, 1, -1, 1583020800000000, 951782400000000, -62135596800000000, 253402300799999999, 86399999999}
	someDecs   = []int64{0, 1, -1, 50, -50, 99, 100, 12345, -12345, 999999999, -999999999}
	someIvs    = []arrow.MonthDayNanoInterval{{}, {Months: 1}, {Days: -3}, {Nanoseconds: 5_000_000_000}, {Months: -14, Days: 40, Nanoseconds: -1000}, {Months: 30000}}
)

func appendRandom(b array.Builder, r uint64) {
	switch b := b.(type) {
	case *array.Int64Builder:
		b.Append(someInts[r%uint64(len(someInts))])
	case *array.Float64Builder:
		b.Append(someDoubles[r%uint64(len(someDoubles))])
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(someDecs[r%uint64(len(someDecs))]))
	case *array.StringBuilder:
		b.Append(someTexts[r%uint64(len(someTexts))])
	case *array.BinaryBuilder:
		b.Append([]byte(someTexts[r%uint64(len(someTexts))]))
	case *array.Date32Builder:
		b.Append(arrow.Date32(someDays[r%uint64(len(someDays))]))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(someMicros[r%uint64(len(someMicros))]))
	case *array.Time64Builder:
		b.Append(arrow.Time64(r * 999_983 % microsPerDay))
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(someIvs[r%uint64(len(someIvs))])
	case *array.BooleanBuilder:
		b.Append(r%2 == 0)
	}
}

// grammar makes random expressions by the type they have: N number, T text, D
// date, S timestamp, B boolean, V interval.
var grammar = map[byte][]string{
	'N': {"a", "b", "x", "y", "p", "q", "3", "0", "-1", "2.5", "1e3", "NULL",
		"(N + N)", "(N - N)", "(N * N)", "(N / N)", "(N // N)", "(N % N)", "(- N)", "abs(N)", "sign(N)", "round(N)", "round(N, 1)", "floor(N)", "ceil(N)",
		"trunc(N)", "CAST(N AS DOUBLE)", "TRY_CAST(N AS BIGINT)", "CAST(N AS DECIMAL(38,4))", "TRY_CAST(T AS DOUBLE)", "length(T)", "strpos(T, T)", "(D - D)",
		"year(D)", "month(S)", "hour(S)", "week(D)", "date_part('epoch', S)", "coalesce(N, N)", "nullif(N, N)", "greatest(N, N, N)", "least(N, N)",
		"CASE WHEN B THEN N ELSE N END", "CASE N WHEN N THEN N END", "coalesce(a, N)", "sqrt(N)", "power(N, 2)", "epoch(V)",
		"(a + b)", "(a * b)", "(b - a)", "(-a)", "abs(b)", "CAST(T AS BIGINT)", "CAST(y AS BIGINT)", "(p * q)", "round(b, -2)", "(a // b)"},
	'T': {"s", "t", "s", "'a'", "''", "'a-b'", "NULL", "upper(T)", "lower(T)", "(T || T)", "concat(T, N, B)", "substr(T, 2, 3)", "substr(T, a)", "left(T, 2)", "right(T, -1)",
		"trim(T)", "ltrim(T, 'xa')", "replace(T, 'a', T)", "split_part(T, '-', 2)", "lpad(T, 5, '*')", "reverse(T)", "md5(T)", "CAST(N AS VARCHAR)", "CAST(D AS VARCHAR)",
		"CAST(S AS VARCHAR)", "CAST(V AS VARCHAR)", "CAST(B AS VARCHAR)", "CASE WHEN B THEN T ELSE T END", "coalesce(T, T)", "greatest(T, T)", "nullif(T, T)",
		"regexp_replace(T, '[a-c]', '<\\0>', 'g')", "regexp_extract(T, '([a-z])([a-z])', 2)", "strftime(S, '%Y-%m')", "repeat(T, 2)"},
	'D': {"d", "d", "DATE '2020-02-29'", "NULL", "(D + 1)", "(D - 30)", "date_trunc('month', D)", "CAST(S AS DATE)", "coalesce(D, D)", "TRY_CAST(T AS DATE)",
		"CASE WHEN B THEN D ELSE D END", "greatest(D, D)", "time_bucket(INTERVAL '7 days', D)"},
	'S': {"ts", "ts", "tz", "TIMESTAMP '2020-02-29 10:00:00'", "(ts + V)", "(tz - V)", "CAST(D AS TIMESTAMP)", "date_trunc('hour', ts)", "(D + V)", "least(ts, ts)", "coalesce(ts, ts)"},
	'V': {"iv", "iv", "INTERVAL '1 day'", "INTERVAL '1 month'", "(V + V)", "(V * 2)", "(ts - ts)", "age(ts, ts)", "(-V)"},
	'B': {"f", "g", "true", "false", "NULL", "(B AND B)", "(B OR B)", "(NOT B)", "(B AND B)", "(B OR B)", "(N < N)", "(N = N)", "(N >= N)", "(N <> N)", "(T = T)", "(T < T)", "(D <= D)",
		"(S > S)", "(V = V)", "(N IS NULL)", "(B IS TRUE)", "(B IS NOT FALSE)", "(N IS DISTINCT FROM N)", "(T IS NOT DISTINCT FROM T)", "(N BETWEEN N AND N)",
		"(N IN (1, 2.5, NULL))", "(N IN (N, N))", "(T IN ('a', 'abc'))", "(T NOT IN ('a', NULL))", "(T LIKE '%a%')", "(T LIKE 'a_c')", "(T ILIKE t)", "starts_with(T, 'a')", "contains(T, T)",
		"regexp_matches(T, '^[a-z]+$')", "(B = B)", "(D BETWEEN D AND D)", "CASE WHEN B THEN B ELSE B END", "coalesce(B, B)", "(a <> 0 AND b // a > 1)", "(CAST(T AS BIGINT) > 0)"},
}

func drawExpression(r *rand.Rand, kind byte, depth int) string {
	forms := grammar[kind]
	if depth == 0 {
		// Forms without operands come first.
		n := 0
		for n < len(forms) && !strings.ContainsAny(forms[n], "NTDSBV") || n < len(forms) && forms[n] == "NULL" {
			n++
		}
		forms = forms[:max(n, 1)]
	}
	form := forms[r.IntN(len(forms))]
	var s strings.Builder
	for i := 0; i < len(form); i++ {
		c := form[i]
		if _, ok := grammar[c]; ok && (i == 0 || !isWord(form[i-1])) && (i+1 == len(form) || !isWord(form[i+1])) {
			s.WriteString(drawExpression(r, c, depth-1))
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

func isWord(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c) }

// Computing a record, its rows one by one, and each row as constants is the
// same; and the row reported at fault is the first that is at fault alone.
func TestVectorsAreRowsAreConstants(t *testing.T) {
	bound, faults := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "more seed")))
		rec := drawRecord(r, alloc)
		kinds := "NTDSBVBB"
		src := drawExpression(r, kinds[r.IntN(len(kinds))], 1+r.IntN(4))
		n, err := Parse(src)
		if err != nil {
			t.Fatalf("the grammar made %s: %v", src, err)
		}
		p, err := Bind(n, fuzzSchema, WithNow(testNow))
		if err != nil {
			rec.Release()
			return // types that do not go together, or a constant at fault
		}
		bound++
		e := p.NewEval(alloc)
		whole, err := e.Eval(rec)
		fault := -1
		var row *pipeline.RowError
		if err != nil {
			if !errors.As(err, &row) {
				t.Fatalf("%s: %v", src, err)
			}
			faults++
			fault = row.Row
		}
		for i := range int(rec.NumRows()) {
			one := rec.NewSlice(int64(i), int64(i+1))
			arr, err := e.Eval(one)
			one.Release()
			var got string
			switch {
			case fault >= 0 && i < fault && err != nil:
				t.Fatalf("%s: row %d is at fault (%v), reported was row %d (%v)", src, i, err, fault, row)
			case i == fault && (err == nil || err.Error() != row.Error()):
				t.Fatalf("%s: row %d was reported (%v), alone it is %v", src, i, row, err)
			case err != nil && fault < 0:
				t.Fatalf("%s: row %d alone is at fault: %v", src, i, err)
			case err != nil:
				got = "error"
			default:
				got = describe(arr, 0)
				arr.Release()
				if whole != nil && got != describe(whole, i) {
					t.Fatalf("%s: row %d is %s, alone it is %s", src, i, describe(whole, i), got)
				}
			}
			if i%16 == 0 {
				checkConstant(t, src, n, rec, i, got)
			}
		}
		checkFilter(t, p, e, rec, whole)
		if whole != nil {
			_, column := p.root.(*column)
			if err := validate(whole, !column); err != nil {
				t.Fatalf("%s: %v", src, err)
			}
			whole.Release()
		}
		rec.Release()
		alloc.AssertSize(t, 0)
	})
	t.Logf("%d expressions bound, %d had a row at fault", bound, faults)
	if bound < 20 || faults == 0 {
		t.Errorf("the grammar is too poor: %d expressions bound, %d had a row at fault", bound, faults)
	}
}

var usesDecimal = regexp.MustCompile(`\b[pq]\b|DECIMAL|2\.5`)

// checkConstant compares row i with the expression in which its values stand
// for the columns.
func checkConstant(t *rapid.T, src string, n Node, rec arrow.Record, i int, want string) {
	constants := Rewrite(n, func(n Node) Node {
		c, ok := n.(*Column)
		if !ok {
			return n
		}
		at, err := Resolve(fuzzSchema, c.Name)
		if err != nil {
			t.Fatal(err)
		}
		col := rec.Column(at)
		value := &Literal{Kind: LiteralNull}
		if col.IsValid(i) {
			value = &Literal{Kind: LiteralString, Text: string(sqltype.AppendValue(nil, col, i))}
		}
		return &Cast{X: value, Type: col.DataType()}
	})
	p, err := Bind(constants, fuzzSchema, WithNow(testNow))
	got := "error"
	if err == nil {
		one := emptyRecord(1)
		defer one.Release()
		var arr arrow.Array
		if arr, err = p.NewEval(memory.DefaultAllocator).Eval(one); err == nil {
			got = describe(arr, 0)
			arr.Release()
		}
	}
	if valueOf(got) == valueOf(want) || got == "error" && want == "error" {
		return
	}
	// A BIGINT column counts 19 digits where a constant has its own: the
	// DECIMAL of the one may be too small, and texts of it differ.
	if usesDecimal.MatchString(src) {
		return
	}
	t.Fatalf("%s: row %d is %s, as constants %s it is %s (%v)", src, i, want, constants, got, err)
}

func checkFilter(t *rapid.T, p *Program, e *Eval, rec arrow.Record, whole arrow.Array) {
	b, ok := whole.(*array.Boolean)
	if !ok {
		return
	}
	sel, err := e.Filter(rec, []int32{7, 7})
	if err != nil {
		t.Fatalf("%s: Filter: %v", p, err)
	}
	var want []int32
	for i := range b.Len() {
		if b.IsValid(i) && b.Value(i) {
			want = append(want, int32(i))
		}
	}
	if fmt.Sprint(sel) != fmt.Sprint(want) {
		t.Fatalf("%s: Filter found %v, expected %v", p, sel, want)
	}
}

// validate checks what Arrow asks of an array: the count of NULLs, offsets that
// ascend; and of what was computed, zeros under NULLs.
func validate(a arrow.Array, computed bool) error {
	nulls := 0
	for i := range a.Len() {
		if a.IsNull(i) {
			nulls++
		}
	}
	if nulls != a.NullN() {
		return fmt.Errorf("%d rows are NULL, the array says %d", nulls, a.NullN())
	}
	if w, ok := a.DataType().(arrow.FixedWidthDataType); ok && computed && w.BitWidth() >= 8 {
		width := w.BitWidth() / 8
		for i := range a.Len() {
			if value := a.Data().Buffers()[1].Bytes()[i*width : (i+1)*width]; a.IsNull(i) && strings.Trim(string(value), "\x00") != "" {
				return fmt.Errorf("under the NULL of row %d stands %x", i, value)
			}
		}
	}
	if s, ok := a.(*array.String); ok {
		for i := range s.Len() {
			if s.ValueOffset(i) > s.ValueOffset(i+1) {
				return fmt.Errorf("the offsets descend at row %d", i)
			}
		}
	}
	return nil
}
