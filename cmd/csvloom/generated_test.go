package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// planted is a generated directory, the flags to read it with, and what must
// come of it.
type planted struct {
	flags    []string
	files    []*plantedFile
	columns  []string // of the result
	rowBytes int      // --max-row-bytes; 0: any length
	noFooter bool     // files may end in damage
	fallback bool     // files that are not UTF-8 are windows-1252
	comment  string
	withLine bool
	declared map[string]string // columns by type
}

// plantedFile is a generated file.
type plantedFile struct {
	name      string
	delimiter string
	quote     string
	lineEnd   string
	encoding  string // as the report calls it
	mark      bool   // it starts with a byte order mark
	gzip      bool
	columns   []string
	head      string // text before the rows: preamble and header
	lines     []plantedLine
	open      bool // the last line has no line end
}

// plantedLine is a record, a blank line or a comment line. A record may span
// several lines of the file.
type plantedLine struct {
	text     string // without its line end
	blank    bool
	comment  bool
	cells    []plantedCell // nil: there is no row, whatever happens to bad ones
	repaired []plantedCell // the row when bad ones are repaired, if that differs
	bad      []plantedReject
	swallows int // more lines that its stray quote takes in; -1: all to the end of the file
}

// plantedReject is what must be told of a row.
type plantedReject struct {
	column, problem string // problem is a part of the text
	kept            bool   // the row is kept as it is
	final           bool   // the row cannot be repaired
}

// plantedCell is a value of a row and how it is written.
type plantedCell struct {
	value string
	null  bool
	text  string
}

// Columns by name: what stands in them. Those with a type may be declared. All
// values are written as they are printed, so that the result has them as the
// files do whatever type is inferred.
var plantedTypes = map[string]string{"id": "BIGINT", "amount": "DOUBLE", "day": "DATE", "open": "BOOLEAN", "price": "DECIMAL(10,2)"}

var plantedTexts = []string{"name", "note", "city", "remark one"}

var plantedBad = map[string][]string{
	"BIGINT": {"two", "1.5x", "99999999999999999999", "1 2", "0x1f"}, "DOUBLE": {"abc", "1.2.3", "--", "one"},
	"DATE": {"2024-13-05", "yesterday", "2023-02-29"}, "BOOLEAN": {"maybe", "2"}, "DECIMAL(10,2)": {"x", "12.345", "1234567890123.00"},
}

var (
	asciiWords = []string{"alpha", "beta gamma", "delta", "it's", "x y z", "Epsilon-7", "c/o Z", "tail ", " lead", "zeta!", "C:\\temp", "50 %", "a@b.c"}
	latinWords = []string{"café", "straße 5", "ñandú", "Ågren", "El Niño"}
	otherWords = []string{"東京", "Łódź", "Ωmega", "😀 smile", "naïve—dash"}
	// Texts that may be BIGINT, DECIMAL or VARCHAR together, and must come out
	// as they are whatever it is.
	oddNumbers = []string{"0", "42", "-17", "1234567", "86", "3", "9007199254740993", "12345678901234567890", "007", "+5"}
)

// plant makes the directory of a seed.
func plant(seed uint64) *planted {
	rng := rand.New(rand.NewPCG(seed, 77))
	p := &planted{declared: map[string]string{}}
	chance := func(n int) bool { return rng.IntN(n) == 0 }
	if chance(3) {
		p.noFooter = true
		p.flags = append(p.flags, "--footer", "0")
	}
	if chance(3) {
		p.rowBytes = 420
		p.flags = append(p.flags, "--max-row-bytes", strconv.Itoa(p.rowBytes))
	}
	if chance(3) {
		p.fallback = true
		p.flags = append(p.flags, "--encoding-fallback", "windows-1252")
	}
	if chance(3) {
		p.comment = "#"
		p.flags = append(p.flags, "--comment", p.comment)
	}
	if chance(4) {
		p.withLine = true
		p.flags = append(p.flags, "--with-line")
	}
	if chance(3) {
		p.flags = append(p.flags, "--sample-bytes", strconv.Itoa(100+rng.IntN(1000)))
	}
	for i := range 1 + rng.IntN(4) {
		g := &fileGenerator{Rand: rng, planted: p}
		p.files = append(p.files, g.file(i))
	}
	for _, f := range p.files {
		for _, c := range f.columns {
			if !slices.Contains(p.columns, c) {
				p.columns = append(p.columns, c)
			}
		}
	}
	for _, c := range p.columns {
		if t := p.declared[c]; t != "" {
			p.flags = append(p.flags, "--types", c+":"+t)
		}
	}
	return p
}

