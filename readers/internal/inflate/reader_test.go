package inflate

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"encoding/binary"
)

// bitWriter writes streams that no packer makes.
type bitWriter struct {
	out   []byte
	count int
}

// put writes the low n bits of v, the lowest first; a codeword must be reversed.
func (w *bitWriter) put(v, n int) *bitWriter {
	for ; n > 0; n-- {
		if w.count%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v&1) << (w.count % 8)
		v >>= 1
		w.count++
	}
	return w
}

func (w *bitWriter) code(code, n int) *bitWriter { return w.put(reversed(code, n), n) }

// fixed begins a last block with fixed codes.
func fixed() *bitWriter { return new(bitWriter).put(1, 1).put(1, 2) }

// dynamic begins a last block with codes of its own.
func dynamic(literals, distances, lengths int) *bitWriter {
	return new(bitWriter).put(1, 1).put(2, 2).put(literals-257, 5).put(distances-1, 5).put(lengths-4, 4)
}

// lengths writes the lengths of the code of code lengths.
func (w *bitWriter) lengths(of map[int]int) *bitWriter {
	for _, symbol := range lengthOrder {
		w.put(of[int(symbol)], 3)
	}
	return w
}

// bytes ends the stream with a few bytes, so that damage is not mistaken for an
// end that comes too early.
func (w *bitWriter) bytes() []byte { return append(bytes.Clone(w.out), make([]byte, 8)...) }

// zeroOneTwo is a code of code lengths with codewords of two bits, in order, for
// 0, 1, 2 and 18.
var zeroOneTwo = map[int]int{0: 2, 1: 2, 2: 2, 18: 2}

// literalA writes lengths, with zeroOneTwo, of a code of 'a' and other
// symbols up to 256.
func (w *bitWriter) literalA(a, end int) *bitWriter {
	w.code(3, 2).put('a'-11, 7)                                       // 97 times 0
	w.code(a, 2)                                                      // 'a'
	return w.code(3, 2).put(127, 7).code(3, 2).put(9, 7).code(end, 2) // 158 times 0
}

var corruptStreams = []struct {
	name   string
	stream *bitWriter
	want   error
}{
	{"block type", new(bitWriter).put(1, 1).put(3, 2), errBlockType},
	{"stored length", new(bitWriter).put(1, 8).put(5, 16).put(^5^1, 16), errStoredLength},
	{"287 literals", dynamic(287, 1, 19), errSymbolCount},
	{"31 distances", dynamic(257, 31, 19), errSymbolCount},
	{"no code lengths", dynamic(257, 1, 19).lengths(nil), errNoLength},
	{"over-subscribed code lengths", dynamic(257, 1, 19).lengths(map[int]int{0: 1, 1: 1, 2: 1}), errOversubscribed},
	{"incomplete code lengths", dynamic(257, 1, 19).lengths(map[int]int{0: 1, 1: 2}), errIncomplete},
	{"one code length of two bits", dynamic(257, 1, 19).lengths(map[int]int{0: 2}), errIncomplete},
	{"the other bit of one code length", dynamic(257, 1, 19).lengths(map[int]int{1: 1}).put(1, 1), errNoLength},
	{"repeat at the start", dynamic(257, 1, 19).lengths(map[int]int{0: 1, 16: 1}).put(1, 1).put(0, 2), errRepeat},
	{"repeat too often", dynamic(257, 1, 19).lengths(map[int]int{0: 1, 18: 1}).put(1, 1).put(127, 7).put(1, 1).put(127, 7), errRepeatCount},
	{"no end of block", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(1, 0).code(0, 2), errNoEnd},
	{"no literals", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(0, 0).code(0, 2), errNoEnd},
	{"over-subscribed literals", dynamic(258, 1, 19).lengths(zeroOneTwo).literalA(1, 1).code(2, 2).code(0, 2), errOversubscribed},
	{"incomplete literals", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(1, 2).code(0, 2), errIncomplete},
	{"incomplete distances", dynamic(257, 2, 19).lengths(zeroOneTwo).literalA(1, 1).code(1, 2).code(2, 2), errIncomplete},
	{"one distance of two bits", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(1, 1).code(2, 2), errIncomplete},
	{"over-subscribed distances", dynamic(257, 3, 19).lengths(zeroOneTwo).literalA(1, 1).code(1, 2).code(1, 2).code(2, 2), errOversubscribed},
	{"the other bit of one literal", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(0, 1).code(0, 2).put(1, 1), errNoLiteral},
	// Of 'a', the end, and length 3.
	{"a match without distances", dynamic(258, 1, 19).lengths(zeroOneTwo).literalA(1, 2).code(2, 2).code(0, 2).code(0, 1).code(3, 2), errNoDistance},
	{"the other bit of one distance", dynamic(258, 1, 19).lengths(zeroOneTwo).literalA(1, 2).code(2, 2).code(1, 2).code(0, 1).code(3, 2).put(1, 1), errNoDistance},
	{"literal 286", fixed().code(0xc6, 8), errNoLiteral},
	{"literal 287", fixed().code(0xc7, 8), errNoLiteral},
	{"distance 30", fixed().code(0x30+'a', 8).code(1, 7).code(30, 5), errNoDistance},
	{"distance 31", fixed().code(0x30+'a', 8).code(1, 7).code(31, 5), errNoDistance},
	{"distance before the start", fixed().code(0x30+'a', 8).code(1, 7).code(1, 5), errTooFar},
	{"distance without content", fixed().code(1, 7).code(0, 5), errTooFar},
}

