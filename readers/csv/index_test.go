package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

var rfc4180 = Dialect{Delimiter: ",", Quote: '"'}

// padded returns data with the room behind it that indexing counts on, filled
// with bytes that would show if they were taken for data.
func padded(data []byte) []byte {
	p := append(bytes.Clone(data), bytes.Repeat([]byte(",\n\"x"), padBytes/4)...)
	return p
}

// rowsOf returns the rows of an index as unquoted text.
func rowsOf(ix *index, data []byte, d *Dialect) [][]string {
	rows := make([][]string, ix.rows)
	f := fields{data: data, quote: d.Quote, decoder: new(decoder)}
	for c := range ix.width {
		f.at(ix, c)
		for r := range rows {
			start, end := f.bounds(r)
			b := data[start:end]
			if len(b) > 0 && b[0] == d.Quote && d.Quote != 0 {
				b = f.unquote(b)
			}
			rows[r] = append(rows[r], string(b))
		}
	}
	return rows
}

// buildQuickly is build, but reports false when that takes tokens.
func (ix *index) buildQuickly(block []byte, n int, d *Dialect) bool {
	return ix.own.find(block, n, d) && !ix.own.scan.Inside() && ix.buildByMasks(block, n, &ix.own, d)
}

// seeds are texts with every turn of the grammar in them.
var seeds = []string{
	"", "\n", "a", "a,b\n", "a,b\r\nc,d\r\n", "a,b\nc,d", "a,b\n\nc,d\n", "\r\n\r\na,b\r\n",
	`"a","b"` + "\n", `"a""b",c` + "\n", `"a` + "\n" + `b",c` + "\n", `"",""` + "\n", `"""",x` + "\n",
	`a"b,c` + "\n", `5" disk,c` + "\n", `"a"x,c` + "\n", `"a` + "\n", `"a" ,c` + "\n", ` "a",c` + "\n",
	"a,b\rc,d\r", "a\r,b\n", "a,b\r", `"a"` + "\r\n", `"a"` + "\r", "a,\n,b\n", ",\n", "a,b,c\nd\n",
	strings.Repeat("abc,def\n", 20), strings.Repeat(`"a,b","c""d"`+"\r\n", 20),
	strings.Repeat("x", 63) + "," + "y\n", strings.Repeat("x", 62) + `,"y"` + "\n" + `"` + strings.Repeat("z", 70) + `"` + ",\n",
}

// FuzzIndex holds the masks to the tokenizer: whenever the fast way says that
// it can read a block, it reads what the tokenizer reads.
func FuzzIndex(f *testing.F) {
	for _, s := range seeds {
		for width := 1; width < 4; width++ {
			f.Add([]byte(s), byte(','), byte('"'), width, false)
		}
	}
	f.Add([]byte("a;'b'\r"), byte(';'), byte('\''), 2, true)
	f.Fuzz(func(t *testing.T, data []byte, delim, quote byte, width int, cr bool) {
		d := Dialect{Delimiter: string(rune(delim)), Quote: quote}
		if cr {
			d.LineEnd = LineEndCR
		}
		if d.Validate() != nil || width < 1 || width > 8 {
			t.Skip()
		}
		block := padded(data)
		var fast, slow index
		fast.width, slow.width = width, width
		slow.buildByTokens(data, &d, 1<<30, nil)
		if !fast.buildQuickly(block, len(data), &d) {
			return
		}
		if len(slow.bad) > 0 {
			t.Fatalf("masks accepted a block of which the tokenizer refuses %d records", len(slow.bad))
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
	})
}

// FuzzTokenizer holds the grammar to encoding/csv where the two agree: text
// that encoding/csv reads without error, apart from its folding of CRLF
// inside quotes.
func FuzzTokenizer(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		std := stdcsv.NewReader(bytes.NewReader(data))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		if err != nil {
			return
		}
		tok := tokenizer{dialect: &rfc4180, data: data, final: true}
		fold := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
		var got [][]string
		for {
			rec, ends, ok := tok.next(nil)
			if !ok {
				break
			}
			if rec.fault.kind != noFault {
				t.Fatalf("fault %v in %q, which encoding/csv reads as %q", rec.fault, data, want)
			}
			ix := index{ends: append([]uint32{uint32(rec.start) - 1}, ends...), stride: rec.fields + 1, skip: 1,
				rows: 1, width: rec.fields, crs: true}
			row := rowsOf(&ix, data, &rfc4180)[0]
			for i := range row {
				row[i] = fold(row[i])
			}
			got = append(got, row)
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q: read %q, encoding/csv reads %q", data, got, want)
		}
	})
}

// FuzzCut holds that where a text is cut does not matter: its blocks hold the
// records of the whole.
func FuzzCut(f *testing.F) {
	for _, s := range seeds {
		for _, n := range []int{1, 7, 64, 1 << 20} {
			f.Add([]byte(s), n)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, blockBytes int) {
		if blockBytes < 1 || blockBytes > 1<<20 {
			t.Skip()
		}
		read := func(data []byte) (rows []string, faults int) {
			tok := tokenizer{dialect: &rfc4180, data: data, final: true}
			for {
				rec, _, ok := tok.next(nil)
				if !ok {
					return rows, faults
				}
				if rec.fault.kind != noFault {
					return rows, faults + 1
				}
				rows = append(rows, string(data[rec.start:rec.end]))
			}
		}
		want, wantFaults := read(data)
		c := cutter{dialect: &rfc4180, r: bytes.NewReader(data), blockBytes: blockBytes, rowBytesMax: 1 << 20,
			buffers: new(bufferPool), line: 1}
		var got []string
		faults := 0
		var offset, line int64 = 0, 1
		for faults == 0 {
			b, err := c.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if b.offset != offset || b.line != line {
				t.Fatalf("block at offset %d, line %d; expected %d, %d", b.offset, b.line, offset, line)
			}
			offset += int64(len(b.data))
			line += int64(bytes.Count(b.data, []byte("\n")))
			rows, n := read(b.data)
			got, faults = append(got, rows...), faults+n
		}
		if !slices.Equal(got, want) || faults != wantFaults {
			t.Fatalf("in blocks of %d: %q and %d faults; whole: %q and %d", blockBytes, got, faults, want, wantFaults)
		}
	})
}

// Lines that are no records of the header's width take no memory for its fields.
func TestIndexOfShortLines(t *testing.T) {
	data := bytes.Repeat([]byte("\n"), 1<<20)
	var ix index
	ix.build(padded(data), len(data), nil, &rfc4180, columnsMax, 1<<30, nil)
	if len(ix.bad) != 0 || ix.blank != len(data) || cap(ix.ends) > 4*len(data) {
		t.Errorf("%d bad records, %d blank lines, room for %d ends", len(ix.bad), ix.blank, cap(ix.ends))
	}
}
