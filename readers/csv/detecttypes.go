package csv

import (
	"bytes"
	"unicode/utf8"

	"csvloom/pipeline/sqltype"
)

// cellClass is what a cell looks like to somebody who judges whether a file was
// divided into fields in the right places.
type cellClass uint8

const (
	classEmpty   cellClass = iota
	classDirty             // looks like several cells, a part of one, or damage
	classPadded            // clean but for spaces around it
	classText              // several words
	classWord              // one word or code
	classBoolean           // from here on, the class is a specific one
	classInteger
	classDecimal // also with decimal comma, thousands separators, currency or percent
	classDate
	classTime
	classMoment // date and time
	classAddress
)

// specific reports whether the class is one that text has only on purpose.
func (c cellClass) specific() bool { return c >= classBoolean }

// cleanness is how much a cell of each class speaks for the dialect that made it.
var cleanness = [...]float64{
	classEmpty: 0.6, classDirty: 0.05, classPadded: 0.4, classText: 0.8, classWord: 0.9,
	classBoolean: 1, classInteger: 1, classDecimal: 1, classDate: 1, classTime: 1, classMoment: 1, classAddress: 1,
}

// classBytesMax is how much of a cell is looked at.
const classBytesMax = 256

// classOf classifies the text of a field. quoted says that it stood in quotes,
// in which anything may stand; delim is the delimiter of the dialect on trial.
func classOf(b []byte, quoted bool, delim string) cellClass {
	if len(b) == 0 {
		return classEmpty
	}
	if c := specificClass(b); c.specific() {
		return c
	}
	if quoted {
		return classText
	}
	b = b[:min(len(b), classBytesMax)]
	first, last := b[0], b[len(b)-1]
	switch {
	case first == '"' || last == '"' || first == '\'' && last == '\'':
		return classDirty
	case first == ' ' || last == ' ':
		if c := classOf(bytes.TrimSpace(b), false, delim); c == classDirty || c == classEmpty {
			return c
		}
		return classPadded
	}
	class := classWord
	for i, c := range b {
		switch {
		case c >= utf8.RuneSelf, 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9':
		case c == ' ':
			class = classText
		case c < ' ', c == ';' && delim != ";", c == '|', c == '^', c == '~' && i > 0:
			return classDirty
		case c == ',':
			// In text a comma has a space behind it.
			if i+1 == len(b) || b[i+1] != ' ' {
				return classDirty
			}
			class = classText
		}
	}
	return class
}

// specificClass returns the class of a cell that is of a specific one.
func specificClass(b []byte) cellClass {
	if len(b) == 0 || len(b) > classBytesMax {
		return classEmpty
	}
	c := b[0]
	switch {
	case '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.':
		if shape, ok := sqltype.ScanNumber(b); ok {
			if shape.BigInt() {
				return classInteger
			}
			return classDecimal
		}
		if _, ok := sqltype.ParseDate(b); ok {
			return classDate
		}
		if _, _, ok := sqltype.ParseTimestamp(b); ok {
			return classMoment
		}
		if _, ok := sqltype.ParseTime(b); ok {
			return classTime
		}
		if p, ok := scanDate(b); ok {
			if _, withTime, ok := p.timeOfDay(); ok {
				if withTime {
					return classMoment
				}
				return classDate
			}
		}
		if isFormattedNumber(b) {
			return classDecimal
		}
	case c == '$' && len(b) > 1 && isFormattedNumber(b[1:]):
		return classDecimal
	case bytes.HasPrefix(b, []byte("\xe2\x82\xac")) && len(b) > 3 && isFormattedNumber(b[3:]): // €
		return classDecimal
	}
	if _, ok := sqltype.ParseBool(b); ok {
		return classBoolean
	}
	if isAddress(b) {
		return classAddress
	}
	return classEmpty
}

// isFormattedNumber reports whether b is digits in groups with points, commas or
// spaces between them, perhaps with a sign before or a percent sign behind.
func isFormattedNumber(b []byte) bool {
	if b[0] == '-' || b[0] == '+' {
		b = b[1:]
	}
	b = bytes.TrimSuffix(b, []byte("%"))
	digit := false
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			digit = true
		case (c == '.' || c == ',' || c == ' ' || c == '\'') && digit:
			digit = false // the next one is a digit again
		default:
			return false
		}
	}
	return digit
}

// isAddress reports whether b is a URL or an email address.
func isAddress(b []byte) bool {
	if bytes.ContainsAny(b, " \"<>") {
		return false
	}
	if i := bytes.Index(b, []byte("://")); i >= 2 && i <= 6 {
		return bytes.IndexByte(b[i:], ',') < 0 && bytes.IndexByte(b[i:], ';') < 0
	}
	at := bytes.IndexByte(b, '@')
	return at > 0 && bytes.LastIndexByte(b, '@') == at && bytes.IndexByte(b[at:], '.') > 1 && !bytes.ContainsAny(b, ",;|")
}

// isMissing reports whether a cell is one of the words for an unknown value.
func isMissing(b []byte) bool {
	if len(b) > len("unknown") {
		return false
	}
	switch string(bytes.ToLower(b)) {
	case "", "na", "n/a", "null", "none", "nil", "nan", "-", "--", "?", `\n`, "#n/a", "unknown":
		return true
	}
	return false
}