func TestCorrupt(t *testing.T) {
	for _, c := range corruptStreams {
		check(t, c.stream.bytes())
		// Slowly, since there is little input, and fast.
		for _, spareBytes := range []int{0, 100} {
			stream := append(c.stream.bytes(), make([]byte, spareBytes)...)
			if _, _, err := new(Decoder).Decode(make([]byte, 1000), stream); err != c.want {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			file := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), stream...)
			if _, err := gunzipped(iotest.OneByteReader(bytes.NewReader(file)), 100); err != c.want {
				t.Errorf("%s, byte by byte: %v, want %v", c.name, err, c.want)
			}
		}
	}
}

// Codes that look wrong and are not.
func TestUnusualCodes(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream *bitWriter
		want   string
	}{
		{"the end alone", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(0, 1).code(0, 2).put(0, 1), ""},
		{"no distances", dynamic(257, 1, 19).lengths(zeroOneTwo).literalA(1, 1).code(0, 2).put(0, 1).put(1, 1), "a"},
		{"one distance", dynamic(258, 1, 19).lengths(zeroOneTwo).literalA(1, 2).code(2, 2).code(1, 2).code(0, 1).code(3, 2).put(0, 1).code(2, 2), "aaaa"},
		{"an empty stored block", new(bitWriter).put(1, 8).put(0, 16).put(0xffff, 16), ""},
		{"distance 1 and length 258", fixed().code(0x30+'a', 8).code(0xc5, 8).code(0, 5).code(0, 7), strings.Repeat("a", 259)},
		// RFC 1951 has 258 as a length of its own, but does not forbid the other.
		{"length 258 by extra bits", fixed().code(0x30+'a', 8).code(0xc4, 8).put(31, 5).code(0, 5).code(0, 7), strings.Repeat("a", 259)},
	} {
		check(t, c.stream.out)
		for _, spareBytes := range []int{0, 1000} {
			out := make([]byte, len(c.want)+spareBytes)
			stream := append(bytes.Clone(c.stream.out), make([]byte, spareBytes)...)
			if n, used, err := new(Decoder).Decode(out, stream); err != nil || string(out[:n]) != c.want || used != len(c.stream.out) {
				t.Errorf("%s: %q, %d bytes used, %v", c.name, out[:n], used, err)
			}
		}
	}
}

// member makes a gzip member with a header of so many bytes.
func member(header, content string) string {
	return header + string(fixedLiteralsOf(content)) + string(trailer(content))
}

func fixedLiteralsOf(content string) []byte {
	w := fixed()
	for _, b := range []byte(content) {
		w.code(0x30+int(b), 8)
	}
	return w.code(0, 7).out
}

// withSum adds the checksum of a header.
func withSum(header string) string {
	return string(binary.LittleEndian.AppendUint16([]byte(header), uint16(crc32.ChecksumIEEE([]byte(header)))))
}

const plainHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"

func flagged(flags byte) string {
	return "\x1f\x8b\x08" + string([]byte{flags}) + "\x01\x02\x03\x04\x02\xff"
}

