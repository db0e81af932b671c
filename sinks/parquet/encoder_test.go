package parquet

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
	"github.com/apache/arrow/go/v17/arrow/memory"
	"go.uber.org/goleak"

	"csvloom/pipeline"
)

// variety is a record with a column of each family, made for several row groups
// and all choices of encoding.
func variety(mem memory.Allocator, rows int) arrow.Record {
	var fields []arrow.Field
	var columns []arrow.Array
	add := func(name string, typ arrow.DataType, s shape, null func(int) bool) {
		rng := rand.New(rand.NewPCG(7, uint64(len(fields))))
		columns = append(columns, buildColumn(mem, typ, rows, func(i int) int64 { return s.value(rng, i) }, null))
		fields = append(fields, arrow.Field{Name: name, Type: typ, Nullable: true})
	}
	for _, s := range shapes {
		some := nullPatterns[1].null
		add("i_"+s.name, arrow.PrimitiveTypes.Int64, s, some)
		add("s_"+s.name, arrow.BinaryTypes.String, s, some)
		add("d_"+s.name, arrow.PrimitiveTypes.Float64, s, nullPatterns[0].null)
		add("b_"+s.name, arrow.FixedWidthTypes.Boolean, s, some)
		add("t_"+s.name, &arrow.Decimal128Type{Precision: 30, Scale: 10}, s, some)
	}
	rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows))
	for _, c := range columns {
		c.Release()
	}
	return rec
}

// split cuts a record at random places, or into pieces of one size.
func split(rec arrow.Record, rng *rand.Rand, size int) []arrow.Record {
	var pieces []arrow.Record
	for low := int64(0); low < rec.NumRows(); {
		n := int64(size)
		if size == 0 {
			n = 1 + rng.Int64N(3000)
		}
		high := min(rec.NumRows(), low+n)
		pieces = append(pieces, rec.NewSlice(low, high))
		low = high
	}
	return pieces
}

func TestBytesDoNotDependOnWorkersOrBatches(t *testing.T) {
	const rows = 7000
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := variety(mem, rows)
	defer rec.Release()
	for _, o := range []Options{
		{RowGroupRows: 3000, PageRows: 900, PageBytes: 8000, BloomColumns: []string{"i_many", "s_few", "d_random"}},
		{},
		{RowGroupBytes: 1 << 17},
	} {
		want := encode(t, rec.Schema(), o, 1, rec)
		rng := rand.New(rand.NewPCG(8, 9))
		for _, workers := range []int{1, 2, 8} {
			for _, size := range []int{rows, 0, 997} {
				pieces := split(rec, rng, size)
				got := encode(t, rec.Schema(), o, workers, pieces...)
				for _, p := range pieces {
					p.Release()
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%d workers, batches of %d rows (0 = random): the file differs", workers, size)
				}
			}
		}
	}
}

func TestRowGroupsHaveTheirNumberOfRows(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	for _, c := range []struct {
		rows int
		want []int64
	}{
		{0, nil}, {1, []int64{1}}, {99, []int64{99}}, {100, []int64{100}}, {101, []int64{100, 1}}, {300, []int64{100, 100, 100}},
	} {
		rec := array.NewRecord(schema, []arrow.Array{buildColumn(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64, c.rows,
			func(i int) int64 { return int64(i) }, nullPatterns[0].null)}, int64(c.rows))
		b := encode(t, schema, Options{RowGroupRows: 100}, 2, rec, rec.NewSlice(0, 0))
		var got []int64
		for _, g := range footerOf(t, b).RowGroups {
			got = append(got, g.NumRows)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%d rows: row groups of %v, want %v", c.rows, got, c.want)
		}
		if table := readArrow(t, b); table.NumRows() != int64(c.rows) {
			t.Errorf("%d rows: the Arrow library reads %d", c.rows, table.NumRows())
		}
	}
}

// Long values end a row group before its rows are full, one by one if need be.
func TestRowGroupsAreBoundedInBytes(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	rows := []int{10, 90, 200, 50, 40, 1, 1, 1}
	a := buildStrings(len(rows), func(i int) string { return strings.Repeat("x", rows[i]) })
	rec := array.NewRecord(schema, []arrow.Array{a}, int64(len(rows)))
	for _, pieces := range [][]arrow.Record{{rec}, split(rec, nil, 1), split(rec, nil, 3)} {
		b := encode(t, schema, Options{RowGroupBytes: 108}, 2, pieces...)
		var got []int64
		for _, g := range footerOf(t, b).RowGroups {
			got = append(got, g.NumRows)
		}
		// With four bytes of length each: 14+94, 204, 54+44+5+5, 5.
		if want := "[2 1 4 1]"; fmt.Sprint(got) != want {
			t.Errorf("row groups of %v rows, want %v", got, want)
		}
	}
}

