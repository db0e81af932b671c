package arrowipc

import (
	"io"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
)

// Apart encodes batches for many files of one schema, of which few have any at
// a time, where an [Encoder] for each would hold far too much memory. The
// caller says when rows are written, encodes them on whichever goroutine it
// has, and appends them to an [ApartFile]. Apart is safe for concurrent use.
type Apart struct {
	e       *Encoder // for what it knows; nothing is written through it
	pending sync.Pool
}

// NewApart returns an encoder of batches.
func NewApart(schema *arrow.Schema, o Options, t *pipeline.Task) (*Apart, error) {
	e, err := NewEncoder(nil, schema, o, t)
	if err != nil {
		return nil, err
	}
	a := &Apart{e: e}
	a.pending.New = func() any { return &pendingBatch{batch: newBatch(schema, e.rowsMax, e.textBytesMax)} }
	return a, nil
}

// RowsMax is how many rows make a batch, BytesMax about how many bytes of
// values, not encoded.
func (a *Apart) RowsMax() int    { return a.e.rowsMax }
func (a *Apart) BytesMax() int64 { return int64(a.e.textBytesMax) }

// Batches are rows on their way, encoded.
type Batches struct {
	bytes  []byte
	blocks []block // their offsets count from the start of bytes
	rows   int64
}

// Encode encodes the rows of some records as one batch, or as several where
// they are too many. The caller keeps the records.
func (a *Apart) Encode(recs []arrow.Record) (*Batches, error) {
	m := a.pending.Get().(*pendingBatch)
	defer a.pending.Put(m)
	m.batch.reset()
	out := new(Batches)
	for _, rec := range recs {
		rows := int(rec.NumRows())
		for from := 0; from < rows; {
			n := m.batch.fits(rec, from)
			if n > 0 {
				m.batch.append(rec, from, n)
				from += n
			}
			if n == 0 || m.batch.rows == m.batch.rowsMax {
				if err := a.add(out, m); err != nil {
					return nil, err
				}
			}
		}
	}
	if m.batch.rows > 0 {
		if err := a.add(out, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// add encodes a batch and appends it.
func (a *Apart) add(out *Batches, m *pendingBatch) error {
	m.describe(a.e.options.Compression)
	if err := a.e.encode(m); err != nil {
		return err
	}
	out.blocks = append(out.blocks, block{offset: int64(len(out.bytes)), metadataBytes: int64(m.body), bodyBytes: m.meta.bodyBytes})
	out.bytes = append(out.bytes, m.bytes...)
	out.rows += m.meta.rows
	if cap(m.bytes) > bytesKept {
		m.bytes = nil
	}
	return nil
}

// ApartFile is a file or stream whose batches are encoded elsewhere. It keeps
// what its footer will say.
type ApartFile struct{ e Encoder }

// NewFile starts a file.
func (a *Apart) NewFile() *ApartFile {
	return &ApartFile{Encoder{options: a.e.options, start: a.e.start, footer: a.e.footer}}
}

// Append writes batches behind those before.
func (f *ApartFile) Append(w io.Writer, b *Batches) error {
	f.e.w = w
	if err := f.e.begin(); err != nil {
		return err
	}
	if !f.e.options.Stream {
		for _, at := range b.blocks {
			at.offset += f.e.offset
			f.e.blocks = append(f.e.blocks, at)
		}
	}
	if err := f.e.write(b.bytes); err != nil {
		return err
	}
	f.e.rows += b.rows
	return nil
}

// Close writes the end and returns the number of rows.
func (f *ApartFile) Close(w io.Writer) (rows int64, err error) {
	f.e.w = w
	if err := f.e.begin(); err != nil {
		return f.e.rows, err
	}
	return f.e.rows, f.e.write(f.e.end())
}
