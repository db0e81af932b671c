//go:build linux || darwin

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakBytes returns the most memory that the process had resident: ru_maxrss,
// which Linux counts in KiB and macOS in bytes.
func peakBytes(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) * 1024
}
