package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// machine is what the times were taken on.
type machine struct {
	CPU         string `json:"cpu"`
	Threads     int    `json:"threads"` // that each tool was given
	CPUs        int    `json:"cpus"`
	MemoryBytes int64  `json:"memory_bytes,omitempty"` // 0 where not known
	System      string `json:"system"`
	Go          string `json:"go"`
	// Load is the number of processes that ran in the minute before the start,
	// on average: well above 0, times say little. "" where not known.
	Load string `json:"load,omitempty"`
}

func thisMachine(threads int) machine {
	m := machine{
		CPU: runtime.GOARCH, Threads: threads, CPUs: runtime.NumCPU(),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
	if name := procField("/proc/cpuinfo", "model name"); name != "" {
		m.CPU = name
	}
	if kib, err := strconv.ParseInt(strings.TrimSuffix(procField("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		m.MemoryBytes = kib * 1024
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	return m
}

// procField returns the value of the first line "name : value"; "" where there
// is none.
func procField(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (m machine) String() string {
	s := fmt.Sprintf("%s, %d of %d CPUs", m.CPU, m.Threads, m.CPUs)
	if m.MemoryBytes > 0 {
		s += fmt.Sprintf(", %.0f GiB", float64(m.MemoryBytes)/(1<<30))
	}
	s += ", " + m.System + ", " + m.Go
	if m.Load != "" {
		s += ", load before the start " + m.Load
	}
	return s
}
