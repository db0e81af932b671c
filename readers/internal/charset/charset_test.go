package charset

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	textutf32 "golang.org/x/text/encoding/unicode/utf32"
)

// oracles are the encodings of golang.org/x/text, by our names.
var oracles = map[string]encoding.Encoding{
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-32le": textutf32.UTF32(textutf32.LittleEndian, textutf32.IgnoreBOM), "utf-32be": textutf32.UTF32(textutf32.BigEndian, textutf32.IgnoreBOM),
	"windows-1252": charmap.Windows1252, "windows-1251": charmap.Windows1251, "windows-1253": charmap.Windows1253,
	"iso-8859-15": charmap.ISO8859_15, "ibm866": charmap.CodePage866, "koi8-r": charmap.KOI8R, "ibm037": charmap.CodePage037,
	"shift_jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP, "iso-2022-jp": japanese.ISO2022JP,
	"gbk": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030, "big5": traditionalchinese.Big5, "euc-kr": korean.EUCKR,
}

// samples are texts that the encodings can all hold, or some of them.
var samples = []string{
	"", "a", "id,name\n1,x\n", strings.Repeat("0123456789,abcdef\n", 9000),
	"id,größe\n1,café ÿ\n", "id,имя\n1,Привет\n", "id,名前\n1,日本語 テスト\n", "编号,名\n1,中文\n", "번호\n한국어\n",
	"id,😀\n", "a\ufffdb,\ufffd\n", strings.Repeat("日本語,abc,кот é\n", 5000),
}

func read(t *testing.T, c *Charset, r io.Reader) (string, error) {
	t.Helper()
	b, err := io.ReadAll(c.NewReader(r, 0))
	return string(b), err
}

func TestDecodesAsTextDoes(t *testing.T) {
	for name, e := range oracles {
		c := Lookup(name)
		if c == nil || c.Name() != name {
			t.Errorf("Lookup(%q) = %v", name, c)
			continue
		}
		held := 0
		for _, s := range samples {
			data, err := e.NewEncoder().String(s)
			if err != nil {
				continue // it has characters that the encoding has not
			}
			if back, err := e.NewDecoder().String(data); err != nil || back != s {
				continue // ibm037 has no line feed of its own
			}
			held++
			for how, r := range map[string]io.Reader{
				"whole": strings.NewReader(data), "halves": iotest.HalfReader(strings.NewReader(data)),
				"bytes": iotest.OneByteReader(strings.NewReader(data)), "end with data": iotest.DataErrReader(strings.NewReader(data)),
			} {
				if got, err := read(t, c, r); err != nil || got != s {
					t.Errorf("%s, %s: %d bytes, %v; want %d bytes %.20q", name, how, len(got), err, len(s), s)
				}
			}
			small, err := io.ReadAll(iotest.OneByteReader(c.NewReader(strings.NewReader(data), 0)))
			if err != nil || string(small) != s {
				t.Errorf("%s, byte by byte: %d bytes, %v", name, len(small), err)
			}
		}
		if held < 3 {
			t.Errorf("%s: only %d samples", name, held)
		}
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"UTF-8": "utf-8", " latin1 ": "windows-1252", "ISO-8859-1": "windows-1252", "cp1252": "windows-1252", "Windows-1250": "windows-1250",
		"SJIS": "shift_jis", "gb2312": "gbk", "ascii": "us-ascii", "IBM850": "ibm850", "utf16": "utf-16", "UTF-32LE": "utf-32le",
		"latin9": "iso-8859-15", "x-sjis": "shift_jis", "euckr": "euc-kr", "ks_c_5601-1987": "euc-kr", "macintosh": "macintosh",
	} {
		if c := Lookup(name); c == nil || c.Name() != want {
			t.Errorf("Lookup(%q) = %v, want %s", name, c, want)
		}
	}
	for _, name := range []string{"", "latin", "utf-9", "replacement", "hz-gb-2312", "utf-7"} {
		if c := Lookup(name); c != nil {
			t.Errorf("Lookup(%q) = %s", name, c.Name())
		}
	}
	for _, name := range Names() {
		if Lookup(name) == nil {
			t.Errorf("%s is among Names but Lookup has it not", name)
		}
	}
}

