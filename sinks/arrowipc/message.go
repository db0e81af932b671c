package arrowipc

import "encoding/binary"

// alignBytes is what the length of every buffer and message is padded to.
const alignBytes = 8

// fieldNode describes one column of a batch.
type fieldNode struct {
	rows, nulls int64
}

// bodyBuffer is where one buffer of a batch is in its body, without padding.
type bodyBuffer struct {
	offset, bytes int64
}

// batchMessage is the metadata of a record batch.
type batchMessage struct {
	rows        int64
	nodes       []fieldNode
	buffers     []bodyBuffer
	compression Compression
	bodyBytes   int64
}

// Values of the enumerations in Message.fbs.
const (
	metadataV5    = 4
	codecLZ4Frame = 0
	codecZstd     = 1
)

// The layout of a batch's metadata: FlatBuffers
// (https://flatbuffers.dev/internals/) whose tables are always the same, so that
// they stand at constant places; the two vectors follow. A table starts with the
// distance back to its vtable; a vtable has its own size, the size of the table,
// and where each field is in the table, 0 for one that is left out. What is
// eight bytes wide stands at a multiple of eight.
const (
	atMessageVtable = 4  // 4 fields: version, header type, header, body length
	atMessage       = 16 // distance, header, body length, version, header type
	atBatchVtable   = 40 // 4 fields: length, nodes, buffers, compression
	atBatch         = 56 // distance, nodes, length, buffers, compression
	atCodecVtable   = 80 // 2 fields: codec, method
	atCodec         = 88 // distance, codec, method
	atNodes         = 100
)

const (
	messageTableBytes = 20
	batchTableBytes   = 24
	codecTableBytes   = 6
	fieldNodeBytes    = 16 // two int64
	bodyBufferBytes   = 16
)

// metadataBytes returns how long the metadata of a batch is, with its framing.
func metadataBytes(nodes, buffers int) int {
	n := prefixBytes + atBuffers(nodes) + 4 + buffers*bodyBufferBytes
	return (n + alignBytes - 1) &^ (alignBytes - 1)
}

// atBuffers returns where the vector of buffers is: its count just before a
// multiple of eight.
func atBuffers(nodes int) int { return atNodes + 4 + nodes*fieldNodeBytes + 4 }

// put writes the metadata with its framing into dst, which is zero and has just
// the length.
func (m *batchMessage) put(dst []byte) {
	le := binary.LittleEndian
	le.PutUint32(dst, continuation)
	le.PutUint32(dst[4:], uint32(len(dst)-prefixBytes))
	b := dst[prefixBytes:]
	atBuffers := atBuffers(len(m.nodes))

	u16 := func(at int, values ...uint16) {
		for i, v := range values {
			le.PutUint16(b[at+2*i:], v)
		}
	}
	u32 := func(at, v int) { le.PutUint32(b[at:], uint32(v)) }
	u64 := func(at int, v int64) { le.PutUint64(b[at:], uint64(v)) }

	u32(0, atMessage)
	u16(atMessageVtable, 4+4*2, messageTableBytes, 16, 18, 4, 8)
	u32(atMessage, atMessage-atMessageVtable)
	u32(atMessage+4, atBatch-(atMessage+4))
	u64(atMessage+8, m.bodyBytes)
	u16(atMessage+16, metadataV5)
	b[atMessage+18] = headerRecordBatch

	compression := uint16(20)
	if m.compression == None {
		compression = 0
	}
	u16(atBatchVtable, 4+4*2, batchTableBytes, 8, 4, 16, compression)
	u32(atBatch, atBatch-atBatchVtable)
	u32(atBatch+4, atNodes-(atBatch+4))
	u64(atBatch+8, m.rows)
	u32(atBatch+16, atBuffers-(atBatch+16))
	if m.compression != None {
		u32(atBatch+20, atCodec-(atBatch+20))
		u16(atCodecVtable, 4+2*2, codecTableBytes, 4, 5)
		u32(atCodec, atCodec-atCodecVtable)
		b[atCodec+4] = codecLZ4Frame
		if m.compression == Zstd {
			b[atCodec+4] = codecZstd
		}
	}

	u32(atNodes, len(m.nodes))
	for i, n := range m.nodes {
		at := atNodes + 4 + i*fieldNodeBytes
		u64(at, n.rows)
		u64(at+8, n.nulls)
	}
	u32(atBuffers, len(m.buffers))
	for i, f := range m.buffers {
		at := atBuffers + 4 + i*bodyBufferBytes
		u64(at, f.offset)
		u64(at+8, f.bytes)
	}
}

// block is an entry of a file's footer: where a batch is.
type block struct {
	offset, metadataBytes, bodyBytes int64
}

// appendFooter appends the footer of a file that lists these batches, in the
// place of those, none, that the given footer lists. The list is put behind the
// rest, and the offset that leads to it changed.
func appendFooter(dst, footer []byte, blocks []block) []byte {
	le := binary.LittleEndian
	p := flat{b: footer}
	field, _ := p.field(p.follow(0), footerBatches) // frame has looked
	start := len(dst)
	dst = append(dst, footer...)
	for (len(dst)-start)%alignBytes != alignBytes-4 { // the count is followed by what is aligned
		dst = append(dst, 0)
	}
	le.PutUint32(dst[start+int(field):], uint32(len(dst)-start-int(field)))
	dst = le.AppendUint32(dst, uint32(len(blocks)))
	for _, b := range blocks {
		dst = le.AppendUint64(dst, uint64(b.offset))
		dst = le.AppendUint64(dst, uint64(b.metadataBytes)) // an int32 and padding
		dst = le.AppendUint64(dst, uint64(b.bodyBytes))
	}
	return dst
}
