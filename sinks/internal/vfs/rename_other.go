//go:build !linux && !darwin && !windows

package vfs

import "errors"

// renameNoReplace has no system call here.
func renameNoReplace(string, string) error { return errors.ErrUnsupported }

// exchange has no system call here.
func exchange(string, string) error { return errors.ErrUnsupported }
