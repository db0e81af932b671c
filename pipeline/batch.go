package pipeline

import (
	"cmp"
	"errors"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
)

// Seq is a batch's place in the input: the index of its source (0-based, in
// input order) and of its block within that source (0-based). Batches are
// ordered by Seq whatever the order in which they were made.
type Seq struct {
	Source, Block int
}

// Compare orders places of the input: negative when s comes before o.
func (s Seq) Compare(o Seq) int {
	if c := cmp.Compare(s.Source, o.Source); c != 0 {
		return c
	}
	return cmp.Compare(s.Block, o.Block)
}

// Batch is a run of consecutive rows. Exactly one owner holds it: a function
// that takes a Batch takes its Record and either passes it on or calls
// Release, also when it fails.
type Batch struct {
	// Record holds the rows as Arrow columns. Its buffers are never written
	// to once the batch has been handed on.
	Record arrow.Record
	// Seq is the place of the batch in the input.
	Seq Seq
	// Origin says where the rows came from. It outlives Record and is not
	// nil for batches that a [Source] or a [Run] made.
	Origin Origin
	// Rows maps row i of Record to row Rows[i] of Origin; it ascends. Nil
	// means that the two are the same. A stage that drops rows maintains it.
	Rows []int32
	// Tally counts the input rows behind the batch.
	Tally Tally
	// Fault is what the input cannot be read beyond, behind the rows of the
	// batch; see [Want.Partial]. It is nil for all but a [Split]'s batch.
	Fault error
	// Rejects are the rows of the batch's input that a [Split] could not
	// read as they stand, in input order; nil: there are none. Run passes them
	// on. They may be ranged over more than once.
	Rejects iter.Seq[Reject]
}

// Release gives the batch's memory back. It may be called on a zero Batch.
func (b *Batch) Release() {
	if b.Record != nil {
		b.Record.Release()
		b.Record = nil
	}
}

// OriginRow returns the row of b.Origin that row i of the record came from.
func (b *Batch) OriginRow(i int) int {
	if b.Rows != nil {
		return int(b.Rows[i])
	}
	return i
}

// Position returns where row i of the record was read.
func (b *Batch) Position(i int) Position {
	if b.Origin == nil {
		return Position{}
	}
	return Position{File: b.Origin.File(), Line: b.Origin.Line(b.OriginRow(i))}
}

// Origin tells where the rows of a batch came from. It is immutable, safe for
// concurrent use, and holds no Arrow memory.
type Origin interface {
	// File is the name of the input as the user gave it, without
	// credentials; empty for the rows of an intermediate result.
	File() string
	// Line returns the 1-based line of File on which the row starts; for an
	// intermediate result, the 1-based number of the row in it. It ascends
	// strictly with row within a source, so (Seq.Source, Line) is the place
	// of a row in the input, independent of block boundaries.
	Line(row int) int64
}

// Tally counts what became of input rows before the first stage:
// rows_in = rows in the record + RowsRejected.
type Tally struct {
	RowsIn       int64 // records found, blank lines not among them
	RowsRejected int64 // records given up
	BlankLines   int64 // lines skipped because nothing stood on them
	Bytes        int64 // bytes of text, after decompression
}

// Emit hands a batch on and takes ownership of it, also when it fails. It
// returns [ErrStop] when no more rows are wanted: the caller then returns
// ErrStop itself, at once.
type Emit func(Batch) error

// ErrStop says that no more rows are wanted; it ends work without failing it.
var ErrStop = errors.New("no more rows are wanted")
