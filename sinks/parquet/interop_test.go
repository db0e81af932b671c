package parquet

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// interopDir names the variable with the directory that TestInteropFiles fills.
const interopDir = "CSVLOOM_INTEROP_DIR"

// TestInteropFiles writes each shape with each codec, and the same rows as an
// Arrow file, for testdata/interop.py to compare with DuckDB, pyarrow and Polars.
func TestInteropFiles(t *testing.T) {
	dir := os.Getenv(interopDir)
	if dir == "" {
		t.Skipf("%s is not set: no files are written for other programs to read", interopDir)
	}
	for _, sh := range shapes {
		rec := interopRecord(sh, 12_000)
		f, err := os.Create(filepath.Join(dir, sh.name+".arrow"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema()))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for codec := range codecNames {
			for name, o := range map[string]Options{"small": smallPages, "default": {}} {
				o.Compression = Codec(codec)
				o.BloomColumns = []string{"none_int64", "some_utf8", "some_float64"}
				b := encode(t, rec.Schema(), o, 2, rec)
				if err := os.WriteFile(filepath.Join(dir, sh.name+"-"+name+"-"+o.Compression.String()+".parquet"), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// interopRecord has a column of each type and pattern of NULLs.
func interopRecord(sh shape, rows int) arrow.Record {
	var fields []arrow.Field
	var columns []arrow.Array
	for _, typ := range allTypes {
		if ts, ok := typ.(*arrow.TimestampType); ok && ts.Unit == arrow.Millisecond {
			continue // DuckDB has no range for all of them
		}
		for k, p := range nullPatterns {
			rng := rand.New(rand.NewPCG(1, uint64(k)))
			columns = append(columns, buildColumn(memory.DefaultAllocator, typ, rows, func(i int) int64 { return sh.value(rng, i) }, p.null))
			fields = append(fields, arrow.Field{Name: p.name + "_" + typ.String(), Type: typ, Nullable: p.name != "none"})
		}
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows))
}
