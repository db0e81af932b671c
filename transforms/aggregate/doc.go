// Package aggregate is csvloom's group-by: the table of groups, the aggregate
// functions, and their partial states.
//
// Start reading at [Plan], which fixes keys and functions to types, and
// [Table], the state of one worker. A batch of rows is folded in two steps: the
// table maps each row to the number of its group (grouping.go), then each
// function folds its column into its states, indexed by group, in one loop over
// values (sum.go, minmax.go and so on: one family a file). [Plan.Merge] folds
// the states of all workers together, by hash partition, and emits the groups
// in key order.
//
// # States
//
// The state of a table is an Arrow record batch with these columns:
//
//	partition       UINT8: the group's hash partition, 0 to 63; ascends in a batch
//	key.<name>      the group's keys
//	<i>.<f>.<part>  the parts of the i-th state, which belongs to function f
//
// Functions of the same arguments share a state where they can: avg, sum of
// the same column are one sum and one count. The parts:
//
//	count           n
//	sum avg         low, high (128 bits) of a BIGINT; w0, w1, w2 (192 bits) of a DECIMAL;
//	                w0, w1, w2, wide of a DOUBLE (see package exactsum); n, the values
//	stddev variance w0..w2 and q0..q5, the exact sums of x and of its square; wide; n
//	min max         value
//	first last      value, source, line: where the value stands in the input
//	any_value
//	bool_and bool_or value
//	string_agg      entries: of each text the order key, source, line, text
//	median          values
//	approx_quantile sketch: counts of numbers, -Inf, +Inf, NaN, 0; the bins of a DDSketch
//	approx_count_distinct sketch: hashes, or 2^14 registers
//	f(DISTINCT x)   values: a list of the distinct values
//
// Everything is merged exactly, so the result depends on neither the order of
// rows nor the split into states.
package aggregate
