// Package parquet writes Apache Parquet files from Arrow records. It is an
// encoder of our own for flat schemas, made for speed, for exact statistics
// and for files whose bytes depend on nothing but the rows and the options.
//
// Where to start: [Encoder] in encoder.go says which goroutines there are. Rows
// go through it in strips of some pages (rowgroup.go); a worker takes a column
// of a strip (lane.go) and encodes it:
//
//	chunk.go     what is common to all columns: pages, levels, compression
//	choice.go    which encoding
//	integers.go  floats.go  strings.go  booleans.go   one family of types each
//	source.go    stringsource.go   how Arrow arrays become dense typed slices
//	bounds.go    minimum and maximum
//	metadata.go  what the footer and the page index say, in Thrift
//	verify.go    reads a finished file's footer back
//
// The format is that of github.com/apache/parquet-format (parquet.thrift,
// Encodings.md, LogicalTypes.md, PageIndex.md, BloomFilter.md), version 2:
// data pages V2, statistics in the type-defined order, column and offset
// indexes. Beneath internal/ each encoding is a package.
//
// # How an encoding is chosen
//
// Each column is looked at strip by strip, in the order of rows, and nothing else
// counts, so that the choice is the same for any number of workers:
//
//   - A dictionary is tried first. The number of distinct values so far is
//     extrapolated to the whole chunk, and as long as a dictionary saves
//     something the pages are written as its codes, as wide as it asks for by
//     then. When it no longer does, the pages behind are written without.
//   - Otherwise a sample from the beginning, the middle and the end of the strip is
//     encoded in every way that suits the type, compressed, and the smallest one
//     is taken for the rest of the chunk: PLAIN, DELTA_BINARY_PACKED for integers,
//     dates and times, DELTA_LENGTH_BYTE_ARRAY for strings, BYTE_STREAM_SPLIT
//     for floating point.
//   - Booleans are bits, PLAIN.
package parquet
