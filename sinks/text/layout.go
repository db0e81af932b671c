package text

import (
	"bytes"
	"strings"
)

// Widths of table columns, in columns of the terminal.
const (
	widthSquashed = 12  // a column is not made narrower than this while others can go,
	widthNumber   = 24  // nor one of numbers, which say something else when cut
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

// extent is how wide a column would like to be, and how narrow it may be made.
type extent struct {
	natural, least int
}

// squashed returns the column's width when none may be wider than widest.
func (e extent) squashed(widest int) int {
	return max(e.least, min(e.natural, widest))
}

// layout chooses which columns are shown and how wide: first the widest are
// squashed, then columns in the middle are left out.
func layout(extents []extent, widthMax int) []slot {
	if widthMax == 0 {
		return slots(squash(extents, widthLongest), len(extents), 0)
	}
	for widest := widthLongest; widest >= widthSquashed; widest-- {
		widths := squash(extents, widest)
		if tableWidth(widths) <= widthMax {
			return slots(widths, len(widths), 0)
		}
	}
	widths := squash(extents, widthSquashed)
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

// squash returns the widths of columns none of which may be wider than widest.
func squash(extents []extent, widest int) []int {
	widths := make([]int, len(extents))
	for i, e := range extents {
		widths[i] = e.squashed(widest)
	}
	return widths
}

// tableWidth returns how wide a table of columns is.
func tableWidth(widths []int) int {
	total := 1
	for _, w := range widths {
		total += w + gutter
	}
	return total
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

// extents measures the columns with the rows that are shown.
func (t *Table) extents(head, tail [][]string) []extent {
	extents := make([]extent, len(t.columns))
	for i, c := range t.columns {
		extents[i].natural = max(displayColumns(c.name), displayColumns(c.kind))
	}
	for _, rows := range [][][]string{head, tail} {
		for _, row := range rows {
			for i, cell := range row {
				n := displayColumns(cellText(cell))
				extents[i].natural = max(extents[i].natural, n)
				if t.columns[i].right {
					extents[i].least = max(extents[i].least, min(n, widthNumber))
				}
			}
		}
	}
	return extents
}

// ANSI escapes for what is less important, and back.
const (
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// draw draws the table with box drawing characters.
func (t *Table) draw(out *bytes.Buffer, head, tail [][]string) {
	places := layout(t.extents(head, tail), t.options.WidthColumns)
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
