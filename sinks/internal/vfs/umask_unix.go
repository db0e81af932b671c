//go:build unix

package vfs

import (
	"bytes"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"syscall"
)

var umaskMutex sync.Mutex

// Umask returns the permission bits that the process takes from new files.
func Umask() fs.FileMode {
	if mask, ok := procUmask(); ok {
		return mask
	}
	return callUmask()
}

// callUmask reads the mask in the only portable way, by setting it, for the
// whole process. While it is out of place, files that other goroutines create
// get too few permissions rather than too many.
func callUmask() fs.FileMode {
	umaskMutex.Lock()
	defer umaskMutex.Unlock()
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask) & fs.ModePerm
}

// procUmask reads the mask from Linux's proc(5), which changes nothing.
func procUmask() (fs.FileMode, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, after, found := bytes.Cut(status, []byte("\nUmask:"))
	if !found {
		return 0, false
	}
	line, _, _ := bytes.Cut(after, []byte("\n"))
	mask, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 8, 32)
	return fs.FileMode(mask) & fs.ModePerm, err == nil
}
