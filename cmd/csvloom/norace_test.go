//go:build !race

package main

// killRuns is how many runs TestKill kills.
const killRuns = 200

// underRace says that the race detector is on.
const underRace = false
