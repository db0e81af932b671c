package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/sinks/internal/ordered"
	"csvloom/sinks/internal/scatter"
	"csvloom/sinks/internal/vfs"
)

// PartitionTx is an output being written that is a directory, see
// [PartitionOptions] and [pipeline.Tx]. It is used by one goroutine.
//
// Rows are cut into strides by their number and size, whatever the batches are.
// A stride is sorted by partition on any worker (scatter) and then, in input
// order, its rows are put to those that the partitions have (take). A partition
// that has enough for a row group is sent to be encoded and written
// (partWriter). So is, when all of them together have more than may wait, one
// after the other of the largest; the rest is then copied together, so that the
// strides it is part of can go. All that is decided by the rows alone, so that
// the files have the same bytes whatever the workers and the batches are.
//
// Memory: Partition.BufferBytes of waiting rows, a third of that again while
// they are copied together, two strides' worth for each worker and two more,
// and 48 MiB of runs being encoded, or a row group, if that is more.
type PartitionTx struct {
	sink   *Sink
	schema *arrow.Schema // of the rows, with the columns they are partitioned by
	by     *partitioning
	task   pipeline.Task
	o      PartitionOptions

	// ctx lives from Begin to the end of Commit or Rollback; while a call
	// lasts, its context ends this one too.
	ctx    context.Context
	cancel context.CancelCauseFunc
	quiet  func() bool // stops watching ctx for the writer

	dir     *stagedDir
	writer  *partWriter
	pool    *ordered.Pool[*stride]
	filling *stride // nil when there is none
	scratch sync.Pool

	// Of the goroutine that takes strides, then of Commit.
	format      partFormat
	runRows     int
	runBytes    int64
	partitions  map[string]*partition
	order       []*partition // as they came
	directories map[string]bool
	waiting     int64 // bytes of all partitions' pieces

	rows   int64
	state  txState
	output Output
	files  []FileOutput
}

// A stride has at most so many rows and bytes of values, but one row at least.
const (
	strideRows  = 32 << 10
	strideBytes = 4 << 20
)

// stride is a run of rows on its way to the partitions.
type stride struct {
	pieces []scatter.Piece
	rows   int
	bytes  int64

	// What scatter makes of it.
	names  []string        // of the partitions in it
	sorted []scatter.Piece // their rows; several for one partition only if it is alone
	sizes  []int64         // bytes of each piece in sorted
}

// release gives back all rows.
func (s *stride) release() {
	for _, pieces := range [][]scatter.Piece{s.pieces, s.sorted} {
		for i := range pieces {
			pieces[i].Rec.Release()
			pieces[i].Rec = nil
		}
	}
	s.pieces, s.sorted = s.pieces[:0], s.sorted[:0]
	s.names, s.sizes = s.names[:0], s.sizes[:0]
	s.rows, s.bytes = 0, 0
}

func newPartitionTx(ctx context.Context, s *Sink, t *pipeline.Task, schema *arrow.Schema, by *partitioning) (*PartitionTx, error) {
	tx := &PartitionTx{
		sink: s, schema: schema, by: by, task: *t, o: s.o.Partition.withDefaults(t),
		partitions: map[string]*partition{}, directories: map[string]bool{},
	}
	tx.scratch.New = func() any { return new(scatter.Scratch) }
	var err error
	if tx.format, err = s.newPartFormat(by.schema, t); err != nil {
		return nil, err
	}
	tx.runRows, tx.runBytes = tx.format.limits()
	if tx.dir, err = stageDir(s.o.fs, s.target); err != nil {
		return nil, err
	}
	tx.ctx, tx.cancel = context.WithCancelCause(ctx)
	tx.writer = &partWriter{
		fs: s.o.fs, format: tx.format, name: s.target.path, replace: s.target.replace,
		dir: tx.dir.temp, fileName: "part-0" + s.extension(), fileMode: 0o666 &^ vfs.Umask(),
		readBack: s.readBack, workers: max(1, t.Workers), ctx: tx.ctx, syncs: make(chan struct{}, syncsMax),
	}
	tx.writer.changed.L = &tx.writer.mu
	tx.quiet = context.AfterFunc(tx.ctx, func() { tx.writer.fail(context.Cause(tx.ctx)) })
	tx.pool = ordered.New(ordered.Stages[*stride]{
		New:  func() *stride { return new(stride) },
		Work: tx.scatter,
		Emit: tx.take,
		Drop: (*stride).release,
	}, ordered.Limits{Workers: t.Workers})
	return tx, nil
}

