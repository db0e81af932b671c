//go:build purego || !amd64

package digits

import "github.com/apache/arrow/go/v17/arrow"

const vectors = false

func intGroups([]int64, []byte, []uint32, int, int, bool) int      { return 0 }
func doubleGroups([]float64, []byte, []uint32, int, int, bool) int { return 0 }
func dateGroups([]arrow.Date32, []byte, []uint32, int, int) int    { return 0 }
func timestampGroups([]int64, []byte, []uint32, int, int) int      { return 0 }
