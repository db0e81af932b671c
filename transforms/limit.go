package transforms

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
)

// limit passes on a range of rows.
type limit struct{ rows, offset int64 }

// Limit returns the stage that skips offset rows, passes on at most n, and then
// wants no more. Both count in the order of the rows; a negative number counts
// as 0.
func Limit(n, offset int64) pipeline.Stage {
	return limit{max(n, 0), max(offset, 0)}
}

func (l limit) String() string {
	if l.offset == 0 {
		return fmt.Sprintf("limit %d", l.rows)
	}
	return fmt.Sprintf("limit %d offset %d", l.rows, l.offset)
}

func (l limit) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	return boundLimit{l, in}, nil
}

type boundLimit struct {
	limit
	schema *arrow.Schema
}

func (l boundLimit) Schema() *arrow.Schema                          { return l.schema }
func (l boundLimit) InOrder() bool                                  { return true }
func (l boundLimit) Needs(wanted pipeline.Columns) pipeline.Columns { return wanted }

func (l boundLimit) Open(*pipeline.Task) (pipeline.Apply, error) {
	skip, left := l.offset, l.rows
	return func(b pipeline.Batch) (pipeline.Batch, error) {
		n := b.Record.NumRows()
		from := min(skip, n)
		skip -= from
		to := from + min(left, n-from)
		left -= to - from
		b = sliceRows(b, from, to)
		if left == 0 {
			return b, pipeline.ErrStop
		}
		return b, nil
	}, nil
}
