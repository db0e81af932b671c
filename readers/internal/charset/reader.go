package charset

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// decode converts as much of src as dst takes and returns how much it wrote and
// used. It leaves a character that is not complete where more may follow (final
// is false). It reports false when src[used:] starts with what the encoding does
// not define. Where neither is a reason to stop, dst has less than roomBytes left.
type decode func(dst, src []byte, final bool) (written, used int, ok bool)

// roomBytes is what one step of a decoder may write: Big5 has codes that stand for
// two characters, the loops for ASCII write eight bytes at once.
const roomBytes = 8

// sourceBytes is how much is read at a time.
const sourceBytes = 64 << 10

// Error says that a text is not in its encoding.
type Error struct {
	Charset string
	// Offset is that of the first byte at fault, before conversion, from 0.
	Offset int64
	// Line is the 1-based line that it is on.
	Line int64
	// Found is that byte and those that follow, at most four.
	Found []byte
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d: the bytes % x at offset %d are not %s", e.Line, e.Found, e.Offset, e.Charset)
}

// Reader converts a text to UTF-8. It is used by one goroutine.
type Reader struct {
	r       io.Reader
	charset *Charset
	decode  decode
	buf     []byte
	src     []byte // of buf: what is to be converted
	end     error  // how r ended
	offset  int64  // of src in the text
	lines   int64  // line ends delivered
	fault   error  // what is wrong with src[0:]
	small   [roomBytes]byte
	unread  []byte // of small
}

// NewReader returns a reader of r's text as UTF-8. Its errors are r's and, where
// the text is not in the encoding, an *[Error]. The offset is that of r's first
// byte in the whole text. It must not be called for UTF-8, which needs no
// conversion.
func (c *Charset) NewReader(r io.Reader, offset int64) *Reader {
	return &Reader{r: r, charset: c, decode: c.start(), buf: make([]byte, sourceBytes), offset: offset}
}

// Read implements io.Reader.
func (t *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(t.unread) > 0 {
		n := copy(p, t.unread)
		t.unread = t.unread[n:]
		return n, nil
	}
	if len(p) >= roomBytes {
		return t.convert(p)
	}
	n, err := t.convert(t.small[:])
	m := copy(p, t.small[:n])
	t.unread = t.small[m:n]
	return m, err
}

// convert fills p, which has roomBytes or more, with at least one byte.
func (t *Reader) convert(p []byte) (int, error) {
	for t.fault == nil {
		if len(t.src) > 0 {
			written, used, ok := t.decode(p, t.src, t.end == io.EOF)
			t.src = t.src[used:]
			t.offset += int64(used)
			t.lines += int64(bytes.Count(p[:written], []byte{'\n'}))
			if !ok || written == 0 && used == 0 && t.end == io.EOF {
				t.fault = t.malformed()
			}
			if written > 0 {
				return written, nil
			}
			if used > 0 {
				continue
			}
		}
		if t.fault == nil && t.end != nil {
			t.fault = t.end
		}
		if t.fault == nil {
			t.fill()
		}
	}
	return 0, t.fault
}

// malformed says that src does not start with a character.
func (t *Reader) malformed() *Error {
	const shown = 4
	for len(t.src) < shown && t.end == nil {
		t.fill()
	}
	return &Error{
		Charset: t.charset.name, Offset: t.offset, Line: t.lines + 1, Found: bytes.Clone(t.src[:min(len(t.src), shown)]),
	}
}

// emptyReadsMax is how often a reader may return nothing in a row.
const emptyReadsMax = 100

// fill reads more behind what is left.
func (t *Reader) fill() {
	kept := copy(t.buf, t.src)
	for range emptyReadsMax {
		var n int
		n, t.end = t.r.Read(t.buf[kept:])
		t.src = t.buf[:kept+n]
		if n > 0 || t.end != nil {
			return
		}
	}
	t.end = io.ErrNoProgress
}

// FirstInvalid reads a text to its end and returns the offset of the first byte
// that is not UTF-8, -1 if there is none, or the error of r.
func FirstInvalid(r io.Reader) (offset int64, err error) {
	buf := make([]byte, sourceBytes)
	kept, empty := 0, 0
	for {
		n, err := r.Read(buf[kept:])
		data := buf[:kept+n]
		if err != nil && err != io.EOF {
			return -1, err
		}
		final := err == io.EOF
		// What may be the start of a character waits for the rest of it.
		whole := len(data)
		if !final {
			for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
				if c := data[len(data)-back]; utf8.RuneStart(c) {
					if c >= utf8.RuneSelf && !utf8.FullRune(data[len(data)-back:]) {
						whole -= back
					}
					break
				}
			}
		}
		if !utf8.Valid(data[:whole]) {
			for i := 0; i < whole; {
				c, size := utf8.DecodeRune(data[i:whole])
				if c == utf8.RuneError && size == 1 {
					return offset + int64(i), nil
				}
				i += size
			}
		}
		if final {
			return -1, nil
		}
		if empty++; n > 0 {
			empty = 0
		} else if empty == emptyReadsMax {
			return -1, io.ErrNoProgress
		}
		offset += int64(whole)
		kept = copy(buf, data[whole:])
	}
}
