package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/delta"
	"csvloom/sinks/parquet/internal/dict"
)

// encodeStrings encodes BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
func (e *chunkEncoder) encodeStrings(values *byteStrings) error {
	if err := e.chooseString(values); err != nil {
		return err
	}
	if e.bloom {
		e.setBloom(e.stringHashes(values))
	}
	if e.out.encoding == encodingRLEDictionary {
		return e.addStringCodePages()
	}
	for _, s := range e.stringSpans(values) {
		e.body = e.body[:0]
		if e.out.encoding == encodingDeltaLengthByteArray {
			e.appendDeltaLength(values, s.value, s.end())
		} else {
			e.appendPlain(values, s.value, s.end())
		}
		var b bounds
		if s.values > 0 && !e.options.NoStatistics {
			of := stringBounds
			if e.column.order == orderDecimal {
				of = decimalBounds
			}
			least, greatest := of(values, s.value, s.end())
			b = encodedStrings(least, greatest, e.column.annotation == annotationString)
		}
		if err := e.addPage(s, e.body, b); err != nil {
			return err
		}
	}
	return nil
}

// stringSpans cuts the rows into pages that hold no more than the bytes of a
// page, unless one value does: a page of the usual number of rows that is too
// large is halved until it fits.
func (e *chunkEncoder) stringSpans(values *byteStrings) []span {
	var spans []span
	at := 0 // values before the page
	var cut func(row, rows int)
	cut = func(row, rows int) {
		n := e.countValid(row, rows)
		if rows > 1 && values.size(at, at+n)+4*n > e.options.PageBytes {
			cut(row, rows/2)
			cut(row+rows/2, rows-rows/2)
			return
		}
		spans = append(spans, span{row, rows, at, n})
		at += n
	}
	for row := 0; row < e.out.rows; row += e.options.PageRows {
		cut(row, min(e.options.PageRows, e.out.rows-row))
	}
	return spans
}

// appendPlain appends strings to e.body, each with its length in front unless
// all have the same.
func (e *chunkEncoder) appendPlain(values *byteStrings, low, high int) {
	for r := range values.between(low, high) {
		if !e.column.variableLength() {
			e.body = append(e.body, r.bytes()...)
			continue
		}
		e.body = slices.Grow(e.body, len(r.bytes())+4*r.len())
		for i := range r.len() {
			v := r.data[r.offsets[i]:r.offsets[i+1]]
			e.body = binary.LittleEndian.AppendUint32(e.body, uint32(len(v)))
			e.body = append(e.body, v...)
		}
	}
}

// appendDeltaLength appends strings to e.body: all lengths, then all bytes.
func (e *chunkEncoder) appendDeltaLength(values *byteStrings, low, high int) {
	lengths := e.int32s.sample[:0]
	for r := range values.between(low, high) {
		for i := range r.len() {
			lengths = append(lengths, r.offsets[i+1]-r.offsets[i])
		}
	}
	e.int32s.sample = lengths
	e.body = delta.Append(e.body, lengths)
	for r := range values.between(low, high) {
		e.body = append(e.body, r.bytes()...)
	}
}

// chooseString settles e.out.encoding. When it is that of a dictionary, e.codes
// and e.dictionary are filled.
func (e *chunkEncoder) chooseString(values *byteStrings) error {
	e.out.encoding = encodingPlain
	if values.n == 0 {
		return nil
	}
	var other alternative
	var err error
	if !e.options.NoDictionary {
		if err := e.stringCodes(values, &other); err != nil || e.out.encoding == encodingRLEDictionary {
			return err
		}
	}
	if other.plainBytes == 0 {
		if other, err = e.stringAlternative(values); err != nil {
			return err
		}
	}
	e.out.encoding = other.encoding
	return nil
}

