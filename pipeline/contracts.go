package pipeline

import (
	"context"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
)

// Source is where rows come from: an ordered list of inputs that share one
// schema.
//
// Call order: Schema once, then Inputs once per run. Both may be called again
// for another run.
type Source interface {
	// Schema looks at the inputs as far as needed to fix names and types.
	Schema(ctx context.Context, t *Task) (*arrow.Schema, error)
	// Inputs yields the inputs in input order, to be decoded as want says.
	// Iteration stops at the first error.
	Inputs(ctx context.Context, want Want) iter.Seq2[Input, error]
}

// Relearner is a Source whose schema may turn out too narrow for its data.
type Relearner interface {
	Source
	// Relearn is asked when a run has failed because of err. It returns
	// true when the schema has changed, so that another run may succeed.
	Relearn(ctx context.Context, t *Task, err error) (bool, error)
}

// Want is what a job wants of its source.
type Want struct {
	// Columns are the columns that batches hold, and no others, in schema
	// order; without any, records have no columns but their row count.
	Columns []string
	// Coded are those of Columns that may come as codes; see [Coder].
	Coded Columns
	// Partial says that the job may want only the first rows of a batch: a
	// split that cannot be read whole then returns those before the fault,
	// and the fault as [Batch.Fault].
	Partial bool
	// First are those of Columns by which [FilteredSplit.DecodeWhere]
	// drops rows; nil when it will not be called.
	First Columns
}

// Input is one file, stream or table of a Source. It is read by one goroutine.
type Input interface {
	// Name is what the user calls the input; it holds no credentials.
	Name() string
	// Splits yields the input's parts in order, each small enough to decode
	// in memory. It reads only as fast as it is pulled.
	Splits(ctx context.Context, t *Task) iter.Seq2[Split, error]
}

// Split is a part of an input that any one worker decodes, once, into exactly
// one batch. A split that is not decoded is discarded.
type Split interface {
	// Decode returns the split's rows; Run fills in the batch's Seq. It
	// fails with an [InputError] where the data is at fault.
	Decode(ctx context.Context, t *Task) (Batch, error)
	// Discard gives up the split and its memory instead of decoding it.
	Discard()
}

// FilteredSplit is a Split that can drop rows before it decodes all of their
// columns.
type FilteredSplit interface {
	Split
	// DecodeWhere hands filter a batch of the columns in [Want.First] and
	// decodes the others for the rows that it returns. Like Decode, it
	// returns a batch of all columns; its Tally counts the dropped rows too.
	DecodeWhere(ctx context.Context, t *Task, filter Apply) (Batch, error)
}

// Columns is a set of column names.
type Columns map[string]bool

// Step is one step of a job after its source: a [Stage] or a [Reducer].
type Step interface {
	// String is the step as the user would write it, for plans and errors,
	// such as `where price > 10`.
	String() string
}

// Stage transforms rows one by one: it filters, derives or selects.
type Stage interface {
	Step
	// Bind fixes the stage to the schema it will read. Every mistake of the
	// user surfaces here, all of them together (errors.Join).
	Bind(in *arrow.Schema) (BoundStage, error)
}

// BoundStage is a Stage that knows its input's schema. It is immutable and
// shared by all workers.
type BoundStage interface {
	// Schema is the schema of the stage's output.
	Schema() *arrow.Schema
	// Needs returns the input columns that are needed to compute the wanted
	// output columns.
	Needs(wanted Columns) Columns
	// InOrder reports whether the stage must see all batches in input order
	// from one goroutine (limit does); other stages run on every worker, in
	// any order.
	InOrder() bool
	// Open returns the function that one goroutine will call for its batches.
	Open(t *Task) (Apply, error)
}

// RowFilter is a BoundStage that drops rows and leaves the others as they are.
// It may then be bound to the columns it reads alone, to drop rows before the
// others are decoded.
type RowFilter interface {
	BoundStage
	// Reads returns the columns by which rows are dropped.
	Reads() Columns
}

