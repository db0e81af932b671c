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
	t := b
	negative := b[0] == '-'
	if negative || b[0] == '+' {
		t = b[1:]
	}
	var v uint64
	if n := len(t); n > 0 && n < wordBytes {
		// As in parseDigits; the call would cost as much as the digits.
		for _, c := range t {
			d := c - '0'
			if d > 9 {
				return 0, false
			}
			v = v*10 + uint64(d)
		}
	} else {
		var ok bool
		if v, ok = parseDigits(t); !ok {
			return 0, false
		}
	}
	if negative {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v <= math.MaxInt64
}