var headers = []struct {
	name, bytes, want string
	err               error
}{
	{"plain", member(plainHeader, "abc"), "abc", nil},
	{"text", member(flagged(1), "abc"), "abc", nil},
	{"members", member(plainHeader, "abc") + member(plainHeader, "") + member(flagged(flagName)+"x\x00", "d"), "abcd", nil},
	{"everything", member(withSum(flagged(0x1f)+"\x03\x00xyzname\x00comment\x00"), "abc"), "abc", nil},
	{"empty fields", member(withSum(flagged(0x1e)+"\x00\x00\x00\x00"), "abc"), "abc", nil},
	{"a large extra field", member(flagged(flagExtra)+"\xff\xff"+strings.Repeat("x", 65535), "abc"), "abc", nil},
	{"a long name", member(flagged(flagName)+strings.Repeat("x", textBytesMax-1)+"\x00", "abc"), "abc", nil},
	{"nothing", "", "", io.ErrUnexpectedEOF},
	{"a name that is too long", member(flagged(flagName)+strings.Repeat("x", textBytesMax)+"\x00", "abc"), "", errHeader},
	{"header checksum", member(flagged(flagHeaderSum)+"\x00\x00", "abc"), "", errHeader},
	{"reserved flag", member(flagged(0x20), "abc"), "", errHeader},
	{"method", member("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x03", "abc"), "", errHeader},
	{"checksum", plainHeader + string(fixedLiteralsOf("abc")) + string(trailer("abd")), "abc", ErrChecksum},
	{"length", plainHeader + string(fixedLiteralsOf("abc")) + string(trailer("abc")[:4]) + "\x04\x00\x00\x00", "abc", ErrChecksum},
	{"trailing text", member(plainHeader, "abc") + "something that is not gzip", "abc", errHeader},
	{"trailing byte", member(plainHeader, "abc") + "\x1f", "abc", io.ErrUnexpectedEOF},
}

func TestHeaders(t *testing.T) {
	for _, c := range headers {
		for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			got, err := gunzipped(reader(strings.NewReader(c.bytes)), 2)
			if got != c.want || err != c.err {
				t.Errorf("%s: %q, %v, want %q, %v", c.name, got, err, c.want, c.err)
			}
		}
		if c.err != nil || len(c.bytes) > 10_000 {
			continue
		}
		for n := range len(c.bytes) {
			got, err := gunzipped(strings.NewReader(c.bytes[:n]), 200)
			between := c.name == "members" && (n == len(member(plainHeader, "abc")) || n == len(member(plainHeader, "abc")+member(plainHeader, "")))
			if !between && err != io.ErrUnexpectedEOF || !strings.HasPrefix(c.want, got) {
				t.Errorf("%s, cut at %d: %q, %v", c.name, n, got, err)
			}
		}
	}
}

// The input's own errors are passed on, and the content before them.
func TestInputErrors(t *testing.T) {
	fault := errors.New("I/O error")
	content := string(trips(5_000))
	file := plainHeader + string(deflated(t, []byte(content), 6)) + string(trailer(content))
	for n := range len(file) {
		got, err := gunzipped(io.MultiReader(strings.NewReader(file[:n]), iotest.ErrReader(fault)), 300)
		if err != fault || !strings.HasPrefix(content, got) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, err := gunzipped(io.MultiReader(strings.NewReader(file[:9]), mute{}), 300); err != io.ErrNoProgress {
		t.Errorf("an input that says nothing: %v", err)
	}
}

// mute never says anything.
type mute struct{}

func (mute) Read([]byte) (int, error) { return 0, nil }

// What has arrived is delivered before more is asked for.
func TestDeliversWhatItHas(t *testing.T) {
	var b bytes.Buffer
	content := trips(300)
	file := append([]byte(plainHeader), deflated(t, content, 6)...)
	b.Write(file)
	fault := errors.New("asked for more")
	var z Reader
	z.Reset(io.MultiReader(&b, iotest.ErrReader(fault)))
	if err := z.Next(); err != nil {
		t.Fatal(err)
	}
	for _, pieceBytes := range []int{1, 100, 300_000} {
		piece := make([]byte, pieceBytes)
		n, err := z.Read(piece)
		if want := min(pieceBytes, len(content)); n != want || !bytes.Equal(piece[:n], content[:n]) || err != nil {
			t.Fatalf("%d bytes of %d, %v", n, pieceBytes, err)
		}
		content = content[n:]
	}
	if _, err := z.Read(make([]byte, 10)); err != fault {
		t.Fatal(err)
	}
	if err := z.Next(); err != fault {
		t.Fatal(err)
	}
}

// A Reader that is used again remembers nothing.
func TestReset(t *testing.T) {
	var z Reader
	for i := range 50 {
		for _, c := range corruptStreams {
			z.Reset(strings.NewReader(plainHeader + string(c.stream.bytes())))
			if err := z.Next(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(&z); err != c.want {
				t.Fatalf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		content := string(trips(200 * i))
		z.Reset(strings.NewReader(plainHeader + string(deflated(t, []byte(content), 1+i%9)) + string(trailer(content)) + "rest"))
		if err := z.Next(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(&z)
		if err != nil || string(got) != content {
			t.Fatal(err)
		}
		if rest, err := z.Peek(4); string(rest) != "rest" || err != nil || string(z.Buffered()) != "rest" {
			t.Fatalf("%q, %v", rest, err)
		}
		if rest, err := z.Peek(5); string(rest) != "rest" || err != io.EOF {
			t.Fatalf("%q, %v", rest, err)
		}
	}
}
