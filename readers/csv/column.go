package csv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv/internal/digits"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// fields is one column of an indexed block, as text.
type fields struct {
	data    []byte // with padBytes of room behind
	ends    []uint32
	stride  int
	skip    uint32
	rows    int
	quote   byte // 0: no field is quoted
	quoted  bool // some fields may be quoted
	nulls   nullSpellings
	escapes *Dialect // not nil: there may be escapes in the text
	some    bool     // only the wanted rows of the index count
	wanted  []int32  // ascending
	decoder *decoder

	lenient bool    // a value that does not fit becomes NULL,
	misfits []int32 // and its row is noted here
}

// forgive notes that the value of a row does not fit, and reports whether the
// column may go on without it.
func (f *fields) forgive(row int) bool {
	if f.lenient {
		f.misfits = append(f.misfits, int32(row))
	}
	return f.lenient
}

// at makes f the given field of every row.
func (f *fields) at(ix *index, field int) {
	f.stride, f.skip, f.rows, f.quoted = ix.stride, ix.skip, ix.rows, ix.quotes
	f.ends = ix.ends[min(field, len(ix.ends)):] // no rows, no ends
	if f.some {
		f.pick()
	}
	if field == ix.width-1 && ix.crs {
		f.trimLineEnds()
	}
}

// blank makes the field of a row empty.
func (f *fields) blank(r int) {
	d := f.decoder
	if len(d.ends) == 0 || &f.ends[0] != &d.ends[0] {
		d.ends = slices.Grow(d.ends[:0], 2*f.rows)[:2*f.rows]
		for r := range f.rows {
			k := r * f.stride
			d.ends[2*r], d.ends[2*r+1] = f.ends[k], f.ends[k+1]
		}
		f.ends, f.stride = d.ends, 2
	}
	f.ends[2*r+1] = f.ends[2*r] + f.skip
}

// pick leaves the wanted rows.
func (f *fields) pick() {
	d := f.decoder
	d.ends = slices.Grow(d.ends[:0], 2*len(f.wanted))[:2*len(f.wanted)]
	for i, r := range f.wanted {
		k := int(r) * f.stride
		d.ends[2*i], d.ends[2*i+1] = f.ends[k], f.ends[k+1]
	}
	f.ends, f.stride, f.rows = d.ends, 2, len(f.wanted)
}

// trimLineEnds cuts the CR of CRLF line ends off. It works on a copy, since in
// index.ends the end of one row may be the start of the next.
func (f *fields) trimLineEnds() {
	d := f.decoder
	d.ends = slices.Grow(d.ends[:0], 2*f.rows)[:2*f.rows] // f.ends, in place, if those were picked
	for r, k := 0, 0; r < f.rows; r, k = r+1, k+f.stride {
		start, end := f.ends[k], f.ends[k+1]
		if end > start+f.skip && f.data[end-1] == '\r' {
			end--
		}
		d.ends[2*r], d.ends[2*r+1] = start, end
	}
	f.ends, f.stride = d.ends, 2
}

// bounds returns where the field of row r starts and ends.
func (f *fields) bounds(r int) (start, end uint32) {
	k := r * f.stride
	return f.ends[k] + f.skip, f.ends[k+1]
}

// inside returns where the text between start and end is without its quotes.
// Doubled quotes in it are left as they are: no number has any.
func (f *fields) inside(start, end uint32) (from, to uint32) {
	if f.quoted && end-start >= 2 && f.data[start] == f.quote {
		return start + 1, end - 1
	}
	return start, end
}

// value returns what the text between start and end means for a type other
// than VARCHAR: NULL, or text without its quotes.
func (f *fields) value(start, end uint32) (b []byte, null bool) {
	b = f.data[start:end]
	if len(b) == 0 {
		return nil, true
	}
	if f.escapes != nil {
		return f.escaped(b)
	}
	if b[0] == f.quote && f.quote != 0 {
		b = f.unquote(b)
		return b, len(b) == 0
	}
	return b, f.nulls.has(b)
}

// unquote returns what stands between quotes, doubled quotes made one. The
// result is valid until the next call.
func (f *fields) unquote(b []byte) []byte {
	b = b[1 : len(b)-1]
	if bytes.IndexByte(b, f.quote) < 0 {
		return b
	}
	f.decoder.text = appendUnquoted(f.decoder.text[:0], b, f.quote)
	return f.decoder.text
}