func buildStrings(n int, value func(i int) string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range n {
		b.Append(value(i))
	}
	return b.NewArray()
}

func TestLongAndEmptyStrings(t *testing.T) {
	values := []string{"", strings.Repeat("long", 25_600), "", "a", strings.Repeat("\xff", 300), strings.Repeat("x", 100_000)}
	a := buildStrings(600, func(i int) string { return values[i*i%len(values)] + fmt.Sprint(i%50) })
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{a}, 600)
	for _, o := range []Options{{}, {NoDictionary: true}, {NoDictionary: true, NoStatistics: true, Compression: Uncompressed}} {
		b := encode(t, schema, o, 2, rec)
		wantColumn(t, "the Arrow library", readArrow(t, b).Column(0).Data(), []arrow.Array{a})
	}
}

// NULLs of a string column that have bytes under them, as kernels may leave
// them behind.
func TestBytesUnderNulls(t *testing.T) {
	offsets := arrow.Int32Traits.CastToBytes([]int32{0, 2, 4, 6, 6})
	data := array.NewData(arrow.BinaryTypes.String, 4, []*memory.Buffer{
		memory.NewBufferBytes([]byte{0b1101}), memory.NewBufferBytes(offsets), memory.NewBufferBytes([]byte("aaXXbb")),
	}, nil, 1, 0)
	a := array.NewStringData(data)
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	for _, o := range []Options{{}, {NoDictionary: true}} {
		b := encode(t, schema, o, 1, array.NewRecord(schema, []arrow.Array{a}, 4))
		wantColumn(t, "the Arrow library", readArrow(t, b).Column(0).Data(), []arrow.Array{a})
		if s := footerOf(t, b).RowGroups[0].Columns[0].MetaData.Statistics; string(s.MaxValue) != "bb" {
			t.Errorf("the maximum is %q, want bb", s.MaxValue)
		}
	}
}

// LZ4_RAW is not among these: parquet-go 0.32 reads wrong values from pages that
// DuckDB, pyarrow and Polars read well. TestCompressors covers it.
func TestEveryCodecAndLevel(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 3000)
	for _, o := range []Options{
		{}, {Level: 3}, {Level: 22},
		{Compression: Snappy}, {Compression: Gzip}, {Compression: Gzip, Level: 9}, {Compression: Uncompressed},
	} {
		b := encode(t, rec.Schema(), o, 2, rec)
		stored := readParquetGo(t, b)
		for c, a := range rec.Columns() {
			wantCells(t, fmt.Sprint(o.Compression, o.Level, rec.ColumnName(c)), stored[c], storedCells([]arrow.Array{a}))
		}
	}
}

var errDisk = errors.New("disk full")

// failingWriter fails at its nth write, after half of it.
type failingWriter struct{ left int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.left--; w.left < 0 {
		return len(b) / 2, errDisk
	}
	return len(b), nil
}

func TestEveryFailingWriteIsReported(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := variety(mem, 1200)
	defer rec.Release()
	o := Options{RowGroupRows: 500, BloomColumns: []string{"i_few"}}
	for n := 0; ; n++ {
		err := writeAll(&failingWriter{n}, rec, o, 2)
		if err == nil {
			if n < 100 {
				t.Errorf("the file took only %d writes, want one a column chunk at least", n)
			}
			return
		}
		if !errors.Is(err, errDisk) {
			t.Fatalf("write %d failed: got %v, want it to be reported", n, err)
		}
	}
}

func writeAll(w io.Writer, rec arrow.Record, o Options, workers int) error {
	ctx := context.Background()
	e, err := NewEncoder(w, rec.Schema(), o, &pipeline.Task{Workers: workers})
	if err != nil {
		return err
	}
	defer e.Abort()
	parts := split(rec, nil, 300)
	defer func() {
		for _, p := range parts {
			p.Release()
		}
	}()
	for _, p := range parts {
		if err := e.Write(ctx, p); err != nil {
			if _, again := e.Close(ctx); !errors.Is(again, err) && again.Error() != err.Error() && !errors.Is(again, errClosed) {
				return fmt.Errorf("Write failed with %w and Close with %w", err, again)
			}
			if err := e.Write(ctx, p); err == nil {
				return errors.New("Write went on after it had failed")
			}
			return err
		}
	}
	_, err = e.Close(ctx)
	return err
}

