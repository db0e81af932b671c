package readers

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// text is what the compressed files of the tests hold: enough for several
// blocks of some formats, with parts that do not compress.
func text() []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for b.Len() < 3000 {
		fmt.Fprintf(&b, "%d,name,%x\n", b.Len(), r.Uint64())
	}
	return b.Bytes()
}

// bzip2Text and bzip2Empty were made by `printf 'a,b\n1,2\n' | bzip2 -9` and
// `bzip2 </dev/null`: there is no encoder in the standard library.
var (
	bzip2Text  = unhex("425a6839314159265359bf87407f00000359000010000430003000200030c00869b28823278bb9229c28485fc3a03f80")
	bzip2Empty = unhex("425a683917724538509000000000")
)

const bzip2Content = "a,b\n1,2\n"

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func gzipped(t testing.TB, data []byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	return finish(t, &b, w, data)
}

func zstded(t testing.TB, data []byte, options ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, append(options, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	return finish(t, &b, w, data)
}

func s2ed(t testing.TB, data []byte, options ...s2.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	return finish(t, &b, s2.NewWriter(&b, append(options, s2.WriterConcurrency(1))...), data)
}

func finish(t testing.TB, b *bytes.Buffer, w io.WriteCloser, data []byte) []byte {
	t.Helper()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// skippable is a zstd skippable frame, as pzstd and seekable zstd write them.
func skippable(content string) []byte {
	return append([]byte{0x5e, 0x2a, 0x4d, 0x18, byte(len(content)), 0, 0, 0}, content...)
}

func readAll(name string, data []byte) (string, *Stream, error) {
	s, err := NewStream(name, io.NopCloser(bytes.NewReader(data)))
	if err != nil {
		return "", nil, err
	}
	b, err := io.ReadAll(s)
	return string(b), s, errors.Join(err, s.Close())
}

func TestStreamFormats(t *testing.T) {
	plain := text()
	for _, c := range []struct {
		name        string
		data        []byte
		compression string
		want        string
	}{
		{"plain", plain, "", string(plain)},
		{"empty", nil, "", ""},
		{"one byte", []byte("P"), "", "P"},
		{"short", []byte("a,b"), "", "a,b"},
		{"16 bytes", []byte("0123456789abcdef"), "", "0123456789abcdef"},
		{"17 bytes", []byte("0123456789abcdefg"), "", "0123456789abcdefg"},
		{"bzip2 lookalike", []byte("BZh9,x\n1,2\n"), "", "BZh9,x\n1,2\n"},
		{"bzip2 lookalike, short", []byte("BZh9"), "", "BZh9"},
		{"skippable lookalike, short", []byte("P*M"), "", "P*M"},
		{"gzip", gzipped(t, plain, ""), "gzip", string(plain)},
		{"gzip with name", gzipped(t, plain, "x.csv"), "gzip", string(plain)},
		{"gzip members", join(gzipped(t, plain[:100], "a"), gzipped(t, nil, "b"), gzipped(t, plain[100:], "c")), "gzip", string(plain)},
		{"gzip of nothing", gzipped(t, nil, ""), "gzip", ""},
		{"zstd", zstded(t, plain), "zstd", string(plain)},
		{"zstd without checksum", zstded(t, plain, zstd.WithEncoderCRC(false)), "zstd", string(plain)},
		{"zstd frames", join(zstded(t, plain[:100]), skippable("skip"), zstded(t, plain[100:])), "zstd", string(plain)},
		{"zstd skippable first", join(skippable(""), zstded(t, plain)), "zstd", string(plain)},
		{"zstd skippable only", skippable("none"), "zstd", ""},
		{"bzip2", bzip2Text, "bzip2", bzip2Content},
		{"bzip2 streams", join(bzip2Text, bzip2Empty, bzip2Text), "bzip2", bzip2Content + bzip2Content},
		{"bzip2 of nothing", bzip2Empty, "bzip2", ""},
		{"s2", s2ed(t, plain), "s2", string(plain)},
		{"s2 chunks", s2ed(t, plain, s2.WriterBlockSize(4<<10)), "s2", string(plain)},
		{"s2 with index", s2ed(t, plain, s2.WriterAddIndex()), "s2", string(plain)},
		{"s2 streams", join(s2ed(t, plain[:100]), s2ed(t, plain[100:])), "s2", string(plain)},
		{"snappy", s2ed(t, plain, s2.WriterSnappyCompat()), "snappy", string(plain)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, s, err := readAll("x", c.data)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %d bytes, want %d", len(got), len(c.want))
			}
			if s.Compression() != c.compression || DecompressorFor(c.data[:min(len(c.data), SniffBytes)]) != c.compression {
				t.Errorf("compression %q, by DecompressorFor %q", s.Compression(), DecompressorFor(c.data))
			}
			if n := s.RawBytes(); n != int64(len(c.data)) {
				t.Errorf("RawBytes = %d of %d", n, len(c.data))
			}
			for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader, iotest.HalfReader} {
				s, err := NewStream("x", io.NopCloser(reader(bytes.NewReader(c.data))))
				if err != nil {
					t.Fatal(err)
				}
				if err := iotest.TestReader(s, []byte(c.want)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A cut anywhere must be an error or, where a format cannot know, end at a
// boundary that the format cannot tell from the end of the file.
func TestStreamCutShort(t *testing.T) {
	plain := text()[:400]
	for _, c := range []struct {
		name       string
		data       []byte
		boundaries []int // cuts that leave a complete, shorter file
	}{
		{"x.gz", gzipped(t, plain, ""), nil},
		{"x.zst", zstded(t, plain), nil},
		{"y.zst", zstded(t, plain, zstd.WithEncoderCRC(false)), nil},
		{"x.bz2", bzip2Text, nil},
		// 10 bytes are a stream without chunks; see NewStream.
		{"x.s2", s2ed(t, plain), []int{10}},
		{"x.sz", s2ed(t, plain, s2.WriterSnappyCompat()), []int{10}},
		// Members and frames are cut where each could be the last.
		{"z.gz", join(gzipped(t, plain, "a.csv"), gzipped(t, plain, "b.csv")), []int{len(gzipped(t, plain, "a.csv"))}},
		{"z.zst", join(zstded(t, plain), skippable("four"), zstded(t, plain)), []int{len(zstded(t, plain)), len(zstded(t, plain)) + 12}},
		{"z.bz2", join(bzip2Text, bzip2Text), []int{len(bzip2Text)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var complete []int
			for n := 1; n < len(c.data); n++ {
				_, _, err := readAll(c.name, c.data[:n])
				if err == nil {
					complete = append(complete, n)
					continue
				}
				var source *SourceError
				if !errors.As(err, &source) || source.Name != c.name || source.Op != "read" {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if !strings.Contains(err.Error(), "cut short") {
					t.Errorf("cut at %d: %v", n, err)
				}
			}
			if fmt.Sprint(complete) != fmt.Sprint(c.boundaries) {
				t.Errorf("cuts at %v of %d went unseen, expected at %v", complete, len(c.data), c.boundaries)
			}
		})
	}
	// Without a name that promises compression one byte may be text, and so
	// may what starts as bzip2 does.
	for data, want := range map[string]bool{"\x1f": true, "\x1f\x8b": false, "BZh": true, "BZh91": false, "\xff\x06": false, "(": true} {
		if _, _, err := readAll("http://host/x", []byte(data)); (err == nil) != want {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestStreamDamage(t *testing.T) {
	plain := text()
	gz, zs, sn := gzipped(t, plain, ""), zstded(t, plain), s2ed(t, plain)
	flip := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[at] ^= 1
		return data
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"gzip then text", join(gz, []byte("more")), "something else follows its gzip data"},
		{"gzip then zeros", join(gz, make([]byte, 512)), "something else follows its gzip data"},
		{"gzip checksum", flip(gz, len(gz)-6), "does not match its checksum"},
		{"gzip header", []byte("\x1f\x8b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "its gzip data"},
		{"zstd then text", join(zs, []byte("more,text")), "something else follows its zstd data"},
		{"zstd then little", join(zs, []byte("x")), "its zstd data ends early"},
		{"zstd checksum", flip(zs, len(zs)-1), "does not match its checksum"},
		{"bzip2 then text", join(bzip2Text, []byte("more")), "its bzip2 data is damaged"},
		{"bzip2 checksum", flip(bzip2Text, len(bzip2Text)-3), "its bzip2 data is damaged"},
		{"s2 checksum", flip(sn, 15), "does not match its checksum"},
		{"zstd window", unhex("28b52ffd00a00100000000"), "its zstd data needs a window of more than 128 MiB"},
		{"zip", []byte("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaa"), "it is a zip file; name it by itself or its members as in exports.zip::*.csv"},
		{"xz", []byte("\xfd7zXZ\x00aaaaaaaaaaaaaaaaa"), "it is a xz file; unpack it first (xz -d)"},
		{"parquet", []byte("PAR1\x15aaaaaaaaaaaaaaaaa"), "it is a Parquet file; it is not a CSV file"},
	} {
		_, _, err := readAll("n", c.data)
		if err == nil || !strings.Contains(err.Error(), `cannot read "n": `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		again, _, err := readAll("n", gz) // pooled decoders are none the worse
		if err != nil || again != string(plain) {
			t.Fatalf("after %s: %v", c.name, err)
		}
	}
}

// The input's own errors, io.ErrUnexpectedEOF among them, must not be taken for
// its end by any decoder.
func TestStreamInputErrors(t *testing.T) {
	plain := text()
	for _, data := range [][]byte{plain, gzipped(t, plain, ""), zstded(t, plain), bzip2Text, s2ed(t, plain)} {
		for _, fault := range []error{io.ErrUnexpectedEOF, &os.PathError{Op: "read", Path: "/secret", Err: errors.New("I/O error")}} {
			for n := range len(data) + 1 {
				if n > 40 && n < len(data)-40 {
					continue
				}
				r := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(fault))
				s, err := NewStream("n", io.NopCloser(r))
				if err == nil {
					_, err = io.ReadAll(s)
				}
				var source *SourceError
				if !errors.As(err, &source) || strings.Contains(err.Error(), "secret") || source.Err != cause(fault) {
					t.Fatalf("%q cut at %d: %v", DecompressorFor(data), n, err)
				}
			}
		}
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestStreamClose(t *testing.T) {
	c := &closeCounter{Reader: bytes.NewReader(gzipped(t, text(), ""))}
	s, err := NewStream("n", c)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	if c.closed != 1 {
		t.Errorf("closed %d times", c.closed)
	}
	c = &closeCounter{Reader: strings.NewReader("\x1f\x8b\x08")}
	if _, err := NewStream("n", c); err == nil || c.closed != 1 {
		t.Errorf("failed stream: %v, closed %d times", err, c.closed)
	}
}

func TestIsCSVName(t *testing.T) {
	for name, want := range map[string]bool{
		"a.csv": true, "a.CSV": true, "a.tsv": true, "a.txt": true, "a.csv.gz": true, "a.Txt.ZSTD": true, "a.csv.bz2": true,
		"a.csv.sz": true, "a.csv.s2": true, "a.csv.snappy": true, "a.csv.zst": true, ".csv": true,
		"a": false, "a.gz": false, "csv": false, "a.csv.gz.gz": false, "a.csv.xz": false, "a.json": false, "a.csv~": false, "gz": false,
	} {
		if isCSVName(name) != want {
			t.Errorf("isCSVName(%q) = %v", name, !want)
		}
	}
}

func FuzzStream(f *testing.F) {
	plain := text()[:200]
	f.Add(plain)
	f.Add(gzipped(f, plain, "n"))
	f.Add(zstded(f, plain))
	f.Add(bzip2Text)
	f.Add(s2ed(f, plain))
	f.Add(s2ed(f, plain, s2.WriterSnappyCompat()))
	f.Add(join(skippable("x"), zstded(f, plain)))
	f.Add([]byte("a\x00b\x00\n\x00")) // UTF-16 without a mark
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := NewStream("n", io.NopCloser(bytes.NewReader(data)))
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, io.LimitReader(s, 1<<24))
		asItStands := s.Compression() == "" && s.Encoding() == "utf-8"
		if asItStands && (err != nil || n != int64(len(data))) {
			t.Errorf("plain data of %d bytes: %d, %v", len(data), n, err)
		}
		if n < 1<<24 && err == nil && s.RawBytes() != int64(len(data)) {
			t.Errorf("%s ended after %d of %d bytes without an error", s.Compression(), s.RawBytes(), len(data))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	var plain bytes.Buffer
	for plain.Len() < 16<<20 {
		plain.Write(text())
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"plain", plain.Bytes()},
		{"gzip", gzipped(b, plain.Bytes(), "")},
		{"zstd", zstded(b, plain.Bytes())},
		{"s2", s2ed(b, plain.Bytes())},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(plain.Len()))
			b.ReportAllocs()
			buf := make([]byte, 1<<20)
			for b.Loop() {
				s, err := NewStream("n", io.NopCloser(bytes.NewReader(c.data)))
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = s.Read(buf)
				}
				if err != io.EOF || s.Close() != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
