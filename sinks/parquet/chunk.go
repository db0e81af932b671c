package parquet

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/compact"
	"csvloom/sinks/parquet/internal/hybrid"
	"csvloom/sinks/parquet/internal/rawbytes"
)

// encoding is how the values of a page are written, numbered as in
// parquet.thrift.
type encoding int32

const (
	encodingPlain                encoding = 0
	encodingRLE                  encoding = 3
	encodingDeltaBinaryPacked    encoding = 5
	encodingDeltaLengthByteArray encoding = 6
	encodingRLEDictionary        encoding = 8
	encodingByteStreamSplit      encoding = 9
)

// chunk is a column of a row group, encoded. While it is in the making its
// lane adds to it; the writer assembles it when all is there.
type chunk struct {
	dictionary []byte // the page as it stands in the file; nil when there is none
	strips     []*encodedStrip
	distinct   int // number of distinct values, 0 when not known
	bloom      []byte

	// What follows is assembled.
	stored            [][]byte // dictionary and data pages, until they are written
	rows, nulls       int
	encodings         []encodingCount
	dictionaryBytes   int   // length of the dictionary page with its header
	uncompressedBytes int64 // of all pages with their headers
	pages             []page
	bounds            bounds
	// unbounded says that some page has values but no bounds, such as only
	// NaN, which a column index cannot express.
	unbounded bool
}

// encodedStrip is the pages of a strip of a column.
type encodedStrip struct {
	data              []byte
	pages             []page
	uncompressedBytes int64
}

// encodingCount says how many data pages are in an encoding.
type encodingCount struct {
	encoding encoding
	pages    int
}

// assemble puts together what the strips of a chunk are.
func (c *chunk) assemble(rows int, by order) {
	c.rows = rows
	c.dictionaryBytes = len(c.dictionary)
	at := c.dictionaryBytes
	if at > 0 {
		c.stored = append(c.stored, c.dictionary)
	}
	for _, s := range c.strips {
		c.stored = append(c.stored, s.data)
		c.uncompressedBytes += s.uncompressedBytes
		for _, p := range s.pages {
			p.offset = at
			at += p.bytes
			c.nulls += p.nulls
			c.unbounded = c.unbounded || !p.allNull && !p.bounds.some
			c.bounds.merge(p.bounds, by)
			i := slices.IndexFunc(c.encodings, func(e encodingCount) bool { return e.encoding == p.encoding })
			if i < 0 {
				i = len(c.encodings)
				c.encodings = append(c.encodings, encodingCount{encoding: p.encoding})
			}
			c.encodings[i].pages++
			c.pages = append(c.pages, p)
		}
	}
	c.strips, c.dictionary = nil, nil
}

// release gives the memory of pages back that have been written.
func (c *chunk) release(alloc memory.Allocator) {
	for _, b := range c.stored {
		alloc.Free(b)
	}
	c.stored = nil
}

// abandon gives the memory back of a chunk that will not be written, in whatever
// state it is.
func (c *chunk) abandon(alloc memory.Allocator) {
	if c.dictionary != nil {
		c.stored = append(c.stored, c.dictionary)
	}
	for _, s := range c.strips {
		if s.data != nil {
			c.stored = append(c.stored, s.data)
		}
	}
	c.strips, c.dictionary = nil, nil
	c.release(alloc)
}

// page is what the page index says about a data page.
type page struct {
	offset   int // from the start of the chunk
	bytes    int // with the header
	firstRow int // within the row group
	encoding encoding
	nulls    int
	allNull  bool
	bounds   bounds
}

// span is the rows and the values that are not NULL of a page to be.
type span struct {
	row, rows     int
	value, values int
}

// end returns the index of the first value after the span.
func (s span) end() int { return s.value + s.values }

// scratch is the memory that one goroutine encodes strips with. It grows to the
// size of a strip.
type scratch struct {
	codec   Codec
	level   int
	numbers compressor // of codes and numbers; nil when there is no compression
	text    compressor // of strings

	header   compact.Writer
	validity []byte
	body     []byte // a page before compression
	stored   []byte // the same after it
	encoded  []byte // the pages of the strip
	codes    []uint32
	spans    []span
	bounds   []bounds // of each span

	int32s   numberScratch[int32]
	int64s   numberScratch[int64]
	float32s floatScratch[float32]
	float64s floatScratch[float64]
	bits     []byte
	strings  stringScratch
	marks    []byte
	used     []uint32
}

