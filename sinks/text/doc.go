// Package text writes rows as text: CSV ([NewCSV]), JSON lines
// ([NewJSONLines]) and tables for people ([NewTable]).
//
// CSV and JSON lines share their machinery: a format is a list of column
// writers (csv.go, jsonl.go), each a plain loop over one typed Arrow column
// that leaves the text of its cells one behind another, and lines.go lays the
// cells of all columns side by side. What a value looks like is decided by
// package sqltype.
package text
