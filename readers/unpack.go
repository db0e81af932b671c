package readers

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// The bounds of reading ahead in one stream. [readAhead] bounds it in all of
// them together.
const (
	// aheadAfterBytes is how much is decompressed on the caller's goroutine
	// before others are started: more than a look at the first rows takes, and
	// all of a small file.
	aheadAfterBytes = 512 << 10
	// pieceBytes is how much of a part that cannot be split is decompressed
	// at a time.
	pieceBytes = 256 << 10
	// batchBytes is how much content is decompressed by one goroutine at a
	// time, units permitting, and firstBatchBytes on the caller's goroutine.
	batchBytes      = 1 << 20
	firstBatchBytes = 128 << 10
	// fetchBytes is how much is read at a time to find units.
	fetchBytes = 256 << 10
	// unitBytesMax bounds a unit that is decompressed as a whole, before and
	// after. pzstd makes 8 MiB, seekable formats less, bgzip 64 KiB.
	unitBytesMax = 16 << 20
	// changesMax is how often a stream may go from units to parts that are not
	// before all the rest is read as one part: giving back costs a copy.
	changesMax = 16
)

// A unit is a part of a compressed stream that can be decompressed by itself, and
// whose length can be told without: a BGZF block, a zstd frame.
type unitState uint8

const (
	unitShort unitState = iota // it goes on behind the data
	unitWhole                  // it ends in the data
	unitNone                   // it is not one, or not to be read as one
)

// splitting is how a format's streams are taken apart.
type splitting struct {
	// unitsFirst is whether a stream may start with a unit. Otherwise its first
	// one is decoded from start to end, since most streams have just one.
	unitsFirst bool
	// measure returns the length of the unit that data starts with, and at most
	// how much content it has.
	measure func(data []byte) (length, content int, is unitState)
	// decode appends the content of whole units to out, which has room for it.
	// When it fails, the same bytes are decoded again as part of the stream;
	// that decides what the content is and what is wrong with it.
	decode func(out, units []byte) ([]byte, error)
	// openPart starts a decoder that ends (io.EOF) at the end of the stream or
	// where a unit may begin, and gives back to raw what it has read beyond.
	openPart func(raw *rawReader, first bool) (decoder, error)
	// resume starts a decoder for all that follows the end of a unit.
	resume func(r io.Reader) (decoder, error)
}

// unpacker decompresses a stream and reads ahead, on goroutines of its own:
//
//	produce ──queue──▶ the caller of Read
//	   └── decode, one goroutine for each batch of units, workers at a time
//
// produce takes the stream apart. Units go to the queue at once, while they are
// still being decoded; where there are none, produce decodes the next piece
// itself. The caller takes jobs from the queue in order. The content and the
// errors are those of the decoder that reads the stream from start to end:
// whatever is not a perfect unit is left to it.
//
// Until a unit has been seen and afterBytes have been delivered there are no
// goroutines, and the caller does the same by itself. A stream without units
// stays so: decompressing it ahead of the caller costs more than it gains, since
// what the caller does with the text is little beside it.
type unpacker struct {
	*parallel
	ctx   context.Context
	raw   *rawReader
	split *splitting

	// Of the goroutine that takes the stream apart: produce while it runs,
	// else the caller.
	part    decoder // what is not units is being read by it; nil: at the start of a unit
	whole   bool    // part reads all the rest of the stream
	first   bool    // nothing has been read
	units   bool    // there were units
	rest    []byte  // taken from raw, not yet part of a job
	usual   int     // how much was taken for the last job
	changes int

	// The caller's.
	current   *job
	unread    []byte // of current's content
	delivered int64
	queue     chan *job // nil: no goroutines
	halt      context.CancelFunc
	running   sync.WaitGroup // produce

	spare    chan *job
	decoding sync.WaitGroup
	failed   atomic.Bool // a unit was not perfect
	held     int         // of shared's bytes
}

// job is a stretch of a stream's content on its way to the caller.
type job struct {
	in      []byte // whole units; empty for what has been decoded already
	content int    // that of in, at most
	out     []byte
	err     error         // behind out; errUnit and others of decode, when in is not empty
	done    chan struct{} // a signal when in has been decoded; nil: decoded
	bytes   int           // taken from shared
}

// room returns b emptied, with a capacity of n and not much more.
func room(b []byte, n int) []byte {
	if cap(b) >= n && cap(b) <= 4*n {
		return b[:0]
	}
	return make([]byte, 0, n)
}