// stringCodes makes codes as long as a dictionary is worth it. The sample that
// this may take is left in other.
func (e *chunkEncoder) stringCodes(values *byteStrings, other *alternative) error {
	d := &e.dictionary
	d.Reset(!e.column.variableLength(), dictionaryBytesMax)
	e.codes = slices.Grow(e.codes[:0], values.n)[:values.n]
	valuesBytes := int64(values.size(0, values.n))
	if e.column.variableLength() {
		valuesBytes += 4 * int64(values.n)
	}
	var err error
	ok := encodeCodes(e.codes,
		func(low, high int) bool {
			for r := range values.between(low, high) {
				if !d.Encode(e.codes[low:low+r.len()], r.data, r.offsets) {
					return false
				}
				low += r.len()
			}
			return true
		},
		d.Len,
		func(expected int) bool {
			entryBytes := max(1, len(d.Plain)/d.Len())
			if obvious(expected, entryBytes, values.n) && expected*entryBytes <= dictionaryBytesMax {
				return true
			}
			if other.plainBytes == 0 {
				if *other, err = e.stringAlternative(values); err != nil {
					return false
				}
			}
			return worthDictionary(expected, int64(expected)*int64(entryBytes), int64(values.n), valuesBytes, *other)
		})
	if ok {
		e.out.encoding, e.out.distinct = encodingRLEDictionary, d.Len()
	}
	return err
}

// stringAlternative measures the encodings without a dictionary.
func (e *chunkEncoder) stringAlternative(values *byteStrings) (alternative, error) {
	e.sampleStrings.reset()
	for _, run := range sampleRuns(values.n) {
		// A run of long strings is cut short: a few of them tell as much.
		for run[1] > run[0]+1 && values.size(run[0], run[1]) > sampleBytesMax {
			run[1] -= (run[1] - run[0]) / 2
		}
		for r := range values.between(run[0], run[1]) {
			e.sampleStrings.add(r)
		}
	}
	sample := &e.sampleStrings
	e.body = e.body[:0]
	e.appendPlain(sample, 0, sample.n)
	stored, err := e.storedBytes(e.body)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(e.body), stored, stored}
	if !e.column.variableLength() {
		return a, nil
	}
	e.body = e.body[:0]
	e.appendDeltaLength(sample, 0, sample.n)
	if stored, err = e.storedBytes(e.body); err != nil {
		return alternative{}, err
	}
	if stored <= a.storedBytes {
		a.encoding, a.storedBytes = encodingDeltaLengthByteArray, stored
	}
	return a, nil
}

// sampleBytesMax bounds a run of a sample of strings, unless it is one string.
const sampleBytesMax = 1 << 16

// addStringCodePages appends the dictionary and the pages of codes, with bounds
// from the entries that each page uses.
func (e *chunkEncoder) addStringCodePages() error {
	d := &e.dictionary
	spans := e.spansOf(1)
	pageBounds := make([]bounds, len(spans))
	if !e.options.NoStatistics {
		e.heads = e.heads[:0]
		for i := range d.Len() {
			e.heads = append(e.heads, dict.HeadOf(d.Entry(i)))
		}
		for i, s := range spans {
			if s.values > 0 {
				pageBounds[i] = e.entryBounds(e.codes[s.value:s.end()])
			}
		}
	}
	return e.addCodePages(spans, pageBounds, d.Plain, d.Len())
}

// entryBounds returns the bounds of the entries that the codes stand for.
func (e *chunkEncoder) entryBounds(codes []uint32) bounds {
	e.used, e.marks = dict.Used(e.used[:0], codes, e.marks, e.dictionary.Len())
	least, greatest := e.used[0], e.used[0]
	decimal := e.column.order == orderDecimal
	compare := bytes.Compare
	if decimal {
		compare = compareDecimals
	}
	for _, c := range e.used[1:] {
		if decimal || !e.heads[least].Less(e.heads[c]) {
			if compare(e.dictionary.Entry(int(c)), e.dictionary.Entry(int(least))) < 0 {
				least = c
			}
		}
		if decimal || !e.heads[c].Less(e.heads[greatest]) {
			if compare(e.dictionary.Entry(int(c)), e.dictionary.Entry(int(greatest))) > 0 {
				greatest = c
			}
		}
	}
	return encodedStrings(e.dictionary.Entry(int(least)), e.dictionary.Entry(int(greatest)), e.column.annotation == annotationString)
}

// stringHashes returns the hashes of the values, or of the dictionary's entries.
func (e *chunkEncoder) stringHashes(values *byteStrings) []uint64 {
	e.hashes = e.hashes[:0]
	if e.out.encoding == encodingRLEDictionary {
		for i := range e.dictionary.Len() {
			e.hashes = append(e.hashes, bloom.Hash(e.dictionary.Entry(i)))
		}
		return e.hashes
	}
	for r := range values.between(0, values.n) {
		for i := range r.len() {
			e.hashes = append(e.hashes, bloom.Hash(r.data[r.offsets[i]:r.offsets[i+1]]))
		}
	}
	return e.hashes
}
