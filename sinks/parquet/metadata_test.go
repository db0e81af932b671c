package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	oracle "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"csvloom/sinks/parquet/internal/bloom"
	"csvloom/sinks/parquet/internal/compact"
)

// footerOf decodes the footer of a file with another implementation.
func footerOf(t testing.TB, b []byte) *format.FileMetaData {
	t.Helper()
	n := binary.LittleEndian.Uint32(b[len(b)-8:])
	var m format.FileMetaData
	decodeThrift(t, b[len(b)-8-int(n):len(b)-8], &m)
	return &m
}

// decodeThrift decodes a value and returns how many bytes it took.
func decodeThrift(t testing.TB, b []byte, v any) int {
	t.Helper()
	r := bytes.NewReader(b)
	if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(r)).Decode(v); err != nil {
		t.Fatalf("decoding %T: %v", v, err)
	}
	return len(b) - r.Len()
}

// boundsCase is a column of values whose bounds are known.
type boundsCase struct {
	name     string
	values   arrow.Array
	min, max []byte // nil: there are none
	nulls    int64
}

func boundsCases() []boundsCase {
	doubles := func(v ...float64) arrow.Array {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		b.AppendValues(v, nil)
		return b.NewArray()
	}
	decimals := func(p int32, v ...decimal128.Num) arrow.Array {
		b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: p})
		b.AppendValues(v, nil)
		return b.NewArray()
	}
	strs := func(v ...string) arrow.Array { return buildStrings(len(v), func(i int) string { return v[i] }) }
	f64 := func(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }
	i64 := func(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }
	u32 := func(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
	nan, inf, negative0 := math.NaN(), math.Inf(1), math.Copysign(0, -1)
	withNulls := array.NewInt64Builder(memory.DefaultAllocator)
	withNulls.AppendValues([]int64{99, -5, 3, -99}, []bool{false, true, true, false})
	unsigned := array.NewUint32Builder(memory.DefaultAllocator)
	unsigned.AppendValues([]uint32{1 << 31, 7, 0, math.MaxUint32}, []bool{true, true, false, true})
	unsigned64 := array.NewUint64Builder(memory.DefaultAllocator)
	unsigned64.AppendValues([]uint64{1 << 63, 7}, nil)
	bools := array.NewBooleanBuilder(memory.DefaultAllocator)
	bools.AppendValues([]bool{true, true, false}, []bool{true, true, false})
	long := strings.Repeat("é", 40) // 80 bytes
	big := decimal128.FromI64(math.MaxInt64).Mul(decimal128.FromI64(1000))
	return []boundsCase{
		{"integers", withNulls.NewArray(), i64(-5), i64(3), 2},
		{"uint32", unsigned.NewArray(), u32(7), u32(math.MaxUint32), 1},
		{"uint64", unsigned64.NewArray(), i64(7), i64(math.MinInt64), 0},
		{"booleans", bools.NewArray(), []byte{1}, []byte{1}, 1},
		{"NaN is left out", doubles(nan, 2, 1, nan), f64(1), f64(2), 0},
		{"nothing but NaN", doubles(nan, nan), nil, nil, 0},
		{"infinities", doubles(inf, -inf, nan, 5), f64(-inf), f64(inf), 0},
		{"one infinity", doubles(inf, inf), f64(inf), f64(inf), 0},
		{"the other infinity", doubles(-inf, nan), f64(-inf), f64(-inf), 0},
		{"zeros", doubles(0, 0), f64(negative0), f64(0), 0},
		{"negative zeros", doubles(negative0), f64(negative0), f64(0), 0},
		{"zero as maximum", doubles(-1, negative0), f64(-1), f64(0), 0},
		{"small decimals", decimals(9, decimal128.FromI64(-12), decimal128.FromI64(3)), u32(0xfffffff4), u32(3), 0},
		{"large decimals", decimals(22, decimal128.FromI64(-2), big, decimal128.FromI64(0)),
			[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, unhex("01f3fffffffffffffc18"), 0},
		{"strings", strs("b", "", "a\xff", "abcdefghij"), []byte(""), []byte("b"), 0},
		{"same start", strs("12345678b", "12345678", "12345678a"), []byte("12345678"), []byte("12345678b"), 0},
		{"zero bytes", strs("a\x00", "a", "a\x00\x00"), []byte("a"), []byte("a\x00\x00"), 0},
		{"long strings", strs(long, long+"z"), []byte(strings.Repeat("é", 32)), []byte(strings.Repeat("é", 31) + "ê"), 0},
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestBounds(t *testing.T) {
	for _, c := range boundsCases() {
		for _, o := range []Options{{}, {NoDictionary: true}} {
			schema := arrow.NewSchema([]arrow.Field{{Name: "v", Type: c.values.DataType(), Nullable: true}}, nil)
			b := encode(t, schema, o, 1, array.NewRecord(schema, []arrow.Array{c.values}, int64(c.values.Len())))
			chunk := footerOf(t, b).RowGroups[0].Columns[0]
			s := chunk.MetaData.Statistics
			if !bytes.Equal(s.MinValue, c.min) || !bytes.Equal(s.MaxValue, c.max) || s.NullCount != c.nulls {
				t.Errorf("%s: bounds %x to %x, %d NULLs; want %x to %x, %d", c.name, s.MinValue, s.MaxValue, s.NullCount, c.min, c.max, c.nulls)
			}
			if c.min == nil {
				if chunk.ColumnIndexOffset != 0 {
					t.Errorf("%s: there is a column index, which cannot tell pages without bounds", c.name)
				}
				continue
			}
			var index format.ColumnIndex
			decodeThrift(t, b[chunk.ColumnIndexOffset:chunk.ColumnIndexOffset+int64(chunk.ColumnIndexLength)], &index)
			if !bytes.Equal(index.MinValues[0], c.min) || !bytes.Equal(index.MaxValues[0], c.max) || index.NullCounts[0] != c.nulls {
				t.Errorf("%s: column index %x to %x, %d NULLs; want %x to %x, %d", c.name, index.MinValues[0], index.MaxValues[0], index.NullCounts[0], c.min, c.max, c.nulls)
			}
		}
	}
}

// A string whose start cannot be made greater is a bound as it is.
func TestUpperBound(t *testing.T) {
	ff := strings.Repeat("\xff", 80)
	last := strings.Repeat("\U0010ffff", 20)
	for _, c := range []struct {
		in, want string
		text     bool
		inexact  bool
	}{
		{"short", "short", true, false},
		{strings.Repeat("a", 64), strings.Repeat("a", 64), true, false},
		{strings.Repeat("a", 65), strings.Repeat("a", 63) + "b", true, true},
		{"a" + ff, "b", false, true},
		{ff, ff, false, false},
		{ff, ff, true, false},
		{last, last, true, false},
		{"a" + last, "b", true, true},
		{strings.Repeat("a", 61) + "\ud7ff" + "zzz", strings.Repeat("a", 61) + "\ue000", true, true},
		{strings.Repeat("a", 62) + "\ud7ff" + "zzz", strings.Repeat("a", 61) + "b", true, true},
	} {
		got, inexact := upperBound([]byte(c.in), c.text)
		if string(got) != c.want || inexact != c.inexact || string(got) < c.in {
			t.Errorf("upperBound(%q) = %q, inexact %v; want %q, %v", c.in, got, inexact, c.want, c.inexact)
		}
		if low, _ := lowerBound([]byte(c.in), c.text); string(low) > c.in {
			t.Errorf("lowerBound(%q) = %q, which is greater", c.in, low)
		}
	}
}

// Whether a bound was cut short is field 7 and 8 of Statistics, which the
// oracle's structures do not have.
func TestExactness(t *testing.T) {
	for _, c := range []struct {
		b    bounds
		want []byte // fields 7 and 8: true is 1, false 2, in the low half
	}{
		{bounds{some: true, min: []byte("a"), max: []byte("b")}, []byte{0x11, 0x11, 0}},
		{bounds{some: true, min: []byte("a"), max: []byte("b"), maxInexact: true}, []byte{0x12, 0x11, 0}},
		{bounds{some: true, min: []byte("a"), max: []byte("b"), minInexact: true}, []byte{0x11, 0x12, 0}},
	} {
		b := encodeStatistics(c.b)
		if got := b[len(b)-3:]; !bytes.Equal(got, c.want) {
			t.Errorf("%+v ends with %x, want %x", c.b, got, c.want)
		}
	}
}

// The page index is checked against the values of each page, and the pages
// against the offsets in it.
func TestPageIndex(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 4000)
	b := encode(t, rec.Schema(), smallPages, 2, rec)
	first := 0
	for _, g := range footerOf(t, b).RowGroups {
		for c := range g.Columns {
			checkChunk(t, b, rec, c, &g.Columns[c], first, int(g.NumRows))
		}
		first += int(g.NumRows)
	}
}

func checkChunk(t *testing.T, b []byte, rec arrow.Record, c int, chunk *format.ColumnChunk, first, rows int) {
	t.Helper()
	name := rec.ColumnName(c)
	var offsets format.OffsetIndex
	decodeThrift(t, b[chunk.OffsetIndexOffset:chunk.OffsetIndexOffset+int64(chunk.OffsetIndexLength)], &offsets)
	var index format.ColumnIndex
	decodeThrift(t, b[chunk.ColumnIndexOffset:chunk.ColumnIndexOffset+int64(chunk.ColumnIndexLength)], &index)
	by := orderOf(rec.Column(c).DataType())
	m := &chunk.MetaData
	at := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		at = m.DictionaryPageOffset + int64(checkPage(t, b[m.DictionaryPageOffset:], nil))
	}
	var nulls int64
	var all bounds
	for i, p := range offsets.PageLocations {
		var header format.PageHeader
		size := checkPage(t, b[p.Offset:], &header)
		if p.Offset != at || int(p.CompressedPageSize) != size {
			t.Fatalf("column %s, page %d: at %d with %d bytes, want %d with %d", name, i, p.Offset, p.CompressedPageSize, at, size)
		}
		at += int64(size)
		end := rows
		if i+1 < len(offsets.PageLocations) {
			end = int(offsets.PageLocations[i+1].FirstRowIndex)
		}
		want := boundsOf(array.NewSlice(rec.Column(c), int64(first)+p.FirstRowIndex, int64(first+end)), by)
		v2 := header.DataPageHeaderV2.V
		if int(v2.NumRows) != end-int(p.FirstRowIndex) || int64(v2.NumNulls) != index.NullCounts[i] || index.NullCounts[i] != want.nulls {
			t.Errorf("column %s, page %d: %d rows, %d NULLs, %d in the index; want %d, %d", name, i, v2.NumRows, v2.NumNulls, index.NullCounts[i], end-int(p.FirstRowIndex), want.nulls)
		}
		if index.NullPages[i] == want.some {
			t.Errorf("column %s, page %d: null page %v, want %v", name, i, index.NullPages[i], !want.some)
		}
		if want.some && !within(index.MinValues[i], want.min, want.max, index.MaxValues[i], by) {
			t.Errorf("column %s, page %d: %x to %x, want %x to %x", name, i, index.MinValues[i], index.MaxValues[i], want.min, want.max)
		}
		nulls += want.nulls
		all.merge(want.bounds, by)
	}
	if m.Statistics.NullCount != nulls || all.some && !within(m.Statistics.MinValue, all.min, all.max, m.Statistics.MaxValue, by) {
		t.Errorf("column %s: %d NULLs, %x to %x, want %d, %x to %x", name, m.Statistics.NullCount, m.Statistics.MinValue, m.Statistics.MaxValue, nulls, all.min, all.max)
	}
	start := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		start = m.DictionaryPageOffset
	}
	if m.TotalCompressedSize != at-start {
		t.Errorf("column %s: %d bytes in all, want %d", name, m.TotalCompressedSize, at-start)
	}
}

