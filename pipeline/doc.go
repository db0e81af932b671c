// Package pipeline runs a csvloom job: source → row-wise stages →
// (partial → merge) → row-wise stages → sink.
//
// It owns every goroutine and channel of a run and knows nothing of CSV,
// SQL or Parquet: those live in readers, transforms and sinks, which import
// this package and never each other.
//
// Start reading at [Plan] (what a job is), then [Run] in run.go (which
// goroutines exist, which channels join them, who closes each). The contracts
// that the siblings implement are [Source], [Stage], [Reducer] and [Sink].
package pipeline
