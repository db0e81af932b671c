package readers

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"csvloom/readers/internal/charset"
)

// utf16le returns s in UTF-16LE without a mark.
func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// The encoding is told of what is left after decompression, and of members of
// archives. A mark other than that of UTF-8 is not part of the text.
func TestEncodings(t *testing.T) {
	long := "id,name\n" + strings.Repeat("1,größe\n", 5000)
	latin := bytes.ReplaceAll(bytes.ReplaceAll([]byte(long), []byte("ö"), []byte{0xf6}), []byte("ß"), []byte{0xdf})
	marked := append([]byte{0xff, 0xfe}, utf16le(long)...)
	tree(t, map[string]string{
		"plain.csv": long, "utf8bom.csv": "\ufeff" + long, "u16.csv": string(marked), "u16bare.csv": string(utf16le(long)),
		"u16.csv.gz": string(gzipped(t, marked, "")), "u16.zip": string(zipped(t, file{"u16.csv", string(marked)})), "latin.csv": string(latin),
		"late.csv": long + "2,\xe9\n",
	})
	for _, c := range []struct {
		path, encoding, fallback string
		want, as                 string
	}{
		{"plain.csv", "", "", long, "utf-8"},
		{"plain.csv", "", "latin1", long, "utf-8"},
		{"utf8bom.csv", "", "", "\ufeff" + long, "utf-8"},
		{"utf8bom.csv", "latin1", "", "\ufeff" + long, "utf-8"},
		{"u16.csv", "", "", long, "utf-16le"},
		{"u16.csv", "latin1", "", long, "utf-16le"},
		{"u16.csv", "", "latin1", long, "utf-16le"},
		{"u16bare.csv", "", "", long, "utf-16le"},
		{"u16bare.csv", "utf-16", "", long, "utf-16le"},
		{"u16.csv.gz", "", "", long, "utf-16le"},
		{"u16.zip", "", "", long, "utf-16le"},
		{"latin.csv", "", "", string(latin), "utf-8"}, // whoever reads it complains
		{"latin.csv", "ISO-8859-1", "", long, "windows-1252"},
		{"latin.csv", "", "windows-1252", long, "windows-1252"},
		{"late.csv", "", "utf-8", long + "2,\xe9\n", "utf-8"},
	} {
		in := discover(t, Options{Encoding: c.encoding, EncodingFallback: c.fallback}, c.path).Inputs()[0]
		for range 2 {
			s, err := in.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(s)
			if string(got) != c.want || err != nil || s.Encoding() != c.as || s.Close() != nil {
				t.Errorf("%s as %q, else %q: %.20q (%d bytes), %v, %s", c.path, c.encoding, c.fallback, got, len(got), err, s.Encoding())
			}
		}
	}
	// What is not UTF-8 may come late: the fallback is decided by all of the file.
	got := mustContent(t, discover(t, Options{EncodingFallback: "latin1"}, "late.csv").Inputs()[0])
	if !strings.HasSuffix(got, "2,é\n") || !strings.HasPrefix(got, "id,name\n1,grÃ") {
		t.Errorf("late: %.20q", got)
	}
}

func TestEncodingFaults(t *testing.T) {
	tree(t, map[string]string{"a.csv": "\xff\xfea\x00\n\x00b\x00\x00\xd8c\x00", "z.csv.gz": string(gzipped(t, []byte("a\nb\xe9"), ""))})
	_, err := content(t.Context(), discover(t, Options{}, "a.csv").Inputs()[0])
	var source *SourceError
	var malformed *charset.Error
	if !errors.As(err, &source) || !errors.As(err, &malformed) || malformed.Offset != 8 || malformed.Line != 2 || source.Name != "a.csv" {
		t.Errorf("got %v", err)
	}
	_, err = content(t.Context(), discover(t, Options{Encoding: "us-ascii"}, "z.csv.gz").Inputs()[0])
	if want := `cannot read "z.csv.gz": line 2: the bytes e9 at offset 3 are not us-ascii; check --encoding, or mend the file`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, o := range []Options{{Encoding: "windows-1525"}, {EncodingFallback: "klingon"}, {Encoding: "utf-8", EncodingFallback: "latin1"}} {
		if _, err := Discover(t.Context(), []string{"a.csv"}, o); !isUsage(err) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
