package transforms

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"csvloom/pipeline"
	"csvloom/transforms/internal/runmerge"
	"csvloom/transforms/internal/take"
)

// Merge sorts all rows: each goroutine a share of them, and then these are
// merged. Rows are packed meanwhile, so that gathering them in order is a look
// at one place in memory for a row and not at one for each column.
func (s *boundSort) Merge(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	recs, err := s.statesOf(ctx, states)
	if err != nil {
		return err
	}
	return s.emitSorted(ctx, t, recs, s.rowLayout, batchRowsMax, emit)
}

// statesOf pulls all states that have rows.
func (s *boundSort) statesOf(ctx context.Context, states iter.Seq2[pipeline.Batch, error]) ([]placed, error) {
	var recs []placed
	for b, err := range states {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !b.Record.Schema().Equal(s.partial) {
			err = errState("sort")
		}
		if err != nil {
			b.Release()
			releasePlaced(recs)
			return nil, err
		}
		if b.Record.NumRows() == 0 {
			b.Release()
			continue
		}
		recs = append(recs, newPlaced(b.Record))
	}
	return recs, nil
}

// SortStates emits states as one run in the order of the result; see
// pipeline.RunSpiller.
func (s *boundSort) SortStates(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	recs, err := s.statesOf(ctx, states)
	if err != nil {
		return err
	}
	rows, held := int64(0), int64(0)
	for i := range recs {
		rows += recs[i].rec.NumRows()
		held += recordBytes(recs[i].rec)
	}
	batchRows := min(max(pipeline.RunBatchBytes/(held/max(rows, 1)+1), 1), batchRowsMax)
	return s.emitSorted(ctx, t, recs, s.stateLayout, batchRows, emit)
}

// emitSorted takes ownership of records and emits the columns of layout of their
// rows in order, no more than the limit.
func (s *boundSort) emitSorted(ctx context.Context, t *pipeline.Task, recs []placed, layout *take.Layout, batchRows int64, emit pipeline.Emit) error {
	sorted, err := s.sortParts(t.Alloc, max(t.Workers, 1), recs, layout)
	if err != nil {
		return err
	}
	defer sorted.release()
	left := s.limit
	if left < 0 {
		left = math.MaxInt64
	}
	return emitMade(ctx, t, func() []take.Ref {
		refs := sorted.next(int(min(left, batchRows)))
		left -= int64(len(refs))
		return refs
	}, sorted.gather(t.Alloc, layout), emit)
}

// sortedRows are rows sorted in parts, which are merged as they are asked for.
type sortedRows struct {
	parts []*sortPart
	bases []uint32 // of each part: the number of its first piece among all
	heap  []int    // places in parts; the first has the row that is next
}

// sortParts takes ownership of the records and sorts their rows. They are packed
// by layout, which has the first columns or all of the state, unless it is nil.
func (s *boundSort) sortParts(alloc memory.Allocator, workers int, recs []placed, layout *take.Layout) (*sortedRows, error) {
	ascending := inputOrder(recs)
	shares := shareRecords(recs, workers, pieceRows(layout))
	sorted := &sortedRows{parts: make([]*sortPart, len(shares))}
	var g errgroup.Group
	g.SetLimit(workers)
	for i, share := range shares {
		g.Go(func() error {
			sorted.parts[i] = newSortPart(alloc, s, share, layout, ascending)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	base := uint32(0)
	for i, p := range sorted.parts {
		sorted.bases = append(sorted.bases, base)
		base += uint32(p.pieces)
		if p.load() {
			sorted.heap = append(sorted.heap, i)
		}
	}
	for i := len(sorted.heap)/2 - 1; i >= 0; i-- {
		sorted.sink(i)
	}
	return sorted, nil
}

// shareRecords cuts the list of records into shares of about the same number of
// rows, and of no more pieces than a part can number.
func shareRecords(recs []placed, workers int, pieceRows int64) [][]placed {
	total := int64(0)
	for i := range recs {
		total += int64(len(recs[i].lines))
	}
	share := (total + int64(workers) - 1) / int64(workers)
	var shares [][]placed
	for len(recs) > 0 {
		n, rows, pieces := 0, int64(0), int64(0)
		for n < len(recs) && (n == 0 || rows < share) {
			more := int64(len(recs[n].lines))
			if pieces += (more + pieceRows - 1) / pieceRows; pieces > piecesMax && n > 0 {
				break
			}
			rows += more
			n++
		}
		shares = append(shares, recs[:n])
		recs = recs[n:]
	}
	return shares
}

func (s *sortedRows) less(i, j int) bool {
	a, b := s.heap[i], s.heap[j]
	if c := compareHeads(s.parts[a], s.parts[b]); c != 0 {
		return c < 0
	}
	return a < b
}

// sink moves the part at i down to its place in the heap.
func (s *sortedRows) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			return
		}
		if right := child + 1; right < len(s.heap) && s.less(right, child) {
			child = right
		}
		if !s.less(child, i) {
			return
		}
		s.heap[i], s.heap[child] = s.heap[child], s.heap[i]
		i = child
	}
}

// next names the next n rows, fewer at the end: chunks are the pieces of all
// parts.
func (s *sortedRows) next(n int) []take.Ref {
	refs := make([]take.Ref, 0, n)
	for len(refs) < n && len(s.heap) > 0 {
		at := s.heap[0]
		p := s.parts[at]
		id := p.ids[p.at]
		refs = append(refs, take.Ref{Chunk: s.bases[at] + id>>pieceBits, Row: id % pieceRowMax})
		p.at++
		if !p.load() {
			end := len(s.heap) - 1
			s.heap[0] = s.heap[end]
			s.heap = s.heap[:end]
		}
		s.sink(0)
	}
	return refs
}

// gather returns the function that makes a record of rows that next has named.
func (s *sortedRows) gather(alloc memory.Allocator, layout *take.Layout) func([]take.Ref) (arrow.Record, error) {
	var packed []*take.Packed
	for _, p := range s.parts {
		packed = append(packed, p.packed...)
	}
	from := layout.Gatherer(packed)
	return func(refs []take.Ref) (arrow.Record, error) { return from.Record(alloc, refs) }
}

// records are the pieces, where they are not packed.
func (s *sortedRows) records() []arrow.Record {
	var recs []arrow.Record
	for _, p := range s.parts {
		for i := range p.recs {
			recs = append(recs, p.recs[i].rec)
		}
	}
	return recs
}

func (s *sortedRows) release() {
	for _, p := range s.parts {
		p.release()
	}
}

// MergeStates merges runs of states, each in the order of the result, into one.
func (s *boundSort) MergeStates(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return s.mergeRuns(ctx, t, s.partial, pipeline.RunBatchBytes, runs, emit)
}

// MergeRuns merges runs of states, each in the order of the result, into the
// result.
func (s *boundSort) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return s.mergeRuns(ctx, t, s.schema, runmerge.BatchBytes, runs, emit)
}

func (s *boundSort) mergeRuns(ctx context.Context, t *pipeline.Task, out *arrow.Schema, batchBytes int64, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	n := s.partial.NumFields()
	return runmerge.Merge(ctx, runmerge.Order{
		In: s.partial, Out: out,
		Keys:    slices.Concat(s.keys, placeKeys),
		Columns: append(slices.Clone(s.columns), n-2, n-1),
		Limit:   s.limit, BatchBytes: batchBytes,
	}, t.Alloc, runs, emit)
}
