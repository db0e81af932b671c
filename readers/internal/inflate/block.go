package inflate

import "io"

// Decoder decompresses DEFLATE streams that are in memory as a whole, one after
// the other. The zero value is ready for use. It is for one goroutine and holds
// about 40 KiB.
type Decoder struct{ d decoder }

// Decode decompresses the stream that in starts with to out, and returns how many
// bytes of content it has and how many of in it used. It may write to all of
// out. It fails with io.ErrUnexpectedEOF when in ends before the stream,
// [ErrTooLarge] when the content does not fit, or a [CorruptError].
func (d *Decoder) Decode(out, in []byte) (content, used int, err error) {
	d.d.in, d.d.next = in, 0
	d.d.start()
	content, err = d.d.run(out, 0)
	used = d.d.next
	d.d.in = nil
	switch err {
	case errInput:
		err = io.ErrUnexpectedEOF
	case errOutput:
		err = ErrTooLarge
	case io.EOF:
		err = nil
	}
	return content, used, err
}
