package parquet

import (
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// Groups encodes row groups for many files of one schema, of which few have any
// at a time, where an [Encoder] for each would hold far too much memory. The
// caller says what a row group is, encodes its columns on whichever goroutines
// it has, and appends it to a [GroupFile]. NewGroup is called by one goroutine; all
// else is safe for concurrent use.
type Groups struct {
	columns []column
	options Options
	alloc   memory.Allocator
	lanes   []chan *lane // of each column, those not in use
	model   []chosen     // by column, of the last group whose encodings serve others too; nil: none
	since   int          // groups made since that
}

// NewGroups returns an encoder of row groups. It finds the mistakes that
// Options.Validate does.
func NewGroups(schema *arrow.Schema, o Options, t *pipeline.Task) (*Groups, error) {
	if err := o.Validate(schema); err != nil {
		return nil, err
	}
	columns, err := newColumns(schema)
	if err != nil {
		return nil, err
	}
	g := &Groups{columns: columns, options: o.withDefaults(), alloc: allocatorOf(t)}
	for range columns {
		g.lanes = append(g.lanes, make(chan *lane, max(1, t.Workers)))
	}
	return g, nil
}

// RowsMax is how many rows a row group should have at most, BytesMax how many
// bytes of values, not encoded.
func (g *Groups) RowsMax() int    { return g.options.RowGroupRows }
func (g *Groups) BytesMax() int64 { return g.options.RowGroupBytes }

// Group is a row group on its way. Call order: Encode once for each column, on
// any goroutines, begun in the order in which the groups were made; then [GroupFile.Append]; Release at any time gives back the
// rows that are still held, and what is encoded and not written.
type Group struct {
	groups *Groups
	group  *rowGroup
	strips []*strip

	model  []chosen // by column, what is taken over; nil: encodings are chosen
	chosen []chosen // by column, when this is a model for others
}

// chosen is what a model came to for a column.
type chosen struct {
	made chan struct{} // closed when outcome is there
	outcome
}

const (
	// modelRowsMin is how many rows a group must have for its encodings to be
	// chosen for others too.
	modelRowsMin = 4 << 10
	// modelGroups is how many groups take the encodings of one over: row groups of
	// one table are much alike, and to choose takes a third of the time of encoding,
	// but they may change on the way.
	modelGroups = 31
)

// NewGroup makes a row group of the rows of some records, one at least, and
// retains them until they are encoded. Encodings depend on the order of the calls.
func (g *Groups) NewGroup(recs []arrow.Record) *Group {
	group := newRowGroup(len(g.columns))
	t := newStrip(group)
	strips := []*strip{t}
	for _, rec := range recs {
		for low, high := 0, int(rec.NumRows()); low < high; {
			if t.rows == g.options.stripRows() {
				t = newStrip(group)
				strips = append(strips, t)
			}
			n := min(high-low, g.options.stripRows()-t.rows)
			t.add(rec, low, low+n)
			group.rows += n
			low += n
		}
	}
	t.last = true
	for _, t := range strips {
		t.rowsExpected = group.rows
	}
	made := &Group{groups: g, group: group, strips: strips, model: g.model}
	if g.since++; (g.model == nil || g.since > modelGroups) && group.rows >= modelRowsMin {
		made.model, made.chosen = nil, make([]chosen, len(g.columns))
		for i := range made.chosen {
			made.chosen[i].made = make(chan struct{})
		}
		g.model, g.since = made.chosen, 0
	}
	return made
}

// begin makes the lane of a column begin as the model has ended. Nothing else that
// was encoded has a say.
func (g *Group) begin(l *lane) {
	l.before = outcome{}
	if g.model == nil {
		return
	}
	m := &g.model[l.index]
	<-m.made
	l.before = m.outcome
	switch m.choice {
	case settled:
		l.choice, l.encoding = settled, m.encoding
	case coding:
		l.other, l.otherValues = m.other, g.group.rows // measured once and for all
	}
}

// Parts is the number of columns that Encode is to be called for.
func (g *Group) Parts() int { return len(g.groups.columns) }

// Encode encodes a column. It waits for the same column of an earlier group, which
// must have been begun.
func (g *Group) Encode(part int) error {
	if g.chosen != nil {
		defer close(g.chosen[part].made) // after a fault too
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if err := s.prepare(g.groups.options.Compression, g.groups.options.Level); err != nil {
		return err
	}
	var l *lane
	select {
	case l = <-g.groups.lanes[part]:
	default:
		l = newLane(&g.groups.columns[part], part, &g.groups.options, len(g.groups.columns))
	}
	g.begin(l)
	for _, t := range g.strips {
		w := stripEncoder{scratch: s, lane: l, strip: t}
		err := w.prepare(&g.group.chunks[part], g.groups.alloc)
		if err == nil {
			err = w.complete(g.groups.alloc)
		}
		s.forget()
		if err != nil {
			return err
		}
		t.releaseColumn(part)
	}
	if g.chosen != nil {
		g.chosen[part].outcome = l.before
	}
	select {
	case g.groups.lanes[part] <- l:
	default:
	}
	return nil
}

// Release gives back what is still held.
func (g *Group) Release() {
	for _, t := range g.strips {
		t.release()
	}
	for i := range g.group.chunks {
		g.group.chunks[i].abandon(g.groups.alloc)
	}
}

// GroupFile is a file whose row groups are encoded elsewhere. It keeps what its
// footer will say, about 100 bytes a page, and no rows.
type GroupFile struct{ e Encoder }

// NewFile starts a file.
func (g *Groups) NewFile() *GroupFile {
	return &GroupFile{Encoder{columns: g.columns, options: g.options, alloc: g.alloc}}
}

// Append writes a row group whose columns are all encoded behind those before.
func (f *GroupFile) Append(w io.Writer, g *Group) error {
	f.e.w = w
	if f.e.offset == 0 {
		if err := f.e.write([]byte(magic)); err != nil {
			return err
		}
	}
	if err := f.e.writeGroup(g.group); err != nil {
		return err
	}
	f.e.rows += int64(g.group.rows)
	return nil
}

// Close writes the page index and the footer and returns the number of rows. At
// least one row group has been appended.
func (f *GroupFile) Close(w io.Writer) (rows int64, err error) {
	f.e.w = w
	return f.e.rows, f.e.finish()
}
