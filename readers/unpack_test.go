package readers

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"csvloom/readers/internal/spool"
)

// eager starts goroutines at once, for small batches, so that little data meets
// all of the code.
func eager(workers int) *parallel {
	return &parallel{workers: workers, batchBytes: 300, shared: newReadAhead(1 << 20)}
}

// blocks makes BGZF: blocks of so many bytes of data, and the empty one that
// marks the end.
func blocks(t testing.TB, data []byte, size int) []byte {
	t.Helper()
	var out []byte
	for len(data) > 0 {
		n := min(size, len(data))
		out = append(out, bgzfBlock(t, data[:n])...)
		data = data[n:]
	}
	return append(out, bgzfBlock(t, nil)...)
}

func bgzfBlock(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 5)
	if err != nil {
		t.Fatal(err)
	}
	body := finish(t, &b, w, data)
	out := append([]byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00"), 0, 0)
	binary.LittleEndian.PutUint16(out[16:], uint16(len(body)+bgzfHeaderBytes+gzipTrailerBytes-1))
	out = append(out, body...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(out, uint32(len(data)))
}

// frames makes zstd frames of so many bytes of data each, every other one
// behind a skippable frame.
func frames(t testing.TB, data []byte, size int, options ...zstd.EOption) []byte {
	t.Helper()
	var out []byte
	for i := 0; len(data) > 0; i++ {
		n := min(size, len(data))
		if i%2 == 1 {
			out = append(out, skippable("1234")...)
		}
		out = append(out, zstded(t, data[:n], options...)...)
		data = data[n:]
	}
	return out
}

// result is what reading a stream comes to.
type result struct {
	text     string
	err      string
	rawBytes int64
}

func read(open func() io.Reader, p *parallel) result {
	ctx, cancel := context.WithCancel(context.Background())
	if p != nil {
		own := *p
		p = &own
		p.cancel = cancel
	}
	defer cancel()
	s, err := newStream(ctx, "n", io.NopCloser(open()), p, nil)
	if err != nil {
		return result{err: err.Error()}
	}
	b, err := io.ReadAll(s)
	out := result{text: string(b), rawBytes: s.RawBytes()}
	if _, again := s.Read(make([]byte, 1)); err != nil && again != err {
		err = fmt.Errorf("%w, then %w", err, again)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		out.err = err.Error()
	}
	if p != nil && p.shared.used != 0 {
		out.err += fmt.Sprintf("; %d bytes are still held", p.shared.used)
	}
	return out
}

// checkTwin reads data in order and in parallel and compares.
func checkTwin(t *testing.T, what string, data []byte, reader func(io.Reader) io.Reader, workers ...int) {
	t.Helper()
	open := func() io.Reader { return reader(bytes.NewReader(data)) }
	want := read(open, nil)
	for _, workers := range workers {
		got := read(open, eager(workers))
		if got.err != want.err {
			t.Fatalf("%s, %d workers: error %q, in order %q", what, workers, got.err, want.err)
		}
		if got.text != want.text || want.err == "" && got.rawBytes != want.rawBytes {
			t.Fatalf("%s, %d workers: content differs: %d bytes of %d, in order %d of %d",
				what, workers, len(got.text), got.rawBytes, len(want.text), want.rawBytes)
		}
	}
}

func whole(r io.Reader) io.Reader { return r }

// twinCases are small streams of all kinds.
func twinCases(t testing.TB) map[string][]byte {
	plain := text()[:300]
	bg, zs := blocks(t, plain, 75), frames(t, plain, 75)
	lies := bytes.Clone(bg)
	second := int(binary.LittleEndian.Uint16(bg[16:])) + 1
	lies[second+16]-- // the block is one byte longer than its header says
	return map[string][]byte{
		"bgzf":                 bg,
		"bgzf, a lie":          lies,
		"bgzf without end":     bg[:len(bg)-len(bgzfBlock(t, nil))],
		"bgzf, empty blocks":   join(bgzfBlock(t, nil), bgzfBlock(t, nil), bg, bg, bgzfBlock(t, nil)),
		"bgzf, then gzip":      join(bg, gzipped(t, plain, "name"), gzipped(t, nil, ""), bg),
		"gzip, then bgzf":      join(gzipped(t, plain, "name"), bg, gzipped(t, plain, "")),
		"gzip":                 gzipped(t, plain, ""),
		"zstd":                 zs,
		"zstd, one frame":      zstded(t, plain),
		"zstd without lengths": join(zstdStreamed(t, plain), zstdStreamed(t, nil), zstdStreamed(t, plain), skippable("end")),
		"zstd without sums":    frames(t, plain, 100, zstd.WithEncoderCRC(false)),
		"zstd, no content":     join(zstded(t, nil), zstded(t, nil), skippable(""), zs),
		"gzip, an empty code":  join(gzipped(t, plain, ""), []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\x05"), make([]byte, 60)),
		"bgzf, an empty code":  join(bg, emptyCode(bgzfBlock(t, plain))),
		"bzip2":                join(bzip2Text, bzip2Text),
		"s2":                   s2ed(t, plain, s2.WriterBlockSize(4<<10)),
		"snappy":               s2ed(t, plain, s2.WriterSnappyCompat()),
		"plain":                plain,
	}
}

// emptyCode damages a block so that it has an empty Huffman code (RFC 1951,
// 3.2.7), which decoders must not take for the one before.
func emptyCode(block []byte) []byte {
	clear(block[bgzfHeaderBytes : bgzfHeaderBytes+20])
	block[bgzfHeaderBytes] = 0x05
	return block
}

// zstdStreamed is a frame that does not tell how long its content is.
func zstdStreamed(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data[:len(data)/2]); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return finish(t, &b, w, data[len(data)/2:])
}

func TestParallelEqualsSerial(t *testing.T) {
	for name, data := range twinCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				checkTwin(t, "all", data, r, 2, 5)
				checkTwin(t, "trailing text", join(data, []byte("trailing")), r, 2)
				checkTwin(t, "trailing byte", join(data, []byte("\x1f")), r, 2)
				checkTwin(t, "trailing zeros", join(data, make([]byte, 300)), r, 2)
			}
			for n := range data {
				checkTwin(t, fmt.Sprintf("cut at %d", n), data[:n], whole, 2+n%2)
				if n%3 != 0 {
					continue
				}
				flipped := bytes.Clone(data)
				flipped[n] ^= 1 << (n / 3 % 8)
				checkTwin(t, fmt.Sprintf("damaged at %d", n), flipped, whole, 3-n%2)
			}
		})
	}
}

