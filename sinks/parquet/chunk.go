package parquet

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/bitutil"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/compact"
	"csvloom/sinks/parquet/internal/dict"
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

// chunk is a column of a row group, encoded.
type chunk struct {
	// data is the dictionary page, if there is one, and the data pages, as
	// they stand in the file. It is given back once it has been written.
	data []byte

	rows, nulls       int
	encoding          encoding
	dictionaryBytes   int   // length of the dictionary page with its header
	uncompressedBytes int64 // of all pages with their headers
	pages             []page
	bounds            bounds
	// unbounded says that some page has values but no bounds, such as only
	// NaN, which a column index cannot express.
	unbounded bool
	distinct  int // number of distinct values, 0 when not known
	bloom     []byte
}

// page is what the page index says about a data page.
type page struct {
	offset   int // from the start of the chunk
	bytes    int // with the header
	firstRow int // within the row group
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

// scratch is the memory that one goroutine encodes column chunks with. Some
// of it grows to the size of a column of a row group.
type scratch struct {
	codec   Codec
	level   int
	numbers compressor // of codes and numbers; nil when there is no compression
	text    compressor // of strings

	header   compact.Writer
	validity []byte
	body     []byte // a page before compression
	stored   []byte // the same after it
	codes    []uint32

	int32s   integerScratch[int32]
	int64s   integerScratch[int64]
	float32s floatScratch[float32]
	float64s floatScratch[float64]
	bits     []byte
	strings  byteStrings
	offsets  []int32

	sampleStrings byteStrings
	dictionary    dict.Strings
	heads         []dict.Head // of each entry of the dictionary
	marks         []byte
	used          []uint32
	hashes        []uint64
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

// chunkEncoder encodes one column chunk.
type chunkEncoder struct {
	*scratch
	column  *column
	options *Options
	bloom   bool

	out   chunk
	valid []byte // bitmap of the rows that are not NULL, nil when all are
}

// storedBytesGuess is how many bytes of memory a row gets in a new chunk.
const storedBytesGuess = 2

// encodeChunk encodes the arrays as a column chunk. data is memory for it.
func encodeChunk(s *scratch, c *column, o *Options, bloomed bool, arrays []arrow.Array, data []byte) (chunk, error) {
	if err := s.prepare(o.Compression, o.Level); err != nil {
		return chunk{}, err
	}
	e := &chunkEncoder{scratch: s, column: c, options: o, bloom: bloomed}
	for _, a := range arrays {
		e.out.nulls += a.NullN()
	}
	e.out.rows = lengthOf(arrays)
	e.out.data = slices.Grow(data[:0], e.out.rows*storedBytesGuess)
	e.valid = gatherValidity(&s.validity, arrays, e.out.rows, e.out.nulls)
	var err error
	switch c.physical {
	case physicalBoolean:
		s.bits = gatherBits(s.bits, arrays, e.values())
		err = e.encodeBooleans(s.bits)
	case physicalInt32:
		err = encodeIntegers(e, &s.int32s, gather32(&s.int32s.values, arrays, c.arrow))
	case physicalInt64:
		err = encodeIntegers(e, &s.int64s, gather64(&s.int64s.values, arrays, c.arrow))
	case physicalFloat:
		err = encodeFloats(e, &s.float32s, gather(&s.float32s.values, arrays, viewFloat32), rawbytes.Bits32, &s.int32s)
	case physicalDouble:
		err = encodeFloats(e, &s.float64s, gather(&s.float64s.values, arrays, viewFloat64), rawbytes.Bits64, &s.int64s)
	case physicalByteArray:
		gatherStrings(&s.strings, &s.offsets, arrays)
		err = e.encodeStrings(&s.strings)
	case physicalFixedLenByteArray:
		gatherDecimals(&s.strings, arrays, c.length)
		err = e.encodeStrings(&s.strings)
	}
	s.strings.reset() // they hold on to the batches' memory
	s.sampleStrings.reset()
	if err != nil {
		return chunk{}, fmt.Errorf("column %q: %w", c.name, err)
	}
	for _, p := range e.out.pages {
		e.out.bounds.merge(p.bounds, c.order)
	}
	return e.out, nil
}

// values is the number of values that are not NULL.
func (e *chunkEncoder) values() int { return e.out.rows - e.out.nulls }

// spansOf cuts the rows into pages for values of a fixed width.
func (e *chunkEncoder) spansOf(valueBytes int) []span {
	pageRows := min(e.options.PageRows, max(1, e.options.PageBytes/valueBytes))
	spans := make([]span, 0, (e.out.rows+pageRows-1)/pageRows)
	at := span{}
	for at.row < e.out.rows {
		at.rows = min(pageRows, e.out.rows-at.row)
		at.values = e.countValid(at.row, at.rows)
		spans = append(spans, at)
		at.row += at.rows
		at.value += at.values
	}
	return spans
}

// countValid counts the rows that are not NULL.
func (e *chunkEncoder) countValid(row, rows int) int {
	if e.valid == nil {
		return rows
	}
	return bitutil.CountSetBits(e.valid, row, rows)
}

// addDictionaryPage appends the page with the n entries of a dictionary, which
// come in PLAIN encoding. It comes before all data pages.
func (e *chunkEncoder) addDictionaryPage(plain []byte, n int) error {
	stored := plain
	if c := e.compressorOf(encodingPlain); c != nil {
		// Its header cannot say that a dictionary page is not compressed.
		var err error
		if e.stored, err = c.compress(e.stored[:0], plain); err != nil {
			return fmt.Errorf("compressing a dictionary with %s: %w", e.codec, err)
		}
		stored = e.stored
	}
	h := e.beginHeader(pageTypeDictionary, len(plain), len(stored), crc32.ChecksumIEEE(stored))
	h.BeginField(7) // DictionaryPageHeader
	h.Int32(1, int32(n))
	h.Int32(2, int32(encodingPlain))
	h.End()
	h.End()
	e.out.data = append(append(e.out.data, h.Buf...), stored...)
	e.out.dictionaryBytes = len(e.out.data)
	e.out.uncompressedBytes += int64(len(h.Buf) + len(plain))
	return nil
}

// addPage appends a data page whose values have been encoded to body.
func (e *chunkEncoder) addPage(s span, body []byte, b bounds) error {
	levels := e.stored[:0]
	if e.column.optional {
		levels = e.appendLevels(levels, s)
	}
	levelBytes := len(levels)
	stored, compressed, err := e.compressAfter(levels, body)
	if err != nil {
		return err
	}
	uncompressedBytes := levelBytes + len(body)
	if uncompressedBytes > math.MaxInt32 || len(stored) > math.MaxInt32 {
		return fmt.Errorf("a page would have %d bytes, more than a Parquet page can hold; a value in it is too long", uncompressedBytes)
	}
	h := e.beginHeader(pageTypeDataV2, uncompressedBytes, len(stored), crc32.ChecksumIEEE(stored))
	h.BeginField(8) // DataPageHeaderV2
	h.Int32(1, int32(s.rows))
	h.Int32(2, int32(s.rows-s.values))
	h.Int32(3, int32(s.rows))
	h.Int32(4, int32(e.out.encoding))
	h.Int32(5, int32(levelBytes))
	h.Int32(6, 0) // no repetition levels
	h.Bool(7, compressed)
	h.End()
	h.End()
	p := page{
		offset:   len(e.out.data),
		bytes:    len(h.Buf) + len(stored),
		firstRow: s.row,
		nulls:    s.rows - s.values,
		allNull:  s.values == 0,
		bounds:   b,
	}
	e.out.unbounded = e.out.unbounded || !p.allNull && !b.some
	e.out.data = append(append(e.out.data, h.Buf...), stored...)
	e.out.uncompressedBytes += int64(len(h.Buf) + uncompressedBytes)
	e.out.pages = append(e.out.pages, p)
	return nil
}

// The page types of parquet.thrift that are written.
const (
	pageTypeDictionary = 2
	pageTypeDataV2     = 3
)

// beginHeader starts a PageHeader and leaves it open for the part that depends
// on the type.
func (e *chunkEncoder) beginHeader(pageType int32, uncompressedBytes, storedBytes int, checksum uint32) *compact.Writer {
	h := &e.header
	h.Buf = h.Buf[:0]
	h.Begin()
	h.Int32(1, pageType)
	h.Int32(2, int32(uncompressedBytes))
	h.Int32(3, int32(storedBytes))
	h.Int32(4, int32(checksum))
	return h
}

// appendLevels appends the definition levels of a page: 1 for a value, 0 for NULL.
func (e *chunkEncoder) appendLevels(dst []byte, s span) []byte {
	switch s.values {
	case s.rows:
		return hybrid.RepeatedBit(dst, 1, s.rows)
	case 0:
		return hybrid.RepeatedBit(dst, 0, s.rows)
	default:
		return hybrid.AppendBits(dst, e.valid, s.row, s.rows)
	}
}

// compressorOf returns the compressor for pages in the given encoding.
func (e *chunkEncoder) compressorOf(enc encoding) compressor {
	if e.column.variableLength() && enc != encodingRLEDictionary {
		return e.text
	}
	return e.numbers
}

// compressAfter appends body to head, compressed unless that saves less than a
// twentieth.
func (e *chunkEncoder) compressAfter(head, body []byte) (stored []byte, compressed bool, err error) {
	if c := e.compressorOf(e.out.encoding); c != nil && len(body) > 0 {
		at := len(head)
		head, err = c.compress(head, body)
		if err != nil {
			return nil, false, fmt.Errorf("compressing a page with %s: %w", e.codec, err)
		}
		e.stored = head
		if n := len(head) - at; n > 0 && n < len(body)-len(body)/20 {
			return head, true, nil
		}
		head = head[:at]
	}
	e.stored = append(head, body...)
	return e.stored, false, nil
}

// storedBytes returns how many bytes the sampled values take in a file.
func (e *chunkEncoder) storedBytes(body []byte) (int, error) {
	stored, _, err := e.compressAfter(e.stored[:0], body)
	return len(stored), err
}

// setBloom makes the bloom filter of the chunk from the hashes of its values,
// which may repeat. The hashes are reordered.
func (e *chunkEncoder) setBloom(hashes []uint64) {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	e.out.bloom = make([]byte, bloom.SizeBytes(len(hashes)))
	for _, h := range hashes {
		bloom.Insert(e.out.bloom, h)
	}
}
