package csv

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// escapesIn returns the dialect when data may have escapes, else nil: without
// one in sight the faster loops serve.
func (d *Dialect) escapesIn(data []byte) *Dialect {
	if d.Escape == 0 || bytes.IndexByte(data, d.Escape) < 0 {
		return nil
	}
	return d
}

// appendPlain appends what a field's text means: without its quotes, doubled
// quotes made one, without the escapes that take a meaning away.
func (d *Dialect) appendPlain(dst, b []byte) []byte {
	quoted := d.Quote != 0 && len(b) > 1 && b[0] == d.Quote
	if quoted {
		b = b[1 : len(b)-1]
	}
	if d.Escape == 0 {
		if quoted {
			return appendUnquoted(dst, b, d.Quote)
		}
		return append(dst, b...)
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == d.Escape:
			n := d.special(b[i+1:])
			if n == 0 {
				dst = append(dst, c)
			}
			dst = append(dst, b[i+1:i+1+n]...)
			i += n
		case quoted && c == d.Quote:
			dst = append(dst, c)
			i++ // the other one of the pair
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// special returns how many bytes at the start of b, which stand behind an escape,
// have a meaning that the escape takes away.
func (d *Dialect) special(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch c := b[0]; {
	case hasPrefix(b, d.Delimiter):
		return len(d.Delimiter)
	case c == '\r' && len(b) > 1 && b[1] == '\n' && d.LineEnd != LineEndCR:
		return 2
	case c == d.Escape || c == d.Quote && c != 0 || c == '\n' || c == '\r':
		return 1
	}
	return 0
}

// escaped is value for text in which there may be escapes. The spellings of
// NULL are looked for in the text as it was written.
func (f *fields) escaped(b []byte) (_ []byte, null bool) {
	quoted := b[0] == f.quote && f.quote != 0
	if !quoted && f.nulls.has(b) {
		return nil, true
	}
	f.decoder.text = f.escapes.appendPlain(f.decoder.text[:0], b)
	return f.decoder.text, quoted && len(f.decoder.text) == 0
}

// decodeEscaped is decodeStrings for text in which there may be escapes.
func decodeEscaped(f *fields, v *validity) (offsets, values *memory.Buffer) {
	total := 0
	for r := range f.rows {
		start, end := f.bounds(r)
		total += int(end - start)
	}
	offsets = newBuffer(v.alloc, 4*(f.rows+1))
	values = newBuffer(v.alloc, total)
	at := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	dst := values.Bytes()[:0]
	at[0] = 0
	for r := range f.rows {
		start, end := f.bounds(r)
		b := f.data[start:end]
		switch quoted := len(b) > 0 && b[0] == f.quote && f.quote != 0; {
		case len(b) == 0 || !quoted && f.nulls.has(b):
			v.setNull(r)
		default:
			dst = f.escapes.appendPlain(dst, b)
		}
		at[r+1] = int32(len(dst))
	}
	values.Resize(len(dst))
	return offsets, values
}
