package main

import (
	"io"
	"os"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/term"
)

// terminal is where a command reads and prints, and what else is the process's.
type terminal struct {
	stdin                              io.Reader
	stdout, stderr                     io.Writer
	stdoutIsTerminal, stderrIsTerminal bool
	limitCPUs                          func(n int)      // nil in tests, which share their process
	alloc                              memory.Allocator // set by tests
}

// widthDefault is assumed where the terminal does not say how wide it is.
const widthDefault = 80

// width is how many columns stdout shows; COLUMNS overrides what it says.
func (t *terminal) width() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := t.stdout.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return widthDefault
}

// color reports whether w should be coloured, given that it is a terminal; see
// no-color.org.
func color(isTerminal bool) bool {
	return isTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
