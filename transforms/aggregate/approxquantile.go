package aggregate

import (
	"encoding/binary"
	"math"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// quantileAccuracy is the relative error of approx_quantile at most.
const quantileAccuracy = 0.01

// approxQuantile is approx_quantile: a DDSketch, which counts values in bins
// that grow by a constant factor. Bins are never collapsed, so that the sketch
// does not depend on the order of the values.
type approxQuantile struct {
	groups []quantileSketch
	held   int64
	buf    []float64
}

type quantileSketch struct {
	sketch *ddsketch.DDSketch // nil until there is a finite value
	n      uint64             // of the sketch's values
	// values that a sketch cannot hold
	below, above, nan uint64
}

// quantileSketchBytes is what a sketch takes while its values are of similar
// magnitude.
const quantileSketchBytes = 1024

func newApproxQuantile() state { return &approxQuantile{} }

func (s *approxQuantile) grow(n int) { s.groups = grown(s.groups, n) }

func (s *approxQuantile) bytes() int64 {
	return 40*int64(cap(s.groups)) + s.held + 8*int64(cap(s.buf))
}

func (s *approxQuantile) size(uint32) int64 { return quantileSketchBytes }

// own returns the group's sketch, made when it has none.
func (s *approxQuantile) own(q *quantileSketch) (*ddsketch.DDSketch, error) {
	if q.sketch == nil {
		var err error
		if q.sketch, err = ddsketch.NewDefaultDDSketch(quantileAccuracy); err != nil {
			return nil, err
		}
		s.held += quantileSketchBytes
	}
	return q.sketch, nil
}

func (s *approxQuantile) fold(in *folding) (err error) {
	s.buf = doubles(s.buf, in.args[0])
	each(in, func(r int, g uint32) {
		q, v := &s.groups[g], s.buf[r]
		if v != v {
			q.nan++
			return
		}
		sketch, e := s.own(q)
		if e != nil {
			err = e
			return
		}
		// A sketch refuses infinities and what is next to them.
		switch e := sketch.Add(v); {
		case e == nil:
			q.n++
		case v > 0:
			q.above++
		default:
			q.below++
		}
	})
	return err
}

func (s *approxQuantile) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(blobColumn(alloc, groups, func(buf []byte, g uint32) ([]byte, error) {
		q := &s.groups[g]
		if q.n+q.below+q.above+q.nan == 0 {
			return nil, nil
		}
		for _, n := range []uint64{q.n, q.below, q.above, q.nan} {
			buf = binary.AppendUvarint(buf, n)
		}
		if q.n > 0 {
			buf = binary.AppendUvarint(buf, uint64(q.sketch.GetZeroCount()))
			buf = appendBins(buf, q.sketch.GetPositiveValueStore())
			buf = appendBins(buf, q.sketch.GetNegativeValueStore())
		}
		return buf, nil
	}))
	return c.result()
}

// appendBins appends how many bins there are, and of each the index and the
// count. The store's own encoding cannot be read back safely: an index beyond
// all doubles makes it allocate without bound.
func appendBins(buf []byte, bins store.Store) []byte {
	n := 0
	var list []byte
	bins.ForEach(func(index int, count float64) bool {
		n++
		list = binary.AppendVarint(list, int64(index))
		list = binary.AppendUvarint(list, uint64(count))
		return false
	})
	return append(binary.AppendUvarint(buf, uint64(n)), list...)
}

// readBins adds the bins that appendBins wrote to a store and returns their
// total. Only bins of m are allowed.
func readBins(r *varints, bins store.Store, m mapping.IndexMapping) (total uint64) {
	low, high := m.Index(m.MinIndexableValue()), m.Index(m.MaxIndexableValue())
	for n := r.next(); n > 0 && !r.bad; n-- {
		index, count := r.signed(), r.next()
		if index < int64(low) || index > int64(high) || count == 0 || count > sketchCountMax {
			r.bad = true
			return 0
		}
		bins.AddWithCount(int(index), float64(count))
		total += count
	}
	return total
}

// sketchCountMax bounds the counts of a sketch, which are kept as doubles.
const sketchCountMax = 1 << 53

func (s *approxQuantile) combine(groups []uint32, columns []arrow.Array) error {
	blobs := columns[0].(*array.Binary)
	for i, g := range groups {
		if blobs.IsNull(i) {
			continue
		}
		q, r := &s.groups[g], varints{b: blobs.Value(i)}
		n := r.next()
		q.n += n
		q.below += r.next()
		q.above += r.next()
		q.nan += r.next()
		total := uint64(0)
		if n > 0 && !r.bad {
			sketch, err := s.own(q)
			if err != nil {
				return err
			}
			if zeros := r.next(); zeros > sketchCountMax {
				r.bad = true
			} else if zeros > 0 {
				total = zeros
				if err := sketch.AddWithCount(0, float64(zeros)); err != nil {
					return err
				}
			}
			total += readBins(&r, sketch.GetPositiveValueStore(), sketch.IndexMapping)
			total += readBins(&r, sketch.GetNegativeValueStore(), sketch.IndexMapping)
		}
		if r.bad || len(r.b) > 0 || total != n {
			return errState("approx_quantile")
		}
	}
	return nil
}

// quantile returns the value of rank q*(n-1), from the lowest.
func (s *approxQuantile) quantile(q float64) resultFunc {
	return func(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
		return doubleColumn(alloc, groups, func(g uint32) (float64, bool) {
			d := &s.groups[g]
			total := d.n + d.below + d.above + d.nan
			if total == 0 {
				return 0, false
			}
			rank := uint64(math.Floor(q * float64(total-1)))
			switch {
			case rank < d.below:
				return math.Inf(-1), true
			case rank >= d.below+d.n+d.above:
				return math.NaN(), true
			case rank >= d.below+d.n:
				return math.Inf(1), true
			}
			inner := 0.0
			if d.n > 1 {
				inner = float64(rank-d.below) / float64(d.n-1)
			}
			if d.n == total {
				inner = q
			}
			v, err := d.sketch.GetValueAtQuantile(min(inner, 1))
			return v, err == nil
		}), nil
	}
}