// forget drops what refers to the memory of batches.
func (s *scratch) forget() {
	s.int32s.view, s.int64s.view = nil, nil
	s.float32s.view, s.float64s.view = nil, nil
	s.strings.forget()
}

// prepare makes the scratch ready for a codec.
func (s *scratch) prepare(c Codec, level int) error {
	if s.codec == c && s.level == level && (s.numbers != nil || c == Uncompressed) {
		return nil
	}
	numbers, err := newCompressor(c, level, false)
	if err != nil {
		return err
	}
	text := numbers
	if c == Zstd { // the only one that makes a difference
		if text, err = newCompressor(c, level, true); err != nil {
			return err
		}
	}
	s.codec, s.level, s.numbers, s.text = c, level, numbers, text
	return nil
}

// stripEncoder encodes one column of a strip.
type stripEncoder struct {
	*scratch
	*lane
	strip *strip
	out   *encodedStrip

	nulls    int
	valid    []byte   // bitmap of the rows that are not NULL, nil when all are
	encoding encoding // of the pages
	width    int      // of the codes, when encoding is that of a dictionary
}

// prepare takes the steps that depend on the strips before: it gathers the
// values, chooses the encoding, and makes codes. With the last strip it
// completes the dictionary and the bloom filter of the chunk.
func (w *stripEncoder) prepare(c *chunk, alloc memory.Allocator) error {
	w.out = new(encodedStrip)
	c.strips = append(c.strips, w.out)
	arrays := w.strip.arrays[w.index]
	for _, a := range arrays {
		w.nulls += a.NullN()
	}
	w.valid = gatherValidity(&w.validity, arrays, w.strip.rows, w.nulls)
	w.lane.values += w.values()
	var err error
	switch col := w.column; col.physical {
	case physicalBoolean:
		w.bits = gatherBits(w.bits, arrays, w.values())
	case physicalInt32:
		err = prepareIntegers(w, &w.scratch.int32s, &w.lane.int32s, gather32(&w.scratch.int32s.values, arrays, col.arrow))
	case physicalInt64:
		err = prepareIntegers(w, &w.scratch.int64s, &w.lane.int64s, gather64(&w.scratch.int64s.values, arrays, col.arrow))
	case physicalFloat:
		err = prepareFloats(w, &w.float32s, gather(&w.float32s.values, arrays, viewFloat32), rawbytes.Bits32, &w.scratch.int32s, &w.lane.int32s)
	case physicalDouble:
		err = prepareFloats(w, &w.float64s, gather(&w.float64s.values, arrays, viewFloat64), rawbytes.Bits64, &w.scratch.int64s, &w.lane.int64s)
	case physicalByteArray, physicalFixedLenByteArray:
		err = w.prepareStrings(arrays)
	}
	if err == nil && w.strip.last {
		err = w.endChunk(c, alloc)
	}
	return w.explain(err)
}

// complete encodes and compresses the pages.
func (w *stripEncoder) complete(alloc memory.Allocator) error {
	w.encoded = w.encoded[:0]
	var err error
	switch {
	case w.encoding == encodingRLEDictionary:
		err = w.addCodePages()
	case w.column.physical == physicalBoolean:
		err = w.addBooleanPages()
	case w.column.physical == physicalInt32:
		err = addIntegerPages(w, w.scratch.int32s.view)
	case w.column.physical == physicalInt64:
		err = addIntegerPages(w, w.scratch.int64s.view)
	case w.column.physical == physicalFloat:
		err = addFloatPages(w, w.float32s.view)
	case w.column.physical == physicalDouble:
		err = addFloatPages(w, w.float64s.view)
	default:
		err = w.addStringPages()
	}
	if err != nil {
		return w.explain(err)
	}
	if len(w.encoded) > 0 {
		w.out.data = keep(alloc, w.encoded)
	}
	return nil
}

