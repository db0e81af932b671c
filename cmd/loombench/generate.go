package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"
	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"
)

func genCommand() *cobra.Command {
	var (
		names []string
		scale float64
		rows  int64
		seed  uint64
	)
	cmd := &cobra.Command{
		Use:   "gen DIR",
		Short: "Write the data sets",
		Long: `Writes each data set into a directory of its own below DIR, with a manifest of
sizes and digests. A set that is there and complete is kept. The bytes depend on
the seed and the number of rows only.`,
		Example: "  loombench gen /data/loom\n  loombench gen /tmp/loom --scale 0.02 --set h2o,taxi",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sets, err := chooseSets(names)
			if err != nil {
				return err
			}
			for _, s := range sets {
				n := s.rowsAt(scale)
				if rows > 0 {
					n = rows
				}
				if !(scale > 0) || rows < 0 || n > rowsMax {
					return fmt.Errorf("--scale %v, --rows %d: expected between 1 and %d rows", scale, rows, int64(rowsMax))
				}
				start := time.Now()
				m, made, err := s.ensure(cmd.Context(), args[0], n, seed)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				did := "kept"
				if made {
					did = fmt.Sprintf("written in %.1f s", time.Since(start).Seconds())
				}
				fmt.Fprintf(os.Stderr, "%-9s %12d rows %8.1f MB %6d files  %s\n", s.name, m.Rows, float64(m.Bytes)/1e6, len(m.Files), did)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&names, "set", nil, "data `sets` to write, of h2o, lineitem, taxi, brc, small, gzip, zstd and unique; by default all but unique")
	f.Float64Var(&scale, "scale", 1, "`part` of the full size")
	f.Int64Var(&rows, "rows", 0, "`rows` of each set, instead of --scale")
	f.Uint64Var(&seed, "seed", 1, "seed of the rows")
	cmd.MarkFlagsMutuallyExclusive("scale", "rows")
	return cmd
}

// ensure makes the set unless it is there; made tells which.
func (s *dataSet) ensure(ctx context.Context, dir string, rows int64, seed uint64) (m *manifest, made bool, err error) {
	setDir := s.directory(dir)
	if m, err = readManifest(setDir); err != nil {
		return nil, false, err
	}
	if m.complete(setDir, rows, seed) {
		return m, false, nil
	}
	if err := s.clear(setDir); err != nil {
		return nil, false, err
	}
	m, err = s.generate(ctx, setDir, rows, seed)
	return m, true, err
}

// clear makes an empty directory, removing files of the set and nothing else.
func (s *dataSet) clear(setDir string) error {
	if err := os.MkdirAll(setDir, 0o755); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(setDir, manifestName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	old, err := filepath.Glob(filepath.Join(setDir, s.name+"-[0-9]*"+s.extension))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// generate writes all files, as many at once as there are CPUs.
func (s *dataSet) generate(ctx context.Context, setDir string, rows int64, seed uint64) (*manifest, error) {
	m := &manifest{Generation: generation, Set: s.name, Rows: rows, Seed: seed, Files: make([]manifestFile, s.fileCount(rows))}
	parallel := runtime.GOMAXPROCS(0)
	ahead := max(1, parallel/len(m.Files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i := range m.Files {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			m.Files[i], err = s.writeFile(ctx, filepath.Join(setDir, s.fileName(i)), i, s.fileSpan(i, rows), seed, ahead)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i := range m.Files {
		m.Bytes += m.Files[i].Bytes
	}
	return m, m.write(setDir)
}

// digest counts and hashes what passes.
type digest struct {
	to    io.Writer
	hash  *xxh3.Hasher
	bytes int64
}

func (d *digest) Write(p []byte) (int, error) {
	n, err := d.to.Write(p)
	d.hash.Write(p[:n])
	d.bytes += int64(n)
	return n, err
}

func (s *dataSet) writeFile(ctx context.Context, path string, file int, rows span, seed uint64, ahead int) (_ manifestFile, err error) {
	f, err := os.Create(path)
	if err != nil {
		return manifestFile{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	d := &digest{to: f, hash: xxh3.New()}
	w, err := s.compressor(d)
	if err != nil {
		return manifestFile{}, err
	}
	if err := s.writeRows(ctx, w, file, rows, seed, ahead); err != nil {
		return manifestFile{}, errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil {
		return manifestFile{}, err
	}
	return manifestFile{Name: filepath.Base(path), Rows: rows.count, Bytes: d.bytes, XXH3: fmt.Sprintf("%016x", d.hash.Sum64())}, nil
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// compressor wraps w in what the extension asks for. Both compressors are of
// one goroutine and of a pinned version: same rows, same bytes.
func (s *dataSet) compressor(w io.Writer) (io.WriteCloser, error) {
	switch s.extension {
	case ".csv.gz":
		return gzip.NewWriter(w), nil
	case ".csv.zst":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return plainWriter{w}, nil
}

// chunkRows is how many rows are made at a time, each chunk from its own
// random numbers. Changing it changes the data.
const chunkRows = 1 << 16

var chunkBuffers = sync.Pool{New: func() any { return new([]byte) }}

// writeRows writes the header and the rows. Chunks are made ahead of the one
// being written, each by a goroutine that ends with it; the channel of those
// under way keeps their order and bounds them.
func (s *dataSet) writeRows(ctx context.Context, w io.Writer, file int, rows span, seed uint64, ahead int) error {
	if _, err := io.WriteString(w, s.table.header); err != nil {
		return err
	}
	chunks := int((rows.count + chunkRows - 1) / chunkRows)
	underWay := make(chan chan *[]byte, ahead)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(underWay)
		for chunk := range chunks {
			made := make(chan *[]byte, 1)
			select {
			case underWay <- made:
			case <-ctx.Done():
				return ctx.Err()
			}
			first := int64(chunk) * chunkRows
			part := span{first: rows.first + first, count: min(chunkRows, rows.count-first), total: rows.total}
			g.Go(func() error {
				b := chunkBuffers.Get().(*[]byte)
				*b = s.table.rows((*b)[:0], newRandom(s.table.name, seed, file, chunk), part)
				made <- b
				return nil
			})
		}
		return nil
	})
	g.Go(func() error {
		for made := range underWay {
			b := <-made
			_, err := w.Write(*b)
			chunkBuffers.Put(b)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}
