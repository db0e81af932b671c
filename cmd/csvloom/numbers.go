package main

import (
	"fmt"
	"strconv"
)

// thousands writes n with commas: 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// countOf writes a number of things: "1 row", "2,000 rows".
func countOf(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(int64(n)) + " " + what
}

// binaryBytes writes a size with a unit: "1.5 MiB".
func binaryBytes(n int64) string {
	if n < 1<<10 {
		return countOf(int(n), "byte")
	}
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	v := float64(n) / (1 << 10)
	i := 0
	for ; v >= 1<<10 && i < len(units)-1; i++ {
		v /= 1 << 10
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
