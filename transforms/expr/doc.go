// Package expr parses, types and evaluates SQL expressions over Arrow records.
//
// An expression goes through four layers, each a few files:
//
//	lex.go                 text → tokens
//	parse.go, primary.go   tokens → tree of [Node] (a Pratt parser); lists.go
//	                       reads what --select, --sort and --derive take
//	bind*.go, resolve.go   tree → typed program: columns found, overloads chosen,
//	                       implicit casts inserted, constants folded
//	eval.go and the rest   program → column, one kernel call for a whole record
//
// The syntax is PostgreSQL's and so are NULL, NaN (equal to itself and the
// largest), strings (counted in characters) and intervals; arithmetic is
// DuckDB's where the two differ: `/` is DOUBLE, `//` divides integers, division
// by zero is NULL. What does not fit its type is an error, never a wrong number.
//
// Start reading at [Parse] and [Bind]; vector.go explains how columns look
// while they are being computed, eval.go which rows are. Functions are data:
// each family (math.go, text.go, datepart.go, …) lists its own in a []function
// that registry.go joins.
package expr
