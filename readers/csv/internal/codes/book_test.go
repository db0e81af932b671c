package codes

import (
	"fmt"
	"strings"
	"testing"
)

// column lays texts out with other fields between them.
func column(texts []string, stride int) (data []byte, ends []uint32) {
	ends = []uint32{^uint32(0)}
	for _, s := range texts {
		data = append(append(data, s...), ',')
		ends = append(ends, uint32(len(data)-1))
		for range stride - 1 {
			data = append(data, "other,"...)
			ends = append(ends, uint32(len(data)-1))
		}
	}
	return append(data, make([]byte, PadBytes)...), ends
}

// number numbers texts as the decoder does, and by a map, and holds the two equal.
func number(t *testing.T, b *Book, fields []string, stride, most, quote int) {
	data, ends := column(fields, stride)
	dst := make([]uint16, len(fields))
	want := map[string]uint16{}
	var order []string
	for r := 0; r < len(fields); r++ {
		n := b.KnownRuns(dst[r:], data, ends[r*stride:], stride, quote)
		for _, s := range fields[r : r+n] {
			if s = unquoted(s, quote); quote >= 0 && strings.Contains(s, string(rune(quote))) {
				t.Fatalf("field %d, %q, has a quote in it", r, s)
			}
			if code, ok := want[s]; !ok || dst[r] != code {
				t.Fatalf("field %d, %q: taken for number %d; it is %d, %v", r, s, dst[r], code, ok)
			}
			r++
		}
		if r == len(fields) {
			break
		}
		s := unquoted(fields[r], quote)
		field := append([]byte(s), make([]byte, PadBytes)...)
		code, known := want[s]
		if got, ok := b.Known(field, uint32(len(s))); ok && (!known || got != code) {
			t.Fatalf("field %d, %q: known as %d; it is %d, %v", r, s, got, code, known)
		}
		got, ok := b.Number(field, uint32(len(s)), most)
		if !known && len(want) < most {
			code, known = uint16(len(want)), true
			want[s] = code
			order = append(order, s)
		}
		if ok != known || ok && got != code {
			t.Fatalf("field %d, %q: numbered %d, %v; it is %d, %v", r, s, got, ok, code, known)
		}
		if !ok {
			return
		}
	}
	offsets, text := make([]int32, b.Len()+1), make([]byte, b.Bytes())
	b.Texts(offsets, text)
	for i, s := range order {
		if got := string(text[offsets[i]:offsets[i+1]]); got != s {
			t.Fatalf("text %d is %q, want %q", i, got, s)
		}
	}
	if b.Len() != len(order) {
		t.Fatalf("%d texts, want %d", b.Len(), len(order))
	}
}

func unquoted(s string, quote int) string {
	if len(s) > 1 && int(s[0]) == quote {
		return s[1 : len(s)-1]
	}
	return s
}

func TestBook(t *testing.T) {
	var texts []string
	for i := range 4000 {
		texts = append(texts, fmt.Sprint("id", i%7), "x", strings.Repeat("ab", i%9+1), strings.Repeat("long", i%40+5), fmt.Sprint(i%1000), fmt.Sprint("exactly-", 10000000+i%60))
	}
	b := new(Book)
	for _, most := range []int{5, 300, TextsMax} {
		for stride := 1; stride < 4; stride++ {
			b.Reset()
			number(t, b, texts, stride, most, -1)
		}
	}
	b.round = ^uint32(0) // the rounds start over
	b.Reset()
	for i, s := range texts {
		if i%3 > 0 {
			texts[i] = `"` + s + `"`
		}
	}
	number(t, b, texts, 1, TextsMax, '"')
}

// FuzzBook holds Known, Number and the kernel to a map.
func FuzzBook(f *testing.F) {
	f.Add("a,bb,ccc,dddd,eeeee,ffffff,ggggggg,hhhhhhhh,iiiiiiiii", 1, 100)
	f.Add("0123456789abcdef,0123456789abcdefg,0123456789abcdef\x00,\x00,\x00\x00", 2, 3)
	f.Add("\"a,b,'c,\xff\xff\xff\xff\xff\xff\xff\xff\xff", 3, 4096)
	b := new(Book)
	f.Fuzz(func(t *testing.T, list string, stride, most int) {
		if stride < 1 || stride > 4 || most < 0 || most > TextsMax {
			return
		}
		var texts []string
		for s := range strings.SplitSeq(list, ",") {
			if s != "" && s[0] != '"' {
				texts = append(texts, s, `"`+s+`"`)
			}
		}
		if len(texts) == 0 {
			return
		}
		for n := len(texts); len(texts) < 3*n+24; {
			texts = append(texts, texts[len(texts)%n])
		}
		for _, quote := range []int{-1, '"'} {
			b.Reset()
			number(t, b, texts, stride, most, quote)
		}
	})
}

func BenchmarkBook(b *testing.B) {
	for _, format := range []string{"id%03d", "id%010d"} {
		texts := make([]string, 10000)
		for i := range texts {
			texts[i] = fmt.Sprintf(format, i*7919%100)
		}
		data, ends := column(texts, 1)
		dst := make([]uint16, len(texts))
		book := new(Book)
		book.Reset()
		for r, s := range texts {
			book.Number(data[ends[r]+1:], uint32(len(s)), TextsMax)
		}
		perField := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(texts)), "ns/field")
		}
		b.Run(fmt.Sprint(len(texts[0]), "/chosen"), func(b *testing.B) {
			for b.Loop() {
				for r := book.KnownRuns(dst, data, ends, 1, -1); r < len(texts); r++ {
					dst[r], _ = book.Known(data[ends[r]+1:], ends[r+1]-ends[r]-1)
				}
			}
			perField(b)
		})
		b.Run(fmt.Sprint(len(texts[0]), "/fields"), func(b *testing.B) {
			for b.Loop() {
				for r := range texts {
					dst[r], _ = book.Known(data[ends[r]+1:], ends[r+1]-ends[r]-1)
				}
			}
			perField(b)
		})
	}
}
