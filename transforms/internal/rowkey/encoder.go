package rowkey

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// Column is one column of a key.
type Column struct {
	Type       arrow.DataType
	Desc       bool // larger values first
	NullsFirst bool
}

// A value's key begins with one byte that says whether it is there. Then come
// eight bytes of its word, sixteen of a DECIMAL, or a text: its bytes, each 0
// followed by 0xff, and two zeros at the end, so that no key is the beginning
// of another one of the column. A descending column's bytes, but for the first,
// are inverted.
const (
	nullFirst = 0
	present   = 1
	nullLast  = 2

	textEscape = 0xff
)

// Encoder makes keys of rows. It is immutable.
type Encoder struct{ columns []Column }

// NewEncoder returns the encoder for keys of the given columns. It fails for
// types that cannot be compared.
func NewEncoder(columns []Column) (*Encoder, error) {
	for _, c := range columns {
		if !Supported(c.Type) {
			return nil, fmt.Errorf("values of type %s cannot be compared", c.Type)
		}
	}
	return &Encoder{slices.Clone(columns)}, nil
}

// Keys holds the keys of a run of rows, one after the other.
type Keys struct {
	bytes   []byte
	offsets []int // of each row, and the end
	cursor  []int
	words   []uint64
}

// Len returns how many keys there are.
func (k *Keys) Len() int { return max(len(k.offsets)-1, 0) }

// Key returns the key of row i, valid until the next Encode.
func (k *Keys) Key(i int) []byte { return k.bytes[k.offsets[i]:k.offsets[i+1]] }

// Bytes returns the memory that the keys take.
func (k *Keys) Bytes() int64 {
	return int64(cap(k.bytes)) + 8*int64(cap(k.offsets)+cap(k.cursor)+cap(k.words))
}

// Prefix returns the first eight bytes of key as an integer that orders as
// they do; a shorter key counts as followed by zeros.
func Prefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// Encode replaces what k holds by the keys of the first n rows of arrays,
// which are of the encoder's types.
func (e *Encoder) Encode(k *Keys, arrays []arrow.Array, n int) {
	k.cursor = slices.Grow(k.cursor[:0], n)[:n]
	clear(k.cursor)
	for c, a := range arrays {
		e.columns[c].lengths(k.cursor, a)
	}
	k.offsets = slices.Grow(k.offsets[:0], n+1)[:n+1]
	total := 0
	for i, l := range k.cursor {
		k.offsets[i], k.cursor[i] = total, total
		total += l
	}
	k.offsets[n] = total
	k.bytes = slices.Grow(k.bytes[:0], total)[:total]
	for c, a := range arrays {
		e.columns[c].write(k, a)
	}
}

// lengths adds the length of each row's part to lengths.
func (c *Column) lengths(lengths []int, a arrow.Array) {
	size := 9
	switch a := a.(type) {
	case *array.String:
		for i := range lengths {
			lengths[i] += textLength(a.IsValid(i), a.Value(i))
		}
		return
	case *array.Binary:
		for i := range lengths {
			lengths[i] += textLength(a.IsValid(i), a.ValueString(i))
		}
		return
	case *array.Decimal128:
		size = 17
	case *array.Null:
		size = 1
	}
	if a.NullN() == 0 {
		for i := range lengths {
			lengths[i] += size
		}
		return
	}
	for i := range lengths {
		if a.IsValid(i) {
			lengths[i] += size
		} else {
			lengths[i]++
		}
	}
}

func textLength(valid bool, s string) int {
	if !valid {
		return 1
	}
	n := 3 + len(s)
	for i := range len(s) {
		if s[i] == 0 {
			n++
		}
	}
	return n
}

