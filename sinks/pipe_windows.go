package sinks

import "golang.org/x/sys/windows"

// goneReader is what a write says when the pipe's reader is gone.
var goneReader = []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED}