// newUnpacker starts to decompress raw, which is taken apart by s.
func newUnpacker(ctx context.Context, raw *rawReader, s *splitting, p *parallel) (decoder, error) {
	u := &unpacker{parallel: p, ctx: ctx, raw: raw, split: s, first: true}
	u.spare = make(chan *job, p.workers+2)
	if err := u.step(); err != nil {
		u.release()
		return nil, err
	}
	return u, nil
}

func (u *unpacker) Read(p []byte) (int, error) {
	for {
		if n := copy(p, u.unread); n > 0 {
			u.unread = u.unread[n:]
			u.delivered += int64(n)
			return n, nil
		}
		if j := u.current; j != nil {
			if j.err != nil {
				return 0, j.err
			}
			u.retire(j)
			u.current = nil
		}
		if u.queue == nil && u.part == nil && u.units && u.delivered >= u.afterBytes {
			u.start()
		}
		var err error
		switch {
		case u.queue != nil:
			err = u.receive()
		case u.part != nil:
			var n int
			if n, err = u.readPart(p); n > 0 || err != nil {
				u.delivered += int64(n)
				return n, err
			}
		default:
			err = u.step()
		}
		if err != nil {
			return 0, err
		}
	}
}

// readPart reads from part. At part's end it returns no error but what it has,
// and part is nil, unless that is the end of the stream.
func (u *unpacker) readPart(p []byte) (int, error) {
	n, err := u.part.Read(p)
	if err == io.EOF && !u.whole {
		u.part.release()
		u.part = nil
		err = nil
	}
	return n, err
}

// step takes the next batch of units and decodes it, or opens a part.
func (u *unpacker) step() error {
	j := u.gather(min(firstBatchBytes, u.batchBytes))
	if j == nil {
		return u.open()
	}
	u.decode(j)
	return u.show(j)
}

// show makes j's content what is read next.
func (u *unpacker) show(j *job) error {
	if j.err != nil && len(j.in) > 0 {
		return u.replay(j)
	}
	u.current, u.unread = j, j.out
	return nil
}

// gather returns a job of whole units with about target bytes of content. It
// returns nil where the stream does not start with one, or is at its end.
func (u *unpacker) gather(target int) *job {
	if u.first && !u.split.unitsFirst {
		return nil
	}
	j := u.job()
	in := append(room(j.in, max(min(fetchBytes, u.batchBytes), len(u.rest), u.usual)), u.rest...)
	length, content, again := 0, 0, 0
	for content < target {
		if len(in) >= again {
			n, c, is := u.split.measure(in[length:])
			if is == unitNone || is == unitWhole && length > 0 && content+c > unitBytesMax {
				break
			}
			if is == unitWhole {
				length += n
				content += c
				continue
			}
			// Measuring starts from the unit's beginning each time.
			if again = len(in) + 1; len(in)-length > fetchBytes {
				again = 2*len(in) - length
			}
		}
		if len(in)-length >= unitBytesMax {
			break
		}
		if len(in) == cap(in) {
			in = append(make([]byte, 0, 2*cap(in)), in...)
		}
		n := u.raw.peek(in[len(in):cap(in)])
		if in = in[:len(in)+n]; length > 0 && len(in) < cap(in) {
			target = 0 // a slow input is not waited for
		}
		if n == 0 && u.raw.end != nil {
			if len(in) < again {
				again = 0
				if _, _, is := u.split.measure(in[length:]); is == unitWhole {
					continue
				}
			}
			break
		}
	}
	u.rest = append(room(u.rest, len(in)-length), in[length:]...)
	j.in, j.content, u.usual = in[:length], content, len(in)
	if length == 0 {
		u.reuse(j)
		return nil
	}
	u.first, u.units = false, true
	return j
}

// decode fills in j's content.
func (u *unpacker) decode(j *job) {
	j.out, j.err = u.split.decode(room(j.out, j.content+decodeSpareBytes), j.in)
}

// decodeSpareBytes is room behind the content that makes the zstd decoder
// faster.
const decodeSpareBytes = 64

// open starts a decoder for what comes next, which is not a unit. It returns
// io.EOF when there is nothing.
func (u *unpacker) open() (err error) {
	u.raw.giveBack(u.rest)
	u.rest = nil
	if u.raw.atEnd() {
		return u.raw.report()
	}
	if u.changes++; u.changes > changesMax {
		u.whole = true
		u.part, err = u.split.resume(u.raw)
	} else {
		u.part, err = u.split.openPart(u.raw, u.first)
	}
	u.first = false
	return err
}

