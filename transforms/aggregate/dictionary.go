package aggregate

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

// noID is the number of no value.
const noID = ^uint32(0)

// dictionary numbers the distinct values of a key column in the order of their
// coming; NULL is a value. What it costs a row does not depend on the type: the
// loops are in wordTable and textTable.
type dictionary interface {
	// lookup sets ids[i] to the number of row i.
	lookup(columns []arrow.Array, ids []uint32)
	// len is how many values there are.
	len() int
	// null is the number of NULL, or noID.
	null() uint32
	// hash returns a hash of a value other than NULL; it is the same in
	// every dictionary.
	hash(id uint32) uint64
	// word returns an integer that orders as the values do; only where words
	// reports true.
	word(id uint32) uint64
	words() bool
	// key returns bytes that order as the values do, where there are no words.
	key(id uint32, buf *[16]byte) []byte
	// arrays returns the columns of the given values.
	arrays(alloc memory.Allocator, ids []uint32) ([]arrow.Array, error)
	bytes() int64
}

// newDictionary returns the dictionary for columns of the given types, which
// are rowkey.Supported: several columns are numbered as one.
func newDictionary(types []arrow.DataType) (dictionary, error) {
	if len(types) == 1 {
		t := types[0]
		switch {
		case rowkey.Fixed(t):
			return &wordDictionary{typ: t, nullID: noID}, nil
		case t.ID() == arrow.STRING || t.ID() == arrow.BINARY:
			return &textDictionary{typ: t, nullID: noID}, nil
		}
	}
	columns := make([]rowkey.Column, len(types))
	for i, t := range types {
		columns[i].Type = t
	}
	encoder, err := rowkey.NewEncoder(columns)
	if err != nil {
		return nil, err
	}
	return &rowDictionary{types: types, encoder: encoder}, nil
}

// wordDictionary is the dictionary of a column of at most eight bytes.
type wordDictionary struct {
	typ    arrow.DataType
	table  wordTable
	nullID uint32
	buf    []uint64
	rows   []int32
}

func (d *wordDictionary) lookup(columns []arrow.Array, ids []uint32) {
	a := columns[0]
	d.buf = rowkey.Words(d.buf, a)
	if a.NullN() == 0 {
		d.table.lookup(d.buf, ids)
		return
	}
	if d.nullID == noID {
		d.nullID = d.table.reserve()
	}
	d.rows = splitNulls(d.rows[:0], a, ids, d.nullID)
	d.table.lookupSome(d.buf, ids, d.rows)
}

// splitNulls sets the ids of NULLs and returns the other rows.
func splitNulls(rows []int32, a arrow.Array, ids []uint32, null uint32) []int32 {
	for i := range ids {
		if a.IsValid(i) {
			rows = append(rows, int32(i))
		} else {
			ids[i] = null
		}
	}
	return rows
}

func (d *wordDictionary) len() int                     { return len(d.table.keys) }
func (d *wordDictionary) null() uint32                 { return d.nullID }
func (d *wordDictionary) hash(id uint32) uint64        { return hashWord(d.table.keys[id]) }
func (d *wordDictionary) word(id uint32) uint64        { return d.table.keys[id] }
func (d *wordDictionary) words() bool                  { return true }
func (d *wordDictionary) key(uint32, *[16]byte) []byte { return nil }

func (d *wordDictionary) bytes() int64 {
	return d.table.bytes() + 8*int64(cap(d.buf)) + 4*int64(cap(d.rows))
}

func (d *wordDictionary) arrays(alloc memory.Allocator, ids []uint32) ([]arrow.Array, error) {
	a, err := rowkey.FromWords(alloc, d.typ, d.table.keys, ids, d.nullID)
	return []arrow.Array{a}, err
}

// textDictionary is the dictionary of a VARCHAR or BLOB column.
type textDictionary struct {
	typ    arrow.DataType
	table  textTable
	nullID uint32
	rows   []int32
	coded  []uint32 // by code of the batch at hand: the number, or noID
}

// textBuffers returns the bytes and offsets behind a VARCHAR or BLOB column.
func textBuffers(a arrow.Array) (data []byte, offsets []int32) {
	d := a.Data()
	b := d.Buffers()
	if d.Len() == 0 {
		return nil, []int32{0}
	}
	if b[2] != nil {
		data = b[2].Bytes()
	}
	offsets = arrow.Int32Traits.CastFromBytes(b[1].Bytes())
	return data, offsets[d.Offset() : d.Offset()+d.Len()+1]
}

func (d *textDictionary) lookup(columns []arrow.Array, ids []uint32) {
	a := columns[0]
	if a, ok := a.(*array.Dictionary); ok {
		d.lookupCoded(a, ids)
		return
	}
	data, offsets := textBuffers(a)
	if a.NullN() == 0 {
		d.table.lookup(data, offsets, ids)
		return
	}
	if d.nullID == noID {
		d.nullID = d.table.reserve()
	}
	d.rows = splitNulls(d.rows[:0], a, ids, d.nullID)
	d.table.lookupSome(data, offsets, ids, d.rows)
}

