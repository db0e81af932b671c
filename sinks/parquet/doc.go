// Package parquet writes Apache Parquet files from Arrow records. It is an
// encoder of our own for flat schemas, made for speed, for exact statistics
// and for files whose bytes depend on nothing but the rows and the options.
//
// Where to start: [Encoder] in encoder.go says which goroutines there are.
// One of them takes a column of a row group (rowgroup.go) and encodes it:
//
//	chunk.go     what is common to all columns: pages, levels, compression
//	integers.go  floats.go  strings.go  booleans.go   one family of types each
//	source.go    how Arrow arrays become dense typed slices
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
// Each column chunk has one encoding for all its pages. The choice looks at the
// chunk's values only, so it is the same for any number of workers:
//
//   - A dictionary is tried first. After 16,384 values, and again as more are
//     seen, the number of distinct ones is extrapolated to the whole chunk, and
//     the dictionary is given up when it would not save enough.
//   - Otherwise a sample from the beginning, the middle and the end is encoded in every way
//     that suits the type, compressed, and the smallest one is taken:
//     PLAIN, DELTA_BINARY_PACKED for integers, dates and times,
//     DELTA_LENGTH_BYTE_ARRAY for strings, BYTE_STREAM_SPLIT for floating point.
//   - Booleans are bits, PLAIN.
package parquet
