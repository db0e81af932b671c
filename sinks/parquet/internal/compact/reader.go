package compact

import (
	"errors"
	"fmt"
)

// depthMax bounds how deeply structs and lists may nest; Parquet's nest six deep.
const depthMax = 32

// errShort says that the data ends within a value.
var errShort = errors.New("the data ends within a value")

// Reader reads from Buf, from its start. The first fault is remembered and all
// further calls do nothing, so that it is enough to look at Err in the end.
// What is read never holds more memory than Buf itself.
type Reader struct {
	Buf []byte
	Err error

	depth int
}

// Fields reads a struct and calls visit for each of its fields. visit reads
// the value or returns false, in which case the value is skipped. A boolean
// field has no value but its type.
func (r *Reader) Fields(visit func(id int16, t Type) bool) {
	if !r.enter() {
		return
	}
	defer r.leave()
	last := int16(0)
	for r.Err == nil {
		head := r.byte()
		t := Type(head & 0x0f)
		if head == 0 || r.Err != nil {
			return
		}
		if d := int16(head >> 4); d != 0 {
			last += d
		} else {
			last = int16(r.Int())
		}
		if r.Err == nil && !visit(last, t) {
			r.Skip(t)
		}
	}
}

// Elements reads the head of a list and calls visit for each element, which
// it must read.
func (r *Reader) Elements(visit func(t Type)) {
	if !r.enter() {
		return
	}
	defer r.leave()
	t, n := r.listHead()
	for i := uint64(0); i < n && r.Err == nil; i++ {
		visit(t)
	}
}

// Int reads an i16, i32 or i64.
func (r *Reader) Int() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// Bytes reads a binary value; it is a part of Buf.
func (r *Reader) Bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.Buf)) {
		r.fail(errShort)
		return nil
	}
	v := r.Buf[:n:n]
	r.Buf = r.Buf[n:]
	return v
}

// Skip reads a value of type t and forgets it.
func (r *Reader) Skip(t Type) {
	switch t {
	case True, False:
	case Byte:
		r.byte()
	case I16, I32, I64:
		r.uvarint()
	case Double:
		if len(r.Buf) < 8 {
			r.fail(errShort)
			return
		}
		r.Buf = r.Buf[8:]
	case Binary:
		r.Bytes()
	case List, Set:
		r.Elements(r.skipElement)
	case Map:
		r.skipMap()
	case Struct:
		r.Fields(func(int16, Type) bool { return false })
	default:
		r.fail(fmt.Errorf("found Thrift type %d, which does not exist", t))
	}
}

func (r *Reader) skipElement(t Type) {
	if t == True || t == False { // in a list, booleans have a byte each
		t = Byte
	}
	r.Skip(t)
}

func (r *Reader) skipMap() {
	if !r.enter() {
		return
	}
	defer r.leave()
	n := r.uvarint()
	if n == 0 || r.Err != nil {
		return
	}
	types := r.byte()
	for ; n > 0 && r.Err == nil; n-- {
		r.skipElement(Type(types >> 4))
		r.skipElement(Type(types & 0x0f))
	}
}

// listHead reads the type and number of a list's elements. Each takes at least
// one byte, which bounds the number.
func (r *Reader) listHead() (Type, uint64) {
	head := r.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = r.uvarint()
	}
	if n > uint64(len(r.Buf)) {
		r.fail(errShort)
		return 0, 0
	}
	return Type(head & 0x0f), n
}

func (r *Reader) enter() bool {
	if r.depth >= depthMax {
		r.fail(fmt.Errorf("structures nest more than %d deep", depthMax))
		return false
	}
	r.depth++
	return r.Err == nil
}

func (r *Reader) leave() { r.depth-- }

func (r *Reader) byte() byte {
	if len(r.Buf) == 0 {
		r.fail(errShort)
		return 0
	}
	b := r.Buf[0]
	r.Buf = r.Buf[1:]
	return b
}

func (r *Reader) uvarint() uint64 {
	var v uint64
	for i, b := range r.Buf {
		if i == 10 {
			break
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.Buf = r.Buf[i+1:]
			return v
		}
	}
	if len(r.Buf) < 10 {
		r.fail(errShort)
	} else {
		r.fail(errors.New("an integer is longer than ten bytes"))
	}
	return 0
}

// fail remembers the first error; nothing is read after it.
func (r *Reader) fail(err error) {
	if r.Err == nil {
		r.Err = err
	}
	r.Buf = nil
}
