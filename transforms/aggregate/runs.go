package aggregate

import (
	"bytes"
	"container/heap"
	"context"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

// Partitions is how many hash partitions states have; see pipeline.Spiller.
func (p *Plan) Partitions() int {
	if len(p.keys) == 0 {
		return 1
	}
	return partitionCount
}

// MergeRuns merges the results of partitions, each in key order, into one
// result in key order. It takes ownership of every batch it pulls. In memory
// are one batch of each run and one batch of the result.
func (p *Plan) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	columns := make([]rowkey.Column, len(p.types))
	for i, t := range p.types {
		columns[i].Type = t
	}
	encoder, err := rowkey.NewEncoder(columns)
	if err != nil {
		return err
	}
	m := runMerge{plan: p, encoder: encoder}
	defer m.close()
	for _, r := range runs {
		next, stop := iter.Pull2(r)
		run := &resultRun{next: next, stop: stop}
		m.runs = append(m.runs, run)
		ok, err := m.advance(run)
		if err != nil {
			return err
		}
		if ok {
			m.heads = append(m.heads, run)
		}
	}
	heap.Init(&m.heads)
	for len(m.heads) > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		rec, err := m.batch(t)
		if err != nil {
			return err
		}
		if err := emit(pipeline.Batch{Record: rec}); err != nil {
			return err
		}
	}
	return nil
}

// resultRun is the result of one partition being read, and the row that is its
// turn.
type resultRun struct {
	next  func() (pipeline.Batch, error, bool)
	stop  func()
	chunk uint32 // place of the record at hand in runMerge.records
	keys  rowkey.Keys
	row   int
}

// runMerge merges runs through a heap of their heads.
type runMerge struct {
	plan    *Plan
	encoder *rowkey.Encoder
	runs    []*resultRun
	heads   runHeap
	records []arrow.Record // that the batch being made may refer to
	keys    []arrow.Array
}

type runHeap []*resultRun

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	return bytes.Compare(h[i].keys.Key(h[i].row), h[j].keys.Key(h[j].row)) < 0
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*resultRun)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// advance loads the next record of a run that has rows; false at its end.
func (m *runMerge) advance(r *resultRun) (bool, error) {
	for {
		b, err, ok := r.next()
		if err != nil || !ok {
			return false, err
		}
		if b.Record.NumRows() == 0 {
			b.Release()
			continue
		}
		r.chunk, r.row = uint32(len(m.records)), 0
		m.records = append(m.records, b.Record)
		m.keys = m.keys[:0]
		for i := range m.plan.types {
			m.keys = append(m.keys, b.Record.Column(i))
		}
		m.encoder.Encode(&r.keys, m.keys, int(b.Record.NumRows()))
		return true, nil
	}
}

// batch makes the next batch of the result and lets go of records that are
// used up.
func (m *runMerge) batch(t *pipeline.Task) (arrow.Record, error) {
	refs := make([]take.Ref, 0, batchRowsMax)
	for len(refs) < batchRowsMax && len(m.heads) > 0 {
		r := m.heads[0]
		refs = append(refs, take.Ref{Chunk: r.chunk, Row: uint32(r.row)})
		if r.row++; r.row < r.keys.Len() {
			heap.Fix(&m.heads, 0)
			continue
		}
		ok, err := m.advance(r)
		if err != nil {
			return nil, err
		}
		if ok {
			heap.Fix(&m.heads, 0)
		} else {
			heap.Pop(&m.heads)
		}
	}
	rec, err := take.Records(t.Alloc, m.plan.schema, m.records, refs)
	m.forget()
	return rec, err
}

// forget releases the records that no head stands on.
func (m *runMerge) forget() {
	kept := make([]arrow.Record, 0, len(m.heads))
	for _, r := range m.heads {
		rec := m.records[r.chunk]
		m.records[r.chunk] = nil
		r.chunk = uint32(len(kept))
		kept = append(kept, rec)
	}
	for _, rec := range m.records {
		if rec != nil {
			rec.Release()
		}
	}
	m.records = kept
}

func (m *runMerge) close() {
	for _, r := range m.runs {
		r.stop()
	}
	for _, rec := range m.records {
		rec.Release()
	}
}
