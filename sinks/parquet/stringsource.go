package parquet

import (
	"encoding/binary"
	"iter"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// codedStrings returns the places of all rows, those under NULLs too, and the
// values of a column of pipeline.Coded.
func codedStrings(d *array.Dictionary) (places []uint16, values stringRun) {
	start := d.Data().Offset()
	return arrow.Uint16Traits.CastFromBytes(buffer(d, 1))[start : start+d.Len()], runOf(d.Dictionary())
}

// runOf returns all strings of an array.
func runOf(a arrow.Array) stringRun {
	if a.Len() == 0 {
		return stringRun{offsets: []int32{0}} // arrays of none may have no offsets
	}
	start := a.Data().Offset()
	return stringRun{
		data:    buffer(a, 2),
		offsets: arrow.Int32Traits.CastFromBytes(buffer(a, 1))[start : start+a.Len()+1],
	}
}

// byteStrings are byte strings that are not NULL, in runs as they came.
type byteStrings struct {
	runs   []stringRun
	starts []int // index of each run's first string
	n      int
}

// stringRun is strings laid out as Arrow does: string i is
// data[offsets[i]:offsets[i+1]].
type stringRun struct {
	data    []byte
	offsets []int32
}

func (r stringRun) len() int { return len(r.offsets) - 1 }

// bytes returns the strings, one after another.
func (r stringRun) bytes() []byte { return r.data[r.offsets[0]:r.offsets[len(r.offsets)-1]] }

func (s *byteStrings) reset() {
	clear(s.runs) // they refer to the memory of batches
	s.runs, s.starts, s.n = s.runs[:0], s.starts[:0], 0
}

func (s *byteStrings) add(r stringRun) {
	if r.len() <= 0 {
		return
	}
	s.runs = append(s.runs, r)
	s.starts = append(s.starts, s.n)
	s.n += r.len()
}

// between yields the strings from low to before high, in runs.
func (s *byteStrings) between(low, high int) iter.Seq[stringRun] {
	return func(yield func(stringRun) bool) {
		for i := sort.SearchInts(s.starts, low+1) - 1; low < high; i++ {
			r := s.runs[i]
			from, to := low-s.starts[i], min(high-s.starts[i], r.len())
			if !yield(stringRun{r.data, r.offsets[from : to+1]}) {
				return
			}
			low += to - from
		}
	}
}

// size returns the number of bytes of the strings from low to before high.
func (s *byteStrings) size(low, high int) int {
	size := 0
	for r := range s.between(low, high) {
		size += len(r.bytes())
	}
	return size
}

// gatheredStrings are the byte strings of a strip that are not NULL, as they
// came: as themselves or in codes.
type gatheredStrings struct {
	parts []stringPart
	coded bool // some part is

	expanded  bool
	strings   byteStrings // all of them, when expanded
	offsets   []int32     // memory for offsets that must be made
	places    []uint16    // memory for places that must be made
	valueData []byte      // memory for strings that were coded
}

// stringPart is strings of one array: values, or, when there are places, for
// each of these the value at that place.
type stringPart struct {
	values stringRun
	places []uint16
}

func (p *stringPart) coded() bool { return p.places != nil }

func (p *stringPart) len() int {
	if p.coded() {
		return len(p.places)
	}
	return p.values.len()
}

func (g *gatheredStrings) reset() {
	clear(g.parts) // they refer to the memory of batches
	g.parts, g.coded, g.expanded = g.parts[:0], false, false
	g.strings.reset()
	g.offsets, g.places, g.valueData = g.offsets[:0], g.places[:0], g.valueData[:0]
}

// size returns the number of bytes of all strings.
func (g *gatheredStrings) size() int {
	size := 0
	for _, p := range g.parts {
		if !p.coded() {
			size += len(p.values.bytes())
			continue
		}
		offsets := p.values.offsets
		for _, place := range p.places {
			size += int(offsets[place+1] - offsets[place])
		}
	}
	return size
}

// plain returns the strings as themselves.
func (g *gatheredStrings) plain() *byteStrings {
	if g.expanded {
		return &g.strings
	}
	g.expanded = true
	if g.coded {
		g.valueData = slices.Grow(g.valueData, g.size()) // so that it stays where it is
	}
	for _, p := range g.parts {
		if !p.coded() {
			g.strings.add(p.values)
			continue
		}
		from := len(g.offsets)
		start := len(g.valueData)
		g.offsets = append(g.offsets, 0)
		for _, place := range p.places {
			g.valueData = append(g.valueData, p.values.data[p.values.offsets[place]:p.values.offsets[place+1]]...)
			g.offsets = append(g.offsets, int32(len(g.valueData)-start))
		}
		g.strings.add(stringRun{g.valueData[start:], g.offsets[from:len(g.offsets):len(g.offsets)]})
	}
	return &g.strings
}

// gatherStrings gathers arrays of strings, in codes or not, or of binary values.
func gatherStrings(g *gatheredStrings, arrays []arrow.Array) {
	g.reset()
	for _, a := range arrays {
		if a.Len() == a.NullN() {
			continue
		}
		bitmap, start := a.NullBitmapBytes(), a.Data().Offset()
		if d, coded := a.(*array.Dictionary); coded {
			places, values := codedStrings(d)
			if a.NullN() > 0 {
				from := len(g.places)
				g.places = appendValid(g.places, places, bitmap, start)
				places = g.places[from:len(g.places):len(g.places)]
			}
			g.coded = true
			g.parts = append(g.parts, stringPart{values, places})
			continue
		}
		run := runOf(a)
		if a.NullN() > 0 {
			if !emptyUnderNulls(run.offsets, bitmap, start) {
				run = copyValid(run, bitmap, start)
			} else {
				from := len(g.offsets)
				g.offsets = appendValid(g.offsets, run.offsets[:a.Len()], bitmap, start)
				g.offsets = append(g.offsets, run.offsets[a.Len()])
				run.offsets = g.offsets[from:len(g.offsets):len(g.offsets)]
			}
		}
		g.parts = append(g.parts, stringPart{values: run})
	}
}

// emptyUnderNulls reports whether all NULLs have no bytes, as they should:
// leaving out their offsets then leaves them out.
func emptyUnderNulls(offsets []int32, bitmap []byte, bit int) bool {
	for i := range len(offsets) - 1 {
		if offsets[i] != offsets[i+1] && !bitutil.BitIsSet(bitmap, bit+i) {
			return false
		}
	}
	return true
}

// copyValid copies the strings that are not NULL.
func copyValid(r stringRun, bitmap []byte, bit int) stringRun {
	valid := stringRun{offsets: []int32{0}}
	for i := range r.len() {
		if bitutil.BitIsSet(bitmap, bit+i) {
			valid.data = append(valid.data, r.data[r.offsets[i]:r.offsets[i+1]]...)
			valid.offsets = append(valid.offsets, int32(len(valid.data)))
		}
	}
	return valid
}

// gatherDecimals gathers decimals as big-endian two's complement of the given
// length each.
func gatherDecimals(g *gatheredStrings, arrays []arrow.Array, length int) {
	g.reset()
	for _, a := range arrays {
		values := a.(*array.Decimal128).Values()
		run := stringRun{
			data:    make([]byte, 0, len(values)*length),
			offsets: make([]int32, 1, len(values)+1),
		}
		for i, v := range values {
			if a.IsNull(i) {
				continue
			}
			var b [16]byte
			binary.BigEndian.PutUint64(b[:], uint64(v.HighBits()))
			binary.BigEndian.PutUint64(b[8:], v.LowBits())
			run.data = append(run.data, b[16-length:]...)
			run.offsets = append(run.offsets, int32(len(run.data)))
		}
		if run.len() > 0 {
			g.parts = append(g.parts, stringPart{values: run})
		}
	}
}
