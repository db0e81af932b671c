package main

import (
	"fmt"
	"slices"
	"strings"
)

// markdown is the report for people.
func (r *report) markdown() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s; %s; %s", r.Machine, r.Csvloom, plural(r.Rounds, "round"))
	for _, p := range r.Peers {
		if p.Absent != "" {
			fmt.Fprintf(&s, "\n\n**%s is absent**: %s", p.Title, cell(p.Absent))
		}
	}
	s.WriteString("\n")
	if len(r.Works) > 0 {
		s.WriteString("\n" + r.timesTable() + timesNote)
		s.WriteString("\n" + r.resourcesTable() + resourcesNote)
	}
	if len(r.Measures) > 0 {
		s.WriteString("\n" + r.measuresTable())
	}
	return s.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

const timesNote = `
Median seconds (least–most). The tools take turns; data is in the page cache; all write one Parquet file with zstd, find out
types themselves, and use the same number of threads. csvloom's time is that of the whole process, with start, fsync and
the check of what was written; a peer's is that of its query alone, inside a Python process that is already up, with neither. DuckDB
keeps the order of rows, its default, as csvloom does. Polars is run lazily to a streaming sink and collected in memory, and the
faster way counts.
`

const resourcesNote = `
Peak is the most resident memory over all rounds, CPU the median of user and system time, both of the whole process (with
Python's, for the peers). Pages of input that a tool maps count as its memory.
`

// timesTable compares times with the goals.
func (r *report) timesTable() string {
	header := []string{"work", "data", csvloomTool}
	for _, p := range r.Peers {
		header = append(header, p.Title)
	}
	header = append(header, "best peer ÷ csvloom", "goal", "", "answers")
	var rows [][]string
	for _, w := range r.Works {
		row := []string{w.Title, w.Data, timesCell(w.tool(csvloomTool))}
		for _, p := range r.Peers {
			row = append(row, timesCell(w.tool(p.Name)))
		}
		ratio, verdict := "–", "not measured"
		if x, ok := w.ratio(); ok {
			ratio, verdict = fmt.Sprintf("%.2f×", x), verdictOf(x >= w.Goal)
		}
		if w.Missing != "" {
			verdict = w.Missing
		}
		rows = append(rows, append(row, ratio, fmt.Sprintf("%g×", w.Goal), verdict, w.Answers))
	}
	return markdownTable(header, rows)
}

func timesCell(t *toolResult) string {
	switch {
	case t == nil:
		return "–"
	case t.Absent && t.Tool == csvloomTool:
		return "not available: " + t.Failure
	case t.Absent:
		return "absent"
	case t.Failure != "":
		return "failed: " + t.Failure
	case len(t.Samples) == 0:
		return "–"
	}
	seconds := t.each(sample.seconds)
	text := fmt.Sprintf("%s (%s–%s)", significant(t.medianSeconds()), significant(slices.Min(seconds)), significant(slices.Max(seconds)))
	if t.Mode != "" && t.Mode != "default" {
		text += ", " + t.Mode
	}
	return text
}

func verdictOf(reached bool) string {
	if reached {
		return "reached"
	}
	return "**missed**"
}

// significant writes seconds with three digits that count.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// outputSizeMax is how much larger than the smallest of the peers' files
// csvloom's may be.
const outputSizeMax = 1.05

// resourcesTable compares what else the works take, a line for each tool.
func (r *report) resourcesTable() string {
	header := []string{"work", "tool", "peak MiB", "CPU s", "output MB", "to the smallest peer's", ""}
	var rows [][]string
	for _, w := range r.Works {
		for _, t := range w.Tools {
			if !t.worked() {
				continue
			}
			row := []string{w.Title + ", " + strings.SplitN(w.Data, ",", 2)[0], t.Tool, peakCell(t.peakBytes()),
				significant(median(t.each(func(s sample) float64 { return s.CPUSeconds }))),
				fmt.Sprintf("%.2f", float64(t.outputBytes())/1e6), "", ""}
			if x, ok := w.sizeRatio(); ok && w.Converts && t.Tool == csvloomTool {
				row[5] = fmt.Sprintf("%.3f (goal %.2f)", x, outputSizeMax)
				row[6] = verdictOf(x <= outputSizeMax)
			}
			rows = append(rows, row)
		}
	}
	return markdownTable(header, rows)
}

func peakCell(bytes int64) string {
	if bytes == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.0f", float64(bytes)/bytesPerMiB)
}

// measuresTable has what csvloom is measured at alone.
func (r *report) measuresTable() string {
	header := []string{"csvloom alone", "value", "goal", "", "detail"}
	var rows [][]string
	for _, m := range r.Measures {
		if m.Missing != "" {
			rows = append(rows, []string{m.Title, "–", m.Goal, "not measured", m.Missing})
			continue
		}
		rows = append(rows, []string{m.Title, significant(m.Value) + " " + m.Unit, m.Goal + " " + m.Unit, verdictOf(m.Reached), m.Detail})
	}
	return markdownTable(header, rows)
}

// markdownTable lays out a Markdown table.
func markdownTable(header []string, rows [][]string) string {
	var s strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			s.WriteString("| " + cell(c) + " ")
		}
		s.WriteString("|\n")
	}
	line(header)
	s.WriteString(strings.Repeat("|---", len(header)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return s.String()
}

// cell keeps a text in one cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", "").Replace(text)
}
