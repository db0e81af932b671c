package inflate

import "io"

const (
	windowBytes = 32 << 10 // how far a match may reach back
	matchMax    = 258      // bytes
)

// decoder decodes one DEFLATE stream after the other. Between calls, next is the
// first byte of in that is not used, apart from the low count bits, fewer than 8,
// of held; the other bits of held are zero.
type decoder struct {
	in    []byte
	next  int
	held  uint64
	count uint

	state state
	final bool // the block is the last
	// What is left of a stored block, or of a match that did not find room.
	left     int // bytes
	distance int

	literals     [1 << literalBits]uint32
	distances    [1 << distanceBits]uint32
	literalsSub  [literalSubEntries]uint32
	distancesSub [distanceSubEntries]uint32
	fixed        bool // the tables are those of the fixed codes
}

type state uint8

const (
	atHeader state = iota // of a block
	inStored
	inCodes
	inMatch // in the middle of a match
	atEnd
)

// start prepares for a new stream.
func (d *decoder) start() {
	d.held, d.count = 0, 0
	d.state, d.final = atHeader, false
}

// run decodes to out[n:], and matches may reach back to out[0]. It returns
// how much of out is filled, and why it stopped: io.EOF at the end of the
// stream, errInput, errOutput when out is full, or a CorruptError. It may
// write to all of out[n:].
func (d *decoder) run(out []byte, n int) (int, error) {
	for {
		var err error
		switch d.state {
		case atHeader:
			err = d.header()
		case inStored:
			n, err = d.stored(out, n)
		case inCodes:
			if n, err = d.fast(out, n); err == nil && d.state == inCodes {
				n, err = d.careful(out, n)
			}
		case inMatch:
			if n = d.match(out, n); d.left > 0 {
				err = errOutput
			} else {
				d.state = inCodes
			}
		case atEnd:
			err = io.EOF
		}
		if err != nil {
			return n, err
		}
	}
}

// endBlock goes on behind the end of a block.
func (d *decoder) endBlock() {
	d.state = atHeader
	if d.final {
		d.state = atEnd
		d.held, d.count = 0, 0 // what follows starts with a byte
	}
}

func (d *decoder) stored(out []byte, n int) (int, error) {
	k := copy(out[n:], d.in[d.next:min(len(d.in), d.next+d.left)])
	d.next += k
	d.left -= k
	n += k
	switch {
	case d.left == 0:
		d.endBlock()
		return n, nil
	case n == len(out):
		return n, errOutput
	default:
		return n, errInput
	}
}

// match copies what there is room for of the match in d.
func (d *decoder) match(out []byte, n int) int {
	k := min(d.left, len(out)-n)
	d.left -= k
	for end := n + k; n < end; {
		// No more than distance at a time: what is copied may be made by
		// the copying.
		n += copy(out[n:end], out[n-d.distance:n])
	}
	return n
}

// hold takes bytes from in while they fit into held.
func (d *decoder) hold() {
	for d.count <= 56 && d.next < len(d.in) {
		d.held |= uint64(d.in[d.next]) << d.count
		d.next++
		d.count += 8
	}
}

// release gives whole bytes of held back to in.
func (d *decoder) release() {
	d.next -= int(d.count / 8)
	d.count %= 8
	d.held &= 1<<d.count - 1
}

// lookUp returns the entry that the given bits of input start with, after
// following a pointer, and how many of them the entry uses beyond the codeword's
// first part. Bits that there are not are zero.
func lookUp(primary, sub []uint32, held uint64) (e uint32, before uint) {
	e = primary[held&uint64(len(primary)-1)]
	if e&(literal|exception) == pointer {
		before = uint(e & entryUsed)
		held >>= before
		e = sub[uint64(e>>valueAt)+held&(1<<(e>>codewordAt&codewordMax)-1)]
	}
	return e, before
}

// value returns the length or distance that e stands for; held starts with its
// codeword.
func value(e uint32, held uint64) int {
	extra := held &^ (^uint64(0) << (e & entryUsed)) >> (e >> codewordAt & codewordMax)
	return int(e>>valueAt) + int(extra)
}

// careful decodes literals and matches one by one, up to the end of the block,
// the input or out, or until fast can take over.
func (d *decoder) careful(out []byte, n int) (int, error) {
	defer d.release()
	for turns := 0; ; turns++ {
		if turns&63 == 63 && len(d.in)-d.next >= fastInputBytes && len(out)-n >= fastOutputBytes {
			return n, nil
		}
		d.hold()
		e, used := lookUp(d.literals[:], d.literalsSub[:], d.held)
		if e&literal != 0 {
			// Of two literals the first.
			used += uint(e >> codewordAt & codewordMax)
			switch {
			case used > d.count:
				return n, errInput
			case n == len(out):
				return n, errOutput
			}
			out[n] = byte(e >> valueAt)
			n++
			d.held >>= used
			d.count -= used
			continue
		}
		held := d.held >> used
		if used += uint(e & entryUsed); used > d.count {
			return n, errInput
		}
		switch e & exception {
		case endOfBlock:
			d.held >>= used
			d.count -= used
			d.release()
			d.endBlock()
			return n, nil
		case noCodeword:
			return n, errNoLiteral
		}
		length := value(e, held)
		held = d.held >> used
		e, before := lookUp(d.distances[:], d.distancesSub[:], held)
		held >>= before
		if used += before + uint(e&entryUsed); used > d.count {
			return n, errInput
		}
		if e&exceptional != 0 {
			return n, errNoDistance
		}
		distance := value(e, held)
		if distance > n {
			return n, errTooFar
		}
		d.held >>= used
		d.count -= used
		d.left, d.distance = length, distance
		if n = d.match(out, n); d.left > 0 {
			d.state = inMatch
			return n, errOutput
		}
	}
}
