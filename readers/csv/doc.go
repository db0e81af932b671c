// Package csv reads CSV: it finds out names and types from a sample of every
// file, cuts files into blocks that end where a record ends, and decodes
// blocks column by column into Arrow arrays.
//
// The layers, lowest first, one file each: internal/mask (where special bytes are),
// tokenize (the grammar, byte by byte), index (the fields of a block), cut
// (a stream into blocks), infer (what type a column has), decode (fields to
// arrays), source (all of it as a [pipeline.Source]).
//
// A block is indexed in one of two ways that give the same answer: from bit
// masks of 64 bytes at a time when its quotes are as RFC 4180 has them and all
// its records have the expected width, and by the tokenizer otherwise.
package csv
