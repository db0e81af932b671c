package parquet

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"csvloom/sinks/parquet/internal/compact"
)

// magic stands at both ends of a Parquet file.
const magic = "PAR1"

// fileVersion 2 says that the newer encodings and annotations are used.
const fileVersion = 2

// storedChunk is a chunk that has been written: what the footer says of it.
type storedChunk struct {
	chunk
	offset                           int64 // of the first page
	bloomOffset, bloomBytes          int64
	columnIndexOffset, offsetIndexAt int64
	columnIndexBytes, offsetIndexLen int
}

// storedGroup is a row group that has been written.
type storedGroup struct {
	rows   int
	offset int64
	chunks []storedChunk
}

// appendBloom appends a bloom filter and its header.
func appendBloom(dst, filter []byte) []byte {
	w := compact.Writer{Buf: dst}
	w.Begin()
	w.Int32(1, int32(len(filter)))
	for id := int16(2); id <= 4; id++ { // split blocks, XXH64, not compressed
		w.BeginField(id)
		w.Empty(1)
		w.End()
	}
	w.End()
	return append(w.Buf, filter...)
}

// indexed reports whether the chunk has a column index: not when a page has no
// bounds although it has values.
func (c *storedChunk) indexed() bool { return !c.unbounded }

// appendColumnIndex appends a ColumnIndex: the bounds of each page.
func (c *storedChunk) appendColumnIndex(dst []byte, by order) []byte {
	w := compact.Writer{Buf: dst}
	w.Begin()
	w.List(1, compact.True, len(c.pages))
	for _, p := range c.pages {
		w.ElementBool(p.allNull)
	}
	w.List(2, compact.Binary, len(c.pages))
	for _, p := range c.pages {
		w.ElementBytes(p.bounds.min)
	}
	w.List(3, compact.Binary, len(c.pages))
	for _, p := range c.pages {
		w.ElementBytes(p.bounds.max)
	}
	w.Int32(4, boundaryOrder(c.pages, by))
	w.List(5, compact.I64, len(c.pages))
	for _, p := range c.pages {
		w.ElementInt(int64(p.nulls))
	}
	w.End()
	return w.Buf
}

// boundaryOrder tells readers whether they may search the bounds of pages by
// bisection: 0 for no, 1 when they ascend, 2 when they descend.
func boundaryOrder(pages []page, by order) int32 {
	ascending, descending := true, true
	var last *bounds
	for i := range pages {
		b := &pages[i].bounds
		if !b.some {
			continue
		}
		if last != nil {
			low, high := compareEncoded(by, last.min, b.min), compareEncoded(by, last.max, b.max)
			ascending = ascending && low <= 0 && high <= 0
			descending = descending && low >= 0 && high >= 0
		}
		last = b
	}
	switch {
	case ascending:
		return 1
	case descending:
		return 2
	default:
		return 0
	}
}

// appendOffsetIndex appends an OffsetIndex: where each page is.
func (c *storedChunk) appendOffsetIndex(dst []byte) []byte {
	w := compact.Writer{Buf: dst}
	w.Begin()
	w.List(1, compact.Struct, len(c.pages))
	for _, p := range c.pages {
		w.Begin()
		w.Int64(1, c.offset+int64(p.offset))
		w.Int32(2, int32(p.bytes))
		w.Int64(3, int64(p.firstRow))
		w.End()
	}
	w.End()
	return w.Buf
}

// appendFooter appends the FileMetaData.
func appendFooter(dst []byte, columns []column, o *Options, groups []storedGroup) []byte {
	w := &compact.Writer{Buf: dst}
	rows := int64(0)
	for _, g := range groups {
		rows += int64(g.rows)
	}
	w.Begin()
	w.Int32(1, fileVersion)
	w.List(2, compact.Struct, 1+len(columns))
	w.Begin() // the root of the schema
	w.String(4, "schema")
	w.Int32(5, int32(len(columns)))
	w.End()
	for i := range columns {
		columns[i].write(w)
	}
	w.Int64(3, rows)
	w.List(4, compact.Struct, len(groups))
	for i := range groups {
		groups[i].write(w, i, columns, o)
	}
	if len(o.Metadata) > 0 {
		w.List(5, compact.Struct, len(o.Metadata))
		for _, key := range slices.Sorted(maps.Keys(o.Metadata)) {
			w.Begin()
			w.String(1, key)
			w.String(2, o.Metadata[key])
			w.End()
		}
	}
	w.String(6, o.CreatedBy)
	w.List(7, compact.Struct, len(columns)) // all of them in TypeDefinedOrder
	for range columns {
		w.Begin()
		w.Empty(1)
		w.End()
	}
	w.End()
	return w.Buf
}

