package pipeline

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"
)

// Collect is a Sink that hands every record of the result to f, in output
// order and from one goroutine. The record is released when f returns: call
// Retain to keep it. f returns ErrStop when it wants no more.
func Collect(f func(arrow.Record) error) Sink { return collector(f) }

type collector func(arrow.Record) error

func (c collector) Begin(context.Context, *Task, *arrow.Schema) (Tx, error) { return c, nil }

func (c collector) Write(_ context.Context, b Batch) error {
	defer b.Release()
	if b.Record.NumRows() == 0 {
		return nil
	}
	return c(b.Record)
}

func (c collector) Commit(context.Context) error { return nil }

func (c collector) Rollback() error { return nil }
