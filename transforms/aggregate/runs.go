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
// Without keys all states are of one of them.
func (p *Plan) Partitions() int { return partitionCount }

// RunSchema is the schema of the result of a partition, which is that of the
// result.
func (p *Plan) RunSchema() *arrow.Schema { return p.schema }

// NewMerger returns what merges the states of a partition.
func (p *Plan) NewMerger(t *pipeline.Task, level int) (pipeline.Merger, error) {
	table, err := p.NewTable(t.Alloc)
	if err != nil {
		return nil, err
	}
	table.level = level + 1
	return &partitionMerger{table, t}, nil
}

// partitionMerger is a table of states.
type partitionMerger struct {
	*Table
	task *pipeline.Task
}

func (m *partitionMerger) Add(b pipeline.Batch) error {
	if err := m.plan.checkState(&b); err != nil {
		b.Release()
		return err
	}
	return m.combineOne(b.Record, 0, 1)
}

func (m *partitionMerger) Keys() int { return m.grouping.len() }

func (m *partitionMerger) Finish(ctx context.Context, emit pipeline.Emit) error {
	return m.plan.emitTables(ctx, m.task, []*Table{m.Table}, emit)
}

func (m *partitionMerger) Close() {}

// MergeStates is MergeRuns: runs are parts of the result.
func (p *Plan) MergeStates(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return p.mergeRuns(ctx, t, pipeline.RunBatchBytes, runs, emit)
}

// MergeRuns merges the results of partitions, each in key order, into one
// result in key order. It takes ownership of every batch it pulls. In memory
// are one batch of each run and one batch of the result.
func (p *Plan) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return p.mergeRuns(ctx, t, runmerge.BatchBytes, runs, emit)
}

func (p *Plan) mergeRuns(ctx context.Context, t *pipeline.Task, batchBytes int64, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	order := runmerge.Order{In: p.schema, Out: p.schema, Limit: -1, BatchBytes: batchBytes}
	for i, t := range p.types {
		order.Keys = append(order.Keys, rowkey.Column{Type: t})
		order.Columns = append(order.Columns, i)
	}
	return runmerge.Merge(ctx, order, t.Alloc, runs, emit)
}
