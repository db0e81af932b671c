// Package charset turns text in other encodings into UTF-8, strictly: what an
// encoding does not define is an error that names its byte, never U+FFFD.
//
// Start at [Detect], which tells what a text's first bytes are certain to be, and
// [Charset.NewReader], which converts. Single-byte encodings are tables and UTF-16
// and UTF-32 are decoded here; the tables of the East Asian ones are those of
// golang.org/x/text.
package charset
