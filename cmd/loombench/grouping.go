package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// grouping is a group-by written down once more, in the plainest Go, over the
// fields of lines. It reads none of the columns that are quoted.
type grouping struct {
	delimiter byte // 0: comma
	where     func(fields [][]byte) bool
	keys      []keyText
	values    []folding
}

// keyText appends the value of a key as csvloom writes it to CSV.
type keyText func(dst []byte, fields [][]byte) []byte

func fieldText(i int) keyText {
	return func(dst []byte, fields [][]byte) []byte { return append(dst, fields[i]...) }
}

// hourText cuts a timestamp at its hour.
func hourText(i int) keyText {
	return func(dst []byte, fields [][]byte) []byte {
		return append(append(dst, fields[i][:len("2006-01-02 15")]...), ":00:00"...)
	}
}

// folding is an aggregate function of a value of the rows.
type folding struct {
	of     func(fields [][]byte) float64
	fold   func(state, v float64) float64
	first  float64
	divide bool // by the number of rows, at the end
}

func plus(state, v float64) float64 { return state + v }

func counted() folding {
	return folding{of: func([][]byte) float64 { return 1 }, fold: plus}
}

func summed(of func([][]byte) float64) folding { return folding{of: of, fold: plus} }

func averaged(of func([][]byte) float64) folding { return folding{of: of, fold: plus, divide: true} }

func lowest(of func([][]byte) float64) folding {
	return folding{of: of, fold: math.Min, first: math.Inf(1)}
}

func highest(of func([][]byte) float64) folding {
	return folding{of: of, fold: math.Max, first: math.Inf(-1)}
}

func field(i int) func([][]byte) float64 {
	return func(fields [][]byte) float64 { return number(fields[i]) }
}

// number parses a field; NaN, which equals nothing, if it is none.
func number(b []byte) float64 {
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// group is the state of one group.
type group struct {
	rows   int64
	states []float64
}

// keySeparator joins the texts of keys; no data set has it.
const keySeparator = '\x1f'

// of computes the groups of the files of a set.
func (g *grouping) of(ctx context.Context, s *dataSet, dir string) (map[string]*group, error) {
	paths, err := filepath.Glob(filepath.Join(s.directory(dir), "*"+s.extension))
	if err != nil {
		return nil, err
	}
	groups := make(map[string]*group)
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := g.addFile(groups, path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return groups, nil
}

func (g *grouping) addFile(groups map[string]*group, path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var r io.Reader = f
	switch {
	case strings.HasSuffix(path, ".gz"):
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	lines.Scan() // the header
	g.add(groups, lines)
	return lines.Err()
}

func (g *grouping) add(groups map[string]*group, lines *bufio.Scanner) {
	delimiter := g.delimiter
	if delimiter == 0 {
		delimiter = ','
	}
	var fields [][]byte
	var key []byte
	for lines.Scan() {
		fields = splitFields(fields[:0], lines.Bytes(), delimiter)
		if g.where != nil && !g.where(fields) {
			continue
		}
		key = key[:0]
		for i, k := range g.keys {
			if i > 0 {
				key = append(key, keySeparator)
			}
			key = k(key, fields)
		}
		to, ok := groups[string(key)]
		if !ok {
			to = &group{states: make([]float64, len(g.values))}
			for i := range g.values {
				to.states[i] = g.values[i].first
			}
			groups[string(key)] = to
		}
		to.rows++
		for i := range g.values {
			to.states[i] = g.values[i].fold(to.states[i], g.values[i].of(fields))
		}
	}
}

func splitFields(dst [][]byte, line []byte, delimiter byte) [][]byte {
	for {
		i := bytes.IndexByte(line, delimiter)
		if i < 0 {
			return append(dst, line)
		}
		dst = append(dst, line[:i])
		line = line[i+1:]
	}
}

// value returns the value of an aggregate.
func (g *grouping) value(of *group, i int) float64 {
	if g.values[i].divide {
		return of.states[i] / float64(of.rows)
	}
	return of.states[i]
}
