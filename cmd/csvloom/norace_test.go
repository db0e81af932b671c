//go:build !race

package main

// killRuns is how many runs TestKill kills.
const killRuns = 200
