// Package csv reads CSV: it finds out names and types from a sample of every
// file, cuts files into blocks that end where a record ends, and decodes
// blocks column by column into Arrow arrays.
//
// The layers, lowest first, one file each: internal/mask (where special bytes are),
// tokenize (the grammar, byte by byte), separators (what lies outside quotes), cut
// (a stream into blocks), index (the fields of a block), internal/digits and
// internal/codes (many fields at a time), infer (what type a column has), decode
// (fields to arrays), source (all of it as a [pipeline.Source]).
//
// How a file is written is found out by probe from a sample: detect recognises
// the ordinary file at once and has anything else tried in all dialects that it
// may have, detectscore says how plausible each is, detecttypes what cells look
// like, detectshape what surrounds the table, footer what stands at its end.
// What is read although it departs from the dialect is counted by departures.
//
// A block is indexed in one of two ways that give the same answer: from bit
// masks of 64 bytes at a time when its quotes are as RFC 4180 has them and all
// its records have the expected width, and by the tokenizer otherwise.
package csv
