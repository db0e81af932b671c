package scatter

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"
)

// Split returns a record of the given columns with the rows of all pieces, those
// numbered 0 first, each number's in the order they had; ids numbers the rows,
// from 0 to before distinct. Rows bounds[i] to before bounds[i+1] are those of
// number i. The record is the caller's; bounds is valid until the next call.
func (s *Scratch) Split(alloc memory.Allocator, schema *arrow.Schema, pieces []Piece, columns []int, ids []uint32, distinct int) (rec arrow.Record, bounds []uint32, err error) {
	// counts[i+1] becomes where number i starts, then, as rows are placed,
	// where it ends.
	s.counts = resize(s.counts, distinct+2)
	clear(s.counts)
	for _, id := range ids {
		s.counts[id+2]++
	}
	for i := 2; i < len(s.counts); i++ {
		s.counts[i] += s.counts[i-1]
	}
	s.places = resize(s.places, len(ids))
	ends := s.counts[1:]
	for row, id := range ids {
		s.places[row] = ends[id]
		ends[id]++
	}
	m := &moved{alloc: alloc, pieces: pieces, places: s.places, rows: len(ids)}
	rec, err = m.record(schema, columns)
	return rec, s.counts[:distinct+1], err
}

// Join returns a record with the rows of all pieces, one after another. It copies
// them on so many goroutines.
func Join(alloc memory.Allocator, schema *arrow.Schema, pieces []Piece, workers int) (arrow.Record, error) {
	m := &moved{alloc: alloc, pieces: pieces, workers: workers}
	columns := make([]int, schema.NumFields())
	for i := range columns {
		columns[i] = i
	}
	for _, p := range pieces {
		m.rows += p.Rows()
	}
	return m.record(schema, columns)
}

// moved is rows that are copied to new places.
type moved struct {
	alloc  memory.Allocator
	pieces []Piece
	places []uint32 // of each row of the pieces; nil where they stay in order
	rows   int

	workers int // that copy columns at the same time; 0: the calling goroutine alone
}

func (m *moved) record(schema *arrow.Schema, columns []int) (arrow.Record, error) {
	arrays := make([]arrow.Array, len(columns))
	defer func() {
		for _, a := range arrays {
			if a != nil {
				a.Release()
			}
		}
	}()
	var copying errgroup.Group
	copying.SetLimit(max(1, m.workers))
	for i, column := range columns {
		one := func() (err error) {
			if arrays[i], err = m.column(schema.Field(i).Type, column); err != nil {
				return fmt.Errorf("column %q: %w", schema.Field(i).Name, err)
			}
			return nil
		}
		if m.workers > 1 {
			copying.Go(one)
		} else if err := one(); err != nil {
			return nil, err
		}
	}
	if err := copying.Wait(); err != nil {
		return nil, err
	}
	return array.NewRecord(schema, arrays, int64(m.rows)), nil
}

func (m *moved) column(t arrow.DataType, column int) (arrow.Array, error) {
	buffers := make([]*memory.Buffer, 2, 3)
	defer func() {
		for _, b := range buffers {
			if b != nil {
				b.Release()
			}
		}
	}()
	nulls := 0
	for _, p := range m.pieces {
		nulls += p.Rec.Column(column).NullN()
	}
	if nulls > 0 {
		buffers[0] = m.buffer(int(bitutil.BytesForBits(int64(m.rows))))
		bits := buffers[0].Bytes()
		m.bits(bits, column, 0)
		nulls = m.rows - bitutil.CountSetBits(bits, 0, m.rows)
	}
	switch width, fixed := t.(arrow.FixedWidthDataType); {
	case t.ID() == arrow.STRING || t.ID() == arrow.BINARY:
		total := 0
		for _, p := range m.pieces {
			offsets := offsetsOf(p, column)
			total += int(offsets[p.Rows()] - offsets[0])
		}
		if total > math.MaxInt32 {
			return nil, fmt.Errorf("%d rows hold %d bytes of text, more than the 2 GiB of one batch", m.rows, total)
		}
		buffers[1] = m.buffer(4 * (m.rows + 1))
		buffers = append(buffers, m.buffer(total))
		m.texts(arrow.Int32Traits.CastFromBytes(buffers[1].Bytes()), buffers[2].Bytes(), column)
	case t.ID() == arrow.BOOL:
		buffers[1] = m.buffer(int(bitutil.BytesForBits(int64(m.rows))))
		m.bits(buffers[1].Bytes(), column, 1)
	case fixed && width.BitWidth() == 32:
		buffers[1] = m.buffer(4 * m.rows)
		fixedValues(m, arrow.Uint32Traits.CastFromBytes, buffers[1], column)
	case fixed && width.BitWidth() == 64:
		buffers[1] = m.buffer(8 * m.rows)
		fixedValues(m, arrow.Uint64Traits.CastFromBytes, buffers[1], column)
	case fixed && width.BitWidth() == 128:
		buffers[1] = m.buffer(16 * m.rows)
		fixedValues(m, arrow.Decimal128Traits.CastFromBytes, buffers[1], column)
	default:
		return nil, fmt.Errorf("rows of type %s cannot be rearranged", t)
	}
	d := array.NewData(t, m.rows, buffers, nil, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d), nil
}