// appendUnquoted appends the inside of a quoted field, doubled quotes made one.
func appendUnquoted(dst, b []byte, quote byte) []byte {
	for {
		i := bytes.IndexByte(b, quote)
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i+1]...)
		b = b[i+2:]
	}
}

// validity is the bitmap of a column being decoded; it is made when the first
// NULL is met.
type validity struct {
	alloc memory.Allocator
	buf   *memory.Buffer
	rows  int
	nulls int
}

func (v *validity) setNull(row int) {
	if v.buf == nil {
		v.buf = memory.NewResizableBuffer(v.alloc)
		v.buf.Resize(int(bitutil.BytesForBits(int64(v.rows))))
		bits := v.buf.Bytes()
		for i := range bits {
			bits[i] = 0xff
		}
		if tail := v.rows % 8; tail != 0 {
			bits[len(bits)-1] = 1<<tail - 1
		}
	}
	bitutil.ClearBit(v.buf.Bytes(), row)
	v.nulls++
}

func newBuffer(alloc memory.Allocator, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(alloc)
	buf.Resize(n)
	return buf
}

// decodeColumn makes an array of a column. bad is the first row whose value
// does not fit the type, in which case there is no array, or -1.
func decodeColumn(f *fields, c *layoutColumn, alloc memory.Allocator) (a arrow.Array, bad int) {
	v := validity{alloc: alloc, rows: f.rows}
	var values, offsets *memory.Buffer
	switch t := c.dataType.(type) {
	case *arrow.StringType:
		offsets, values = decodeStrings(f, &v)
		bad = -1
	case *arrow.Int64Type:
		values = newBuffer(alloc, 8*f.rows)
		dst := arrow.Int64Traits.CastFromBytes(values.Bytes())
		if c.numerals.usual() {
			bad = decodeInts(f, &c.columnType, dst, &v)
		} else {
			bad = decodeFixed(f, dst, &v, nil, numeral(c.numerals, c.parseInt))
		}
	case *arrow.Float64Type:
		values = newBuffer(alloc, 8*f.rows)
		dst := arrow.Float64Traits.CastFromBytes(values.Bytes())
		if c.numerals.usual() {
			bad = decodeDoubles(f, &c.columnType, dst, &v)
		} else {
			bad = decodeFixed(f, dst, &v, nil, numeral(c.numerals, c.parseDouble))
		}
	case *arrow.BooleanType:
		values = newBuffer(alloc, int(bitutil.BytesForBits(int64(f.rows))))
		bad = decodeBools(f, values.Bytes(), &v)
	case *arrow.Decimal128Type:
		values = newBuffer(alloc, arrow.Decimal128SizeBytes*f.rows)
		bad = decodeFixed(f, arrow.Decimal128Traits.CastFromBytes(values.Bytes()), &v, nil, numeral(c.numerals, func(b []byte) (decimal128.Num, bool) {
			if !c.declared && !exactDecimal(b) {
				return decimal128.Num{}, false
			}
			return sqltype.ParseDecimal(b, t.Precision, t.Scale)
		}))
	case *arrow.Date32Type:
		values = newBuffer(alloc, arrow.Date32SizeBytes*f.rows)
		bad = decodeFixed(f, arrow.Date32Traits.CastFromBytes(values.Bytes()), &v, c.dateRuns(), c.dateParser())
	case *arrow.TimestampType:
		values = newBuffer(alloc, 8*f.rows)
		bad = decodeFixed(f, arrow.Int64Traits.CastFromBytes(values.Bytes()), &v, c.timestampRuns(), c.timestampParser())
	case *arrow.Time64Type:
		values = newBuffer(alloc, 8*f.rows)
		bad = decodeFixed(f, arrow.Int64Traits.CastFromBytes(values.Bytes()), &v, nil, sqltype.ParseTime)
	}
	buffers := []*memory.Buffer{v.buf, values}
	if offsets != nil {
		buffers = []*memory.Buffer{v.buf, offsets, values}
	}
	if bad < 0 {
		data := array.NewData(c.dataType, f.rows, buffers, nil, v.nulls, 0)
		a = array.MakeFromData(data)
		data.Release()
	}
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return a, bad
}

