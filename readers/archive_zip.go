package readers

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// The records of a zip file (PKWARE's APPNOTE.TXT, section 4.3): signature and
// length without the fields that vary.
const (
	zipLocal        = "PK\x03\x04"
	zipLocalBytes   = 30
	zipCentral      = "PK\x01\x02"
	zipCentralBytes = 46
	zipEnd          = "PK\x05\x06"
	zipEndBytes     = 22
	zip64End        = "PK\x06\x06"
	zip64EndBytes   = 56
	zip64Locator    = "PK\x06\x07"
	zip64LocBytes   = 20
	zipSignature    = "PK\x05\x05"

	zipCommentMax = 0xffff
	zip64Extra    = 0x0001 // 4.5.3
)

// The methods of compression that are read (4.4.5).
const (
	zipStored   = 0
	zipDeflated = 8
	zipZstd     = 93
)

// Bits of a member's flags (4.4.4).
const (
	zipEncrypted = 1 << 0
	zipPatch     = 1 << 5
	zipUTF8      = 1 << 11
	zipMasked    = 1 << 13
)

// zipDirectory is where a zip file's directory is.
type zipDirectory struct {
	at, bytes, members int64
	base               int64 // what places are counted from: something may stand before the file
}

// hasZipEnd reports whether a file ends as zip files do, whatever it starts with.
func hasZipEnd(f *archiveFile) bool {
	_, _, err := zipEndRecord(f)
	return err == nil
}

// zipEndRecord returns the record that ends a zip file, and its place.
func zipEndRecord(f *archiveFile) ([]byte, int64, error) {
	tail := make([]byte, min(f.bytes, zipEndBytes+zipCommentMax))
	start := f.bytes - int64(len(tail))
	if _, err := f.ReadAt(tail, start); err != nil && err != io.EOF {
		return nil, 0, err
	}
	for at := len(tail) - zipEndBytes; at >= 0; at-- {
		r := tail[at:]
		if bytes.HasPrefix(r, []byte(zipEnd)) && len(r) == zipEndBytes+int(binary.LittleEndian.Uint16(r[20:])) {
			return r, start + int64(at), nil
		}
	}
	return nil, 0, archiveError("it does not end as a zip file does: it is cut short or damaged")
}

// findZipDirectory reads the records at the end of a zip file.
func findZipDirectory(f *archiveFile) (d zipDirectory, err error) {
	end, at, err := zipEndRecord(f)
	if err != nil {
		return d, err
	}
	le := binary.LittleEndian
	disk, first, here, total := le.Uint16(end[4:]), le.Uint16(end[6:]), le.Uint16(end[8:]), le.Uint16(end[10:])
	d = zipDirectory{bytes: int64(le.Uint32(end[12:])), at: int64(le.Uint32(end[16:])), members: int64(total)}
	directoryEnd := at
	if locator := make([]byte, zip64LocBytes); at >= zip64LocBytes {
		if _, err := f.ReadAt(locator, at-zip64LocBytes); err != nil {
			return d, err
		}
		if string(locator[:4]) == zip64Locator {
			if d, directoryEnd, err = findZip64Directory(f, locator, at-zip64LocBytes); err != nil {
				return d, err
			}
			disk, first, here, total = 0, 0, 0, 0
		}
	}
	if disk != 0 || first != 0 || here != total {
		return d, archiveError("it is a part of a zip file in several parts; put them together first (zip -s 0)")
	}
	if d.bytes > directoryEnd || d.at > directoryEnd-d.bytes {
		return d, archiveError("its zip directory is not where it should be: it is cut short or damaged")
	}
	d.base = directoryEnd - d.bytes - d.at
	d.at += d.base
	return d, nil
}

// findZip64Directory reads the end record of a large zip file.
func findZip64Directory(f *archiveFile, locator []byte, locatorAt int64) (d zipDirectory, directoryEnd int64, err error) {
	damaged := archiveError("its zip64 records are damaged")
	le := binary.LittleEndian
	// Where something stands before the archive, the place is too small by its
	// length; then the record still ends where the locator starts.
	record := make([]byte, zip64EndBytes)
	at := int64(min(le.Uint64(locator[8:]), math.MaxInt64))
	for _, at := range []int64{at, locatorAt - zip64EndBytes} {
		if at < 0 || at > locatorAt-zip64EndBytes {
			continue
		}
		if _, err := f.ReadAt(record, at); err != nil {
			return d, 0, err
		}
		if string(record[:4]) != zip64End {
			continue
		}
		if le.Uint32(record[16:]) != 0 || le.Uint32(record[20:]) != 0 || le.Uint64(record[24:]) != le.Uint64(record[32:]) {
			return d, 0, archiveError("it is a part of a zip file in several parts; put them together first (zip -s 0)")
		}
		members, bytes, place := le.Uint64(record[32:]), le.Uint64(record[40:]), le.Uint64(record[48:])
		if members > math.MaxInt64 || bytes > math.MaxInt64 || place > math.MaxInt64 {
			return d, 0, damaged
		}
		return zipDirectory{at: int64(place), bytes: int64(bytes), members: int64(members)}, at, nil
	}
	return d, 0, damaged
}

