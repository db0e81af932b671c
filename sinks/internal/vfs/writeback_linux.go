package vfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteBack has the system begin to write a range of a file to the disk. It
// makes nothing durable, and its errors come up again in Sync.
func startWriteBack(f *os.File, from, n int64) {
	conn, err := f.SyscallConn()
	if err == nil {
		_ = conn.Control(func(fd uintptr) { _ = unix.SyncFileRange(int(fd), from, n, unix.SYNC_FILE_RANGE_WRITE) })
	}
}
