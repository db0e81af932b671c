package parquet

import (
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
)

// Groups encodes row groups for many files of one schema, of which few have any
// at a time, where an [Encoder] for each would hold far too much memory. The
// caller says what a row group is, encodes its columns on whichever goroutines
// it has, and appends it to a [GroupFile]. Groups is safe for concurrent use.
type Groups struct {
	columns []column
	options Options
	bloomed []bool
	buffers chan []byte // free memory for chunks
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
	g := &Groups{
		columns: columns, options: o.withDefaults(), bloomed: make([]bool, len(columns)),
		buffers: make(chan []byte, len(columns)*(1+max(1, t.Workers))),
	}
	for i, c := range columns {
		g.bloomed[i] = slices.Contains(o.BloomColumns, c.name)
	}
	return g, nil
}

// RowsMax is how many rows a row group should have at most, BytesMax how many
// bytes of values, not encoded.
func (g *Groups) RowsMax() int    { return g.options.RowGroupRows }
func (g *Groups) BytesMax() int64 { return g.options.RowGroupBytes }

// Group is a row group on its way. Call order: Encode once for each column, on
// any goroutines, then [GroupFile.Append]; Release at any time gives back the
// rows that are still held.
type Group struct {
	groups *Groups
	group  *rowGroup
}

// NewGroup makes a row group of the rows of some records, one at least, and
// retains them until they are encoded.
func (g *Groups) NewGroup(recs []arrow.Record) *Group {
	group := &Group{g, newRowGroup(len(g.columns))}
	for _, rec := range recs {
		group.group.add(rec, 0, int(rec.NumRows()))
	}
	return group
}

// Parts is the number of columns that Encode is to be called for.
func (g *Group) Parts() int { return len(g.groups.columns) }

// Encode encodes a column.
func (g *Group) Encode(part int) error {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	var memory []byte
	select {
	case memory = <-g.groups.buffers:
	default:
	}
	c, err := encodeChunk(s, &g.groups.columns[part], &g.groups.options, g.groups.bloomed[part], g.group.arrays[part], memory)
	if err != nil {
		return err
	}
	g.group.chunks[part] = c
	g.group.releaseColumn(part)
	return nil
}

// Release gives back the rows that are not encoded.
func (g *Group) Release() { g.group.release() }

// GroupFile is a file whose row groups are encoded elsewhere. It keeps what its
// footer will say, about 100 bytes a page, and no rows.
type GroupFile struct{ e Encoder }

// NewFile starts a file.
func (g *Groups) NewFile() *GroupFile {
	return &GroupFile{Encoder{columns: g.columns, options: g.options, buffers: g.buffers}}
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
