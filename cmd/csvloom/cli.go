package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/sinks/rejects"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes, part of the command's interface.
const (
	exitDone           = 0
	exitFailed         = 1
	exitUsage          = 2
	exitTooManyRejects = 3
	exitSourcesSkipped = 4
	exitInterrupted    = 130 // 128 + SIGINT
	exitTerminated     = 143 // 128 + SIGTERM
)

// errSourcesSkipped says that the job is done, but without some of its inputs.
var errSourcesSkipped = errors.New("some sources could not be read")

// run runs the command line and returns its exit code.
func run(args []string, t terminal) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	c := &cli{terminal: t}
	c.messages = newMessages(t.stderr, color(t.stderrIsTerminal))
	root := c.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return c.exitCode(err)
}

// exitCode tells an error to the user and returns what to exit with.
func (c *cli) exitCode(err error) int {
	var usage *pipeline.UsageError
	var signal *signalError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSourcesSkipped):
		return exitSourcesSkipped
	case errors.As(err, new(*rejects.TooManyError)):
		c.messages.fail(err)
		return exitTooManyRejects
	case errors.As(err, &signal):
		c.messages.warn("%s; the output is as it was", signal)
		return signal.exitCode()
	case errors.As(err, &usage):
		c.messages.fail(err)
		return exitUsage
	}
	c.messages.fail(err)
	return exitFailed
}

// cli is what all commands share.
type cli struct {
	terminal
	messages  *messages
	quiet     bool
	verbose   bool
	logFormat string
}

// command makes the root command.
func (c *cli) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "csvloom",
		Short: "Turn directories of CSV files into one Parquet or Arrow file that can be trusted",
		Long: `csvloom reads CSV files, however many, in parallel, filters and aggregates them,
and publishes one Parquet, Arrow, CSV or JSON file, whole or not at all.`,
		Example: `  csvloom run exports/ -o all.parquet
  csvloom run 'logs/**/*.csv.gz' --by status --agg 'count(*) as n' -o -
  csvloom schema exports/`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return pipeline.Usagef("there is no command %q%s; csvloom --help lists the commands", args[0], didYouMean(args[0], commandNames(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return c.messages.configure(c.logFormat, c.quiet, c.verbose)
		},
	}
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "print what each stage did")
	f.StringVar(&c.logFormat, "log-format", "text", "how messages are printed: text or json")
	root.AddCommand(c.runCommand(), c.schemaCommand(), c.planCommand(), c.headCommand(), c.sniffCommand(), c.reportCommand(), c.versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = false
	return root
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return names
}

// flagError makes a mistake in a flag a UsageError, with the nearest flag where
// one is misspelt.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		slices.Sort(known)
		name := missing.GetSpecifiedName()
		dashes := "--"
		if missing.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		near := ""
		if s := sqltype.Suggest(name, known); s != "" && dashes == "--" {
			near = "; did you mean --" + s + "?"
		}
		return pipeline.Usagef("there is no flag %s%s%s; %s --help lists the flags", dashes, name, near, cmd.CommandPath())
	}
	return pipeline.Usagef("%w; %s --help tells more", err, cmd.CommandPath())
}

// didYouMean suggests the word that was meant, if one is near.
func didYouMean(word string, known []string) string {
	if near := sqltype.Suggest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// needInputs is the Args check of the commands that read.
func needInputs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return pipeline.Usagef("no input is given: name files, directories, globs, @lists, URLs, or - for standard input, such as %s data/", cmd.CommandPath())
	}
	return nil
}
