package main

import "strconv"

// appendPadded appends v, at least 0, with zeros in front up to width digits.
func appendPadded(dst []byte, v int64, width int) []byte {
	digits := 1
	for rest := v; rest >= 10; rest /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendScaled appends v / 10^places with all its places: 1250 with 2 is 12.50.
func appendScaled(dst []byte, v int64, places int) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	unit := int64(1)
	for range places {
		unit *= 10
	}
	dst = strconv.AppendInt(dst, v/unit, 10)
	dst = append(dst, '.')
	return appendPadded(dst, v%unit, places)
}
