package csv

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// dialects are ways of writing fields that RFC 4180 does not have.
var dialects = []struct {
	dialect Dialect
	text    string
	want    [][]string
}{
	{Dialect{Delimiter: ", ", Quote: '"'}, "a, \"b, c\"\nd,e, f\n", [][]string{{"a", "b, c"}, {"d,e", "f"}}},
	{Dialect{Delimiter: "||", Quote: '"'}, "a||b|c\n|||d\n", [][]string{{"a", "b|c"}, {"", "|d"}}},
	{Dialect{Delimiter: "§", Quote: '\''}, "'x§''y'§1\n''''§2\n", [][]string{{"x§'y", "1"}, {"'", "2"}}},
	{Dialect{Delimiter: ",", Quote: '"', Escape: '\\'}, `"say \"hi\", ok",C:\temp` + "\n" + `a\,b,"\\"` + "\n" + `\N,"x` + "\n" + `y""z"` + "\n" + "1\\\n2,3\n",
		[][]string{{`say "hi", ok`, `C:\temp`}, {"a,b", `\`}, {`\N`, "x\ny\"z"}, {"1\n2", "3"}}},
	{Dialect{Delimiter: "||", Quote: '"', Escape: '\\'}, `a\|||b` + "\r\n" + `\||c||d` + "\r\n", [][]string{{"a|||b"}, {`||c`, "d"}}},
	{Dialect{Delimiter: ",", Quote: '"', LineEnd: LineEndMixed}, "a,b\rc,\"d\re\"\r\nf,g\nh,i\r\r\nj,k", [][]string{{"a", "b"}, {"c", "d\re"}, {"f", "g"}, {"h", "i"}, {"j", "k"}}},
	{Dialect{Delimiter: ",", Quote: '"', Comment: "//"}, "// one\na,/b\n//,two\n/,//c\n", [][]string{{"a", "/b"}, {"/", "//c"}}},
	{Dialect{Delimiter: ",", Quote: 0, LineEnd: LineEndCR}, "a,\"b\r\"c,d\r", [][]string{{"a", `"b`}, {`"c`, "d"}}},
}

// plainRecord is a record's fields as text.
func plainRecord(d *Dialect, data []byte, rec record, ends []uint32) (row []string) {
	from := rec.start
	for i, end := range ends {
		b := data[from:end]
		if i == len(ends)-1 && d.LineEnd != LineEndCR {
			b = bytes.TrimSuffix(b, []byte("\r"))
		}
		row = append(row, string(d.appendPlain(nil, b)))
		from = int(end) + len(d.Delimiter)
	}
	return row
}

func TestDialects(t *testing.T) {
	for _, c := range dialects {
		if err := c.dialect.Validate(); err != nil {
			t.Fatal(err)
		}
		tok := tokenizer{dialect: &c.dialect, data: []byte(c.text), final: true}
		var got [][]string
		for {
			rec, ends, ok := tok.next(nil)
			if !ok {
				break
			}
			got = append(got, plainRecord(&c.dialect, tok.data, rec, ends))
			if rec.fault.kind != noFault {
				t.Errorf("%+v: fault %v in %q", c.dialect, rec.fault, got)
			}
		}
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%+v: %q reads as %q, want %q", c.dialect, c.text, got, c.want)
		}
		if want := c.dialect.countLines(tok.data); tok.lines != want {
			t.Errorf("%+v: %q: %d lines were counted, want %d", c.dialect, c.text, tok.lines, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		dialect Dialect
		want    string
	}{
		{Dialect{Delimiter: "", Quote: '"'}, `delimiter "": expected one character or a few, at most 8 bytes`},
		{Dialect{Delimiter: ",\n"}, `delimiter ",\n": a line end or NUL cannot separate fields`},
		{Dialect{Delimiter: ",'", Quote: '\''}, `delimiter ",'" has the quote in it`},
		{Dialect{Delimiter: ",", Quote: '\r'}, `quote '\r': expected one ASCII character that is not a line end`},
		{Dialect{Delimiter: ",", Escape: '\n'}, `escape '\n': expected one ASCII character that is not a line end`},
		{Dialect{Delimiter: ",", Quote: '"', Escape: '"'}, `escape and quote are both '"': leave the escape out, doubled quotes are always read`},
		{Dialect{Delimiter: "\\", Escape: '\\'}, `delimiter "\\" has the escape in it`},
		{Dialect{Delimiter: ",", Comment: ",,"}, `comment ",," starts as the quote, the escape or the delimiter does`},
		{Dialect{Delimiter: ",", Comment: "#\n"}, `comment "#\n": expected one character or a few without a line end, at most 8 bytes`},
	} {
		if err := c.dialect.Validate(); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.dialect, err, c.want)
		}
	}
}

// FuzzDialects holds, for any dialect, the masks to the tokenizer, and blocks
// of any size to the whole: the same rows, the same lines, the same remarks.
func FuzzDialects(f *testing.F) {
	for _, c := range dialects {
		for _, width := range []int{1, 2} {
			d := c.dialect
			f.Add([]byte(c.text), d.Delimiter, d.Quote, d.Escape, d.Comment, byte(d.LineEnd), width, 1)
		}
	}
	for _, s := range seeds {
		f.Add([]byte(s), ",", byte('"'), byte('\\'), "#", byte(LineEndMixed), 2, 7)
		f.Add([]byte(s), ",", byte('"'), byte(0), "#", byte(LineEndMixed), 2, 64)
		f.Add([]byte(strings.ReplaceAll(s, ",", "||")), "||", byte('"'), byte('|'), "", byte(LineEndLF), 2, 7)
	}
	f.Fuzz(func(t *testing.T, data []byte, delim string, quote, escape byte, comment string, lineEnd byte, width, blockBytes int) {
		d := Dialect{Delimiter: delim, Quote: quote, Escape: escape, Comment: comment, LineEnd: LineEnd(lineEnd)}
		if d.Validate() != nil || width < 1 || width > 8 || blockBytes < 1 || blockBytes > 1<<10 {
			t.Skip()
		}
		block := padded(data)
		var fast, slow index
		fast.width, slow.width = width, width
		slow.buildByTokens(data, &d, 1<<30, nil)
		if fast.buildQuickly(block, len(data), &d) {
			if len(slow.bad) > 0 || len(slow.strays) > 0 || slow.comments > 0 {
				t.Fatalf("masks accepted a block in which the tokenizer finds %d bad records, %d stray quotes, %d comments", len(slow.bad), len(slow.strays), slow.comments)
			}
			got, want := rowsOf(&fast, block, &d), rowsOf(&slow, block, &d)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("masks read %q, tokenizer %q", got, want)
			}
			for r := range fast.rows {
				if fast.line(r) != slow.line(r) {
					t.Fatalf("row %d: masks say line %d, tokenizer %d", r, fast.line(r), slow.line(r))
				}
			}
		}
		whole, lines, fault := recordsOf(&d, data, 1)
		if !fault && lines != 1+int64(d.countLines(data)) {
			t.Fatalf("the tokenizer counts %d lines in %q, there are %d", lines, data, 1+d.countLines(data))
		}
		c := cutter{dialect: &d, r: bytes.NewReader(data), blockBytes: blockBytes, rowBytesMax: 1 << 20, buffers: new(bufferPool), line: 1}
		var got []string
		partFault := false
		for !partFault {
			b, err := c.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var part []string
			part, _, partFault = recordsOf(&d, b.data, b.line)
			got = append(got, part...)
		}
		if !slices.Equal(got, whole) || partFault != fault {
			t.Fatalf("in blocks of %d: %q (fault: %v); whole: %q (fault: %v)", blockBytes, got, partFault, whole, fault)
		}
	})
}

// recordsOf returns the records up to the first fault, each with its line and
// its fields as they are meant.
func recordsOf(d *Dialect, data []byte, line int64) (records []string, _ int64, fault bool) {
	tok := tokenizer{dialect: d, data: data, final: true}
	for {
		rec, ends, ok := tok.next(nil)
		if !ok {
			return records, line + int64(tok.lines), false
		}
		if rec.fault.kind != noFault {
			return records, 0, true
		}
		records = append(records, fmt.Sprint(line+int64(rec.line), rec.stray >= 0, plainRecord(d, data, rec, ends)))
	}
}
