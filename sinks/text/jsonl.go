package text

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
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
func NewJSONLines(w io.Writer, schema *arrow.Schema) (*Encoder, error) {
	const format = "JSON lines"
	if err := checkColumns(schema, format); err != nil {
		return nil, err
	}
	e := &Encoder{w: w}
	names := make(map[string]bool, schema.NumFields())
	var errs []error
	for i, field := range schema.Fields() {
		if names[field.Name] {
			errs = append(errs, pipeline.Usagef("two columns are called %q, and a JSON object has a key once; rename one with AS", field.Name))
		}
		names[field.Name] = true
		f := frame{before: []byte{','}, null: []byte("null")}
		if i == 0 {
			f.before[0] = '{'
		}
		f.before = append(appendJSONString(f.before, field.Name), ':')
		if i == schema.NumFields()-1 {
			f.after = []byte("}\n")
		}
		write, err := jsonColumn(field, f)
		errs = append(errs, err)
		e.columns = append(e.columns, write)
	}
	return e, errors.Join(errs...)
}

func jsonColumn(field arrow.Field, f frame) (column, error) {
	plain, varchar, err := plainOrVarchar(field, "JSON lines")
	if err != nil {
		return nil, err
	}
	if varchar {
		return func(c *cells, values arrow.Array, from, to int) {
			a := values.(*array.String)
			f.fill(c, a, from, to, func(dst []byte, row int) []byte { return appendJSONString(dst, a.Value(row)) })
		}, nil
	}
	switch t := field.Type.(type) {
	case *arrow.BooleanType, *arrow.Int64Type, *arrow.Decimal128Type:
		// Their text is JSON.
	case *arrow.Float64Type:
		plain = jsonDoubles
	case *arrow.TimestampType:
		plain = jsonTimestamps(t.TimeZone != "")
	default:
		plain = quoted(plain)
	}
	return func(c *cells, values arrow.Array, from, to int) {
		f.fill(c, values, from, to, plain(values))
	}, nil
}

// quoted puts quotes around values that need no escaping.
func quoted(plain func(arrow.Array) appendValue) func(arrow.Array) appendValue {
	return func(values arrow.Array) appendValue {
		value := plain(values)
		return func(dst []byte, row int) []byte {
			return append(value(append(dst, '"'), row), '"')
		}
	}
}

func jsonDoubles(values arrow.Array) appendValue {
	v := values.(*array.Float64).Float64Values()
	return func(dst []byte, row int) []byte { return appendJSONDouble(dst, v[row]) }
}

func appendJSONDouble(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	return sqltype.AppendDouble(dst, v)
}

func jsonTimestamps(zoned bool) func(arrow.Array) appendValue {
	return func(values arrow.Array) appendValue {
		v := values.(*array.Timestamp).TimestampValues()
		return func(dst []byte, row int) []byte {
			dst = append(dst, '"')
			start := len(dst)
			dst = sqltype.AppendTimestamp(dst, int64(v[row]))
			if space := bytes.IndexByte(dst[start:], ' '); space >= 0 {
				dst[start+space] = 'T'
			}
			if zoned {
				dst = append(dst, 'Z')
			}
			return append(dst, '"')
		}
	}
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s as a JSON string.
func appendJSONString(dst []byte, s string) []byte {
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
		r, size := utf8.DecodeRuneInString(s)
		dst = utf8.AppendRune(dst, r) // RuneError for bytes that are not UTF-8
		s = s[size:]
	}
	return append(dst, '"')
}

// plainPrefix returns how many bytes at the start of s are ASCII that stands
// for itself in a JSON string. It may stop early, never late.
func plainPrefix(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		v := binary.LittleEndian.Uint64([]byte(s[i : i+8]))
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
