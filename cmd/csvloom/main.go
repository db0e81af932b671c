// Command csvloom turns directories of CSV files into one Arrow or Parquet data
// set. Start reading at cli.go (the commands and what their errors exit with),
// then job.go (flags become a pipeline.Plan, which is run).
//
// This package is the only one that prints or exits.
package main

import (
	"os"
	"runtime"

	"golang.org/x/term"
)

func main() {
	os.Exit(run(os.Args[1:], terminal{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdoutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		limitCPUs:        limitCPUs,
	}))
}

// limitCPUs has the process use no more than n CPUs at a time.
func limitCPUs(n int) {
	if n < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(n)
	}
}
