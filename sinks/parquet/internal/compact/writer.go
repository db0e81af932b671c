// Package compact writes and reads the Thrift compact protocol, as much of it
// as Parquet metadata is made of.
//
// Source of the format: Apache Thrift, doc/specs/thrift-compact-protocol.md.
package compact

// Type is a wire type of a field or a list element.
type Type byte

// The wire types of the compact protocol. A boolean field has its value in the
// type; the elements of a list of booleans have True for their type.
const (
	True   Type = 1
	False  Type = 2
	Byte   Type = 3
	I16    Type = 4
	I32    Type = 5
	I64    Type = 6
	Double Type = 7
	Binary Type = 8
	List   Type = 9
	Set    Type = 10
	Map    Type = 11
	Struct Type = 12
)

// Writer appends one struct after another to Buf. Fields are written in any
// order; ascending ids are shortest. Optional fields are left out by not
// writing them. The zero Writer is ready for use.
type Writer struct {
	Buf []byte

	last  int16   // id of the field written last in the open struct
	outer []int16 // the same of the structs around it
}

// Begin opens a struct that is not a field: the outermost one, or an element
// of a list.
func (w *Writer) Begin() {
	w.outer = append(w.outer, w.last)
	w.last = 0
}

// BeginField opens a struct that is field id of the open one.
func (w *Writer) BeginField(id int16) {
	w.field(id, Struct)
	w.Begin()
}

// End closes the struct opened last.
func (w *Writer) End() {
	w.Buf = append(w.Buf, 0)
	w.last = w.outer[len(w.outer)-1]
	w.outer = w.outer[:len(w.outer)-1]
}

// Empty writes field id as a struct without fields, which is how the members
// of most Parquet unions look.
func (w *Writer) Empty(id int16) {
	w.BeginField(id)
	w.End()
}

// Bool writes a boolean field.
func (w *Writer) Bool(id int16, v bool) {
	if v {
		w.field(id, True)
	} else {
		w.field(id, False)
	}
}

// Int8 writes a field of type byte.
func (w *Writer) Int8(id int16, v int8) {
	w.field(id, Byte)
	w.Buf = append(w.Buf, byte(v))
}

// Int16 writes a field of type i16.
func (w *Writer) Int16(id, v int16) {
	w.field(id, I16)
	w.Buf = appendZigzag(w.Buf, int64(v))
}

// Int32 writes a field of type i32, which is also that of an enum.
func (w *Writer) Int32(id int16, v int32) {
	w.field(id, I32)
	w.Buf = appendZigzag(w.Buf, int64(v))
}

// Int64 writes a field of type i64.
func (w *Writer) Int64(id int16, v int64) {
	w.field(id, I64)
	w.Buf = appendZigzag(w.Buf, v)
}

// Bytes writes a binary field; an empty one is written as such.
func (w *Writer) Bytes(id int16, v []byte) {
	w.field(id, Binary)
	w.ElementBytes(v)
}

// String writes a string field.
func (w *Writer) String(id int16, v string) {
	w.field(id, Binary)
	w.ElementString(v)
}

// List opens field id as a list of n elements, which the caller writes next.
func (w *Writer) List(id int16, element Type, n int) {
	w.field(id, List)
	if n < 15 {
		w.Buf = append(w.Buf, byte(n)<<4|byte(element))
		return
	}
	w.Buf = append(w.Buf, 0xf0|byte(element))
	w.Buf = appendUvarint(w.Buf, uint64(n))
}

// ElementInt writes an element of a list of i32 or i64.
func (w *Writer) ElementInt(v int64) { w.Buf = appendZigzag(w.Buf, v) }

// ElementBool writes an element of a list of booleans.
func (w *Writer) ElementBool(v bool) {
	if v {
		w.Buf = append(w.Buf, byte(True))
	} else {
		w.Buf = append(w.Buf, byte(False))
	}
}

// ElementBytes writes an element of a list of binary values.
func (w *Writer) ElementBytes(v []byte) {
	w.Buf = appendUvarint(w.Buf, uint64(len(v)))
	w.Buf = append(w.Buf, v...)
}

// ElementString writes an element of a list of strings.
func (w *Writer) ElementString(v string) {
	w.Buf = appendUvarint(w.Buf, uint64(len(v)))
	w.Buf = append(w.Buf, v...)
}

// field writes the header of a field: the distance to the field before it
// where that fits four bits, else the id in full.
func (w *Writer) field(id int16, t Type) {
	if d := int(id) - int(w.last); d > 0 && d <= 15 {
		w.Buf = append(w.Buf, byte(d)<<4|byte(t))
	} else {
		w.Buf = append(w.Buf, byte(t))
		w.Buf = appendZigzag(w.Buf, int64(id))
	}
	w.last = id
}

func appendZigzag(dst []byte, v int64) []byte {
	return appendUvarint(dst, uint64(v)<<1^uint64(v>>63))
}

func appendUvarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}