// write puts each row's part at its cursor, which it moves on.
func (c *Column) write(k *Keys, a arrow.Array) {
	null := byte(nullLast)
	if c.NullsFirst {
		null = nullFirst
	}
	var flip uint64
	if c.Desc {
		flip = ^uint64(0)
	}
	switch a := a.(type) {
	case *array.String:
		for i, at := range k.cursor {
			k.cursor[i] = writeText(k.bytes, at, a.IsValid(i), a.Value(i), null, byte(flip))
		}
	case *array.Binary:
		for i, at := range k.cursor {
			k.cursor[i] = writeText(k.bytes, at, a.IsValid(i), a.ValueString(i), null, byte(flip))
		}
	case *array.Decimal128:
		for i, at := range k.cursor {
			if !a.IsValid(i) {
				k.bytes[at] = null
				k.cursor[i]++
				continue
			}
			v := a.Value(i)
			k.bytes[at] = present
			binary.BigEndian.PutUint64(k.bytes[at+1:], (uint64(v.HighBits())^sign64)^flip)
			binary.BigEndian.PutUint64(k.bytes[at+9:], v.LowBits()^flip)
			k.cursor[i] += 17
		}
	case *array.Null:
		for i, at := range k.cursor {
			k.bytes[at] = null
			k.cursor[i]++
		}
	default:
		k.words = Words(k.words, a)
		valid := a.NullN() == 0
		for i, at := range k.cursor {
			if valid || a.IsValid(i) {
				k.bytes[at] = present
				binary.BigEndian.PutUint64(k.bytes[at+1:], k.words[i]^flip)
				k.cursor[i] += 9
			} else {
				k.bytes[at] = null
				k.cursor[i]++
			}
		}
	}
}

func writeText(dst []byte, at int, valid bool, s string, null, flip byte) int {
	if !valid {
		dst[at] = null
		return at + 1
	}
	dst[at] = present
	at++
	start := at
	for {
		i := indexZero(s)
		if i < 0 {
			at += copy(dst[at:], s)
			break
		}
		at += copy(dst[at:], s[:i])
		dst[at], dst[at+1] = 0, textEscape
		at += 2
		s = s[i+1:]
	}
	dst[at], dst[at+1] = 0, 0
	at += 2
	if flip != 0 {
		for i := start; i < at; i++ {
			dst[i] = ^dst[i]
		}
	}
	return at
}

func indexZero(s string) int {
	for i := range len(s) {
		if s[i] == 0 {
			return i
		}
	}
	return -1
}

// Append decodes keys, appending one value to each builder, which is of the
// column's type. It fails when key is not one that the encoder made.
func (e *Encoder) Append(builders []array.Builder, key []byte) error {
	for i := range e.columns {
		var ok bool
		if key, ok = e.columns[i].append(builders[i], key); !ok {
			return errKey
		}
	}
	if len(key) != 0 {
		return errKey
	}
	return nil
}

var errKey = fmt.Errorf("rowkey: the key is damaged")

func (c *Column) append(b array.Builder, key []byte) (rest []byte, ok bool) {
	if len(key) == 0 {
		return nil, false
	}
	if key[0] != present {
		b.AppendNull()
		return key[1:], key[0] == nullFirst || key[0] == nullLast
	}
	key = key[1:]
	var flip uint64
	if c.Desc {
		flip = ^uint64(0)
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		text, rest, ok := readText(key, byte(flip))
		b.BinaryBuilder.Append(text)
		return rest, ok
	case *array.BinaryBuilder:
		text, rest, ok := readText(key, byte(flip))
		b.Append(text)
		return rest, ok
	case *array.Decimal128Builder:
		if len(key) < 16 {
			return nil, false
		}
		hi := binary.BigEndian.Uint64(key) ^ flip ^ sign64
		lo := binary.BigEndian.Uint64(key[8:]) ^ flip
		b.Append(decimal128.New(int64(hi), lo))
		return key[16:], true
	}
	if len(key) < 8 {
		return nil, false
	}
	w := binary.BigEndian.Uint64(key) ^ flip
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(w != 0)
	case *array.Int64Builder:
		b.Append(int64(w ^ sign64))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(w ^ sign64))
	case *array.Time64Builder:
		b.Append(arrow.Time64(w ^ sign64))
	case *array.Date32Builder:
		b.Append(arrow.Date32(uint32(w) ^ sign32))
	case *array.Float64Builder:
		b.Append(WordDouble(w))
	default:
		return nil, false
	}
	return key[8:], true
}

// readText decodes a text. It returns a part of key where nothing is escaped
// or inverted.
func readText(key []byte, flip byte) (text, rest []byte, ok bool) {
	if flip == 0 {
		if i := bytes.IndexByte(key, 0); i >= 0 && i+1 < len(key) && key[i+1] == 0 {
			return key[:i], key[i+2:], true
		}
	}
	for i := 0; i+1 < len(key); i++ {
		c := key[i] ^ flip
		if c != 0 {
			text = append(text, c)
			continue
		}
		i++
		switch key[i] ^ flip {
		case 0:
			return text, key[i+1:], true
		case textEscape:
			text = append(text, 0)
		default:
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// All returns all keys, one after the other, and where each starts; the last
// offset is their end. Both are valid until the next Encode.
func (k *Keys) All() ([]byte, []int) { return k.bytes, k.offsets }
