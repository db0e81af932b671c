package expr

import (
	"strings"

	"csvloom/pipeline/sqltype"
)

// Precedences, PostgreSQL's: a higher one binds tighter.
const (
	precLowest = iota
	precOr
	precAnd
	precNot
	precIs
	precCompare // does not chain
	precMatch   // IN, BETWEEN, LIKE; do not chain
	precConcat
	precAdd
	precMultiply
	precUnary
	precPrimary
)

var binaryPrecedence = map[string]int{
	"OR": precOr, "AND": precAnd,
	"IS DISTINCT FROM": precIs, "IS NOT DISTINCT FROM": precIs,
	"=": precCompare, "<>": precCompare, "<": precCompare, "<=": precCompare, ">": precCompare, ">=": precCompare,
	"||": precConcat,
	"+":  precAdd, "-": precAdd,
	"*": precMultiply, "/": precMultiply, "//": precMultiply, "%": precMultiply,
}

func (*Column) precedence() int   { return precPrimary }
func (*Literal) precedence() int  { return precPrimary }
func (*Case) precedence() int     { return precPrimary }
func (*Cast) precedence() int     { return precPrimary }
func (*Call) precedence() int     { return precPrimary }
func (*Is) precedence() int       { return precIs }
func (*In) precedence() int       { return precMatch }
func (*Between) precedence() int  { return precMatch }
func (*Like) precedence() int     { return precMatch }
func (n *Binary) precedence() int { return binaryPrecedence[n.Op] }
func (n *Unary) precedence() int {
	if n.Op == "NOT" {
		return precNot
	}
	return precUnary
}

func text(n Node) string {
	var s strings.Builder
	n.write(&s)
	return s.String()
}

func (n *Column) String() string  { return text(n) }
func (n *Literal) String() string { return text(n) }
func (n *Unary) String() string   { return text(n) }
func (n *Binary) String() string  { return text(n) }
func (n *Is) String() string      { return text(n) }
func (n *In) String() string      { return text(n) }
func (n *Between) String() string { return text(n) }
func (n *Like) String() string    { return text(n) }
func (n *Case) String() string    { return text(n) }
func (n *Cast) String() string    { return text(n) }
func (n *Call) String() string    { return text(n) }

// operand writes n, in parentheses when it binds less tightly than min.
func operand(s *strings.Builder, n Node, min int) {
	if n.precedence() >= min {
		n.write(s)
		return
	}
	s.WriteByte('(')
	n.write(s)
	s.WriteByte(')')
}

func (n *Column) write(s *strings.Builder) { writeName(s, n.Name, columnWords) }

func (n *Literal) write(s *strings.Builder) {
	switch n.Kind {
	case LiteralNull:
		s.WriteString("NULL")
	case LiteralBool:
		s.WriteString(strings.ToUpper(n.Text))
	case LiteralNumber:
		s.WriteString(n.Text)
	case LiteralString:
		writeText(s, n.Text)
	case LiteralTyped:
		s.WriteString(sqltype.Name(n.Type))
		s.WriteByte(' ')
		writeText(s, n.Text)
	}
}

func (n *Unary) write(s *strings.Builder) {
	if n.Op == "NOT" {
		s.WriteString("NOT ")
		operand(s, n.X, precNot)
		return
	}
	s.WriteString(n.Op)
	operand(s, n.X, precPrimary) // two signs in a row would be a comment
}

func (n *Binary) write(s *strings.Builder) {
	p := n.precedence()
	left := p
	if p == precCompare {
		left = p + 1
	}
	operand(s, n.L, left)
	s.WriteByte(' ')
	s.WriteString(n.Op)
	s.WriteByte(' ')
	operand(s, n.R, p+1)
}

func (n *Is) write(s *strings.Builder) {
	operand(s, n.X, precIs)
	s.WriteString(" IS ")
	writeNot(s, n.Not)
	s.WriteString(n.What)
}

func (n *In) write(s *strings.Builder) {
	operand(s, n.X, precMatch+1)
	s.WriteByte(' ')
	writeNot(s, n.Not)
	s.WriteString("IN (")
	writeList(s, n.List)
	s.WriteByte(')')
}

func (n *Between) write(s *strings.Builder) {
	operand(s, n.X, precMatch+1)
	s.WriteByte(' ')
	writeNot(s, n.Not)
	s.WriteString("BETWEEN ")
	operand(s, n.Low, precMatch+1)
	s.WriteString(" AND ")
	operand(s, n.High, precMatch+1)
}

