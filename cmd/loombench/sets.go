package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// table makes the rows of a data set.
type table struct {
	name   string // seeds the rows
	header string // with its newline
	rows   func(dst []byte, r *random, s span) []byte
}

// span is a run of rows out of all the rows of a data set.
type span struct {
	first, count int64
	total        int64
}

// dataSet is a table laid out as files.
type dataSet struct {
	name      string
	table     *table
	title     string
	rowsFull  int64 // at scale 1
	files     int
	fileRows  int64 // instead of files: as many files as it takes
	extension string
	extra     bool // only when asked for by name
}

var dataSets = []*dataSet{
	{name: "h2o", table: h2oTable, title: "h2o-like", rowsFull: 10_000_000, files: 32, extension: ".csv"},
	{name: "lineitem", table: lineitemTable, title: "lineitem-like", rowsFull: 4_000_000, files: 8, extension: ".csv"},
	{name: "taxi", table: taxiTable, title: "taxi-like", rowsFull: 6_000_000, files: 12, extension: ".csv"},
	{name: "brc", table: brcTable, title: "1BRC-like", rowsFull: 50_000_000, files: 1, extension: ".csv"},
	{name: "small", table: taxiTable, title: "taxi-like", rowsFull: 1_000_000, fileRows: 100, extension: ".csv"},
	{name: "gzip", table: taxiTable, title: "taxi-like, gzip", rowsFull: 6_000_000, files: 12, extension: ".csv.gz"},
	{name: "zstd", table: taxiTable, title: "taxi-like, zstd", rowsFull: 6_000_000, files: 12, extension: ".csv.zst"},
	{name: "unique", table: uniqueTable, title: "unique keys", rowsFull: 50_000_000, files: 8, extension: ".csv", extra: true},
}

// rowsMax keeps row numbers and times of every table in range.
const rowsMax = 10_000_000_000

func setByName(name string) *dataSet {
	for _, s := range dataSets {
		if s.name == name {
			return s
		}
	}
	return nil
}

// chooseSets returns the sets of a list of names; all but the extra ones when
// the list is empty.
func chooseSets(names []string) ([]*dataSet, error) {
	var chosen []*dataSet
	for _, s := range dataSets {
		if len(names) == 0 && !s.extra || slices.Contains(names, s.name) {
			chosen = append(chosen, s)
		}
	}
	for _, name := range names {
		if setByName(name) == nil {
			return nil, fmt.Errorf("--set: there is no data set %q; there are %s", name, strings.Join(setNames(), ", "))
		}
	}
	return chosen, nil
}

func setNames() (names []string) {
	for _, s := range dataSets {
		names = append(names, s.name)
	}
	return names
}

// rowsAt returns the number of rows at a scale.
func (s *dataSet) rowsAt(scale float64) int64 {
	return max(1, int64(math.Round(float64(s.rowsFull)*scale)))
}

// fileCount returns how many files hold so many rows.
func (s *dataSet) fileCount(rows int64) int {
	if s.fileRows > 0 {
		return int((rows + s.fileRows - 1) / s.fileRows)
	}
	return s.files
}

// fileSpan returns the rows of a file.
func (s *dataSet) fileSpan(file int, rows int64) span {
	n := int64(s.fileCount(rows))
	first, end := int64(file)*rows/n, int64(file+1)*rows/n
	if s.fileRows > 0 {
		first, end = int64(file)*s.fileRows, min(int64(file+1)*s.fileRows, rows)
	}
	return span{first: first, count: end - first, total: rows}
}

func (s *dataSet) fileName(file int) string {
	return fmt.Sprintf("%s-%05d%s", s.name, file, s.extension)
}

// directory is where the files of the set are, below the directory of all sets.
func (s *dataSet) directory(dir string) string { return filepath.Join(dir, s.name) }

// glob matches the files of the set, for the tools that take a glob.
func (s *dataSet) glob(dir string) string {
	return filepath.ToSlash(filepath.Join(s.directory(dir), "*"+s.extension))
}

// delimiter of the fields.
func (s *dataSet) delimiter() byte {
	if s.table == brcTable {
		return ';'
	}
	return ','
}
