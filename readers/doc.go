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
// are joined by [Set.Close]. A compressed input of which more than its first rows
// are read is decompressed ahead of its reader by goroutines that [Stream.Close]
// joins; see unpacker. Plain local files cost none.
package readers
