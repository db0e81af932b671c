package transforms

import (
	"context"
	"iter"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

// Merge merges the sorted runs. Only the keys of the records at the heads of
// runs are in memory at a time, beside the rows themselves.
func (s *boundSort) Merge(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	var recs []arrow.Record
	defer func() { releaseRecords(recs) }()
	for b, err := range states {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !b.Record.Schema().Equal(s.partial) {
			err = errState("sort")
		}
		if err != nil {
			b.Release()
			return err
		}
		if b.Record.NumRows() == 0 {
			b.Release()
			continue
		}
		recs = append(recs, b.Record)
	}
	m := newSortMerge(s, recs)
	left := s.limit
	if left < 0 {
		left = int64(^uint64(0) >> 1)
	}
	return emitTaken(ctx, t, s.schema, recs, func() []take.Ref {
		refs := m.next(int(min(left, batchRowsMax)))
		left -= int64(len(refs))
		return refs
	}, emit)
}

// mergeRun is a sequence of records that are in order one after the other,
// and where the merge stands in it.
type mergeRun struct {
	recs []uint32 // places in sortMerge.recs; the first is the one at hand
	keys sortKeys
	row  uint32
}

// sortMerge merges runs by a binary heap of their heads.
type sortMerge struct {
	bound *boundSort
	recs  []placed
	heap  []*mergeRun
}

// newSortMerge makes runs of the records. Records that come in order, as a
// worker's state does, make one run.
func newSortMerge(s *boundSort, recs []arrow.Record) *sortMerge {
	m := &sortMerge{bound: s, recs: make([]placed, len(recs))}
	var last sortKeys // of the last row of the record before
	for i, rec := range recs {
		m.recs[i] = newPlaced(rec)
		first := m.edge(rec, 0)
		if n := len(m.heap); n > 0 && compareHeads(&last, 0, &first, 0) <= 0 {
			m.heap[n-1].recs = append(m.heap[n-1].recs, uint32(i))
		} else {
			m.heap = append(m.heap, &mergeRun{recs: []uint32{uint32(i)}})
		}
		last = m.edge(rec, rec.NumRows()-1)
	}
	for _, r := range m.heap {
		r.keys = s.keysOf(&m.recs[r.recs[0]])
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m
}

// edge returns the keys of one row.
func (m *sortMerge) edge(rec arrow.Record, row int64) sortKeys {
	slice := rec.NewSlice(row, row+1)
	defer slice.Release()
	p := newPlaced(slice)
	k := m.bound.keysOf(&p)
	k.rows = &placed{sources: slices.Clone(p.sources), lines: slices.Clone(p.lines)}
	return k
}

func (m *sortMerge) less(i, j int) bool {
	a, b := m.heap[i], m.heap[j]
	return compareHeads(&a.keys, a.row, &b.keys, b.row) < 0
}

// sink moves the run at i down to its place in the heap.
func (m *sortMerge) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(m.heap) {
			return
		}
		if right := child + 1; right < len(m.heap) && m.less(right, child) {
			child = right
		}
		if !m.less(child, i) {
			return
		}
		m.heap[i], m.heap[child] = m.heap[child], m.heap[i]
		i = child
	}
}

// next names the next n rows, fewer at the end.
func (m *sortMerge) next(n int) []take.Ref {
	refs := make([]take.Ref, 0, n)
	for len(refs) < n && len(m.heap) > 0 {
		run := m.heap[0]
		refs = append(refs, take.Ref{Chunk: run.recs[0], Row: run.row})
		run.row++
		if int(run.row) == len(run.keys.words) {
			run.recs, run.row = run.recs[1:], 0
			if len(run.recs) == 0 {
				end := len(m.heap) - 1
				m.heap[0] = m.heap[end]
				m.heap = m.heap[:end]
			} else {
				run.keys = m.bound.keysOf(&m.recs[run.recs[0]])
			}
		}
		m.sink(0)
	}
	return refs
}
