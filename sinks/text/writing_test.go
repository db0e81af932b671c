package text

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

type failAfter struct {
	left  int
	err   error // nil: a short write that nothing is said about
	taken []byte
}

func (w *failAfter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, w.err
	}
	w.taken = append(w.taken, p...)
	return len(p), nil
}

// Whichever write fails, its error is returned by Close and by every Write
// after, and what was written is a prefix of the output.
func TestEveryWriteFails(t *testing.T) {
	full := errors.New("disk full")
	rec := numbered(memory.DefaultAllocator, 3*chunkRows+1)
	defer rec.Release()
	for name, open := range map[string]func(io.Writer) (encoder, error){
		"csv": csvTo(rec.Schema(), CSVOptions{}), "jsonl": jsonTo(rec.Schema()), "table": tableTo(rec.Schema(), TableOptions{}),
	} {
		whole := encode(t, open, rec)
		for _, failure := range []error{full, nil} {
			writes := 0
			for ; ; writes++ {
				w := &failAfter{left: writes, err: failure}
				e, err := open(w)
				if err != nil {
					t.Fatal(err)
				}
				writeErr := e.Write(t.Context(), rec)
				rows, err := e.Close(t.Context())
				if w.left >= 0 {
					if writeErr != nil || err != nil || string(w.taken) != whole {
						t.Fatalf("%s: no write failed: %v, %v", name, writeErr, err)
					}
					break
				}
				want := failure
				if want == nil && name != "table" {
					want = io.ErrShortWrite
				}
				if !errors.Is(err, want) || writeErr != nil && !errors.Is(writeErr, want) {
					t.Errorf("%s: after %d writes, Write = %v, Close = %d, %v; want %v", name, writes, writeErr, rows, err, want)
				}
				if name != "table" {
					if err := e.Write(t.Context(), rec); !errors.Is(err, want) {
						t.Errorf("%s: after %d writes, Write after Close = %v; want %v", name, writes, err, want)
					}
				}
				if !strings.HasPrefix(whole, string(w.taken)) {
					t.Errorf("%s: after %d writes, what was written is no prefix of the output", name, writes)
				}
				e.Abort()
			}
			if name != "table" && writes != 4 {
				t.Errorf("%s: %d writes, want one for each chunk", name, writes)
			}
		}
	}
}

// numbered returns a record of a number and its text.
func numbered(mem memory.Allocator, rows int) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: sqltype.BigInt, Nullable: true}, {Name: "s", Type: sqltype.Varchar, Nullable: true}}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for i := range rows {
		if i%7 == 0 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.Int64Builder).Append(int64(i) * 1_000_003)
		}
		b.Field(1).(*array.StringBuilder).Append(strings.Repeat(strconv.Itoa(i), i%5))
	}
	return b.NewRecord()
}

// The bytes depend neither on the number of workers nor on the batches, and
// all memory is given back.
func TestSameBytes(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := numbered(mem, 5*chunkRows/2)
	defer rec.Release()
	for name, open := range map[string]func(w io.Writer, workers int) (encoder, error){
		"csv": func(w io.Writer, workers int) (encoder, error) {
			return NewCSV(w, rec.Schema(), CSVOptions{}, &pipeline.Task{Workers: workers})
		},
		"jsonl": func(w io.Writer, workers int) (encoder, error) {
			return NewJSONLines(w, rec.Schema(), &pipeline.Task{Workers: workers, MemoryBytes: 1})
		},
	} {
		var want string
		for _, workers := range []int{1, 2, 8} {
			for _, batch := range []int64{rec.NumRows(), chunkRows - 1, 99} {
				var records []arrow.Record
				for from := int64(0); from < rec.NumRows(); from += batch {
					records = append(records, rec.NewSlice(from, min(from+batch, rec.NumRows())))
				}
				got := encode(t, func(w io.Writer) (encoder, error) { return open(w, workers) }, records...)
				for _, r := range records {
					r.Release()
				}
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("%s: %d workers, batches of %d rows: other bytes", name, workers, batch)
				}
			}
		}
	}
}

// Long strings end a chunk early, so that memory is bounded by bytes.
func TestLongStrings(t *testing.T) {
	var rows [][]string
	for i := range 64 {
		rows = append(rows, []string{strings.Repeat(string(rune('a'+i%26)), chunkBytes/4-i)})
	}
	rec := stringRecord(t, []string{"s"}, rows...)
	defer rec.Release()
	w := &largest{}
	e, err := NewCSV(w, rec.Schema(), CSVOptions{NoHeader: true}, &pipeline.Task{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if rows, err := e.Close(t.Context()); rows != 64 || err != nil {
		t.Fatalf("Close = %d, %v", rows, err)
	}
	if w.bytes > 2*chunkBytes {
		t.Errorf("a chunk of %d bytes", w.bytes)
	}
	var want strings.Builder
	for _, row := range rows {
		want.WriteString(row[0] + "\n")
	}
	if w.all.String() != want.String() {
		t.Error("other text")
	}
}

// largest remembers the largest write.
type largest struct {
	bytes int
	all   bytes.Buffer
}

func (l *largest) Write(p []byte) (int, error) {
	l.bytes = max(l.bytes, len(p))
	return l.all.Write(p)
}

// An encoder that is given up lets go of everything, wherever it is; also when
// its context ends while the writer waits.
func TestAbort(t *testing.T) {
	for _, rows := range []int{0, 1, 3 * chunkRows} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		rec := numbered(mem, rows)
		e, err := NewCSV(io.Discard, rec.Schema(), CSVOptions{}, &pipeline.Task{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
		e.Abort()
		e.Abort()
		mem.AssertSize(t, 0)
		if _, err := e.Close(t.Context()); err == nil {
			t.Error("Close after Abort = nil")
		}
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := numbered(mem, 20*chunkRows)
	defer rec.Release()
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	e, err := NewCSV(writerFunc(func(p []byte) (int, error) {
		cancel(reason)
		<-ctx.Done()
		return len(p), nil
	}), rec.Schema(), CSVOptions{}, &pipeline.Task{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(ctx, rec); !errors.Is(err, reason) {
		t.Errorf("Write = %v", err)
	}
	if _, err := e.Close(ctx); !errors.Is(err, reason) {
		t.Errorf("Close = %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestCancelled(t *testing.T) {
	rec := allTypesRecord(memory.DefaultAllocator)
	defer rec.Release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, open := range map[string]func(io.Writer) (encoder, error){
		"csv": csvTo(allTypes, CSVOptions{}), "jsonl": jsonTo(allTypes), "table": tableTo(allTypes, TableOptions{}),
	} {
		e, err := open(io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(ctx, rec); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Write after cancel = %v", name, err)
		}
		e.Abort()
	}
}