// within reports whether low..high are the bounds least..greatest, or shorter
// ones around them where those are long.
func within(low, least, greatest, high []byte, by order) bool {
	exact := bytes.Equal(low, least) && bytes.Equal(high, greatest)
	if by != orderBytes || len(least) <= boundBytesMax && len(greatest) <= boundBytesMax {
		return exact
	}
	return bytes.Compare(low, least) <= 0 && bytes.Compare(high, greatest) >= 0 && len(low) <= boundBytesMax && len(high) <= boundBytesMax
}

// checkPage checks a page's checksum and returns its length.
func checkPage(t *testing.T, b []byte, header *format.PageHeader) int {
	t.Helper()
	if header == nil {
		header = new(format.PageHeader)
	}
	n := decodeThrift(t, b, header)
	content := b[n : n+int(header.CompressedPageSize)]
	if got := int32(crc32.ChecksumIEEE(content)); got != header.CRC {
		t.Errorf("the checksum of a page is %#x, want %#x", header.CRC, got)
	}
	return n + len(content)
}

func orderOf(t arrow.DataType) order {
	c := column{arrow: t}
	if err := c.setType(); err != nil {
		panic(err)
	}
	return c.order
}

type knownBounds struct {
	bounds
	nulls int64
}

// boundsOf finds the bounds of an array value by value.
func boundsOf(a arrow.Array, by order) knownBounds {
	var k knownBounds
	for i := range a.Len() {
		if a.IsNull(i) {
			k.nulls++
			continue
		}
		v := storedBytes(a, i)
		k.merge(bounds{some: true, min: v, max: v}, by)
	}
	if by == orderFloat && k.some { // zeros are widened
		if v := math.Float64frombits(binary.LittleEndian.Uint64(k.min)); v == 0 {
			k.min = binary.LittleEndian.AppendUint64(nil, 1<<63)
		}
		if v := math.Float64frombits(binary.LittleEndian.Uint64(k.max)); v == 0 {
			k.max = make([]byte, 8)
		}
	}
	return k
}

