package aggregate

import "github.com/apache/arrow/go/v17/arrow"

// Index numbers distinct rows from 0 up, as the group table does: NULLs are equal, and so are NaNs, and -0.0 and 0. It is not safe for
// concurrent use.
type Index struct{ grouping *grouping }

// NewIndex returns an empty index for columns of the given types. Without
// columns all rows are equal. It fails for types that cannot be compared.
func NewIndex(types []arrow.DataType) (*Index, error) {
	g, err := newGrouping(types)
	return &Index{g}, err
}

// Len is how many distinct rows there are.
func (x *Index) Len() int { return x.grouping.len() }

// Number sets numbers[i] to the number of row i of the columns.
func (x *Index) Number(columns []arrow.Array, numbers []uint32) {
	x.grouping.lookup(columns, numbers)
}

// Bytes estimates the memory the index holds.
func (x *Index) Bytes() int64 { return x.grouping.bytes() }

// PartitionCount is how many hash partitions there are.
const PartitionCount = partitionCount

// Partitions returns the hash partition of every distinct row, by number; it is
// less than [PartitionCount] and depends on the row's values only. At each level,
// from 0 up, it is of other bits of the hash.
func (x *Index) Partitions(level int) []uint8 { return x.grouping.partitions(level) }
