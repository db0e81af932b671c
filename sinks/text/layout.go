package text

import (
	"bytes"
	"strings"
)

// Widths of table columns, in columns of the terminal.
const (
	widthSquashed = 12  // a column is not made narrower than this while others can go
	widthLongest  = 120 // nor wider than this
	gutter        = 3   // a bar and a space on each side
)

// slot is one column of the drawing: a column of the table, or the place where
// columns were left out.
type slot struct {
	column int // index, or elided
	width  int
}

const elided = -1

// layout chooses which columns are shown and how wide: first the widest are
// squashed, then columns in the middle are left out.
func layout(natural []int, widthMax int) []slot {
	widths := make([]int, len(natural))
	for i, w := range natural {
		widths[i] = min(w, widthLongest)
	}
	if widthMax == 0 {
		return slots(widths, len(widths), 0)
	}
	if squashed, ok := squash(widths, widthMax); ok {
		return slots(squashed, len(widths), 0)
	}
	for i, w := range widths {
		widths[i] = min(w, widthSquashed)
	}
	// From the outside inwards, first a column of the left, then of the right,
	// for as long as they fit beside the ellipsis. One always fits: that is
	// what widthColumnsMin is for.
	used := 1 + gutter + 1 // the last bar, and the ellipsis
	left, right := 0, 0
	for left+right < len(widths)-1 {
		next := left
		if left > right {
			next = len(widths) - 1 - right
		}
		if used += widths[next] + gutter; used > widthMax {
			break
		}
		if left > right {
			right++
		} else {
			left++
		}
	}
	return slots(widths, left, right)
}

// squash narrows the widest columns, all to the same width, until the table
// fits; false when that would make them too narrow.
func squash(widths []int, widthMax int) ([]int, bool) {
	for widest := widthLongest; widest >= widthSquashed; widest-- {
		total := 1
		for _, w := range widths {
			total += min(w, widest) + gutter
		}
		if total <= widthMax {
			squashed := make([]int, len(widths))
			for i, w := range widths {
				squashed[i] = min(w, widest)
			}
			return squashed, true
		}
	}
	return nil, false
}

// slots places the first left and the last right columns.
func slots(widths []int, left, right int) []slot {
	var out []slot
	for i := range left {
		out = append(out, slot{i, widths[i]})
	}
	if left+right < len(widths) {
		out = append(out, slot{elided, 1})
	}
	for i := len(widths) - right; i < len(widths); i++ {
		out = append(out, slot{i, widths[i]})
	}
	return out
}

// ANSI escapes for what is less important, and back.
const (
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// draw draws the table with box drawing characters.
func (t *Table) draw(out *bytes.Buffer, head, tail [][]string) {
	natural := make([]int, len(t.columns))
	for i, c := range t.columns {
		natural[i] = max(displayColumns(c.name), displayColumns(c.kind))
	}
	for _, rows := range [][][]string{head, tail} {
		for _, row := range rows {
			for i, cell := range row {
				natural[i] = max(natural[i], displayColumns(cellText(cell)))
			}
		}
	}
	places := layout(natural, t.options.WidthColumns)
	rule(out, places, "┌", "┬", "┐")
	t.line(out, places, func(c int) (string, bool) { return t.columns[c].name, false })
	t.line(out, places, func(c int) (string, bool) { return t.columns[c].kind, true })
	rule(out, places, "├", "┼", "┤")
	for _, row := range head {
		t.row(out, places, row)
	}
	if tail != nil {
		t.line(out, places, func(int) (string, bool) { return "·", true })
		for _, row := range tail {
			t.row(out, places, row)
		}
	}
	rule(out, places, "└", "┴", "┘")
	columnsShown := 0
	for _, p := range places {
		if p.column != elided {
			columnsShown++
		}
	}
	out.WriteString(t.footer(len(head)+len(tail), columnsShown))
	out.WriteByte('\n')
}

func (t *Table) row(out *bytes.Buffer, places []slot, cells []string) {
	t.line(out, places, func(c int) (string, bool) { return cellText(cells[c]), cells[c] == nullCell })
}

func cellText(cell string) string {
	if cell == nullCell {
		return "NULL"
	}
	return cell
}

// line draws one line of cells; cell returns a column's text and whether it is
// less important.
func (t *Table) line(out *bytes.Buffer, places []slot, cell func(column int) (text string, faint bool)) {
	for _, p := range places {
		text, faint, right := ellipsis, true, false
		if p.column != elided {
			text, faint = cell(p.column)
			text, right = cutColumns(text, p.width), t.columns[p.column].right
		}
		pad := strings.Repeat(" ", max(0, p.width-displayColumns(text)))
		if faint && t.options.Color {
			text = dim + text + reset
		}
		if right {
			text = pad + text
		} else {
			text += pad
		}
		out.WriteString("│ ")
		out.WriteString(text)
		out.WriteByte(' ')
	}
	out.WriteString("│\n")
}

func rule(out *bytes.Buffer, places []slot, left, middle, right string) {
	for i, p := range places {
		if i == 0 {
			out.WriteString(left)
		} else {
			out.WriteString(middle)
		}
		out.WriteString(strings.Repeat("─", p.width+2))
	}
	out.WriteString(right)
	out.WriteByte('\n')
}
