// Package arrowipc writes rows in Arrow's IPC formats, the file and the stream
// (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
//
// The messages are written by arrow/ipc. What this package adds is that the
// bytes depend on the rows alone: [Encoder] copies rows into batches of its own
// cut (batch.go), in which nothing of the batches they came in is left: neither
// their boundaries, nor what lies under NULL or behind the last value, nor
// whether a column without NULL has a bitmap. [VerifyFile] and [VerifyStream]
// read back what was written.
package arrowipc
