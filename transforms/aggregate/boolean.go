package aggregate

import "github.com/apache/arrow/go/v17/arrow"

// newConjunction returns the state of bool_and. FALSE is less than TRUE, so it
// is the minimum, and bool_or the maximum.
func newConjunction() state { return newExtreme(arrow.FixedWidthTypes.Boolean, false)() }

func newDisjunction() state { return newExtreme(arrow.FixedWidthTypes.Boolean, true)() }
