package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// weights is how many different weights rows have in the sums that answers are
// compared by: a value in another row than it should be changes its sum.
const weights = 9973

// answersQuery returns a query that boils a Parquet file of a work's result
// down to one row: the number of rows, then for each column what answerParts
// says. Only what was computed may differ a little; text and doubles as they
// were read count by their hashes.
func answersQuery(w *work, path string) string {
	source := sqlText(filepath.ToSlash(path)) + ", file_row_number = true"
	if w.partition != "" {
		source = sqlText(filepath.ToSlash(filepath.Join(path, "**", "*.parquet"))) + ", file_row_number = true, hive_partitioning = true"
	}
	var values, keys, sums []string
	for i, c := range w.columns {
		values = append(values, fmt.Sprintf("%s AS c%d", comparedValue(c), i))
		for _, key := range w.keys {
			if c.name == key {
				keys = append(keys, fmt.Sprintf("c%d", i))
			}
		}
	}
	weight := "position"
	if len(w.keys) > 0 {
		weight = "hash(" + strings.Join(keys, ", ") + ")"
	}
	for _, part := range answerParts(w) {
		by := "w"
		if part.byPosition {
			by = "p"
		}
		switch {
		case part.nulls:
			sums = append(sums, fmt.Sprintf("coalesce(sum(%s) FILTER (WHERE c%d IS NULL), 0)", by, part.column))
		case part.size:
			sums = append(sums, fmt.Sprintf("coalesce(fsum(%s * abs(c%d)), 0)", by, part.column))
		case w.columns[part.column].kind == computed:
			sums = append(sums, fmt.Sprintf("coalesce(fsum(%s * c%d), 0)", by, part.column))
		default:
			sums = append(sums, fmt.Sprintf("coalesce(sum(%s * c%d), 0)", by, part.column))
		}
	}
	return fmt.Sprintf(`WITH plain AS (SELECT %s, file_row_number AS position FROM read_parquet(%s)),
weighted AS (SELECT *, CAST(%s %% %d + 1 AS HUGEINT) AS w, CAST(position %% %d + 1 AS HUGEINT) AS p FROM plain)
SELECT count(*), %s FROM weighted`, strings.Join(values, ", "), source, weight, weights, weights, strings.Join(sums, ", "))
}

// comparedValue is the SQL for a column's value as a number: tools choose
// different types for the same values.
func comparedValue(c column) string {
	name := `"` + c.name + `"`
	switch c.kind {
	case integer:
		return "CAST(" + name + " AS HUGEINT)"
	case computed:
		return "CAST(" + name + " AS DOUBLE)"
	case double:
		return hashed("CAST(" + name + " AS DOUBLE)")
	case date:
		return "CAST(CAST(" + name + " AS DATE) - DATE '1970-01-01' AS HUGEINT)"
	case timestamp:
		return "CAST(epoch_us(CAST(" + name + " AS TIMESTAMP)) AS HUGEINT)"
	}
	return hashed("CAST(" + name + " AS VARCHAR)")
}

// hashed keeps NULL, which hash does not. The modulus keeps sums in range.
func hashed(value string) string {
	return "CASE WHEN " + value + " IS NOT NULL THEN CAST(hash(" + value + ") % 1000003 AS HUGEINT) END"
}

// answerPart is a number of the row that answersQuery makes.
type answerPart struct {
	column     int
	nulls      bool // the NULLs; else the values
	size       bool // of the numbers that the next part adds up
	byPosition bool // where rows are compared by keys otherwise
}

func answerParts(w *work) (parts []answerPart) {
	add := func(i int, byPosition bool) {
		parts = append(parts, answerPart{column: i, nulls: true, byPosition: byPosition})
		if w.columns[i].kind == computed {
			parts = append(parts, answerPart{column: i, size: true, byPosition: byPosition})
		}
		parts = append(parts, answerPart{column: i, byPosition: byPosition})
	}
	for i := range w.columns {
		add(i, false)
	}
	for _, name := range w.sorted {
		for i, c := range w.columns {
			if c.name == name {
				add(i, true)
			}
		}
	}
	return parts
}

// difference says how two answers differ; "" if they do not.
func difference(w *work, a, b []string) string {
	parts := answerParts(w)
	if len(a) != len(parts)+1 || len(b) != len(parts)+1 {
		return "the answers cannot be read"
	}
	if a[0] != b[0] {
		return fmt.Sprintf("%s rows against %s", a[0], b[0])
	}
	size := 0.0
	for i, part := range parts {
		x, y := a[i+1], b[i+1]
		c := w.columns[part.column]
		if part.size {
			size, _ = strconv.ParseFloat(x, 64)
			continue
		}
		if x == y {
			continue
		}
		if c.kind == computed && !part.nulls {
			u, errU := strconv.ParseFloat(x, 64)
			v, errV := strconv.ParseFloat(y, 64)
			if errU == nil && errV == nil && near(u, v, size) {
				continue
			}
		}
		what := "values"
		if part.nulls {
			what = "NULLs"
		}
		if part.byPosition {
			what += " in order"
		}
		return fmt.Sprintf("%s of %s: %s against %s", what, c.name, x, y)
	}
	return ""
}

// answer is the output of one tool.
type answer struct{ tool, path string }

// compareAnswers compares all outputs with the first.
func (e *environment) compareAnswers(ctx context.Context, w *work, outputs []answer, threads int, timeout time.Duration) (differences []string, err error) {
	j := &peerJob{Tool: "answers", Threads: threads}
	for _, o := range outputs {
		j.Queries = append(j.Queries, answersQuery(w, o.path))
	}
	var rows [][]string
	if _, err := e.do(ctx, j, timeout, &rows); err != nil {
		return nil, err
	}
	if len(rows) != len(outputs) {
		return nil, fmt.Errorf("%d answers were read, expected %d", len(rows), len(outputs))
	}
	for i := 1; i < len(rows); i++ {
		if d := difference(w, rows[0], rows[i]); d != "" {
			differences = append(differences, fmt.Sprintf("%s against %s: %s", outputs[0].tool, outputs[i].tool, d))
		}
	}
	return differences, nil
}
