package transforms

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/transforms/internal/rowkey"
)

// The classes of rows of a single key: NULLs may come before or after values.
const (
	classNullFirst = 0
	classValue     = 1
	classNullLast  = 2
	sortClasses    = 3
)

// byWords reports whether rows are ordered by class and word alone, which they
// are by a single key of at most eight bytes. Otherwise rows have encoded keys,
// and are all of class classValue.
func (s *boundSort) byWords() bool { return len(s.keys) == 1 && rowkey.Fixed(s.keys[0].Type) }

// keyWords sets words to the words of a single key, which order rows of class
// classValue, and returns the class of the NULLs, if there are any.
func (s *boundSort) keyWords(words []uint64, a arrow.Array) (ordered []uint64, nullClass int) {
	c := s.keys[0]
	words = rowkey.Words(words, a)
	if c.Desc {
		for i, w := range words {
			words[i] = ^w
		}
	}
	switch {
	case a.NullN() == 0:
		return words, classValue
	case c.NullsFirst:
		return words, classNullFirst
	}
	return words, classNullLast
}
