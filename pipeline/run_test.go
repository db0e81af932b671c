package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"csvloom/pipeline"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var numbers = arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil)

// counting is a source of inputs that count on from 0: inputs[i] blocks of
// rowsPerBlock rows each. Decoding takes a random time.
type counting struct {
	inputs       []int
	rowsPerBlock int
	faults       map[pipeline.Seq]error // told when the block is decoded
	splitFaults  map[pipeline.Seq]error // told instead of the block
	beforeSplit  map[pipeline.Seq]func()
	beforeDecode map[pipeline.Seq]func()
	endless      bool
	live         atomic.Int64 // splits neither decoded nor discarded
	decoded      atomic.Int64
}

func (c *counting) Schema(context.Context, *pipeline.Task) (*arrow.Schema, error) {
	return numbers, nil
}

func (c *counting) Inputs(context.Context, pipeline.Want) iter.Seq2[pipeline.Input, error] {
	return func(yield func(pipeline.Input, error) bool) {
		first := 0
		for i, blocks := range c.inputs {
			if !yield(&countingInput{c, i, blocks, first}, nil) {
				return
			}
			first += blocks * c.rowsPerBlock
		}
	}
}

type countingInput struct {
	source *counting
	index  int
	blocks int
	first  int
}

func (in *countingInput) Name() string { return fmt.Sprintf("input%d", in.index) }

func (in *countingInput) Splits(ctx context.Context, _ *pipeline.Task) iter.Seq2[pipeline.Split, error] {
	return func(yield func(pipeline.Split, error) bool) {
		for b := 0; b < in.blocks || in.source.endless; b++ {
			if wait := in.source.beforeSplit[pipeline.Seq{Source: in.index, Block: b}]; wait != nil {
				wait()
			}
			if err := in.source.splitFaults[pipeline.Seq{Source: in.index, Block: b}]; err != nil {
				yield(nil, err)
				return
			}
			in.source.live.Add(1)
			if !yield(&countingSplit{in, b}, nil) {
				return
			}
		}
	}
}

type countingSplit struct {
	*countingInput
	block int
}

func (s *countingSplit) Discard() { s.source.live.Add(-1) }

func (s *countingSplit) Decode(_ context.Context, t *pipeline.Task) (pipeline.Batch, error) {
	s.source.live.Add(-1)
	s.source.decoded.Add(1)
	time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
	if wait := s.source.beforeDecode[pipeline.Seq{Source: s.index, Block: s.block}]; wait != nil {
		wait()
	}
	if err := s.source.faults[pipeline.Seq{Source: s.index, Block: s.block}]; err != nil {
		return pipeline.Batch{}, err
	}
	rows := s.source.rowsPerBlock
	b := array.NewInt64Builder(t.Alloc)
	defer b.Release()
	for i := range rows {
		b.Append(int64(s.first + s.block*rows + i))
	}
	col := b.NewArray()
	defer col.Release()
	return pipeline.Batch{
		Record: array.NewRecord(numbers, []arrow.Array{col}, int64(rows)),
		Origin: lines{s.Name(), s.block * rows},
		Tally:  pipeline.Tally{RowsIn: int64(rows)},
	}, nil
}

type lines struct {
	file  string
	first int
}

func (l lines) File() string       { return l.file }
func (l lines) Line(row int) int64 { return int64(l.first + row + 1) }

// step is a stage made of a function.
type step struct {
	name    string
	inOrder bool
	apply   func(pipeline.Batch) (pipeline.Batch, error)
}

func (s step) String() string                                     { return s.name }
func (s step) Bind(in *arrow.Schema) (pipeline.BoundStage, error) { return s, nil }
func (s step) Schema() *arrow.Schema                              { return numbers }
func (s step) Needs(wanted pipeline.Columns) pipeline.Columns     { return wanted }
func (s step) InOrder() bool                                      { return s.inOrder }
func (s step) Open(*pipeline.Task) (pipeline.Apply, error)        { return s.apply, nil }

// run collects the numbers that come out of a plan, and checks that no Arrow
// memory and no split is left.
func run(t *testing.T, ctx context.Context, src *counting, workers int, steps ...pipeline.Step) ([]int64, *pipeline.Report, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	var got []int64
	report, err := pipeline.Run(ctx, pipeline.Plan{
		Source: src, Steps: steps, Workers: workers, Alloc: alloc,
		Sink: pipeline.Collect(func(rec arrow.Record) error {
			got = append(got, rec.Column(0).(*array.Int64).Int64Values()...)
			return nil
		}),
	})
	alloc.AssertSize(t, 0)
	if n := src.live.Load(); n != 0 {
		t.Errorf("%d splits were neither decoded nor discarded", n)
	}
	return got, report, err
}

func upTo(n int) (want []int64) {
	for i := range n {
		want = append(want, int64(i))
	}
	return want
}