// replay reads from j on without units, on the caller's goroutine: j has shown
// that the stream is not what it seemed.
func (u *unpacker) replay(j *job) error {
	bad := append([]*job{j}, u.stop()...)
	u.raw.giveBack(u.rest)
	u.rest = nil
	for i := len(bad) - 1; i >= 0; i-- {
		u.shared.give(&u.held, bad[i].bytes)
		u.raw.giveBack(bad[i].in)
	}
	u.whole = true
	var err error
	u.part, err = u.split.resume(u.raw)
	return err
}

// start begins to read ahead.
func (u *unpacker) start() {
	var ctx context.Context
	ctx, u.halt = context.WithCancel(u.ctx)
	u.queue = make(chan *job, 2*u.workers)
	u.running.Go(func() { u.produce(ctx, u.queue) })
}

// stop ends reading ahead and returns the jobs that were not received.
func (u *unpacker) stop() (left []*job) {
	if u.queue == nil {
		return nil
	}
	u.halt()
	for j := range u.queue {
		left = append(left, j)
	}
	u.running.Wait()
	u.decoding.Wait()
	u.queue = nil
	return left
}

// receive waits for the next job.
func (u *unpacker) receive() error {
	select {
	case j, ok := <-u.queue:
		if !ok {
			return context.Cause(u.ctx)
		}
		if j.done != nil {
			<-j.done
		}
		return u.show(j)
	case <-u.ctx.Done():
		return context.Cause(u.ctx)
	}
}

// retire ends the use of a job whose content has been delivered.
func (u *unpacker) retire(j *job) {
	u.shared.give(&u.held, j.bytes)
	u.reuse(j)
}

// reuse keeps j's buffers for another job, if few are kept: after a change of
// what the stream holds, those that do not fit are dropped by room.
func (u *unpacker) reuse(j *job) {
	*j = job{in: j.in[:0], out: j.out[:0]}
	select {
	case u.spare <- j:
	default:
	}
}

// job returns an empty job.
func (u *unpacker) job() *job {
	select {
	case j := <-u.spare:
		return j
	default:
		return new(job)
	}
}

// produce takes the stream apart, ahead of the caller, until its end.
func (u *unpacker) produce(ctx context.Context, queue chan<- *job) {
	defer close(queue)
	slots := make(chan struct{}, u.workers)
	for ctx.Err() == nil && !u.failed.Load() {
		if u.part == nil {
			if j := u.gather(u.batchBytes); j != nil {
				if !u.dispatch(ctx, queue, slots, j) {
					u.rest = append(j.in, u.rest...)
					return
				}
				continue
			}
			// From here on raw is read in a way that cannot be taken back.
			if u.decoding.Wait(); u.failed.Load() {
				return
			}
		}
		if u.shared.take(ctx, &u.held, u.pieceBytes()) != nil {
			return
		}
		j := u.piece()
		last := j.err != nil // j is the caller's once it is sent
		select {
		case queue <- j:
		case <-ctx.Done():
			u.shared.give(&u.held, j.bytes)
			return
		}
		if last {
			return
		}
	}
}

// dispatch sends a job of units on and has it decoded. It reports false when
// ctx is done; the job is then as it was.
func (u *unpacker) dispatch(ctx context.Context, queue chan<- *job, slots chan struct{}, j *job) bool {
	bytes := len(j.in) + j.content
	if u.shared.take(ctx, &u.held, bytes) != nil {
		return false
	}
	j.bytes, j.done = bytes, make(chan struct{})
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		u.shared.give(&u.held, bytes)
		return false
	}
	select {
	case queue <- j:
	case <-ctx.Done():
		u.shared.give(&u.held, bytes)
		return false
	}
	u.decoding.Go(func() {
		u.decode(j)
		if j.err != nil {
			u.failed.Store(true)
		}
		close(j.done)
		<-slots
	})
	return true
}

func (u *unpacker) pieceBytes() int { return min(pieceBytes, u.batchBytes) }

// piece decodes the next piece of what is not units.
func (u *unpacker) piece() *job {
	j := u.job()
	size := u.pieceBytes()
	j.bytes = size
	out := room(j.out, size)
	for len(out) < size && j.err == nil {
		if u.part == nil {
			if len(out) > 0 {
				break
			}
			if j.err = u.open(); j.err != nil {
				break
			}
		}
		var n int
		n, j.err = u.readPart(out[len(out):size])
		out = out[:len(out)+n]
		if u.part == nil {
			break
		}
	}
	j.out = out
	return j
}

// release implements decoder.
func (u *unpacker) release() {
	for _, j := range u.stop() {
		u.retire(j)
	}
	if u.current != nil {
		u.retire(u.current)
		u.current, u.unread = nil, nil
	}
	if u.part != nil {
		u.part.release()
		u.part = nil
	}
}
