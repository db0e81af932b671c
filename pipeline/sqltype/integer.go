package sqltype

import "math"

// ParseBool reads true or false in any case; nothing else is a BOOLEAN.
func ParseBool(b []byte) (v, ok bool) {
	// Setting bit 5 makes a capital small and no other byte a letter.
	switch len(b) {
	case 4:
		return true, b[0]|0x20 == 't' && b[1]|0x20 == 'r' && b[2]|0x20 == 'u' && b[3]|0x20 == 'e'
	case 5:
		return false, b[0]|0x20 == 'f' && b[1]|0x20 == 'a' && b[2]|0x20 == 'l' && b[3]|0x20 == 's' && b[4]|0x20 == 'e'
	}
	return false, false
}

// ParseInt reads a BIGINT: an optional sign and one or more digits. Leading
// zeros are accepted; inference, which must not lose them, asks [ScanNumber].
// It is false where the value leaves the 64 bits.
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	if c := b[0]; c == '-' {
		v, ok := parseDigits(b[1:])
		if !ok || v > 1<<63 {
			return 0, false
		}
		return -int64(v), true
	} else if c == '+' {
		b = b[1:]
	}
	v, ok := parseDigits(b)
	if !ok || v > math.MaxInt64 {
		return 0, false
	}
	return int64(v), true
}
