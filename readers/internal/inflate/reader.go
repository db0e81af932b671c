package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// RFC 1952, 2.3.
const (
	headerBytes  = 10
	trailerBytes = 8

	flagHeaderSum = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
	flagsReserved = 0xe0

	magic1, magic2 = 0x1f, 0x8b
	methodDeflate  = 8

	// textBytesMax bounds the name and the comment, with the zero that ends
	// them.
	textBytesMax = 512
)

const (
	// historyBytes is the size of the buffer that content is decoded into
	// when the caller has not enough room for matches to reach back into.
	historyBytes = windowBytes + 96<<10
	// directBytesMin is the room from which content is decoded into it.
	directBytesMin = 3 * windowBytes
	// sumBytes is how much content is decoded before it is added to the
	// checksum: it should still be in the cache.
	sumBytes = 128 << 10
)

// Reader reads the members of a gzip file, one by one. Next begins a member, and
// Read returns its content, up to io.EOF behind it. It reads ahead; Peek and
// Buffered show what has not been used. It is for one goroutine.
//
// Content that does not match its checksum, or does not end, is an error
// of Read behind it, so what was read before must not be believed until then.
// Errors are io.ErrUnexpectedEOF where the input ends within a member,
// [CorruptError], [ErrChecksum], or those of the input. They are final.
//
// Reset it before use. A Reader holds about 450 KiB, whatever
// it reads.
type Reader struct {
	decoder
	input input
	err   error // what Read and Next return from now on; io.EOF between members

	history []byte // history[:end] is what matches may reach back to
	end     int
	unread  []byte // of history

	sum  uint32 // CRC-32
	size uint32 // of the member's content so far, modulo 2³²: RFC 1952, 2.3.1
}

// Reset makes z read r, from the start, and forget everything else. With nil it
// only lets go of what it has read.
func (z *Reader) Reset(r io.Reader) {
	z.input.r, z.input.err = r, nil
	z.in, z.next = nil, 0
	z.start()
	z.unread = nil
	z.err = io.EOF
}

// Peek returns up to n bytes, at most 64 KiB, that follow what has been used, and
// with fewer the input's error. They are valid until the next call.
func (z *Reader) Peek(n int) ([]byte, error) {
	for len(z.in)-z.next < n {
		if err := z.input.more(&z.decoder); err != nil {
			return z.in[z.next:], err
		}
	}
	return z.in[z.next : z.next+n], nil
}

// Buffered returns what has been read of the input and not used. It is valid until
// the next call.
func (z *Reader) Buffered() []byte { return z.in[z.next:] }

// Next begins a member, after Reset or when Read has returned io.EOF. It returns
// io.ErrUnexpectedEOF if there is none.
func (z *Reader) Next() error {
	if z.err != io.EOF {
		return z.err
	}
	if z.err = z.readHeader(); z.err != nil {
		return z.err
	}
	z.start()
	z.end = 0
	z.sum, z.size = 0, 0
	return nil
}

// use takes n bytes, which have been peeked at, and adds them to the header's
// checksum.
func (z *Reader) use(n int) {
	z.sum = crc32.Update(z.sum, crc32.IEEETable, z.in[z.next:z.next+n])
	z.next += n
}

// must is Peek where the input may not end.
func (z *Reader) must(n int) ([]byte, error) {
	b, err := z.Peek(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func (z *Reader) readHeader() error {
	z.sum = 0
	b, err := z.must(headerBytes)
	if err != nil {
		return err
	}
	flags := b[3]
	if b[0] != magic1 || b[1] != magic2 || b[2] != methodDeflate {
		return errHeader
	}
	z.use(headerBytes)
	if flags&flagExtra != 0 {
		if b, err = z.must(2); err != nil {
			return err
		}
		length := int(binary.LittleEndian.Uint16(b))
		z.use(2)
		if _, err = z.must(length); err != nil {
			return err
		}
		z.use(length)
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag != 0 {
			if err := z.skipText(); err != nil {
				return err
			}
		}
	}
	if flags&flagHeaderSum != 0 {
		sum := uint16(z.sum)
		if b, err = z.must(2); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(b) != sum {
			return errHeader
		}
		z.use(2)
	}
	if flags&flagsReserved != 0 {
		return errHeader
	}
	return nil
}

// skipText uses a text that ends with a zero.
func (z *Reader) skipText() error {
	for n := 0; n < textBytesMax; n++ {
		b, err := z.must(n + 1)
		if err != nil {
			return err
		}
		if b[n] == 0 {
			z.use(n + 1)
			return nil
		}
	}
	return errHeader
}

// readTrailer compares what is behind the content with it. It returns io.EOF if
// it is right.
func (z *Reader) readTrailer() error {
	b, err := z.must(trailerBytes)
	if err != nil {
		return err
	}
	z.next += trailerBytes
	if binary.LittleEndian.Uint32(b) != z.sum || binary.LittleEndian.Uint32(b[4:]) != z.size {
		return ErrChecksum
	}
	return io.EOF
}

// Read reads the content of the member. It returns less than asked for rather
// than wait for the input. All of p may be written to; with room for 96 KiB and
// more, most of the content is decoded there.
func (z *Reader) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if len(z.unread) > 0 {
			n := copy(p, z.unread)
			z.unread = z.unread[n:]
			return n, nil
		}
		if z.err != nil {
			return 0, z.err
		}
		var n int
		var err error
		if len(p) >= directBytesMin {
			n, err = z.readDirect(p)
		} else {
			err = z.fillHistory(historyBytes)
		}
		switch err {
		case errOutput, nil:
		case errInput:
			if n == 0 && len(z.unread) == 0 {
				if err = z.input.more(&z.decoder); err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				z.err = err
			}
		case io.EOF:
			z.err = z.readTrailer()
		default:
			z.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, nil
}

// fillHistory decodes up to n bytes that are to be read from the history.
func (z *Reader) fillHistory(n int) error {
	if z.history == nil {
		z.history = make([]byte, historyBytes)
	}
	if z.end+n > len(z.history) {
		// The oldest makes room.
		kept := min(z.end, windowBytes)
		copy(z.history, z.history[z.end-kept:z.end])
		z.end = kept
	}
	from := z.end
	var err error
	z.end, err = z.run(z.history[:min(from+n, len(z.history))], from)
	z.unread = z.history[from:z.end]
	z.add(z.unread)
	return err
}

// add adds content to the checksum and the length.
func (z *Reader) add(content []byte) {
	z.sum = crc32.Update(z.sum, crc32.IEEETable, content)
	z.size += uint32(len(content))
}

// readDirect decodes to p, which has room for much more than the history.
func (z *Reader) readDirect(p []byte) (int, error) {
	// What is first may need the history before it.
	err := z.fillHistory(windowBytes)
	n := copy(p, z.unread)
	z.unread = nil
	if n < windowBytes || err != errOutput {
		return n, err
	}
	for n < len(p) && err == errOutput {
		from := n
		n, err = z.run(p[:min(len(p), n+sumBytes)], n)
		z.add(p[from:n])
	}
	z.end = copy(z.history, p[n-windowBytes:n])
	return n, err
}
