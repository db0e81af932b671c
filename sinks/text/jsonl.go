package text

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
)

// NewJSONLines returns an encoder that writes every row of schema to w as one
// JSON object (RFC 8259) on one line. Every column has its key in every object,
// in schema order.
//
// BIGINT, DOUBLE and DECIMAL are numbers with all their digits; a reader that
// keeps numbers as doubles will round some. The doubles that JSON has no number
// for are the strings "NaN", "Infinity" and "-Infinity": null would lose them.
// Dates and times are ISO 8601 strings, with T between date and time and Z for
// TIMESTAMPTZ. INTERVAL is its SQL text. Bytes that are not UTF-8 become U+FFFD.
func NewJSONLines(w io.Writer, schema *arrow.Schema, t *pipeline.Task) (*Encoder, error) {
	const format = "JSON lines"
	if err := checkColumns(schema, format); err != nil {
		return nil, err
	}
	e := &Encoder{w: w}
	names := make(map[string]bool, schema.NumFields())
	var keys []jsonKey
	var errs []error
	for i, field := range schema.Fields() {
		if names[field.Name] {
			errs = append(errs, pipeline.Usagef("two columns are called %q, and a JSON object has a key once; rename one with AS", field.Name))
		}
		names[field.Name] = true
		key := []byte{','}
		if i == 0 {
			key[0] = '{'
		}
		key = append(appendJSONString(key, []byte(field.Name)), ':')
		keys = append(keys, jsonKey{bytes: len(key), text: append(key, make([]byte, slackBytes)...)})
		if field.Type.ID() == arrow.STRING {
			e.strings = append(e.strings, i)
			e.columns = append(e.columns, jsonStrings)
			continue
		}
		write := jsonSpelling.column(field.Type)
		if write == nil {
			errs = append(errs, noText(field, format))
		}
		e.columns = append(e.columns, write)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	e.lines = func(dst []byte, columns []cells, rows int) []byte {
		return appendJSONLines(dst, columns, rows, keys)
	}
	return e.start(t), nil
}

// jsonKey is what stands in front of a value, as text[:bytes].
type jsonKey struct {
	text  []byte
	bytes int
}

const jsonNull = "null"

// jsonSpelling leaves out BOOLEAN, BIGINT and DECIMAL, whose text is JSON.
var jsonSpelling = spelling{null: jsonNull, separator: 'T', zone: "Z", quote: `"`, double: putJSONDouble}

// jsonStrings is the column of VARCHAR.
func jsonStrings(c *cells, values arrow.Array, from, to int) {
	a := values.(*array.String)
	text, offsets := textOf(a, from, to)
	valid := validityOf(values, from)
	rows := to - from
	c.reserve(int(offsets[rows]-offsets[0]) + rows*len(jsonNull))
	out, bounds := c.memory[:0], c.boundsFor(rows)
	for i := range rows {
		bounds[i] = len(out)
		if valid.isNull(i) {
			out = append(out, jsonNull...)
			continue
		}
		out = appendJSONString(out, text[offsets[i]:offsets[i+1]])
	}
	bounds[rows] = len(out)
	c.memory = out[:cap(out)]
	c.text = c.memory
}

func putJSONDouble(b []byte, at int, v float64) int {
	switch {
	case math.IsNaN(v):
		return at + copy(b[at:], `"NaN"`)
	case math.IsInf(v, 1):
		return at + copy(b[at:], `"Infinity"`)
	case math.IsInf(v, -1):
		return at + copy(b[at:], `"-Infinity"`)
	}
	return putDouble(b, at, v)
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s as a JSON string.
func appendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		s = s[n:]
		if len(s) == 0 {
			break
		}
		if b := s[0]; b < utf8.RuneSelf {
			dst = appendEscape(dst, b)
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, r) // RuneError for bytes that are not UTF-8
		s = s[size:]
	}
	return append(dst, '"')
}

// plainPrefix returns how many bytes at the start of s are ASCII that stands
// for itself in a JSON string. It may stop early, never late.
func plainPrefix(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		v := binary.LittleEndian.Uint64(s[i:])
		// Below 0x20: subtracting 0x20 borrows into the high bit.
		if (v|(v-ones*0x20)|hasByte(v, '"')|hasByte(v, '\\'))&highs != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if b := s[i]; b < 0x20 || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			break
		}
	}
	return i
}

func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
}
