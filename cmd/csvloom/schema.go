package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/spf13/cobra"
)

func (c *cli) schemaCommand() *cobra.Command {
	var (
		job       jobFlags
		asJSON    bool
		write     string
		overwrite bool
	)
	cmd := &cobra.Command{
		Use:   "schema INPUT...",
		Short: "Print how headers differ, and the columns and their types",
		Long: `Prints the distinct headers of all inputs and how each differs from the first,
or from the schema file: columns that are new, missing, moved, perhaps renamed,
or hold another type. Below are the columns of all inputs together, as run would
read them, with where each type comes from.

--write makes a schema file of that: YAML for version control, which --schema
binds runs to. In it, rename and ignore can be filled in, and drift says what an
input that differs does to a run. With --schema, this command fails where a run
would, after it has printed the differences.
` + inputHelp,
		Example: `  csvloom schema exports/
  csvloom schema exports/ --write schema.yaml
  csvloom schema exports/ --schema schema.yaml
  csvloom schema --infer full 'logs/*.csv.gz' --json`,
		Args: needInputs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := checkSchemaPath(write, overwrite); err != nil {
				return err
			}
			job.schema.later = true
			j, err := c.newJob(cmd.Context(), args, &job, nil, nil)
			if err != nil {
				return err
			}
			defer func() { err = joinClose(err, j) }()
			return j.describeSchema(cmd, write, asJSON)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&write, "write", "", "write a schema `file`; an earlier one is replaced")
	f.BoolVar(&overwrite, "overwrite", false, "let --write replace a file that is no schema file")
	job.register(f)
	return cmd
}

// describeSchema prints what there is before it complains of it.
func (j *job) describeSchema(cmd *cobra.Command, write string, asJSON bool) error {
	ctx := cmd.Context()
	for _, in := range j.inputs.set.Inputs() {
		if sameFile(in.Name, write) {
			return pipeline.Usagef("--write %s: that is an input", write)
		}
	}
	if _, err := j.bind(ctx); err != nil {
		return err
	}
	source := j.inputs.source
	task := &pipeline.Task{Alloc: j.cli.alloc, Workers: 1}
	if task.Alloc == nil {
		task.Alloc = memory.DefaultAllocator
	}
	headers, err := source.Headers(ctx, task)
	if err != nil {
		return err
	}
	printed := printSchema
	if asJSON {
		printed = printSchemaJSON
	}
	if err := printed(j.cli.stdout, headers, source.Columns()); err != nil {
		return err
	}
	if write != "" {
		if err := j.writeSchema(write, headers); err != nil {
			return err
		}
	}
	warnings, err := source.CheckDrift(ctx, task, j.flags.schema.settled)
	for _, w := range warnings {
		j.cli.messages.warn("%s", w)
	}
	return err
}

func (j *job) writeSchema(path string, headers []csv.Header) error {
	file := j.inputs.source.SchemaFile()
	file.Drift = j.flags.schema.settled.Over(file.Drift)
	var candidates []csv.Rename
	seen := make(map[csv.Rename]bool)
	for i := range headers {
		for _, r := range headers[i].Renamed {
			if !seen[r] {
				seen[r] = true
				candidates = append(candidates, r)
			}
		}
	}
	target, mode := path, os.FileMode(0o644)
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		target = followed
	}
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	if err := replaceFile(target, file.Append(nil, candidates), mode); err != nil {
		return fmt.Errorf("the schema file could not be written: %w", err)
	}
	j.cli.messages.note("%s to %s", countOf(len(file.Columns), "column"), path)
	return nil
}

// checkSchemaPath refuses, before anything is read, to replace what is no
// schema file.
func checkSchemaPath(path string, overwrite bool) error {
	if path == "" {
		return nil
	}
	if path == "-" {
		return pipeline.Usagef("--write -: expected a file; standard output is for what was found")
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return pipeline.Usagef("--write %s: there is no directory %s", path, filepath.Dir(path))
	}
	info, err := os.Stat(path)
	switch {
	case err != nil || overwrite && !info.IsDir() || info.Mode().IsRegular() && info.Size() == 0:
		return nil
	case !info.Mode().IsRegular():
		return pipeline.Usagef("--write %s: that is not a regular file", path)
	}
	text, err := readUpTo(path, csv.SchemaFileBytesMax)
	if err != nil {
		return pipeline.Usagef("--write %s: %w", path, err)
	}
	if !csv.IsSchemaFile(text) {
		return pipeline.Usagef("--write %s: the file is there and is no schema file of csvloom; give another name, or --overwrite", path)
	}
	return nil
}