// write appends a RowGroup.
func (g *storedGroup) write(w *compact.Writer, ordinal int, columns []column, o *Options) {
	var uncompressedBytes, storedBytes int64
	for _, c := range g.chunks {
		uncompressedBytes += c.uncompressedBytes
		storedBytes += c.storedBytes()
	}
	w.Begin()
	w.List(1, compact.Struct, len(g.chunks))
	for i := range g.chunks {
		g.chunks[i].write(w, &columns[i], o)
	}
	w.Int64(2, uncompressedBytes)
	w.Int64(3, int64(g.rows))
	if len(o.SortedBy) > 0 {
		w.List(4, compact.Struct, len(o.SortedBy))
		for _, s := range o.SortedBy {
			at := slices.IndexFunc(columns, func(c column) bool { return c.name == s.Column })
			w.Begin()
			w.Int32(1, int32(at))
			w.Bool(2, s.Descending)
			w.Bool(3, s.NullsFirst)
			w.End()
		}
	}
	w.Int64(5, g.offset)
	w.Int64(6, storedBytes)
	if ordinal <= math.MaxInt16 { // has no room for more
		w.Int16(7, int16(ordinal))
	}
	w.End()
}

// storedBytes is the length of the chunk in the file.
func (c *storedChunk) storedBytes() int64 {
	size := int64(c.dictionaryBytes)
	for _, p := range c.pages {
		size += int64(p.bytes)
	}
	return size
}

// write appends a ColumnChunk.
func (c *storedChunk) write(w *compact.Writer, col *column, o *Options) {
	w.Begin()
	w.Int64(2, 0) // file_offset is deprecated: the metadata is in the footer only
	w.BeginField(3)
	c.writeMetadata(w, col, o)
	w.End()
	w.Int64(4, c.offsetIndexAt)
	w.Int32(5, int32(c.offsetIndexLen))
	if c.columnIndexBytes > 0 {
		w.Int64(6, c.columnIndexOffset)
		w.Int32(7, int32(c.columnIndexBytes))
	}
	w.End()
}

// writeMetadata appends the fields of ColumnMetaData.
func (c *storedChunk) writeMetadata(w *compact.Writer, col *column, o *Options) {
	var encodings []encoding
	for _, e := range c.encodings {
		encodings = append(encodings, e.encoding)
	}
	if c.dictionaryBytes > 0 && !slices.Contains(encodings, encodingPlain) {
		encodings = append(encodings, encodingPlain) // of the dictionary page
	}
	if col.optional {
		encodings = append(encodings, encodingRLE) // of the definition levels
	}
	w.Int32(1, int32(col.physical))
	w.List(2, compact.I32, len(encodings))
	for _, e := range encodings {
		w.ElementInt(int64(e))
	}
	w.List(3, compact.Binary, 1)
	w.ElementString(col.name)
	w.Int32(4, o.Compression.format())
	w.Int64(5, int64(c.rows))
	w.Int64(6, c.uncompressedBytes)
	w.Int64(7, c.storedBytes())
	w.Int64(9, c.offset+int64(c.dictionaryBytes))
	if c.dictionaryBytes > 0 {
		w.Int64(11, c.offset)
	}
	w.BeginField(12)
	c.writeStatistics(w)
	w.End()
	w.List(13, compact.Struct, len(c.encodings)+min(1, c.dictionaryBytes))
	if c.dictionaryBytes > 0 {
		writeEncodingStats(w, pageTypeDictionary, encodingPlain, 1)
	}
	for _, e := range c.encodings {
		writeEncodingStats(w, pageTypeDataV2, e.encoding, e.pages)
	}
	if c.bloomBytes > 0 {
		w.Int64(14, c.bloomOffset)
		w.Int32(15, int32(c.bloomBytes))
	}
}

// writeStatistics appends the fields of Statistics. The older fields min and
// max are left out, as their order was never agreed upon.
func (c *storedChunk) writeStatistics(w *compact.Writer) {
	w.Int64(3, int64(c.nulls))
	if c.distinct > 0 {
		w.Int64(4, int64(c.distinct))
	}
	if c.bounds.some {
		w.Bytes(5, c.bounds.max)
		w.Bytes(6, c.bounds.min)
		w.Bool(7, !c.bounds.maxInexact)
		w.Bool(8, !c.bounds.minInexact)
	}
}

func writeEncodingStats(w *compact.Writer, pageType int32, e encoding, pages int) {
	w.Begin()
	w.Int32(1, pageType)
	w.Int32(2, int32(e))
	w.Int32(3, int32(pages))
	w.End()
}

// appendEnd appends what follows the footer: its length and the magic.
func appendEnd(dst []byte, footerBytes int) ([]byte, error) {
	if footerBytes > math.MaxInt32 {
		return nil, fmt.Errorf("the footer would have %d bytes, more than a Parquet file can hold; write fewer or larger row groups", footerBytes)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(footerBytes))
	return append(dst, magic...), nil
}