// fileGenerator makes one file.
type fileGenerator struct {
	*rand.Rand
	planted *planted
	f       *plantedFile
	words   []string
}

func (g *fileGenerator) chance(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *fileGenerator, list []T) T { return list[g.IntN(len(list))] }

func (g *fileGenerator) file(i int) *plantedFile {
	p := g.planted
	f := &plantedFile{
		name: fmt.Sprintf("%c%d.csv", 'a'+rune(i), g.IntN(10)), delimiter: pick(g, []string{",", ",", ",", ";", "\t", "|", "||"}),
		quote: `"`, lineEnd: pick(g, []string{"\n", "\n", "\n", "\r\n", "\r\n", "\r"}), encoding: "utf-8",
	}
	g.f = f
	if g.chance(6) {
		f.quote = "'"
	}
	g.words = asciiWords
	switch g.IntN(6) {
	case 0:
		f.encoding, f.mark = pick(g, []string{"utf-16le", "utf-16be"}), true
		g.words = slices.Concat(asciiWords, latinWords, otherWords)
	case 1:
		f.mark = true
		g.words = slices.Concat(asciiWords, latinWords, otherWords)
	case 2:
		if p.fallback {
			f.encoding = "windows-1252"
			g.words = slices.Concat(asciiWords, latinWords)
		}
	case 3:
		g.words = slices.Concat(asciiWords, latinWords, otherWords)
	}
	if f.gzip = g.chance(8); f.gzip {
		f.name += ".gz"
	}
	g.header()
	g.rows()
	if f.encoding == "windows-1252" && !strings.ContainsFunc(f.text(), func(r rune) bool { return r > 127 }) {
		f.encoding = "utf-8"
	}
	return f
}

// header chooses columns, which drift from file to file, and writes what stands
// before the rows.
func (g *fileGenerator) header() {
	f, p := g.f, g.planted
	f.columns = []string{"id", "name"}
	for _, c := range []string{"amount", "day", "open", "price", "note", "city", "remark one", "code"} {
		if !g.chance(3) {
			f.columns = append(f.columns, c)
		}
	}
	if g.chance(3) {
		f.columns = append(f.columns, fmt.Sprintf("added %d", g.IntN(3)))
	}
	if g.chance(2) {
		g.Shuffle(len(f.columns), func(i, k int) { f.columns[i], f.columns[k] = f.columns[k], f.columns[i] })
	}
	if len(f.columns) < 4 {
		f.columns = append(f.columns, "z1", "z2")
	}
	for _, c := range f.columns {
		if t := plantedTypes[c]; t != "" && p.declared[c] == "" && !g.chance(3) && len(p.files) == 0 {
			p.declared[c] = t
		}
	}
	if g.chance(6) {
		// A preamble that nobody could take for a table, as a blank line ends it.
		for range 1 + g.IntN(3) {
			f.head += pick(g, []string{"Report of sales", "generated by the export", "internal"}) + f.lineEnd
		}
		f.head += f.lineEnd
	}
	for i, c := range f.columns {
		if i > 0 {
			f.head += f.delimiter
		}
		if g.chance(5) {
			c = f.quote + c + f.quote
		}
		f.head += c
	}
	f.head += f.lineEnd
}

