package aggregate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"golang.org/x/sync/errgroup"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

const (
	// soloRows is up to how many rows of states one goroutine merges alone:
	// starting others would take longer.
	soloRows = 16 << 10
	// mergeQueueBatches bounds the states that wait for one merging goroutine.
	mergeQueueBatches = 4
)

// Merge combines states, which are batches of the plan's Partial schema, and
// emits the result in key order: ascending, NULLs last. It takes ownership of
// every batch it pulls. See pipeline.BoundReducer.
func (p *Plan) Merge(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	tables, err := p.combineAll(ctx, t, states)
	if err != nil {
		return err
	}
	return p.emitTables(ctx, t, tables, emit)
}

// emitTables emits the result of tables that have no group in common.
func (p *Plan) emitTables(ctx context.Context, t *pipeline.Task, tables []*Table, emit pipeline.Emit) error {
	if len(p.keys) == 0 {
		tables[0].grouping.none = 1
		tables[0].room()
	}
	var g errgroup.Group
	for _, table := range tables {
		g.Go(table.finish)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	groupings := make([]*grouping, len(tables))
	for i, table := range tables {
		groupings[i] = table.grouping
	}
	return p.emitOrdered(ctx, t, tables, orderGroups(groupings), emit)
}

// checkState says when a state is of another plan.
func (p *Plan) checkState(b *pipeline.Batch) error {
	if b.Record.Schema().Equal(p.partial) {
		return nil
	}
	return fmt.Errorf("aggregate: a partial state has the schema of another group-by or version: %v", b.Record.Schema())
}

// combineAll folds all states into tables: one, or if there is much to do, one
// for each goroutine, which have the groups of different hash partitions.
func (p *Plan) combineAll(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error]) ([]*Table, error) {
	workers := min(max(t.Workers, 1), partitionCount)
	if len(p.keys) == 0 {
		workers = 1
	}
	tables := make([]*Table, workers)
	for i := range tables {
		var err error
		if tables[i], err = p.NewTable(t.Alloc); err != nil {
			return nil, err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	queues := make([]chan arrow.Record, workers)
	start := func() {
		for w := range queues {
			queues[w] = make(chan arrow.Record, mergeQueueBatches)
			g.Go(func() error { return tables[w].combineFrom(ctx, queues[w], w, workers) })
		}
	}
	var first []arrow.Record // until it is clear whether there is much to do
	rows := int64(0)
	started := false
	share := func(rec arrow.Record) error {
		defer rec.Release()
		for _, q := range queues {
			rec.Retain()
			select {
			case q <- rec:
			case <-ctx.Done():
				rec.Release()
				return ctx.Err()
			}
		}
		return nil
	}
	var err error
	for b, e := range states {
		if err = e; err != nil {
			break
		}
		if err = p.checkState(&b); err != nil {
			b.Release()
			break
		}
		if started {
			if err = share(b.Record); err != nil {
				break
			}
			continue
		}
		first = append(first, b.Record)
		if rows += b.Record.NumRows(); rows > soloRows && workers > 1 {
			start()
			started = true
			for len(first) > 0 && err == nil {
				err = share(first[0])
				first = first[1:]
			}
			if err != nil {
				break
			}
		} else if workers == 1 {
			err = tables[0].combineOne(b.Record, 0, 1)
			first = first[:0]
			if err != nil {
				break
			}
		}
	}
	for _, rec := range first {
		if err == nil {
			err = tables[0].combineOne(rec, 0, 1)
		} else {
			rec.Release()
		}
	}
	if !started {
		if err == nil {
			err = ctx.Err()
		}
		return tables[:1], err
	}
	for _, q := range queues {
		close(q)
	}
	// A worker's own fault comes before what it did to the others.
	if e := g.Wait(); e != nil {
		err = e
	}
	return tables, err
}

// combineFrom combines worker w's part of the records in queue until that is
// closed. It empties the queue also after a fault.
func (t *Table) combineFrom(ctx context.Context, queue <-chan arrow.Record, w, workers int) error {
	var err error
	for rec := range queue {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			rec.Release()
			continue
		}
		err = t.combineOne(rec, w, workers)
	}
	return err
}

// combineOne combines worker w's part of a record, which it releases.
func (t *Table) combineOne(rec arrow.Record, w, workers int) error {
	defer rec.Release()
	if workers == 1 {
		return t.combine(rec, 0, int(rec.NumRows()))
	}
	partitions := rec.Column(0).(*array.Uint8).Uint8Values()
	at := func(w int) int {
		p := uint8(w * partitionCount / workers)
		return sort.Search(len(partitions), func(i int) bool { return partitions[i] >= p })
	}
	lo, hi := at(w), len(partitions)
	if w+1 < workers {
		hi = at(w + 1)
	}
	if lo == hi {
		return nil
	}
	return t.combine(rec, lo, hi)
}

// emitOrdered emits the results of the given groups. Batches are made by
// t.Workers goroutines and emitted in order.
func (p *Plan) emitOrdered(ctx context.Context, t *pipeline.Task, tables []*Table, order []groupRef, emit pipeline.Emit) error {
	workers := max(t.Workers, 1)
	for len(order) > 0 {
		records := make([]arrow.Record, 0, workers)
		errs := make([]error, workers)
		var g errgroup.Group
		for len(records) < workers && len(order) > 0 {
			rows := chunkRows(tables, order)
			chunk, i := order[:rows], len(records)
			order = order[rows:]
			records = append(records, nil)
			g.Go(func() error {
				records[i], errs[i] = p.record(t, tables, chunk)
				return nil
			})
			if workers == 1 {
				break
			}
		}
		_ = g.Wait() // faults are in errs, by place
		for i, rec := range records {
			err := errs[i]
			if err == nil {
				if err = ctx.Err(); err != nil {
					rec.Release()
				} else {
					err = emit(pipeline.Batch{Record: rec})
				}
			}
			if err != nil {
				for _, r := range records[i+1:] {
					if r != nil {
						r.Release()
					}
				}
				return err
			}
		}
	}
	return nil
}

// chunkRows returns how many of the groups make one batch.
func chunkRows(tables []*Table, order []groupRef) int {
	rows := min(len(order), batchRowsMax)
	for call := range tables[0].plan.states {
		if _, ok := tables[0].states[call].(sized); !ok {
			continue
		}
		total := int64(0)
		for i, r := range order[:rows] {
			if total += tables[r.table].states[call].(sized).size(r.group); total > batchBytesAim && i > 0 {
				rows = i
				break
			}
		}
	}
	return rows
}

// record makes a batch of the result. The groups of each table are made into
// columns at once, and these are then merged.
func (p *Plan) record(t *pipeline.Task, tables []*Table, order []groupRef) (arrow.Record, error) {
	groups := make([][]uint32, len(tables))
	refs := make([]take.Ref, len(order))
	for i, r := range order {
		refs[i] = take.Ref{Chunk: r.table, Row: uint32(len(groups[r.table]))}
		groups[r.table] = append(groups[r.table], r.group)
	}
	parts := make([][]arrow.Array, len(tables))
	defer func() {
		for _, part := range parts {
			releaseAll(part)
		}
	}()
	// The fault reported is the same however the groups are spread: that of
	// the first call, and there of the first group.
	var fault error
	var faultCall, faultRow int
	for i, table := range tables {
		var call int
		var err error
		if parts[i], call, err = table.results(groups[i]); err == nil {
			continue
		}
		row := 0
		if g := (*groupError)(nil); errors.As(err, &g) {
			row = slices.Index(order, groupRef{uint32(i), g.group})
		}
		if fault == nil || call < faultCall || call == faultCall && row < faultRow {
			fault, faultCall, faultRow = table.explain(err, call), call, row
		}
	}
	if fault != nil {
		return nil, fault
	}
	if len(tables) == 1 {
		return array.NewRecord(p.schema, parts[0], int64(len(order))), nil
	}
	var columns []arrow.Array
	defer func() { releaseAll(columns) }()
	for c, f := range p.schema.Fields() {
		chunks := make([]arrow.Array, len(tables))
		for i := range tables {
			chunks[i] = parts[i][c]
		}
		a, err := take.Chunks(t.Alloc, chunks, f.Type, refs)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		columns = append(columns, a)
	}
	return array.NewRecord(p.schema, slices.Clone(columns), int64(len(order))), nil
}
