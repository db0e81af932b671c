package readers

import (
	"fmt"
	"io"
	"os"
)

// steadyFile is a local file that is read from its start, once, and that must be
// as long as it was when it was listed: a file that is being written, cut off or
// replaced would otherwise be read in part, without a word.
type steadyFile struct {
	file  *os.File
	bytes int64 // its length when it was listed
	read  int64
}

// Read implements io.Reader. It fails when more, or at the end less, has been
// read than there was.
func (f *steadyFile) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.read += int64(n)
	if f.read > f.bytes || err == io.EOF && f.read < f.bytes {
		return 0, fmt.Errorf("the file has changed while being read: it had %d bytes when the run began; run again when it is complete", f.bytes)
	}
	return n, err
}

// Close closes the file.
func (f *steadyFile) Close() error { return f.file.Close() }
