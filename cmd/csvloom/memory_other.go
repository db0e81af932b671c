//go:build !linux

package main

// systemMemoryBytes is assumed where there is no portable way to ask.
func systemMemoryBytes() int64 { return 8 << 30 }