// What is not defined is an error that names its place, at any distance from the
// start and however the bytes arrive.
func TestMalformed(t *testing.T) {
	for _, c := range []struct{ name, good, bad string }{
		{"utf-16le", "a\x00\n\x00", "\x00\xdc"}, // a low surrogate alone
		{"utf-16le", "a\x00\n\x00", "\x00\xd8a\x00"},
		{"utf-16be", "\x00a\x00\n", "\xd8\x00"},
		{"utf-16be", "\x00a\x00\n", "\x00"}, // half a unit
		{"utf-32le", "a\x00\x00\x00\n\x00\x00\x00", "\x00\x00\x11\x00"},
		{"utf-32be", "\x00\x00\x00a\x00\x00\x00\n", "\x00\x00\xd8\x00"},
		{"us-ascii", "a\n", "\x80"},
		{"windows-1253", "a\n", "\xaa"},
		{"shift_jis", "\x93\xfa\n", "\x93"}, // cut short
		{"shift_jis", "\x93\xfa\n", "\xfd\xfd"},
		{"euc-jp", "\xc6\xfc\n", "\xa1"},
		{"gbk", "\xd6\xd0\n", "\xff"},
		{"gb18030", "\xd6\xd0\x84\x31\xa4\x37\n", "\x85\x30\x81\x30"}, // U+FFFD is defined
		{"gb18030", "\xd6\xd0\n", "\x81\x30\x20"},
		{"big5", "\xa4\xa4\x88\x62\n", "\x80"},
		{"euc-kr", "\xc7\xd1\n", "\xfe\xff"},
		{"iso-2022-jp", "\x1b$B\x24\x22\x1b(B\n", "\xff"},
	} {
		for _, times := range []int{0, 1, 100, 30_000} {
			data := strings.Repeat(c.good, times) + c.bad
			for _, r := range []io.Reader{strings.NewReader(data), iotest.HalfReader(strings.NewReader(data))} {
				got, err := read(t, Lookup(c.name), r)
				var e *Error
				if !errors.As(err, &e) {
					t.Errorf("%s % x: %v", c.name, c.bad, err)
					continue
				}
				at := int64(times * len(c.good))
				if e.Offset != at || e.Line != int64(times)+1 || !strings.HasPrefix(c.bad, string(e.Found[:1])) || strings.Count(got, "\n") != times {
					t.Errorf("%s % x after %d: %v", c.name, c.bad, at, e)
				}
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := read(t, Lookup("us-ascii"), strings.NewReader("a\nb\xe9cdef"))
	if want := "line 2: the bytes e9 63 64 65 at offset 3 are not us-ascii"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadersErrorIsPassedOn(t *testing.T) {
	fault := errors.New("fault")
	r := io.MultiReader(strings.NewReader("a\x00b\x00"), iotest.ErrReader(fault))
	if got, err := read(t, Lookup("utf-16le"), r); got != "ab" || err != fault {
		t.Errorf("%q, %v", got, err)
	}
}

func encode(t *testing.T, name, s string) string {
	t.Helper()
	data, err := oracles[name].NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestResolve(t *testing.T) {
	csv, han := "id,name\r\n1,é\n", strings.Repeat("编号,中文,名\n", 30)
	for _, c := range []struct {
		declared, head string
		want           string
		mark           int
	}{
		{"", "", "utf-8", 0},
		{"", csv, "utf-8", 0},
		{"", "\ufeff" + csv, "utf-8", 3},
		{"", "\xff\xfe" + encode(t, "utf-16le", csv), "utf-16le", 2},
		{"", "\xfe\xff" + encode(t, "utf-16be", csv), "utf-16be", 2},
		{"", "\xff\xfe\x00\x00" + encode(t, "utf-32le", csv), "utf-32le", 4},
		{"", "\x00\x00\xfe\xff" + encode(t, "utf-32be", csv), "utf-32be", 4},
		{"", encode(t, "utf-16le", csv), "utf-16le", 0},
		{"", encode(t, "utf-16be", csv), "utf-16be", 0},
		{"", encode(t, "utf-32le", csv), "utf-32le", 0},
		{"", encode(t, "utf-32be", csv), "utf-32be", 0},
		{"", encode(t, "utf-16le", han), "utf-16le", 0},
		{"", encode(t, "utf-16be", han), "utf-16be", 0},
		{"", encode(t, "utf-32le", han), "utf-32le", 0},
		{"", encode(t, "utf-16le", "a\nb\nc\n"), "utf-16le", 0}, // as UTF-32 it would be planes 10
		{"", encode(t, "utf-16be", "a\nb\nc\n"), "utf-16be", 0},
		{"", "a,b\n1,\x00\n2,\x00\n", "utf-8", 0},            // NULs in a text
		{"", "\x01\x00\x02\x00\x03\x00\x04\x00", "utf-8", 0}, // little numbers
		{"", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "utf-8", 0},
		{"", "a\x00", "utf-8", 0}, // too little to tell
		{"latin1", csv, "windows-1252", 0},
		{"latin1", "\ufeff" + csv, "utf-8", 3}, // a mark is certain
		{"utf-16", encode(t, "utf-16be", csv), "utf-16be", 0},
		{"utf-16", encode(t, "utf-16le", csv), "utf-16le", 0},
		{"utf-16", "\x2d\x4e", "utf-16le", 0},
		{"utf-32", "\xff\xfe\x00\x00", "utf-32le", 4},
		{"utf-16be", encode(t, "utf-16le", csv), "utf-16be", 0},
	} {
		var declared *Charset
		if c.declared != "" {
			declared = Lookup(c.declared)
		}
		if got, mark := declared.Resolve([]byte(c.head), true); got.Name() != c.want || mark != c.mark {
			t.Errorf("%s %.20q: %s, mark of %d bytes; want %s, %d", c.declared, c.head, got.Name(), mark, c.want, c.mark)
		}
	}
	// A head that ends within a character is as good.
	long := encode(t, "utf-16le", strings.Repeat("😀,1\n", 2000))
	if got, _ := (*Charset)(nil).Resolve([]byte(long[:HeadBytes-1]), false); got != utf16LE {
		t.Errorf("a head cut short: %s", got.Name())
	}
}

func TestFirstInvalid(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
	}{
		{"", -1}, {"abc", -1}, {"é😀", -1}, {"\ufffd", -1}, {"ab\xff", 2}, {"é\xc3", 2}, {"\xf0\x9f\x98", 0}, {"a\xed\xa0\x80", 1},
		{strings.Repeat("é", 100_000), -1}, {strings.Repeat("日本", 50_000) + "\xe6\x97", 300_000}, {strings.Repeat("a", sourceBytes-1) + "é\xe9b", sourceBytes + 1},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.HalfReader(strings.NewReader(c.text)), iotest.OneByteReader(strings.NewReader(c.text))} {
			if got, err := FirstInvalid(r); got != c.want || err != nil {
				t.Errorf("%.10q (%d bytes): %d, %v; want %d", c.text, len(c.text), got, err, c.want)
			}
		}
	}
	fault := errors.New("fault")
	if _, err := FirstInvalid(iotest.ErrReader(fault)); err != fault {
		t.Error(err)
	}
}

// FuzzTranscode holds a conversion in pieces equal to one at once, and that to
// golang.org/x/text wherever it replaces nothing.
func FuzzTranscode(f *testing.F) {
	names := make([]string, 0, len(oracles))
	for _, n := range Names() {
		if oracles[n] != nil {
			names = append(names, n)
		}
	}
	for i, n := range names {
		for _, s := range samples {
			if data, err := oracles[n].NewEncoder().String(s); err == nil && len(data) < 1000 {
				f.Add([]byte(data), uint8(i), uint8(3))
				f.Add([]byte(data+"\xff\x80a"), uint8(i), uint8(1))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, which, piece uint8) {
		name := names[int(which)%len(names)]
		c := Lookup(name)
		whole, wholeErr := io.ReadAll(c.NewReader(bytes.NewReader(data), 0))
		r := c.NewReader(&pieces{data, int(piece)%7 + 1}, 0)
		var got []byte
		var err error
		for buf := make([]byte, int(piece)%13+1); err == nil; {
			var n int
			n, err = r.Read(buf)
			got = append(got, buf[:n]...)
		}
		if err == io.EOF {
			err = nil
		}
		if !bytes.Equal(got, whole) || (err == nil) != (wholeErr == nil) || err != nil && err.Error() != wholeErr.Error() {
			t.Fatalf("%s: %q, %v in pieces; %q, %v at once", name, got, err, whole, wholeErr)
		}
		if !utf8.Valid(whole) {
			t.Fatalf("%s: %q is not UTF-8", name, whole)
		}
		want, oracleErr := oracles[name].NewDecoder().Bytes(data)
		replaced := oracleErr != nil || bytes.Contains(want, replacement)
		switch {
		case wholeErr == nil && !bytes.Equal(whole, want):
			t.Fatalf("%s: %q, want %q", name, whole, want)
		case wholeErr != nil && !replaced:
			t.Fatalf("%s: %v, but x/text makes %q of it", name, wholeErr, want)
		case wholeErr != nil && !bytes.HasPrefix(want, whole):
			t.Fatalf("%s: %q before the error, want a start of %q", name, whole, want)
		}
	})
}

// pieces is a reader of n bytes at a time.
type pieces struct {
	data []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.data)
	p.data = p.data[n:]
	return n, nil
}

func BenchmarkTranscode(b *testing.B) {
	text := strings.Repeat("12345,some text here,3.14159,2026-01-02\n", 25_000)
	mixed := strings.Repeat("12345,日本語,3.14159,2026-01-02\n", 25_000)
	for _, c := range []struct{ name, text string }{
		{"utf-16le", text}, {"utf-16be", text}, {"windows-1252", text}, {"shift_jis", text}, {"shift_jis", mixed}, {"gb18030", mixed}, {"utf-32le", text},
	} {
		data, err := oracles[c.name].NewEncoder().String(c.text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			buf := make([]byte, 256<<10)
			for b.Loop() {
				r := Lookup(c.name).NewReader(strings.NewReader(data), 0)
				for {
					if _, err := r.Read(buf); err != nil {
						break
					}
				}
			}
		})
	}
}
