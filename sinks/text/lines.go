package text

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
)

// rowsPerPass is how many rows are turned to text at a time: enough to make
// the per-column calls cheap, few enough that the cells of a dozen columns
// stay in a level-2 cache until they are laid side by side.
const rowsPerPass = 1024

// cells holds the text of a run of rows of one column: row i is
// text[bounds[i]:bounds[i+1]]. The text is that of an Arrow column where it may
// stand as it is, memory otherwise.
type cells struct {
	text   []byte
	bounds []int
	memory []byte
	spare  []byte // takes the text while cells are quoted afterwards
}

// room returns memory for the text of rows cells, and their bounds. There is
// slack behind the text.
func (c *cells) room(rows, textBytes int) (text []byte, bounds []int) {
	c.reserve(textBytes)
	c.text = c.memory
	return c.text, c.boundsFor(rows)
}

func (c *cells) reserve(textBytes int) {
	if textBytes += slackBytes; len(c.memory) < textBytes {
		c.memory = make([]byte, max(textBytes, 2*len(c.memory)))
	}
}

func (c *cells) boundsFor(rows int) []int {
	c.bounds = slices.Grow(c.bounds[:0], rows+1)[:rows+1]
	return c.bounds
}

// column writes rows from..to-1 of one Arrow column into c.
type column func(c *cells, values arrow.Array, from, to int)

// validity tells which rows of an array are NULL.
type validity struct {
	bits   []byte // nil when none is
	offset int    // of row 0 in bits
}

// validityOf returns the validity of the rows of values from row from on.
func validityOf(values arrow.Array, from int) validity {
	if values.NullN() == 0 {
		return validity{}
	}
	return validity{values.NullBitmapBytes(), values.Data().Offset() + from}
}

func (v validity) isNull(row int) bool {
	row += v.offset
	return v.bits != nil && v.bits[row>>3]>>(row&7)&1 == 0
}

// slackBytes is how much is copied of a short cell, however long it is: a copy
// of constant size takes an instruction or two. Behind every text of cells and
// every line being written there is memory that may be copied or overwritten.
const slackBytes = 16

// put copies src[from:to] to dst[at:] and returns where it ends. dst has
// slackBytes more.
func put(dst []byte, at int, src []byte, from, to int) int {
	n := to - from
	switch {
	case n <= slackBytes && from+slackBytes <= len(src):
		*(*[slackBytes]byte)(dst[at:]) = *(*[slackBytes]byte)(src[from:])
	case slackBytes < n && n <= 2*slackBytes:
		*(*[slackBytes]byte)(dst[at:]) = *(*[slackBytes]byte)(src[from:])
		*(*[slackBytes]byte)(dst[at+n-slackBytes:]) = *(*[slackBytes]byte)(src[to-slackBytes:])
	default:
		copy(dst[at:], src[from:to])
	}
	return at + n
}

// appendCSVLines lays the cells of all columns side by side, row by row.
func appendCSVLines(dst []byte, columns []cells, rows int, delimiter byte) []byte {
	total := rows * len(columns)
	for i := range columns {
		total += columns[i].bounds[rows] - columns[i].bounds[0]
	}
	at := len(dst)
	dst = slices.Grow(dst, total+slackBytes)
	b := dst[:at+total+slackBytes]
	for row := range rows {
		for i := range columns {
			c := &columns[i]
			at = put(b, at, c.text, c.bounds[row], c.bounds[row+1])
			b[at] = delimiter
			at++
		}
		b[at-1] = '\n'
	}
	return b[:at]
}

// appendJSONLines makes an object of each row. Behind every key in keys, which
// starts with a comma, or with a brace in the first place, there is a colon. Keys
// have slack behind them as cells have.
func appendJSONLines(dst []byte, columns []cells, rows int, keys []jsonKey) []byte {
	total := rows * len("}\n")
	for i := range columns {
		total += columns[i].bounds[rows] - columns[i].bounds[0] + rows*keys[i].bytes
	}
	at := len(dst)
	dst = slices.Grow(dst, total+slackBytes)
	b := dst[:at+total+slackBytes]
	for row := range rows {
		for i := range columns {
			c := &columns[i]
			at = put(b, at, keys[i].text, 0, keys[i].bytes)
			at = put(b, at, c.text, c.bounds[row], c.bounds[row+1])
		}
		b[at], b[at+1] = '}', '\n'
		at += 2
	}
	return b[:at]
}
