package parquet

import "github.com/apache/arrow/go/v17/arrow/bitutil"

// encodeBooleans encodes values that are bits, always in PLAIN encoding, which
// is those bits. Runs (RLE) would be legal too, but save nothing that compression does
// not, and parquet-go 0.32 reads runs of true as one true and seven false.
func (e *chunkEncoder) encodeBooleans(bits []byte) error {
	e.out.encoding = encodingPlain
	for _, s := range e.spansOf(1) {
		e.body = zeroed(e.body, s.values)
		bitutil.CopyBitmap(bits, s.value, s.values, e.body, 0)
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
