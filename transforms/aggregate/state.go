package aggregate

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// state is what one aggregate has gathered, for every group of a table.
// Groups are numbered from 0; grow is called before a number is used.
type state interface {
	// grow makes room for groups 0 to n-1.
	grow(n int)
	// fold adds rows.
	fold(in *folding) error
	// combine adds a run of states: columns holds the state's fields, and
	// row i of them belongs to groups[i].
	combine(groups []uint32, columns []arrow.Array) error
	// columns returns the state of the given groups.
	columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error)
	// bytes estimates the memory held.
	bytes() int64
}

// finisher is a state that needs a last step before results are asked of it;
// nothing is folded into it afterwards.
type finisher interface {
	finish() error
}

// sized is a state whose values are of any length: size is how many bytes the
// group's part of the state takes, so that batches can be kept in bounds.
type sized interface {
	size(group uint32) int64
}

// folding is a batch of rows to be folded.
type folding struct {
	// groups is the group of every row.
	groups []uint32
	// rows are the rows to fold, ascending, unless all is set.
	rows []int32
	all  bool
	args []arrow.Array
	// source and lines are where the rows stand; lines may be nil where no
	// function asks for it.
	source int64
	lines  []int64
}

// Batches of states and results are bounded in rows, and in the bytes of
// values of any length; one group alone may be larger.
const (
	batchRowsMax   = 64 << 10
	batchBytesAim  = 64 << 20
	textBytesMax   = math.MaxInt32
	partitionBits  = 6
	partitionCount = 1 << partitionBits
)

func checkTextBytes(n int64) error {
	if n <= textBytesMax {
		return nil
	}
	return fmt.Errorf("aggregate: %d bytes of text do not fit one batch, which holds 2 GiB", n)
}

// grown returns s with length n at least, its capacity doubling.
//
// Of what is new, each page is written once: to read a fresh page maps it to one of
// zeros that all share, and the write that follows then costs a second fault, and an
// interrupt on all other processors.
func grown[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	old := len(s)
	if n <= cap(s) {
		s = s[:n]
	} else {
		t := make([]T, n, max(n, 2*cap(s), 16))
		copy(t, s)
		s = t
	}
	const pageValues = 128 // at most, of 32 bytes
	var zero T
	for i := old; i < n; i += pageValues {
		s[i] = zero
	}
	return s
}

// pushed is append, but doubles the room: a table that grows by a quarter writes
// each of its pages anew several times, and fresh pages cost more than what is
// written on them. Room that is never used costs next to nothing.
func pushed[T any](s []T, v T) []T {
	if len(s) == cap(s) {
		s = slices.Grow(s, max(len(s), 16))
	}
	return append(s, v)
}

// The columns of states and results, one value for each group.

func int64Column(alloc memory.Allocator, groups []uint32, value func(g uint32) int64) arrow.Array {
	b := array.NewInt64Builder(alloc)
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		b.UnsafeAppend(value(g))
	}
	return b.NewArray()
}

func uint64Column(alloc memory.Allocator, groups []uint32, value func(g uint32) uint64) arrow.Array {
	b := array.NewUint64Builder(alloc)
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		b.UnsafeAppend(value(g))
	}
	return b.NewArray()
}

// doubleColumn has NULL where value reports false.
func doubleColumn(alloc memory.Allocator, groups []uint32, value func(g uint32) (float64, bool)) arrow.Array {
	return nullableColumn(alloc, arrow.PrimitiveTypes.Float64, groups, func(g uint32) (uint64, bool) {
		v, ok := value(g)
		return math.Float64bits(v), ok
	})
}

// nullableColumn is a column of a type of eight bytes; there is 0 under its
// NULLs.
func nullableColumn(alloc memory.Allocator, t arrow.DataType, groups []uint32, value func(g uint32) (uint64, bool)) arrow.Array {
	data := memory.NewResizableBuffer(alloc)
	defer data.Release()
	data.Resize(8 * len(groups))
	words := arrow.Uint64Traits.CastFromBytes(data.Bytes())
	buffers := []*memory.Buffer{nil, data}
	nulls := 0
	for i, g := range groups {
		v, ok := value(g)
		if !ok {
			if nulls == 0 {
				buffers[0] = memory.NewResizableBuffer(alloc)
				defer buffers[0].Release()
				buffers[0].Resize(int(bitutil.BytesForBits(int64(len(groups)))))
				clear(buffers[0].Bytes())
				bitutil.SetBitsTo(buffers[0].Bytes(), 0, int64(len(groups)), true)
			}
			bitutil.ClearBit(buffers[0].Bytes(), i)
			nulls++
			v = 0
		}
		words[i] = v
	}
	d := array.NewData(t, len(groups), buffers, nil, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

// blobColumn has NULL where value returns nil.
func blobColumn(alloc memory.Allocator, groups []uint32, value func(buf []byte, g uint32) ([]byte, error)) (arrow.Array, error) {
	b := array.NewBinaryBuilder(alloc, arrow.BinaryTypes.Binary)
	defer b.Release()
	b.Reserve(len(groups))
	var buf []byte
	total := int64(0)
	for _, g := range groups {
		v, err := value(buf[:0], g)
		if err != nil {
			return nil, err
		}
		if v == nil {
			b.AppendNull()
			continue
		}
		if total += int64(len(v)); total > textBytesMax {
			return nil, checkTextBytes(total)
		}
		b.Append(v)
		buf = v
	}
	return b.NewArray(), nil
}

// collect gathers the arrays of fallible steps: it keeps the first error and
// then releases what there is.
type collect struct {
	arrays []arrow.Array
	err    error
}

func (c *collect) add(a arrow.Array, err error) {
	if err != nil && c.err == nil {
		c.err = err
	}
	if a != nil {
		c.arrays = append(c.arrays, a)
	}
}

func (c *collect) result() ([]arrow.Array, error) {
	if c.err != nil {
		releaseAll(c.arrays)
		return nil, c.err
	}
	return c.arrays, nil
}

// errState says that a state is not what this version writes; states can come
// from files.
func errState(function string) error {
	return fmt.Errorf("aggregate: the partial state of %s is damaged or of another version", function)
}

// groupError is a fault of one group; the table adds which.
type groupError struct {
	group uint32
	err   error
}

func (e *groupError) Error() string { return e.err.Error() }
func (e *groupError) Unwrap() error { return e.err }