// The input's own errors come where they are met in order, after what was read
// before them and instead of what a decoder makes of them.
func TestParallelInputErrors(t *testing.T) {
	for name, data := range twinCases(t) {
		for _, fault := range []error{io.ErrUnexpectedEOF, &os.PathError{Op: "read", Path: "/secret", Err: errors.New("I/O error")}} {
			for n := 0; n <= len(data); n += 7 {
				failing := func() io.Reader { return io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(fault)) }
				want, got := read(failing, nil), read(failing, eager(3))
				if want.err == "" || got.err != want.err {
					t.Fatalf("%s, cut at %d: error %q, in order %q", name, n, got.err, want.err)
				}
			}
		}
	}
}

func FuzzParallel(f *testing.F) {
	for _, data := range twinCases(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := NewStream("n", io.NopCloser(bytes.NewReader(data))); err == nil {
			n, _ := io.Copy(io.Discard, io.LimitReader(s, 1<<24))
			if s.Close(); n == 1<<24 {
				return
			}
		}
		checkTwin(t, "fuzz", data, whole, 2, 5)
		checkTwin(t, "fuzz", data, iotest.HalfReader, 3)
	})
}

// More content than is read ahead, in parts of all sizes, through the real
// bounds.
func TestParallelLarge(t *testing.T) {
	var plain []byte
	for len(plain) < 6<<20 {
		plain = append(plain, text()...)
	}
	huge := bytes.Repeat([]byte("0123456789abcdef"), (unitBytesMax+1)/16+1)
	for _, c := range []struct {
		name string
		data []byte
		want [][]byte
	}{
		{"bgzf", blocks(t, plain, 0xff00), [][]byte{plain}},
		{"zstd", frames(t, plain, 1<<20), [][]byte{plain}},
		{"zstd, small frames", frames(t, plain[:1<<20], 2000), [][]byte{plain[:1<<20]}},
		{"zstd, a frame too large for a unit", join(frames(t, plain, 1<<20), zstded(t, huge), frames(t, plain, 1<<20)), [][]byte{plain, huge, plain}},
		{"zstd, a long skippable frame", join(frames(t, plain, 1<<20), longSkippable(), frames(t, plain, 1<<20)), [][]byte{plain, plain}},
		{"zstd, too large and without length", join(zstded(t, plain), zstdStreamed(t, huge), zstded(t, plain)), [][]byte{plain, huge, plain}},
		{"gzip", gzipped(t, plain, ""), [][]byte{plain}},
		{"bgzf and gzip by turns", bytes.Repeat(join(bgzfBlock(t, text()), gzipped(t, text(), "")), 3*changesMax), [][]byte{bytes.Repeat(text(), 6*changesMax)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &parallel{workers: 3, afterBytes: aheadAfterBytes, batchBytes: batchBytes, shared: newReadAhead(4 << 20)}
			got := read(func() io.Reader { return bytes.NewReader(c.data) }, p)
			if got.err != "" || got.text != string(join(c.want...)) || got.rawBytes != int64(len(c.data)) {
				t.Errorf("got %d bytes, want %d; %s; RawBytes %d of %d", len(got.text), len(join(c.want...)), got.err, got.rawBytes, len(c.data))
			}
		})
	}
}

