package arrowipc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Framing of the formats: messages are [0xFFFFFFFF][metadata length, int32]
// [metadata, a FlatBuffers Message][body], little endian; a stream ends with a
// metadata length of 0; a file starts with "ARROW1" and two zero bytes and ends
// with [footer, a FlatBuffers Footer][its length, int32]["ARROW1"].
const (
	magic            = "ARROW1"
	fileStartBytes   = 8
	fileEndBytes     = 4 + len(magic)
	prefixBytes      = 8
	continuation     = 0xFFFFFFFF
	blockBytes       = 24       // of a batch in the footer: offset, metadata length, padding, body length
	metadataBytesMax = 64 << 20 // far above what a schema of the widest table takes
)

// Fields of the FlatBuffers tables, in the order of Message.fbs and File.fbs.
const (
	messageHeaderType = 1
	messageHeader     = 2
	messageBodyLength = 3
	batchLength       = 0
	footerBatches     = 3
)

// Kinds of messages.
const (
	headerSchema      = 1
	headerRecordBatch = 3
)

// VerifyFile reads back the structure of an Arrow IPC file of that size: every
// message, and that the footer lists the same batches. It returns the number
// of rows. Bodies are not decompressed.
func VerifyFile(r io.ReaderAt, sizeBytes int64) (rows int64, err error) {
	if sizeBytes < int64(fileStartBytes+fileEndBytes) {
		return 0, fmt.Errorf("the Arrow file is cut short: %d bytes", sizeBytes)
	}
	var start [fileStartBytes]byte
	var end [fileEndBytes]byte
	if err := readAt(r, start[:], 0); err != nil {
		return 0, err
	}
	if err := readAt(r, end[:], sizeBytes-int64(fileEndBytes)); err != nil {
		return 0, err
	}
	if string(start[:len(magic)]) != magic || string(end[4:]) != magic {
		return 0, errors.New("the Arrow file does not start and end with " + magic)
	}
	footerBytes := int64(binary.LittleEndian.Uint32(end[:]))
	footerAt := sizeBytes - int64(fileEndBytes) - footerBytes
	if footerBytes > metadataBytesMax || footerAt < fileStartBytes {
		return 0, fmt.Errorf("the footer of the Arrow file cannot be %d bytes long", footerBytes)
	}
	footer := make([]byte, footerBytes)
	if err := readAt(r, footer, footerAt); err != nil {
		return 0, err
	}
	listed, err := footerBlocks(footer)
	if err != nil {
		return 0, err
	}
	rows, found, err := walk(r, fileStartBytes, footerAt)
	if err != nil {
		return rows, err
	}
	if len(listed) != len(found) {
		return rows, fmt.Errorf("the footer of the Arrow file lists %d batches, the file holds %d", len(listed), len(found))
	}
	for i := range listed {
		if listed[i] != found[i] {
			return rows, fmt.Errorf("the footer of the Arrow file puts batch %d at byte %d, it is at %d", i, listed[i], found[i])
		}
	}
	return rows, nil
}

// VerifyStream reads back the structure of an Arrow IPC stream of that size:
// every message and the mark at the end. It returns the number of rows. Bodies
// are not decompressed.
func VerifyStream(r io.ReaderAt, sizeBytes int64) (rows int64, err error) {
	if sizeBytes < prefixBytes {
		return 0, fmt.Errorf("the Arrow stream is cut short: %d bytes", sizeBytes)
	}
	var end [prefixBytes]byte
	if err := readAt(r, end[:], sizeBytes-prefixBytes); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint64(end[:]) != continuation {
		return 0, errors.New("the Arrow stream has no mark at its end")
	}
	rows, _, err = walk(r, 0, sizeBytes-prefixBytes)
	return rows, err
}

