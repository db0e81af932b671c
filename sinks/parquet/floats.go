package parquet

import (
	"csvloom/sinks/parquet/internal/bytestream"
	"csvloom/sinks/parquet/internal/rawbytes"
)

// floatScratch is the memory for a column of floating-point numbers.
type floatScratch[T float32 | float64] struct {
	values []T
	sample []T
}

// encodeFloats encodes FLOAT or DOUBLE. Dictionaries are made of the values'
// bits, as bits views them, so that every NaN and both zeros survive.
func encodeFloats[T float32 | float64, B int32 | int64](e *chunkEncoder, m *floatScratch[T], values []T, bits func([]T) []B, mb *integerScratch[B]) error {
	spans := e.spansOf(e.column.valueBytes())
	pageBounds := make([]bounds, len(spans))
	for i, s := range spans {
		if e.options.NoStatistics {
			break
		}
		if least, greatest, some := floatBounds(values[s.value:s.end()]); some {
			pageBounds[i] = encodedFloats(least, greatest)
		}
	}
	entries, err := chooseFloat(e, m, values, bits, mb)
	if err != nil {
		return err
	}
	if e.bloom {
		hashed := bits(values)
		if e.out.encoding == encodingRLEDictionary {
			hashed = entries
		}
		e.hashes = appendHashes(e.hashes[:0], hashed)
		e.setBloom(e.hashes)
	}
	if e.out.encoding == encodingRLEDictionary {
		e.out.distinct = 0 // bits differ where numbers do not
		return e.addCodePages(spans, pageBounds, rawbytes.Bytes(entries), len(entries))
	}
	for i, s := range spans {
		body := rawbytes.Bytes(values[s.value:s.end()])
		if e.out.encoding == encodingByteStreamSplit {
			e.body = bytestream.Append(e.body[:0], body, e.column.valueBytes())
			body = e.body
		}
		if err := e.addPage(s, body, pageBounds[i]); err != nil {
			return err
		}
	}
	return nil
}

// chooseFloat settles e.out.encoding. When it is that of a dictionary, e.codes
// holds the codes and the entries are returned.
func chooseFloat[T float32 | float64, B int32 | int64](e *chunkEncoder, m *floatScratch[T], values []T, bits func([]T) []B, mb *integerScratch[B]) ([]B, error) {
	if len(values) == 0 {
		return nil, nil
	}
	other, err := floatAlternative(e, m, values)
	if err != nil {
		return nil, err
	}
	e.out.encoding = other.encoding
	if e.options.NoDictionary {
		return nil, nil
	}
	size, n := int64(e.column.valueBytes()), int64(len(values))
	return hashCodes(e, mb, bits(values), func(distinct int) bool {
		return worthDictionary(distinct, int64(distinct)*size, n, n*size, other)
	}), nil
}

// byteStreamsValuesMin is how many values make splitting them into byte streams
// worth a thought. Not all readers know how to: Arrow Go v17 does not.
const byteStreamsValuesMin = 1 << 13

// floatAlternative measures the encodings without a dictionary. Splitting into
// byte streams slows readers down: it must save a tenth.
func floatAlternative[T float32 | float64](e *chunkEncoder, m *floatScratch[T], values []T) (alternative, error) {
	m.sample = sampled(m.sample[:0], values)
	plain := rawbytes.Bytes(m.sample)
	stored, err := e.storedBytes(plain)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(plain), stored, stored}
	if len(values) < byteStreamsValuesMin {
		return a, nil
	}
	if stored, err = e.streamsStoredBytes(plain); err != nil {
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
func (e *chunkEncoder) streamsStoredBytes(plain []byte) (int, error) {
	width := e.column.valueBytes()
	n := len(plain) / width
	e.body = bytestream.Append(e.body[:0], plain, width)
	sum := 0
	for k := range width {
		stored, err := e.storedBytes(e.body[k*n : (k+1)*n])
		if err != nil {
			return 0, err
		}
		sum += stored
	}
	return sum, nil
}
