package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	stdflate "compress/flate"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// The oracles are the decoders of the standard library and of klauspost/compress,
// new for each stream. Of an empty code the latter does not notice that it is: it
// decodes with the one before. So the former decides what is an error.

// contentMax bounds what fuzzing decodes.
const contentMax = 1 << 21

// inflated returns what decoder makes of a raw stream.
func inflated(decoder io.Reader) (string, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(decoder, contentMax))
	if err == nil && n == contentMax {
		err = errors.New("too much for a test")
	}
	return b.String(), err
}

// readers and pieces are used again, as they are in earnest.
var (
	readers = sync.Pool{New: func() any { return new(Reader) }}
	pieces  = sync.Pool{New: func() any { return new([1 << 20]byte) }}
)

// gunzipped returns what our Reader makes of a gzip file, read in pieces of so
// many bytes.
func gunzipped(r io.Reader, pieceBytes int) (string, error) {
	z := readers.Get().(*Reader)
	defer readers.Put(z)
	z.Reset(r)
	var content []byte
	for len(content) < contentMax {
		if _, err := z.Peek(1); err == io.EOF && len(content) > 0 {
			return string(content), nil
		}
		if err := z.Next(); err != nil {
			return string(content), err
		}
		buf := pieces.Get().(*[1 << 20]byte)
		defer pieces.Put(buf)
		piece := buf[:pieceBytes]
		for {
			n, err := z.Read(piece)
			content = append(content, piece[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				if _, again := z.Read(piece); again != err {
					return "", fmt.Errorf("%w, then %w", err, again)
				}
				return string(content), err
			}
			if len(content) > contentMax {
				break
			}
		}
		if len(content) == 0 {
			if _, err := z.Peek(1); err == io.EOF {
				return "", nil
			}
		}
	}
	return "", errors.New("too much for a test")
}

// check compares the decoders with the oracles on a raw stream.
func check(t *testing.T, stream []byte) {
	t.Helper()
	in := bytes.NewReader(stream)
	want, wantErr := inflated(stdflate.NewReader(in))
	if len(want) == contentMax {
		return
	}
	consumed := len(stream) - in.Len()
	if other, err := inflated(flate.NewReader(bytes.NewReader(stream))); wantErr == nil && (err != nil || other != want) {
		t.Fatalf("the oracles differ: %v", err)
	}

	out := make([]byte, len(want)+rand.IntN(600))
	n, used, err := new(Decoder).Decode(out, stream)
	compare := func(what, got string, err error) {
		t.Helper()
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s: error %v, want %v", what, err, wantErr)
		}
		if wantErr == nil && got != want {
			t.Fatalf("%s: %d bytes differ from %d", what, len(got), len(want))
		}
		if !strings.HasPrefix(want, got) && !strings.HasPrefix(got, want) {
			t.Fatalf("%s: what comes before the error differs", what)
		}
		var corrupt CorruptError
		if err != nil && err != io.ErrUnexpectedEOF && !errors.As(err, &corrupt) {
			t.Fatalf("%s: error %v", what, err)
		}
	}
	if err == ErrTooLarge {
		if wantErr == nil {
			t.Fatal("too large")
		}
	} else {
		compare("Decode", string(out[:n]), err)
		if err == nil && used != consumed {
			t.Fatalf("%d bytes used, want %d", used, consumed)
		}
	}
	if wantErr == nil && len(want) > 0 {
		if _, _, err := new(Decoder).Decode(out[:len(want)-1], stream); err != ErrTooLarge {
			t.Fatalf("a byte less of room: %v", err)
		}
	}

	file := append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), stream...)
	if wantErr == nil {
		file = append(file[:headerBytes+consumed], trailer(want)...)
	}
	for _, pieceBytes := range []int{1 + rand.IntN(500), directBytesMin + rand.IntN(2*sumBytes)} {
		if pieceBytes < 100 && len(want) > 100_000 {
			pieceBytes *= 100
		}
		inputs := []func(io.Reader) io.Reader{iotest.HalfReader, iotest.DataErrReader, func(r io.Reader) io.Reader { return r }}
		if len(file) < 5_000 {
			inputs = append(inputs, iotest.OneByteReader)
		}
		for _, reader := range inputs {
			got, err := gunzipped(reader(bytes.NewReader(file)), pieceBytes)
			compare("Reader", got, err)
		}
	}
}

