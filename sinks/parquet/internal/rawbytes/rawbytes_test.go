package rawbytes

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

func TestBytesAreLittleEndian(t *testing.T) {
	checkBytes(t, []int32{1, -2, math.MaxInt32, math.MinInt32})
	checkBytes(t, []int64{1, -2, math.MaxInt64, math.MinInt64})
	checkBytes(t, []float32{1.5, float32(math.NaN()), -0.25})
	checkBytes(t, []float64{1.5, math.Inf(-1), math.Copysign(0, -1)})
	checkBytes(t, []int64{})
}

func checkBytes[T Fixed](t *testing.T, v []T) {
	t.Helper()
	want, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		t.Fatal(err)
	}
	if got := Bytes(v); !bytes.Equal(got, want) {
		t.Errorf("Bytes(%v) = %x, want %x", v, got, want)
	}
}

func TestBits(t *testing.T) {
	d := []float64{1.5, math.Copysign(0, -1), math.Inf(1)}
	for i, b := range Bits64(d) {
		if uint64(b) != math.Float64bits(d[i]) {
			t.Errorf("Bits64 of %v = %#x, want %#x", d[i], b, math.Float64bits(d[i]))
		}
	}
	f := []float32{1.5, -3, 0}
	for i, b := range Bits32(f) {
		if uint32(b) != math.Float32bits(f[i]) {
			t.Errorf("Bits32 of %v = %#x, want %#x", f[i], b, math.Float32bits(f[i]))
		}
	}
}