func TestFooter(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64},
		{Name: "t", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
	}, nil)
	rec := array.NewRecord(schema, []arrow.Array{
		buildColumn(memory.DefaultAllocator, schema.Field(0).Type, 250, func(i int) int64 { return int64(i) }, nullPatterns[0].null),
		buildColumn(memory.DefaultAllocator, schema.Field(1).Type, 250, func(i int) int64 { return int64(-i) }, nullPatterns[0].null),
	}, 250)
	o := Options{
		RowGroupRows: 100, PageRows: 10,
		SortedBy:  []SortColumn{{Column: "t", Descending: true, NullsFirst: true}, {Column: "a"}},
		CreatedBy: "test 1", Metadata: map[string]string{"z": "26", "a": "1"},
	}
	b := encode(t, schema, o, 2, rec)
	m := footerOf(t, b)
	if m.CreatedBy != "test 1" || len(m.ColumnOrders) != 2 || m.NumRows != 250 || m.Version != 2 {
		t.Errorf("footer: created by %q, %d column orders, %d rows, version %d", m.CreatedBy, len(m.ColumnOrders), m.NumRows, m.Version)
	}
	if want := (format.KeyValue{Key: "a", Value: "1"}); len(m.KeyValueMetadata) != 2 || m.KeyValueMetadata[0] != want {
		t.Errorf("metadata %v, want it in the order of keys", m.KeyValueMetadata)
	}
	if a, ts := m.Schema[1], m.Schema[2]; a.RepetitionType.V != format.Required || ts.RepetitionType.V != format.Optional ||
		ts.LogicalType.String() != "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)" {
		t.Errorf("schema %+v, %+v", a, ts)
	}
	for i, g := range m.RowGroups {
		want := []format.SortingColumn{{ColumnIdx: 1, Descending: true, NullsFirst: true}, {ColumnIdx: 0}}
		if len(g.SortingColumns) != 2 || g.SortingColumns[0] != want[0] || g.SortingColumns[1] != want[1] {
			t.Errorf("row group %d is sorted by %v, want %v", i, g.SortingColumns, want)
		}
		if int(g.Ordinal) != i || g.FileOffset != g.Columns[0].MetaData.DataPageOffset {
			t.Errorf("row group %d: ordinal %d, offset %d", i, g.Ordinal, g.FileOffset)
		}
	}
	// Pages in order can be searched by bisection.
	for c, want := range []format.BoundaryOrder{format.Ascending, format.Descending} {
		chunk := m.RowGroups[0].Columns[c]
		var index format.ColumnIndex
		decodeThrift(t, b[chunk.ColumnIndexOffset:], &index)
		if index.BoundaryOrder != want || len(index.MinValues) != 10 {
			t.Errorf("column %d: %v of %d pages, want %v of 10", c, index.BoundaryOrder, len(index.MinValues), want)
		}
	}
}

