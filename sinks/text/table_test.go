package text

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline/sqltype"
)

func numbers(from, to int) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: sqltype.BigInt}, {Name: "text", Type: sqltype.Varchar}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := from; i < to; i++ {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append("row " + strconv.Itoa(i))
	}
	return b.NewRecord()
}

// Which rows are shown depends on how many there are, not on the batches.
func TestTableRows(t *testing.T) {
	for _, total := range []int{0, 1, 9, 10, 11, 12, 14, 15, 16, 25, 1000} {
		for _, batch := range []int{1, 3, 7, 1000} {
			if total/batch > 200 {
				continue
			}
			var records []arrow.Record
			for from := 0; from < total; from += batch {
				records = append(records, numbers(from, min(from+batch, total)))
			}
			out := encode(t, tableTo(numbers(0, 0).Schema(), TableOptions{RowsMax: 10}), records...)
			var want []string
			for i := range total {
				if total <= 10 || i < 5 || i >= total-5 {
					want = append(want, fmt.Sprintf("row %d", i))
				}
			}
			var got []string
			for line := range strings.Lines(out) {
				if cells := strings.Split(line, "│"); len(cells) == 4 && strings.Contains(cells[2], "row ") {
					got = append(got, strings.TrimSpace(cells[2]))
				}
			}
			if strings.Join(got, ",") != strings.Join(want, ",") {
				t.Fatalf("%d rows in batches of %d: got %v, want %v", total, batch, got, want)
			}
		}
	}
	golden(t, "rows.table", encode(t, tableTo(numbers(0, 0).Schema(), TableOptions{RowsMax: 4}), numbers(0, 1234)))
}

// No line is wider than asked for, and every line is as wide as the others.
func TestTableWidth(t *testing.T) {
	names := []string{"id", "a rather long column name", "日本語の列名", "d", "e", "f", "last"}
	rec := stringRecord(t, names,
		[]string{"1", "short", "日本語", "NULL", strings.Repeat("long ", 30), "x", "end"},
		[]string{"2", strings.Repeat("é", 100), "e\u0301", "a\tb\nc\x1b[31m\u202e", "", "😀👍", "end"})
	for width := 1; width < 200; width++ {
		out := encode(t, tableTo(rec.Schema(), TableOptions{WidthColumns: width}), rec)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		first := displayColumns(lines[0])
		if first > max(width, widthColumnsMin) {
			t.Fatalf("width %d: %d columns\n%s", width, first, out)
		}
		for _, line := range lines[:len(lines)-1] {
			if n := displayColumns(line); n != first {
				t.Fatalf("width %d: a line of %d columns among lines of %d\n%s", width, n, first, out)
			}
		}
	}
	golden(t, "width60.table", encode(t, tableTo(rec.Schema(), TableOptions{WidthColumns: 60}), rec))
	golden(t, "width100.table", encode(t, tableTo(rec.Schema(), TableOptions{WidthColumns: 100}), rec))
}

// What a file holds must not steer the terminal.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"\x1b]0;title\x07":           `\x1b]0;title\x07`,
		"a\r\n\tb":                   `a\r\n\tb`,
		"\u202eevil\u2066":           `\u202eevil\u2066`,
		"\x7f\u0085\u009b":           `\x7f\x85\x9b`,
		"\xff":                       "\ufffd",
		"\x00":                       `\x00`,
		"\ufefftext":                 `\ufefftext`,
		"a\u2028b":                   `a\u2028b`,
		"👩\u200d💻":                   "👩\u200d💻",
		strings.Repeat("é", 2000):    strings.Repeat("é", cellBytesMax/2-1) + "…",
		strings.Repeat("\x80", 3000): "…",
	} {
		if got := printable([]byte(in)); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCutColumns(t *testing.T) {
	for _, test := range []struct {
		in   string
		max  int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abcd", 1, "…"}, {"abcd", 0, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"", 0, ""},
	} {
		if got := cutColumns(test.in, test.max); got != test.want {
			t.Errorf("cutColumns(%q, %d) = %q, want %q", test.in, test.max, got, test.want)
		}
	}
}
