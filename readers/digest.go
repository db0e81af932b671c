package readers

import (
	"encoding/hex"
	"io"

	"github.com/zeebo/xxh3"
)

// digestReader hashes an input's bytes as they come, before decompression. It is
// used by one goroutine at a time, as rawReader is.
type digestReader struct {
	io.ReadCloser
	hash  *xxh3.Hasher
	ended bool // all bytes have been seen
}

func newDigestReader(r io.ReadCloser) *digestReader {
	return &digestReader{ReadCloser: r, hash: xxh3.New()}
}

func (d *digestReader) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	_, _ = d.hash.Write(p[:n]) // it does not fail
	d.ended = d.ended || err == io.EOF
	return n, err
}

// sum gives up the hash for its value, "" when the input was not read to its end.
func (d *digestReader) sum() (text string) {
	if d.ended {
		text = digestText(d.hash.Sum128())
	}
	d.hash = nil
	return text
}

func digestText(u xxh3.Uint128) string {
	b := u.Bytes() // big endian, as `xxhsum -H2` prints it
	return "xxh3-128:" + hex.EncodeToString(b[:])
}

// Digest returns the digest of a text that was read without a [Stream], as
// [Stream.Digest] does.
func Digest(text []byte) string { return digestText(xxh3.Hash128(text)) }

// Digest returns "xxh3-128:" and the XXH3 128-bit hash of the input's bytes as
// stored, before decompression. It is "" before Close, when the stream was not
// read to its end, and without [Options.Digests].
func (s *Stream) Digest() string { return s.sum }

// finishDigest is called once, by Close.
func (s *Stream) finishDigest() {
	if s.digest == nil {
		return
	}
	if sum := s.digest.sum(); s.err == io.EOF {
		s.sum = sum
	}
	s.digest = nil
}
