package parquet

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// format returns the codec's number in parquet.thrift.
func (c Codec) format() int32 {
	return [...]int32{Zstd: 6, Snappy: 1, Gzip: 2, LZ4Raw: 7, Uncompressed: 0}[c]
}

// compressor compresses pages. It is used by one goroutine.
type compressor interface {
	// compress appends src, which is not empty, to dst in compressed form,
	// even where that is longer.
	compress(dst, src []byte) ([]byte, error)
}

// zstdLevelDefault is the level of 0. On the columns of tables the next levels
// save a few hundredths and take two to three times as long.
const zstdLevelDefault = 1

// zstdWindowBytes is how far back a compressor looks: few pages are larger, and it
// keeps as much memory.
const zstdWindowBytes = 1 << 20

// newCompressor returns nil for Uncompressed. One for text looks harder at bytes
// that do not repeat: those of strings are unevenly distributed even so, those
// of packed numbers hardly ever.
func newCompressor(c Codec, level int, text bool) (compressor, error) {
	switch c {
	case Zstd:
		if level == 0 {
			level = zstdLevelDefault
		}
		// The page has a checksum of its own. With a concurrency of one the
		// encoder starts no goroutine.
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
			zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithAllLitEntropyCompression(text),
			zstd.WithWindowSize(zstdWindowBytes), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return nil, fmt.Errorf("starting zstd: %w", err)
		}
		return zstdPages{w}, nil
	case Snappy:
		return &snappyPages{}, nil
	case Gzip:
		if level == 0 {
			level = gzip.DefaultCompression
		}
		p := &gzipPages{}
		w, err := gzip.NewWriterLevel(&p.out, level)
		if err != nil {
			return nil, fmt.Errorf("starting gzip: %w", err)
		}
		p.w = w
		return p, nil
	case LZ4Raw:
		return &lz4Pages{}, nil
	default:
		return nil, nil
	}
}

type zstdPages struct{ w *zstd.Encoder }

func (p zstdPages) compress(dst, src []byte) ([]byte, error) { return p.w.EncodeAll(src, dst), nil }

type snappyPages struct{ out []byte }

func (p *snappyPages) compress(dst, src []byte) ([]byte, error) {
	p.out = slices.Grow(p.out[:0], snappy.MaxEncodedLen(len(src)))
	return append(dst, snappy.Encode(p.out[:cap(p.out)], src)...), nil
}

type gzipPages struct {
	out bytes.Buffer
	w   *gzip.Writer
}

func (p *gzipPages) compress(dst, src []byte) ([]byte, error) {
	p.out.Reset()
	p.w.Reset(&p.out)
	if _, err := p.w.Write(src); err != nil {
		return dst, err
	}
	if err := p.w.Close(); err != nil {
		return dst, err
	}
	return append(dst, p.out.Bytes()...), nil
}

type lz4Pages struct{ c lz4.Compressor }

func (p *lz4Pages) compress(dst, src []byte) ([]byte, error) {
	at := len(dst)
	dst = slices.Grow(dst, lz4.CompressBlockBound(len(src)))
	n, err := p.c.CompressBlock(src, dst[at:cap(dst)])
	return dst[:at+n], err
}
