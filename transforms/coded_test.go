package transforms

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"csvloom/pipeline"
)

// withCodes replaces every other one of the columns that may come as codes. The
// dictionary also has a value of no row, as a filter leaves it behind.
func withCodes(alloc memory.Allocator, rng *rand.Rand, b pipeline.Batch, may pipeline.Columns) pipeline.Batch {
	rec := b.Record
	fields, columns := slices.Clone(rec.Schema().Fields()), make([]arrow.Array, rec.NumCols())
	for i, c := range rec.Columns() {
		columns[i] = c
		c.Retain()
		if may[fields[i].Name] && rng.IntN(2) == 0 {
			fields[i].Type = pipeline.Coded
			columns[i] = coded(alloc, c.(*array.String))
			c.Release()
		}
	}
	b.Record = array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
	releaseArrays(columns)
	rec.Release()
	return b
}

func coded(alloc memory.Allocator, a *array.String) arrow.Array {
	values := array.NewStringBuilder(alloc)
	defer values.Release()
	codes := array.NewUint16Builder(alloc)
	defer codes.Release()
	values.Append("a value of no row")
	places := map[string]uint16{}
	for i := range a.Len() {
		if a.IsNull(i) {
			codes.AppendNull()
			continue
		}
		if _, ok := places[a.Value(i)]; !ok {
			places[a.Value(i)] = uint16(values.Len())
			values.Append(a.Value(i))
		}
		codes.Append(places[a.Value(i)])
	}
	v, c := values.NewArray(), codes.NewArray()
	defer v.Release()
	defer c.Release()
	return array.NewDictionaryArray(pipeline.Coded, c, v)
}

func TestCodedColumns(t *testing.T) {
	in := table(t, mixedColumns, mixedRows)
	for _, c := range []struct{ by, aggs, want string }{
		{"k", "count(*)", "k"},
		{"k; s; g", "sum(n), count(s)", "k s"},
		{"upper(k) as k; s", "count(k)", "s"},
		{"k", "count(s), min(k)", "s"},
		{"k; s", "count(distinct s)", "k"},
		{"s", "string_agg(k, ',' order by s)", ""},
		{"s", "count(*) filter (where k = 'a')", "s"},
		{"k; s; g; n; x; d", "count(*)", "k s"},
		{"k; s; g; n; x; d; b", "count(*)", ""},
		{"", "count(k), count(n)", "k"},
	} {
		var by []string
		if c.by != "" {
			by = strings.Split(c.by, "; ")
		}
		step := reducerOf(t, by, c.aggs)
		bound, err := step.(pipeline.Reducer).Bind(in.schema)
		if err != nil {
			t.Fatal(err)
		}
		all := pipeline.Columns{}
		for _, f := range in.schema.Fields() {
			all[f.Name] = true
		}
		got := slices.Sorted(maps.Keys(bound.(pipeline.Coder).Coded(all)))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q may come as codes, expected %q", step, got, c.want)
		}
		if got := bound.(pipeline.Coder).Coded(pipeline.Columns{"n": true}); len(got) > 0 {
			t.Errorf("%s: %v may come as codes, which was not asked", step, got)
		}
	}
}

// TestWhereKeepsCodes: a column that the condition does not read passes through
// as codes.
func TestWhereKeepsCodes(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	in := table(t, mixedColumns, mixedRows)
	stage, err := Where("g = 1")
	if err != nil {
		t.Fatal(err)
	}
	bound, err := stage.Bind(in.schema)
	if err != nil {
		t.Fatal(err)
	}
	f, err := bound.Open(&pipeline.Task{Alloc: alloc, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := pipeline.Batch{Record: in.record(alloc, in.rows)}
	fields := in.schema.Fields()
	fields[0].Type = pipeline.Coded
	columns := slices.Clone(b.Record.Columns())
	columns[0] = coded(alloc, columns[0].(*array.String))
	rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, b.Record.NumRows())
	columns[0].Release()
	b.Record.Release()
	b.Record = rec
	out, err := f(b)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	k, ok := out.Record.Column(0).(*array.Dictionary)
	if !ok {
		t.Fatalf("the column is %s after the filter", out.Record.Column(0).DataType())
	}
	var got []string
	for i := range k.Len() {
		if k.IsNull(i) {
			got = append(got, "NULL")
		} else {
			got = append(got, k.ValueStr(i))
		}
	}
	if want := []string{"a", "a", "NULL", ""}; !slices.Equal(got, want) {
		t.Errorf("the rows are %q, expected %q", got, want)
	}
}

// TestManyKeys: more keys than are numbered one by one are encoded as one.
func TestManyKeys(t *testing.T) {
	in := table(t, mixedColumns, mixedRows)
	step := reducerOf(t, []string{"b", "g", "k", "d", "day", "s", "n"}, "count(*) as c, sum(x) as x")
	sameText(t, plainly(t, in, step), `b | g | k | d | day | s | n | c | x
		false | 2 | b | 99999999.99 | 1969-07-20 |  | 9223372036854775807 | 1 | inf
		false | 2 | b | NULL | 2019-05-06 | apple | -7 | 1 | NULL
		false | NULL | NULL | -2.00 | NULL | zebra with a long nose | 3 | 1 | 0
		true | 1 | a | 1.25 | 2020-01-02 | pear | 5 | 1 | 0.1
		true | 1 | NULL | -2.00 | 2021-12-31 | fig | 3 | 1 | 0
		true | 2 | a | 1.25 | 2020-01-02 | apple | 1 | 1 | 1e+300
		true | NULL |  | 0.01 | 2000-02-29 | pear | 3 | 1 | NaN
		NULL | 1 |  | 7.00 | 2020-01-02 | zebra with a long name | 0 | 1 | 1e-300
		NULL | 1 | a | 3.50 | NULL | NULL | NULL | 1 | 0.2`)
	everyWay(t, in, step)
}
