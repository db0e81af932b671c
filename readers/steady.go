package readers

import (
	"fmt"
	"io"
	"os"
	"time"
)

// steadyFile is a local file that is read from its start, once, and that must be
// as long as it was when it was listed, and not be written to meanwhile: a file
// that is being written, cut off or replaced would otherwise be read in part, without a
// word.
type steadyFile struct {
	file     *os.File
	bytes    int64 // its length when it was listed
	modified int64 // when it was written to before it was listed, in nanoseconds since 1970
	read     int64
}

// Read implements io.Reader. It fails when more, or at the end less, has been
// read than there was.
func (f *steadyFile) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.read += int64(n)
	if f.read > f.bytes || err == io.EOF && f.read < f.bytes {
		return 0, fmt.Errorf("the file has changed while being read: it had %d bytes when the run began; run again when it is complete", f.bytes)
	}
	if err == io.EOF {
		if info, e := f.file.Stat(); e == nil && info.ModTime().UnixNano() != f.modified {
			return 0, fmt.Errorf("the file has changed while being read: it was written to at %s; run again when it is complete", info.ModTime().Format(time.RFC3339))
		}
	}
	return n, err
}

// Close closes the file.
func (f *steadyFile) Close() error { return f.file.Close() }