func (n *Like) write(s *strings.Builder) {
	operand(s, n.X, precMatch+1)
	s.WriteByte(' ')
	writeNot(s, n.Not)
	if n.AnyCase {
		s.WriteByte('I')
	}
	s.WriteString("LIKE ")
	operand(s, n.Pattern, precMatch+1)
	if n.Escape != nil {
		s.WriteString(" ESCAPE ")
		writeText(s, *n.Escape)
	}
}

func (n *Case) write(s *strings.Builder) {
	s.WriteString("CASE")
	if n.Operand != nil {
		s.WriteByte(' ')
		n.Operand.write(s)
	}
	for _, w := range n.Whens {
		s.WriteString(" WHEN ")
		w.If.write(s)
		s.WriteString(" THEN ")
		w.Then.write(s)
	}
	if n.Else != nil {
		s.WriteString(" ELSE ")
		n.Else.write(s)
	}
	s.WriteString(" END")
}

func (n *Cast) write(s *strings.Builder) {
	if n.Try {
		s.WriteString("TRY_")
	}
	s.WriteString("CAST(")
	n.X.write(s)
	s.WriteString(" AS ")
	s.WriteString(sqltype.Name(n.Type))
	s.WriteByte(')')
}

func (n *Call) write(s *strings.Builder) {
	writeName(s, n.Name, callWords)
	s.WriteByte('(')
	switch {
	case n.Star:
		s.WriteByte('*')
	case n.Distinct:
		s.WriteString("DISTINCT ")
	}
	writeList(s, n.Args)
	for i, o := range n.OrderBy {
		if i == 0 {
			s.WriteString(" ORDER BY ")
		} else {
			s.WriteString(", ")
		}
		o.write(s)
	}
	s.WriteByte(')')
	if n.Filter != nil {
		s.WriteString(" FILTER (WHERE ")
		n.Filter.write(s)
		s.WriteByte(')')
	}
}

// String is the key as SQL text.
func (o OrderItem) String() string {
	var s strings.Builder
	o.write(&s)
	return s.String()
}

func (o OrderItem) write(s *strings.Builder) {
	o.Expr.write(s)
	if o.Desc {
		s.WriteString(" DESC")
	}
	switch {
	case o.NullsFirst && !o.Desc:
		s.WriteString(" NULLS FIRST")
	case !o.NullsFirst && o.Desc:
		s.WriteString(" NULLS LAST")
	}
}

func writeNot(s *strings.Builder, not bool) {
	if not {
		s.WriteString("NOT ")
	}
}

func writeList(s *strings.Builder, list []Node) {
	for i, n := range list {
		if i > 0 {
			s.WriteString(", ")
		}
		n.write(s)
	}
}

func writeText(s *strings.Builder, text string) {
	s.WriteByte('\'')
	s.WriteString(strings.ReplaceAll(text, "'", "''"))
	s.WriteByte('\'')
}

// QuoteName returns a column name as it is written in an expression: in double
// quotes unless it is a plain word.
func QuoteName(name string) string {
	var s strings.Builder
	writeName(&s, name, columnWords)
	return s.String()
}

func writeName(s *strings.Builder, name string, taken map[string]bool) {
	if isPlainName(name) && !taken[strings.ToLower(name)] && !reserved[strings.ToLower(name)] {
		s.WriteString(name)
		return
	}
	s.WriteByte('"')
	s.WriteString(strings.ReplaceAll(name, `"`, `""`))
	s.WriteByte('"')
}

func isPlainName(name string) bool {
	for i, r := range name {
		if i == 0 && !isIdentStart(r) || !isIdentPart(r) {
			return false
		}
	}
	return name != ""
}

// reserved words are names only in quotes.
var reserved = wordSet("and", "as", "asc", "between", "case", "desc", "distinct", "else", "end", "escape", "from",
	"ilike", "in", "is", "like", "not", "null", "or", "then", "when", "true", "false", "where")

// niladic are functions that are called without parentheses.
var niladic = wordSet("current_date", "current_timestamp")

// columnWords mean something else where a column may stand.
var columnWords = wordSet("current_date", "current_timestamp", "leading", "trailing", "both")

// callWords have a syntax of their own in front of a parenthesis.
var callWords = wordSet("cast", "try_cast", "extract", "position")

func wordSet(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
