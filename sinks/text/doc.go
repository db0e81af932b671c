// Package text writes rows as text: CSV ([NewCSV]), JSON lines
// ([NewJSONLines]) and tables for people ([NewTable]).
//
// CSV and JSON lines share their machinery. A format is a list of column
// writers (csv.go, jsonl.go, values.go), each a plain loop over one typed Arrow
// column that leaves the text of its cells one behind another (digits.go writes
// the single value); lines.go lays the cells of all columns side by side; and
// encoder.go has this done on several goroutines at a time. What a value looks
// like is decided by package sqltype: tests hold digits.go to it.
package text
