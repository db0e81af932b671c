package aggregate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// validRows appends the rows of a that are not NULL.
func validRows(rows []int32, a arrow.Array) []int32 {
	if a.NullN() == a.Len() {
		return rows // an array of type NULL has no bitmap
	}
	for i := range a.Len() {
		if a.IsValid(i) {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// present returns the rows of a that are not NULL, or that all are present.
func present(a arrow.Array) (rows []int32, all bool) {
	if a.NullN() == 0 {
		return nil, true
	}
	return validRows(nil, a), false
}

// trueRows appends the rows on which a is TRUE.
func trueRows(dst []int32, a *array.Boolean) []int32 {
	for i := range a.Len() {
		if a.Value(i) && a.IsValid(i) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// bothRows appends what is in both ascending lists.
func bothRows(dst, a, b []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			dst = append(dst, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return dst
}
