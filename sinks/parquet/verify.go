package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"csvloom/sinks/parquet/internal/compact"
)

// endBytes is the length of what follows the footer.
const endBytes = 4 + len(magic)

// footerBytesMax bounds what Verify reads into memory.
const footerBytesMax = 1 << 30

// Verify reads the footer of a file of size bytes and returns the number of
// rows it promises. It fails where the file is cut short or is not a Parquet
// file, where the footer cannot be read, where its row groups do not add up to
// its rows, and where a column chunk does not lie within the file. The pages
// are not looked at.
func Verify(r io.ReaderAt, size int64) (rows int64, err error) {
	if size < int64(len(magic)+endBytes) {
		return 0, fmt.Errorf("the file has %d bytes, too few for a Parquet file", size)
	}
	var head [len(magic)]byte
	var end [endBytes]byte
	if err := readAt(r, head[:], 0); err != nil {
		return 0, err
	}
	if err := readAt(r, end[:], size-int64(endBytes)); err != nil {
		return 0, err
	}
	if string(head[:]) != magic || string(end[4:]) != magic {
		return 0, fmt.Errorf("found %q and %q at the ends of the file, expected %q: it is not a Parquet file, or it is cut short", head[:], end[4:], magic)
	}
	footerBytes := int64(binary.LittleEndian.Uint32(end[:]))
	dataEnd := size - int64(endBytes) - footerBytes
	if dataEnd < int64(len(magic)) || footerBytes > footerBytesMax {
		return 0, fmt.Errorf("the footer should have %d bytes, which is impossible in a file of %d", footerBytes, size)
	}
	footer := make([]byte, footerBytes)
	if err := readAt(r, footer, dataEnd); err != nil {
		return 0, err
	}
	f := footerCheck{dataEnd: dataEnd}
	if err := f.read(footer); err != nil {
		return 0, fmt.Errorf("the footer is damaged: %w", err)
	}
	return f.rows, nil
}

// readAt fills b.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	if n, err := r.ReadAt(b, offset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading the Parquet file at byte %d: %w", offset+int64(n), err)
	}
	return nil
}

// footerCheck is what Verify gathers from a footer.
type footerCheck struct {
	dataEnd   int64
	rows      int64
	groupRows int64
	groups    int
	columns   int // of each row group; from the schema
	err       error
}

// read reads a FileMetaData. The numbers are the field ids of parquet.thrift.
func (f *footerCheck) read(footer []byte) error {
	r := &compact.Reader{Buf: footer}
	f.rows, f.columns = -1, -1
	r.Fields(func(id int16, t compact.Type) bool {
		switch {
		case id == 2 && t == compact.List: // schema
			r.Elements(func(t compact.Type) { r.Skip(t); f.columns++ })
		case id == 3 && t == compact.I64: // num_rows
			f.rows = r.Int()
		case id == 4 && t == compact.List: // row_groups
			r.Elements(func(t compact.Type) { f.group(r, t) })
		default:
			return false
		}
		return true
	})
	switch {
	case r.Err != nil:
		return r.Err
	case f.err != nil:
		return f.err
	case f.rows < 0:
		return errors.New("it does not give the number of rows")
	case f.rows != f.groupRows:
		return fmt.Errorf("it promises %d rows, and its row groups have %d", f.rows, f.groupRows)
	}
	return nil
}

// group reads a RowGroup.
func (f *footerCheck) group(r *compact.Reader, t compact.Type) {
	f.groups++
	rows, chunks := int64(-1), 0
	if t != compact.Struct {
		r.Skip(t)
		f.fail("row group %d is not a structure", f.groups)
		return
	}
	r.Fields(func(id int16, t compact.Type) bool {
		switch {
		case id == 1 && t == compact.List: // columns
			r.Elements(func(t compact.Type) { chunks++; f.chunk(r, t) })
		case id == 3 && t == compact.I64: // num_rows
			rows = r.Int()
		default:
			return false
		}
		return true
	})
	if rows < 0 || chunks != f.columns {
		f.fail("row group %d has %d rows and %d columns, expected %d columns", f.groups, rows, chunks, f.columns)
	}
	f.groupRows += rows
}

// chunk reads a ColumnChunk.
func (f *footerCheck) chunk(r *compact.Reader, t compact.Type) {
	if t != compact.Struct {
		r.Skip(t)
		return
	}
	start, length := int64(-1), int64(-1)
	r.Fields(func(id int16, t compact.Type) bool {
		if id != 3 || t != compact.Struct { // meta_data
			return false
		}
		r.Fields(func(id int16, t compact.Type) bool {
			switch {
			case id == 7 && t == compact.I64: // total_compressed_size
				length = r.Int()
			case id == 9 && t == compact.I64 && start < 0: // data_page_offset
				start = r.Int()
			case id == 11 && t == compact.I64: // dictionary_page_offset comes first
				start = r.Int()
			default:
				return false
			}
			return true
		})
		return true
	})
	if start < int64(len(magic)) || length < 0 || start > f.dataEnd-length {
		f.fail("a column of row group %d lies at byte %d and has %d bytes, which is outside of the file's data", f.groups, start, length)
	}
}

// fail remembers the first fault.
func (f *footerCheck) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}
