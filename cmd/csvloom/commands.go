package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/transforms"

	"github.com/spf13/cobra"
)

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return pipeline.Usagef("%s takes no arguments, found %q", cmd.CommandPath(), args[0])
	}
	return nil
}

const inputHelp = `
An INPUT is a file, a directory (searched for *.csv, *.tsv, *.txt and their
compressed forms), a glob ('data/**/*.{csv,csv.gz}'), @list.txt (one input a
line), - for standard input, a URL, or a zip or tar file, all of it or some
members ('exports.zip::2024/*.csv'). gzip, zstd, bzip2 and snappy are told by
content.`

func (c *cli) runCommand() *cobra.Command {
	var (
		job    jobFlags
		steps  stepFlags
		out    outputFlags
		report string
	)
	cmd := &cobra.Command{
		Use:   "run INPUT... [-o OUT]",
		Short: "Read, transform and write",
		Long: `Reads all inputs as one table, columns matched by name, and writes the result.
` + inputHelp + `

Steps run in the order of SQL: where, derive, sample, by and agg, having, select,
distinct, sort, limit. Rows come out in input order, groups in key order.`,
		Example: `  csvloom run exports/ -o all.parquet
  csvloom run sales/ --by region --agg 'sum(amount) as total' --sort 'total desc'
  csvloom run data.csv --where 'price > 10' --derive 'tax = price * 0.2' -o out.arrow
  zcat big.csv.gz | csvloom run - --distinct -o - --format jsonl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if job.rejects.from != "" {
				return nil // it names the inputs
			}
			return needInputs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			start := time.Now()
			if err := checkReport(report, out.sinks.Path); err != nil {
				return err
			}
			if report != "" && filepath.Clean(report) == filepath.Clean(job.rejects.path) {
				return pipeline.Usagef("--report and --rejects are both %s; give each a name of its own", report)
			}
			job.input.readers.Digests = report != ""
			j, err := c.newJob(cmd.Context(), args, &job, &steps, &out)
			if err != nil {
				return reportEarly(report, start, err)
			}
			defer func() { err = joinClose(err, j) }()
			return j.run(cmd.Context(), report)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	steps.register(f)
	out.register(f)
	f.StringVar(&report, "report", "", "write the account of the run to a JSON `file`, also when it fails; csvloom report schema prints its form")
	job.register(f)
	return cmd
}

// joinClose closes a job and adds what went wrong to err.
func joinClose(err error, j *job) error {
	if e := j.close(); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// planInputsShown is how many inputs plan lists by name.
const planInputsShown = 20

func (c *cli) planCommand() *cobra.Command {
	var (
		job   jobFlags
		steps stepFlags
		out   outputFlags
	)
	cmd := &cobra.Command{
		Use:     "plan INPUT... [-o OUT]",
		Short:   "Print what run would do, and write nothing",
		Long:    "Takes the arguments of run. Prints the inputs, the columns that are read, the\nsteps, and the columns of the result.\n" + inputHelp,
		Example: "  csvloom plan exports/ --where 'price > 10' -o out.parquet",
		Args:    needInputs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			j, err := c.newJob(cmd.Context(), args, &job, &steps, &out)
			if err != nil {
				return err
			}
			defer func() { err = joinClose(err, j) }()
			bound, err := j.bind(cmd.Context())
			if err != nil {
				return err
			}
			return printPlan(c.stdout, j, bound, &out)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	steps.register(f)
	out.register(f)
	job.register(f)
	return cmd
}

func printPlan(w io.Writer, j *job, bound *pipeline.Job, out *outputFlags) error {
	var s strings.Builder
	var total int64
	for _, n := range j.inputs.sizes {
		total += max(n, 0)
	}
	fmt.Fprintf(&s, "inputs   %s, %s\n", countOf(len(j.inputs.sizes), "input"), binaryBytes(total))
	for i, d := range j.inputs.source.Describe() {
		if i == planInputsShown {
			fmt.Fprintf(&s, "           … and %d more\n", len(j.inputs.sizes)-i)
			break
		}
		fmt.Fprintf(&s, "           %s\n", d)
	}
	fmt.Fprintf(&s, "read     %s\n", strings.Join(bound.Columns(), ", "))
	for _, step := range j.steps {
		fmt.Fprintf(&s, "then     %s\n", step)
	}
	path := out.sinks.Path
	if path == "" || path == "-" {
		path = "standard output"
	}
	fmt.Fprintf(&s, "write    %s as %s\n", path, j.sink.Format())
	for _, f := range bound.Schema().Fields() {
		fmt.Fprintf(&s, "           %-15s %s\n", sqltype.Name(f.Type), f.Name)
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func (c *cli) headCommand() *cobra.Command {
	var (
		job  jobFlags
		out  outputFlags
		rows int64
	)
	cmd := &cobra.Command{
		Use:     "head INPUT...",
		Short:   "Print the first rows",
		Example: "  csvloom head export.csv\n  csvloom head -n 3 exports/",
		Args:    needInputs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if rows < 0 {
				return pipeline.Usagef("--rows: expected 0 or more")
			}
			c.messages.only() // the rows are what was asked for
			j, err := c.newJob(cmd.Context(), args, &job, nil, &out)
			if err != nil {
				return err
			}
			defer func() { err = joinClose(err, j) }()
			j.steps = []pipeline.Step{transforms.Limit(rows, 0)}
			return j.run(cmd.Context(), "")
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Int64VarP(&rows, "rows", "n", 10, "`rows` to print")
	f.StringVar(&out.format, "format", "", "`format` of the output; by default a table on a terminal, CSV in a pipe")
	job.register(f)
	return cmd
}
