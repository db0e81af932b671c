package transforms

import (
	"context"
	"errors"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

// batchRowsMax bounds the rows of a batch that a reducer emits.
const batchRowsMax = 64 << 10

// keepRows returns b with the given rows only, which ascend. It takes ownership
// of b.
func keepRows(alloc memory.Allocator, b pipeline.Batch, rows []int32) (pipeline.Batch, error) {
	if int64(len(rows)) == b.Record.NumRows() {
		return b, nil
	}
	rec, err := take.Record(alloc, b.Record, rows)
	if err != nil {
		b.Release()
		return pipeline.Batch{}, err
	}
	origin := make([]int32, len(rows))
	for i, r := range rows {
		origin[i] = int32(b.OriginRow(int(r)))
	}
	b.Record.Release()
	b.Record, b.Rows = rec, origin
	return b, nil
}

// sliceRows returns rows from to to of b. It takes ownership of b.
func sliceRows(b pipeline.Batch, from, to int64) pipeline.Batch {
	if from == 0 && to == b.Record.NumRows() {
		return b
	}
	rec := b.Record.NewSlice(from, to)
	origin := make([]int32, to-from)
	for i := range origin {
		origin[i] = int32(b.OriginRow(int(from) + i))
	}
	b.Record.Release()
	b.Record, b.Rows = rec, origin
	return b
}

// linesOf appends the line of every row of b to dst[:0]. With b.Seq.Source it is
// the place of the row in the input.
func linesOf(dst []int64, b *pipeline.Batch) []int64 {
	dst = dst[:0]
	n := int(b.Record.NumRows())
	if b.Origin == nil {
		// Not the batch of a run; any ascending numbers order its rows.
		for i := range n {
			dst = append(dst, int64(b.Seq.Block)<<32+int64(b.OriginRow(i))+1)
		}
		return dst
	}
	for i := range n {
		dst = append(dst, b.Origin.Line(b.OriginRow(i)))
	}
	return dst
}

// recordBytes is the memory that a record refers to.
func recordBytes(rec arrow.Record) int64 {
	n := int64(0)
	for _, c := range rec.Columns() {
		for _, b := range c.Data().Buffers() {
			if b != nil {
				n += int64(b.Len())
			}
		}
	}
	return n
}

func releaseArrays(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}

func releaseRecords(recs []arrow.Record) {
	for _, r := range recs {
		r.Release()
	}
}

// emitTaken emits the rows that next names, batch by batch and in order, until
// it names none. The batches are gathered from recs, which have schema as their
// first columns, by t.Workers goroutines.
func emitTaken(ctx context.Context, t *pipeline.Task, schema *arrow.Schema, recs []arrow.Record, next func() []take.Ref, emit pipeline.Emit) error {
	return emitMade(ctx, t, next, func(refs []take.Ref) (arrow.Record, error) {
		return takeUsed(t.Alloc, schema, recs, refs)
	}, emit)
}

// emitMade is emitTaken for records that gather makes.
func emitMade(ctx context.Context, t *pipeline.Task, next func() []take.Ref, gather func([]take.Ref) (arrow.Record, error), emit pipeline.Emit) error {
	workers := max(t.Workers, 1)
	for {
		var g errgroup.Group
		made := make([][]arrow.Record, 0, workers)
		for len(made) < workers {
			refs := next()
			if len(refs) == 0 {
				break
			}
			i := len(made)
			made = append(made, nil)
			g.Go(func() (err error) {
				made[i], err = splitTaken(refs, gather)
				return err
			})
		}
		err := g.Wait()
		for _, rec := range slices.Concat(made...) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				rec.Release()
			} else {
				err = emit(pipeline.Batch{Record: rec})
			}
		}
		if err != nil || len(made) < workers {
			return err
		}
	}
}

// splitTaken gathers refs into one record, or more where their texts do not fit
// one.
func splitTaken(refs []take.Ref, gather func([]take.Ref) (arrow.Record, error)) ([]arrow.Record, error) {
	rec, err := gather(refs)
	if err == nil {
		return []arrow.Record{rec}, nil
	}
	if !errors.Is(err, take.ErrTooLarge) || len(refs) < 2 {
		return nil, err
	}
	first, err := splitTaken(refs[:len(refs)/2], gather)
	if err != nil {
		return nil, err
	}
	second, err := splitTaken(refs[len(refs)/2:], gather)
	if err != nil {
		releaseRecords(first)
		return nil, err
	}
	return append(first, second...), nil
}

// takeUsed gathers refs into one record, looking only at the records that they
// name.
func takeUsed(alloc memory.Allocator, schema *arrow.Schema, recs []arrow.Record, refs []take.Ref) (arrow.Record, error) {
	number := make(map[uint32]uint32)
	renumbered := make([]take.Ref, len(refs))
	var used []arrow.Record
	last, lastNumber := ^uint32(0), uint32(0)
	for i, r := range refs {
		if r.Chunk != last {
			n, ok := number[r.Chunk]
			if !ok {
				n = uint32(len(used))
				number[r.Chunk] = n
				used = append(used, recs[r.Chunk])
			}
			last, lastNumber = r.Chunk, n
		}
		renumbered[i] = take.Ref{Chunk: lastNumber, Row: r.Row}
	}
	return take.Records(alloc, schema, used, renumbered)
}

// flushRows emits rows of recs as states, in the order of refs.
func flushRows(alloc memory.Allocator, schema *arrow.Schema, recs []arrow.Record, refs []take.Ref, emit func(arrow.Record) error) error {
	next := chunked(refs)
	for refs := next(); len(refs) > 0; refs = next() {
		made, err := splitTaken(refs, func(refs []take.Ref) (arrow.Record, error) {
			return takeUsed(alloc, schema, recs, refs)
		})
		if err != nil {
			return err
		}
		if err := emitAll(made, emit); err != nil {
			return err
		}
	}
	return nil
}

// emitAll hands records to emit, or releases them after a fault.
func emitAll(recs []arrow.Record, emit func(arrow.Record) error) error {
	for i, rec := range recs {
		if err := emit(rec); err != nil {
			releaseRecords(recs[i+1:])
			return err
		}
	}
	return nil
}

// asState hands records to emit as batches.
func asState(emit pipeline.Emit) func(arrow.Record) error {
	return func(rec arrow.Record) error { return emit(pipeline.Batch{Record: rec}) }
}
