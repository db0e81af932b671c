package csv

import (
	"fmt"
	"math"
	"slices"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Places of columns that the source makes, where others have that of a field.
const (
	fieldMissing = -1 - iota // NULL in every row
	fieldFile                // the name of the input
	fieldLine                // the line on which the record starts
)

// lineageColumn is a column that tells where a row was read.
type lineageColumn struct {
	name     string
	field    int
	dataType arrow.DataType
	origin   TypeOrigin
}

// lineage returns the columns that the options ask for, which are the last of
// the table.
func (o *Options) lineage() (columns []lineageColumn) {
	if o.FileColumn != "" {
		columns = append(columns, lineageColumn{o.FileColumn, fieldFile, sqltype.Varchar, fromFileColumn})
	}
	if o.LineColumn != "" {
		columns = append(columns, lineageColumn{o.LineColumn, fieldLine, sqltype.BigInt, fromLineColumn})
	}
	return columns
}

// addLineage adds the columns of lineage to names, types and origins.
func (s *Source) addLineage(names []string) ([]string, error) {
	for _, c := range s.options.lineage() {
		if slices.Contains(names, c.name) {
			return nil, pipeline.Usagef("%s %s: there is a column of that name; give another one, such as %[1]s=%[2]s_2", c.origin, c.name)
		}
		names = append(names, c.name)
		s.evidence = append(s.evidence, evidence{})
		s.types = append(s.types, columnType{dataType: c.dataType, declared: true})
		s.origins = append(s.origins, c.origin)
	}
	return names, nil
}

// fieldOf returns where a file has a column of the table; place has the file's
// own columns.
func (s *Source) fieldOf(column int, place map[string]int) int {
	switch s.origins[column] {
	case fromFileColumn:
		return fieldFile
	case fromLineColumn:
		return fieldLine
	}
	if field, ok := place[s.schema.Field(column).Name]; ok {
		return field
	}
	return fieldMissing
}

// made makes a column that is not in the file.
func (c *columns) made(lc *layoutColumn) arrow.Array {
	rows := c.index.rows
	if c.fields.some {
		rows = len(c.fields.wanted)
	}
	switch {
	case lc.field == fieldLine:
		return c.lines(rows)
	case lc.field == fieldFile && lc.coded != nil:
		return codedColumn(c.layout.name, rows, c.alloc)
	case lc.field == fieldFile:
		return constantColumn(c.layout.name, rows, c.alloc)
	}
	return nullColumn(lc.dataType, rows, c.alloc)
}

// lines tells on which line of the file each row starts.
func (c *columns) lines(rows int) arrow.Array {
	buf := newBuffer(c.alloc, 8*rows)
	defer buf.Release()
	at := origin{first: c.block.line, lines: c.index.lines}
	for i, dst := 0, arrow.Int64Traits.CastFromBytes(buf.Bytes()); i < rows; i++ {
		row := i
		if c.fields.some {
			row = int(c.fields.wanted[i])
		}
		dst[i] = at.Line(row)
	}
	data := array.NewData(sqltype.BigInt, rows, []*memory.Buffer{nil, buf}, nil, 0, 0)
	defer data.Release()
	return array.NewInt64Data(data)
}

// constantColumn has the same text in every row.
func constantColumn(text string, rows int, alloc memory.Allocator) arrow.Array {
	offsets, values := newBuffer(alloc, 4*(rows+1)), newBuffer(alloc, len(text)*rows)
	defer offsets.Release()
	defer values.Release()
	for i, dst := 0, arrow.Int32Traits.CastFromBytes(offsets.Bytes()); i <= rows; i++ {
		dst[i] = int32(i * len(text))
	}
	for at := 0; at < len(values.Bytes()); {
		at += copy(values.Bytes()[at:], text)
	}
	data := array.NewData(sqltype.Varchar, rows, []*memory.Buffer{nil, offsets, values}, nil, 0, 0)
	defer data.Release()
	return array.NewStringData(data)
}

// codedColumn is constantColumn in codes.
func codedColumn(text string, rows int, alloc memory.Allocator) arrow.Array {
	codes := newBuffer(alloc, 2*rows)
	defer codes.Release()
	clear(codes.Bytes())
	values := constantColumn(text, 1, alloc)
	defer values.Release()
	data := array.NewDataWithDictionary(pipeline.Coded, rows, []*memory.Buffer{nil, codes}, 0, 0, values.Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// checkLineage refuses names that are too long to be repeated in every row of a
// block: a row takes two bytes of it at least.
func (s *Source) checkLineage() error {
	if s.options.FileColumn == "" {
		return nil
	}
	bytesMax := math.MaxInt32 / (s.settings.BlockBytes/2 + 1)
	for _, f := range s.files {
		if n := len(f.input.Name); n > bytesMax {
			return &pipeline.InputError{
				Pos: pipeline.Position{File: f.input.Name}, Problem: fmt.Sprintf("the name has %d bytes, expected at most %d in a column", n, bytesMax),
				Advice: "leave out --with-file, or lower --block-bytes",
			}
		}
	}
	return nil
}
