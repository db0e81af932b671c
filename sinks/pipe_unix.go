//go:build unix

package sinks

import "syscall"

// goneReader is what a write says when the pipe's reader is gone.
var goneReader = []error{syscall.EPIPE}
