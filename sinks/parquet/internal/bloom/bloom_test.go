package bloom

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	oracle "github.com/parquet-go/parquet-go/bloom"
	oraclehash "github.com/parquet-go/parquet-go/bloom/xxhash"
)

// The test vectors are those of xxHash's own self-test (seed 0) and of widely
// used ports of it.
func TestHashVectors(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uint64
	}{
		{"", 0xef46db3751d8e999},
		{"a", 0xd24ec4f1a98c6e5b},
		{"as", 0x1c330fb2d66be179},
		{"asd", 0x631c37ce72a97393},
		{"asdf", 0x415872f599cea71e},
		{"Call me Ishmael. Some years ago--never mind how long precisely-", 0x02a2e85470d6fd96},
	} {
		if got := Hash([]byte(c.in)); got != c.want {
			t.Errorf("Hash(%q) = %#x, want %#x", c.in, got, c.want)
		}
	}
}

func TestHashOfEveryLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 300)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	for n := range b {
		if got, want := Hash(b[:n]), oraclehash.Sum64(b[:n]); got != want {
			t.Fatalf("Hash of %d bytes = %#x, want %#x", n, got, want)
		}
	}
	if got, want := Hash64(binary.LittleEndian.Uint64(b)), Hash(b[:8]); got != want {
		t.Errorf("Hash64 = %#x, want %#x", got, want)
	}
	if got, want := Hash32(binary.LittleEndian.Uint32(b)), Hash(b[:4]); got != want {
		t.Errorf("Hash32 = %#x, want %#x", got, want)
	}
}

func TestFilter(t *testing.T) {
	const distinct = 10_000
	filter := make([]byte, SizeBytes(distinct))
	for i := range uint64(distinct) {
		Insert(filter, Hash64(i))
	}
	read := oracle.MakeSplitBlockFilter(filter)
	for i := range uint64(distinct) {
		if !read.Check(Hash64(i)) {
			t.Fatalf("value %d was inserted but is not found", i)
		}
	}
	wrong := 0
	for i := range uint64(100_000) {
		if read.Check(Hash64(distinct + i)) {
			wrong++
		}
	}
	if wrong > 1500 {
		t.Errorf("%d of 100,000 absent values were found, want about 1000", wrong)
	}
}

func TestSizeBytes(t *testing.T) {
	for distinct, want := range map[int]int{0: 32, 1: 32, 26: 32, 27: 64, 1 << 40: sizeBytesMax} {
		if got := SizeBytes(distinct); got != want {
			t.Errorf("SizeBytes(%d) = %d, want %d", distinct, got, want)
		}
	}
}
