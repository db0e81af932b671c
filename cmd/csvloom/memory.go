package main

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"csvloom/pipeline"
	"csvloom/readers/csv"
)

const (
	// memoryDefaultMax bounds the default of --memory.
	memoryDefaultMax = 4 << 30
	// memoryMin is the least that --memory takes: blocks in flight and row
	// groups being encoded need it.
	memoryMin = 64 << 20
	// gcPercent is how much the heap may grow over what is in use before
	// the collector runs. Most memory is recycled, so that it runs seldom,
	// and what it would let grow is seldom needed. GOGC overrides it.
	gcPercent = 50
)

// memoryBytes is --memory, or a quarter of the machine's or the container's
// memory. The Go runtime is told to keep near it.
func (j *job) memoryBytes() (int64, error) {
	bytes := min(systemMemoryBytes()/4, memoryDefaultMax)
	if s := j.flags.memory; s != "" {
		var err error
		if bytes, err = parseBytes(s); err != nil {
			return 0, pipeline.Usagef("--memory: %w", err)
		}
	}
	if bytes < memoryMin {
		return 0, pipeline.Usagef("--memory: expected at least %s", binaryBytes(memoryMin))
	}
	debug.SetMemoryLimit(bytes)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return bytes, nil
}

// blockBytesFor returns how large blocks are: some are in flight for each worker, and
// one that holds nothing but bad rows takes many times its size until it is done.
func blockBytesFor(memoryBytes int64) int {
	return int(min(memoryBytes/512, csv.BlockBytesDefault))
}

// parseBytes reads a size: a number with an optional unit, KiB to TiB or KB to TB.
func parseBytes(s string) (int64, error) {
	text := strings.TrimSpace(s)
	i := strings.LastIndexAny(text, "0123456789.") + 1
	v, err := strconv.ParseFloat(text[:i], 64)
	units := map[string]float64{"": 1, "b": 1}
	for k, prefix := range []string{"k", "m", "g", "t"} {
		units[prefix+"ib"] = math.Pow(1024, float64(k+1))
		units[prefix+"b"] = math.Pow(1000, float64(k+1))
		units[prefix] = units[prefix+"ib"]
	}
	unit, ok := units[strings.ToLower(strings.TrimSpace(text[i:]))]
	if err != nil || !ok || v < 0 || v*unit > math.MaxInt64/2 {
		return 0, pipeline.Usagef("%q: expected a size such as 512MiB or 2GB", s)
	}
	return int64(v * unit), nil
}
