package text

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"csvloom/pipeline"
)

// CSVOptions says how CSV is written. The zero value is RFC 4180 with a header
// and LF line ends.
type CSVOptions struct {
	// Delimiter stands between fields; 0 means a comma. Any ASCII character
	// but the quote, CR, LF and NUL.
	Delimiter byte
	// NoHeader leaves out the line of column names.
	NoHeader bool
	// Null is what NULL is written as; the empty string by default, which
	// differs from the empty string of a VARCHAR column: that is written "".
	// Values that are spelt like it are quoted.
	Null string
}

const quote = '"'

// Validate returns a [pipeline.UsageError] for what is not possible.
func (o CSVOptions) Validate() error {
	d := o.delimiter()
	var errs []error
	if d == quote || d == '\r' || d == '\n' || d >= 0x80 {
		errs = append(errs, pipeline.Usagef("CSV delimiter %q is not possible; use one ASCII character other than the quote and line ends", d))
	}
	if strings.ContainsAny(o.Null, "\"\r\n"+string(rune(d))) || o.Null != strings.TrimSpace(o.Null) {
		errs = append(errs, pipeline.Usagef("%s cannot stand for NULL in CSV output: it would need quotes, and what is quoted is a string; use a word such as NULL", pipeline.Excerpt(o.Null)))
	}
	return errors.Join(errs...)
}

func (o CSVOptions) delimiter() byte {
	if o.Delimiter == 0 {
		return ','
	}
	return o.Delimiter
}

// NewCSV returns an encoder that writes rows of schema to w as CSV (RFC 4180,
// but for LF line ends). A field is quoted when it holds the delimiter, a
// quote, CR or LF, when it starts or ends with a space or tab, when it is an
// empty string, and when it is spelt like NULL.
//
// A row of one column that is NULL would be a blank line, which readers skip:
// it is written as "" unless NULL has a spelling.
func NewCSV(w io.Writer, schema *arrow.Schema, o CSVOptions) (*Encoder, error) {
	if err := errors.Join(o.Validate(), checkColumns(schema, "CSV")); err != nil {
		return nil, err
	}
	s := newCSVStyle(o)
	null := []byte(o.Null)
	if schema.NumFields() == 1 && len(null) == 0 {
		null = []byte{quote, quote}
	}
	e := &Encoder{w: w}
	var errs []error
	for i, field := range schema.Fields() {
		f := frame{after: []byte{s.delimiter}, null: null}
		if i == schema.NumFields()-1 {
			f.after = []byte{'\n'}
		}
		if !o.NoHeader {
			e.header = append(s.appendName(e.header, field.Name, i), f.after...)
		}
		write, err := s.column(field, f)
		errs = append(errs, err)
		e.columns = append(e.columns, write)
	}
	return e, errors.Join(errs...)
}

// csvStyle knows which fields need quotes. It is immutable.
type csvStyle struct {
	delimiter byte
	null      string
	special   [256]bool // bytes that a field may not hold unquoted
	checked   bool      // numbers and dates may need quotes too
}

func newCSVStyle(o CSVOptions) *csvStyle {
	s := &csvStyle{delimiter: o.delimiter(), null: o.Null}
	for _, b := range []byte{s.delimiter, quote, '\r', '\n'} {
		s.special[b] = true
	}
	// Letters and digits are found in numbers, true, inf and intervals; the
	// rest in dates, times and numbers.
	d := s.delimiter
	s.checked = o.Null != "" || d >= '0' && d <= '9' || d|0x20 >= 'a' && d|0x20 <= 'z' || strings.IndexByte("+-.: ", d) >= 0
	return s
}

func (s *csvStyle) column(field arrow.Field, f frame) (column, error) {
	plain, varchar, err := plainOrVarchar(field, "CSV")
	switch {
	case err != nil:
		return nil, err
	case varchar:
		return func(c *cells, values arrow.Array, from, to int) {
			a := values.(*array.String)
			f.fill(c, a, from, to, func(dst []byte, row int) []byte { return s.appendField(dst, a.Value(row)) })
		}, nil
	case s.checked:
		return func(c *cells, values arrow.Array, from, to int) {
			value := plain(values)
			f.fill(c, values, from, to, func(dst []byte, row int) []byte {
				start := len(dst)
				dst = value(dst, row)
				return s.quoteTail(dst, start)
			})
		}, nil
	}
	return func(c *cells, values arrow.Array, from, to int) {
		f.fill(c, values, from, to, plain(values))
	}, nil
}

// appendField appends a string, quoted where it must be.
func (s *csvStyle) appendField(dst []byte, field string) []byte {
	if needsQuotes(s, field) {
		return appendQuoted(dst, field)
	}
	return append(dst, field...)
}

// appendName appends a column name. A name that starts with a byte order mark
// is quoted in the first place of the file, where a reader would drop it.
func (s *csvStyle) appendName(dst []byte, name string, i int) []byte {
	if i == 0 && strings.HasPrefix(name, "\ufeff") {
		return appendQuoted(dst, name)
	}
	return s.appendField(dst, name)
}

// quoteTail quotes what was appended to dst from start on, where it must be.
func (s *csvStyle) quoteTail(dst []byte, start int) []byte {
	if !needsQuotes(s, dst[start:]) {
		return dst
	}
	field := string(dst[start:])
	return appendQuoted(dst[:start], field)
}

func needsQuotes[T string | []byte](s *csvStyle, field T) bool {
	if len(field) == 0 || string(field) == s.null {
		return true
	}
	if isBlank(field[0]) || isBlank(field[len(field)-1]) {
		return true
	}
	i := 0
	for ; i+8 <= len(field); i += 8 {
		v := binary.LittleEndian.Uint64([]byte(field[i : i+8]))
		if hasByte(v, s.delimiter)|hasByte(v, quote)|hasByte(v, '\r')|hasByte(v, '\n') != 0 {
			return true
		}
	}
	for ; i < len(field); i++ {
		if s.special[field[i]] {
			return true
		}
	}
	return false
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// Every byte of ones is 1, of highs 0x80.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// hasByte is not zero when one of the eight bytes of v is b: that byte is zero
// in v^b, and subtracting 1 from a zero byte, and from no other below 0x80,
// sets its high bit (a borrow only ever starts at a zero byte).
func hasByte(v uint64, b byte) uint64 {
	x := v ^ ones*uint64(b)
	return (x - ones) &^ x & highs
}

func appendQuoted(dst []byte, field string) []byte {
	dst = append(dst, quote)
	for {
		i := strings.IndexByte(field, quote)
		if i < 0 {
			break
		}
		dst = append(dst, field[:i+1]...)
		dst = append(dst, quote)
		field = field[i+1:]
	}
	dst = append(dst, field...)
	return append(dst, quote)
}
