package vfs

import "io/fs"

// Umask returns the permission bits that the process takes from new files.
func Umask() fs.FileMode { return 0 }