// lookupCoded looks a column of codes up: each value that occurs once, and the
// rows by their codes. Values that no row has, as a filter may leave behind, get
// no number, for a number can be a group.
func (d *textDictionary) lookupCoded(a *array.Dictionary, ids []uint32) {
	data, offsets := textBuffers(a.Dictionary())
	d.coded = slices.Grow(d.coded[:0], len(offsets)-1)[:len(offsets)-1]
	coded := d.coded
	for i := range coded {
		coded[i] = noID
	}
	d.table.open()
	codes := a.Indices().(*array.Uint16).Uint16Values()[:len(ids)]
	if a.NullN() == 0 {
		for i, code := range codes {
			id := coded[code]
			if id == noID {
				id = d.table.find(data, int(offsets[code]), int(offsets[code+1]))
				coded[code] = id
			}
			ids[i] = id
		}
		return
	}
	if d.nullID == noID {
		d.nullID = d.table.reserve()
	}
	d.rows = splitNulls(d.rows[:0], a, ids, d.nullID)
	for _, r := range d.rows {
		code := codes[r]
		id := coded[code]
		if id == noID {
			id = d.table.find(data, int(offsets[code]), int(offsets[code+1]))
			coded[code] = id
		}
		ids[r] = id
	}
}

func (d *textDictionary) len() int              { return d.table.len() }
func (d *textDictionary) null() uint32          { return d.nullID }
func (d *textDictionary) hash(id uint32) uint64 { return d.table.hash(id) }
func (d *textDictionary) words() bool           { return false }

func (d *textDictionary) bytes() int64 {
	return d.table.bytes() + 4*int64(cap(d.rows)) + 4*int64(cap(d.coded))
}

func (d *textDictionary) word(uint32) uint64 { return 0 }

func (d *textDictionary) key(id uint32, buf *[16]byte) []byte { return d.table.text(buf, id) }

func (d *textDictionary) arrays(alloc memory.Allocator, ids []uint32) ([]arrow.Array, error) {
	b := array.NewBinaryBuilder(alloc, d.typ.(arrow.BinaryDataType))
	defer b.Release()
	total := 0
	for _, id := range ids {
		total += d.table.keys[id].length()
	}
	if err := checkTextBytes(int64(total)); err != nil {
		return nil, err
	}
	b.Reserve(len(ids))
	b.ReserveData(total)
	var buf [16]byte
	for _, id := range ids {
		if id == d.nullID {
			b.AppendNull()
		} else {
			b.Append(d.table.text(&buf, id))
		}
	}
	a := b.NewBinaryArray()
	defer a.Release()
	return []arrow.Array{withType(a, d.typ)}, nil
}

// withType returns the same buffers as an array of another type.
func withType(a arrow.Array, t arrow.DataType) arrow.Array {
	old := a.Data()
	d := array.NewData(t, old.Len(), old.Buffers(), nil, old.NullN(), old.Offset())
	defer d.Release()
	return array.MakeFromData(d)
}

// rowDictionary numbers rows of several columns, or of a type that has neither
// words nor texts, by their row keys. NULLs are within the keys.
type rowDictionary struct {
	types   []arrow.DataType
	encoder *rowkey.Encoder
	table   textTable
	keys    rowkey.Keys
	offsets []int32
}

// rowKeyBytesMax bounds the keys of one batch, which are numbered through
// 32-bit offsets.
const rowKeyBytesMax = 1 << 30

func (d *rowDictionary) lookup(columns []arrow.Array, ids []uint32) {
	d.encoder.Encode(&d.keys, columns, len(ids))
	data, ends := d.keys.All()
	if len(data) <= rowKeyBytesMax {
		d.offsets = d.offsets[:0]
		for _, end := range ends {
			d.offsets = append(d.offsets, int32(end))
		}
		d.table.lookup(data, d.offsets, ids)
		return
	}
	for i := range ids {
		key := d.keys.Key(i)
		d.table.lookup(key, []int32{0, int32(len(key))}, ids[i:i+1])
	}
}

func (d *rowDictionary) len() int              { return d.table.len() }
func (d *rowDictionary) null() uint32          { return noID }
func (d *rowDictionary) hash(id uint32) uint64 { return d.table.hash(id) }
func (d *rowDictionary) words() bool           { return false }

func (d *rowDictionary) bytes() int64 {
	return d.table.bytes() + d.keys.Bytes() + 4*int64(cap(d.offsets))
}

func (d *rowDictionary) word(uint32) uint64 { return 0 }

func (d *rowDictionary) key(id uint32, buf *[16]byte) []byte { return d.table.text(buf, id) }

func (d *rowDictionary) arrays(alloc memory.Allocator, ids []uint32) ([]arrow.Array, error) {
	builders := make([]array.Builder, len(d.types))
	for i, t := range d.types {
		builders[i] = array.NewBuilder(alloc, t)
		defer builders[i].Release()
		builders[i].Reserve(len(ids))
	}
	total := int64(0)
	var buf [16]byte
	for _, id := range ids {
		key := d.table.text(&buf, id)
		if total += int64(len(key)); total > textBytesMax {
			return nil, checkTextBytes(total)
		}
		if err := d.encoder.Append(builders, key); err != nil {
			return nil, err
		}
	}
	arrays := make([]arrow.Array, len(builders))
	for i, b := range builders {
		arrays[i] = b.NewArray()
	}
	return arrays, nil
}