type shortWriter struct{}

func (shortWriter) Write(b []byte) (int, error) { return len(b) - 1, nil }

func TestShortWriteIsAnError(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 10)
	if err := writeAll(shortWriter{}, rec, Options{}, 1); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want %v", err, io.ErrShortWrite)
	}
}

// blockedWriter lets the magic through and then waits until it is released.
type blockedWriter struct {
	first   bool
	release chan struct{}
}

func (w *blockedWriter) Write(b []byte) (int, error) {
	if w.first {
		<-w.release
	}
	w.first = true
	return len(b), nil
}

// A slow disk makes Write wait, which ends with the context.
func TestCancelEndsAWaitingWrite(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := variety(mem, 1000)
	defer rec.Release()
	for _, memoryBytes := range []int64{0, 1} {
		w := &blockedWriter{release: make(chan struct{})}
		e, err := NewEncoder(w, rec.Schema(), Options{RowGroupRows: 100}, &pipeline.Task{Workers: 2, MemoryBytes: memoryBytes})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		result := make(chan error)
		go func() { result <- e.Write(ctx, rec) }()
		stopped := errors.New("stopped by the user")
		cancel(stopped)
		if err := <-result; !errors.Is(err, stopped) {
			t.Errorf("Write = %v, want %v", err, stopped)
		}
		close(w.release)
		if _, err := e.Close(context.Background()); !errors.Is(err, stopped) {
			t.Errorf("Close = %v, want %v", err, stopped)
		}
		e.Abort()
	}
}

// Goroutines end with the context even if nobody calls Close or Abort.
func TestGoroutinesEndWithTheContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	rec := variety(memory.DefaultAllocator, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	e, err := NewEncoder(io.Discard, rec.Schema(), Options{RowGroupRows: 100}, &pipeline.Task{Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(ctx, rec); err != nil {
		t.Fatal(err)
	}
	cancel()
	e.wg.Wait()
	if err := e.Write(context.Background(), rec); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v, want %v", err, context.Canceled)
	}
}

func TestAbortGivesEverythingBack(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := variety(mem, 1000)
	defer rec.Release()
	for writes := range 4 {
		e, err := NewEncoder(io.Discard, rec.Schema(), Options{RowGroupRows: 700}, &pipeline.Task{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		for range writes {
			if err := e.Write(context.Background(), rec); err != nil {
				t.Fatal(err)
			}
		}
		e.Abort()
		e.Abort()
		if _, err := e.Close(context.Background()); err == nil {
			t.Error("Close went through after Abort")
		}
	}
}

func TestMemoryBoundDoesNotStallOrChangeTheFile(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 3000)
	o := Options{RowGroupRows: 500}
	want := encode(t, rec.Schema(), o, 2, rec)
	var out bytes.Buffer
	e, err := NewEncoder(&out, rec.Schema(), o, &pipeline.Task{Workers: 2, MemoryBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(context.Background(), rec); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Error("the file depends on the memory that may be used")
	}
}

func TestWrongBatches(t *testing.T) {
	number := arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64}
	schema := arrow.NewSchema([]arrow.Field{number}, nil)
	column := func(typ arrow.DataType, null bool) arrow.Array {
		return buildColumn(memory.DefaultAllocator, typ, 2, func(int) int64 { return 1 }, func(i int) bool { return null && i == 1 })
	}
	ints := column(arrow.PrimitiveTypes.Int64, false)
	for _, c := range []struct {
		fields  []arrow.Field
		columns []arrow.Array
		want    string
	}{
		{[]arrow.Field{number, number}, []arrow.Array{ints, ints}, "2 columns where the Parquet file has 1"},
		{[]arrow.Field{{Name: "n", Type: arrow.BinaryTypes.String}}, []arrow.Array{column(arrow.BinaryTypes.String, false)}, `column "n" of a batch is of type utf8 where the Parquet file has int64`},
		{[]arrow.Field{number}, []arrow.Array{column(arrow.PrimitiveTypes.Int64, true)}, `column "n" may not be NULL`},
	} {
		e, err := NewEncoder(io.Discard, schema, Options{}, &pipeline.Task{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		rec := array.NewRecord(arrow.NewSchema(c.fields, nil), c.columns, 2)
		if err := e.Write(context.Background(), rec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Write = %v, want it to say %q", err, c.want)
		}
		e.Abort()
	}
}
