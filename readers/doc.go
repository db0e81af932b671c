// Package readers finds the inputs of a job and gives their bytes: files,
// directories, globs, lists, standard input and http(s) URLs, decompressed.
// What the bytes mean is the business of its subpackages, such as readers/csv.
//
// Start at [Discover], which turns arguments into a [Set] of [Input]s in input
// order. [Input.Open] gives an input's bytes as a [Stream], any number of
// times, each time from the start.
//
// Goroutines: one for each download under way and one for each pipe that is
// being received (standard input, FIFOs). They write to one temporary file and
// are joined by [Set.Close]. An input of BGZF or of several zstd frames, of which
// more than the first rows are read, is decompressed by goroutines that
// [Stream.Close] joins; see unpacker. Other local files cost none.
package readers