// nullColumn makes an array of NULLs for a column that a file lacks.
// array.MakeArrayOfNull takes memory that is not cleared for cleared.
func nullColumn(t arrow.DataType, rows int, alloc memory.Allocator) arrow.Array {
	bitmap := newBuffer(alloc, int(bitutil.BytesForBits(int64(rows))))
	buffers := []*memory.Buffer{bitmap}
	switch t := t.(type) {
	case *arrow.StringType:
		buffers = append(buffers, newBuffer(alloc, 4*(rows+1)), newBuffer(alloc, 0))
	case arrow.FixedWidthDataType:
		buffers = append(buffers, newBuffer(alloc, int(bitutil.BytesForBits(int64(rows)*int64(t.BitWidth())))))
	}
	for _, b := range buffers {
		clear(b.Bytes())
		defer b.Release()
	}
	data := array.NewData(t, rows, buffers, nil, rows, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// runsOf reads fields of a plain kind, as the functions of package digits do.
type runsOf[T any] func(dst []T, data []byte, ends []uint32, stride, quote int) int

// decodeFixed decodes a column of a fixed-width type. runs, if not nil, reads what
// it can; parse reads the rest.
func decodeFixed[T any](f *fields, dst []T, v *validity, runs runsOf[T], parse func([]byte) (T, bool)) (bad int) {
	ends, data, skip := f.ends, f.data, f.skip
	run := plainRun{}
	if !f.canRun() {
		runs = nil
	}
	var zero T
	for r := 0; r < len(dst); r++ {
		if runs != nil && run.pays(r) {
			n := runs(dst[r:], data, ends[r*f.stride:], f.stride, f.runQuote())
			if r += n; r == len(dst) {
				break
			}
			run.ended(n)
		}
		k := r * f.stride
		start, end := ends[k]+skip, ends[k+1]
		x, ok := parse(data[start:end])
		if !ok {
			b, null := f.value(start, end)
			if null {
				v.setNull(r)
				dst[r] = zero
				continue
			}
			if x, ok = parse(b); !ok {
				if !f.forgive(r) {
					return r
				}
				v.setNull(r)
				x = zero
			}
		} else if f.nulls != nil && f.nulls.has(data[start:end]) {
			v.setNull(r)
			x = zero
		}
		dst[r] = x
	}
	return -1
}

// A column whose type was inferred takes only what inference takes: 007 in a
// column that looked like BIGINT is a misfit, not 7. A declared type says that
// such things do not matter. exactInt, exactDouble and exactDecimal are the
// rules of evidence.number for one value.

func exactInt(b []byte) bool {
	shape, ok := sqltype.ScanNumber(b)
	return ok && shape.BigInt()
}

func exactDouble(b []byte) bool {
	if shape, ok := sqltype.ScanNumber(b); ok {
		return shape.Double()
	}
	return len(b) > 0 && isSpecial(b) // NaN and infinity, if it parses
}

// parseInt parses one value of a BIGINT column.
func (c *columnType) parseInt(b []byte) (int64, bool) {
	x, ok := sqltype.ParseInt(b)
	return x, ok && (c.declared || exactInt(b))
}

// parseDouble parses one value of a DOUBLE column.
func (c *columnType) parseDouble(b []byte) (float64, bool) {
	x, ok := sqltype.ParseDouble(b)
	return x, ok && (c.declared || exactDouble(b))
}

func exactDecimal(b []byte) bool {
	shape, ok := sqltype.ScanNumber(b)
	if ok {
		_, _, ok = shape.Decimal()
	}
	return ok
}

// plainRun decides whether to go on looking for runs of plain fields: it does while
// they are long enough.
type plainRun struct{ runs, fields int }

func (p *plainRun) pays(row int) bool { return p.runs <= 8+p.fields/3+row/64 }

// ended notes that a run of n fields has ended before one of another kind.
func (p *plainRun) ended(n int) {
	p.runs++
	p.fields += n
}

// canRun reports whether package digits can read the fields.
func (f *fields) canRun() bool { return f.nulls == nil && f.skip == 1 }

// runQuote is the quote as package digits wants it.
func (f *fields) runQuote() int {
	if f.quoted && f.quote != 0 {
		return int(f.quote)
	}
	return -1
}

// decodeInts decodes a BIGINT column. Values of up to eight digits are nearly
// all; package digits reads runs of them.
func decodeInts(f *fields, c *columnType, dst []int64, v *validity) (bad int) {
	exact := !c.declared
	ends, data, skip := f.ends, f.data, f.skip
	runs, run := f.canRun(), plainRun{}
	for r := 0; r < len(dst); r++ {
		if runs && run.pays(r) {
			n := digits.Ints(dst[r:], data, ends[r*f.stride:], f.stride, f.runQuote(), exact)
			if r += n; r == len(dst) {
				break
			}
			run.ended(n)
		}
		k := r * f.stride
		start, end := ends[k]+skip, ends[k+1]
		if from, to := f.inside(start, end); f.nulls == nil && to-from-1 < 8 && (data[from] != '0' || to-from == 1 || !exact) {
			if x, ok := digits.Value(binary.LittleEndian.Uint64(data[from:]), to-from); ok {
				dst[r] = x
				continue
			}
		}
		b, null := f.value(start, end)
		if null {
			v.setNull(r)
			dst[r] = 0
			continue
		}
		x, ok := c.parseInt(b)
		if !ok {
			if !f.forgive(r) {
				return r
			}
			v.setNull(r)
			x = 0
		}
		dst[r] = x
	}
	return -1
}

// powersOfTen are exact.
var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

var intPowersOfTen = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// shortDecimal parses the n bytes at the start of b, which has 16 bytes or
// more: up to seven digits, a point, and up to eight digits. It is false for
// everything else. The result is correctly rounded: digits without the point
// are below 2^53 and the power of ten that divides them is exact. (Clinger,
// "How to Read Floating Point Numbers Accurately", 1990.)
func shortDecimal(b []byte, n uint32) (float64, bool) {
	w := binary.LittleEndian.Uint64(b)
	points := equalBytes(w, '.'*swarOnes)
	point := uint32(bits.TrailingZeros64(points)) / 8 // 8 when there is none
	fraction := n - point - 1
	if point-1 >= 7 || fraction-1 >= 8 {
		return 0, false
	}
	integer, ok := digits.Value(w, point)
	rest, ok2 := digits.Value(binary.LittleEndian.Uint64(b[point+1:]), fraction)
	if !ok || !ok2 {
		return 0, false
	}
	return float64(integer*intPowersOfTen[fraction]+rest) / powersOfTen[fraction], true
}

// decodeDoubles decodes a DOUBLE column. Package digits reads runs of values of
// up to eight digits, shortDecimal one of up to fifteen.
func decodeDoubles(f *fields, c *columnType, dst []float64, v *validity) (bad int) {
	exact := !c.declared
	ends, data, skip := f.ends, f.data, f.skip
	runs, run := f.canRun(), plainRun{}
	for r := 0; r < len(dst); r++ {
		if runs && run.pays(r) {
			n := digits.Doubles(dst[r:], data, ends[r*f.stride:], f.stride, f.runQuote(), exact)
			if r += n; r == len(dst) {
				break
			}
			run.ended(n)
		}
		k := r * f.stride
		start, end := ends[k]+skip, ends[k+1]
		if from, to := f.inside(start, end); f.nulls == nil && from < to {
			negative := uint32(0)
			if data[from] == '-' {
				negative = 1
			}
			text := data[from+negative:]
			if x, ok := shortDecimal(text, to-from-negative); ok && (text[0] != '0' || text[1] == '.' || !exact) {
				if negative == 1 {
					x = -x
				}
				dst[r] = x
				continue
			}
		}
		b, null := f.value(start, end)
		if null {
			v.setNull(r)
			dst[r] = 0
			continue
		}
		x, ok := c.parseDouble(b)
		if !ok {
			if !f.forgive(r) {
				return r
			}
			v.setNull(r)
			x = 0
		}
		dst[r] = x
	}
	return -1
}

func decodeBools(f *fields, bitmap []byte, v *validity) (bad int) {
	clear(bitmap)
	for r := range f.rows {
		b, null := f.value(f.bounds(r))
		if null {
			v.setNull(r)
			continue
		}
		x, ok := sqltype.ParseBool(b)
		if !ok {
			if !f.forgive(r) {
				return r
			}
			v.setNull(r)
		}
		if x {
			bitutil.SetBit(bitmap, r)
		}
	}
	return -1
}

// readable reports whether decodeColumn knows the type.
func readable(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.INT64, arrow.FLOAT64, arrow.BOOL, arrow.DECIMAL128, arrow.DATE32, arrow.TIMESTAMP, arrow.TIME64:
		return true
	}
	return false
}
