package parquet

import (
	"sync"

	"csvloom/sinks/parquet/internal/dict"
)

// lane is the work on one column. Its strips are encoded in two steps. The first
// (prepare) makes dictionary codes and needs what earlier strips of the row
// group left in the lane: the lane goes from one worker to the next, one strip
// at a time and in their order. The second (complete) packs and compresses
// pages; workers do it on their own, while the lane is elsewhere.
type lane struct {
	column  *column
	index   int // of the column
	options *Options
	bloomed bool
	// dictionaryBytesMax bounds a dictionary page.
	dictionaryBytesMax int

	mu      sync.Mutex
	waiting []*strip
	taken   bool // by a worker, or in Encoder.ready to be

	// Of whoever has the lane: what is known of the chunk in the making.
	choice      choice
	encoding    encoding    // when choice is settled
	values      int         // seen so far
	other       alternative // measured when plainBytes is not 0
	otherValues int         // how many had been seen then
	before      outcome     // of the last chunk
	strings     dict.Strings
	heads       []dict.Head // of each entry of strings, as far as needed
	int32s      dict.Integers[int32]
	int64s      dict.Integers[int64]
	hashes      []uint64 // for the bloom filter
}

// choice is how far the encoding of a chunk has been chosen.
type choice int

const (
	undecided choice = iota // there was no value yet
	coding                  // by a dictionary, so far
	settled                 // lane.encoding, to the end of the chunk
)

// outcome is what was chosen for a chunk. After one with a dictionary the next is
// begun with one at once.
type outcome struct {
	choice   choice
	encoding encoding    // when choice is settled
	other    alternative // see lane.other
}

// The dictionary pages of a row group may take so much together, but each of
// them a megabyte. Readers keep them in memory, and so does the encoder, which
// needs three to seven times as much for its tables.
const (
	dictionariesBytesMax = 32 << 20
	dictionaryBytesMin   = 1 << 20
)

func newLane(c *column, index int, o *Options, columns int) *lane {
	l := &lane{column: c, index: index, options: o}
	l.dictionaryBytesMax = min(dictionaryBytesMax, max(dictionaryBytesMin, dictionariesBytesMax/columns))
	for _, name := range o.BloomColumns {
		l.bloomed = l.bloomed || name == c.name
	}
	return l
}

// add puts a strip at the end of the lane and reports whether nobody has the
// lane, so that it must be made ready.
func (l *lane) add(t *strip) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, t)
	idle := !l.taken
	l.taken = true
	return idle
}

// take returns the next strip for the worker that has the lane.
func (l *lane) take() *strip {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.waiting[0]
	l.waiting[0] = nil
	l.waiting = l.waiting[1:]
	return t
}

// leave gives the lane up and reports whether another strip is waiting, for
// which it must be made ready.
func (l *lane) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = len(l.waiting) > 0
	return l.taken
}

// encodeStrips is what each worker does.
func (e *Encoder) encodeStrips() {
	for {
		select {
		case <-e.failed:
			return
		case l, more := <-e.ready:
			if !more {
				return
			}
			if err := e.encodeStrip(l); err != nil {
				e.fail(err)
				return
			}
		}
	}
}

// encodeStrip encodes the next strip of a lane. The scratch is taken for as long
// as that takes: there may be many encoders with nothing to do.
func (e *Encoder) encodeStrip(l *lane) error {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if err := s.prepare(e.options.Compression, e.options.Level); err != nil {
		return err
	}
	t := l.take()
	group := t.group
	w := stripEncoder{scratch: s, lane: l, strip: t}
	err := w.prepare(&group.chunks[l.index], e.alloc)
	if l.leave() {
		e.ready <- l
	}
	if err == nil {
		err = w.complete(e.alloc)
	}
	s.forget()
	if err != nil {
		return err
	}
	t.releaseColumn(l.index)
	if t.left.Add(-1) == 0 {
		e.finished <- t
	}
	group.finish(1)
	return nil
}

// valuesExpected returns how many values that are not NULL the chunk will have,
// given that there were l.values up to the end of the strip.
func (l *lane) valuesExpected(t *strip) int {
	seen := t.firstRow + t.rows
	if t.last || l.values == seen {
		return max(l.values, t.rowsExpected-(seen-l.values))
	}
	return max(l.values, int(float64(l.values)/float64(seen)*float64(t.rowsExpected)))
}

// next makes the lane ready for the next chunk.
func (l *lane) next() {
	l.before = outcome{l.choice, l.encoding, l.other}
	l.choice, l.values, l.other = undecided, 0, alternative{}
	l.hashes = l.hashes[:0]
	l.int32s.Truncate(0)
	l.int64s.Truncate(0)
	l.strings.Truncate(0)
}