func longSkippable() []byte {
	b := append(skippable(""), make([]byte, unitBytesMax+5)...)
	binary.LittleEndian.PutUint32(b[4:], unitBytesMax+5)
	return b
}

// A stream may be closed at any time, and none may wait for another.
func TestParallelClose(t *testing.T) {
	plain := bytes.Repeat(text(), 200)
	shared := newReadAhead(1) // each may hold one batch
	var streams []*Stream
	for range 4 {
		for _, data := range [][]byte{blocks(t, plain, 5000), frames(t, plain, 5000), gzipped(t, plain, ""), zstded(t, plain)} {
			p := &parallel{workers: 2, batchBytes: 10_000, shared: shared}
			s, err := newStream(t.Context(), "n", io.NopCloser(bytes.NewReader(data)), p, nil)
			if err != nil {
				t.Fatal(err)
			}
			streams = append(streams, s)
		}
	}
	for range 2 {
		for i, s := range streams {
			if _, err := io.ReadFull(s, make([]byte, 1+15_000*i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range streams {
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
	}
	if shared.used != 0 {
		t.Errorf("%d bytes are still held", shared.used)
	}
}

// Close ends the wait of a goroutine for a pipe that has nothing to say, and so
// does the end of the context for the one who reads.
func TestParallelWaitingInput(t *testing.T) {
	data := blocks(t, bytes.Repeat(text(), 20), 3000)
	for _, cancelled := range []bool{false, true} {
		store := spool.New(t.TempDir(), 1<<30)
		pipe := store.Stream()
		if _, err := pipe.Write(data[:len(data)-100]); err != nil {
			t.Fatal(err)
		}
		reason := errors.New("enough")
		outer, end := context.WithCancelCause(t.Context())
		ctx, cancel := context.WithCancel(outer)
		p := eager(2)
		p.cancel = cancel
		s, err := newStream(ctx, "n", pipe.NewReader(ctx), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(s, make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
		if cancelled {
			time.AfterFunc(time.Millisecond, func() { end(reason) })
			if _, err := io.Copy(io.Discard, s); err != reason {
				t.Errorf("cancelled: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		end(nil)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Inputs are decompressed in parallel whatever the number of workers, to the
// same content.
func TestOpenParallel(t *testing.T) {
	plain := bytes.Repeat(text(), 1000)
	tree(t, map[string]string{
		"a.csv.gz":  string(blocks(t, plain, 0xff00)),
		"b.csv.zst": string(frames(t, plain, 200_000)),
		"c.csv.gz":  string(gzipped(t, plain, "")),
		"d.csv.zst": string(zstded(t, plain)),
	})
	for _, workers := range []int{0, 1, 2, 8} {
		for _, in := range discover(t, Options{Workers: workers}, ".").Inputs() {
			if got := mustContent(t, in); got != string(plain) {
				t.Errorf("%s, %d workers: %d bytes, want %d", in.Name, workers, len(got), len(plain))
			}
		}
	}
	for _, workers := range []int{-1, workersMax + 1} {
		if err := (Options{Workers: workers}).Validate(); !isUsage(err) || !strings.Contains(err.Error(), "workers") {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// What is wrong with damaged data does not depend on what a decoder was used for
// before.
func TestGzipForgets(t *testing.T) {
	damaged := join([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\x05"), make([]byte, 60))
	var seen []string
	for i := range 60 {
		before := gzipped(t, text()[:20*i], "")
		read(func() io.Reader { return bytes.NewReader(before) }, nil)
		got := read(func() io.Reader { return bytes.NewReader(damaged) }, nil)
		if seen = append(seen, got.err); got.err == "" || got.err != seen[0] {
			t.Fatalf("after %d bytes: %q, at first %q", 20*i, got.err, seen[0])
		}
	}
}

func BenchmarkParallel(b *testing.B) {
	var plain []byte
	for i := 0; len(plain) < 32<<20; i++ {
		plain = fmt.Appendf(plain, "%d,2023-01-%02d 10:%02d:00,%d.%02d,name %d\n", i, i%28+1, i%60, i*7919%100, i*31%100, i*i%1000)
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"gzip", gzipped(b, plain, "")},
		{"bgzf", blocks(b, plain, 0xff00)},
		{"zstd", zstded(b, plain)},
		{"zstd frames", frames(b, plain, 1<<20)},
	} {
		for _, workers := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				buf := make([]byte, 1<<20)
				for b.Loop() {
					var p *parallel
					if workers > 1 {
						p = &parallel{workers: workers, afterBytes: aheadAfterBytes, batchBytes: batchBytes,
							shared: newReadAhead(workers * aheadBytesPerWorker)}
					}
					s, err := newStream(b.Context(), "n", io.NopCloser(bytes.NewReader(c.data)), p, nil)
					for err == nil {
						_, err = io.ReadFull(s, buf)
					}
					if err != io.EOF && err != io.ErrUnexpectedEOF || s.Close() != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
