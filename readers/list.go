package readers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// listLine is an input named by a list.
type listLine struct {
	number int // 1-based
	text   string
}

// readList reads an @list file: one input a line; blanks around it do not
// count, nor do blank lines and those that start with #. (A file whose name
// starts with # is ./#name.) Paths are relative to the working directory, as
// they are on the command line.
func readList(path string, bytesMax int64) ([]listLine, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &SourceError{Name: path, Op: "open", Err: cause(err)}
	}
	defer f.Close() // it is only read
	content, err := io.ReadAll(io.LimitReader(f, bytesMax+1))
	switch {
	case err != nil:
		err = cause(err)
	case int64(len(content)) > bytesMax:
		err = fmt.Errorf("a list has at most %d bytes", bytesMax)
	case bytes.IndexByte(content, 0) >= 0:
		err = errors.New("it is not text, so it is no list of inputs")
	}
	if err != nil {
		return nil, &SourceError{Name: path, Op: "read", Err: err}
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var lines []listLine
	number := 0
	for line := range bytes.Lines(content) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			lines = append(lines, listLine{number, string(line)})
		}
	}
	return lines, nil
}
