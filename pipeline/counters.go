package pipeline

import (
	"sync"
	"sync/atomic"
	"time"
)

// Counters are the numbers of a run while it goes on. They may be read at any
// time by any goroutine. The zero value is ready.
type Counters struct {
	mu     sync.Mutex
	stages []*StageCounters
	inputs []*InputCounters
}

// StageCounters count what one stage of the flow has done so far. Busy and
// Waiting add up over all goroutines of the stage.
type StageCounters struct {
	Name    string
	RowsIn  atomic.Int64
	RowsOut atomic.Int64
	Bytes   atomic.Int64 // of CSV text, for the stages that read or decode it
	Batches atomic.Int64
	busy    atomic.Int64 // ns
	waiting atomic.Int64 // ns
}

// Busy is the time spent working.
func (s *StageCounters) Busy() time.Duration { return time.Duration(s.busy.Load()) }

// Waiting is the time spent waiting for the stage before or after.
func (s *StageCounters) Waiting() time.Duration { return time.Duration(s.waiting.Load()) }

// InputCounters count what became of the rows of one input.
// RowsIn = RowsKept + RowsFiltered + RowsRejected once the run has ended.
type InputCounters struct {
	Name         string
	RowsIn       atomic.Int64
	RowsKept     atomic.Int64 // reached the reducer or the sink
	RowsFiltered atomic.Int64 // dropped by a stage
	RowsRejected atomic.Int64 // given up while decoding
	BlankLines   atomic.Int64
	Bytes        atomic.Int64 // of text, after decompression
	done         atomic.Bool
}

// Done reports whether all of the input has been consumed.
func (c *InputCounters) Done() bool { return c.done.Load() }

// Stages returns the stages in the order of the flow.
func (c *Counters) Stages() []*StageCounters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stages[:len(c.stages):len(c.stages)]
}

// Inputs returns the inputs met so far, in input order.
func (c *Counters) Inputs() []*InputCounters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inputs[:len(c.inputs):len(c.inputs)]
}

func (c *Counters) stage(name string) *StageCounters {
	s := &StageCounters{Name: name}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stages = append(c.stages, s)
	return s
}

func (c *Counters) input(name string) *InputCounters {
	in := &InputCounters{Name: name}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inputs = append(c.inputs, in)
	return in
}

// reset forgets everything: the run starts over.
func (c *Counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stages, c.inputs = nil, nil
}

// consume books a batch that came from the input: rowsKept of its rows went on.
func (c *InputCounters) consume(t Tally, rowsKept int64) {
	c.RowsIn.Add(t.RowsIn)
	c.RowsKept.Add(rowsKept)
	c.RowsRejected.Add(t.RowsRejected)
	c.RowsFiltered.Add(t.RowsIn - t.RowsRejected - rowsKept)
	c.BlankLines.Add(t.BlankLines)
	c.Bytes.Add(t.Bytes)
}

// Report is the account of a run.
type Report struct {
	Inputs  []InputReport
	Stages  []StageReport
	RowsOut int64 // rows handed to the sink
	Wall    time.Duration
}

// InputReport is the account of one input; see [InputCounters].
type InputReport struct {
	Name                                         string
	RowsIn, RowsKept, RowsFiltered, RowsRejected int64
	BlankLines, Bytes                            int64
}

// StageReport is the account of one stage; see [StageCounters].
type StageReport struct {
	Name                           string
	RowsIn, RowsOut, Bytes, Blocks int64
	Busy, Waiting                  time.Duration
}

// RowsIn is the number of rows found in all inputs.
func (r *Report) RowsIn() int64 {
	var n int64
	for i := range r.Inputs {
		n += r.Inputs[i].RowsIn
	}
	return n
}

func (c *Counters) report() *Report {
	r := new(Report)
	for _, in := range c.Inputs() {
		r.Inputs = append(r.Inputs, InputReport{
			Name: in.Name, RowsIn: in.RowsIn.Load(), RowsKept: in.RowsKept.Load(),
			RowsFiltered: in.RowsFiltered.Load(), RowsRejected: in.RowsRejected.Load(),
			BlankLines: in.BlankLines.Load(), Bytes: in.Bytes.Load(),
		})
	}
	for _, s := range c.Stages() {
		r.Stages = append(r.Stages, StageReport{
			Name: s.Name, RowsIn: s.RowsIn.Load(), RowsOut: s.RowsOut.Load(), Bytes: s.Bytes.Load(),
			Blocks: s.Batches.Load(), Busy: s.Busy(), Waiting: s.Waiting(),
		})
	}
	return r
}

// stopwatch divides the time of one goroutine between busy and waiting.
type stopwatch struct {
	stage *StageCounters
	last  time.Time
}

func newStopwatch(s *StageCounters) stopwatch { return stopwatch{s, time.Now()} }

// busy books the time since the last call as work.
func (w *stopwatch) busy() {
	now := time.Now()
	w.stage.busy.Add(int64(now.Sub(w.last)))
	w.last = now
}

// waited books the time since the last call as waiting.
func (w *stopwatch) waited() {
	now := time.Now()
	w.stage.waiting.Add(int64(now.Sub(w.last)))
	w.last = now
}

// restart forgets the time since the last call: another stage books it.
func (w *stopwatch) restart() { w.last = time.Now() }