func TestBloomFilters(t *testing.T) {
	rec := variety(memory.DefaultAllocator, 5000)
	names := []string{"i_few", "i_random", "s_few", "s_random", "d_many", "t_few"}
	b := encode(t, rec.Schema(), Options{BloomColumns: names, RowGroupRows: 3000}, 2, rec)
	f, err := oracle.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		c := rec.Schema().FieldIndices(name)[0]
		filter := f.RowGroups()[1].ColumnChunks()[c].BloomFilter()
		if filter == nil {
			t.Fatalf("column %s has no bloom filter", name)
		}
		raw := make([]byte, filter.Size())
		if _, err := filter.ReadAt(raw, 0); err != nil {
			t.Fatal(err)
		}
		a := rec.Column(c)
		for i := 3000; i < a.Len(); i++ {
			if a.IsNull(i) {
				continue
			}
			if !contains(raw, bloom.Hash(storedBytes(a, i))) {
				t.Fatalf("column %s: value of row %d is not found", name, i)
			}
		}
		rng := rand.New(rand.NewPCG(1, 1))
		wrong := 0
		for range 10_000 {
			if contains(raw, rng.Uint64()) {
				wrong++
			}
		}
		if wrong > 200 {
			t.Errorf("column %s: %d of 10,000 absent values are found, want about 100", name, wrong)
		}
	}
}

// contains looks a hash up: inserting it changes nothing.
func contains(filter []byte, hash uint64) bool {
	with := bytes.Clone(filter)
	bloom.Insert(with, hash)
	return bytes.Equal(with, filter)
}

// encodeStatistics returns the Statistics of a chunk with the given bounds.
func encodeStatistics(b bounds) []byte {
	var w compact.Writer
	w.Begin()
	(&storedChunk{chunk: chunk{bounds: b}}).writeStatistics(&w)
	w.End()
	return w.Buf
}
