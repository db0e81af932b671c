package parquet

import "github.com/apache/arrow/go/v17/arrow/bitutil"

// addBooleanPages encodes values that are bits, always in PLAIN encoding, which
// is those bits. Runs (RLE) would be legal too, but save nothing that compression does
// not, and parquet-go 0.32 reads runs of true as one true and seven false.
func (w *stripEncoder) addBooleanPages() error {
	w.encoding = encodingPlain
	w.cut(1)
	for _, s := range w.spans {
		w.body = zeroed(w.body, s.values)
		bitutil.CopyBitmap(w.bits, s.value, s.values, w.body, 0)
		var b bounds
		if !w.options.NoStatistics {
			b = booleanBounds(w.bits, s)
		}
		if err := w.addPage(s, w.body, b); err != nil {
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
