package parquet

import (
	"slices"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/delta"
	"csvloom/sinks/parquet/internal/dict"
	"csvloom/sinks/parquet/internal/hybrid"
	"csvloom/sinks/parquet/internal/rawbytes"
)

// integerScratch is the memory for a column of integers.
type integerScratch[T int32 | int64] struct {
	values []T
	sample []T
	hashed dict.Integers[T]
	ranged dict.Range[T]
}

// encodeIntegers encodes whatever is stored as INT32 or INT64: integers,
// decimals, dates and times.
func encodeIntegers[T int32 | int64](e *chunkEncoder, m *integerScratch[T], values []T) error {
	spans := e.spansOf(e.column.valueBytes())
	pageBounds := make([]bounds, len(spans))
	var extremes []T // of each page: which holds those of the chunk
	for i, s := range spans {
		if s.values > 0 {
			least, greatest := integerBounds(values[s.value:s.end()], e.column.order)
			extremes = append(extremes, least, greatest)
			if !e.options.NoStatistics {
				pageBounds[i] = encodedIntegers(least, greatest)
			}
		}
	}
	entries, err := chooseInteger(e, m, values, extremes)
	if err != nil {
		return err
	}
	if e.bloom {
		hashed := values
		if e.out.encoding == encodingRLEDictionary {
			hashed = entries
		}
		e.hashes = appendHashes(e.hashes[:0], hashed)
		e.setBloom(e.hashes)
	}
	if e.out.encoding == encodingRLEDictionary {
		return e.addCodePages(spans, pageBounds, rawbytes.Bytes(entries), len(entries))
	}
	for i, s := range spans {
		part := values[s.value:s.end()]
		body := rawbytes.Bytes(part)
		if e.out.encoding == encodingDeltaBinaryPacked {
			e.body = delta.Append(e.body[:0], part)
			body = e.body
		}
		if err := e.addPage(s, body, pageBounds[i]); err != nil {
			return err
		}
	}
	return nil
}

// chooseInteger settles e.out.encoding. When it is that of a dictionary, e.codes
// holds the codes and the entries are returned. Among extremes are the least
// and the greatest value.
func chooseInteger[T int32 | int64](e *chunkEncoder, m *integerScratch[T], values, extremes []T) ([]T, error) {
	if len(values) == 0 {
		return nil, nil
	}
	size := e.column.valueBytes()
	near := false // to each other: they fit the table of a dict.Range
	if !e.options.NoDictionary {
		least, greatest := integerBounds(extremes, e.column.order)
		width := uint64(greatest) - uint64(least)
		if size == 4 {
			width = uint64(uint32(greatest) - uint32(least))
		}
		near = width < dict.RangeMax && width/16 < uint64(len(values))
		if near {
			m.ranged.Count(values, least, width)
			if obvious(len(m.ranged.Values), size, len(values)) {
				return rangeCodes(e, m, values), nil
			}
		}
	}
	other, err := integerAlternative(e, m, values)
	if err != nil {
		return nil, err
	}
	e.out.encoding = other.encoding
	if e.options.NoDictionary {
		return nil, nil
	}
	worth := func(distinct int) bool {
		return worthDictionary(distinct, int64(distinct)*int64(size), int64(len(values)), int64(len(values))*int64(size), other)
	}
	if near {
		if !worth(len(m.ranged.Values)) {
			return nil, nil
		}
		return rangeCodes(e, m, values), nil
	}
	return hashCodes(e, m, values, worth), nil
}

// rangeCodes makes the codes of values that m.ranged has counted.
func rangeCodes[T int32 | int64](e *chunkEncoder, m *integerScratch[T], values []T) []T {
	e.codes = slices.Grow(e.codes[:0], len(values))[:len(values)]
	m.ranged.Encode(e.codes, values)
	e.out.encoding, e.out.distinct = encodingRLEDictionary, len(m.ranged.Values)
	return m.ranged.Values
}

// hashCodes makes the codes of the values as long as a dictionary is worth it.
func hashCodes[T int32 | int64](e *chunkEncoder, m *integerScratch[T], values []T, worth func(distinct int) bool) []T {
	m.hashed.Reset()
	e.codes = slices.Grow(e.codes[:0], len(values))[:len(values)]
	ok := encodeCodes(e.codes,
		func(low, high int) bool { return m.hashed.Encode(e.codes[low:high], values[low:high]) },
		func() int { return len(m.hashed.Values) },
		worth)
	if !ok {
		return nil
	}
	e.out.encoding, e.out.distinct = encodingRLEDictionary, len(m.hashed.Values)
	return m.hashed.Values
}

// integerAlternative measures the encodings without a dictionary.
func integerAlternative[T int32 | int64](e *chunkEncoder, m *integerScratch[T], values []T) (alternative, error) {
	m.sample = sampled(m.sample[:0], values)
	plain := rawbytes.Bytes(m.sample)
	stored, err := e.storedBytes(plain)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(plain), stored, stored}
	e.body = delta.Append(e.body[:0], m.sample)
	if stored, err = e.storedBytes(e.body); err != nil {
		return alternative{}, err
	}
	if stored < a.storedBytes {
		a.encoding, a.storedBytes = encodingDeltaBinaryPacked, stored
	}
	return a, nil
}

// addCodePages appends a dictionary page and the data pages with e.codes.
func (e *chunkEncoder) addCodePages(spans []span, pageBounds []bounds, entries []byte, distinct int) error {
	if err := e.addDictionaryPage(entries, distinct); err != nil {
		return err
	}
	width := codeWidth(distinct)
	for i, s := range spans {
		e.body = append(e.body[:0], byte(width))
		e.body = hybrid.Append(e.body, e.codes[s.value:s.end()], width)
		if err := e.addPage(s, e.body, pageBounds[i]); err != nil {
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
