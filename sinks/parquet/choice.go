package parquet

import (
	"math/bits"
	"slices"

	"csvloom/sinks/parquet/internal/dict"
)

const (
	// dictionaryBytesMax bounds a dictionary page: readers keep it in memory.
	dictionaryBytesMax = 8 << 20
	// sampleRunValues is the length of each of the three runs of a sample.
	sampleRunValues = 1 << 10
)

// encodable is the values of a strip, of one family of types, and the dictionary
// that they may go to.
type encodable interface {
	// begin empties the dictionary for a new chunk. A trial is made in
	// the worker's scratch, since most dictionaries that are not worth it
	// are found out at once; adopt then makes the lane's own of it.
	begin(trial bool)
	adopt()
	// encode makes w.codes. It reports false when the values are not to be
	// had in a dictionary.
	encode() bool
	// entries returns how many there are and their bytes.
	entries() (n, plainBytes int)
	// truncate drops all entries but the first n.
	truncate(n int)
	// plainBytes is what the values take in PLAIN encoding.
	plainBytes() int
	// alternative measures the encodings without a dictionary.
	alternative() (alternative, error)
}

// choose settles the encoding of the strip. When it is that of a dictionary,
// w.codes are made.
func (w *stripEncoder) choose(v encodable) error {
	l := w.lane
	switch {
	case l.choice == settled:
		w.encoding = l.encoding
		return nil
	case w.values() == 0: // nothing to go by
		w.encoding, w.codes = encodingPlain, w.codes[:0]
		if l.choice == coding {
			w.encoding = encodingRLEDictionary
		}
		return nil
	}
	trial := l.choice == undecided && l.before.choice != coding
	if l.choice == undecided {
		v.begin(trial)
	}
	before, _ := v.entries()
	worth, err := w.code(v)
	if err != nil {
		return err
	}
	if worth {
		if trial {
			v.adopt()
		}
		l.choice, w.encoding = coding, encodingRLEDictionary
		return nil
	}
	v.truncate(before)
	if l.other.plainBytes == 0 || l.otherValues < l.values { // of an earlier strip
		if l.other, err = v.alternative(); err != nil {
			return err
		}
	}
	l.choice, l.encoding, w.encoding = settled, l.other.encoding, l.other.encoding
	return nil
}

// code makes codes of a strip and reports whether a dictionary is worth it for
// the chunk, as far as can be told.
func (w *stripEncoder) code(v encodable) (worth bool, err error) {
	if w.options.NoDictionary {
		return false, nil
	}
	w.codes = slices.Grow(w.codes[:0], w.values())[:w.values()]
	if !v.encode() {
		return false, nil
	}
	total := w.valuesExpected(w.strip)
	distinct, plainBytes := v.entries()
	entryBytes := max(1, plainBytes/distinct)
	distinct = dict.Predict(w.lane.values, distinct, total)
	if distinct*entryBytes > w.dictionaryBytesMax {
		return false, nil
	}
	if obvious(distinct, entryBytes, total) {
		return true, nil
	}
	// Values may change their nature on the way: once in a while another
	// sample is taken.
	if w.other.plainBytes == 0 || w.lane.values >= 3*w.otherValues {
		w.otherValues = w.lane.values
		if w.other, err = v.alternative(); err != nil {
			return false, err
		}
	}
	valuesBytes := scaled(int64(total), v.plainBytes(), w.values())
	return worthDictionary(distinct, int64(distinct)*int64(entryBytes), int64(total), valuesBytes, w.other), nil
}

// alternative is the cost of the best encoding without a dictionary, measured
// on a sample.
type alternative struct {
	encoding encoding
	// plainBytes and storedBytes are what the sample takes in PLAIN encoding
	// before compression, and in the chosen encoding after it.
	plainBytes, storedBytes int
	// plainStoredBytes is what it takes in PLAIN encoding after compression.
	plainStoredBytes int
}

// obvious reports whether a dictionary is plainly the best choice, so that no
// sample need be encoded: few entries, and codes far shorter than values.
func obvious(distinct, entryBytes, values int) bool {
	return distinct <= values/16 && codeWidth(distinct) <= 2*entryBytes
}

// worthDictionary reports whether distinct entries of so many bytes in all and a
// code for each value take less room than the alternative. Entries are taken
// to compress like the values themselves, codes not at all.
func worthDictionary(distinct int, entriesBytes, values, valuesBytes int64, a alternative) bool {
	codes := values * int64(codeWidth(distinct)) / 8
	entries := scaled(entriesBytes, a.plainStoredBytes, a.plainBytes)
	return codes+entries < scaled(valuesBytes, a.storedBytes, a.plainBytes)
}

// scaled returns n * part / whole, and n when whole is 0 or the result too large
// for 63 bits.
func scaled(n int64, part, whole int) int64 {
	if whole == 0 {
		return n
	}
	hi, lo := bits.Mul64(uint64(n), uint64(part))
	if hi >= uint64(whole)/2 {
		return n
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(quotient)
}

// codeWidth returns the number of bits of the codes of so many entries. It is
// at least 1: some readers do not expect codes of no bits.
func codeWidth(distinct int) int { return max(1, bits.Len(uint(max(distinct, 1)-1))) }

// sampled appends three runs of the values to dst, or all of them when they
// are few.
func sampled[T any](dst, values []T) []T {
	for _, r := range sampleRuns(len(values)) {
		dst = append(dst, values[r[0]:r[1]]...)
	}
	return dst
}

// sampleRuns returns from where to where the runs of a sample of n values go.
func sampleRuns(n int) [][2]int {
	if n <= 3*sampleRunValues {
		return [][2]int{{0, n}}
	}
	middle := (n - sampleRunValues) / 2
	return [][2]int{{0, sampleRunValues}, {middle, middle + sampleRunValues}, {n - sampleRunValues, n}}
}