// headersShown is how many distinct headers are printed; JSON has them all.
const headersShown = 100

// printSchema prints the headers, then a line for each column: its type, where
// that comes from, and its name, which may have any characters.
func printSchema(w io.Writer, headers []csv.Header, columns []csv.Column) error {
	var s strings.Builder
	for i := range headers {
		if i == headersShown {
			fmt.Fprintf(&s, "… and %s; --json prints all\n", countOf(len(headers)-i, "more header"))
			break
		}
		printHeader(&s, i+1, &headers[i])
	}
	s.WriteByte('\n')
	for _, c := range columns {
		fmt.Fprintf(&s, "%-15s %-12s %s\n", sqltype.Name(c.Type), c.Origin, c.Name)
	}
	_, err := io.WriteString(w, s.String())
	return err
}

func printHeader(s *strings.Builder, number int, h *csv.Header) {
	fmt.Fprintf(s, "header %d: %s, %s", number, countOf(len(h.Columns), "column"), countOf(h.Inputs, "input"))
	if h.Inputs == 1 {
		fmt.Fprintf(s, ", %s\n", h.First)
	} else {
		fmt.Fprintf(s, ", %s to %s\n", h.First, h.Last)
	}
	list := func(what string, names []string) {
		if len(names) > 0 {
			quoted := make([]string, len(names))
			for i, n := range names {
				quoted[i] = pipeline.Excerpt(n)
			}
			fmt.Fprintf(s, "  %-8s %s\n", what, strings.Join(quoted, ", "))
		}
	}
	list("new", h.New)
	list("missing", h.Missing)
	list("moved", h.Moved)
	for _, r := range h.Renamed {
		fmt.Fprintf(s, "  %-8s %s is perhaps %s now\n", "renamed", pipeline.Excerpt(r.From), pipeline.Excerpt(r.To))
	}
	for i := range h.Retyped {
		r := &h.Retyped[i]
		place := pipeline.Position{File: r.Input, Line: r.Line}
		if r.Err != nil {
			place = r.Err.Pos
		}
		fmt.Fprintf(s, "  %-8s %s is %s, and %s from %s on\n", "retyped", pipeline.Excerpt(r.Column), r.Type, r.Found, place)
	}
}

// schemaDocument is what --json prints.
type schemaDocument struct {
	Headers []headerDocument `json:"headers"`
	Columns []columnDocument `json:"columns"`
}

type headerDocument struct {
	Columns []string         `json:"columns"`
	Inputs  int              `json:"inputs"`
	First   string           `json:"first"`
	Last    string           `json:"last"`
	Line    int64            `json:"line"` // of the header in first; 0: there is none
	New     []string         `json:"new"`
	Missing []string         `json:"missing"`
	Moved   []string         `json:"moved"`
	Renamed []renameDocument `json:"renamed"`
	Retyped []retypeDocument `json:"retyped"`
}

type renameDocument struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type retypeDocument struct {
	Column string `json:"column"`
	Type   string `json:"type"`
	Found  string `json:"found"`
	Input  string `json:"input"`
	Line   int64  `json:"line"` // of the value where it is known, or of the header
}

type columnDocument struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	From    string   `json:"from"`
	Formats []string `json:"formats,omitempty"`
	Values  int64    `json:"values"` // not NULL, that were looked at
}

func printSchemaJSON(w io.Writer, headers []csv.Header, columns []csv.Column) error {
	doc := schemaDocument{Headers: []headerDocument{}, Columns: []columnDocument{}}
	list := func(names []string) []string { return append([]string{}, names...) } // [] and not null
	for i := range headers {
		h := &headers[i]
		d := headerDocument{
			Columns: list(h.Columns), Inputs: h.Inputs, First: h.First, Last: h.Last, Line: h.Line,
			New: list(h.New), Missing: list(h.Missing), Moved: list(h.Moved),
			Renamed: []renameDocument{}, Retyped: []retypeDocument{},
		}
		for _, r := range h.Renamed {
			d.Renamed = append(d.Renamed, renameDocument(r))
		}
		for k := range h.Retyped {
			r := &h.Retyped[k]
			line := r.Line
			if r.Err != nil {
				line = r.Err.Pos.Line
			}
			d.Retyped = append(d.Retyped, retypeDocument{r.Column, r.Type, r.Found, r.Input, line})
		}
		doc.Headers = append(doc.Headers, d)
	}
	for _, c := range columns {
		doc.Columns = append(doc.Columns, columnDocument{c.Name, sqltype.Name(c.Type), c.Origin.String(), c.Formats, c.Values})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(doc)
}
