package arrowipc

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
)

// batch gathers rows in memory of its own, which is used again for the next
// batch.
type batch struct {
	columns []column
	texts   []int // indices of the columns whose values have no fixed width
	rows    int

	rowsMax      int // see rowsPerBatch
	textBytesMax int // see batchTextBytes
}

// column gathers the values of one column. Values under NULL are zero or
// empty.
type column interface {
	// append copies rows from..from+n-1 of values.
	append(values arrow.ArrayData, from, n int)
	// buffers appends the column's buffers, in the order of the format: the
	// validity, nil when no value is NULL, then the values. They are the
	// column's memory.
	buffers(all [][]byte) [][]byte
	// nulls returns how many values are NULL.
	nulls() int
	// reset empties the column.
	reset()
}

func newBatch(schema *arrow.Schema, rowsMax, textBytesMax int) *batch {
	b := &batch{rowsMax: rowsMax, textBytesMax: textBytesMax}
	for i, f := range schema.Fields() {
		c := newColumn(f.Type)
		if _, ok := c.(*textColumn); ok {
			b.texts = append(b.texts, i)
		}
		b.columns = append(b.columns, c)
	}
	return b
}

// newColumn returns an empty column, or nil when the type cannot be stored.
func newColumn(t arrow.DataType) column {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return &boolColumn{}
	case *arrow.StringType, *arrow.BinaryType:
		return &textColumn{}
	case *arrow.MonthDayNanoIntervalType: // of expressions only
		return nil
	case arrow.FixedWidthDataType:
		// Wider and nested types are not SQL's.
		if bits := t.BitWidth(); bits%8 == 0 && bits <= 128 && t.ID() != arrow.DICTIONARY && t.ID() != arrow.FIXED_SIZE_LIST {
			return &fixedColumn{width: bits / 8}
		}
	}
	return nil
}

// fits returns how many rows of rec, starting at row from, the batch takes:
// at least 1 when it is empty.
func (b *batch) fits(rec arrow.Record, from int) int {
	n := min(int(rec.NumRows())-from, b.rowsMax-b.rows)
	if len(b.texts) == 0 {
		return n
	}
	free := b.textBytesMax - b.textBytes()
	if textBytesAtMost(rec, b.texts, from, n) <= free {
		return n
	}
	// The longest run that fits, by bisection: bytes grow with rows.
	low, high := 0, n+1 // low rows fit, high do not
	for high-low > 1 {
		if middle := (low + high) / 2; textBytes(rec, b.texts, from, middle) <= free {
			low = middle
		} else {
			high = middle
		}
	}
	if b.rows == 0 {
		low = max(low, 1)
	}
	return low
}

// textBytes returns how many bytes the batch holds in columns whose values
// have no fixed width.
func (b *batch) textBytes() int {
	total := 0
	for _, i := range b.texts {
		total += len(b.columns[i].(*textColumn).text)
	}
	return total
}

// textBytesAtMost bounds what textBytes returns, without a look at the rows.
func textBytesAtMost(rec arrow.Record, columns []int, from, n int) int {
	total := 0
	for _, i := range columns {
		offsets := offsetsOf(rec.Column(i).Data())[from:]
		total += int(offsets[n]) - int(offsets[0])
	}
	return total
}

// textBytes returns how many bytes n rows will take in the columns. What lies
// under NULL does not count: where batches are cut must not depend on it.
func textBytes(rec arrow.Record, columns []int, from, n int) int {
	total := 0
	for _, i := range columns {
		values := rec.Column(i).Data()
		offsets, bitmap := offsetsOf(values)[from:], bitmapOf(values)
		if bitmap == nil {
			total += int(offsets[n]) - int(offsets[0])
			continue
		}
		for row := range n {
			if bitutil.BitIsSet(bitmap, values.Offset()+from+row) {
				total += int(offsets[row+1]) - int(offsets[row])
			}
		}
	}
	return total
}

// offsetsOf returns the offsets of a VARCHAR or BLOB column, one more than rows.
func offsetsOf(values arrow.ArrayData) []int32 {
	all := arrow.Int32Traits.CastFromBytes(values.Buffers()[1].Bytes())
	return all[values.Offset() : values.Offset()+values.Len()+1]
}

func (b *batch) append(rec arrow.Record, from, n int) {
	for i, c := range b.columns {
		c.append(rec.Column(i).Data(), from, n)
	}
	b.rows += n
}

func (b *batch) reset() {
	for _, c := range b.columns {
		c.reset()
	}
	b.rows = 0
}

// validity is the bitmap of one column. Bits behind the last row are zero.
type validity struct {
	bits  []byte
	rows  int
	count int // of NULL
}

