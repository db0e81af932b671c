// Package take gathers rows of Arrow columns into new columns: what a filter,
// a sort and the dropping of duplicates end in. There is one loop per physical
// layout, and the switch over types stands outside of it.
package take

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// ErrTooLarge says that the texts of the rows do not fit one array, which holds
// 2 GiB. Fewer rows at a time would.
var ErrTooLarge = errors.New("more text than the 2 GiB of one batch")

// Ref names a row of one of several chunks.
type Ref struct{ Chunk, Row uint32 }

// Record gathers rows of rec. The caller keeps rec and owns the result.
func Record(alloc memory.Allocator, rec arrow.Record, rows []int32) (arrow.Record, error) {
	return record(rec.Schema(), len(rows), func(c int) (arrow.Array, error) {
		return Array(alloc, rec.Column(c), rows)
	})
}

// Records gathers rows of records that share the schema.
func Records(alloc memory.Allocator, schema *arrow.Schema, recs []arrow.Record, refs []Ref) (arrow.Record, error) {
	chunks := make([]arrow.Array, len(recs))
	return record(schema, len(refs), func(c int) (arrow.Array, error) {
		for i, r := range recs {
			chunks[i] = r.Column(c)
		}
		return Chunks(alloc, chunks, schema.Field(c).Type, refs)
	})
}

func record(schema *arrow.Schema, rows int, column func(int) (arrow.Array, error)) (arrow.Record, error) {
	cols := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i := range schema.NumFields() {
		c, err := column(i)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", schema.Field(i).Name, err)
		}
		cols = append(cols, c)
	}
	return array.NewRecord(schema, cols, int64(rows)), nil
}

// Array gathers rows of a. Of a column of codes it gathers the codes; the
// dictionary stays. It fails for nested types, and with [ErrTooLarge].
func Array(alloc memory.Allocator, a arrow.Array, rows []int32) (arrow.Array, error) {
	if d, ok := a.(*array.Dictionary); ok {
		codes, err := gather(alloc, d.Indices().DataType(), &single{newColumn(a), rows})
		if err != nil {
			return nil, err
		}
		defer codes.Release()
		return array.NewDictionaryArray(d.DataType(), codes, d.Dictionary()), nil
	}
	return gather(alloc, a.DataType(), &single{newColumn(a), rows})
}

// Chunks gathers rows of several chunks of a column of type t.
func Chunks(alloc memory.Allocator, chunks []arrow.Array, t arrow.DataType, refs []Ref) (arrow.Array, error) {
	m := &many{columns: make([]column, len(chunks)), refs: refs}
	for i, a := range chunks {
		m.columns[i] = newColumn(a)
	}
	return gather(alloc, t, m)
}

// column is an array laid open: its buffers and where its rows start in them.
type column struct {
	validity []byte // nil when there are no nulls
	data     []byte // values, bits, or offsets
	text     []byte
	offset   int
}

func newColumn(a arrow.Array) column {
	d := a.Data()
	c := column{offset: d.Offset()}
	b := d.Buffers()
	if a.NullN() > 0 && len(b) > 0 && b[0] != nil {
		c.validity = b[0].Bytes()
	}
	if len(b) > 1 && b[1] != nil {
		c.data = b[1].Bytes()
	}
	if len(b) > 2 && b[2] != nil {
		c.text = b[2].Bytes()
	}
	return c
}

// rows is where gathered rows come from; its two forms each have their own
// loops, below.
type rows interface {
	len() int
	// bits gathers the bits that of picks from each column; a nil bitmap
	// counts as ones.
	bits(dst []byte, of func(*column) []byte) (zeros int)
	hasNulls() bool
	fixed1(dst []uint8)
	fixed2(dst []uint16)
	fixed4(dst []uint32)
	fixed8(dst []uint64)
	fixed16(dst []decimal128.Num)
	textBytes() int64
	texts(offsets []int32, text []byte)
}

func gather(alloc memory.Allocator, t arrow.DataType, r rows) (arrow.Array, error) {
	n := r.len()
	buffers := make([]*memory.Buffer, 2, 3)
	defer func() {
		for _, b := range buffers {
			if b != nil {
				b.Release()
			}
		}
	}()
	nulls := 0
	if r.hasNulls() {
		buffers[0] = newBuffer(alloc, int(bitutil.BytesForBits(int64(n))))
		nulls = r.bits(buffers[0].Bytes(), func(c *column) []byte { return c.validity })
	}
	switch t.ID() {
	case arrow.BOOL:
		buffers[1] = newBuffer(alloc, int(bitutil.BytesForBits(int64(n))))
		r.bits(buffers[1].Bytes(), func(c *column) []byte { return c.data })
	case arrow.UINT8, arrow.INT8:
		buffers[1] = newBuffer(alloc, n)
		r.fixed1(buffers[1].Bytes())
	case arrow.UINT16:
		buffers[1] = newBuffer(alloc, 2*n)
		r.fixed2(arrow.Uint16Traits.CastFromBytes(buffers[1].Bytes()))
	case arrow.INT32, arrow.UINT32, arrow.FLOAT32, arrow.DATE32, arrow.TIME32:
		buffers[1] = newBuffer(alloc, 4*n)
		r.fixed4(arrow.Uint32Traits.CastFromBytes(buffers[1].Bytes()))
	case arrow.INT64, arrow.UINT64, arrow.FLOAT64, arrow.TIMESTAMP, arrow.TIME64, arrow.DATE64, arrow.DURATION:
		buffers[1] = newBuffer(alloc, 8*n)
		r.fixed8(arrow.Uint64Traits.CastFromBytes(buffers[1].Bytes()))
	case arrow.DECIMAL128, arrow.INTERVAL_MONTH_DAY_NANO:
		buffers[1] = newBuffer(alloc, 16*n)
		r.fixed16(arrow.Decimal128Traits.CastFromBytes(buffers[1].Bytes()))
	case arrow.STRING, arrow.BINARY:
		total := r.textBytes()
		if total > math.MaxInt32 {
			return nil, fmt.Errorf("%d rows hold %d bytes: %w", n, total, ErrTooLarge)
		}
		buffers[1] = newBuffer(alloc, 4*(n+1))
		buffers = append(buffers, newBuffer(alloc, int(total)))
		r.texts(arrow.Int32Traits.CastFromBytes(buffers[1].Bytes()), buffers[2].Bytes())
	case arrow.NULL:
		return array.NewNull(n), nil
	default:
		return nil, fmt.Errorf("rows of type %s cannot be rearranged", t)
	}
	d := array.NewData(t, n, buffers, nil, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d), nil
}

func newBuffer(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}
