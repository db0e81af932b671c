// Package transforms holds the steps of a job between its source and its sink.
//
// Row-wise stages: [Where], [Select], [Derive], [Limit], [SampleFraction].
// Reducers, which combine rows: [Aggregate], [Distinct], [Sort], [SortLimit],
// [SampleRows]. Each is a file of its own. The constructors parse what the user
// wrote and report mistakes in it at once; mistakes that only show when the
// columns are known are reported by Bind, all of them together.
//
// What rows are computed from is package expr; the group table and the
// aggregate functions are package aggregate.
package transforms
