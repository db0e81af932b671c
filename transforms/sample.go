package transforms

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

// placeHash is a hash of a row's place under a seed: what decides whether the
// row is in a sample, so that block sizes and workers do not.
func placeHash(seed uint64, p place) uint64 {
	return mix(mix(mix(seed^0x9e3779b97f4a7c15)^uint64(p.source)) ^ uint64(p.line))
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// sampleFraction keeps each row with some probability.
type sampleFraction struct {
	fraction float64
	seed     uint64
}

// SampleFraction returns the stage that keeps each row with probability f, 0
// to 1. Which rows it keeps depends on the seed and the rows' places in the
// input.
func SampleFraction(f float64, seed uint64) (pipeline.Stage, error) {
	if !(f >= 0 && f <= 1) {
		return nil, fmt.Errorf("sample: the fraction is %v, expected 0 to 1", f)
	}
	return sampleFraction{f, seed}, nil
}

func (s sampleFraction) String() string {
	return fmt.Sprintf("sample %v%% seed %d", s.fraction*100, s.seed)
}

func (s sampleFraction) Bind(in *arrow.Schema) (pipeline.BoundStage, error) {
	return boundFraction{s, in}, nil
}

type boundFraction struct {
	sampleFraction
	schema *arrow.Schema
}

func (s boundFraction) Schema() *arrow.Schema                          { return s.schema }
func (s boundFraction) InOrder() bool                                  { return false }
func (s boundFraction) Needs(wanted pipeline.Columns) pipeline.Columns { return wanted }

func (s boundFraction) Open(t *pipeline.Task) (pipeline.Apply, error) {
	// A row is kept if its hash, as a fraction of 2^64, is below s.fraction.
	whole := s.fraction == 1
	bound := uint64(math.Ldexp(min(s.fraction, 0.5), 64))
	if s.fraction > 0.5 {
		bound = uint64(math.Ldexp(s.fraction-0.5, 64)) + 1<<63
	}
	var lines []int64
	var rows []int32
	return func(b pipeline.Batch) (pipeline.Batch, error) {
		if whole {
			return b, nil
		}
		lines = linesOf(lines, &b)
		rows = rows[:0]
		for i, line := range lines {
			if placeHash(s.seed, place{int64(b.Seq.Source), line}) < bound {
				rows = append(rows, int32(i))
			}
		}
		return keepRows(t.Alloc, b, rows)
	}, nil
}

// sampleRows keeps a number of rows.
type sampleRows struct {
	rows int64
	seed uint64
}

// sampleRowsMax bounds a sample, whose rows are all in memory at the end.
const sampleRowsMax = 1 << 31

// SampleRows returns the reducer that keeps n rows, at most 2^31, chosen
// uniformly at random, or all if there are no more, in input order. Which rows
// it keeps depends on the seed and the rows' places in the input.
//
// Its state is the rows of the n smallest hashes, with their places in the
// columns row.source and row.line.
func SampleRows(n int64, seed uint64) (pipeline.Reducer, error) {
	if n < 0 || n > sampleRowsMax {
		return nil, fmt.Errorf("sample: the number of rows is %d, expected 0 to %d", n, int64(sampleRowsMax))
	}
	return sampleRows{n, seed}, nil
}

func (s sampleRows) String() string { return fmt.Sprintf("sample %d rows seed %d", s.rows, s.seed) }

func (s sampleRows) Bind(in *arrow.Schema) (pipeline.BoundReducer, error) {
	return &boundSample{s, in, placedSchema(in)}, nil
}

type boundSample struct {
	sampleRows
	schema, partial *arrow.Schema
}

func (s *boundSample) Schema() *arrow.Schema                          { return s.schema }
func (s *boundSample) Partial() *arrow.Schema                         { return s.partial }
func (s *boundSample) Needs(wanted pipeline.Columns) pipeline.Columns { return wanted }

// drawn is a row that may end in the sample.
type drawn struct {
	hash uint64
	place
	ref take.Ref
}

const drawnBytes = 32

func (d drawn) compare(e drawn) int {
	return cmp.Or(cmp.Compare(d.hash, e.hash), d.place.compare(e.place))
}

// lottery keeps the rows of the smallest hashes.
type lottery struct {
	rows []drawn
	recs []arrow.Record
	held int64
	// above is a hash that rows must not exceed to be among the smallest.
	above uint64
}

func newLottery() lottery { return lottery{above: math.MaxUint64} }

// lotterySlack is how many rows beyond the sample are gathered before the
// superfluous ones are dropped.
const lotterySlack = 64 << 10

// draw adds rows of one record, which the caller adds to recs if any row is
// named.
func (l *lottery) draw(d drawn) { l.rows = append(l.rows, d) }

// settle keeps the n smallest.
func (l *lottery) settle(n int64) {
	if int64(len(l.rows)) <= n {
		return
	}
	slices.SortFunc(l.rows, drawn.compare)
	l.rows = l.rows[:n]
	l.above = 0
	if n > 0 {
		l.above = l.rows[n-1].hash
	}
}

// ordered names the rows in input order.
func (l *lottery) ordered() []take.Ref {
	slices.SortFunc(l.rows, func(a, b drawn) int { return a.place.compare(b.place) })
	refs := make([]take.Ref, len(l.rows))
	for i, r := range l.rows {
		refs[i] = r.ref
	}
	return refs
}

func (s *boundSample) NewLocal(t *pipeline.Task) (pipeline.Local, error) {
	return &sampleLocal{bound: s, task: t, lottery: newLottery()}, nil
}

type sampleLocal struct {
	bound *boundSample
	task  *pipeline.Task
	lottery
	lines []int64
	fresh []int32
}

func (l *sampleLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	l.lines = linesOf(l.lines, &b)
	l.fresh = l.fresh[:0]
	for i, line := range l.lines {
		p := place{int64(b.Seq.Source), line}
		if h := placeHash(l.bound.seed, p); h <= l.above {
			l.draw(drawn{h, p, take.Ref{Chunk: uint32(len(l.recs)), Row: uint32(len(l.fresh))}})
			l.fresh = append(l.fresh, int32(i))
		}
	}
	if len(l.fresh) == 0 {
		return nil
	}
	all := withPlaces(l.task.Alloc, l.bound.partial, &b, nil, l.lines)
	defer all.Release()
	rec, err := take.Record(l.task.Alloc, all, l.fresh)
	if err != nil {
		return err
	}
	l.recs = append(l.recs, rec)
	l.held += recordBytes(rec)
	if int64(len(l.rows)) > 2*l.bound.rows+lotterySlack {
		return l.compact()
	}
	return nil
}

// compact drops what cannot be in the sample any more, from memory too.
func (l *sampleLocal) compact() error {
	l.settle(l.bound.rows)
	recs, rows, above := l.recs, l.rows, l.above
	l.lottery = newLottery()
	l.above = above
	defer releaseRecords(recs)
	refs := make([]take.Ref, len(rows))
	for i, r := range rows {
		refs[i] = r.ref
	}
	return flushRows(l.task.Alloc, l.bound.partial, recs, refs, func(rec arrow.Record) error {
		n := int(rec.NumRows())
		for i := range n {
			rows[i].ref = take.Ref{Chunk: uint32(len(l.recs)), Row: uint32(i)}
		}
		l.rows = append(l.rows, rows[:n]...)
		rows = rows[n:]
		l.recs = append(l.recs, rec)
		l.held += recordBytes(rec)
		return nil
	})
}

func (l *sampleLocal) Bytes() int64 {
	return l.held + drawnBytes*int64(cap(l.rows)) + 8*int64(cap(l.lines))
}

func (l *sampleLocal) Flush(emit pipeline.Emit) error {
	l.settle(l.bound.rows)
	if err := flushRows(l.task.Alloc, l.bound.partial, l.recs, l.ordered(), asState(emit)); err != nil {
		return err
	}
	l.Close()
	return nil
}

func (l *sampleLocal) Close() {
	releaseRecords(l.recs)
	l.lottery = newLottery()
}

func (s *boundSample) Merge(ctx context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	l := newLottery()
	defer func() { releaseRecords(l.recs) }()
	for b, err := range states {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !b.Record.Schema().Equal(s.partial) {
			err = errState("sample")
		}
		if err != nil {
			b.Release()
			return err
		}
		p := newPlaced(b.Record)
		for i := range uint32(b.Record.NumRows()) {
			at := p.place(i)
			if h := placeHash(s.seed, at); h <= l.above {
				l.draw(drawn{h, at, take.Ref{Chunk: uint32(len(l.recs)), Row: i}})
			}
		}
		l.recs = append(l.recs, b.Record)
		if int64(len(l.rows)) > 2*s.rows+lotterySlack {
			l.settle(s.rows)
		}
	}
	l.settle(s.rows)
	return emitTaken(ctx, t, s.schema, l.recs, chunked(l.ordered()), emit)
}