// readZip collects the members of a zip file from its directory, and checks that
// no two of them share bytes: files that do unpack to far more than they hold
// (D. Fifield, A better zip bomb, 2019).
func (x *index) readZip(ctx context.Context, f *archiveFile) error {
	d, err := findZipDirectory(f)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(f.section(d.at, d.bytes), inputBytes)
	header := make([]byte, zipCentralBytes)
	found, left := int64(0), d.bytes
	var all []member // folders too
	namesBytes := 0
	for left > 0 {
		if found&0xfff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if signature, err := r.Peek(4); err == nil && string(signature) == zipSignature {
			break
		}
		if _, err := io.ReadFull(r, header); err != nil {
			return zipDirectoryError(err)
		}
		if string(header[:4]) != zipCentral {
			return zipDirectoryError(nil)
		}
		le := binary.LittleEndian
		nameBytes, extraBytes, commentBytes := int(le.Uint16(header[28:])), int(le.Uint16(header[30:])), int(le.Uint16(header[32:]))
		texts := make([]byte, nameBytes+extraBytes)
		if _, err := io.ReadFull(r, texts); err != nil {
			return zipDirectoryError(err)
		}
		if _, err := r.Discard(commentBytes); err != nil {
			return zipDirectoryError(err)
		}
		found++
		left -= int64(zipCentralBytes + nameBytes + extraBytes + commentBytes)
		m, ok := zipMember(header, texts[:nameBytes:nameBytes], texts[nameBytes:])
		if m.at += d.base; !ok || m.at > d.at-zipLocalBytes-int64(nameBytes) || m.stored > d.at-zipLocalBytes-int64(nameBytes)-m.at {
			return archiveError("its directory says of its member %q what cannot be: the file is cut short or damaged", printable(m.name))
		}
		m.limit = m.at + zipLocalBytes + int64(nameBytes) + m.stored // of itself, for now
		if namesBytes += nameBytes; len(all) >= x.limits.ArchiveMembers || namesBytes > archiveNamesBytesMax {
			return archiveError("it has more than %d members, or their names more than %d bytes; raise --archive-members-max or unpack it", x.limits.ArchiveMembers, archiveNamesBytesMax)
		}
		all = append(all, m)
	}
	if found != d.members && (d.members > math.MaxUint16 || found&math.MaxUint16 != d.members) {
		return zipDirectoryError(nil)
	}
	return x.addZipMembers(all, d.at)
}

// addZipMembers adds members that stand in the file before the directory.
func (x *index) addZipMembers(all []member, directoryAt int64) error {
	byPlace := make([]int, len(all))
	for i := range byPlace {
		byPlace[i] = i
	}
	slices.SortFunc(byPlace, func(a, b int) int { return cmp.Compare(all[a].at, all[b].at) })
	for i, at := range byPlace {
		m, next := &all[at], directoryAt
		if i+1 < len(byPlace) {
			if next = all[byPlace[i+1]].at; m.limit > next {
				return archiveError("its members %q and %q share bytes: it is damaged, or made to unpack to far more than it holds",
					printable(m.name), printable(all[byPlace[i+1]].name))
			}
		}
		m.limit = next
	}
	for _, m := range all {
		if strings.HasSuffix(m.name, "/") {
			continue // a folder
		}
		if err := x.add(m); err != nil {
			return err
		}
	}
	return nil
}

func zipDirectoryError(err error) error {
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	return archiveError("its zip directory is damaged")
}

