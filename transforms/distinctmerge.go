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
			err = d.check(ctx, &b)
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

func (d *boundDistinct) check(ctx context.Context, b *pipeline.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
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

// MergePartition keeps the first row of each key of a partition. It holds no
// row of a key that it has met before.
func (d *boundDistinct) MergePartition(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	var f firsts
	if err := f.reset(d); err != nil {
		return err
	}
	defer func() { releaseRecords(f.recs) }()
	for b, err := range states {
		if err == nil {
			err = d.check(ctx, &b)
		}
		if err != nil {
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
			some, err := take.Record(t.Alloc, rec, f.fresh)
			rec.Release()
			if err != nil {
				return err
			}
			f.add(some)
		}
	}
	return flushRows(t.Alloc, d.placed, f.recs, refsOf(byPlace(f.rows)), asState(emit))
}

// MergeRuns puts the results of all partitions in input order.
func (d *boundDistinct) MergeRuns(ctx context.Context, t *pipeline.Task, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	n := d.placed.NumFields()
	return runmerge.Merge(ctx, runmerge.Order{
		In: d.placed, Out: d.schema,
		Keys: slices.Clone(placeKeys), Columns: []int{n - 2, n - 1},
		Limit: -1, BatchBytes: runmerge.BatchBytes,
	}, t.Alloc, runs, emit)
}

// placeKeys order rows by their places.
var placeKeys = []rowkey.Column{{Type: arrow.PrimitiveTypes.Int64}, {Type: arrow.PrimitiveTypes.Int64}}