// written returns how a value is written in the file, quoted where it must be
// or where quote says so.
func (f *plantedFile) written(value string, quote bool, comment string) string {
	if quote || value == "" || strings.ContainsAny(value, f.quote+"\r\n"+f.delimiter) || comment != "" && strings.HasPrefix(value, comment) {
		return f.quote + strings.ReplaceAll(value, f.quote, f.quote+f.quote) + f.quote
	}
	return value
}

// cell makes a good value of a column. With plain there is no quote in it.
func (g *fileGenerator) cell(column string, plain bool) plantedCell {
	if column != "id" && column != "name" && g.chance(7) {
		return plantedCell{null: true}
	}
	var v string
	switch column {
	case "id":
		v = strconv.FormatInt(g.Int64N(1_000_000)-1000, 10)
	case "amount":
		v = strconv.FormatFloat(float64(g.IntN(100_000)-50_000)/8, 'f', -1, 64)
	case "day":
		v = fmt.Sprintf("20%02d-%02d-%02d", g.IntN(40), 1+g.IntN(12), 1+g.IntN(28))
	case "open":
		v = strconv.FormatBool(g.chance(2))
	case "price":
		v = fmt.Sprintf("%d.%d%d", g.IntN(5000), g.IntN(10), 1+g.IntN(9)) // a DOUBLE has no zeros at the end
	case "code":
		v = pick(g, oddNumbers)
	default:
		v = pick(g, g.words)
		if !plain && g.chance(8) {
			v = pick(g, []string{
				"", "two" + g.f.lineEnd + "lines", "a" + g.f.delimiter + "b", "say " + g.f.quote + "hi" + g.f.quote + " to", "x" + g.f.lineEnd + g.f.lineEnd + "y",
			})
			if v == "" && column != "name" && column != "note" {
				v = "filled" // in a column that might have no text in it "" would be NULL
			}
		}
	}
	if plain {
		v = strings.ReplaceAll(v, g.f.quote, "")
	}
	return plantedCell{value: v, text: g.f.written(v, !plain && g.chance(8), g.planted.comment)}
}

func (g *fileGenerator) cells(plain bool) []plantedCell {
	cells := make([]plantedCell, len(g.f.columns))
	for i, c := range g.f.columns {
		cells[i] = g.cell(c, plain)
	}
	return cells
}

// line writes a row.
func (g *fileGenerator) line(cells []plantedCell) plantedLine {
	var text strings.Builder
	for i, c := range cells {
		if i > 0 {
			text.WriteString(g.f.delimiter)
		}
		text.WriteString(c.text)
	}
	return plantedLine{text: text.String(), cells: cells}
}

