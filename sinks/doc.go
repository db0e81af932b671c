// Package sinks writes the result of a job: to a file that appears whole or
// not at all, to a device or pipe, or to standard output.
//
// Start reading at [New], which finds every mistake that can be found before
// any work is done, then at [Tx], through which the rows go:
//
//	Tx → Encoder (parquet, arrowipc, text) → compressor → buffer → tally → destination
//
// Encoders and the compressor work on several goroutines each and hand on what
// they made in order (internal/ordered), so that the bytes do not depend on how
// many there are.
//
// The tally remembers the first error of the destination, so that no library
// in between can lose it, and knows size and digest of what was written. The
// destination is a staged file (staging.go) or something that takes bytes as
// they come (direct.go).
package sinks
