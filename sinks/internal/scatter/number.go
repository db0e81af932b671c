// Package scatter sorts rows by what partition they belong to: it numbers the
// distinct values of the key columns ([Scratch.Number]) and moves the rows of
// each number next to each other ([Scratch.Split]), column by column, in the
// order they had. Start reading at [Scratch].
package scatter

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"
)

// Piece is rows From to before To of a record.
type Piece struct {
	Rec      arrow.Record
	From, To int
}

// Rows is the number of rows.
func (p Piece) Rows() int { return p.To - p.From }

// Scratch is the memory that sorting rows needs. It is used by one goroutine at
// a time, and holds no rows between calls.
type Scratch struct {
	ids    []uint32
	codes  []uint32
	keys   []uint64
	firsts []int32
	direct []uint32
	table  []entry
	texts  []text
	places []uint32
	counts []uint32
}

// entry is a place of a hash table: a code and what it stands for.
type entry struct {
	key  uint64
	code uint32 // one more than the code; 0 for a free place
}

// text is a distinct text.
type text struct{ bytes []byte }

// Number gives every row the number of its combination of values in the key
// columns, counting from 0 without gaps. firsts has, for each number, the first
// row that has it. Two rows have the same number only if their values are the
// same, bit by bit, but for NaN, of which there is one. The result is valid until
// the next call. It fails for types that are not SQL's.
func (s *Scratch) Number(pieces []Piece, keys []int) (ids []uint32, firsts []int32, err error) {
	rows := 0
	for _, p := range pieces {
		rows += p.Rows()
	}
	s.ids = resize(s.ids, rows)
	distinct := 0
	for i, column := range keys {
		if i == 0 {
			if distinct, err = s.code(s.ids, pieces, column); err != nil {
				return nil, nil, err
			}
			continue
		}
		s.codes = resize(s.codes, rows)
		more, err := s.code(s.codes, pieces, column)
		if err != nil {
			return nil, nil, err
		}
		s.keys = resize(s.keys, rows)
		for row, code := range s.codes {
			s.keys[row] = uint64(s.ids[row])*uint64(more) + uint64(code)
		}
		distinct = s.codeKeys(s.ids, s.keys)
	}
	s.firsts = resize(s.firsts, distinct)
	for i := range s.firsts {
		s.firsts[i] = -1
	}
	for row, id := range s.ids {
		if s.firsts[id] < 0 {
			s.firsts[id] = int32(row)
		}
	}
	return s.ids, s.firsts, nil
}

func resize[T any](memory []T, n int) []T {
	if cap(memory) < n {
		return make([]T, n)
	}
	return memory[:n]
}

// code numbers the values of one column; NULL is one of them.
func (s *Scratch) code(codes []uint32, pieces []Piece, column int) (distinct int, err error) {
	nulls := 0
	for _, p := range pieces {
		nulls += p.Rec.Column(column).NullN()
	}
	switch t := pieces[0].Rec.Column(column).DataType(); t.ID() {
	case arrow.STRING:
		distinct = s.codeTexts(codes, pieces, func(a arrow.Array) func(int) []byte {
			values := a.(*array.String)
			data := a.Data().Buffers()
			if data[2] == nil {
				return func(int) []byte { return nil }
			}
			return func(i int) []byte {
				return data[2].Bytes()[values.ValueOffset(i):values.ValueOffset(i+1)]
			}
		}, column)
	case arrow.DECIMAL128:
		distinct = s.codeTexts(codes, pieces, func(a arrow.Array) func(int) []byte {
			start := a.Data().Offset()
			data := a.Data().Buffers()[1].Bytes()
			return func(i int) []byte { return data[16*(start+i):][:16] }
		}, column)
	default:
		s.keys = resize(s.keys, len(codes))
		at := 0
		for _, p := range pieces {
			if err := bitsOf(s.keys[at:at+p.Rows()], p.Rec.Column(column), p.From); err != nil {
				return 0, err
			}
			at += p.Rows()
		}
		if nulls > 0 {
			s.fillNulls(pieces, column)
		}
		distinct = s.codeKeys(codes, s.keys)
	}
	if nulls == 0 {
		return distinct, nil
	}
	return codeNulls(codes, pieces, column, distinct), nil
}

// codeNulls gives NULL a code of its own.
func codeNulls(codes []uint32, pieces []Piece, column, distinct int) int {
	at, nulls := 0, 0
	for _, p := range pieces {
		a := p.Rec.Column(column)
		for i := p.From; i < p.To; i++ {
			if a.IsNull(i) {
				codes[at] = uint32(distinct)
				nulls++
			}
			at++
		}
	}
	switch nulls {
	case 0:
		return distinct
	case len(codes): // what stood under the NULLs does not count
		clear(codes)
		return 1
	}
	return distinct + 1
}

// fillNulls overwrites what stands under NULLs, in s.keys, by a value of the
// column, so that no code is made for it.
func (s *Scratch) fillNulls(pieces []Piece, column int) {
	var some uint64
	each := func(do func(at int, null bool) bool) {
		at := 0
		for _, p := range pieces {
			a := p.Rec.Column(column)
			for i := p.From; i < p.To; i++ {
				if !do(at, a.IsNull(i)) {
					return
				}
				at++
			}
		}
	}
	each(func(at int, null bool) bool {
		if !null {
			some = s.keys[at]
		}
		return null
	})
	each(func(at int, null bool) bool {
		if null {
			s.keys[at] = some
		}
		return true
	})
}