// extend copies rows from..from+n-1 and returns how many of them are NULL.
func (v *validity) extend(values arrow.ArrayData, from, n int) (nulls int) {
	v.bits = grow(v.bits, int(bitutil.BytesForBits(int64(v.rows+n))))
	if bitmap := bitmapOf(values); bitmap == nil {
		bitutil.SetBitsTo(v.bits, int64(v.rows), int64(n), true)
	} else {
		bitutil.CopyBitmap(bitmap, values.Offset()+from, n, v.bits, v.rows)
		nulls = n - bitutil.CountSetBits(v.bits, v.rows, n)
	}
	v.rows += n
	v.count += nulls
	return nulls
}

// bitmapOf returns the validity bitmap of values, nil when none is NULL.
func bitmapOf(values arrow.ArrayData) []byte {
	if values.NullN() == 0 || values.Buffers()[0] == nil {
		return nil
	}
	return values.Buffers()[0].Bytes()
}

// buffer returns the bitmap; nil when no row is NULL.
func (v *validity) buffer() []byte {
	if v.count == 0 {
		return nil
	}
	return v.bits
}

// nulls implements [column] for the columns that embed a validity.
func (v *validity) nulls() int { return v.count }

func (v *validity) reset() {
	v.bits, v.rows, v.count = v.bits[:0], 0, 0
}

// grow returns b with n bytes, the new ones zero.
func grow(b []byte, n int) []byte {
	had := len(b)
	if n <= had {
		return b
	}
	if n <= cap(b) {
		b = b[:n]
		clear(b[had:])
		return b
	}
	return append(b, make([]byte, n-had)...)
}

// fixedColumn holds values that take the same number of bytes each.
type fixedColumn struct {
	validity
	width  int // bytes
	values []byte
}

func (c *fixedColumn) append(values arrow.ArrayData, from, n int) {
	row := c.rows
	nulls := c.extend(values, from, n)
	start := (values.Offset() + from) * c.width
	c.values = append(c.values, values.Buffers()[1].Bytes()[start:start+n*c.width]...)
	if nulls == 0 {
		return
	}
	for ; row < c.rows; row++ {
		if bitutil.BitIsNotSet(c.bits, row) {
			clear(c.values[row*c.width : (row+1)*c.width])
		}
	}
}

func (c *fixedColumn) buffers(all [][]byte) [][]byte {
	return append(all, c.buffer(), c.values)
}

func (c *fixedColumn) reset() {
	c.validity.reset()
	c.values = c.values[:0]
}

// boolColumn holds bits.
type boolColumn struct {
	validity
	values []byte // bits
}

func (c *boolColumn) append(values arrow.ArrayData, from, n int) {
	row := c.rows
	nulls := c.extend(values, from, n)
	c.values = grow(c.values, len(c.bits))
	bitutil.CopyBitmap(values.Buffers()[1].Bytes(), values.Offset()+from, n, c.values, row)
	if nulls == 0 {
		return
	}
	for i := range c.values {
		c.values[i] &= c.bits[i]
	}
}

func (c *boolColumn) buffers(all [][]byte) [][]byte {
	return append(all, c.buffer(), c.values)
}

func (c *boolColumn) reset() {
	c.validity.reset()
	c.values = c.values[:0]
}

// textColumn holds values of any number of bytes each. Within a batch they
// cannot exceed batchTextBytes, or be more than one value of an Arrow array,
// so their offsets fit int32.
type textColumn struct {
	validity
	offsets []int32
	text    []byte
}

func (c *textColumn) append(values arrow.ArrayData, from, n int) {
	row := c.rows
	nulls := c.extend(values, from, n)
	if len(c.offsets) == 0 {
		c.offsets = append(c.offsets, 0)
	}
	offsets := offsetsOf(values)[from : from+n+1]
	var text []byte
	if values.Buffers()[2] != nil {
		text = values.Buffers()[2].Bytes()
	}
	if nulls == 0 {
		shift := int32(len(c.text)) - offsets[0]
		for _, end := range offsets[1:] {
			c.offsets = append(c.offsets, end+shift)
		}
		c.text = append(c.text, text[offsets[0]:offsets[n]]...)
		return
	}
	for i := range n {
		if bitutil.BitIsSet(c.bits, row+i) {
			c.text = append(c.text, text[offsets[i]:offsets[i+1]]...)
		}
		c.offsets = append(c.offsets, int32(len(c.text)))
	}
}

func (c *textColumn) buffers(all [][]byte) [][]byte {
	return append(all, c.buffer(), arrow.Int32Traits.CastToBytes(c.offsets), c.text)
}

func (c *textColumn) reset() {
	c.validity.reset()
	c.offsets, c.text = c.offsets[:0], c.text[:0]
}
