package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"csvloom/readers/csv"

	"github.com/spf13/cobra"
)

func (c *cli) sniffCommand() *cobra.Command {
	var job jobFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sniff INPUT...",
		Short: "Print how each file is written, and what speaks for it",
		Long: `Prints the dialect of each input: delimiter, quote, escape, line end, comments, the
lines around the table, and its header, with the evidence. A flag fixes any part.
` + inputHelp,
		Example: "  csvloom sniff export.csv\n  csvloom sniff --json exports/",
		Args:    needInputs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			job.input.csv.Explain = true
			c.messages.only() // the notes are part of what is printed
			j, err := c.newJob(cmd.Context(), args, &job, nil, nil)
			if err != nil {
				return err
			}
			defer func() { err = joinClose(err, j) }()
			if _, err := j.bind(cmd.Context()); err != nil {
				return err
			}
			found := j.inputs.source.Sniffed()
			if asJSON {
				return printSniffedJSON(c.stdout, found)
			}
			return printSniffed(c.stdout, found)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&asJSON, "json", false, "print one JSON object for each input, each on a line of its own")
	job.register(f)
	return cmd
}

// printSniffed prints a paragraph for each input.
func printSniffed(w io.Writer, found []csv.Sniffed) error {
	var s strings.Builder
	for i := range found {
		n := &found[i]
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(n.Input)
		if n.Empty {
			s.WriteString("\n  empty\n")
			continue
		}
		if n.Compression != "" {
			fmt.Fprintf(&s, " (%s)", n.Compression)
		}
		fmt.Fprintf(&s, "\n  dialect   %s\n", &n.Dialect)
		if n.Encoding != "" {
			fmt.Fprintf(&s, "  encoding  %s\n", n.Encoding)
		}
		if n.Header {
			fmt.Fprintf(&s, "  header    line %d, %s: %s\n", n.HeaderLine, countOf(len(n.Columns), "column"), columnList(n.Columns))
		} else {
			fmt.Fprintf(&s, "  header    none; %s from line %d on\n", countOf(len(n.Columns), "column"), n.HeaderLine)
		}
		if n.Preamble > 0 {
			fmt.Fprintf(&s, "  before    %s skipped\n", countOf(n.Preamble, "line"))
		}
		if n.Footer > 0 {
			fmt.Fprintf(&s, "  behind    %s skipped\n", countOf(n.Footer, "line"))
		}
		for _, r := range n.Reasons {
			fmt.Fprintf(&s, "  because   %s\n", r)
		}
		for k, c := range n.Candidates {
			if c.Score == 0 {
				break
			}
			label := "score"
			if k > 0 {
				label = "against"
			}
			fmt.Fprintf(&s, "  %-9s %.3f for %s: %s, shape %.2f, types %.2f\n", label, c.Score, &c.Dialect, countOf(c.Columns, "column"), c.Shape, c.Types)
		}
		if n.Doubt != "" {
			fmt.Fprintf(&s, "  doubt     %s\n", n.Doubt)
		}
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// columnsShown is how many column names sniff prints.
const columnsShown = 8

func columnList(names []string) string {
	more := ""
	if len(names) > columnsShown {
		more = fmt.Sprintf(" … and %d more", len(names)-columnsShown)
		names = names[:columnsShown]
	}
	return strings.Join(names, ", ") + more
}

// sniffedJSON is what sniff --json prints of an input.
type sniffedJSON struct {
	Input       string          `json:"input"`
	Empty       bool            `json:"empty,omitempty"`
	Compression string          `json:"compression,omitempty"`
	Encoding    string          `json:"encoding,omitempty"`
	Dialect     *dialectJSON    `json:"dialect,omitempty"`
	Header      bool            `json:"header"`
	HeaderLine  int64           `json:"header_line,omitempty"`
	Columns     []string        `json:"columns"`
	Preamble    int             `json:"preamble_lines"`
	Footer      int             `json:"footer_lines"`
	Records     int             `json:"records_sampled"`
	Reasons     []string        `json:"reasons"`
	Doubt       string          `json:"doubt,omitempty"`
	Candidates  []candidateJSON `json:"candidates"`
}

type dialectJSON struct {
	Delimiter string `json:"delimiter"`
	Quote     string `json:"quote"`  // "" if there is none
	Escape    string `json:"escape"` // "" if quotes are doubled
	Comment   string `json:"comment"`
	LineEnd   string `json:"line_end"`
}

type candidateJSON struct {
	dialectJSON
	Columns int     `json:"columns"`
	Score   float64 `json:"score"`
	Shape   float64 `json:"shape"`
	Types   float64 `json:"types"`
}

func dialectAsJSON(d *csv.Dialect) dialectJSON {
	text := func(c byte) string {
		if c == 0 {
			return ""
		}
		return string(rune(c))
	}
	return dialectJSON{d.Delimiter, text(d.Quote), text(d.Escape), d.Comment, strings.ToLower(d.LineEnd.String())}
}

// thousandths rounds a score, so that its text is the same on all machines.
func thousandths(x float64) float64 { return math.Round(x*1000) / 1000 }

func printSniffedJSON(w io.Writer, found []csv.Sniffed) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i := range found {
		n := &found[i]
		doc := sniffedJSON{
			Input: n.Input, Empty: n.Empty, Compression: n.Compression, Encoding: n.Encoding, Header: n.Header, HeaderLine: n.HeaderLine,
			Columns: n.Columns, Preamble: n.Preamble, Footer: n.Footer, Records: n.Records,
			Reasons: append([]string{}, n.Reasons...), Doubt: n.Doubt, Candidates: []candidateJSON{},
		}
		if !n.Empty {
			d := dialectAsJSON(&n.Dialect)
			doc.Dialect = &d
		}
		for _, c := range n.Candidates {
			doc.Candidates = append(doc.Candidates, candidateJSON{dialectAsJSON(&c.Dialect), c.Columns, thousandths(c.Score), thousandths(c.Shape), thousandths(c.Types)})
		}
		if err := out.Encode(doc); err != nil {
			return err
		}
	}
	return nil
}