// explain says which column an error is of.
func (w *stripEncoder) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("column %q: %w", w.column.name, err)
}

// keep returns a copy of b in memory of the allocator.
func keep(alloc memory.Allocator, b []byte) []byte {
	kept := alloc.Allocate(len(b))
	copy(kept, b)
	return kept
}

// endChunk completes what a chunk has but once.
func (w *stripEncoder) endChunk(c *chunk, alloc memory.Allocator) error {
	entries, plain := w.dictionary()
	if entries > 0 {
		page, err := w.dictionaryPage(plain, entries)
		if err != nil {
			return err
		}
		c.dictionary = keep(alloc, page)
		c.uncompressedBytes = int64(len(w.header.Buf) + len(plain))
		if w.choice == coding && w.column.order != orderFloat { // bits differ where numbers do not
			c.distinct = entries
		}
	}
	if w.bloomed {
		c.bloom = bloomOf(w.appendEntryHashes(w.hashes))
	}
	w.next()
	return nil
}

// dictionary returns the number of entries in the chunk's dictionary, and the
// entries in PLAIN encoding.
func (l *lane) dictionary() (entries int, plain []byte) {
	switch l.column.physical {
	case physicalInt32, physicalFloat:
		return l.int32s.Len(), rawbytes.Bytes(l.int32s.Values)
	case physicalInt64, physicalDouble:
		return l.int64s.Len(), rawbytes.Bytes(l.int64s.Values)
	case physicalByteArray, physicalFixedLenByteArray:
		return l.strings.Len(), l.strings.Plain
	default:
		return 0, nil
	}
}

// appendEntryHashes appends the hashes of the dictionary's entries.
func (l *lane) appendEntryHashes(dst []uint64) []uint64 {
	dst = appendHashes(dst, l.int32s.Values)
	dst = appendHashes(dst, l.int64s.Values)
	for i := range l.strings.Len() {
		dst = append(dst, bloom.Hash(l.strings.Entry(i)))
	}
	return dst
}

// values is the number of values that are not NULL.
func (w *stripEncoder) values() int { return w.strip.rows - w.nulls }

// cut cuts the rows into pages for values of a fixed width.
func (w *stripEncoder) cut(valueBytes int) {
	w.spans = w.spans[:0]
	pageRows := min(w.options.PageRows, max(1, w.options.PageBytes/valueBytes))
	at := span{}
	for at.row < w.strip.rows {
		at.rows = min(pageRows, w.strip.rows-at.row)
		at.values = w.countValid(at.row, at.rows)
		w.spans = append(w.spans, at)
		at.row += at.rows
		at.value += at.values
	}
	w.unbound()
}

// unbound makes room for the bounds of the spans, which are none at first.
func (w *stripEncoder) unbound() {
	w.bounds = slices.Grow(w.bounds[:0], len(w.spans))[:len(w.spans)]
	clear(w.bounds)
}

// countValid counts the rows that are not NULL.
func (w *stripEncoder) countValid(row, rows int) int {
	if w.valid == nil {
		return rows
	}
	return bitutil.CountSetBits(w.valid, row, rows)
}

// dictionaryPage makes the page with the n entries of a dictionary, which come in
// PLAIN encoding. It is valid until the next page is made.
func (w *stripEncoder) dictionaryPage(plain []byte, n int) ([]byte, error) {
	stored := plain
	if c := w.compressorOf(encodingPlain); c != nil {
		// Its header cannot say that a dictionary page is not compressed.
		var err error
		if w.stored, err = c.compress(w.stored[:0], plain); err != nil {
			return nil, fmt.Errorf("compressing a dictionary with %s: %w", w.codec, err)
		}
		stored = w.stored
	}
	h := w.beginHeader(pageTypeDictionary, len(plain), len(stored), crc32.ChecksumIEEE(stored))
	h.BeginField(7) // DictionaryPageHeader
	h.Int32(1, int32(n))
	h.Int32(2, int32(encodingPlain))
	h.End()
	h.End()
	w.encoded = append(append(w.encoded[:0], h.Buf...), stored...)
	return w.encoded, nil
}

