package readers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"csvloom/readers/internal/charset"
	"csvloom/readers/internal/fetch"
	"csvloom/readers/internal/spool"
)

// SourceError says that an input could not be found, opened, fetched or read.
// It holds no credentials.
type SourceError struct {
	// Name is the input as the user knows it; see [Input].
	Name string
	// Op is what failed: "open", "list", "fetch", "read".
	Op string
	// Err is the cause, without the name.
	Err error
	// Advice says what to do next; it may be empty.
	Advice string

	skipped bool
}

func (e *SourceError) Error() string {
	s := fmt.Sprintf("cannot %s %q: %v", e.Op, e.Name, e.Err)
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// Is reports whether the error stands for target; it is what makes
// errors.Is(err, ErrSkipped) work.
func (e *SourceError) Is(target error) bool { return target == ErrSkipped && e.skipped }

// ErrSkipped is what errors.Is finds in an error of [Input.Open] or
// [Input.OpenFile] when the run is to go on without the input (policy [Skip]).
// The failure has been recorded in the [Set] by then.
var ErrSkipped = errors.New("the input is skipped")

// cause returns err without the path that the os package put in front: it is
// named once, by SourceError, as the user wrote it.
func cause(err error) error {
	var (
		path *fs.PathError
		call *os.SyscallError
	)
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// isCancellation reports whether err says that the run has ended, which is
// nobody's fault.
func isCancellation(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err()))
}

// ofTheSource reports whether err is the source's own fault, so that a run may
// go on without it, and not a failure on our side such as a full disk.
func ofTheSource(err error) bool {
	var (
		kept     *spool.Error
		download *fetch.Error
		damage   *compressionError
		garbled  *charset.Error
		errno    syscall.Errno
	)
	switch {
	case errors.As(err, &kept):
		return false
	case errors.As(err, &download), errors.As(err, &damage), errors.As(err, &garbled), errors.Is(err, errNotRegular):
		return true
	case errors.As(err, &errno):
		// Any other file would meet these as well.
		return errno != syscall.EMFILE && errno != syscall.ENFILE && errno != syscall.ENOMEM
	}
	return false
}

var errNotRegular = errors.New("neither a file, a directory nor a pipe")

// problemsShown bounds how many problems one error lists.
const problemsShown = 20

// problems gathers errors to be reported together.
type problems struct {
	shown []error
	more  int
}

func (p *problems) add(err error) {
	if len(p.shown) < problemsShown {
		p.shown = append(p.shown, err)
		return
	}
	p.more++
}

// err returns all of them as one error, nil if there are none.
func (p *problems) err() error {
	if p.more == 0 {
		return errors.Join(p.shown...)
	}
	return errors.Join(append(p.shown[:len(p.shown):len(p.shown)], fmt.Errorf("and %d more", p.more))...)
}
