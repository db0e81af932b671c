package aggregate

import (
	"encoding/binary"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/axiomhq/hyperloglog"

	"csvloom/transforms/internal/rowkey"
)

var sketchFields = []arrow.Field{{Name: "sketch", Type: arrow.BinaryTypes.Binary, Nullable: true}}

// approxCountHashesMax is up to how many distinct values a group keeps their
// hashes and is counted exactly. Whether it is exceeded depends on the values
// alone, and so does the result; the sparse form of the hyperloglog package
// would change over at a point that depends on the order.
const approxCountHashesMax = 1024

// approxCount is approx_count_distinct: a set of hashes that becomes a
// HyperLogLog sketch of 2^14 registers, whose standard error is 0.8 %.
type approxCount struct {
	groups []distinctSketch
	held   int64
	words  []uint64
}

type distinctSketch struct {
	hashes []uint64 // until there are too many; the last ones may be repeated
	sorted int      // how many of them are sorted and distinct
	dense  *hyperloglog.Sketch
}

func newApproxCount() state { return &approxCount{} }

func (s *approxCount) grow(n int) { s.groups = grown(s.groups, n) }

func (s *approxCount) bytes() int64 {
	return 40*int64(cap(s.groups)) + s.held + 8*int64(cap(s.words))
}

const denseSketchBytes = 1<<14 + 100

func (s *approxCount) fold(in *folding) error {
	s.words = valueHashes(s.words, in.args[0])
	each(in, func(r int, g uint32) { s.add(&s.groups[g], s.words[r]) })
	return nil
}

// valueHashes returns a hash of every value of a column.
func valueHashes(dst []uint64, a arrow.Array) []uint64 {
	switch {
	case rowkey.Fixed(a.DataType()):
		dst = rowkey.Words(dst, a)
		for i, w := range dst {
			dst[i] = hashWords(w, ^w)
		}
		return dst
	case a.DataType().ID() == arrow.DECIMAL128:
		dst = grown(dst[:0], a.Len())
		for i, v := range a.(*array.Decimal128).Values() {
			dst[i] = hashDecimal(v)
		}
		return dst
	}
	data, offsets := textBuffers(a)
	dst = grown(dst[:0], a.Len())
	for i := range dst {
		dst[i] = hashBytes(data[offsets[i]:offsets[i+1]])
	}
	return dst
}

func hashDecimal(v decimal128.Num) uint64 { return hashWords(uint64(v.HighBits()), v.LowBits()) }

func (s *approxCount) add(d *distinctSketch, hash uint64) {
	if d.dense != nil {
		d.dense.InsertHash(hash)
		return
	}
	before := cap(d.hashes)
	d.hashes = append(d.hashes, hash)
	s.held += 8 * int64(cap(d.hashes)-before)
	if len(d.hashes) >= 2*max(d.sorted, 16) {
		s.settle(d)
	}
}

// settle drops repeated hashes, and makes a sketch of too many.
func (s *approxCount) settle(d *distinctSketch) {
	if d.dense != nil || len(d.hashes) == d.sorted {
		return
	}
	slices.Sort(d.hashes)
	d.hashes = slices.Compact(d.hashes)
	d.sorted = len(d.hashes)
	if d.sorted > approxCountHashesMax {
		s.densify(d)
	}
}

func (s *approxCount) densify(d *distinctSketch) {
	d.dense = hyperloglog.NewNoSparse()
	for _, h := range d.hashes {
		d.dense.InsertHash(h)
	}
	s.held += denseSketchBytes - 8*int64(cap(d.hashes))
	d.hashes, d.sorted = nil, 0
}

func (s *approxCount) size(g uint32) int64 {
	if s.groups[g].dense != nil {
		return denseSketchBytes
	}
	return 8*int64(len(s.groups[g].hashes)) + 1
}

// A sketch's blob begins with its form.
const (
	sketchHashes = 0
	sketchDense  = 1

	// denseBlobBytes: the form, the hyperloglog package's header, registers.
	denseBlobBytes = 1 + 8 + 1<<14
)

func (s *approxCount) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var c collect
	c.add(blobColumn(alloc, groups, func(buf []byte, g uint32) ([]byte, error) {
		d := &s.groups[g]
		s.settle(d)
		if d.dense != nil {
			return d.dense.AppendBinary(append(buf, sketchDense))
		}
		if len(d.hashes) == 0 {
			return nil, nil
		}
		buf = append(buf, sketchHashes)
		for _, h := range d.hashes {
			buf = binary.LittleEndian.AppendUint64(buf, h)
		}
		return buf, nil
	}))
	return c.result()
}

func (s *approxCount) combine(groups []uint32, columns []arrow.Array) error {
	blobs := columns[0].(*array.Binary)
	for i, g := range groups {
		if blobs.IsNull(i) {
			continue
		}
		d, blob := &s.groups[g], blobs.Value(i)
		switch {
		case len(blob) > 0 && blob[0] == sketchHashes && len(blob)%8 == 1:
			for blob = blob[1:]; len(blob) > 0; blob = blob[8:] {
				s.add(d, binary.LittleEndian.Uint64(blob))
			}
		case len(blob) == denseBlobBytes && blob[0] == sketchDense:
			var o hyperloglog.Sketch
			if o.UnmarshalBinary(blob[1:]) != nil {
				return errState("approx_count_distinct")
			}
			if d.dense == nil {
				s.densify(d)
			}
			if d.dense.Merge(&o) != nil {
				return errState("approx_count_distinct")
			}
		default:
			return errState("approx_count_distinct")
		}
	}
	return nil
}

func (s *approxCount) result(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return int64Column(alloc, groups, func(g uint32) int64 {
		d := &s.groups[g]
		s.settle(d)
		if d.dense != nil {
			return int64(d.dense.Estimate())
		}
		return int64(len(d.hashes))
	}), nil
}
