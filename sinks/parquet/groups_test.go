package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go/format"

	"csvloom/pipeline"
)

// encodeGroups writes each record as a row group, columns encoded by so many
// goroutines.
func encodeGroups(t *testing.T, schema *arrow.Schema, recs []arrow.Record, goroutines int) []byte {
	t.Helper()
	g, err := NewGroups(schema, Options{}, &pipeline.Task{Workers: goroutines})
	if err != nil {
		t.Fatal(err)
	}
	type task struct {
		group *Group
		part  int
	}
	tasks := make(chan task)
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for k := range tasks {
				if err := k.group.Encode(k.part); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var groups []*Group
	for _, rec := range recs {
		group := g.NewGroup([]arrow.Record{rec})
		groups = append(groups, group)
		for part := range group.Parts() {
			tasks <- task{group, part}
		}
	}
	close(tasks)
	wait.Wait()
	var b bytes.Buffer
	f := g.NewFile()
	for _, group := range groups {
		if err := f.Append(&b, group); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Close(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Row groups take over the encodings of a model, until it is time for another;
// the file does not depend on who encodes what.
func TestGroupsTakeEncodingsOver(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "k", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	rng := rand.New(rand.NewPCG(3, 4))
	var recs []arrow.Record
	var want []arrow.Array
	add := func(rows int, random bool) {
		k := buildColumn(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64, rows, func(int) int64 {
			if random {
				return int64(rng.Uint64())
			}
			return rng.Int64N(10)
		}, nullPatterns[0].null)
		s := buildStrings(rows, func(int) string {
			if random {
				return fmt.Sprintf("%x", rng.Uint64())
			}
			return fmt.Sprint("id", rng.IntN(9))
		})
		recs = append(recs, array.NewRecord(schema, []arrow.Array{k, s}, int64(rows)))
		want = append(want, k, s)
	}
	add(100, false)         // 0: too small for a model
	add(modelRowsMin, true) // 1: the model
	for range modelGroups { // 2 to 32: take it over, though a dictionary would be smaller
		add(500, false)
	}
	add(modelRowsMin, false) // 33: the next model
	add(500, false)          // 34
	add(500, true)           // 35: begins with a dictionary, which is given up

	b := encodeGroups(t, schema, recs, 1)
	for _, goroutines := range []int{2, 5} {
		if !bytes.Equal(encodeGroups(t, schema, recs, goroutines), b) {
			t.Errorf("the file is another with %d goroutines", goroutines)
		}
	}
	footer := footerOf(t, b)
	for i, g := range footer.RowGroups {
		coded := g.Columns[0].MetaData.Encoding[0] == format.RLEDictionary
		if want := i == 0 || i >= 33 && i < 35; coded != want {
			t.Errorf("row group %d: %v, want a dictionary: %v", i, g.Columns[0].MetaData.Encoding, want)
		}
	}
	var ks, ss []arrow.Array
	for i := 0; i < len(want); i += 2 {
		ks, ss = append(ks, want[i]), append(ss, want[i+1])
	}
	got := readParquetGo(t, b)
	wantCells(t, "k", got[0], storedCells(ks))
	wantCells(t, "s", got[1], storedCells(ss))
}
