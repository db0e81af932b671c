package pipeline

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Recycler is a memory.Allocator that keeps freed buffers and hands them out
// again, so that a run neither clears the same memory again and again nor has
// the garbage collector find it. What it hands out is not cleared. It is safe
// for concurrent use.
//
// Recycling turns a buffer that is used after its release, which the heap
// forgives, into wrong data. Tests run every operator with an allocator that
// overwrites what is freed, which makes such a mistake visible.
type Recycler struct {
	heap    *memory.GoAllocator
	classes [recycleClasses]recycleClass
	kept    atomic.Int64 // bytes of all classes
}

// Buffers of 2^12 to 2^26 bytes are kept, in four classes for each power of two
// so that no more than a fifth of one is for nothing, and all of them together
// up to recycleBytesMax. Smaller ones cost the heap little, larger ones are rare.
const (
	recycleBitsMin  = 12
	recycleBitsMax  = 26
	recycleSteps    = 4
	recycleClasses  = (recycleBitsMax-recycleBitsMin)*recycleSteps + 1
	recycleBytesMax = 48 << 20
)

type recycleClass struct {
	mu   sync.Mutex
	free [][]byte
}

// NewRecycler returns an allocator for one run, or for several.
func NewRecycler() *Recycler { return &Recycler{heap: memory.NewGoAllocator()} }

// recycleClassOf returns which class has buffers for size bytes, and how large
// those are; false when none has.
func recycleClassOf(size int) (class, classBytes int, ok bool) {
	if size <= 1<<(recycleBitsMin-1) || size > 1<<recycleBitsMax {
		return 0, 0, false
	}
	if size <= 1<<recycleBitsMin {
		return 0, 1 << recycleBitsMin, true
	}
	power := bits.Len(uint(size-1)) - 1 // 2^power is below size
	step := (size - 1 - 1<<power) / (1 << power / recycleSteps)
	return 1 + (power-recycleBitsMin)*recycleSteps + step, 1<<power + (step+1)*(1<<power/recycleSteps), true
}

// Allocate returns size bytes, aligned to 64, with whatever is in them.
func (r *Recycler) Allocate(size int) []byte {
	class, classBytes, ok := recycleClassOf(size)
	if !ok {
		return r.heap.Allocate(size)
	}
	c := &r.classes[class]
	c.mu.Lock()
	if n := len(c.free); n > 0 {
		b := c.free[n-1]
		c.free = c.free[:n-1]
		c.mu.Unlock()
		r.kept.Add(-int64(cap(b)))
		return b[:size]
	}
	c.mu.Unlock()
	return r.heap.Allocate(classBytes)[:size:classBytes]
}

// Reallocate resizes b, moving it where needed, and keeps what is in it.
func (r *Recycler) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	bigger := r.Allocate(size)
	copy(bigger, b)
	r.Free(b)
	return bigger
}

// Free takes a buffer back.
func (r *Recycler) Free(b []byte) {
	class, classBytes, ok := recycleClassOf(cap(b))
	if !ok || cap(b) != classBytes {
		return // of another allocator, or of no class
	}
	if r.kept.Add(int64(classBytes)) > recycleBytesMax {
		r.kept.Add(-int64(classBytes))
		return
	}
	c := &r.classes[class]
	c.mu.Lock()
	c.free = append(c.free, b[:0])
	c.mu.Unlock()
}