// bitsOf writes the values of an array from row from on as numbers that differ
// where the values do.
func bitsOf(keys []uint64, a arrow.Array, from int) error {
	to := from + len(keys)
	switch a := a.(type) {
	case *array.Int64:
		widen(keys, a.Int64Values()[from:to])
	case *array.Timestamp:
		widen(keys, a.TimestampValues()[from:to])
	case *array.Time64:
		widen(keys, a.Time64Values()[from:to])
	case *array.Date32:
		widen(keys, a.Date32Values()[from:to])
	case *array.Float64:
		for i, v := range a.Float64Values()[from:to] {
			if v != v {
				v = math.NaN()
			}
			keys[i] = math.Float64bits(v)
		}
	case *array.Boolean:
		for i := range keys {
			keys[i] = 0
			if a.Value(from + i) {
				keys[i] = 1
			}
		}
	default:
		return fmt.Errorf("rows cannot be partitioned by values of type %s", a.DataType())
	}
	return nil
}

func widen[T ~int64 | ~int32](keys []uint64, values []T) {
	for i, v := range values {
		keys[i] = uint64(int64(v))
	}
}

// directMax is up to which range of values a table has a place for each.
const directMax = 1 << 17

// codeKeys numbers keys in the order in which they first occur.
func (s *Scratch) codeKeys(codes []uint32, keys []uint64) (distinct int) {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, k := range keys {
		low, high = min(low, int64(k)), max(high, int64(k))
	}
	if span := uint64(high) - uint64(low); len(keys) > 0 && span < directMax {
		s.direct = resize(s.direct, int(span)+1)
		return codeDirectly(codes, keys, s.direct, uint64(low))
	}
	return s.codeHashed(codes, keys)
}

func codeDirectly(codes []uint32, keys []uint64, table []uint32, low uint64) (distinct int) {
	clear(table)
	for i, k := range keys {
		code := table[k-low]
		if code == 0 {
			distinct++
			code = uint32(distinct)
			table[k-low] = code
		}
		codes[i] = code - 1
	}
	return distinct
}

// tableSizeMin is the number of places a hash table starts with. It doubles
// whenever half of them are taken.
const tableSizeMin = 1 << 10

// hashFactor spreads keys over the upper bits of a product: 2^64 divided by the
// golden ratio, as Knuth has it (The Art of Computer Programming, vol. 3, 6.4).
const hashFactor = 0x9e3779b97f4a7c15

func (s *Scratch) codeHashed(codes []uint32, keys []uint64) (distinct int) {
	s.table = resize(s.table, tableSizeMin)
	clear(s.table)
	shift := 64 - 10
	for i, k := range keys {
		at := (k * hashFactor) >> shift
		for s.table[at].code != 0 && s.table[at].key != k {
			at = (at + 1) & uint64(len(s.table)-1)
		}
		if s.table[at].code == 0 {
			distinct++
			s.table[at] = entry{k, uint32(distinct)}
			codes[i] = uint32(distinct) - 1
			if 2*distinct > len(s.table) {
				s.grow(func(e entry) uint64 { return e.key * hashFactor })
				shift--
			}
			continue
		}
		codes[i] = s.table[at].code - 1
	}
	return distinct
}

// grow doubles the table; hash returns an entry's hash.
func (s *Scratch) grow(hash func(entry) uint64) {
	old := s.table
	s.table = make([]entry, 2*len(old))
	shift := 64
	for n := len(s.table); n > 1; n /= 2 {
		shift--
	}
	for _, e := range old {
		if e.code == 0 {
			continue
		}
		at := hash(e) >> shift
		for s.table[at].code != 0 {
			at = (at + 1) & uint64(len(s.table)-1)
		}
		s.table[at] = e
	}
}

// codeTexts numbers byte strings in the order in which they first occur. NULLs
// count as what was before them; view returns how to see the values of an array.
func (s *Scratch) codeTexts(codes []uint32, pieces []Piece, view func(arrow.Array) func(int) []byte, column int) (distinct int) {
	s.table = resize(s.table, tableSizeMin)
	clear(s.table)
	s.texts = s.texts[:0]
	defer func() { clear(s.texts[:cap(s.texts)]) }() // they are the records' memory
	shift := 64 - 10
	at := 0
	var last uint32
	for _, p := range pieces {
		a := p.Rec.Column(column)
		value := view(a)
		nulls := a.NullN() > 0
		for i := p.From; i < p.To; i++ {
			if nulls && a.IsNull(i) {
				codes[at] = last
				at++
				continue
			}
			v := value(i)
			// Equal values often stand together.
			if len(s.texts) > 0 && string(s.texts[last].bytes) == string(v) {
				codes[at] = last
				at++
				continue
			}
			h := xxh3.Hash(v)
			place := h >> shift
			for s.table[place].code != 0 && (s.table[place].key != h || string(s.texts[s.table[place].code-1].bytes) != string(v)) {
				place = (place + 1) & uint64(len(s.table)-1)
			}
			if s.table[place].code == 0 {
				s.texts = append(s.texts, text{v})
				s.table[place] = entry{h, uint32(len(s.texts))}
				last = uint32(len(s.texts)) - 1
				if 2*len(s.texts) > len(s.table) {
					s.grow(func(e entry) uint64 { return e.key })
					shift--
				}
			} else {
				last = s.table[place].code - 1
			}
			codes[at] = last
			at++
		}
	}
	return len(s.texts)
}
