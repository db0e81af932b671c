// Package runmerge merges runs of record batches that are each in order, such as
// those that a sort or a group-by has spilled to disk, into one. In memory are one
// batch of each run and one batch of the result.
package runmerge

import (
	"bytes"
	"context"
	"iter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/transforms/internal/rowkey"
	"csvloom/transforms/internal/take"
)

const (
	// batchRowsMax bounds the rows of a batch of the result.
	batchRowsMax = 64 << 10
	// BatchBytes is a good size for batches of a result.
	BatchBytes = 4 << 20
)

// Order says what runs are and how they are merged.
type Order struct {
	// In is the schema of the runs; Out, that of the result, is its first
	// columns or all of them.
	In, Out *arrow.Schema
	// Keys are what rows are in order of, and Columns where these are in In.
	// No two rows have the same keys.
	Keys    []rowkey.Column
	Columns []int
	// Limit is how many rows are wanted; negative for all.
	Limit int64
	// BatchBytes is about how large batches of the result may be; one row may
	// be larger.
	BatchBytes int64
}

// Merge emits the rows of all runs in order. It takes ownership of every batch
// it pulls, and has ended every run when it returns.
func Merge(ctx context.Context, o Order, alloc memory.Allocator, runs []iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	encoder, err := rowkey.NewEncoder(o.Keys)
	if err != nil {
		return err
	}
	m := merge{Order: o, encoder: encoder, left: o.Limit}
	defer m.close()
	for _, r := range runs {
		next, stop := iter.Pull2(r)
		run := &run{next: next, stop: stop}
		m.runs = append(m.runs, run)
		ok, err := m.advance(run)
		if err != nil {
			return err
		}
		if ok {
			m.heads = append(m.heads, run)
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	for len(m.heads) > 0 && m.left != 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rec, err := m.batch(alloc)
		if err != nil {
			return err
		}
		if err := emit(pipeline.Batch{Record: rec}); err != nil {
			return err
		}
	}
	return nil
}

// run is a run being read, and the row that is its turn.
type run struct {
	next  func() (pipeline.Batch, error, bool)
	stop  func()
	chunk uint32 // place of the record at hand in merge.records
	keys  rowkey.Keys
	row   int
	word  uint64 // beginning of the row's key
}

func (r *run) key() []byte { return r.keys.Key(r.row) }

// merge merges runs through a heap of their heads.
type merge struct {
	Order
	encoder *rowkey.Encoder
	runs    []*run
	heads   []*run
	left    int64          // rows that are still wanted; negative for all
	records []arrow.Record // that the batch being made may refer to
	read    int64          // bytes of records that were begun since the last batch
	keys    []arrow.Array
}

func (m *merge) less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	if a.word != b.word {
		return a.word < b.word
	}
	return bytes.Compare(a.key(), b.key()) < 0
}

// sink moves the head at i down to its place in the heap.
func (m *merge) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(m.heads) {
			return
		}
		if right := child + 1; right < len(m.heads) && m.less(right, child) {
			child = right
		}
		if !m.less(child, i) {
			return
		}
		m.heads[i], m.heads[child] = m.heads[child], m.heads[i]
		i = child
	}
}

// advance loads the next record of a run that has rows; false at its end.
func (m *merge) advance(r *run) (bool, error) {
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
		m.read += recordBytes(b.Record)
		m.keys = m.keys[:0]
		for _, c := range m.Columns {
			m.keys = append(m.keys, b.Record.Column(c))
		}
		m.encoder.Encode(&r.keys, m.keys, int(b.Record.NumRows()))
		r.word = rowkey.Prefix(r.key())
		return true, nil
	}
}

func recordBytes(rec arrow.Record) (n int64) {
	for _, c := range rec.Columns() {
		n += int64(c.Data().SizeInBytes())
	}
	return n
}

// batch makes the next batch of the result and lets go of records that are
// used up.
func (m *merge) batch(alloc memory.Allocator) (arrow.Record, error) {
	n := batchRowsMax
	if m.left >= 0 {
		n = int(min(m.left, batchRowsMax))
	}
	refs := make([]take.Ref, 0, n)
	m.read = 0
	for len(refs) < n && len(m.heads) > 0 && m.read < m.BatchBytes {
		r := m.heads[0]
		refs = append(refs, take.Ref{Chunk: r.chunk, Row: uint32(r.row)})
		if r.row++; r.row < r.keys.Len() {
			r.word = rowkey.Prefix(r.key())
			m.sink(0)
			continue
		}
		ok, err := m.advance(r)
		if err != nil {
			return nil, err
		}
		if !ok {
			last := len(m.heads) - 1
			m.heads[0] = m.heads[last]
			m.heads = m.heads[:last]
		}
		m.sink(0)
	}
	if m.left >= 0 {
		m.left -= int64(len(refs))
	}
	rec, err := take.Records(alloc, m.Out, m.records, refs)
	m.forget()
	return rec, err
}

// forget releases the records that no head stands on.
func (m *merge) forget() {
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

func (m *merge) close() {
	for _, r := range m.runs {
		r.stop()
	}
	for _, rec := range m.records {
		rec.Release()
	}
}
