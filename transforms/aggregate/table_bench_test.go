//go:build unix

package aggregate

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

const (
	benchRows      = 1 << 20
	benchBatchRows = 16 << 10
)

// benchBatches makes batches of key columns and one DOUBLE and one BIGINT
// input.
func benchBatches(keys func(rng *rand.Rand, row int) []any, types ...arrow.DataType) []*Rows {
	rng := rand.New(rand.NewPCG(1, 2))
	var batches []*Rows
	for at := 0; at < benchRows; at += benchBatchRows {
		builders := make([]array.Builder, len(types))
		for i, t := range types {
			builders[i] = array.NewBuilder(memory.DefaultAllocator, t)
		}
		v, n := array.NewFloat64Builder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
		for r := range benchBatchRows {
			for i, k := range keys(rng, at+r) {
				switch b := builders[i].(type) {
				case *array.Int64Builder:
					b.Append(int64(k.(int)))
				case *array.StringBuilder:
					b.Append(k.(string))
				}
			}
			v.Append(float64(rng.IntN(1e8)) / 1e6)
			n.Append(int64(rng.IntN(5)))
		}
		b := &Rows{Len: benchBatchRows, Inputs: []arrow.Array{v.NewArray(), n.NewArray()}}
		for _, k := range builders {
			b.Keys = append(b.Keys, k.NewArray())
		}
		batches = append(batches, b)
	}
	return batches
}

func BenchmarkGroup(b *testing.B) {
	integer, text := arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String
	for _, c := range []struct {
		name  string
		types []arrow.DataType
		keys  func(*rand.Rand, int) []any
	}{
		{"none", nil, func(*rand.Rand, int) []any { return nil }},
		{"100-integers", []arrow.DataType{integer}, func(r *rand.Rand, _ int) []any { return []any{r.IntN(100)} }},
		{"100-texts", []arrow.DataType{text}, func(r *rand.Rand, _ int) []any { return []any{fmt.Sprintf("id%03d", r.IntN(100))} }},
		{"100k-texts", []arrow.DataType{text}, func(r *rand.Rand, _ int) []any { return []any{fmt.Sprintf("id%010d", r.IntN(100000))} }},
		{"100k-long-texts", []arrow.DataType{text}, func(r *rand.Rand, _ int) []any { return []any{fmt.Sprintf("identifier%010d", r.IntN(100000))} }},
		{"two-texts", []arrow.DataType{text, text}, func(r *rand.Rand, _ int) []any {
			return []any{fmt.Sprintf("id%03d", r.IntN(100)), fmt.Sprintf("id%03d", r.IntN(100))}
		}},
		{"hour-zone", []arrow.DataType{integer, integer}, func(r *rand.Rand, row int) []any { return []any{row / 400, r.IntN(265)} }},
		{"four-keys", []arrow.DataType{text, text, integer, integer}, func(r *rand.Rand, _ int) []any {
			return []any{fmt.Sprintf("id%03d", r.IntN(100)), fmt.Sprintf("id%03d", r.IntN(100)), r.IntN(100), r.IntN(10)}
		}},
		{"six-keys", []arrow.DataType{text, text, integer, integer, text, integer}, func(r *rand.Rand, _ int) []any {
			return []any{fmt.Sprintf("id%03d", r.IntN(100)), fmt.Sprintf("id%03d", r.IntN(100)), r.IntN(100), r.IntN(10), fmt.Sprintf("id%010d", r.IntN(10000)), r.IntN(10000)}
		}},
		{"unique-integers", []arrow.DataType{integer}, func(_ *rand.Rand, row int) []any { return []any{row * 7919 % benchRows} }},
	} {
		batches := sync.OnceValue(func() []*Rows { return benchBatches(c.keys, c.types...) })
		var keys []arrow.Field
		for i, t := range c.types {
			keys = append(keys, arrow.Field{Name: fmt.Sprint("k", i), Type: t})
		}
		inputs := []arrow.DataType{arrow.PrimitiveTypes.Float64, integer}
		for _, work := range []struct {
			name  string
			calls []Call
		}{
			{"count", []Call{{Function: "count", Star: true, Arg: -1, Filter: -1}}},
			{"sum2", []Call{{Function: "sum", Arg: 0, Filter: -1}, {Function: "sum", Arg: 1, Filter: -1}}},
		} {
			plan, err := NewPlan(keys, inputs, work.calls)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(c.name+"/"+work.name+"/fold", func(b *testing.B) {
				rows := batches()
				watch := startCPU()
				for b.Loop() {
					t, _ := plan.NewTable(memory.DefaultAllocator)
					for _, rows := range rows {
						if err := t.Fold(rows); err != nil {
							b.Fatal(err)
						}
					}
				}
				watch.report(b, benchRows, "cpu-ns/row")
			})
			if work.name != "sum2" {
				continue
			}
			b.Run(c.name+"/"+work.name+"/merge", func(b *testing.B) {
				var states []pipeline.Batch
				for half := range 2 {
					t, _ := plan.NewTable(memory.DefaultAllocator)
					for i, rows := range batches() {
						if i%2 == half {
							if err := t.Fold(rows); err != nil {
								b.Fatal(err)
							}
						}
					}
					if err := t.Flush(func(b pipeline.Batch) error { states = append(states, b); return nil }); err != nil {
						b.Fatal(err)
					}
				}
				watch := startCPU()
				groups := int64(0)
				for b.Loop() {
					groups = 0
					task := &pipeline.Task{Alloc: memory.DefaultAllocator, Workers: 2}
					err := plan.Merge(context.Background(), task, retained(states), func(b pipeline.Batch) error {
						groups += b.Record.NumRows()
						b.Release()
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				watch.report(b, groups, "cpu-ns/group")
			})
		}
	}
}

// retained yields states that the puller may release.
func retained(states []pipeline.Batch) iter.Seq2[pipeline.Batch, error] {
	return func(yield func(pipeline.Batch, error) bool) {
		for _, s := range states {
			s.Record.Retain()
			if !yield(s, nil) {
				return
			}
		}
	}
}

// cpuWatch measures the processor time of the process, which other processes
// do not change.
type cpuWatch time.Duration

func startCPU() cpuWatch {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return cpuWatch(u.Utime.Nano() + u.Stime.Nano())
}

func (w cpuWatch) report(b *testing.B, n int64, unit string) {
	b.ReportMetric(float64(startCPU()-w)/float64(b.N)/float64(n), unit)
}
