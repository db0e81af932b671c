package arrowipc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var allTypes = arrow.NewSchema([]arrow.Field{
	{Name: "bool", Type: sqltype.Boolean, Nullable: true},
	{Name: "bigint", Type: sqltype.BigInt, Nullable: true},
	{Name: "double", Type: sqltype.Double, Nullable: true},
	{Name: "decimal", Type: sqltype.Decimal(20, 3), Nullable: true},
	{Name: "date", Type: sqltype.Date, Nullable: true},
	{Name: "timestamp", Type: sqltype.Timestamp, Nullable: true},
	{Name: "timestamptz", Type: sqltype.TimestampTZ, Nullable: true},
	{Name: "time", Type: sqltype.Time, Nullable: true},
	{Name: "text", Type: sqltype.Varchar, Nullable: true},
	{Name: "blob", Type: sqltype.Blob, Nullable: true},
	{Name: "required", Type: sqltype.BigInt},
}, nil)

// randomRecord returns rows of all types; about one value in nullOneIn is NULL,
// none when that is 0.
func randomRecord(mem memory.Allocator, seed uint64, rows, nullOneIn int) arrow.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	b := array.NewRecordBuilder(mem, allTypes)
	defer b.Release()
	for range rows {
		for i, field := range b.Fields() {
			if allTypes.Field(i).Nullable && nullOneIn > 0 && r.IntN(nullOneIn) == 0 {
				field.AppendNull()
				continue
			}
			switch f := field.(type) {
			case *array.BooleanBuilder:
				f.Append(r.IntN(2) == 0)
			case *array.Int64Builder:
				f.Append(r.Int64() - r.Int64())
			case *array.Float64Builder:
				f.Append(r.NormFloat64())
			case *array.Decimal128Builder:
				f.Append(decimal128.FromI64(r.Int64()))
			case *array.Date32Builder:
				f.Append(arrow.Date32(r.Int32N(20000)))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(r.Int64()))
			case *array.Time64Builder:
				f.Append(arrow.Time64(r.Int64N(86_400_000_000)))
			case *array.StringBuilder:
				f.Append(strings.Repeat("é", r.IntN(20)))
			case *array.BinaryBuilder:
				f.Append([]byte(strings.Repeat("\xff", r.IntN(5))))
			}
		}
	}
	return b.NewRecord()
}

func task(mem memory.Allocator, workers int) *pipeline.Task {
	return &pipeline.Task{Alloc: mem, Workers: workers}
}

func encode(t testing.TB, schema *arrow.Schema, o Options, workers int, records ...arrow.Record) []byte {
	t.Helper()
	return encodeCut(t, schema, o, workers, rowsPerBatch, batchTextBytes, records...)
}