// addPage appends a data page whose values have been encoded to body.
func (w *stripEncoder) addPage(s span, body []byte, b bounds) error {
	levels := w.stored[:0]
	if w.column.optional {
		levels = w.appendLevels(levels, s)
	}
	levelBytes := len(levels)
	stored, compressed, err := w.compressAfter(levels, body)
	if err != nil {
		return err
	}
	uncompressedBytes := levelBytes + len(body)
	if uncompressedBytes > math.MaxInt32 || len(stored) > math.MaxInt32 {
		return fmt.Errorf("a page would have %d bytes, more than a Parquet page can hold; a value in it is too long", uncompressedBytes)
	}
	h := w.beginHeader(pageTypeDataV2, uncompressedBytes, len(stored), crc32.ChecksumIEEE(stored))
	h.BeginField(8) // DataPageHeaderV2
	h.Int32(1, int32(s.rows))
	h.Int32(2, int32(s.rows-s.values))
	h.Int32(3, int32(s.rows))
	h.Int32(4, int32(w.encoding))
	h.Int32(5, int32(levelBytes))
	h.Int32(6, 0) // no repetition levels
	h.Bool(7, compressed)
	h.End()
	h.End()
	p := page{
		bytes:    len(h.Buf) + len(stored),
		firstRow: w.strip.firstRow + s.row,
		encoding: w.encoding,
		nulls:    s.rows - s.values,
		allNull:  s.values == 0,
		bounds:   b,
	}
	w.encoded = append(append(w.encoded, h.Buf...), stored...)
	w.out.uncompressedBytes += int64(len(h.Buf) + uncompressedBytes)
	w.out.pages = append(w.out.pages, p)
	return nil
}

// The page types of parquet.thrift that are written.
const (
	pageTypeDictionary = 2
	pageTypeDataV2     = 3
)

// beginHeader starts a PageHeader and leaves it open for the part that depends
// on the type.
func (w *stripEncoder) beginHeader(pageType int32, uncompressedBytes, storedBytes int, checksum uint32) *compact.Writer {
	h := &w.header
	h.Buf = h.Buf[:0]
	h.Begin()
	h.Int32(1, pageType)
	h.Int32(2, int32(uncompressedBytes))
	h.Int32(3, int32(storedBytes))
	h.Int32(4, int32(checksum))
	return h
}

// appendLevels appends the definition levels of a page: 1 for a value, 0 for NULL.
func (w *stripEncoder) appendLevels(dst []byte, s span) []byte {
	switch s.values {
	case s.rows:
		return hybrid.RepeatedBit(dst, 1, s.rows)
	case 0:
		return hybrid.RepeatedBit(dst, 0, s.rows)
	default:
		return hybrid.AppendBits(dst, w.valid, s.row, s.rows)
	}
}

// compressorOf returns the compressor for pages in the given encoding.
func (w *stripEncoder) compressorOf(enc encoding) compressor {
	if w.column.variableLength() && enc != encodingRLEDictionary {
		return w.text
	}
	return w.numbers
}

// compressAfter appends body to head, compressed unless that saves less than a
// twentieth.
func (w *stripEncoder) compressAfter(head, body []byte) (stored []byte, compressed bool, err error) {
	if c := w.compressorOf(w.encoding); c != nil && len(body) > 0 {
		at := len(head)
		head, err = c.compress(head, body)
		if err != nil {
			return nil, false, fmt.Errorf("compressing a page with %s: %w", w.codec, err)
		}
		w.stored = head
		if n := len(head) - at; n > 0 && n < len(body)-len(body)/20 {
			return head, true, nil
		}
		head = head[:at]
	}
	w.stored = append(head, body...)
	return w.stored, false, nil
}

// storedBytes returns how many bytes the sampled values take in a file.
func (w *stripEncoder) storedBytes(body []byte) (int, error) {
	stored, _, err := w.compressAfter(w.stored[:0], body)
	return len(stored), err
}

// bloomOf makes the bloom filter of a chunk from the hashes of its values, which
// may repeat. The hashes are reordered.
func bloomOf(hashes []uint64) []byte {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	filter := make([]byte, bloom.SizeBytes(len(hashes)))
	for _, h := range hashes {
		bloom.Insert(filter, h)
	}
	return filter
}
