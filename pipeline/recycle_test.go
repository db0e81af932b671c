package pipeline

import "testing"

// TestRecycler: buffers come back, with room for what is asked, and no more than
// the limit is kept.
func TestRecycler(t *testing.T) {
	r := NewRecycler()
	for _, size := range []int{0, 1, 100, 2048, 2049, 4096, 4097, 1 << 20, 1<<20 + 1, 1 << 26, 1<<26 + 1} {
		b := r.Allocate(size)
		if len(b) != size {
			t.Fatalf("%d bytes for %d", len(b), size)
		}
		for i := range b {
			b[i] = byte(i)
		}
		b = r.Reallocate(2*size, b)
		if len(b) != 2*size {
			t.Fatalf("%d bytes for %d", len(b), 2*size)
		}
		for i := range size {
			if b[i] != byte(i) {
				t.Fatalf("size %d: byte %d was lost in moving", size, i)
			}
		}
		r.Free(b)
	}
	b := r.Allocate(5000)
	r.Free(b)
	if again := r.Allocate(5100); &again[0] != &b[0] {
		t.Error("a freed buffer was not handed out again")
	}
	for size := 1<<12 + 1; size < 1<<26; size += size/7 + 1 {
		class, classBytes, ok := recycleClassOf(size)
		if again, _, _ := recycleClassOf(classBytes); !ok || classBytes < size || classBytes-size > size/4 || again != class || class >= recycleClasses {
			t.Fatalf("%d bytes get %d of class %d, whose own class is %d", size, classBytes, class, again)
		}
	}
	var all [][]byte
	for range 200 {
		all = append(all, r.Allocate(1<<20))
	}
	for _, b := range all {
		r.Free(b)
	}
	if kept := r.kept.Load(); kept > recycleBytesMax {
		t.Errorf("%d bytes are kept, more than %d", kept, recycleBytesMax)
	}
}
