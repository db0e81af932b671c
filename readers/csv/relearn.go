package csv

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"
)

// Types that were inferred from samples are a bet. When it is lost, because a
// value does not fit, all of the input is read once for the evidence of types
// alone, and the run starts over with types that hold everything.

// Relearn implements [pipeline.Relearner]: when err says that a value did not
// fit an inferred type it infers the types of such columns from all their
// values. It does so once.
func (s *Source) Relearn(ctx context.Context, t *pipeline.Task, err error) (bool, error) {
	var m *misfitError
	if s.relearned || !errors.As(err, &m) {
		return false, nil
	}
	s.relearned = true
	for _, f := range s.files {
		f.departures.reset()
	}
	var open []int // columns whose type may widen
	var names []string
	for i := range s.types {
		if (s.origins[i] == fromSample || s.origins[i] == fromAllValues) && s.types[i].dataType.ID() != arrow.STRING {
			open = append(open, i)
			names = append(names, s.schema.Field(i).Name)
		}
	}
	all, err := s.learn(ctx, t, names)
	if err != nil {
		return false, err
	}
	fields := s.schema.Fields()
	changed := false
	for k, i := range open {
		if all.first[k] == nil {
			continue
		}
		was := s.types[i].dataType
		s.evidence[i].merge(&all.columns[k])
		c := s.evidence[i].infer(&s.settings.formats)
		if arrow.TypeEqual(c.dataType, was) {
			continue
		}
		changed = true
		c.numerals = s.settings.formats.numerals
		s.types[i], s.origins[i] = c, fromAllValues
		fields[i].Type = c.dataType
		e := all.first[k].error
		s.widened = append(s.widened, fmt.Sprintf("column %s is %s, not %s as the sample had it: %s has %s",
			pipeline.Excerpt(fields[i].Name), sqltype.Name(c.dataType), sqltype.Name(was), e.Pos, pipeline.Excerpt(e.Found)))
	}
	if changed {
		meta := s.schema.Metadata()
		s.schema = arrow.NewSchema(fields, &meta)
	}
	return changed, nil
}

// Widened says of each column whose type turned out too narrow what it is now,
// and because of which value.
func (s *Source) Widened() []string { return s.widened }

// lessons are what reading all values of some columns tells.
type lessons struct {
	columns []evidence
	first   []*firstMisfit // values that do not fit the type so far
}

// firstMisfit is the first value of a column that does not fit.
type firstMisfit struct {
	input  int
	offset int64
	error  *pipeline.InputError
}

func newLessons(columns int) *lessons {
	return &lessons{make([]evidence, columns), make([]*firstMisfit, columns)}
}

func (l *lessons) merge(o *lessons) {
	for i := range l.columns {
		l.columns[i].merge(&o.columns[i])
		if o.first[i] != nil {
			l.note(i, o.first[i])
		}
	}
}

func (l *lessons) note(column int, m *firstMisfit) {
	if f := l.first[column]; f == nil || m.input < f.input || m.input == f.input && m.offset < f.offset {
		l.first[column] = m
	}
}

// learn reads all values of the named columns.
func (s *Source) learn(ctx context.Context, t *pipeline.Task, names []string) (*lessons, error) {
	type block struct {
		input int
		split *split
	}
	group, ctx := errgroup.WithContext(ctx)
	blocks := make(chan block, t.Workers)
	inputs := make(chan int)
	var list []*reading
	for in, err := range s.Inputs(ctx, pipeline.Want{Columns: names}) {
		if err != nil {
			return nil, err
		}
		list = append(list, in.(*reading))
	}
	group.Go(func() error {
		defer close(inputs)
		for i := range list {
			select {
			case inputs <- i:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	var reading sync.WaitGroup
	for range t.Workers {
		reading.Add(1)
		group.Go(func() error {
			defer reading.Done()
			for i := range inputs {
				for s, err := range list[i].Splits(ctx, t) {
					if err != nil {
						return err
					}
					select {
					case blocks <- block{i, s.(*split)}:
					case <-ctx.Done():
						s.Discard()
						return context.Cause(ctx)
					}
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		reading.Wait()
		close(blocks)
		return nil
	})
	all := newLessons(len(names))
	var mu sync.Mutex
	for range t.Workers {
		group.Go(func() error {
			own := newLessons(len(names))
			var err error
			for b := range blocks {
				if err != nil {
					b.split.Discard()
					continue
				}
				err = b.split.learn(own, b.input, &s.settings.formats, t.Alloc)
			}
			mu.Lock()
			defer mu.Unlock()
			all.merge(own)
			return err
		})
	}
	return all, group.Wait()
}

// learn adds what the values of the block say.
func (s *split) learn(to *lessons, input int, formats *formats, alloc memory.Allocator) error {
	if s.whole {
		if err := s.read(); err != nil {
			return s.reading.failed(err)
		}
	}
	defer s.Discard()
	l := s.reading.layout
	if s.block.err != nil || len(s.block.data) > maxBlockBytes {
		return nil // what is too long has no values
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	c := l.begin(&s.block, d, alloc)
	f := &c.fields
	f.lenient = true
	for i := range l.columns {
		lc := &l.columns[i]
		if lc.field < 0 {
			continue
		}
		f.at(c.index, lc.field)
		f.misfits = f.misfits[:0]
		a, bad := decodeColumn(f, lc, alloc)
		if bad < 0 {
			a.Release()
		}
		if len(f.misfits) > 0 {
			start, end := f.bounds(int(f.misfits[0]))
			at := c.mender.source(int(start))
			to.note(i, &firstMisfit{input, s.block.offset + int64(at), &pipeline.InputError{
				Pos: l.position(&s.block, at), Column: lc.name, Found: string(f.data[start:end]),
			}})
		}
		for r := range f.rows {
			if b, null := f.value(f.bounds(r)); !null {
				to.columns[i].add(b, formats)
			}
		}
	}
	return nil
}
