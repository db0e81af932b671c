package csv

import (
	"csvloom/pipeline"
	"csvloom/readers/csv/internal/codes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// codedValues returns the texts of a book as an array.
func codedValues(book *codes.Book, alloc memory.Allocator) arrow.ArrayData {
	offsets, values := newBuffer(alloc, 4*(book.Len()+1)), newBuffer(alloc, book.Bytes())
	defer offsets.Release()
	defer values.Release()
	book.Texts(arrow.Int32Traits.CastFromBytes(offsets.Bytes()), values.Bytes())
	return array.NewData(arrow.BinaryTypes.String, book.Len(), []*memory.Buffer{nil, offsets, values}, nil, 0, 0)
}

// Codes pay while a value comes up again and again: from codesPerValue rows a
// value on, or while there are no more than codesFew values.
const (
	codesPerValue = 4
	codesFew      = 256
)

// decodeCoded makes a VARCHAR column in codes, or nil when it has too many
// different values for that.
func decodeCoded(f *fields, alloc memory.Allocator) arrow.Array {
	if f.decoder.book == nil {
		f.decoder.book = new(codes.Book)
	}
	book := f.decoder.book
	book.Reset()
	v := validity{alloc: alloc, rows: f.rows}
	numbers := newBuffer(alloc, 2*f.rows)
	defer numbers.Release()
	ok := code(f, arrow.Uint16Traits.CastFromBytes(numbers.Bytes()), &v, book)
	if v.buf != nil {
		defer v.buf.Release()
	}
	if !ok {
		return nil
	}
	values := codedValues(book, alloc)
	defer values.Release()
	data := array.NewDataWithDictionary(pipeline.Coded, f.rows, []*memory.Buffer{v.buf, numbers}, v.nulls, 0, values.(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// codeRuns decides when fields are looked up in groups: until too many groups turn out
// to have a field that is not known.
type codeRuns struct {
	next, other int // the row from which on it is tried again; groups that ended a run
}

// code fills dst with the codes of a column's texts.
func code(f *fields, dst []uint16, v *validity, book *codes.Book) bool {
	ends, data, skip, quote := f.ends, f.data, f.skip, f.quote
	most := min(pipeline.CodesMax, max(codesFew, f.rows/codesPerValue))
	plain := (!f.quoted || quote == 0) && f.nulls == nil
	run := codeRuns{}
	if !f.canRun() || codes.Lanes == 0 {
		run.next = len(dst)
	}
	for r := 0; r < len(dst); r++ {
		if r >= run.next {
			r += book.KnownRuns(dst[r:], data, ends[r*f.stride:], f.stride, f.runQuote())
			if r == len(dst) {
				break
			}
			run.next = r + codes.Lanes
			if run.other++; run.other > 64+r/16 {
				run.next = len(dst)
			}
		}
		k := r * f.stride
		start, end := ends[k]+skip, ends[k+1]
		n := end - start
		b := data[start:]
		if plain || b[0] != quote && f.nulls == nil {
			if c, ok := book.Known(b, n); ok {
				dst[r] = c
				continue
			}
		}
		if n-1 >= copyBytes || !plain && (b[0] == quote || f.nulls != nil) {
			switch b = b[:n]; {
			case n == 0, f.nulls != nil && b[0] != quote && f.nulls.has(b):
				v.setNull(r)
				dst[r] = 0
				continue
			case b[0] == quote && quote != 0:
				b = f.unquote(b)
				n = uint32(len(b))
			}
			b = b[:n:cap(b)]
			if cap(b) < copyBytes {
				b = append(make([]byte, 0, copyBytes), b...)
			}
			b = b[:max(n, copyBytes)]
		}
		c, ok := book.Number(b, n, most)
		if !ok {
			return false
		}
		dst[r] = c
	}
	return true
}
