package pipeline

import (
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Task is what one goroutine of a run works with. Nothing in csvloom is global.
type Task struct {
	// Alloc is where Arrow memory comes from. Safe for concurrent use.
	Alloc memory.Allocator
	// Workers is how many goroutines a merge or a sink may use, at least 1.
	Workers int
	// MemoryBytes is the share of the memory budget that this task's state
	// may hold before it should be flushed; 0 means no limit.
	MemoryBytes int64
	// TempDir is where spill and spool files go, each created 0600 and
	// removed before the run returns.
	TempDir string

	// createTemp makes temporary files in tests of what goes wrong with them;
	// nil means os.CreateTemp.
	createTemp func(dir string) (tempFile, error)
}