func (m *moved) buffer(size int) *memory.Buffer {
	b := memory.NewResizableBuffer(m.alloc)
	b.Resize(size)
	return b
}

// word is a value of a fixed width.
type word interface {
	uint32 | uint64 | decimal128.Num
}

func fixedValues[T word](m *moved, cast func([]byte) []T, out *memory.Buffer, column int) {
	if m.rows == 0 {
		return
	}
	dst := cast(out.Bytes())
	at := 0
	for _, p := range m.pieces {
		d := p.Rec.Column(column).Data()
		if p.Rows() == 0 {
			continue
		}
		src := cast(d.Buffers()[1].Bytes())[d.Offset()+p.From : d.Offset()+p.To]
		if m.places == nil {
			copy(dst[at:], src)
		} else {
			place(dst, src, m.places[at:at+len(src)])
		}
		at += len(src)
	}
}

func place[T word](dst, src []T, places []uint32) {
	places = places[:len(src)]
	for i, v := range src {
		dst[places[i]] = v
	}
}

// bits moves the bits of a bitmap, which is buffer 0 or 1 of the columns; where
// there is none its bits are ones.
func (m *moved) bits(dst []byte, column, buffer int) {
	clear(dst)
	at := 0
	for _, p := range m.pieces {
		a := p.Rec.Column(column)
		d := a.Data()
		var src []byte
		if b := d.Buffers()[buffer]; b != nil && (buffer > 0 || a.NullN() > 0) {
			src = b.Bytes()
		}
		switch n := p.Rows(); {
		case m.places != nil:
			placeBits(dst, src, d.Offset()+p.From, m.places[at:at+n])
		case src == nil:
			bitutil.SetBitsTo(dst, int64(at), int64(n), true)
		case n > 0:
			bitutil.CopyBitmap(src, d.Offset()+p.From, n, dst, at)
		}
		at += p.Rows()
	}
}

func placeBits(dst, src []byte, offset int, places []uint32) {
	if src == nil {
		for _, at := range places {
			dst[at>>3] |= 1 << (at & 7)
		}
		return
	}
	for i, at := range places {
		from := uint(offset + i)
		dst[at>>3] |= src[from>>3] >> (from & 7) & 1 << (at & 7)
	}
}

// offsetsOf returns where the texts of a piece start, and where the last ends.
func offsetsOf(p Piece, column int) []int32 {
	d := p.Rec.Column(column).Data()
	if b := d.Buffers()[1]; b != nil && b.Len() > 0 {
		start := d.Offset() + p.From
		return arrow.Int32Traits.CastFromBytes(b.Bytes())[start : start+p.Rows()+1]
	}
	return []int32{0}
}

func textOf(p Piece, column int) []byte {
	if b := p.Rec.Column(column).Data().Buffers()[2]; b != nil {
		return b.Bytes()
	}
	return nil
}

func (m *moved) texts(starts []int32, text []byte, column int) {
	if m.places == nil {
		m.textsInOrder(starts, text, column)
		return
	}
	// First the lengths, each at its place, then from them the starts.
	at := 0
	for _, p := range m.pieces {
		offsets := offsetsOf(p, column)
		for i, to := range m.places[at : at+p.Rows()] {
			starts[to] = offsets[i+1] - offsets[i]
		}
		at += p.Rows()
	}
	end := int32(0)
	for i, n := range starts[:m.rows] {
		starts[i] = end
		end += n
	}
	starts[m.rows] = end
	at = 0
	for _, p := range m.pieces {
		offsets := offsetsOf(p, column)
		placeTexts(text, textOf(p, column), starts, offsets, m.places[at:at+p.Rows()])
		at += p.Rows()
	}
}

func placeTexts(dst, src []byte, starts, offsets []int32, places []uint32) {
	from := offsets[0]
	offsets = offsets[1:][:len(places)]
	for i, to := range places {
		end := offsets[i]
		copy(dst[starts[to]:], src[from:end])
		from = end
	}
}

func (m *moved) textsInOrder(starts []int32, text []byte, column int) {
	at, end := 0, int32(0)
	for _, p := range m.pieces {
		offsets := offsetsOf(p, column)
		move := end - offsets[0]
		for i, o := range offsets[:p.Rows()] {
			starts[at+i] = o + move
		}
		at += p.Rows()
		end += int32(copy(text[end:], textOf(p, column)[offsets[0]:offsets[p.Rows()]]))
	}
	starts[m.rows] = end
}
