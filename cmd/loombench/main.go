// Command loombench makes the data sets that csvloom's speed is measured on and
// times csvloom against DuckDB and Polars on them:
//
//	go run ./cmd/loombench gen DIR
//	go run ./cmd/loombench run DIR
//
// Start reading at works.go (what is timed, and how each tool is asked for it),
// then run.go (in which order, and what is noted). generate.go and gen_*.go make
// the data; peers.go installs the other tools into a private environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// errUnsound says that the benchmark ran, but that csvloom failed at something
// or that answers differ: the table tells at what.
var errUnsound = errors.New("csvloom failed or the answers differ; see the table")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	root := &cobra.Command{
		Use:           "loombench",
		Short:         "Time csvloom against DuckDB and Polars on the same files",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(genCommand(), runCommand(), checkCommand())
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loombench:", err)
		os.Exit(1)
	}
}
