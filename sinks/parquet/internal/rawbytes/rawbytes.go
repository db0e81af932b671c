// Package rawbytes views slices of fixed-width numbers as the little-endian
// bytes that Parquet's PLAIN encoding and split-block hashes are made of.
//
// It is the only place of the encoder that uses unsafe. On processors whose
// memory is little-endian a view costs nothing; elsewhere, and with the purego
// tag, the same functions copy.
package rawbytes

// Fixed is a number of four or eight bytes.
type Fixed interface {
	~int32 | ~int64 | ~float32 | ~float64
}
