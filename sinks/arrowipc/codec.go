package arrowipc

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compressors keeps what is expensive to make from one batch and one file to
// the next. It holds no data.
var compressors = sync.Pool{New: func() any { return new(compressor) }}

// compressor compresses buffers. It is used by one goroutine at a time.
type compressor struct {
	zstd *zstd.Encoder // nil until needed
	lz4  *lz4.Writer
	out  appender
}

// append appends a buffer, which is not empty, in compressed form: its length
// before, an int64, then a frame of the codec.
func (c *compressor) append(dst, buffer []byte, codec Compression) ([]byte, error) {
	if codec == None {
		return append(dst, buffer...), nil
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(buffer)))
	if codec == LZ4 {
		return c.appendLZ4(dst, buffer)
	}
	return c.appendZstd(dst, buffer)
}

func (c *compressor) appendZstd(dst, buffer []byte) ([]byte, error) {
	if c.zstd == nil {
		// On the columns of tables the next levels save a few hundredths and
		// take two to three times as long. With a concurrency of one the
		// encoder starts no goroutine. Arrow's own writers add no checksum.
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
			zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			return dst, fmt.Errorf("starting zstd: %w", err)
		}
		c.zstd = w
	}
	return c.zstd.EncodeAll(buffer, dst), nil
}

func (c *compressor) appendLZ4(dst, buffer []byte) ([]byte, error) {
	if c.lz4 == nil {
		// As Arrow's C++ library has it.
		w := lz4.NewWriter(nil)
		if err := w.Apply(lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
			return dst, fmt.Errorf("starting lz4: %w", err)
		}
		c.lz4 = w
	}
	c.out = dst
	c.lz4.Reset(&c.out)
	_, err := c.lz4.Write(buffer)
	if err == nil {
		err = c.lz4.Close()
	}
	dst, c.out = c.out, nil
	return dst, err
}

// appender is a writer that appends to itself.
type appender []byte

// Write implements [io.Writer].
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}