// Write implements [pipeline.Tx].
func (tx *PartitionTx) Write(ctx context.Context, b pipeline.Batch) error {
	defer b.Release()
	if tx.state != txOpen {
		return errors.New("a batch was written to an output that is done")
	}
	if err := checkColumns(tx.sink.target.name, b.Record, tx.schema); err != nil {
		return err
	}
	if err := tx.writer.failed(); err != nil {
		return tx.explain(err)
	}
	defer tx.watch(ctx)()
	for _, a := range b.Record.Columns() {
		_ = a.NullN() // counted when first asked for: here, before workers share the array
	}
	rec := b.Record
	size := sizesOf(rec)
	for low, high := 0, int(rec.NumRows()); low < high; {
		if tx.filling == nil {
			s, err := tx.pool.Next(tx.ctx)
			if err != nil {
				return tx.explain(err)
			}
			tx.filling = s
		}
		s := tx.filling
		n := size.fitting(low, min(high, low+tx.o.strideRows-s.rows), strideBytes-s.bytes)
		if n == 0 && s.rows == 0 {
			n = 1 // a row that is larger than a stride should be
		}
		if n > 0 {
			rec.Retain()
			s.pieces = append(s.pieces, scatter.Piece{Rec: rec, From: low, To: low + n})
			s.rows += n
			s.bytes += size.bytes(low, low+n)
			low += n
		}
		if low < high || s.rows == tx.o.strideRows {
			tx.submit()
		}
	}
	tx.rows += rec.NumRows()
	return nil
}

// checkColumns holds a batch to the schema, on whose types everything relies.
func checkColumns(name string, rec arrow.Record, schema *arrow.Schema) error {
	if int(rec.NumCols()) != schema.NumFields() {
		return fmt.Errorf("%s: a batch has %d columns instead of %d", name, rec.NumCols(), schema.NumFields())
	}
	for i, want := range schema.Fields() {
		if got := rec.Column(i).DataType(); !arrow.TypeEqual(got, want.Type) {
			return fmt.Errorf("%s: column %q of a batch is %s instead of %s", name, want.Name, got, want.Type)
		}
	}
	return nil
}

func (tx *PartitionTx) submit() {
	s := tx.filling
	tx.filling = nil
	tx.pool.Submit(tx.ctx, s.bytes)
}

func (tx *PartitionTx) watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { tx.cancel(context.Cause(ctx)) })
}

// scatter sorts the rows of a stride by partition. It is called on any worker.
func (tx *PartitionTx) scatter(s *stride) error {
	scratch := tx.scratch.Get().(*scatter.Scratch)
	defer tx.scratch.Put(scratch)
	ids, firsts, err := scratch.Number(s.pieces, tx.by.keys)
	if err != nil {
		return err
	}
	piece, before := 0, 0
	for i, first := range firsts {
		if i == 0 || int(first) < before {
			piece, before = 0, 0
		}
		for int(first)-before >= s.pieces[piece].Rows() {
			before += s.pieces[piece].Rows()
			piece++
		}
		p := s.pieces[piece]
		name, err := tx.by.directory(p.Rec, p.From+int(first)-before)
		if err != nil {
			return err
		}
		s.names = append(s.names, name)
	}
	if len(firsts) == 1 { // as is the case where the input is sorted
		for _, p := range s.pieces {
			rec := tx.by.project(p.Rec)
			s.sorted = append(s.sorted, scatter.Piece{Rec: rec, From: p.From, To: p.To})
		}
	} else {
		rec, bounds, err := scratch.Split(tx.task.Alloc, tx.by.schema, s.pieces, tx.by.values, ids, len(firsts))
		if err != nil {
			return err
		}
		for i := range firsts {
			rec.Retain()
			s.sorted = append(s.sorted, scatter.Piece{Rec: rec, From: int(bounds[i]), To: int(bounds[i+1])})
		}
		rec.Release()
	}
	for _, p := range s.sorted {
		s.sizes = append(s.sizes, tx.by.bytesOf(p))
	}
	for i := range s.pieces {
		s.pieces[i].Rec.Release()
		s.pieces[i].Rec = nil
	}
	s.pieces = s.pieces[:0]
	return nil
}

