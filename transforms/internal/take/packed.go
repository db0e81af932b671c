package take

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Layout says where the columns of a schema stand in packed rows, which all have
// the same size. A row begins with a bit for each column that says whether it is
// NULL; then come the values, the widest first.
//
// Gathering rows in an order that has nothing to do with where they stand costs a
// cache miss for each column of each row. Of packed rows it costs one or two for
// the whole row, so that packing all rows first pays from a few columns on.
type Layout struct {
	schema      *arrow.Schema
	cells       []cell
	nullBytes   int
	strideBytes int
}

// cell is the place of a column in a row.
type cell struct {
	offset int
	width  int // 0 of a column of type NULL; textCellBytes of a text
	text   bool
	bit    bool // a BOOLEAN, one byte in a row
}

// A text is its length and, up to textInlineMax bytes, itself; of a longer one
// the row has where it begins in the text buffer of its column.
const (
	textCellBytes  = 16
	textInlineMax  = textCellBytes - 4
	textLongOffset = 8
)

// NewLayout returns the layout for a schema. It fails for nested types.
func NewLayout(schema *arrow.Schema) (*Layout, error) {
	l := &Layout{schema: schema, cells: make([]cell, schema.NumFields()), nullBytes: (schema.NumFields() + 7) / 8}
	for i, f := range schema.Fields() {
		c := &l.cells[i]
		switch f.Type.ID() {
		case arrow.STRING, arrow.BINARY:
			*c = cell{width: textCellBytes, text: true}
		case arrow.BOOL:
			*c = cell{width: 1, bit: true}
		case arrow.NULL:
		default:
			width := fixedBytes(f.Type)
			if width == 0 {
				return nil, fmt.Errorf("column %q: rows of type %s cannot be rearranged", f.Name, f.Type)
			}
			c.width = width
		}
	}
	l.strideBytes = l.nullBytes
	for _, width := range []int{16, 8, 4, 2, 1} {
		for i := range l.cells {
			if c := &l.cells[i]; c.width == width {
				c.offset = l.strideBytes
				l.strideBytes += width
			}
		}
	}
	return l, nil
}

// fixedBytes is the width of the values of a type; 0 of types without one.
func fixedBytes(t arrow.DataType) int {
	switch t.ID() {
	case arrow.UINT8, arrow.INT8:
		return 1
	case arrow.UINT16:
		return 2
	case arrow.INT32, arrow.UINT32, arrow.FLOAT32, arrow.DATE32, arrow.TIME32:
		return 4
	case arrow.INT64, arrow.UINT64, arrow.FLOAT64, arrow.TIMESTAMP, arrow.TIME64, arrow.DATE64, arrow.DURATION:
		return 8
	case arrow.DECIMAL128, arrow.INTERVAL_MONTH_DAY_NANO:
		return 16
	}
	return 0
}

// RowBytes is the size of a packed row, without its long texts.
func (l *Layout) RowBytes() int { return l.strideBytes }

// Packed holds rows in the form of a [Layout]. Its memory is not in the hands of
// the garbage collector: Release it.
type Packed struct {
	layout *Layout
	alloc  memory.Allocator
	rows   []byte
	n      int
	nulls  []bool           // by column: whether any row is NULL
	texts  []*memory.Buffer // by column, of the long texts; nil where there are none
}

// Pack copies the rows of a record that begins with the layout's columns. The
// caller keeps the record.
func (l *Layout) Pack(alloc memory.Allocator, rec arrow.Record) *Packed {
	n := int(rec.NumRows())
	p := &Packed{layout: l, alloc: alloc, n: n, rows: alloc.Allocate(n * l.strideBytes),
		nulls: make([]bool, len(l.cells)), texts: make([]*memory.Buffer, len(l.cells))}
	columns := make([]column, len(l.cells))
	for i := range l.cells {
		columns[i] = newColumn(rec.Column(i))
		p.nulls[i] = columns[i].validity != nil
	}
	for from := 0; from < n; from += tileRows {
		to := min(from+tileRows, n)
		tile := p.rows[from*l.strideBytes : to*l.strideBytes]
		for at := 0; at < len(tile); at += l.strideBytes {
			clear(tile[at : at+l.nullBytes])
		}
		for i := range l.cells {
			c := &columns[i]
			if c.validity != nil {
				l.packNulls(tile, i, c.validity, c.offset+from)
			}
			if l.cells[i].pack(tile, l.strideBytes, c, from, to) && p.texts[i] == nil {
				p.texts[i] = rec.Column(i).Data().Buffers()[2]
				p.texts[i].Retain()
			}
		}
	}
	return p
}

// tileRows is how many rows are packed or gathered at a time, column after
// column, so that they stay in the cache meanwhile. It is a multiple of 8.
const tileRows = 256

func (l *Layout) packNulls(tile []byte, column int, validity []byte, offset int) {
	at, bit := column>>3, byte(1)<<(column&7)
	for i := 0; at < len(tile); i, at = i+1, at+l.strideBytes {
		if !bitutil.BitIsSet(validity, offset+i) {
			tile[at] |= bit
		}
	}
}