// Coder is implemented by whoever reads batches and, for columns of type
// VARCHAR, takes codes in the place of values: a BoundReducer, a Sink, or a
// BoundStage that passes columns through. The record of a batch then has, for
// such a column, an array of type [Coded] or an ordinary one, from batch to
// batch, and the schema of the record says which.
type Coder interface {
	// Coded returns which columns of the input may come as codes, given
	// those that the reader of the output takes as codes; for a reducer or
	// a sink, which has none, all of its input.
	Coded(wanted Columns) Columns
}

// Coded is the type of VARCHAR columns in codes: a dictionary of the values of
// one batch, at most [CodesMax] of them, all different, and for each row the
// place of its value. NULL is a NULL code; no value of the dictionary is NULL.
var Coded = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.BinaryTypes.String}

// CodesMax is how many values the dictionary of a [Coded] column may have.
const CodesMax = 4096

// Apply transforms one batch. It takes ownership of b and returns a batch
// with b's Seq, Origin and Tally. Fault of a row: a [RowError]. A stage that
// wants no further input returns its last batch together with ErrStop.
type Apply func(b Batch) (Batch, error)

// Reducer combines rows: it aggregates, sorts, or drops duplicates. Its two
// halves are the same for many cores, spilling and incremental runs:
//
//	merge(partial(a), partial(b)) == merge(partial(a ++ b))
//
// for any split of the input, any order of states, any number of them.
type Reducer interface {
	Step
	// Bind fixes the reducer to the schema it will read. Every mistake of
	// the user surfaces here, all of them together (errors.Join).
	Bind(in *arrow.Schema) (BoundReducer, error)
}

// BoundReducer is a Reducer that knows its input's schema. It is immutable and
// shared by all workers.
type BoundReducer interface {
	// Schema is the schema of the result.
	Schema() *arrow.Schema
	// Partial is the schema of the state: an ordinary Arrow schema, so that
	// states can be merged, spilled, cached and shipped as record batches.
	Partial() *arrow.Schema
	// Needs returns the input columns that are needed to compute the wanted
	// output columns.
	Needs(wanted Columns) Columns
	// NewLocal returns an empty state for one worker.
	NewLocal(t *Task) (Local, error)
	// Merge combines states, whose batches it owns as it pulls them, and
	// emits the result in its final order. It may use t.Workers goroutines,
	// all of which have ended when it returns. The result does not depend
	// on the order or the number of states. Seq, Origin and Tally of emitted
	// batches are filled in by Run.
	Merge(ctx context.Context, t *Task, states iter.Seq2[Batch, error], emit Emit) error
}

// Local is the state one worker folds its rows into. Call order: Fold any
// number of times, then Flush, any number of rounds, then Close.
type Local interface {
	// Fold adds a batch of rows and takes ownership of it.
	Fold(b Batch) error
	// Bytes estimates the memory the state holds.
	Bytes() int64
	// Flush emits the state as batches of the Partial schema and leaves the
	// Local empty, ready for more rows. Nothing is emitted when no row was
	// folded.
	Flush(emit Emit) error
	// Close gives all memory back. It may be called at any time, and again.
	Close()
}

// Sink is where the result goes.
type Sink interface {
	// Begin starts an output of the given schema. Nothing is visible to
	// readers of the target until Commit.
	Begin(ctx context.Context, t *Task, schema *arrow.Schema) (Tx, error)
}

// Tx is one output being written, by one goroutine. Call order: Write any
// number of times, then Commit or Rollback. Defer Rollback right after Begin.
type Tx interface {
	// Write appends a batch and takes ownership of it. Batches come in
	// output order. It returns ErrStop when no more rows are wanted.
	Write(ctx context.Context, b Batch) error
	// Commit makes the whole output visible at once. After an error the
	// target is what it was before Begin.
	Commit(ctx context.Context) error
	// Rollback removes what was written. It does nothing after Commit has
	// succeeded.
	Rollback() error
}
