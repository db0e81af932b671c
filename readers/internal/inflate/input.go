package inflate

import "io"

// inputBytes is how much is read at a time.
const inputBytes = 256 << 10

// emptyReadsMax is how often in a row an input may have nothing to say.
const emptyReadsMax = 100

// input is what is read of an io.Reader, in the decoder's buffer.
type input struct {
	r   io.Reader
	buf []byte
	err error // of r, io.EOF at its end; it is not asked again
}

// more reads on, once, and appends to what d has not used. It returns r's
// error.
func (in *input) more(d *decoder) error {
	if in.r == nil {
		return io.EOF
	}
	if in.buf == nil {
		in.buf = make([]byte, inputBytes)
	}
	n := copy(in.buf, d.in[d.next:])
	d.in, d.next = in.buf[:n], 0
	for range emptyReadsMax {
		if in.err != nil {
			return in.err
		}
		var k int
		k, in.err = in.r.Read(in.buf[n:])
		if k > 0 {
			d.in = in.buf[:n+k]
			return nil
		}
	}
	if in.err == nil {
		in.err = io.ErrNoProgress
	}
	return in.err
}
