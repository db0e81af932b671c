package text

import (
	"bytes"
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
func NewCSV(w io.Writer, schema *arrow.Schema, o CSVOptions, t *pipeline.Task) (*Encoder, error) {
	if err := errors.Join(o.Validate(), checkColumns(schema, "CSV")); err != nil {
		return nil, err
	}
	s := newCSVStyle(o)
	columnStyle := *s
	if schema.NumFields() == 1 && len(o.Null) == 0 {
		columnStyle.nullText = `""`
	}
	e := &Encoder{w: w}
	var errs []error
	for i, field := range schema.Fields() {
		if !o.NoHeader {
			e.header = append(s.appendName(e.header, field.Name, i), s.delimiter)
		}
		if field.Type.ID() == arrow.STRING {
			e.strings = append(e.strings, i)
		}
		write := columnStyle.column(field.Type)
		if write == nil {
			errs = append(errs, noText(field, "CSV"))
		}
		e.columns = append(e.columns, write)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !o.NoHeader {
		e.header[len(e.header)-1] = '\n'
	}
	e.lines = func(dst []byte, columns []cells, rows int) []byte {
		return appendCSVLines(dst, columns, rows, s.delimiter)
	}
	return e.start(t), nil
}

// csvStyle knows which fields need quotes. It is immutable.
type csvStyle struct {
	delimiter byte
	null      string    // a string that is spelt like it needs quotes
	nullText  string    // what is written for NULL
	special   [256]bool // bytes that a field may not hold unquoted
}

func newCSVStyle(o CSVOptions) *csvStyle {
	s := &csvStyle{delimiter: o.delimiter(), null: o.Null, nullText: o.Null}
	for _, b := range []byte{s.delimiter, quote, '\r', '\n'} {
		s.special[b] = true
	}
	return s
}

// column returns how a column is written; nil when its type has no text.
func (s *csvStyle) column(t arrow.DataType) column {
	if t.ID() == arrow.STRING {
		return s.appendStrings
	}
	plain := spelling{null: s.nullText, separator: ' ', zone: "+00", double: putDouble}.column(t)
	if plain == nil {
		return nil
	}
	characters := plainCharacters(t)
	if !strings.Contains(characters, string(rune(s.delimiter))) && (s.null == "" || !consistsOf(s.null, characters)) {
		return plain
	}
	return func(c *cells, values arrow.Array, from, to int) {
		plain(c, values, from, to)
		s.quoteCells(c, validityOf(values, from))
	}
}

// quoteCells quotes the cells that need it.
func (s *csvStyle) quoteCells(c *cells, valid validity) {
	out := c.spare[:0]
	start := 0
	for i, end := range c.bounds[1:] {
		cell := c.text[start:end]
		start = end
		c.bounds[i] = len(out)
		if !valid.isNull(i) && needsQuotes(s, cell) {
			out = appendQuoted(out, string(cell))
		} else {
			out = append(out, cell...)
		}
	}
	c.bounds[len(c.bounds)-1] = len(out)
	c.text, c.spare = out, out
}

// appendStrings is the column of VARCHAR. Most columns hold nothing that needs
// quotes: that is found out for a run of rows at once, and their text then
// stays where it is.
func (s *csvStyle) appendStrings(c *cells, values arrow.Array, from, to int) {
	text, offsets := textOf(values.(*array.String), from, to)
	valid := validityOf(values, from)
	span := text[offsets[0]:offsets[to-from]]
	clean := bytes.IndexByte(span, s.delimiter) < 0 && bytes.IndexByte(span, quote) < 0 &&
		bytes.IndexByte(span, '\n') < 0 && bytes.IndexByte(span, '\r') < 0
	if clean && s.inPlace(c, text, offsets, valid) {
		return
	}
	rows := to - from
	quotes := 0
	if !clean {
		quotes = bytes.Count(span, []byte{quote})
	}
	out, bounds := c.room(rows, len(span)+quotes+rows*max(len(`""`), len(s.nullText)))
	at := 0
	for i := range rows {
		bounds[i] = at
		if valid.isNull(i) {
			at += copy(out[at:], s.nullText)
			continue
		}
		start, end := int(offsets[i]), int(offsets[i+1])
		if s.atEdge(text[start:end]) || !clean && s.anySpecial(text, start, end) {
			at = putQuoted(out, at, text, start, end, quotes > 0)
		} else {
			at = put(out, at, text, start, end)
		}
	}
	bounds[rows] = at
}

// inPlace lets the cells be the text of the column itself, which holds no
// character that needs quotes, where that is what has to be written; false
// where it is not.
func (s *csvStyle) inPlace(c *cells, text []byte, offsets []int32, valid validity) bool {
	bounds := c.boundsFor(len(offsets) - 1)
	start := int(offsets[0])
	bounds[0] = start
	for i, offset := range offsets[1:] {
		end := int(offset)
		if null := valid.isNull(i); null && (start != end || s.nullText != "") || !null && s.atEdge(text[start:end]) {
			return false
		}
		bounds[i+1] = end
		start = end
	}
	c.text = text
	return true
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

func needsQuotes[T string | []byte](s *csvStyle, field T) bool {
	if s.atEdge([]byte(field)) {
		return true
	}
	for i := range len(field) {
		if s.special[field[i]] {
			return true
		}
	}
	return false
}

// atEdge reports whether a field needs quotes for another reason than a
// character within: because it is empty, starts or ends with a blank, or is
// spelt like NULL.
func (s *csvStyle) atEdge(field []byte) bool {
	n := len(field)
	return n == 0 || isBlank(field[0]) || isBlank(field[n-1]) || string(field) == s.null
}

// anySpecial reports whether text[start:end] holds a character that needs
// quotes. It looks at eight at a time, those behind the field made harmless.
func (s *csvStyle) anySpecial(text []byte, start, end int) bool {
	for ; start < end; start += 8 {
		if start+8 > len(text) {
			for _, b := range text[start:end] {
				if s.special[b] {
					return true
				}
			}
			return false
		}
		v := binary.LittleEndian.Uint64(text[start:])
		found := hasByte(v, s.delimiter) | hasByte(v, quote) | hasByte(v, '\r') | hasByte(v, '\n')
		if n := end - start; n < 8 {
			found &= 1<<(8*n) - 1
		}
		if found != 0 {
			return true
		}
	}
	return false
}

// isBlank reports whether b is lost at the edge of a field by some readers.
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

// putQuoted writes text[start:end] within quotes into b at position at, where
// there is room, and returns where that ends. Quotes in the text are written
// twice; it may hold some only if inner says so.
func putQuoted(b []byte, at int, text []byte, start, end int, inner bool) int {
	b[at] = quote
	at++
	for inner {
		i := bytes.IndexByte(text[start:end], quote)
		if i < 0 {
			break
		}
		at = put(b, at, text, start, start+i+1)
		b[at] = quote
		at++
		start += i + 1
	}
	at = put(b, at, text, start, end)
	b[at] = quote
	return at + 1
}