// take gives the rows of a stride to their partitions and sends on what is due.
func (tx *PartitionTx) take(s *stride) error {
	for i, p := range s.sorted {
		part, err := tx.partition(s.names[min(i, len(s.names)-1)])
		if err != nil {
			return err
		}
		p.Rec.Retain()
		part.pieces = append(part.pieces, p)
		part.rows += p.Rows()
		part.bytes += s.sizes[i]
		tx.waiting += s.sizes[i]
		for part.rows >= tx.runRows || part.bytes >= tx.runBytes {
			if err := tx.send(part, min(part.rows, tx.runRows), false); err != nil {
				return err
			}
		}
	}
	s.release()
	if tx.waiting <= tx.o.BufferBytes {
		return nil
	}
	return tx.makeRoom()
}

// partition returns the partition of a directory, and makes it when it is new.
func (tx *PartitionTx) partition(name string) (*partition, error) {
	if p := tx.partitions[name]; p != nil {
		return p, nil
	}
	if len(tx.order) == tx.o.Max {
		return nil, pipeline.Usagef("%s: there are more than %d partitions: %s has too many values; partition by a column with fewer, or raise --partitions-max",
			tx.sink.target.name, tx.o.Max, strings.Join(tx.by.names, " and "))
	}
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' || tx.directories[name[:i]] {
			continue
		}
		err := tx.sink.o.fs.Mkdir(filepath.Join(tx.dir.temp, filepath.FromSlash(name[:i])), 0o777)
		if errors.Is(err, fs.ErrExist) {
			return nil, tx.alike(name[:i])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: cannot create the directory %s: %w%s", tx.sink.target.name, name[:i], causeOf(err), tx.writer.advice(err))
		}
		tx.directories[name[:i]] = true
	}
	p := &partition{name: name}
	tx.partitions[name] = p
	tx.order = append(tx.order, p)
	return p, nil
}

// alike is the error for a directory that the file system takes for another.
func (tx *PartitionTx) alike(name string) error {
	other := "another value's"
	for _, d := range slices.Sorted(maps.Keys(tx.directories)) {
		if strings.EqualFold(d, name) {
			other = d
		}
	}
	return fmt.Errorf("%s: the file system takes the directory %s for the same as %s; write to one that tells upper from lower case, or make the values alike with --derive, such as lower(%s)",
		tx.sink.target.name, path.Base(name), path.Base(other), tx.by.names[strings.Count(name, "/")])
}

// send sends the first rows of a partition to be encoded and written.
func (tx *PartitionTx) send(p *partition, rows int, last bool) error {
	j := &partJob{partition: p, last: last}
	if rows > 0 {
		var recs []arrow.Record
		left := rows
		for left > 0 {
			piece := &p.pieces[0]
			n := min(left, piece.Rows())
			taken := scatter.Piece{Rec: piece.Rec, From: piece.From, To: piece.From + n}
			recs = append(recs, piece.Rec.NewSlice(int64(taken.From), int64(taken.To)))
			j.bytes += tx.by.bytesOf(taken)
			piece.From += n
			left -= n
			if piece.Rows() == 0 {
				piece.Rec.Release()
				p.pieces = p.pieces[1:]
			}
		}
		for _, rec := range recs {
			for _, a := range rec.Columns() {
				_ = a.NullN() // before workers share the array
			}
		}
		j.run = tx.format.run(recs, !p.sent)
		p.sent = true
		for _, rec := range recs {
			rec.Release()
		}
		p.rows -= rows
		p.bytes -= j.bytes
		tx.waiting -= j.bytes
		if p.rows == 0 {
			p.pieces = nil
		}
	}
	return tx.writer.send(j)
}

// waitingShare is how much of the rows that may wait go on waiting when there
// are too many: small partitions wait for their rows to become more.
const waitingShare = 3

