package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"csvloom/pipeline"
)

// messages is everything that goes to stderr but the progress line, which it
// clears away before it prints.
type messages struct {
	mu      sync.Mutex
	w       io.Writer
	color   bool
	level   slog.Level
	json    *slog.Logger // nil: text
	onWrite func()       // clears the progress line
}

func newMessages(w io.Writer, color bool) *messages {
	return &messages{w: w, color: color, level: slog.LevelInfo}
}

// configure applies the flags.
func (m *messages) configure(format string, quiet, verbose bool) error {
	switch {
	case quiet && verbose:
		return pipeline.Usagef("--quiet and --verbose contradict each other; say one of them")
	case quiet:
		m.level = slog.LevelError
	case verbose:
		m.level = slog.LevelDebug
	}
	switch format {
	case "text":
	case "json":
		m.json = slog.New(slog.NewJSONHandler(m.w, &slog.HandlerOptions{Level: m.level}))
	default:
		return pipeline.Usagef("--log-format %q: expected text or json", format)
	}
	return nil
}

// detail is told with --verbose only.
func (m *messages) detail(format string, args ...any) {
	m.print(slog.LevelDebug, "", "", fmt.Sprintf(format, args...))
}

// note is told unless --quiet is given.
func (m *messages) note(format string, args ...any) {
	m.print(slog.LevelInfo, "", "", fmt.Sprintf(format, args...))
}

// warn is told unless --quiet is given.
func (m *messages) warn(format string, args ...any) {
	m.print(slog.LevelWarn, "warning: ", "\x1b[33m", fmt.Sprintf(format, args...))
}

// fail is always told. Errors that were joined are told one by one.
func (m *messages) fail(err error) {
	for _, e := range unjoin(err) {
		m.print(slog.LevelError, "error: ", "\x1b[31m", e.Error())
	}
}

// unjoin takes apart what errors.Join has put together: errors whose text is
// that of their parts, one a line.
func unjoin(err error) []error {
	if usage, ok := err.(*pipeline.UsageError); ok {
		return unjoin(usage.Err)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var parts []error
	var text strings.Builder
	for i, e := range joined.Unwrap() {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(e.Error())
		parts = append(parts, unjoin(e)...)
	}
	if text.String() != err.Error() {
		return []error{err}
	}
	return parts
}

func (m *messages) print(level slog.Level, prefix, ansi, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if level < m.level {
		return
	}
	if m.onWrite != nil {
		m.onWrite()
	}
	if m.json != nil {
		m.json.Log(context.Background(), level, text)
		return
	}
	if m.color && prefix != "" {
		prefix = ansi + prefix + "\x1b[0m"
	}
	fmt.Fprintf(m.w, "csvloom: %s%s\n", prefix, text)
}

// only suppresses notes, for commands whose output speaks for itself; warnings
// are still told.
func (m *messages) only() { m.level = max(m.level, slog.LevelWarn) }
