package sinks

import (
	"bytes"
	"context"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

// A Parquet file takes strings in codes and is the same; nothing else asks for
// them, or takes them.
func TestCodedColumns(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: sqltype.Varchar, Nullable: true}}, nil)
	plain := func() pipeline.Batch {
		b := array.NewRecordBuilder(mem, schema)
		defer b.Release()
		b.Field(0).(*array.StringBuilder).AppendValues([]string{"b", "a", "", "b"}, []bool{true, true, false, true})
		return pipeline.Batch{Record: b.NewRecord()}
	}
	coded := func() pipeline.Batch {
		b := array.NewStringBuilder(mem)
		defer b.Release()
		b.AppendValues([]string{"a", "b"}, nil)
		values := b.NewArray()
		defer values.Release()
		p := array.NewUint16Builder(mem)
		defer p.Release()
		p.AppendValues([]uint16{1, 0, 0, 1}, []bool{true, true, false, true})
		places := p.NewArray()
		defer places.Release()
		column := array.NewDictionaryArray(pipeline.Coded, places, values)
		defer column.Release()
		codedSchema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: pipeline.Coded, Nullable: true}}, nil)
		return pipeline.Batch{Record: array.NewRecord(codedSchema, []arrow.Array{column}, 4)}
	}
	for _, c := range []struct {
		o     Options
		takes bool
	}{
		{Options{Format: Parquet}, true}, {Options{Format: CSV}, false}, {Options{Format: ArrowStream}, false},
	} {
		written := func(b pipeline.Batch) ([]byte, error) {
			var out bytes.Buffer
			o := c.o
			o.Stdout = &out
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			if wanted := (pipeline.Columns{"s": true}); s.Coded(wanted)["s"] != c.takes {
				t.Errorf("%s: asks for codes %v, want %v", c.o.Format, !c.takes, c.takes)
			}
			ctx := context.Background()
			tx, err := s.Begin(ctx, &pipeline.Task{Alloc: mem, Workers: 1}, schema)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if err := tx.Write(ctx, b); err != nil {
				return nil, err
			}
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			return out.Bytes(), nil
		}
		want, err := written(plain())
		if err != nil {
			t.Fatal(err)
		}
		got, err := written(coded())
		if c.takes && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%s: with codes %v, or the file differs", c.o.Format, err)
		}
		if !c.takes && err == nil {
			t.Errorf("%s: took codes that it had not asked for", c.o.Format)
		}
	}
}
