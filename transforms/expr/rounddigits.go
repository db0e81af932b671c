package expr

import (
	"strconv"
)

// roundDigits rounds the shortest decimal that stands for x to places, half
// away from zero, digit by digit.
func roundDigits(x float64, places int) float64 {
	var buf [40]byte
	text := strconv.AppendFloat(buf[:0], x, 'e', -1, 64) // -d.ddde±dd
	sign, digits, exponent := splitDigits(text)
	keep := exponent + 1 + places // of digits
	switch {
	case keep >= len(digits):
		return x
	case keep < 0:
		digits = digits[:0]
	default:
		up := digits[keep] >= '5'
		digits = digits[:keep]
		for i := keep - 1; up && i >= 0; i-- {
			if digits[i]++; digits[i] <= '9' {
				up = false
			} else {
				digits[i] = '0'
			}
		}
		if up {
			digits = append([]byte{'1'}, digits...)
			exponent++
		}
	}
	if len(digits) == 0 {
		digits = []byte{'0'}
	}
	out := append(sign, digits[0], '.')
	out = append(append(out, digits[1:]...), '0', 'e')
	out = strconv.AppendInt(out, int64(exponent), 10)
	// A number so close to x parses; out of range is infinite, as IEEE has it.
	r, _ := strconv.ParseFloat(string(out), 64)
	return r
}

// splitDigits takes a number in scientific notation apart.
func splitDigits(text []byte) (sign, digits []byte, exponent int) {
	sign = make([]byte, 0, len(text)+4)
	if text[0] == '-' {
		sign, text = append(sign, '-'), text[1:]
	}
	for i, c := range text {
		switch {
		case c == 'e':
			exponent, _ = strconv.Atoi(string(text[i+1:]))
			return sign, digits, exponent
		case c != '.':
			digits = append(digits, c)
		}
	}
	return sign, digits, exponent
}
