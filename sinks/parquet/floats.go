package parquet

import (
	"csvloom/sinks/parquet/internal/bytestream"
	"csvloom/sinks/parquet/internal/dict"
	"csvloom/sinks/parquet/internal/rawbytes"
)

// floatScratch is the memory for a strip of floating-point numbers.
type floatScratch[T float32 | float64] struct {
	values []T
	view   []T // the strip's values: in values, or in a batch
	sample []T
}

// prepareFloats prepares FLOAT or DOUBLE. Dictionaries are made of the values'
// bits, as bits views them, so that every NaN and both zeros survive.
func prepareFloats[T float32 | float64, B int32 | int64](w *stripEncoder, m *floatScratch[T], values []T, bits func([]T) []B, mb *numberScratch[B], d *dict.Integers[B]) error {
	m.view = values
	w.cut(w.column.valueBytes())
	for i, s := range w.spans {
		if w.options.NoStatistics {
			break
		}
		if least, greatest, some := floatBounds(values[s.value:s.end()]); some {
			w.bounds[i] = encodedFloats(least, greatest)
		}
	}
	v := &numbers[B]{w: w, m: mb, dictionary: d, own: d, values: bits(values)}
	v.measure = func() (alternative, error) { return floatAlternative(w, m, values) }
	if err := w.choose(v); err != nil {
		return err
	}
	w.noteNumbers(len(d.Values))
	if w.bloomed && w.encoding != encodingRLEDictionary {
		w.hashes = appendHashes(w.hashes, v.values)
	}
	return nil
}

// addFloatPages appends the pages of values without a dictionary.
func addFloatPages[T float32 | float64](w *stripEncoder, values []T) error {
	for i, s := range w.spans {
		body := rawbytes.Bytes(values[s.value:s.end()])
		if w.encoding == encodingByteStreamSplit {
			w.body = bytestream.Append(w.body[:0], body, w.column.valueBytes())
			body = w.body
		}
		if err := w.addPage(s, body, w.bounds[i]); err != nil {
			return err
		}
	}
	return nil
}

// byteStreamsValuesMin is how many values make splitting them into byte streams
// worth a thought. Not all readers know how to: Arrow Go v17 does not, and
// where pages with a dictionary come first it takes the values for zeros without
// a word. There is no splitting behind such pages.
const byteStreamsValuesMin = 1 << 13

// floatAlternative measures the encodings without a dictionary. Splitting into
// byte streams slows readers down: it must save a tenth.
func floatAlternative[T float32 | float64](w *stripEncoder, m *floatScratch[T], values []T) (alternative, error) {
	m.sample = sampled(m.sample[:0], values)
	plain := rawbytes.Bytes(m.sample)
	stored, err := w.storedBytes(plain)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(plain), stored, stored}
	if len(values) < byteStreamsValuesMin || w.choice == coding {
		return a, nil
	}
	if stored, err = w.streamsStoredBytes(plain); err != nil {
		return alternative{}, err
	}
	if stored < a.storedBytes-a.storedBytes/10 {
		a.encoding, a.storedBytes = encodingByteStreamSplit, stored
	}
	return a, nil
}

// streamsStoredBytes returns how many bytes a sample takes in BYTE_STREAM_SPLIT
// encoding. Each stream is compressed by itself: in the few bytes of a sample,
// compressors miss what they find in a page, where streams are long.
func (w *stripEncoder) streamsStoredBytes(plain []byte) (int, error) {
	width := w.column.valueBytes()
	n := len(plain) / width
	w.body = bytestream.Append(w.body[:0], plain, width)
	sum := 0
	for k := range width {
		stored, err := w.storedBytes(w.body[k*n : (k+1)*n])
		if err != nil {
			return 0, err
		}
		sum += stored
	}
	return sum, nil
}
