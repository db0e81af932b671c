//go:build race

package main

// killRuns is small where each run takes ten times as long; nothing that
// TestKill looks for is a race.
const killRuns = 20

// underRace says that the race detector is on: everything takes ten times as
// long and as much memory.
const underRace = true
