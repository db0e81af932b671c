package readers

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
)

// isTar reports whether the first block of a file is that of a tar file: a header
// whose checksum is right (POSIX.1-1988, ustar; also what older programs write),
// or, where the name says so, the zeros that end an empty one.
func isTar(head []byte, name string) bool {
	if len(head) < tarBlockBytes {
		return false
	}
	head = head[:tarBlockBytes]
	const at, length = 148, 8 // of the checksum, octal
	want, digits := 0, 0
	for _, c := range head[at : at+length] {
		if c >= '0' && c <= '7' {
			want = want<<3 | int(c-'0')
			digits++
		} else if digits > 0 {
			break
		} else if c != ' ' {
			return isArchiveName(name) && isZero(head)
		}
	}
	unsigned, signed := 0, 0
	for i, c := range head {
		if i >= at && i < at+length {
			c = ' '
		}
		unsigned += int(c)
		signed += int(int8(c)) // some old programs
	}
	return digits > 0 && (unsigned == want || signed == want)
}

// readTar collects the members of a tar file. It must end with the mark of its
// end and nothing behind: what is cut short between two members looks whole
// otherwise.
func (x *index) readTar(ctx context.Context, f *archiveFile) error {
	r := f.section(0, f.bytes)
	headers := tar.NewReader(r)
	end := int64(0) // of the last member
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		h, err := headers.Next()
		if err == io.EOF {
			return tarEnd(ctx, f, r, end)
		}
		at, seekErr := r.Seek(0, io.SeekCurrent)
		switch {
		case err == nil && seekErr != nil:
			return seekErr
		case errors.Is(err, io.ErrUnexpectedEOF):
			return archiveError("its tar data is cut short%s", x.behind())
		case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
			return archiveError("its tar data is damaged%s", x.behind())
		case err != nil:
			return err
		}
		end = at
		m := member{name: h.Name, at: at, bytes: h.Size}
		switch h.Typeflag {
		case tar.TypeReg:
		case tar.TypeGNUSparse:
			m.fault = sparseFault
		case tar.TypeSymlink:
			m.link = "a symbolic link"
		case tar.TypeLink:
			m.link = "a link to another member"
		case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
			m.link = "a device or a pipe"
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		default:
			m.link = "of a kind that is not known"
		}
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				m.fault = sparseFault
			}
		}
		if m.link == "" && m.fault == "" && m.bytes > f.bytes-m.at {
			return archiveError("its tar data is cut short in its member %q", printable(m.name))
		}
		if m.link == "" {
			end += m.bytes
		}
		if err := x.add(m); err != nil {
			return err
		}
	}
}

const sparseFault = "it is stored as a sparse file, with holes, which is not supported; unpack the archive first"

// behind says after which member something happened.
func (x *index) behind() string {
	if len(x.members) == 0 {
		return ""
	}
	return " at or behind its member \"" + printable(x.members[len(x.members)-1].name) + "\""
}

// tarEnd checks that r has ended at a block of zeros behind the last member, and
// that only zeros follow.
func tarEnd(ctx context.Context, f *archiveFile, r *io.SectionReader, last int64) error {
	at, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	buf := make([]byte, pipeBytes)
	if at -= tarBlockBytes; at >= last {
		if _, err = f.ReadAt(buf[:tarBlockBytes], at); err != nil && err != io.EOF {
			return err
		}
	}
	if at < last || !isZero(buf[:tarBlockBytes]) {
		return archiveError("its tar data ends without the mark of its end: the file is cut short")
	}
	for at < f.bytes {
		n := int(min(int64(len(buf)), f.bytes-at))
		if _, err := f.ReadAt(buf[:n], at); err != nil && err != io.EOF {
			return err
		}
		if !isZero(buf[:n]) {
			return archiveError("something else follows the end of its tar data; archives put together must be taken apart")
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at += int64(n)
	}
	return nil
}

func isZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// tarMember reads a member's content, all of which must be there.
type tarMember struct {
	r     io.Reader
	left  int64
	close func() error
}

func (m *tarMember) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.left -= int64(n)
	if err == io.EOF && m.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (m *tarMember) Close() error { return m.close() }
