package sinks

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"csvloom/pipeline"
)

// someText returns n bytes like those of CSV; when random, bytes that cannot be
// compressed.
func someText(n int, random bool) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	out := make([]byte, 0, n+64)
	for len(out) < n {
		if random {
			out = binary.LittleEndian.AppendUint64(out, r.Uint64())
		} else {
			out = fmt.Appendf(out, "id%03d,%d,%.2f,2024-05-%02d\n", r.IntN(1000), r.IntN(100), r.Float64()*100, r.IntN(28)+1)
		}
	}
	return out[:n]
}

// compressed writes text in pieces of step bytes.
func compressed(ctx context.Context, w io.Writer, c Compression, workers, step int, text []byte) error {
	p := newCompressor(ctx, w, c, &pipeline.Task{Workers: workers})
	defer p.abort()
	for len(text) > 0 {
		n := min(step, len(text))
		if _, err := p.Write(text[:n]); err != nil {
			return errors.Join(err, p.Close())
		}
		text = text[n:]
	}
	return p.Close()
}

// The compressed bytes are the same for any number of workers and any writes,
// and other programs' readers get the text back.
func TestCompressor(t *testing.T) {
	for _, c := range []struct {
		compression Compression
		pieceBytes  int
		read        func([]byte) ([]byte, error)
	}{
		{Gzip, gzipPieceBytes, func(b []byte) ([]byte, error) {
			r, err := stdgzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		}},
		{Zstd, zstdPieceBytes, func(b []byte) ([]byte, error) {
			r, err := zstd.NewReader(nil)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return r.DecodeAll(b, nil)
		}},
	} {
		for _, size := range []int{0, 1, bgzfTextBytes, bgzfTextBytes + 1, c.pieceBytes, 5 * c.pieceBytes / 2} {
			for _, random := range []bool{false, true} {
				if random && size > c.pieceBytes {
					continue
				}
				text := someText(size, random)
				var want []byte
				for _, run := range []struct{ workers, step int }{{1, c.pieceBytes}, {2, 9999}, {8, size + 1}} {
					var out bytes.Buffer
					if err := compressed(t.Context(), &out, c.compression, run.workers, run.step, text); err != nil {
						t.Fatal(err)
					}
					if want == nil {
						want = out.Bytes()
					}
					if !bytes.Equal(out.Bytes(), want) {
						t.Fatalf("%s of %d bytes, %+v: other bytes", c.compression, size, run)
					}
				}
				if got, err := c.read(want); err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s of %d bytes: other text is read back, %v", c.compression, size, err)
				}
				if c.compression == Gzip {
					checkBGZF(t, want)
				}
			}
		}
	}
}

// checkBGZF walks over members by the lengths that they tell.
func checkBGZF(t *testing.T, b []byte) {
	t.Helper()
	var last []byte
	for len(b) > 0 {
		if len(b) < 18 || string(b[:4]) != "\x1f\x8b\x08\x04" || string(b[10:16]) != "\x06\x00BC\x02\x00" {
			t.Fatalf("no BGZF member: %x", b[:min(len(b), 18)])
		}
		n := int(binary.LittleEndian.Uint16(b[16:])) + 1
		if n > len(b) {
			t.Fatalf("a member of %d bytes, %d are left", n, len(b))
		}
		last, b = b[:n], b[n:]
		r, err := stdgzip.NewReader(bytes.NewReader(last))
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatalf("a member by itself: %v", err)
		}
	}
	if !bytes.Equal(last, bgzfEnd) {
		t.Errorf("the last member is %x", last)
	}
}

// failingAt fails its write number left and all after it.
type failingAt struct {
	left int
	err  error
}

func (f *failingAt) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// Whichever write fails, Close tells.
func TestCompressorFails(t *testing.T) {
	broken := errors.New("broken")
	text := someText(2*zstdPieceBytes+1, false)
	for _, c := range []Compression{Gzip, Zstd} {
		for left := 0; ; left++ {
			w := &failingAt{left, broken}
			err := compressed(t.Context(), w, c, 2, zstdPieceBytes/2, text)
			if w.left >= 0 {
				if err != nil || left < 3 {
					t.Errorf("%s: %d writes, %v", c, left, err)
				}
				break
			}
			if !errors.Is(err, broken) {
				t.Errorf("%s: write %d fails, Close = %v", c, left, err)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	if err := compressed(ctx, io.Discard, Zstd, 2, 1000, text); !errors.Is(err, broken) {
		t.Errorf("after a cancel, Close = %v", err)
	}
}

func BenchmarkCompressor(b *testing.B) {
	text := someText(8<<20, false)
	for _, c := range []Compression{Gzip, Zstd} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c, workers), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				var out bytes.Buffer
				for b.Loop() {
					out.Reset()
					if err := compressed(b.Context(), &out, c, workers, 256<<10, text); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(text))/float64(out.Len()), "ratio")
			})
		}
	}
}