// TestOrder: whatever the workers do, output is in input order, and a slow
// first input does not hang the run while later ones fill the window.
func TestOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for _, inputs := range [][]int{{}, {0}, {1}, {100}, {0, 3, 0, 0, 5, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {50, 50, 50, 50}} {
			src := &counting{inputs: inputs, rowsPerBlock: 3}
			total := 0
			for _, n := range inputs {
				total += 3 * n
			}
			got, report, err := run(t, t.Context(), src, workers)
			if err != nil || !slices.Equal(got, upTo(total)) {
				t.Fatalf("workers %d, inputs %v: %v, %v", workers, inputs, got, err)
			}
			if report.RowsIn() != int64(total) || report.RowsOut != int64(total) || len(report.Inputs) != len(inputs) {
				t.Fatalf("workers %d, inputs %v: report %+v", workers, inputs, report)
			}
		}
	}
}

// TestFirstFaultOfTheInput: of several faults the first in the input is told.
func TestFirstFaultOfTheInput(t *testing.T) {
	early, late := errors.New("early"), errors.New("late")
	for range 30 {
		src := &counting{inputs: []int{30, 30}, rowsPerBlock: 2,
			faults: map[pipeline.Seq]error{{Source: 0, Block: 20}: early, {Source: 0, Block: 21}: late, {Source: 1, Block: 0}: late},
		}
		if _, _, err := run(t, t.Context(), src, 8); err != early {
			t.Fatalf("got %v", err)
		}
		src = &counting{inputs: []int{30, 30}, rowsPerBlock: 2,
			faults:      map[pipeline.Seq]error{{Source: 1, Block: 3}: late},
			splitFaults: map[pipeline.Seq]error{{Source: 0, Block: 29}: early},
		}
		if _, _, err := run(t, t.Context(), src, 8); err != early {
			t.Fatalf("got %v", err)
		}
	}
}