// text returns a column for text that is not the row's first, so that damage
// to it makes no blank or comment line.
func (g *fileGenerator) text() int {
	var places []int
	for i, c := range g.f.columns {
		if i > 0 && (slices.Contains(plantedTexts, c) || strings.HasPrefix(c, "added")) {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return -1
	}
	return pick(g, places)
}

// rows writes the rows. The first ones are sound and show the dialect, since no
// reader could find out how a file is written that has nothing but damage; and
// for the same reason at most one row in eight is bad.
func (g *fileGenerator) rows() {
	f := g.f
	sound := 6 + g.IntN(6)
	for i := range sound {
		cells := g.cells(false)
		for k, c := range f.columns {
			if c != "name" && c != "note" {
				continue
			}
			// There is text in the columns that may hold "", and there are
			// quotes that enclose something.
			v := pick(g, []string{"alpha", "beta", "gamma ray"})
			if i%2 == 0 && c == "name" {
				v += f.delimiter + " etc"
			}
			cells[k] = plantedCell{value: v, text: f.written(v, false, "")}
		}
		f.lines = append(f.lines, g.line(cells))
	}
	for range g.IntN(6) {
		for range g.IntN(12) {
			g.soundLine()
		}
		before := len(f.lines)
		g.damage(false)
		for range 7 * (len(f.lines) - before) {
			g.soundLine()
		}
	}
	if g.planted.noFooter {
		if g.chance(3) {
			g.damage(true)
		}
	} else {
		f.lines = append(f.lines, g.line(g.cells(true)))
	}
	if f.open = g.chance(4); f.open && f.lines[len(f.lines)-1].text == "" {
		f.open = false
	}
}

// soundLine writes a row, a blank line or a comment.
func (g *fileGenerator) soundLine() {
	f := g.f
	switch {
	case g.chance(15):
		f.lines = append(f.lines, plantedLine{blank: true})
	case g.planted.comment != "" && g.chance(10):
		f.lines = append(f.lines, plantedLine{text: g.planted.comment + " a remark" + f.delimiter + "x", comment: true})
	default:
		f.lines = append(f.lines, g.line(g.cells(g.chance(2))))
	}
}

// damage writes a bad row, or one that is odd and kept. last says that nothing
// comes behind it.
func (g *fileGenerator) damage(last bool) {
	f, p := g.f, g.planted
	cells := g.cells(true)
	l := g.line(cells)
	width := len(cells)
	switch kind := g.IntN(10); kind {
	case 0:
		l = g.torn(1 + g.IntN(width-1))
	case 1: // long
		n := 1 + g.IntN(3)
		for range n {
			l.text += f.delimiter + pick(g, []string{"", "more", "7"})
		}
		l.repaired = cells
		l.cells, l.bad = nil, []plantedReject{{problem: fmt.Sprintf("the record has %s, expected %d", countOf(width+n, "field"), width)}}
	case 2, 3: // text after a closing quote, or a quote inside an unquoted field
		at := g.text()
		if at < 0 {
			break
		}
		if kind == 3 {
			v := pick(g, []string{"5" + f.quote + " disk", "a " + f.quote + "b" + f.quote + " c"})
			cells[at] = plantedCell{value: v, text: v}
			l = g.line(cells)
			l.bad = []plantedReject{{problem: "a quote inside an unquoted field", kept: true}}
			break
		}
		v := f.quote + "abc" + f.quote + "def"
		cells[at] = plantedCell{value: v, text: v}
		l = g.line(cells)
		l.repaired = cells
		l.cells, l.bad = nil, []plantedReject{{problem: "behind a closing quote"}}
	case 4: // values that do not fit
		l.repaired = slices.Clone(cells)
		l.cells = nil
		for i, c := range f.columns {
			if t := p.declared[c]; t != "" && (len(l.bad) == 0 || g.chance(3)) {
				v := pick(g, plantedBad[t])
				cells[i] = plantedCell{text: f.written(v, false, "")}
				l.repaired[i] = plantedCell{null: true}
				l.bad = append(l.bad, plantedReject{column: c, problem: "expected " + t})
			}
		}
		l.text = g.line(cells).text
		if len(l.bad) == 0 {
			l.cells = cells
		}
	case 5: // bytes that are no text
		at := g.text()
		if at < 0 {
			break
		}
		v, problem := "x\x00y", "NUL byte"
		if f.encoding == "utf-8" && !p.fallback && g.chance(2) {
			v, problem = pick(g, []string{"caf\xe9", "\xff", "a\xc3"}), "not UTF-8"
		}
		cells[at] = plantedCell{text: v}
		l.text = g.line(cells).text
		l.repaired = slices.Clone(cells)
		l.repaired[at] = plantedCell{null: true}
		l.cells, l.bad = nil, []plantedReject{{column: f.columns[at], problem: problem}}
	case 6: // too long
		if at := g.text(); at >= 0 && p.rowBytes > 0 {
			cells[at].text = strings.Repeat("long ", p.rowBytes/5+4+g.IntN(200))
			l.text = g.line(cells).text
			l.cells, l.bad = nil, []plantedReject{{problem: "longer than", final: true}}
		}
	case 7, 8:
		g.stray(cells, last)
		return
	}
	f.lines = append(f.lines, l)
}

// torn makes a row of only n fields.
func (g *fileGenerator) torn(n int) plantedLine {
	cells := g.cells(true)
	for cells[0].null {
		cells[0] = g.cell(g.f.columns[0], true) // or else the line might be blank
	}
	l := g.line(cells[:n])
	l.repaired = append(slices.Clone(cells[:n]), slices.Repeat([]plantedCell{{null: true}}, len(cells)-n)...)
	l.cells, l.bad = nil, []plantedReject{{problem: fmt.Sprintf("the record has %s, expected %d", countOf(n, "field"), len(cells))}}
	return l
}

// stray writes a row in which a quote opens that should not, and the lines that
// it swallows. What must come of them is clear only because
//
//   - the next quote of the file ends the swallowing with text behind it: with a
//     delimiter or a line end there the record would be as it should be, if of
//     the right width, and nobody could tell that something is wrong;
//   - the line that this quote is in is one line: the reader gives up the part
//     of it that it has seen, and a field that spans lines would be in parts;
//   - a line that was swallowed is a row by itself: without any, all of the
//     record is the bad row.
func (g *fileGenerator) stray(cells []plantedCell, last bool) {
	f, p := g.f, g.planted
	at := g.text()
	if at < 0 {
		return
	}
	v := f.quote + "torn"
	cells[at] = plantedCell{value: v, text: v}
	head := g.line(cells)
	head.repaired, head.cells = cells, nil
	head.bad = []plantedReject{{problem: "behind a closing quote"}}
	first := len(f.lines)
	f.lines = append(f.lines, head)
	for range g.IntN(8) {
		switch {
		case g.chance(8):
			f.lines = append(f.lines, plantedLine{blank: true})
		case p.comment != "" && g.chance(8):
			f.lines = append(f.lines, plantedLine{text: p.comment + " a remark", comment: true})
		case g.chance(8):
			f.lines = append(f.lines, g.torn(2))
		default:
			f.lines = append(f.lines, g.line(g.cells(true)))
		}
	}
	closer := g.cells(true)
	for i := range closer {
		// A text that needs no quotes has none before the one that counts.
		if strings.Contains(closer[i].text, f.quote) {
			closer[i] = plantedCell{value: "word", text: "word"}
		}
	}
	for i := first + 1; i < len(f.lines); i++ {
		if strings.Contains(f.lines[i].text, f.quote) {
			f.lines[i] = g.line(closer)
		}
	}
	if last {
		// Nothing ends it.
		f.lines = append(f.lines, g.line(closer))
		f.lines[first].swallows = -1
		f.lines[first].bad[0].problem = "never closed"
		return
	}
	closer = slices.Clone(closer)
	l := plantedLine{}
	if end := g.text(); g.chance(3) {
		v := "6" + f.quote + " disk"
		closer[end] = plantedCell{value: v, text: v}
		l = g.line(closer)
		l.bad = []plantedReject{{problem: "a quote inside an unquoted field", kept: true}}
	} else {
		closer[end] = plantedCell{value: "closed", text: f.quote + "closed" + f.quote}
		l = g.line(closer)
	}
	f.lines = append(f.lines, l)
	f.lines[first].swallows = len(f.lines) - 1 - first
}

// text is the whole text of the file.
func (f *plantedFile) text() string {
	var s strings.Builder
	s.WriteString(f.head)
	for i := range f.lines {
		s.WriteString(f.lines[i].text)
		if !f.open || i+1 < len(f.lines) {
			s.WriteString(f.lineEnd)
		}
	}
	return s.String()
}

// bytes is the file as it is stored.
func (f *plantedFile) bytes() []byte {
	text := f.text()
	if f.mark {
		text = "\ufeff" + text
	}
	var out []byte
	var err error
	switch f.encoding {
	case "utf-16le":
		out, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	case "utf-16be":
		out, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	case "windows-1252":
		out, err = charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	default:
		out = []byte(text)
	}
	if err != nil {
		panic(fmt.Sprintf("the generator made text that %s does not have: %v", f.encoding, err))
	}
	if !f.gzip {
		return out
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(out)
	w.Close()
	return packed.Bytes()
}