// zipMember takes a member from its header in the directory (4.3.12). It reports
// false when the header cannot be right.
func zipMember(header, name, extra []byte) (m member, ok bool) {
	le := binary.LittleEndian
	madeBy, flags := header[5], le.Uint16(header[8:])
	m = member{
		name: string(name), method: le.Uint16(header[10:]), crc: le.Uint32(header[16:]),
	}
	sizes := [3]uint64{uint64(le.Uint32(header[24:])), uint64(le.Uint32(header[20:])), uint64(le.Uint32(header[42:]))}
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break // some programs leave rubbish here
		}
		if id == zip64Extra {
			field := extra[:n]
			for i := range sizes { // only those are there that did not fit
				if sizes[i] == math.MaxUint32 {
					if len(field) < 8 {
						return m, false
					}
					sizes[i] = le.Uint64(field)
					field = field[8:]
				}
			}
		}
		extra = extra[n:]
	}
	for _, n := range sizes {
		if n > math.MaxInt64/2 {
			return m, false
		}
	}
	m.bytes, m.stored, m.at = int64(sizes[0]), int64(sizes[1]), int64(sizes[2])
	if flags&zipUTF8 == 0 && !utf8.ValidString(m.name) {
		// Appendix D: it is code page 437, unless it is UTF-8 without saying so.
		m.name, _ = charmap.CodePage437.NewDecoder().String(m.name) // has all bytes
	}
	const fat, unix, ntfs = 0, 3, 10
	if madeBy == fat || madeBy == ntfs {
		m.name = strings.ReplaceAll(m.name, `\`, "/")
	}
	switch mode := le.Uint32(header[38:]) >> 16 & 0o170000; {
	case madeBy != unix:
	case mode == 0o120000:
		m.link = "a symbolic link"
	case mode == 0o010000 || mode == 0o020000 || mode == 0o060000:
		m.link = "a device or a pipe"
	}
	switch {
	case flags&(zipEncrypted|zipMasked) != 0:
		m.fault = "it is encrypted, which is not supported; unpack the archive first"
	case flags&zipPatch != 0, m.method != zipStored && m.method != zipDeflated && m.method != zipZstd:
		m.fault = "it is compressed by a method other than deflate and zstd; unpack the archive first"
	}
	return m, true
}

// openZipMember opens a member's content.
func (a *archive) openZipMember(f *archiveFile, m *member) (io.ReadCloser, error) {
	if m.fault != "" {
		return nil, archiveError("%s", m.fault)
	}
	ratio := int64(a.limits.ArchiveRatio)
	if m.bytes > ratioAfterBytes && m.bytes/ratio > m.stored {
		return nil, ratioError(a.limits)
	}
	header := make([]byte, zipLocalBytes)
	if _, err := f.ReadAt(header, m.at); err != nil && err != io.EOF {
		return nil, err
	}
	le := binary.LittleEndian
	at := m.at + zipLocalBytes + int64(le.Uint16(header[26:])) + int64(le.Uint16(header[28:]))
	if string(header[:4]) != zipLocal || le.Uint16(header[8:]) != m.method || at > m.limit || m.stored > m.limit-at {
		return nil, archiveError("its place in the archive and the directory contradict each other: the archive is damaged")
	}
	stored := &faultReader{Reader: f.section(at, m.stored)}
	z := &zipContent{file: f, member: m, stored: stored, crc: crc32.NewIEEE()}
	switch m.method {
	case zipDeflated:
		// What deflate makes, with a header before it and a trailer behind, is a
		// gzip file, whose decoder compares length and checksum.
		trailer := le.AppendUint32(le.AppendUint32(nil, m.crc), uint32(m.bytes))
		z.format = formatOf([]byte(gzipHeader))
		z.dec, z.openErr = openGzip(io.MultiReader(strings.NewReader(gzipHeader), stored, bytes.NewReader(trailer)))
	case zipZstd:
		z.format = formatOf([]byte("\x28\xb5\x2f\xfd"))
		z.dec, z.openErr = openZstd(stored)
	default:
		if m.stored != m.bytes {
			return nil, archiveError("it has %d bytes where its directory says %d: the archive is damaged", m.stored, m.bytes)
		}
		z.dec = storedMember{stored}
	}
	return z, nil
}

// gzipHeader is one without fields (RFC 1952, 2.3).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

func ratioError(l Limits) error {
	return archiveError("it unpacks to more than %d times its size: it may be made to do harm; if not, raise --archive-ratio-max", l.ArchiveRatio)
}

// storedMember is the decoder of what is not compressed.
type storedMember struct{ io.Reader }

func (storedMember) release() {}

// zipContent reads a member's content and holds it to what the directory says.
type zipContent struct {
	file    *archiveFile
	member  *member
	stored  *faultReader
	format  *format // of dec
	dec     decoder // nil: closed, or could not be opened
	openErr error
	crc     hash.Hash32
	done    int64 // bytes read
}

// Read fails where the content is not what the directory says: nothing is taken
// for whole that is not.
func (z *zipContent) Read(p []byte) (int, error) {
	if z.openErr != nil {
		return 0, z.damage(z.openErr)
	}
	if z.dec == nil {
		return 0, errClosedMember
	}
	n, err := z.dec.Read(p)
	z.done += int64(n)
	_, _ = z.crc.Write(p[:n]) // never fails
	switch {
	case z.done > z.member.bytes:
		return 0, archiveError("it has more than the %d bytes that its directory says: the archive is damaged", z.member.bytes)
	case err == io.EOF && z.done < z.member.bytes:
		return n, archiveError("it has %d bytes where its directory says %d: the archive is damaged", z.done, z.member.bytes)
	case err == io.EOF && z.crc.Sum32() != z.member.crc:
		return n, archiveError("it does not match its checksum: the archive is damaged")
	case err != nil && err != io.EOF:
		return n, z.damage(err)
	}
	return n, err
}

// damage says what a decoder's error means.
func (z *zipContent) damage(err error) error {
	if z.stored.err != nil {
		return cause(z.stored.err)
	}
	return z.format.describe(err, false)
}

// faultReader remembers the error of a reader, to tell it from what a decoder
// makes of it.
type faultReader struct {
	io.Reader
	err error
}

func (r *faultReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

var errClosedMember = errors.New("it is closed")

// Close implements io.Closer.
func (z *zipContent) Close() error {
	if z.dec == nil {
		return z.file.close()
	}
	z.dec.release()
	z.dec = nil
	return z.file.close()
}