// TestFaultBeforeFullWindow: a fault in the first input ends the run also when
// batches of the next one hold all places and wait for those before them.
func TestFaultBeforeFullWindow(t *testing.T) {
	const workers = 2
	fault := errors.New("fault")
	src := &counting{inputs: []int{1, 100}, rowsPerBlock: 1, faults: map[pipeline.Seq]error{{}: fault}}
	src.beforeSplit = map[pipeline.Seq]func(){{}: func() {
		for src.decoded.Load() < workers*pipeline.BlocksPerWorker {
			time.Sleep(time.Millisecond)
		}
	}}
	src.beforeDecode = map[pipeline.Seq]func(){{}: func() {
		time.Sleep(20 * time.Millisecond) // until it is known that the first input has one block
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, _, err := run(t, ctx, src, workers); err != fault {
		t.Fatalf("got %v", err)
	}
}

// TestRowFaultIsPlaced: a stage's complaint about a row names file and line.
func TestRowFaultIsPlaced(t *testing.T) {
	src := &counting{inputs: []int{2, 2}, rowsPerBlock: 4}
	_, _, err := run(t, t.Context(), src, 2, step{name: "derive x = 1 / n", apply: func(b pipeline.Batch) (pipeline.Batch, error) {
		if b.Seq == (pipeline.Seq{Source: 1, Block: 1}) {
			b.Release()
			return pipeline.Batch{}, &pipeline.RowError{Row: 2, Err: errors.New("division by zero")}
		}
		return b, nil
	}})
	if want := "input1:7: in derive x = 1 / n: division by zero"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestStop: a stage that wants no more ends the run early and well, also when
// faults lie behind the last row that was wanted.
func TestStop(t *testing.T) {
	for _, workers := range []int{1, 8} {
		src := &counting{inputs: []int{1}, endless: true, rowsPerBlock: 2,
			faults: map[pipeline.Seq]error{{Source: 0, Block: 9}: errors.New("behind the limit")}}
		left := 5
		limit := step{name: "limit 10", inOrder: true, apply: func(b pipeline.Batch) (pipeline.Batch, error) {
			if left--; left == 0 {
				return b, pipeline.ErrStop
			}
			return b, nil
		}}
		got, report, err := run(t, t.Context(), src, workers, limit)
		if err != nil || !slices.Equal(got, upTo(10)) {
			t.Fatalf("workers %d: %v, %v", workers, got, err)
		}
		if report.RowsIn() != 10 {
			t.Errorf("workers %d: %d rows in", workers, report.RowsIn())
		}
		if n := src.decoded.Load(); n > 100 {
			t.Errorf("workers %d: %d blocks were decoded for 5", workers, n)
		}
	}
}

// TestCancel: a run that is cancelled ends soon, says why, and leaves nothing.
func TestCancel(t *testing.T) {
	why := errors.New("stopped by a signal")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	src := &counting{inputs: []int{1, 1}, endless: true, rowsPerBlock: 2}
	if _, _, err := run(t, ctx, src, 4); err != why {
		t.Errorf("got %v", err)
	}
}

// sum is a reducer: the sum of all numbers, from one state per worker.
type sum struct{}

func (sum) String() string                                    { return "sum" }
func (sum) Bind(*arrow.Schema) (pipeline.BoundReducer, error) { return sum{}, nil }
func (sum) Schema() *arrow.Schema                             { return numbers }
func (sum) Partial() *arrow.Schema                            { return numbers }
func (sum) Needs(pipeline.Columns) pipeline.Columns           { return pipeline.Columns{"n": true} }
func (sum) NewLocal(t *pipeline.Task) (pipeline.Local, error) { return &sumLocal{task: t}, nil }
func (sum) Merge(_ context.Context, t *pipeline.Task, states iter.Seq2[pipeline.Batch, error], emit pipeline.Emit) error {
	l := &sumLocal{task: t}
	for b, err := range states {
		if err != nil {
			return err
		}
		if err := l.Fold(b); err != nil {
			return err
		}
	}
	return l.Flush(emit)
}

type sumLocal struct {
	task  *pipeline.Task
	total int64
}

func (l *sumLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	for _, n := range b.Record.Column(0).(*array.Int64).Int64Values() {
		l.total += n
	}
	return nil
}

func (l *sumLocal) Bytes() int64 { return 8 }

func (l *sumLocal) Flush(emit pipeline.Emit) error {
	b := array.NewInt64Builder(l.task.Alloc)
	defer b.Release()
	b.Append(l.total)
	l.total = 0
	col := b.NewArray()
	defer col.Release()
	return emit(pipeline.Batch{Record: array.NewRecord(numbers, []arrow.Array{col}, 1)})
}

func (l *sumLocal) Close() {}

// TestReduce: partial states of all workers are merged; stages go on behind the
// merge, whose rows have places of their own; a limit before a reducer works.
func TestReduce(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		src := &counting{inputs: []int{10, 0, 7}, rowsPerBlock: 5}
		got, report, err := run(t, t.Context(), src, workers, sum{})
		if err != nil || !slices.Equal(got, []int64{84 * 85 / 2}) {
			t.Fatalf("workers %d: %v, %v", workers, got, err)
		}
		if report.RowsIn() != 85 || report.RowsOut != 1 {
			t.Errorf("workers %d: %d rows in, %d out", workers, report.RowsIn(), report.RowsOut)
		}
		left := 2
		limit := step{name: "limit", inOrder: true, apply: func(b pipeline.Batch) (pipeline.Batch, error) {
			if left--; left == 0 {
				return b, pipeline.ErrStop
			}
			return b, nil
		}}
		got, _, err = run(t, t.Context(), &counting{inputs: []int{10}, rowsPerBlock: 5}, workers, limit, sum{}, sum{})
		if err != nil || !slices.Equal(got, []int64{45}) {
			t.Fatalf("workers %d: limit, sum, sum: %v, %v", workers, got, err)
		}
		_, _, err = run(t, t.Context(), &counting{inputs: []int{10}, rowsPerBlock: 5}, workers, sum{}, step{name: "check", apply: func(b pipeline.Batch) (pipeline.Batch, error) {
			b.Release()
			return pipeline.Batch{}, &pipeline.RowError{Err: errors.New("too much")}
		}})
		if want := "row 1 of the intermediate result: in check: too much"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// brokenSink fails at the given write or at commit, and remembers what became
// of it.
type brokenSink struct {
	failAt                int // 1-based write; 0: commit
	writes                int
	committed, rolledBack bool
}

var errDiskFull = errors.New("disk full")

func (s *brokenSink) Begin(context.Context, *pipeline.Task, *arrow.Schema) (pipeline.Tx, error) {
	return s, nil
}

func (s *brokenSink) Write(_ context.Context, b pipeline.Batch) error {
	b.Release()
	if s.writes++; s.writes == s.failAt {
		return errDiskFull
	}
	return nil
}

func (s *brokenSink) Commit(context.Context) error {
	if s.failAt == 0 {
		return errDiskFull
	}
	s.committed = true
	return nil
}

func (s *brokenSink) Rollback() error { s.rolledBack = true; return nil }

func TestSinkFailure(t *testing.T) {
	for _, failAt := range []int{0, 1, 5} {
		src := &counting{inputs: []int{20, 20}, rowsPerBlock: 2}
		s := &brokenSink{failAt: failAt}
		alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
		_, err := pipeline.Run(t.Context(), pipeline.Plan{Source: src, Sink: s, Workers: 4, Alloc: alloc})
		alloc.AssertSize(t, 0)
		if !errors.Is(err, errDiskFull) || s.committed || !s.rolledBack {
			t.Errorf("failing at %d: %v, committed %v, rolled back %v", failAt, err, s.committed, s.rolledBack)
		}
		if failAt > 0 && s.writes != failAt {
			t.Errorf("%d writes, expected none after number %d", s.writes, failAt)
		}
	}
}

func TestInputErrorText(t *testing.T) {
	e := &pipeline.InputError{
		Pos:    pipeline.Position{File: "a.csv", Line: 3, Column: 7},
		Column: "price", Found: strings.Repeat("é", 40), Problem: "expected DOUBLE", Advice: "mend it",
	}
	want := `a.csv:3:7: column "price": found "` + strings.Repeat("é", 30) + `"… (80 bytes), expected DOUBLE; mend it`
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}
