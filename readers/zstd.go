package readers

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdWindowBytesMax bounds what a zstd file can make its decoder hold. It is
// what the zstd program accepts without --long or --memory.
const zstdWindowBytesMax = 128 << 20

// zstdDecoder reads frames one by one.
type zstdDecoder struct {
	in     *bufio.Reader
	frames *zstd.Decoder
}

var zstdDecoders = sync.Pool{New: func() any {
	// With a concurrency of 1 it works on the caller's goroutine. With more it
	// is faster, but of several faults it does not report the first, and it
	// delivers content that does not match its checksum.
	frames, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(zstdWindowBytesMax), zstd.WithDecoderMaxMemory(zstdWindowBytesMax))
	if err != nil {
		return err // cannot be: the options are constants
	}
	return &zstdDecoder{in: bufio.NewReaderSize(nil, inputBytes), frames: frames}
}}

// zstdSplitting is that of frames.
var zstdSplitting = splitting{
	measure: measureFrame, decode: decodeFrames, openPart: openZstdPart, resume: openZstd,
}

// openZstdPart reads one frame and the skippable ones before it.
func openZstdPart(raw *rawReader, _ bool) (decoder, error) {
	return openZstd(&oneFrame{raw: raw})
}

func openZstd(r io.Reader) (decoder, error) {
	d, ok := zstdDecoders.Get().(*zstdDecoder)
	if !ok {
		return nil, errors.New("no decoder")
	}
	d.in.Reset(r)
	if err := d.frames.Reset(d.in); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

func (d *zstdDecoder) Read(p []byte) (int, error) { return d.frames.Read(p) }

func (d *zstdDecoder) release() {
	d.in.Reset(nil)
	zstdDecoders.Put(d)
}

// oneFrame is a reader that ends where the frame does. Data that is not a frame
// is passed on to its end, for the decoder to complain of.
type oneFrame struct {
	raw  *rawReader
	scan frameScan
	is   unitState
}

func (o *oneFrame) Read(p []byte) (int, error) {
	if o.is == unitWhole {
		return 0, io.EOF
	}
	n, err := o.raw.Read(p)
	if o.is != unitShort || n == 0 {
		return n, err
	}
	var length int
	if length, o.is = o.scan.advance(p[:n]); o.is == unitWhole {
		o.raw.giveBack(append([]byte(nil), p[length:n]...))
		n = length
	}
	return n, err
}

// measureFrame is the measure of zstd.
func measureFrame(data []byte) (length, content int, is unitState) {
	var s frameScan
	length, is = s.advance(data)
	if s.content > unitBytesMax {
		is = unitNone
	}
	return length, int(s.content), is
}

var frameDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxWindow(zstdWindowBytesMax), zstd.WithDecoderMaxMemory(zstdWindowBytesMax))
	if err != nil {
		return err // cannot be: the options are constants
	}
	return d
}}

// decodeFrames appends the content of frames to out, which has room for it.
func decodeFrames(out, data []byte) ([]byte, error) {
	d, ok := frameDecoders.Get().(*zstd.Decoder)
	if !ok {
		return nil, errors.New("no decoder")
	}
	defer frameDecoders.Put(d)
	return d.DecodeAll(data, out)
}
