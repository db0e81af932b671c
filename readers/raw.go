package readers

import (
	"bytes"
	"io"
	"sync/atomic"

	"csvloom/readers/internal/charset"
)

// rawReader is an input before decompression: it can be sniffed, takes back
// what was read too much, counts, and remembers how it ended, since decoders do
// not always pass that on. It is used by one goroutine at a time; count may be
// read by others.
type rawReader struct {
	r     io.ReadCloser
	end   error    // how r ended; it is not asked again
	back  [][]byte // what was given back; the last slice is read first
	count atomic.Int64

	// What Read has reported: peeking ahead does not count as reading, so that
	// the errors of the input come after what was read before them.
	ended bool  // io.EOF
	err   error // any other error
}

// sniff returns the first bytes, which are still to be read: all there are, or as
// many as it takes to tell what they are; see headBytes.
func (r *rawReader) sniff() ([]byte, error) {
	start, _ := headBytes(func(p []byte) (int, error) {
		n := r.fetch(p)
		return n, r.end
	})
	if r.end != nil && r.end != io.EOF {
		r.err = r.end
		return nil, r.err
	}
	r.giveBack(start)
	return start, nil
}

// headBytes reads the start of something until it has headBytesMin, or, where
// those may be UTF-16 or UTF-32 without a mark, charset.HeadBytes; it stops at the
// first error, which it returns with what it has. What it returns decides about the
// content only in ways that do not depend on how much more a read has brought: a
// pipe is not waited for longer than needed.
func headBytes(read func([]byte) (int, error)) (head []byte, err error) {
	buf := make([]byte, headReadBytes)
	n, want := 0, headBytesMin
	for n < want && err == nil {
		var m int
		m, err = read(buf[n:])
		if n += m; n >= headBytesMin && want == headBytesMin && bytes.IndexByte(buf[:headBytesMin], 0) >= 0 {
			want = charset.HeadBytes
			buf = append(buf, make([]byte, want-len(buf))...)
		}
	}
	return buf[:n], err
}

// headReadBytes is how much is asked for at first: a block of a disk, so that
// many small inputs cost little.
const headReadBytes = 512

// headBytesMin is at least [SniffBytes], and the start of a text without a mark
// that has to hold a zero byte to be taken for UTF-16 or UTF-32.
const headBytesMin = 32

// fetch reads from r; it returns 0 only at the end or when r has nothing yet.
func (r *rawReader) fetch(p []byte) (n int) {
	n, r.end = r.r.Read(p)
	r.count.Add(int64(n))
	return n
}

// Read returns the input's bytes, then its error, again and again.
func (r *rawReader) Read(p []byte) (int, error) {
	n := r.peek(p)
	if n > 0 || r.end == nil {
		return n, nil
	}
	return 0, r.report()
}

// report returns how the input has ended.
func (r *rawReader) report() error {
	if r.end == io.EOF {
		r.ended = true
	} else {
		r.err = r.end
	}
	return r.end
}

// atEnd reports whether nothing is left to be read. It waits for the next byte.
func (r *rawReader) atEnd() bool {
	var b [1]byte
	for len(r.back) == 0 && r.end == nil {
		r.giveBack(b[:r.fetch(b[:])])
	}
	return len(r.back) == 0
}

// peek reads without reporting how the input ends: at the end it returns 0 and
// end is set.
func (r *rawReader) peek(p []byte) (n int) {
	if last := len(r.back) - 1; last >= 0 {
		n = copy(p, r.back[last])
		r.back[last] = r.back[last][n:]
		if len(r.back[last]) == 0 {
			r.back = r.back[:last]
		}
		return n
	}
	if r.end == nil {
		n = r.fetch(p)
	}
	return n
}

// giveBack makes b, which it keeps, what is read next.
func (r *rawReader) giveBack(b []byte) {
	if len(b) > 0 {
		r.back = append(r.back, b)
	}
}
