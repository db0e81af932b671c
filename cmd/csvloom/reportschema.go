package main

import (
	_ "embed" // report.schema.json

	"github.com/spf13/cobra"
)

//go:embed report.schema.json
var reportSchema []byte

func (c *cli) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "Tell about the reports that run --report writes",
		Example: "  csvloom report schema",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of reports",
		Long:    "Prints the JSON Schema (draft 2020-12) of the file that run --report writes.",
		Example: "  csvloom report schema > report.schema.json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.stdout.Write(reportSchema)
			return err
		},
	})
	return cmd
}
