package csv

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"csvloom/pipeline"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// readWanted reads a text in blocks of blockBytes and returns its batches.
func readWanted(t *testing.T, alloc memory.Allocator, text string, o Options, want pipeline.Want, filter pipeline.Apply) []pipeline.Batch {
	t.Helper()
	src, err := NewSource([]Input{{Name: "x.csv", Open: func(context.Context) (Stream, error) {
		return nopStream{bytes.NewReader([]byte(text))}, nil
	}}}, o)
	if err != nil {
		t.Fatal(err)
	}
	task := &pipeline.Task{Alloc: alloc, Workers: 1}
	schema, err := src.Schema(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	if want.Columns == nil {
		for _, f := range schema.Fields() {
			want.Columns = append(want.Columns, f.Name)
		}
	}
	var batches []pipeline.Batch
	for in, err := range src.Inputs(t.Context(), want) {
		if err != nil {
			t.Fatal(err)
		}
		for s, err := range in.Splits(t.Context(), task) {
			if err != nil {
				t.Fatal(err)
			}
			b, err := s.(pipeline.FilteredSplit).DecodeWhere(t.Context(), task, filter)
			if err != nil {
				t.Fatal(err)
			}
			batches = append(batches, b)
		}
	}
	return batches
}

// cells returns what the batches hold, row by row, codes resolved.
func cells(batches []pipeline.Batch) (rows []string) {
	for _, b := range batches {
		for r := range int(b.Record.NumRows()) {
			var row []string
			for _, c := range b.Record.Columns() {
				switch {
				case c.IsNull(r):
					row = append(row, "NULL")
				case c.DataType().ID() == arrow.DICTIONARY:
					d := c.(*array.Dictionary)
					row = append(row, fmt.Sprintf("%q", d.Dictionary().(*array.String).Value(d.GetValueIndex(r))))
				default:
					row = append(row, fmt.Sprintf("%q", c.ValueStr(r)))
				}
			}
			rows = append(rows, strings.Join(row, " "))
		}
	}
	return rows
}

func releaseBatches(batches []pipeline.Batch) {
	for i := range batches {
		batches[i].Release()
	}
}

// Columns in codes hold what ordinary ones hold, and come in codes exactly
// while they have few enough values.
func TestCoded(t *testing.T) {
	var text strings.Builder
	text.WriteString("short,quoted,long,many,na,last\n")
	for i := range 9000 {
		fmt.Fprintf(&text, "s%d,\"q\"\"%d\",%s%d,%d-%d,%s,%s\r\n", i%7, i%3, strings.Repeat("abcdefgh", i%4), i%2, i, i*i,
			[]string{"NA", "", `""`, `"NA"`, "x", "exactly8", "exactly-sixteen.", "seventeen letters"}[i%8],
			[]string{"", `""`, "e"}[i%3])
	}
	for _, blockBytes := range []int{1, 1 << 10, 1 << 20} {
		alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
		o := Options{AllVarchar: true, Nulls: []string{"NA"}, BlockBytes: blockBytes}
		all := pipeline.Columns{"short": true, "quoted": true, "long": true, "many": true, "na": true, "last": true}
		plain := readWanted(t, alloc, text.String(), o, pipeline.Want{}, nil)
		coded := readWanted(t, alloc, text.String(), o, pipeline.Want{Coded: all}, nil)
		want, got := cells(plain), cells(coded)
		if len(want) != 9000 || len(got) != len(want) {
			t.Fatalf("%d rows, in codes %d, want 9000", len(want), len(got))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("blocks of %d, row %d: got %s, want %s", blockBytes, i, got[i], want[i])
			}
		}
		for i, c := range coded[len(coded)-1].Record.Columns() {
			name := coded[0].Record.ColumnName(i)
			isCoded := c.DataType().ID() == arrow.DICTIONARY
			if want := name != "many" || blockBytes < 1<<20; isCoded != want {
				t.Errorf("blocks of %d, column %s: in codes %v, want %v", blockBytes, name, isCoded, want)
			}
		}
		releaseBatches(plain)
		releaseBatches(coded)
		alloc.AssertSize(t, 0)
	}
}

// A filter drops rows before most columns are decoded: the result is what
// dropping them afterwards gives, and a value that does not fit matters only in
// a row that is wanted.
func TestDecodeWhere(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b,c\n")
	for i := range 2000 {
		fmt.Fprintf(&text, "%d,%q,%d\r\n", i, fmt.Sprint("b", i%5), i%9)
	}
	for _, keep := range []func(a int64) bool{
		func(a int64) bool { return a%3 == 1 },
		func(int64) bool { return true },
		func(int64) bool { return false },
		func(a int64) bool { return a == 1999 },
	} {
		for _, blockBytes := range []int{1, 1 << 10, 1 << 20} {
			alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
			plain := readWanted(t, alloc, text.String(), Options{BlockBytes: blockBytes}, pipeline.Want{}, nil)
			var want []string
			for i, row := range cells(plain) {
				if keep(int64(i)) {
					want = append(want, row)
				}
			}
			filter := func(b pipeline.Batch) (pipeline.Batch, error) {
				defer b.Release()
				a := b.Record.Column(0).(*array.Int64)
				rows := []int32{}
				kept := array.NewInt64Builder(alloc)
				defer kept.Release()
				for i := range a.Len() {
					if keep(a.Value(i)) {
						rows = append(rows, int32(i))
						kept.Append(a.Value(i))
					}
				}
				column := kept.NewArray()
				defer column.Release()
				out := b
				out.Record, out.Rows = array.NewRecord(b.Record.Schema(), []arrow.Array{column}, int64(len(rows))), rows
				return out, nil
			}
			got := readWanted(t, alloc, text.String(), Options{BlockBytes: blockBytes},
				pipeline.Want{First: pipeline.Columns{"a": true}, Coded: pipeline.Columns{"b": true}}, filter)
			if rows := cells(got); strings.Join(rows, "\n") != strings.Join(want, "\n") {
				t.Errorf("blocks of %d: got %d rows, want %d", blockBytes, len(rows), len(want))
			}
			in, next := int64(0), 0
			for i := range got {
				in += got[i].Tally.RowsIn
				for r := range int(got[i].Record.NumRows()) {
					a := got[i].Record.Column(0).(*array.Int64).Value(r)
					if p := got[i].Position(r); p.Line != a+2 {
						t.Fatalf("row %d: line %d, want %d", next, p.Line, a+2)
					}
					next++
				}
			}
			if in != 2000 {
				t.Errorf("%d rows counted, want 2000", in)
			}
			releaseBatches(plain)
			releaseBatches(got)
			alloc.AssertSize(t, 0)
		}
	}
}
