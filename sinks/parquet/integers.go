package parquet

import (
	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/delta"
	"csvloom/sinks/parquet/internal/dict"
	"csvloom/sinks/parquet/internal/hybrid"
	"csvloom/sinks/parquet/internal/rawbytes"
)

// numberScratch is the memory for a strip of integers, or of the bits of
// floating-point numbers.
type numberScratch[T int32 | int64] struct {
	values []T
	view   []T // the strip's values: in values, or in a batch
	sample []T
	trial  dict.Integers[T]
}

// numbers is a strip of integers, or of the bits of floating-point numbers, as
// an encodable.
type numbers[T int32 | int64] struct {
	w          *stripEncoder
	m          *numberScratch[T]
	dictionary *dict.Integers[T] // in use: own or m.trial
	own        *dict.Integers[T]
	values     []T
	// near says that all values lie between least and greatest.
	near            bool
	least, greatest T
	measure         func() (alternative, error)
}

func (v *numbers[T]) begin(trial bool) {
	if trial {
		v.dictionary = &v.m.trial
		v.dictionary.Shrink()
	}
	v.dictionary.Reset()
}

func (v *numbers[T]) adopt() {
	*v.own, v.m.trial = v.m.trial, *v.own
	v.dictionary = v.own
}

func (v *numbers[T]) encode() bool {
	if v.near {
		return v.dictionary.EncodeNear(v.w.codes, v.values, v.least, v.greatest)
	}
	return v.dictionary.Encode(v.w.codes, v.values)
}

func (v *numbers[T]) entries() (n, plainBytes int) {
	n = v.dictionary.Len()
	return n, n * bitsOf[T]() / 8
}

func (v *numbers[T]) truncate(n int)                    { v.dictionary.Truncate(n) }
func (v *numbers[T]) plainBytes() int                   { return len(v.values) * bitsOf[T]() / 8 }
func (v *numbers[T]) alternative() (alternative, error) { return v.measure() }

// prepareIntegers prepares whatever is stored as INT32 or INT64: integers,
// decimals, dates and times.
func prepareIntegers[T int32 | int64](w *stripEncoder, m *numberScratch[T], d *dict.Integers[T], values []T) error {
	m.view = values
	w.cut(w.column.valueBytes())
	v := &numbers[T]{w: w, m: m, dictionary: d, own: d, values: values}
	v.measure = func() (alternative, error) { return integerAlternative(w, m, values) }
	var extremes []T // of each page: which holds those of the strip
	for i, s := range w.spans {
		if s.values == 0 {
			continue
		}
		least, greatest := integerBounds(values[s.value:s.end()], w.column.order)
		extremes = append(extremes, least, greatest)
		if !w.options.NoStatistics {
			w.bounds[i] = encodedIntegers(least, greatest)
		}
	}
	if v.near = len(extremes) > 0; v.near {
		v.least, v.greatest = integerBounds(extremes, w.column.order)
	}
	if err := w.choose(v); err != nil {
		return err
	}
	w.noteNumbers(len(d.Values))
	if w.bloomed && w.encoding != encodingRLEDictionary {
		w.hashes = appendHashes(w.hashes, values)
	}
	return nil
}

// noteNumbers settles the width of codes for a dictionary of so many numbers.
func (w *stripEncoder) noteNumbers(entries int) {
	if w.encoding == encodingRLEDictionary {
		w.width = codeWidth(entries)
	}
}

// addIntegerPages appends the pages of values without a dictionary.
func addIntegerPages[T int32 | int64](w *stripEncoder, values []T) error {
	for i, s := range w.spans {
		part := values[s.value:s.end()]
		body := rawbytes.Bytes(part)
		if w.encoding == encodingDeltaBinaryPacked {
			w.body = delta.Append(w.body[:0], part)
			body = w.body
		}
		if err := w.addPage(s, body, w.bounds[i]); err != nil {
			return err
		}
	}
	return nil
}

// integerAlternative measures the encodings without a dictionary.
func integerAlternative[T int32 | int64](w *stripEncoder, m *numberScratch[T], values []T) (alternative, error) {
	m.sample = sampled(m.sample[:0], values)
	plain := rawbytes.Bytes(m.sample)
	stored, err := w.storedBytes(plain)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(plain), stored, stored}
	w.body = delta.Append(w.body[:0], m.sample)
	if stored, err = w.storedBytes(w.body); err != nil {
		return alternative{}, err
	}
	if stored < a.storedBytes {
		a.encoding, a.storedBytes = encodingDeltaBinaryPacked, stored
	}
	return a, nil
}

// addCodePages appends the data pages with w.codes. The codes of a page are as
// wide as the dictionary asks for that there was with its strip.
func (w *stripEncoder) addCodePages() error {
	for i, s := range w.spans {
		w.body = append(w.body[:0], byte(w.width))
		w.body = hybrid.Append(w.body, w.codes[s.value:s.end()], w.width)
		if err := w.addPage(s, w.body, w.bounds[i]); err != nil {
			return err
		}
	}
	return nil
}

// appendHashes appends the hashes of the values for a bloom filter.
func appendHashes[T int32 | int64](dst []uint64, values []T) []uint64 {
	if bitsOf[T]() == 32 {
		for _, v := range values {
			dst = append(dst, bloom.Hash32(uint32(v)))
		}
		return dst
	}
	for _, v := range values {
		dst = append(dst, bloom.Hash64(uint64(v)))
	}
	return dst
}