// encodeCut is encode with other limits of a batch.
func encodeCut(t testing.TB, schema *arrow.Schema, o Options, workers, rowsMax, textBytesMax int, records ...arrow.Record) []byte {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out bytes.Buffer
	e, err := NewEncoder(&out, schema, o, task(mem, workers))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Abort()
	e.rowsMax, e.textBytesMax = rowsMax, textBytesMax
	var want int64
	for _, rec := range records {
		if err := e.Write(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		want += rec.NumRows()
	}
	if rows, err := e.Close(t.Context()); err != nil || rows != want {
		t.Fatalf("Close = %d, %v; want %d rows", rows, err, want)
	}
	verify := VerifyFile
	if o.Stream {
		verify = VerifyStream
	}
	if rows, err := verify(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil || rows != want {
		t.Fatalf("read back %d rows, %v; want %d", rows, err, want)
	}
	return out.Bytes()
}

// decode reads an output with arrow/ipc and returns its rows as one record.
func decode(t testing.TB, data []byte, stream bool) (arrow.Record, []int64) {
	t.Helper()
	var records []arrow.Record
	var schema *arrow.Schema
	if stream {
		r, err := ipc.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		schema = r.Schema()
		for r.Next() {
			rec := r.Record()
			rec.Retain()
			records = append(records, rec)
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	} else {
		r, err := ipc.NewFileReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		schema = r.Schema()
		for i := range r.NumRecords() {
			rec, err := r.RecordAt(i)
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, rec)
		}
	}
	var sizes []int64
	for _, rec := range records {
		sizes = append(sizes, rec.NumRows())
	}
	return concat(t, schema, records), sizes
}

func concat(t testing.TB, schema *arrow.Schema, records []arrow.Record) arrow.Record {
	t.Helper()
	columns := make([]arrow.Array, schema.NumFields())
	var rows int64
	for _, rec := range records {
		rows += rec.NumRows()
	}
	for i := range columns {
		var parts []arrow.Array
		for _, rec := range records {
			parts = append(parts, rec.Column(i))
		}
		if len(parts) == 0 {
			columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, schema.Field(i).Type, 0)
			continue
		}
		whole, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		columns[i] = whole
	}
	return array.NewRecord(schema, columns, rows)
}

func TestRoundTrip(t *testing.T) {
	for _, stream := range []bool{false, true} {
		for _, compression := range []Compression{"", Zstd, LZ4, None} {
			for _, nullOneIn := range []int{0, 1, 3} {
				for _, rows := range []int{0, 1, 7, 1000} {
					o := Options{Compression: compression, Stream: stream}
					t.Run(fmt.Sprintf("stream=%t,%s,nulls=%d,rows=%d", stream, compression, nullOneIn, rows), func(t *testing.T) {
						want := randomRecord(memory.DefaultAllocator, 1, rows, nullOneIn)
						got, _ := decode(t, encode(t, allTypes, o, 1, want), stream)
						if !got.Schema().Equal(allTypes) {
							t.Errorf("schema %v, want %v", got.Schema(), allTypes)
						}
						if !array.RecordEqual(got, want) {
							t.Errorf("got %v, want %v", got, want)
						}
					})
				}
			}
		}
	}
}

// The bytes depend on the rows, not on batches, workers, or what lies under
// NULL and behind the last value.
func TestSameBytes(t *testing.T) {
	// More than one block of zstd in a column.
	const rowsMax, rows = 20_000, 25_000
	rec := randomRecord(memory.DefaultAllocator, 2, rows, 5)
	for _, o := range []Options{{Stream: true}, {Compression: LZ4}, {Compression: None}} {
		want := encodeCut(t, allTypes, o, 1, rowsMax, batchTextBytes, rec)
		for _, workers := range []int{1, 2, 8} {
			for _, batch := range []int{4999, rowsMax - 1} {
				var records []arrow.Record
				for from := 0; from < rows; from += batch {
					piece := rec.NewSlice(int64(from), int64(min(from+batch, rows)))
					records = append(records, soil(t, piece))
				}
				if got := encodeCut(t, allTypes, o, workers, rowsMax, batchTextBytes, records...); !bytes.Equal(got, want) {
					t.Fatalf("%+v, %d workers, batches of %d: other bytes", o, workers, batch)
				}
			}
		}
		_, sizes := decode(t, want, o.Stream)
		if len(sizes) != 2 || sizes[0] != rowsMax || sizes[1] != rows-rowsMax {
			t.Errorf("%+v: batches of %v rows", o, sizes)
		}
	}
}

// soil returns the same rows with rubbish under NULL.
func soil(t *testing.T, rec arrow.Record) arrow.Record {
	t.Helper()
	columns := make([]arrow.Array, rec.NumCols())
	for i := range columns {
		data := rec.Column(i).Data()
		columns[i] = rec.Column(i)
		width, ok := data.DataType().(arrow.FixedWidthDataType)
		if !ok || rec.Column(i).NullN() == 0 || width.BitWidth()%8 != 0 {
			continue
		}
		bytesPerValue := width.BitWidth() / 8
		values := bytes.Clone(data.Buffers()[1].Bytes())
		for row := range rec.Column(i).Len() {
			if rec.Column(i).IsNull(row) {
				at := (data.Offset() + row) * bytesPerValue
				copy(values[at:at+bytesPerValue], bytes.Repeat([]byte{0xaa}, bytesPerValue))
			}
		}
		columns[i] = array.MakeFromData(array.NewData(data.DataType(), data.Len(),
			[]*memory.Buffer{data.Buffers()[0], memory.NewBufferBytes(values)}, nil, rec.Column(i).NullN(), data.Offset()))
	}
	return array.NewRecord(rec.Schema(), columns, rec.NumRows())
}

// Long strings end a batch early, a longer one than a batch may hold is a
// batch by itself, and neither depends on how the rows arrive.
func TestLongStrings(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: sqltype.BigInt}, {Name: "s", Type: sqltype.Varchar, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	const textBytesMax = 4 << 10
	long := strings.Repeat("x", textBytesMax/4)
	for i, n := range []int{1, 1, 2, 4, 5, 0, 1} {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		if n == 0 {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.StringBuilder).Append(strings.Repeat(long, n))
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	encode := func(records ...arrow.Record) []byte {
		return encodeCut(t, schema, Options{Stream: true}, 1, rowsPerBatch, textBytesMax, records...)
	}
	want := encode(rec)
	got, sizes := decode(t, want, true)
	if !array.RecordEqual(got, rec) {
		t.Error("other rows are read back")
	}
	if fmt.Sprint(sizes) != "[3 1 1 2]" {
		t.Errorf("batches of %v rows", sizes)
	}
	var single []arrow.Record
	for i := range rec.NumRows() {
		single = append(single, rec.NewSlice(i, i+1))
	}
	if !bytes.Equal(encode(single...), want) {
		t.Error("other bytes when rows come one by one")
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		schema *arrow.Schema
		o      Options
		want   string
	}{
		{arrow.NewSchema(nil, nil), Options{}, "there are no columns"},
		{allTypes, Options{Compression: "snappy"}, `unknown Arrow compression "snappy"`},
		{arrow.NewSchema([]arrow.Field{{Name: "i", Type: sqltype.Interval}}, nil), Options{}, `column "i": INTERVAL cannot be stored`},
	} {
		_, err := NewEncoder(io.Discard, test.schema, test.o, task(memory.DefaultAllocator, 1))
		var usage *pipeline.UsageError
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &usage) {
			t.Errorf("got %v, want a UsageError with %q", err, test.want)
		}
	}
}

var errFull = errors.New("disk full")

// failing takes some writes, then fails; short makes it take half of the
// failing one and say nothing, as a broken writer would.
type failing struct {
	left  int
	short bool
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left >= 0 {
		return len(p), nil
	}
	if f.short {
		return len(p) / 2, nil
	}
	return 0, errFull
}

// Whichever write fails, Close tells, and so does every Write after it.
func TestEveryWriteFails(t *testing.T) {
	rec := randomRecord(memory.DefaultAllocator, 3, 100, 3)
	for _, stream := range []bool{false, true} {
		for _, short := range []bool{false, true} {
			for left := 0; ; left++ {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				w := &failing{left: left, short: short}
				e, err := NewEncoder(w, allTypes, Options{Stream: stream}, task(mem, 2))
				if err != nil {
					t.Fatal(err)
				}
				e.rowsMax = 11
				writeErr := e.Write(t.Context(), rec)
				_, err = e.Close(t.Context())
				mem.AssertSize(t, 0)
				if w.left >= 0 {
					if writeErr != nil || err != nil {
						t.Fatalf("no write failed: %v, %v", writeErr, err)
					}
					if left != 12 { // start, ten batches, end
						t.Fatalf("an output of %d writes", left)
					}
					break
				}
				want := errFull
				if short {
					want = io.ErrShortWrite
				}
				if !errors.Is(err, want) || writeErr != nil && !errors.Is(writeErr, want) {
					t.Fatalf("stream=%t: write %d fails, Write = %v, Close = %v", stream, left, writeErr, err)
				}
				if err := e.Write(t.Context(), rec); err == nil {
					t.Fatalf("stream=%t: Write after an error = nil", stream)
				}
				e.Abort()
			}
		}
	}
}

// An encoder that is given up, or whose context ends while it is at work, ends
// its goroutines.
func TestAbort(t *testing.T) {
	rec := randomRecord(memory.DefaultAllocator, 3, 100, 3)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	for _, w := range []io.Writer{io.Discard, cancelling{ctx, func() { cancel(reason) }}} {
		e, err := NewEncoder(w, allTypes, Options{}, task(memory.DefaultAllocator, 2))
		if err != nil {
			t.Fatal(err)
		}
		e.rowsMax = 3
		if err := e.Write(ctx, rec); err != nil && !errors.Is(err, reason) {
			t.Errorf("Write = %v", err)
		}
		e.Abort()
		e.Abort()
		if _, err := e.Close(t.Context()); err == nil {
			t.Error("Close after Abort = nil")
		}
	}
}

// cancelling cancels when it is written to, and then takes everything.
type cancelling struct {
	ctx    context.Context
	cancel func()
}

func (c cancelling) Write(p []byte) (int, error) {
	c.cancel()
	<-c.ctx.Done()
	return len(p), nil
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, err := NewEncoder(io.Discard, allTypes, Options{}, task(memory.DefaultAllocator, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(ctx, randomRecord(memory.DefaultAllocator, 1, 1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v", err)
	}
	if _, err := e.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close = %v", err)
	}
	e.Abort()
}

// Every output that is cut short, and every one with a broken message, is
// found out.
func TestVerifyDamage(t *testing.T) {
	rec := randomRecord(memory.DefaultAllocator, 4, 50, 3)
	for _, test := range []struct {
		name   string
		verify func(io.ReaderAt, int64) (int64, error)
		data   []byte
	}{
		{"file", VerifyFile, encode(t, allTypes, Options{}, 1, rec)},
		{"stream", VerifyStream, encode(t, allTypes, Options{Stream: true}, 1, rec)},
	} {
		for n := range test.data {
			if _, err := test.verify(bytes.NewReader(test.data[:n]), int64(n)); err == nil {
				t.Fatalf("%s: cut to %d of %d bytes, no error", test.name, n, len(test.data))
			}
			if _, err := test.verify(bytes.NewReader(test.data[:n]), int64(len(test.data))); err == nil {
				t.Fatalf("%s: %d of %d bytes are there, no error", test.name, n, len(test.data))
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	rec := randomRecord(memory.DefaultAllocator, 5, 3, 3)
	f.Add(encode(f, allTypes, Options{Compression: None}, 1, rec))
	f.Add(encode(f, allTypes, Options{Stream: true}, 1, rec))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = VerifyFile(bytes.NewReader(data), int64(len(data)))
		_, _ = VerifyStream(bytes.NewReader(data), int64(len(data)))
	})
}

func BenchmarkEncode(b *testing.B) {
	rec := randomRecord(memory.DefaultAllocator, 6, rowsPerBatch, 10)
	size := int64(len(encode(b, allTypes, Options{Compression: None}, 1, rec)))
	for _, compression := range []Compression{None, LZ4, Zstd} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", compression, workers), func(b *testing.B) {
				e, err := NewEncoder(io.Discard, allTypes, Options{Compression: compression, Stream: true}, task(memory.DefaultAllocator, workers))
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(size)
				for b.Loop() {
					if err := e.Write(b.Context(), rec); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := e.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
