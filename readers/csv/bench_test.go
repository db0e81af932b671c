package csv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"csvloom/pipeline"
)

// sampleText makes about n bytes of the kind of data that the h2o.ai group-by
// benchmark has: three columns of strings, five of integers, one of doubles.
func sampleText(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("id1,id2,id3,id4,id5,id6,v1,v2,v3\n")
	for b.Len() < n {
		fmt.Fprintf(&b, "id%03d,id%03d,id%010d,%d,%d,%d,%d,%d,%.6f\n", rng.IntN(100)+1, rng.IntN(100)+1, rng.IntN(100_000)+1,
			rng.IntN(100)+1, rng.IntN(100)+1, rng.IntN(100_000)+1, rng.IntN(5)+1, rng.IntN(15)+1, rng.Float64()*100)
	}
	return append(b.Bytes(), make([]byte, padBytes)...)[:b.Len()]
}

// quoteAll puts every field in quotes.
func quoteAll(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(","), []byte(`","`))
	text = bytes.ReplaceAll(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"), []byte("\"\n\""))
	return append(append([]byte{'"'}, text...), '"', '\n')
}

func benchmarkDecode(b *testing.B, text []byte, columns []string) {
	src, err := NewSource([]Input{{Name: "x", Open: func(context.Context) (Stream, error) {
		return nopStream{bytes.NewReader(text)}, nil
	}}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	task := &pipeline.Task{Alloc: pipeline.NewRecycler(), Workers: 1}
	schema, err := src.Schema(b.Context(), task)
	if err != nil {
		b.Fatal(err)
	}
	if columns == nil {
		for _, f := range schema.Fields() {
			columns = append(columns, f.Name)
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for in, err := range src.Inputs(b.Context(), pipeline.Want{Columns: columns}) {
			if err != nil {
				b.Fatal(err)
			}
			for split, err := range in.Splits(b.Context(), task) {
				if err != nil {
					b.Fatal(err)
				}
				batch, err := split.Decode(b.Context(), task)
				if err != nil {
					b.Fatal(err)
				}
				batch.Release()
			}
		}
	}
}

type nopStream struct{ *bytes.Reader }

func (nopStream) Close() error        { return nil }
func (nopStream) Compression() string { return "" }

func BenchmarkRead(b *testing.B) {
	text := sampleText(16 << 20)
	b.Run("all", func(b *testing.B) { benchmarkDecode(b, text, nil) })
	b.Run("strings", func(b *testing.B) { benchmarkDecode(b, text, []string{"id1", "id2", "id3"}) })
	b.Run("integers", func(b *testing.B) { benchmarkDecode(b, text, []string{"id4", "id5", "id6", "v1", "v2"}) })
	b.Run("double", func(b *testing.B) { benchmarkDecode(b, text, []string{"v3"}) })
	b.Run("none", func(b *testing.B) { benchmarkDecode(b, text, []string{}) })
	b.Run("quoted", func(b *testing.B) { benchmarkDecode(b, quoteAll(text), nil) })
}

// BenchmarkDecode decodes one block of all nine columns, without reading or
// cutting it, as texts and in codes.
func BenchmarkDecode(b *testing.B) {
	text := sampleText(1 << 20)
	for _, coded := range []bool{false, true} {
		name := "texts"
		want := pipeline.Want{}
		if coded {
			name, want.Coded = "codes", pipeline.Columns{"id1": true, "id2": true, "id3": true}
		}
		b.Run(name, func(b *testing.B) {
			src, err := NewSource([]Input{{Name: "x", Open: func(context.Context) (Stream, error) {
				return nopStream{bytes.NewReader(text)}, nil
			}}}, Options{BlockBytes: 2 << 20})
			if err != nil {
				b.Fatal(err)
			}
			task := &pipeline.Task{Alloc: pipeline.NewRecycler(), Workers: 1}
			schema, err := src.Schema(b.Context(), task)
			if err != nil {
				b.Fatal(err)
			}
			for _, f := range schema.Fields() {
				want.Columns = append(want.Columns, f.Name)
			}
			var l *layout
			for in := range src.Inputs(b.Context(), want) {
				l = in.(*reading).layout
			}
			data := text[bytes.IndexByte(text, '\n')+1:]
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				batch, err := l.decode(&block{data: data, line: 2}, task.Alloc, nil)
				if err != nil {
					b.Fatal(err)
				}
				batch.Release()
			}
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	for _, c := range []struct {
		name string
		text []byte
	}{{"plain", sampleText(1 << 20)}, {"quoted", quoteAll(sampleText(1 << 20))}} {
		data := append(c.text, make([]byte, padBytes)...)
		b.Run(c.name, func(b *testing.B) {
			var ix index
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				ix.build(data, len(c.text), nil, &rfc4180, 9, 1<<30, nil)
			}
		})
		b.Run(c.name+"/tokens", func(b *testing.B) {
			ix := index{width: 9}
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				ix.buildByTokens(c.text, &rfc4180, 1<<30, nil)
			}
		})
	}
}

func BenchmarkCut(b *testing.B) {
	for _, c := range []struct {
		name string
		text []byte
	}{{"plain", sampleText(16 << 20)}, {"quoted", quoteAll(sampleText(16 << 20))}} {
		b.Run(c.name, func(b *testing.B) {
			buffers := new(bufferPool)
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				cut := cutter{dialect: &rfc4180, r: bytes.NewReader(c.text), blockBytes: 1 << 20, rowBytesMax: 1 << 24, buffers: buffers, line: 1}
				for {
					block, err := cut.next()
					if err == io.EOF {
						break
					}
					buffers.putBlock(&block)
				}
			}
		})
	}
}