// pack copies rows from to to of a column to the rows of a tile. It reports
// whether there are long texts among them.
func (c *cell) pack(tile []byte, stride int, from *column, lo, hi int) (long bool) {
	at := c.offset
	switch {
	case c.text:
		if len(from.data) == 0 {
			return false
		}
		offsets := arrow.Int32Traits.CastFromBytes(from.data)[from.offset:]
		start := offsets[lo]
		for _, end := range offsets[lo+1 : hi+1] {
			to := tile[at : at+textCellBytes]
			n := end - start
			binary.LittleEndian.PutUint32(to, uint32(n))
			if n <= textInlineMax {
				copy(to[4:], from.text[start:end])
			} else {
				long = true
				binary.LittleEndian.PutUint64(to[textLongOffset:], uint64(start))
			}
			start = end
			at += stride
		}
	case c.bit:
		for i := lo; i < hi; i, at = i+1, at+stride {
			p := uint(from.offset + i)
			tile[at] = from.data[p>>3] >> (p & 7) & 1
		}
	case c.width == 1:
		for _, v := range from.data[from.offset+lo : from.offset+hi] {
			tile[at] = v
			at += stride
		}
	case c.width == 2:
		for _, v := range arrow.Uint16Traits.CastFromBytes(from.data)[from.offset+lo : from.offset+hi] {
			binary.NativeEndian.PutUint16(tile[at:], v)
			at += stride
		}
	case c.width == 4:
		for _, v := range arrow.Uint32Traits.CastFromBytes(from.data)[from.offset+lo : from.offset+hi] {
			binary.NativeEndian.PutUint32(tile[at:], v)
			at += stride
		}
	case c.width == 8:
		for _, v := range arrow.Uint64Traits.CastFromBytes(from.data)[from.offset+lo : from.offset+hi] {
			binary.NativeEndian.PutUint64(tile[at:], v)
			at += stride
		}
	case c.width == 16:
		for data := from.data[16*(from.offset+lo) : 16*(from.offset+hi)]; len(data) > 0; data = data[16:] {
			copy(tile[at:at+16], data[:16])
			at += stride
		}
	}
	return long
}

// Len is how many rows there are.
func (p *Packed) Len() int { return p.n }

// Release gives the memory back.
func (p *Packed) Release() {
	p.alloc.Free(p.rows)
	p.rows = nil
	for _, t := range p.texts {
		if t != nil {
			t.Release()
		}
	}
	p.texts = nil
}

// Gatherer makes records of rows of several runs of packed rows, which it
// borrows. It is safe for concurrent use.
type Gatherer struct {
	layout *Layout
	rows   [][]byte           // of each run
	texts  [][]*memory.Buffer // of each run
	nulls  []bool             // by column: whether any row of any run is NULL
}

// Gatherer returns what gathers rows of the given runs, which refs name by
// number; they are all of the layout.
func (l *Layout) Gatherer(from []*Packed) *Gatherer {
	g := &Gatherer{layout: l, nulls: make([]bool, len(l.cells))}
	for _, p := range from {
		g.rows = append(g.rows, p.rows)
		g.texts = append(g.texts, p.texts)
		for i, n := range p.nulls {
			g.nulls[i] = g.nulls[i] || n
		}
	}
	return g
}

// Record gathers rows. It fails with [ErrTooLarge].
func (from *Gatherer) Record(alloc memory.Allocator, refs []Ref) (arrow.Record, error) {
	l := from.layout
	g := gathering{Gatherer: from, columns: make([]gathered, len(l.cells)), tile: make([][]byte, 0, tileRows)}
	defer g.release()
	for i := range g.columns {
		g.columns[i].open(alloc, &l.cells[i], len(refs), from.nulls[i])
	}
	for at := 0; at < len(refs); at += tileRows {
		if err := g.add(refs[at:min(at+tileRows, len(refs))], at); err != nil {
			return nil, err
		}
	}
	return g.record(len(refs)), nil
}

// gathering is a record being made.
type gathering struct {
	*Gatherer
	columns []gathered
	tile    [][]byte // the rows at hand
	touched byte     // keeps the reads of touch from being optimized away
}

// gathered is a column being made.
type gathered struct {
	buffers []*memory.Buffer // validity or nil, values, texts
	nulls   int
	text    int // bytes of text so far
}

func (g *gathered) open(alloc memory.Allocator, c *cell, rows int, nulls bool) {
	g.buffers = make([]*memory.Buffer, 2, 3)
	bits := int(bitutil.BytesForBits(int64(rows)))
	if nulls && c.width > 0 {
		g.buffers[0] = newBuffer(alloc, bits)
	}
	switch {
	case c.text:
		g.buffers[1] = newBuffer(alloc, 4*(rows+1))
		arrow.Int32Traits.CastFromBytes(g.buffers[1].Bytes())[0] = 0
		g.buffers = append(g.buffers, newBuffer(alloc, 0))
	case c.bit:
		g.buffers[1] = newBuffer(alloc, bits)
	case c.width > 0:
		g.buffers[1] = newBuffer(alloc, rows*c.width)
	}
}