func trailer(content string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(content)))
	return binary.LittleEndian.AppendUint32(b, uint32(len(content)))
}

// deflated packs data as the level says.
func deflated(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err == nil {
		_, err = w.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// contents are data that packs in different ways.
func contents() map[string][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	skewed := make([]byte, 100_000) // codewords of all lengths
	for i := range skewed {
		skewed[i] = byte(r.ExpFloat64() * 9)
	}
	far := append(append(bytes.Clone(noise[:windowBytes]), noise[:windowBytes]...), noise[:windowBytes]...)
	var periods []byte
	for period := 1; period < 40; period++ {
		periods = append(periods, bytes.Repeat(noise[period:2*period], 1+700/period)...)
		periods = append(periods, byte(period))
	}
	return map[string][]byte{
		"nothing": nil,
		"a byte":  {'a'},
		"noise":   noise,
		"skewed":  skewed,
		"far":     far,
		"periods": periods,
		"zeros":   make([]byte, 700_000),
		"trips":   trips(600_000),
		"mixed":   bytes.Join([][]byte{noise[:70_000], trips(100_000), make([]byte, 5_000), noise[:70_000]}, nil),
	}
}

var levels = []int{flate.HuffmanOnly, flate.NoCompression, 1, 2, 3, 5, 6, 9}

func TestAllLevels(t *testing.T) {
	for name, data := range contents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, level := range levels {
				check(t, deflated(t, data, level))
			}
			var std bytes.Buffer
			w, err := stdflate.NewWriter(&std, 6)
			if err != nil {
				t.Fatal(err)
			}
			// Blocks end where Flush is called.
			for len(data) > 0 {
				n := min(len(data), 30_001)
				_, err = w.Write(data[:n])
				if err := errors.Join(err, w.Flush()); err != nil {
					t.Fatal(err)
				}
				data = data[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			check(t, std.Bytes())
		})
	}
}

// Streams that are cut anywhere, or have a wrong bit anywhere.
func TestDamaged(t *testing.T) {
	data := append(trips(350), make([]byte, 300)...)
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6} {
		stream := deflated(t, data, level)
		for n := range stream {
			if level == flate.NoCompression && n > 20 && n < len(stream)-20 {
				continue
			}
			check(t, stream[:n])
			if _, err := gunzipped(bytes.NewReader(append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), stream[:n]...)), 100); err != io.ErrUnexpectedEOF {
				t.Fatalf("level %d, cut at %d: %v", level, n, err)
			}
			wrong := bytes.Clone(stream)
			wrong[n] ^= 1 << rand.IntN(8)
			check(t, wrong)
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, data := range contents() {
		data = data[:min(len(data), 3_000)]
		for _, level := range levels {
			f.Add(deflated(f, data, level))
		}
	}
	for _, c := range corruptStreams {
		f.Add(c.stream.bytes())
	}
	f.Fuzz(func(t *testing.T, stream []byte) { check(t, stream) })
}

// FuzzPacked has streams that are right, from content and a level, and mutates
// one byte of them.
func FuzzPacked(f *testing.F) {
	for _, data := range contents() {
		f.Add(data[:min(len(data), 3_000)], 6, 1, 10, byte(0))
	}
	f.Add(trips(2_000), 9, 200, 100, byte(4))
	f.Fuzz(func(t *testing.T, data []byte, level, times, at int, flip byte) {
		level = levels[uint(level)%uint(len(levels))]
		stream := deflated(t, bytes.Repeat(data, 1+int(uint(times)%uint(1+100_000/(1+len(data))))), level)
		stream[uint(at)%uint(len(stream))] ^= flip
		check(t, stream)
	})
}

func FuzzGzip(f *testing.F) {
	for _, h := range headers {
		f.Add([]byte(h.bytes))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		want := ""
		r, err := gzip.NewReader(bytes.NewReader(file))
		if err == nil {
			want, err = inflated(r)
		}
		if len(want) == contentMax {
			return
		}
		for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			got, ourErr := gunzipped(reader(bytes.NewReader(file)), 1+rand.IntN(100))
			if err != nil && ourErr != nil || err == nil && ourErr == nil && got == want {
				continue
			}
			// The library takes a header that is cut in the name for the
			// end.
			if ourErr == io.ErrUnexpectedEOF && err == nil && got == want {
				continue
			}
			t.Fatalf("%d bytes, %v; want %d, %v", len(got), ourErr, len(want), err)
		}
	})
}
