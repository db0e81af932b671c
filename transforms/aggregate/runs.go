package aggregate

import (
	"context"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/runmerge"
)

// Partitions is how many hash partitions states have; see pipeline.Spiller.
func (p *Plan) Partitions() int {
	if len(p.keys) == 0 {
		return 1
	}
	return partitionCount
}

// RunSchema is the schema of the result of a partition, which is that of the
// result.
func (p *Plan) RunSchema() *arrow.Schema { return p.schema }

// MergePartition merges the states of one partition.
func (p *Plan) MergePartition(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return p.Merge(ctx, t, states, emit)
}

// MergeRuns merges the results of partitions, each in key order, into one
// result in key order. It takes ownership of every batch it pulls. In memory
// are one batch of each run and one batch of the result.
func (p *Plan) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	order := runmerge.Order{In: p.schema, Out: p.schema, Limit: -1, BatchBytes: runmerge.BatchBytes}
	for i, t := range p.types {
		order.Keys = append(order.Keys, rowkey.Column{Type: t})
		order.Columns = append(order.Columns, i)
	}
	return runmerge.Merge(ctx, order, t.Alloc, runs, emit)
}
