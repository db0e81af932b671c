package aggregate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/transforms/internal/rowkey"
)

var stringAggFields = []arrow.Field{{Name: "entries", Type: arrow.BinaryTypes.Binary, Nullable: true}}

// stringAgg is string_agg: the texts of a group in the order asked for, and
// where that leaves a choice, in input order.
type stringAgg struct {
	separator string
	distinct  bool
	encoder   *rowkey.Encoder // of the ORDER BY; nil without

	entries []textEntry
	texts   []byte // keys and texts of the entries
	heads   []uint32
	sizes   []int64 // of each group's part of the state
	keys    rowkey.Keys
	seen    map[string]struct{}
}

// textEntry is one text. The entries of a group are a list, linked by next.
type textEntry struct {
	place
	at   int    // in texts, of the order key; the text follows
	key  int32  // length of the order key
	text int32  // length of the text
	next uint32 // place in entries plus one
}

const (
	textEntryBytes    = 40
	textEntryOverhead = 4 * binary.MaxVarintLen64
)

func (s *stringAgg) grow(n int) {
	s.heads = grown(s.heads, n)
	s.sizes = grown(s.sizes, n)
}

func (s *stringAgg) bytes() int64 {
	return textEntryBytes*int64(cap(s.entries)) + int64(cap(s.texts)) + 12*int64(cap(s.heads)) + s.keys.Bytes()
}

func (s *stringAgg) size(g uint32) int64 { return s.sizes[g] }

func (s *stringAgg) fold(in *folding) error {
	data, offsets := textBuffers(in.args[0])
	if s.encoder != nil {
		s.encoder.Encode(&s.keys, in.args[1:], len(in.groups))
	}
	each(in, func(r int, g uint32) {
		var key []byte
		if s.encoder != nil {
			key = s.keys.Key(r)
		}
		s.add(g, place{in.source, in.lines[r]}, key, data[offsets[r]:offsets[r+1]])
	})
	return nil
}

func (s *stringAgg) add(g uint32, at place, key, text []byte) {
	s.entries = append(s.entries, textEntry{at, len(s.texts), int32(len(key)), int32(len(text)), s.heads[g]})
	s.heads[g] = uint32(len(s.entries))
	s.texts = append(append(s.texts, key...), text...)
	s.sizes[g] += int64(len(key)+len(text)) + textEntryOverhead
}

func (s *stringAgg) keyOf(e textEntry) []byte { return s.texts[e.at : e.at+int(e.key)] }

func (s *stringAgg) textOf(e textEntry) []byte {
	at := e.at + int(e.key)
	return s.texts[at : at+int(e.text)]
}

// ordered returns a group's entries in their order.
func (s *stringAgg) ordered(buf []textEntry, g uint32) []textEntry {
	buf = buf[:0]
	for i := s.heads[g]; i != 0; i = s.entries[i-1].next {
		buf = append(buf, s.entries[i-1])
	}
	slices.SortFunc(buf, func(a, b textEntry) int {
		if c := bytes.Compare(s.keyOf(a), s.keyOf(b)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.line, b.line))
	})
	return buf
}

func (s *stringAgg) columns(alloc memory.Allocator, groups []uint32) ([]arrow.Array, error) {
	var entries []textEntry
	var c collect
	c.add(blobColumn(alloc, groups, func(buf []byte, g uint32) ([]byte, error) {
		entries = s.ordered(entries, g)
		if len(entries) == 0 {
			return nil, nil
		}
		for _, e := range entries {
			buf = binary.AppendUvarint(buf, uint64(e.key))
			buf = append(buf, s.keyOf(e)...)
			buf = binary.AppendUvarint(buf, uint64(e.source))
			buf = binary.AppendUvarint(buf, uint64(e.line))
			buf = binary.AppendUvarint(buf, uint64(e.text))
			buf = append(buf, s.textOf(e)...)
		}
		return buf, nil
	}))
	return c.result()
}

func (s *stringAgg) combine(groups []uint32, columns []arrow.Array) error {
	blobs := columns[0].(*array.Binary)
	for i, g := range groups {
		if blobs.IsNull(i) {
			continue
		}
		r := varints{b: blobs.Value(i)}
		for len(r.b) > 0 {
			key := r.text()
			source, line := r.next(), r.next()
			text := r.text()
			if r.bad {
				return errState("string_agg")
			}
			s.add(g, place{int64(source), int64(line)}, key, text)
		}
	}
	return nil
}

// varints reads a blob of a state.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varints) signed() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varints) text() []byte {
	n := r.next()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	t := r.b[:n]
	r.b = r.b[n:]
	return t
}

func (s *stringAgg) result(alloc memory.Allocator, groups []uint32) (arrow.Array, error) {
	var entries []textEntry
	blobs, err := blobColumn(alloc, groups, func(buf []byte, g uint32) ([]byte, error) {
		entries = s.ordered(entries, g)
		if len(entries) == 0 {
			return nil, nil
		}
		if buf == nil {
			buf = []byte{}
		}
		if s.distinct {
			s.dropRepeated(&entries)
		}
		for i, e := range entries {
			if i > 0 {
				buf = append(buf, s.separator...)
			}
			buf = append(buf, s.textOf(e)...)
			if err := checkTextBytes(int64(len(buf))); err != nil {
				return nil, &groupError{g, err}
			}
		}
		return buf, nil
	})
	if err != nil {
		return nil, err
	}
	defer blobs.Release()
	return withType(blobs, arrow.BinaryTypes.String), nil
}

// dropRepeated keeps the first entry of each text.
func (s *stringAgg) dropRepeated(entries *[]textEntry) {
	if s.seen == nil {
		s.seen = map[string]struct{}{}
	}
	clear(s.seen)
	*entries = slices.DeleteFunc(*entries, func(e textEntry) bool {
		text := s.textOf(e)
		if _, ok := s.seen[string(text)]; ok {
			return true
		}
		s.seen[string(text)] = struct{}{}
		return false
	})
}
