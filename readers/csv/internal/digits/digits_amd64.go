//go:build !purego

package digits

import (
	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/sys/cpu"
)

// vectors reports whether the kernels of digits_amd64.s can run. They are for
// AVX-512 as Skylake servers and Zen 4 have it.
var vectors = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512CD && cpu.X86.HasAVX512VL

//go:noescape
func intsAVX512(dst *int64, groups int, text *byte, limit int, ends *uint32, stride, quote int, exact uint8) int

//go:noescape
func doublesAVX512(dst *float64, groups int, text *byte, limit int, ends *uint32, stride, quote int, exact uint8) int

//go:noescape
func datesAVX512(dst *int32, groups int, text *byte, limit int, ends *uint32, stride, quote int) int

//go:noescape
func timestampsAVX512(dst *int64, groups int, text *byte, limit int, ends *uint32, stride, quote int) int

// allLanes is the mask of what is asked of every lane.
func allLanes(asked bool) uint8 {
	if asked {
		return 0xff
	}
	return 0
}

func intGroups(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return intsAVX512(&dst[0], len(dst)/lanes, &data[0], len(data)-PadBytes, &ends[0], stride, quote, allLanes(exact))
}

func doubleGroups(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return doublesAVX512(&dst[0], len(dst)/lanes, &data[0], len(data)-PadBytes, &ends[0], stride, quote, allLanes(exact))
}

func dateGroups(dst []arrow.Date32, data []byte, ends []uint32, stride, quote int) int {
	return datesAVX512((*int32)(&dst[0]), len(dst)/lanes, &data[0], len(data)-PadBytes, &ends[0], stride, quote)
}

func timestampGroups(dst []int64, data []byte, ends []uint32, stride, quote int) int {
	return timestampsAVX512(&dst[0], len(dst)/lanes, &data[0], len(data)-PadBytes, &ends[0], stride, quote)
}
