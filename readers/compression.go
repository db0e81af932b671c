package readers

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"csvloom/readers/internal/inflate"
)

// SniffBytes is how many bytes of an input's start [DecompressorFor] looks at.
const SniffBytes = 16

// format is a kind of file that is known by its first bytes.
type format struct {
	name  string
	magic string
	// open starts decoding; nil for what is known only to be told what it is.
	open func(r io.Reader) (decoder, error)
	// split says how to decode its parts side by side; nil: in order only.
	split *splitting
	// advice is for formats that cannot be opened.
	advice string
}

// decoder is a decompressor at work.
type decoder interface {
	io.Reader
	// release gives the decoder back to be used again; it is the last call.
	release()
}

const (
	snappyMagic = "\xff\x06\x00\x00sNaPpY" // google/snappy, framing_format.txt
	s2Magic     = "\xff\x06\x00\x00S2sTwO" // klauspost/compress, s2
)

// formats are tried in order. None of the magics is how a text starts: where
// one consists of printable characters, bzip2's, all ten bytes are compared.
var formats = []format{
	{name: "gzip", magic: "\x1f\x8b\x08", open: openGzip, split: &gzipSplitting},     // RFC 1952, 2.3.1
	{name: "zstd", magic: "\x28\xb5\x2f\xfd", open: openZstd, split: &zstdSplitting}, // RFC 8878, 3.1.1
	{name: "zstd", magic: zstdSkippable, open: openZstd, split: &zstdSplitting},      // RFC 8878, 3.1.2
	{name: "bzip2", magic: bzip2Magic + bzip2Block, open: openBzip},                  // see bzip2Magic
	{name: "bzip2", magic: bzip2Magic + bzip2End, open: openBzip},
	{name: "snappy", magic: snappyMagic, open: openS2},
	{name: "s2", magic: s2Magic, open: openS2},
	{name: "xz", magic: "\xfd7zXZ\x00", advice: "unpack it first (xz -d)"},
	{name: "lz4", magic: "\x04\x22\x4d\x18", advice: "unpack it first (lz4 -d)"},
	{name: "compress (.Z)", magic: "\x1f\x9d", advice: "unpack it first (uncompress)"},
	{name: "zip", magic: "PK\x03\x04", advice: "name it by itself or its members as in exports.zip::*.csv (one in another archive must be unpacked first); a workbook (.xlsx) must be exported as CSV"},
	{name: "7z", magic: "7z\xbc\xaf\x27\x1c", advice: "unpack it first"},
	{name: "Excel (.xls)", magic: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", advice: "export it as CSV"},
	{name: "Parquet", magic: "PAR1\x15", advice: "it is not a CSV file"},
	{name: "Arrow", magic: "ARROW1\x00\x00", advice: "it is not a CSV file"},
	{name: "PDF", magic: "%PDF-1.", advice: "it is not a CSV file"},
}

// Two magics have a byte that varies; these constants hold one of its values.
const (
	zstdSkippable = "\x50\x2a\x4d\x18" // low half of the first byte varies
	bzip2Magic    = "BZh9"             // the digit, the block size, varies from 1 to 9
	bzip2Block    = "1AY&SY"           // pi in BCD: a block follows
	bzip2End      = "\x17\x72\x45\x38\x50\x90"
)

// matches reports whether the first n bytes of f's magic are those of prefix.
func (f *format) matches(prefix []byte, n int) bool {
	for i := range n {
		a, b := prefix[i], f.magic[i]
		switch {
		case f.magic == zstdSkippable && i == 0:
			a &= 0xf0
		case f.name == "bzip2" && i == 3 && a >= '1' && a <= '9':
			a = b
		}
		if a != b {
			return false
		}
	}
	return true
}

// formatOf returns the format that prefix shows, nil for plain text.
func formatOf(prefix []byte) *format {
	for i := range formats {
		if f := &formats[i]; len(prefix) >= len(f.magic) && f.matches(prefix, len(f.magic)) {
			return f
		}
	}
	return nil
}

// cutShort returns the format whose magic starts with all of prefix, which is
// a whole file: what is left when a compressed file was cut within its first
// bytes. One byte may be text unless the file's name says otherwise.
func cutShort(prefix []byte, name string) *format {
	least := 2
	if hasCompressedName(name) {
		least = 1
	}
	if len(prefix) < least {
		return nil
	}
	for i := range formats {
		f := &formats[i]
		text := least > 1 && (f.name == "bzip2" && len(prefix) <= len(bzip2Magic) || f.magic == zstdSkippable)
		if f.open != nil && !text && len(prefix) < len(f.magic) && f.matches(prefix, len(prefix)) {
			return f
		}
	}
	return nil
}

// DecompressorFor returns the name of the format that an input's first
// [SniffBytes] bytes (all of them, if it is shorter) show: "gzip", "zstd",
// "bzip2", "snappy", "s2"; "" for anything that is to be read as it stands. It
// may also name a format that cannot be read, such as "zip" or "Parquet":
// [NewStream] and [Input.Open] then say so.
func DecompressorFor(prefix []byte) (name string) {
	if f := formatOf(prefix); f != nil {
		return f.name
	}
	return ""
}

// compressedSuffixes are the endings of the names of compressed files.
var compressedSuffixes = []string{".gz", ".zst", ".zstd", ".bz2", ".sz", ".s2", ".snappy"}

// hasCompressedName reports whether name ends as those of compressed files do.
func hasCompressedName(name string) bool {
	return withoutCompressedSuffix(name) != name
}

// withoutCompressedSuffix drops one such ending, in any case.
func withoutCompressedSuffix(name string) string {
	for _, suffix := range compressedSuffixes {
		if cut := len(name) - len(suffix); cut >= 0 && strings.EqualFold(name[cut:], suffix) {
			return name[:cut]
		}
	}
	return name
}

// compressionError is damage to compressed data, or a format that cannot be
// read.
type compressionError struct {
	text string
}

func (e *compressionError) Error() string { return e.text }

// inputBytes is how much compressed data is read at a time.
const inputBytes = 64 << 10

type s2Decoder struct {
	in     *bufio.Reader
	frames *s2.Reader // reads Snappy's frames as well
}

var s2Decoders = sync.Pool{New: func() any {
	d := &s2Decoder{in: bufio.NewReaderSize(nil, inputBytes)}
	d.frames = s2.NewReader(d.in)
	return d
}}

func openS2(r io.Reader) (decoder, error) {
	d := s2Decoders.Get().(*s2Decoder)
	d.in.Reset(r)
	d.frames.Reset(d.in)
	return d, nil
}

func (d *s2Decoder) Read(p []byte) (int, error) { return d.frames.Read(p) }

func (d *s2Decoder) release() {
	d.in.Reset(nil)
	s2Decoders.Put(d)
}

type bzip2Decoder struct{ io.Reader }

func openBzip(r io.Reader) (decoder, error) {
	return bzip2Decoder{bzip2.NewReader(bufio.NewReaderSize(r, inputBytes))}, nil
}

func (bzip2Decoder) release() {}

// describe says what a decoder's error means. atEnd is whether all of the
// input had been read.
func (f *format) describe(err error, atEnd bool) *compressionError {
	var text string
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		text = "its " + f.name + " data ends early: the file is cut short"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		text = fmt.Sprintf("its zstd data needs a window of more than %d MiB; compress it again without --long or --ultra", zstdWindowBytesMax>>20)
	case errors.Is(err, zstd.ErrUnknownDictionary):
		text = "its zstd data was compressed with a dictionary, which is not supported; unpack it first"
	case errors.Is(err, errTrailing), errors.Is(err, zstd.ErrMagicMismatch):
		text = "something else follows its " + f.name + " data: the file is damaged"
	case errors.Is(err, inflate.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, s2.ErrCRC):
		text = "its " + f.name + " data does not match its checksum: the file is damaged"
	case atEnd && errors.Is(err, s2.ErrCorrupt):
		text = "its " + f.name + " data is cut short or damaged"
	default:
		text = fmt.Sprintf("its %s data is damaged (%v)", f.name, err)
	}
	return &compressionError{text}
}