// add appends rows, which are number at and following of the record.
func (g *gathering) add(refs []Ref, at int) error {
	stride := g.layout.strideBytes
	g.tile = g.tile[:0]
	for _, r := range refs {
		from := int(r.Row) * stride
		g.tile = append(g.tile, g.rows[r.Chunk][from:from+stride])
	}
	// The cache misses of a short loop overlap, those of the loops below
	// would less.
	for _, row := range g.tile {
		if len(row) > 0 {
			g.touched |= row[0] ^ row[len(row)-1]
		}
	}
	for i := range g.columns {
		c, to := &g.layout.cells[i], &g.columns[i]
		if to.buffers[0] != nil {
			bit := uint(i & 7)
			to.nulls += gatherBits(to.buffers[0].Bytes()[at/8:], g.tile, i>>3, bit, 1)
		}
		switch {
		case c.text:
			if err := g.addTexts(i, refs, at); err != nil {
				return err
			}
		case c.bit:
			gatherBits(to.buffers[1].Bytes()[at/8:], g.tile, c.offset, 0, 0)
		case c.width > 0:
			c.gather(to.buffers[1].Bytes(), g.tile, at)
		}
	}
	return nil
}

// gatherBits makes a bitmap of a bit of each row, inverted where flip is 1, and
// returns how many of its bits are 0.
func gatherBits(dst []byte, tile [][]byte, offset int, bit uint, flip byte) (zeros int) {
	var word byte
	for i, row := range tile {
		b := row[offset]>>bit&1 ^ flip
		word |= b << (i & 7)
		zeros += int(1 - b)
		if i&7 == 7 {
			dst[i>>3] = word
			word = 0
		}
	}
	if n := len(tile); n&7 != 0 {
		dst[n>>3] = word
	}
	return zeros
}

func (c *cell) gather(dst []byte, tile [][]byte, at int) {
	offset := c.offset
	switch c.width {
	case 1:
		dst = dst[at : at+len(tile)]
		for i, row := range tile {
			dst[i] = row[offset]
		}
	case 2:
		dst := arrow.Uint16Traits.CastFromBytes(dst)[at : at+len(tile)]
		for i, row := range tile {
			dst[i] = binary.NativeEndian.Uint16(row[offset:])
		}
	case 4:
		dst := arrow.Uint32Traits.CastFromBytes(dst)[at : at+len(tile)]
		for i, row := range tile {
			dst[i] = binary.NativeEndian.Uint32(row[offset:])
		}
	case 8:
		dst := arrow.Uint64Traits.CastFromBytes(dst)[at : at+len(tile)]
		for i, row := range tile {
			dst[i] = binary.NativeEndian.Uint64(row[offset:])
		}
	case 16:
		dst = dst[16*at : 16*(at+len(tile))]
		for i, row := range tile {
			copy(dst[16*i:16*i+16], row[offset:offset+16])
		}
	}
}

// addTexts appends the texts of a column.
func (g *gathering) addTexts(column int, refs []Ref, at int) error {
	c, to := &g.layout.cells[column], &g.columns[column]
	total := to.text
	for _, row := range g.tile {
		total += int(binary.LittleEndian.Uint32(row[c.offset:]))
	}
	if total > math.MaxInt32 {
		return fmt.Errorf("column %q: %w", g.layout.schema.Field(column).Name, ErrTooLarge)
	}
	buffer := to.buffers[2]
	if total > buffer.Cap() {
		buffer.Reserve(max(total, min(2*buffer.Cap(), math.MaxInt32)))
	}
	buffer.ResizeNoShrink(total)
	text := buffer.Bytes()
	offsets := arrow.Int32Traits.CastFromBytes(to.buffers[1].Bytes())[at+1 : at+1+len(g.tile)]
	n := to.text
	for i, row := range g.tile {
		value := row[c.offset : c.offset+textCellBytes]
		length := int(binary.LittleEndian.Uint32(value))
		if length <= textInlineMax {
			n += copy(text[n:], value[4:4+length])
		} else {
			start := int(binary.LittleEndian.Uint64(value[textLongOffset:]))
			n += copy(text[n:], g.texts[refs[i].Chunk][column].Bytes()[start:start+length])
		}
		offsets[i] = int32(n)
	}
	to.text = n
	return nil
}

func (g *gathering) record(rows int) arrow.Record {
	arrays := make([]arrow.Array, len(g.columns))
	for i := range g.columns {
		c, t := &g.columns[i], g.layout.schema.Field(i).Type
		if c.nulls == 0 && c.buffers[0] != nil {
			c.buffers[0].Release()
			c.buffers[0] = nil
		}
		if t.ID() == arrow.NULL {
			arrays[i] = array.NewNull(rows)
		} else {
			d := array.NewData(t, rows, c.buffers, nil, c.nulls, 0)
			arrays[i] = array.MakeFromData(d)
			d.Release()
		}
		defer arrays[i].Release()
	}
	return array.NewRecord(g.layout.schema, arrays, int64(rows))
}

func (g *gathering) release() {
	for i := range g.columns {
		for _, b := range g.columns[i].buffers {
			if b != nil {
				b.Release()
			}
		}
	}
}
