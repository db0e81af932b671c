package aggregate

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

// cells keeps one value of some type for every group; it begins as NULL.
type cells interface {
	grow(n int)
	// put copies a's value in rows[i], or its NULL, to the cell of groups[i].
	put(groups []uint32, a arrow.Array, rows []int32)
	array(alloc memory.Allocator, groups []uint32) (arrow.Array, error)
	// size is how many bytes beside the fixed ones a cell takes.
	size(group uint32) int64
	bytes() int64
}

func newCells(t arrow.DataType) (cells, error) {
	switch {
	case rowkey.Fixed(t):
		return &wordCells{typ: t}, nil
	case t.ID() == arrow.STRING || t.ID() == arrow.BINARY:
		return &textCells{typ: t}, nil
	case t.ID() == arrow.DECIMAL128:
		return &decimalCells{typ: t.(*arrow.Decimal128Type)}, nil
	}
	return nil, fmt.Errorf("values of type %s cannot be kept in a group", t)
}

// wordCells keeps values of at most eight bytes, as rowkey words.
type wordCells struct {
	typ   arrow.DataType
	words []uint64
	valid []bool
	buf   []uint64
}

func (c *wordCells) grow(n int) {
	c.words = grown(c.words, n)
	c.valid = grown(c.valid, n)
}

func (c *wordCells) bytes() int64      { return 9*int64(cap(c.words)) + 8*int64(cap(c.buf)) }
func (c *wordCells) size(uint32) int64 { return 0 }

func (c *wordCells) put(groups []uint32, a arrow.Array, rows []int32) {
	c.buf = rowkey.Words(c.buf, a)
	for i, g := range groups {
		r := int(rows[i])
		c.words[g], c.valid[g] = c.buf[r], a.IsValid(r)
	}
}

func (c *wordCells) array(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	return wordArray(alloc, c.typ, c.words, c.valid, groups)
}

// wordArray makes an array of the groups' words, NULL where they are not
// valid.
func wordArray(alloc memory.Allocator, t arrow.DataType, words []uint64, valid []bool, groups []uint32) (arrow.Array, error) {
	picked := make([]uint64, len(groups)+1)
	ids := make([]uint32, len(groups))
	null := uint32(len(groups))
	for i, g := range groups {
		picked[i], ids[i] = words[g], uint32(i)
		if !valid[g] {
			ids[i] = null
		}
	}
	return rowkey.FromWords(alloc, t, picked, ids, null)
}

// textCells keeps texts, each in a buffer of its own.
type textCells struct {
	typ   arrow.DataType
	texts [][]byte // nil is NULL
	held  int64
}

func (c *textCells) grow(n int)          { c.texts = grown(c.texts, n) }
func (c *textCells) bytes() int64        { return 24*int64(cap(c.texts)) + c.held }
func (c *textCells) size(g uint32) int64 { return int64(len(c.texts[g])) }

func (c *textCells) put(groups []uint32, a arrow.Array, rows []int32) {
	data, offsets := textBuffers(a)
	for i, g := range groups {
		r := rows[i]
		if a.IsNull(int(r)) {
			c.held -= int64(cap(c.texts[g]))
			c.texts[g] = nil
			continue
		}
		c.set(g, data[offsets[r]:offsets[r+1]])
	}
}

func (c *textCells) set(g uint32, text []byte) {
	old := c.texts[g]
	if old == nil {
		old = make([]byte, 0, max(len(text), 8))
		c.held += int64(cap(old))
	}
	before := cap(old)
	c.texts[g] = append(old[:0], text...)
	c.held += int64(cap(c.texts[g]) - before)
}

func (c *textCells) array(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	total := int64(0)
	for _, g := range groups {
		total += int64(len(c.texts[g]))
	}
	if err := checkTextBytes(total); err != nil {
		return nil, err
	}
	b := array.NewBinaryBuilder(alloc, c.typ.(arrow.BinaryDataType))
	defer b.Release()
	b.Reserve(len(groups))
	b.ReserveData(int(total))
	for _, g := range groups {
		if c.texts[g] == nil {
			b.AppendNull()
		} else {
			b.Append(c.texts[g])
		}
	}
	a := b.NewBinaryArray()
	defer a.Release()
	return withType(a, c.typ), nil
}

// decimalCells keeps decimals.
type decimalCells struct {
	typ    *arrow.Decimal128Type
	values []decimal128.Num
	valid  []bool
}

func (c *decimalCells) grow(n int) {
	c.values = grown(c.values, n)
	c.valid = grown(c.valid, n)
}

func (c *decimalCells) bytes() int64      { return 17 * int64(cap(c.values)) }
func (c *decimalCells) size(uint32) int64 { return 0 }

func (c *decimalCells) put(groups []uint32, a arrow.Array, rows []int32) {
	values := a.(*array.Decimal128).Values()
	for i, g := range groups {
		r := rows[i]
		c.values[g], c.valid[g] = values[r], a.IsValid(int(r))
	}
}

func (c *decimalCells) array(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	b := array.NewDecimal128Builder(alloc, c.typ)
	defer b.Release()
	b.Reserve(len(groups))
	for _, g := range groups {
		if c.valid[g] {
			b.UnsafeAppend(c.values[g])
		} else {
			b.AppendNull()
		}
	}
	return b.NewArray(), nil
}
