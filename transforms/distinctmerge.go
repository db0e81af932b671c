package transforms

import (
	"context"
	"iter"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"csvloom/pipeline"
	"csvloom/transforms/aggregate"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/runmerge"
	"csvloom/transforms/internal/take"
)

// Merge keeps the first row of each key: each goroutine among the keys of some
// hash partitions. It holds all states.
func (d *boundDistinct) Merge(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	var recs []arrow.Record
	var partitions [][]uint8
	defer func() { releaseRecords(recs) }()
	for b, err := range states {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = d.check(&b)
		}
		if err != nil {
			b.Release()
			return err
		}
		partitions = append(partitions, b.Record.Column(0).(*array.Uint8).Uint8Values())
		recs = append(recs, withoutPartitions(d.placed, b.Record))
	}
	workers := min(max(t.Workers, 1), aggregate.PartitionCount)
	found := make([]firsts, workers)
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			f := &found[w]
			if err := f.reset(d); err != nil {
				return err
			}
			from, to := w*aggregate.PartitionCount/workers, (w+1)*aggregate.PartitionCount/workers
			for i, rec := range recs {
				if err := ctx.Err(); err != nil {
					return err
				}
				lo := sort.Search(len(partitions[i]), func(r int) bool { return int(partitions[i][r]) >= from })
				hi := sort.Search(len(partitions[i]), func(r int) bool { return int(partitions[i][r]) >= to })
				f.meetSlice(d, uint32(i), rec, lo, hi)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var rows []first
	for i := range found {
		rows = append(rows, found[i].rows...)
	}
	rows = byPlace(rows)
	return emitTaken(ctx, t, d.schema, recs, chunked(refsOf(rows)), emit)
}

func (d *boundDistinct) check(b *pipeline.Batch) error {
	if !b.Record.Schema().Equal(d.partial) {
		return errState("distinct")
	}
	return nil
}

// meetSlice meets rows lo to hi of a record, which is number chunk and is kept
// as a whole by the caller.
func (f *firsts) meetSlice(d *boundDistinct, chunk uint32, rec arrow.Record, lo, hi int) {
	if lo == hi {
		return
	}
	slice := rec.NewSlice(int64(lo), int64(hi))
	defer slice.Release()
	p := newPlaced(slice)
	f.number(d, slice)
	for i, number := range f.numbers {
		at, row := p.place(uint32(i)), &f.rows[number]
		if row.line == 0 || at.compare(row.place) < 0 {
			*row = first{at, take.Ref{Chunk: chunk, Row: uint32(lo + i)}}
		}
	}
}

// Partitions is how many hash partitions states have; see pipeline.Spiller.
func (d *boundDistinct) Partitions() int { return aggregate.PartitionCount }

// RunSchema is the schema of the result of a partition: rows and their places.
func (d *boundDistinct) RunSchema() *arrow.Schema { return d.placed }

// NewMerger returns what merges the states of a partition.
func (d *boundDistinct) NewMerger(t *pipeline.Task, level int) (pipeline.Merger, error) {
	m := &distinctMerger{distinctLocal{bound: d, task: t, level: level + 1}}
	return m, m.firsts.reset(d)
}

// distinctMerger keeps the first row of each key of a partition. It holds no row
// of a key that it has met before.
type distinctMerger struct{ distinctLocal }

func (m *distinctMerger) Keys() int { return len(m.firsts.rows) }

func (m *distinctMerger) Add(b pipeline.Batch) error {
	d, f := m.bound, &m.firsts
	if err := d.check(&b); err != nil {
		b.Release()
		return err
	}
	rec := withoutPartitions(d.placed, b.Record)
	p := newPlaced(rec)
	f.meet(d, rec, func(i int) place { return p.place(uint32(i)) })
	switch len(f.fresh) {
	case 0:
		rec.Release()
	case len(f.numbers):
		f.add(rec)
	default:
		defer rec.Release()
		some, err := take.Record(m.task.Alloc, rec, f.fresh)
		if err != nil {
			return err
		}
		f.add(some)
	}
	return nil
}

func (m *distinctMerger) Finish(ctx context.Context, emit pipeline.Emit) error {
	refs := refsOf(byPlace(m.firsts.rows))
	return flushRows(m.task.Alloc, m.bound.placed, m.firsts.recs, refs, func(rec arrow.Record) error {
		if err := ctx.Err(); err != nil {
			rec.Release()
			return err
		}
		return emit(pipeline.Batch{Record: rec})
	})
}

// MergeStates merges runs of rows and their places into one, by place.
func (d *boundDistinct) MergeStates(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return d.mergeRuns(ctx, t, d.placed, pipeline.RunBatchBytes, runs, emit)
}

// MergeRuns puts the results of all partitions in input order.
func (d *boundDistinct) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	return d.mergeRuns(ctx, t, d.schema, runmerge.BatchBytes, runs, emit)
}

func (d *boundDistinct) mergeRuns(ctx context.Context, t *pipeline.Task, out *arrow.Schema, batchBytes int64, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	n := d.placed.NumFields()
	return runmerge.Merge(ctx, runmerge.Order{
		In: d.placed, Out: out,
		Keys: slices.Clone(placeKeys), Columns: []int{n - 2, n - 1},
		Limit: -1, BatchBytes: batchBytes,
	}, t.Alloc, runs, emit)
}

// placeKeys order rows by their places.
var placeKeys = []rowkey.Column{{Type: arrow.PrimitiveTypes.Int64}, {Type: arrow.PrimitiveTypes.Int64}}
