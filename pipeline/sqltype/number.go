package sqltype

import "math"

// NumberShape is how a number is written, for deciding which types hold it
// without loss.
type NumberShape struct {
	Negative bool // a minus in front
	Plus     bool // a plus in front
	// LeadingZero says that a zero stands in front of another digit of the
	// integer part, as in 007: the text is an identifier more than a number.
	LeadingZero bool
	Point       bool // a decimal point is there
	Exponent    bool // an exponent is there, as in 1e5

	// IntegerDigits counts the digits before the point without leading
	// zeros: 0 for 0.5 and .5, 1 for 7.
	IntegerDigits int
	// FractionDigits counts the digits behind the point as they are
	// written, trailing zeros too: 2 for 1.50.
	FractionDigits int
	// SignificantDigits counts from the first to the last digit that is not
	// zero: 2 for 1.50, 1 for 1000, 0 for 0. A DOUBLE keeps 15 of them.
	SignificantDigits int
	// Exponent10 is the power of ten of the first significant digit with the
	// exponent applied: 3 for 1000, -1 for 0.5, 5 for 1e5; 0 for zero.
	// A written exponent counts up to ±2²⁰.
	Exponent10 int

	bareEnd bool   // the point ends the digits, as in 5.
	lead    uint64 // the first leadDigitsMax significant digits
	// kept is the number of digits in lead, zeros that follow the last
	// significant digit not among them.
	kept int
}

// leadDigitsMax is how many decimal digits surely fit 64 bits.
const leadDigitsMax = 19

// exponentMax is where a written exponent stops growing: far beyond every
// type, and far from overflow.
const exponentMax = 1 << 20

// ScanNumber reads the shape of a decimal number: [+-] digits [. digits]
// [e [+-] digits], with a digit on at least one side of the point. False when
// the text is anything else; NaN and infinity are not numbers here. The
// grammar is that of [ParseDouble].
func ScanNumber(b []byte) (NumberShape, bool) {
	var s NumberShape
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		s.Negative, s.Plus = b[i] == '-', b[i] == '+'
		i++
	}
	start := i
	zeros := 0           // since the last significant digit
	first := exponentMax // place of the first significant digit, by digits before the point
	for ; i < len(b) && isDigit(b[i]); i++ {
		if s.SignificantDigits == 0 && b[i] == '0' {
			continue
		}
		s.IntegerDigits++
		zeros = s.digit(b[i]-'0', zeros)
	}
	integer := i - start
	s.LeadingZero = integer > 1 && b[start] == '0'
	if s.IntegerDigits > 0 {
		first = s.IntegerDigits - 1
	}
	if i < len(b) && b[i] == '.' {
		s.Point = true
		i++
		begin := i
		for ; i < len(b) && isDigit(b[i]); i++ {
			if s.SignificantDigits == 0 && b[i] == '0' {
				continue
			}
			if first == exponentMax {
				first = begin - i - 1
			}
			zeros = s.digit(b[i]-'0', zeros)
		}
		s.FractionDigits = i - begin
		s.bareEnd = s.FractionDigits == 0
	}
	if integer+s.FractionDigits == 0 {
		return NumberShape{}, false
	}
	exponent := 0
	if i < len(b) && b[i]|0x20 == 'e' {
		s.Exponent = true
		var ok bool
		if exponent, ok = scanExponent(b[i+1:]); !ok {
			return NumberShape{}, false
		}
		i = len(b)
	}
	if i != len(b) {
		return NumberShape{}, false
	}
	if s.SignificantDigits > 0 {
		s.Exponent10 = first + exponent
	}
	return s, true
}

// digit takes one digit from the first significant one on; zeros wait, since
// they count only when another significant digit follows them. It returns how
// many wait.
func (s *NumberShape) digit(d byte, zeros int) int {
	if d == 0 {
		return zeros + 1
	}
	s.SignificantDigits += zeros + 1
	for ; zeros > 0 && s.kept < leadDigitsMax; zeros-- {
		s.lead *= 10
		s.kept++
	}
	if s.kept < leadDigitsMax {
		s.lead = s.lead*10 + uint64(d)
		s.kept++
	}
	return 0
}

// scanExponent reads what follows the e. It is false unless the text is
// [+-] and digits to its end.
func scanExponent(b []byte) (int, bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	e := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		e = min(e*10+int(c-'0'), exponentMax)
	}
	if negative {
		e = -e
	}
	return e, true
}

// BigInt reports whether the text is a BIGINT that prints back as it is
// written: no plus, no leading zero, no point or exponent, not -0, in range.
func (s NumberShape) BigInt() bool {
	if s.Plus || s.LeadingZero || s.Point || s.Exponent || s.IntegerDigits > bigIntDigits {
		return false
	}
	if s.SignificantDigits == 0 {
		return !s.Negative
	}
	if s.IntegerDigits < bigIntDigits {
		return true
	}
	v := s.lead
	for i := s.kept; i < s.IntegerDigits; i++ {
		v *= 10
	}
	if s.Negative {
		return v <= 1<<63
	}
	return v <= math.MaxInt64
}

// Limits of the numbers that survive the way text → DOUBLE → text: 15
// significant digits (DBL_DIG of C), and powers of ten in which 15 digits stay
// clear of overflow and of the subnormal numbers (DBL_MIN_10_EXP, DBL_MAX_10_EXP
// less one).
const (
	doubleDigitsMax   = 15
	doubleExponentMin = -307
	doubleExponentMax = 307
)

// Double reports whether a DOUBLE holds the number with every digit: at most
// 15 significant ones, neither overflow nor underflow, and no plus, leading
// zero or bare closing point that printing would lose. Trailing zeros of the
// fraction are not kept by a DOUBLE and do not count.
func (s NumberShape) Double() bool {
	return !s.Plus && !s.LeadingZero && !s.bareEnd && s.SignificantDigits <= doubleDigitsMax &&
		s.Exponent10 >= doubleExponentMin && s.Exponent10 <= doubleExponentMax
}

// Decimal returns how many digits before and behind the point a DECIMAL needs
// to hold the number as it is written; false if none does, for its length or
// for a plus, a leading zero, -0, a bare closing point or an exponent.
func (s NumberShape) Decimal() (integer, fraction int, ok bool) {
	if s.Plus || s.LeadingZero || s.bareEnd || s.Exponent || s.Negative && s.SignificantDigits == 0 ||
		s.IntegerDigits+s.FractionDigits > PrecisionMax {
		return 0, 0, false
	}
	return s.IntegerDigits, s.FractionDigits, true
}
