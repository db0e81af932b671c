package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/delta"
	"csvloom/sinks/parquet/internal/dict"
)

// stringScratch is the memory for a strip of byte strings.
type stringScratch struct {
	gathered gatheredStrings
	sample   byteStrings
	lengths  []int32
	known    []uint32
	trial    dict.Strings
}

func (s *stringScratch) forget() {
	s.gathered.reset()
	s.sample.reset()
}

// stringValues is a strip of BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY as an encodable.
type stringValues struct {
	w          *stripEncoder
	m          *stringScratch
	dictionary *dict.Strings // in use: the lane's or m.trial
}

func (v *stringValues) begin(trial bool) {
	v.w.heads = v.w.heads[:0]
	if trial {
		v.dictionary = &v.m.trial
		v.dictionary.Shrink()
	}
	v.dictionary.Reset(!v.w.column.variableLength(), v.w.dictionaryBytesMax)
}

func (v *stringValues) adopt() {
	own := &v.w.lane.strings
	*own, v.m.trial = v.m.trial, *own
	v.dictionary = own
}

func (v *stringValues) encode() bool {
	rest := v.w.codes
	for _, p := range v.m.gathered.parts {
		n := p.len()
		if p.coded() {
			v.m.known = slices.Grow(v.m.known[:0], p.values.len())[:p.values.len()]
			if !v.dictionary.EncodeCoded(rest[:n], p.places, v.m.known, p.values.data, p.values.offsets) {
				return false
			}
		} else if !v.dictionary.Encode(rest[:n], p.values.data, p.values.offsets) {
			return false
		}
		rest = rest[n:]
	}
	return true
}

func (v *stringValues) entries() (n, plainBytes int) {
	return v.dictionary.Len(), len(v.dictionary.Plain)
}

func (v *stringValues) truncate(n int) { v.dictionary.Truncate(n) }

func (v *stringValues) plainBytes() int {
	size := v.m.gathered.size()
	if v.w.column.variableLength() {
		size += 4 * v.w.values()
	}
	return size
}

func (v *stringValues) alternative() (alternative, error) { return v.w.stringAlternative() }

// prepareStrings prepares BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
func (w *stripEncoder) prepareStrings(arrays []arrow.Array) error {
	m := &w.scratch.strings
	if w.column.variableLength() {
		gatherStrings(&m.gathered, arrays)
	} else {
		gatherDecimals(&m.gathered, arrays, w.column.length)
	}
	d := &w.lane.strings
	if err := w.choose(&stringValues{w, m, d}); err != nil {
		return err
	}
	if w.encoding != encodingRLEDictionary {
		if w.bloomed {
			w.hashStrings(m.gathered.plain())
		}
		return nil
	}
	w.width = codeWidth(d.Len())
	w.cut(1)
	if w.options.NoStatistics {
		return nil
	}
	for i := len(w.heads); i < d.Len(); i++ {
		w.heads = append(w.heads, dict.HeadOf(d.Entry(i)))
	}
	for i, s := range w.spans {
		if s.values > 0 {
			w.bounds[i] = w.entryBounds(w.codes[s.value:s.end()])
		}
	}
	return nil
}

// addStringPages appends the pages of values without a dictionary.
func (w *stripEncoder) addStringPages() error {
	values := w.scratch.strings.gathered.plain()
	w.cutStrings(values)
	for _, s := range w.spans {
		w.body = w.body[:0]
		if w.encoding == encodingDeltaLengthByteArray {
			w.appendDeltaLength(values, s.value, s.end())
		} else {
			w.appendPlain(values, s.value, s.end())
		}
		var b bounds
		if s.values > 0 && !w.options.NoStatistics {
			of := stringBounds
			if w.column.order == orderDecimal {
				of = decimalBounds
			}
			least, greatest := of(values, s.value, s.end())
			b = encodedStrings(least, greatest, w.column.annotation == annotationString)
		}
		if err := w.addPage(s, w.body, b); err != nil {
			return err
		}
	}
	return nil
}

