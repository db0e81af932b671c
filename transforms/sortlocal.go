package transforms

import (
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/transforms/internal/take"
)

func (s *boundSort) NewLocal(t *pipeline.Task) (pipeline.Local, error) {
	return &sortLocal{bound: s, task: t, eval: s.formulas.open(t.Alloc)}, nil
}

// sortLocal gathers rows in the form of the state. Without a limit they are
// sorted when it is known that there are no more of them, by Merge, or when
// memory is short, by FlushRun.
type sortLocal struct {
	bound *boundSort
	task  *pipeline.Task
	eval  evals
	recs  []placed
	rows  int64
	held  int64
	lines []int64
}

func (l *sortLocal) Fold(b pipeline.Batch) error {
	defer b.Release()
	own, err := l.eval.columns(b.Record)
	if err != nil {
		return err
	}
	defer releaseArrays(own)
	if b.Record.NumRows() == 0 || l.bound.limit == 0 {
		return nil
	}
	l.lines = linesOf(l.lines, &b)
	l.add(withPlaces(l.task.Alloc, l.bound.partial, &b, own, l.lines))
	if limit := l.bound.limit; limit >= 0 && l.rows > 2*limit+topRowsSlack {
		return l.top(func(rec arrow.Record) error {
			l.add(rec)
			return nil
		})
	}
	return nil
}

const (
	// topRowsSlack is how many rows beyond a limit are gathered before those
	// that cannot be in the result are dropped.
	topRowsSlack = 128 << 10
	// rowWorkBytes is what sorting takes for each row beside the row itself:
	// its word and its number, twice.
	rowWorkBytes = 24
)

func (l *sortLocal) add(rec arrow.Record) {
	l.recs = append(l.recs, newPlaced(rec))
	l.rows += rec.NumRows()
	l.held += recordBytes(rec)
}

func (l *sortLocal) Bytes() int64 { return l.held + rowWorkBytes*l.rows }

func (l *sortLocal) Flush(emit pipeline.Emit) error {
	if l.bound.limit >= 0 {
		return l.top(asState(emit))
	}
	recs := l.take()
	for i, p := range recs {
		if err := emit(pipeline.Batch{Record: p.rec}); err != nil {
			releasePlaced(recs[i+1:])
			return err
		}
	}
	return nil
}

func (l *sortLocal) Close() { releasePlaced(l.take()) }

// take hands over the records.
func (l *sortLocal) take() []placed {
	recs := l.recs
	l.recs, l.rows, l.held = nil, 0, 0
	return recs
}

// top hands the first rows, as many as the limit says, to emit in order, and
// leaves l without any.
func (l *sortLocal) top(emit func(arrow.Record) error) error {
	sorted, err := l.bound.sortParts(l.task.Alloc, 1, l.take(), nil)
	if err != nil {
		return err
	}
	defer sorted.release()
	var refs []take.Ref
	for left := l.bound.limit; left > 0; {
		some := sorted.next(int(min(left, batchRowsMax)))
		if len(some) == 0 {
			break
		}
		left -= int64(len(some))
		refs = append(refs, some...)
	}
	return flushRows(l.task.Alloc, l.bound.partial, sorted.records(), refs, emit)
}

// keyArrays are the key columns of a state.
func (s *boundSort) keyArrays(rec arrow.Record) []arrow.Array {
	arrays := make([]arrow.Array, len(s.columns))
	for i, c := range s.columns {
		arrays[i] = rec.Column(c)
	}
	return arrays
}

// inputOrder puts the records in the order of their first rows and reports
// whether then all rows of all records are in input order.
func inputOrder(recs []placed) bool {
	slices.SortFunc(recs, func(a, b placed) int { return a.place(0).compare(b.place(0)) })
	var last place
	for i := range recs {
		p := &recs[i]
		for r := range p.lines {
			at := p.place(uint32(r))
			if at.compare(last) <= 0 {
				return false
			}
			last = at
		}
	}
	return true
}