// makeRoom sends the largest partitions and copies together what is left.
func (tx *PartitionTx) makeRoom() error {
	largest := slices.DeleteFunc(slices.Clone(tx.order), func(p *partition) bool { return p.rows == 0 })
	// Stable, so that equal ones go in the order in which they came.
	slices.SortStableFunc(largest, func(a, b *partition) int { return int(b.bytes - a.bytes) })
	for len(largest) > 0 && tx.waiting > tx.o.BufferBytes/waitingShare {
		if err := tx.send(largest[0], largest[0].rows, false); err != nil {
			return err
		}
		largest = largest[1:]
	}
	// Until then the rows just sent hold all strides.
	if err := tx.writer.drain(); err != nil || len(largest) == 0 {
		return err
	}
	var pieces []scatter.Piece
	for _, p := range largest {
		pieces = append(pieces, p.pieces...)
	}
	joined, err := scatter.Join(tx.task.Alloc, tx.by.schema, pieces, tx.task.Workers)
	if err != nil {
		return err
	}
	defer joined.Release()
	at := 0
	for _, p := range largest {
		rows, bytes := p.rows, p.bytes
		p.release()
		joined.Retain()
		p.pieces = append(p.pieces, scatter.Piece{Rec: joined, From: at, To: at + rows})
		p.rows, p.bytes = rows, bytes
		at += rows
	}
	return nil
}

// Commit implements [pipeline.Tx].
func (tx *PartitionTx) Commit(ctx context.Context) error {
	if tx.state != txOpen {
		return fmt.Errorf("%s: the output is done already", tx.sink.target.name)
	}
	defer tx.watch(ctx)()
	if err := tx.commit(ctx); err != nil {
		return errors.Join(tx.explain(err), tx.Rollback())
	}
	tx.state = txCommitted
	tx.quiet()
	tx.cancel(nil)
	return nil
}

func (tx *PartitionTx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if tx.filling != nil {
		tx.submit()
	}
	if err := tx.pool.Close(tx.ctx); err != nil {
		return err
	}
	// The largest first, so that the workers end at about the same time.
	last := slices.Clone(tx.order)
	slices.SortStableFunc(last, func(a, b *partition) int { return int(b.bytes - a.bytes) })
	for _, p := range last {
		if err := tx.send(p, p.rows, true); err != nil {
			return err
		}
	}
	if err := tx.writer.wait(); err != nil {
		return err
	}
	m := marker{
		Version: markerVersion, Format: tx.sink.o.Format, Compression: tx.sink.compression(),
		PartitionBy: tx.by.names, Files: []FileOutput{},
	}
	for _, p := range tx.order {
		m.Files = append(m.Files, p.output)
		m.Rows += p.output.Rows
		m.Bytes += p.output.Bytes
	}
	if m.Rows != tx.rows {
		return fmt.Errorf("%s: %d rows were to be written, the files have %d; nothing was published; please report this", tx.sink.target.name, tx.rows, m.Rows)
	}
	slices.SortFunc(m.Files, func(a, b FileOutput) int { return strings.Compare(a.Path, b.Path) })
	content, err := m.bytes()
	if err != nil {
		return err
	}
	if err := tx.dir.publish(ctx, content, slices.Sorted(maps.Keys(tx.directories))); err != nil {
		return err
	}
	digest := newTally(io.Discard)
	_, _ = digest.Write(content) // a hash does not fail
	tx.output = Output{
		Path: tx.sink.o.Path, Format: m.Format, Compression: m.Compression, Rows: m.Rows, Bytes: m.Bytes,
		Digest: digest.sum(),
	}
	tx.files = m.Files
	return nil
}

// explain prefers the reason for which everything was stopped.
func (tx *PartitionTx) explain(err error) error {
	if tx.ctx.Err() != nil {
		return context.Cause(tx.ctx)
	}
	return err
}

// Rollback implements [pipeline.Tx]. Its error names the temporary directory
// that could not be removed.
func (tx *PartitionTx) Rollback() error {
	if tx.state != txOpen {
		return nil
	}
	tx.state = txRolledBack
	tx.writer.fail(errGivenUp) // whoever waits for it goes on
	tx.pool.Abort()
	_ = tx.writer.wait()
	for _, p := range tx.order {
		tx.writer.release(p)
		p.release()
	}
	tx.quiet()
	tx.cancel(nil)
	return tx.dir.discard()
}

// Output describes what was published. It is zero before Commit has succeeded.
func (tx *PartitionTx) Output() Output { return tx.output }

// Files lists the files of the directory in the order of their paths. It is nil
// before Commit has succeeded.
func (tx *PartitionTx) Files() []FileOutput { return tx.files }