// cutStrings cuts the rows into pages that hold no more than the bytes of a
// page, unless one value does: a page of the usual number of rows that is too
// large is halved until it fits.
func (w *stripEncoder) cutStrings(values *byteStrings) {
	w.spans = w.spans[:0]
	at := 0 // values before the page
	var cut func(row, rows int)
	cut = func(row, rows int) {
		n := w.countValid(row, rows)
		if rows > 1 && values.size(at, at+n)+4*n > w.options.PageBytes {
			cut(row, rows/2)
			cut(row+rows/2, rows-rows/2)
			return
		}
		w.spans = append(w.spans, span{row, rows, at, n})
		at += n
	}
	for row := 0; row < w.strip.rows; row += w.options.PageRows {
		cut(row, min(w.options.PageRows, w.strip.rows-row))
	}
}

// appendPlain appends strings to w.body, each with its length in front unless
// all have the same.
func (w *stripEncoder) appendPlain(values *byteStrings, low, high int) {
	for r := range values.between(low, high) {
		if !w.column.variableLength() {
			w.body = append(w.body, r.bytes()...)
			continue
		}
		w.body = slices.Grow(w.body, len(r.bytes())+4*r.len())
		for i := range r.len() {
			v := r.data[r.offsets[i]:r.offsets[i+1]]
			w.body = binary.LittleEndian.AppendUint32(w.body, uint32(len(v)))
			w.body = append(w.body, v...)
		}
	}
}

// appendDeltaLength appends strings to w.body: all lengths, then all bytes.
func (w *stripEncoder) appendDeltaLength(values *byteStrings, low, high int) {
	lengths := w.scratch.strings.lengths[:0]
	for r := range values.between(low, high) {
		for i := range r.len() {
			lengths = append(lengths, r.offsets[i+1]-r.offsets[i])
		}
	}
	w.scratch.strings.lengths = lengths
	w.body = delta.Append(w.body, lengths)
	for r := range values.between(low, high) {
		w.body = append(w.body, r.bytes()...)
	}
}

// stringAlternative measures the encodings without a dictionary.
func (w *stripEncoder) stringAlternative() (alternative, error) {
	values, sample := w.scratch.strings.gathered.plain(), &w.scratch.strings.sample
	sample.reset()
	for _, run := range sampleRuns(values.n) {
		// A run of long strings is cut short: a few of them tell as much.
		for run[1] > run[0]+1 && values.size(run[0], run[1]) > sampleBytesMax {
			run[1] -= (run[1] - run[0]) / 2
		}
		for r := range values.between(run[0], run[1]) {
			sample.add(r)
		}
	}
	w.body = w.body[:0]
	w.appendPlain(sample, 0, sample.n)
	stored, err := w.storedBytes(w.body)
	if err != nil {
		return alternative{}, err
	}
	a := alternative{encodingPlain, len(w.body), stored, stored}
	if !w.column.variableLength() {
		return a, nil
	}
	w.body = w.body[:0]
	w.appendDeltaLength(sample, 0, sample.n)
	if stored, err = w.storedBytes(w.body); err != nil {
		return alternative{}, err
	}
	if stored <= a.storedBytes {
		a.encoding, a.storedBytes = encodingDeltaLengthByteArray, stored
	}
	return a, nil
}

// sampleBytesMax bounds a run of a sample of strings, unless it is one string.
const sampleBytesMax = 1 << 16

// entryBounds returns the bounds of the entries that the codes stand for.
func (w *stripEncoder) entryBounds(codes []uint32) bounds {
	d := &w.lane.strings
	w.used, w.marks = dict.Used(w.used[:0], codes, w.marks, d.Len())
	least, greatest := w.used[0], w.used[0]
	decimal := w.column.order == orderDecimal
	compare := bytes.Compare
	if decimal {
		compare = compareDecimals
	}
	for _, c := range w.used[1:] {
		if decimal || !w.heads[least].Less(w.heads[c]) {
			if compare(d.Entry(int(c)), d.Entry(int(least))) < 0 {
				least = c
			}
		}
		if decimal || !w.heads[c].Less(w.heads[greatest]) {
			if compare(d.Entry(int(c)), d.Entry(int(greatest))) > 0 {
				greatest = c
			}
		}
	}
	return encodedStrings(d.Entry(int(least)), d.Entry(int(greatest)), w.column.annotation == annotationString)
}

// hashStrings adds the hashes of the values for the bloom filter.
func (w *stripEncoder) hashStrings(values *byteStrings) {
	for r := range values.between(0, values.n) {
		for i := range r.len() {
			w.hashes = append(w.hashes, bloom.Hash(r.data[r.offsets[i]:r.offsets[i+1]]))
		}
	}
}
