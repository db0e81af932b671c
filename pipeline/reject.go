package pipeline

import "iter"

// Action says what became of a row that was not as it should be.
type Action string

// What becomes of a row that cannot be read as it stands, or is odd.
const (
	Rejected  Action = "rejected"  // left out of the result
	Truncated Action = "truncated" // the same, and too long to be told whole
	Repaired  Action = "repaired"  // in the result, changed so that it could be read
	Kept      Action = "kept"      // in the result as it is written
)

// Reject is the record of an input row that could not be read as it stands, or
// that departs from the dialect of its file.
type Reject struct {
	Pos    Position // of what is wrong
	Line   int64    // 1-based, on which the row starts
	Offset int64    // of the row's first byte in the text of the input, decompressed and as UTF-8
	Column string   // the CSV column; empty where none applies
	Error  string   // what is wrong, and what was expected
	Action Action
	Raw    string // the row as it is written, without its line end; cut short where Truncated
}

// Rejects receives the rejects of a run. Its methods are safe for concurrent use.
type Rejects interface {
	// Add notes the rejects of one block, which are in input order. Blocks
	// come in any order. An error ends the run.
	Add(seq Seq, rejects iter.Seq[Reject]) error
	// Reset forgets all that was added: the run starts over.
	Reset()
}
