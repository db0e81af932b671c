package sinks

import (
	"context"
	"io"
)

// destination takes the bytes of one output. Call order: Write any number of
// times, then publish or discard; discard after a failed publish or Write.
type destination interface {
	io.Writer
	// publish makes the bytes, sizeBytes of them, visible as the output and
	// lets go of all resources. Where the bytes can be read back, check is
	// called on them before anybody else sees them.
	publish(ctx context.Context, sizeBytes int64, check func(io.ReaderAt) error) error
	// discard removes what was written and lets go of all resources. It does
	// nothing after publish has succeeded, or the second time.
	discard() error
}
