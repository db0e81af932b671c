package parquet

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v17/arrow/bitutil"

	"csvloom/sinks/parquet/internal/hybrid"
)

// encodeBooleans encodes values that are bits: PLAIN is those bits, RLE is runs
// of them with their length in bytes in front.
func (e *chunkEncoder) encodeBooleans(bits []byte) error {
	spans := e.spansOf(1)
	e.out.encoding = encodingPlain
	if n := e.values(); n > 0 {
		e.body = hybrid.AppendBits(e.body[:0], bits, 0, n)
		if len(e.body) < len(bits)*3/4 {
			e.out.encoding = encodingRLE
		}
	}
	for _, s := range spans {
		if e.out.encoding == encodingRLE {
			e.body = append(e.body[:0], 0, 0, 0, 0)
			if s.values > 0 {
				e.body = hybrid.AppendBits(e.body, bits, s.value, s.values)
			}
			binary.LittleEndian.PutUint32(e.body, uint32(len(e.body)-4))
		} else {
			e.body = zeroed(e.body, s.values)
			bitutil.CopyBitmap(bits, s.value, s.values, e.body, 0)
		}
		var b bounds
		if !e.options.NoStatistics {
			b = booleanBounds(bits, s)
		}
		if err := e.addPage(s, e.body, b); err != nil {
			return err
		}
	}
	return nil
}

// booleanBounds returns the bounds of a page, false being less than true.
func booleanBounds(bits []byte, s span) bounds {
	if s.values == 0 {
		return bounds{}
	}
	b := bounds{some: true, min: []byte{0}, max: []byte{1}}
	switch bitutil.CountSetBits(bits, s.value, s.values) {
	case 0:
		b.max = []byte{0}
	case s.values:
		b.min = []byte{1}
	}
	return b
}