// walk reads the metadata of all messages from byte at up to byte end, counts
// rows, and returns where the record batches are.
func walk(r io.ReaderAt, at, end int64) (rows int64, batches []int64, err error) {
	var prefix [prefixBytes]byte
	var metadata []byte
	for first := true; at < end; first = false {
		if err := readAt(r, prefix[:], at); err != nil {
			return rows, batches, err
		}
		length := int64(binary.LittleEndian.Uint32(prefix[4:]))
		if binary.LittleEndian.Uint32(prefix[:]) != continuation || length == 0 || length > metadataBytesMax || length > end-at-prefixBytes {
			return rows, batches, fmt.Errorf("there is no Arrow message at byte %d", at)
		}
		if int64(cap(metadata)) < length {
			metadata = make([]byte, length)
		}
		metadata = metadata[:length]
		if err := readAt(r, metadata, at+prefixBytes); err != nil {
			return rows, batches, err
		}
		m, err := parseMessage(metadata)
		if err != nil {
			return rows, batches, fmt.Errorf("the Arrow message at byte %d: %w", at, err)
		}
		if first != (m.kind == headerSchema) {
			return rows, batches, fmt.Errorf("the Arrow message at byte %d is of kind %d; a schema comes first, and once", at, m.kind)
		}
		if m.kind == headerRecordBatch {
			batches = append(batches, at)
			rows += m.rows
		}
		next := at + prefixBytes + length
		if m.bodyBytes < 0 || m.bodyBytes > end-next {
			return rows, batches, fmt.Errorf("the Arrow message at byte %d is cut short", at)
		}
		at = next + m.bodyBytes
	}
	return rows, batches, nil
}

func readAt(r io.ReaderAt, p []byte, at int64) error {
	if n, err := r.ReadAt(p, at); n < len(p) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading back byte %d: %w", at, err)
	}
	return nil
}

// message is what verification wants of a Message.
type message struct {
	kind      byte
	bodyBytes int64
	rows      int64 // of a record batch
}

func parseMessage(b []byte) (m message, err error) {
	p := flat{b: b}
	root := p.follow(0)
	if at, ok := p.field(root, messageHeaderType); ok {
		m.kind = p.byte(at)
	}
	if at, ok := p.field(root, messageBodyLength); ok {
		m.bodyBytes = p.int64(at)
	}
	if at, ok := p.field(root, messageHeader); ok && m.kind == headerRecordBatch {
		if at, ok := p.field(p.follow(at), batchLength); ok {
			m.rows = p.int64(at)
		}
	}
	return m, p.err()
}

// footerBlocks returns where the footer says that the record batches are.
func footerBlocks(b []byte) (offsets []int64, err error) {
	p := flat{b: b}
	if at, ok := p.field(p.follow(0), footerBatches); ok {
		vector := p.follow(at)
		n := int64(p.uint32(vector))
		if n > int64(len(b))/blockBytes {
			return nil, fmt.Errorf("the footer of the Arrow file is too short for %d batches", n)
		}
		for i := range n {
			offsets = append(offsets, p.int64(vector+4+i*blockBytes))
		}
	}
	return offsets, p.err()
}

// flat reads FlatBuffers (https://flatbuffers.dev/internals/). Reads outside of
// b return zero and are remembered.
type flat struct {
	b       []byte
	outside bool
}

func (p *flat) err() error {
	if p.outside {
		return errors.New("its metadata is damaged")
	}
	return nil
}

var zeros [8]byte

func (p *flat) at(at, n int64) []byte {
	if at < 0 || at > int64(len(p.b))-n {
		p.outside = true
		return zeros[:n]
	}
	return p.b[at : at+n]
}

func (p *flat) byte(at int64) byte     { return p.at(at, 1)[0] }
func (p *flat) uint16(at int64) int64  { return int64(binary.LittleEndian.Uint16(p.at(at, 2))) }
func (p *flat) uint32(at int64) uint32 { return binary.LittleEndian.Uint32(p.at(at, 4)) }
func (p *flat) int64(at int64) int64   { return int64(binary.LittleEndian.Uint64(p.at(at, 8))) }

// follow returns where the offset at byte at leads to.
func (p *flat) follow(at int64) int64 {
	if at > math.MaxInt32 {
		p.outside = true
		return 0
	}
	return at + int64(p.uint32(at))
}

// field returns where field n of the table at byte table is; false when the
// table does not have it.
func (p *flat) field(table int64, n int64) (at int64, ok bool) {
	vtable := table - int64(int32(p.uint32(table)))
	slot := 4 + 2*n
	if slot+2 > p.uint16(vtable) {
		return 0, false
	}
	offset := p.uint16(vtable + slot)
	return table + offset, offset != 0
}
