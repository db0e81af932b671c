package csv

import "sync"

// bufferPool recycles the text buffers of blocks, all of about one size, and what was
// found in them.
type bufferPool struct {
	pool  sync.Pool // of *[]byte
	found sync.Pool // of *separators
}

// bufferBytesMin is the least size of a buffer: reads should not be tiny even
// when blocks are.
const bufferBytesMin = 4 << 10

// get returns an empty buffer with room for n bytes and padBytes more.
func (p *bufferPool) get(n int) []byte {
	n = max(n, bufferBytesMin) + padBytes
	if b, ok := p.pool.Get().(*[]byte); ok {
		if cap(*b) >= n {
			return (*b)[:0]
		}
	}
	return make([]byte, 0, n)
}

// put takes a buffer back.
func (p *bufferPool) put(b []byte) {
	if b != nil {
		p.pool.Put(&b)
	}
}

// putBlock takes the memory of a block back.
func (p *bufferPool) putBlock(b *block) {
	p.put(b.data)
	if b.separators != nil {
		p.putSeparators(b.separators)
	}
	b.data, b.separators = nil, nil
}

// getSeparators returns separators to be filled in.
func (p *bufferPool) getSeparators() *separators {
	if s, ok := p.found.Get().(*separators); ok {
		return s
	}
	return new(separators)
}

// putSeparators takes them back.
func (p *bufferPool) putSeparators(s *separators) { p.found.Put(s) }
