package expr

import (
	"fmt"
	"strings"
)

// parser reads the tokens of one source.
type parser struct {
	src       *string
	toks      []token
	i         int // of the token to read next
	depth     int
	operators int
}

// Parse reads one expression. The error is an [*Error].
func Parse(src string) (Node, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	n, err := p.expr(precLowest)
	if err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return n, nil
}

func newParser(src string) (*parser, error) {
	p := &parser{src: &src}
	toks, err := lex(p.src)
	if err != nil {
		return nil, err
	}
	p.toks = toks
	return p, nil
}

func (p *parser) peek() token { return p.toks[p.i] }

// peekAt looks n tokens ahead; behind the last token it sees the end again.
func (p *parser) peekAt(n int) token { return p.toks[min(p.i+n, len(p.toks)-1)] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tokEnd {
		p.i++
	}
	return t
}

// accept reads the keyword if it stands next.
func (p *parser) accept(word string) bool {
	if p.peek().is(word) {
		p.i++
		return true
	}
	return false
}

// acceptSymbol reads the symbol if it stands next.
func (p *parser) acceptSymbol(s string) bool {
	if p.peek().symbol(s) {
		p.i++
		return true
	}
	return false
}

func (p *parser) expect(word, in string) error {
	if p.accept(word) {
		return nil
	}
	return p.unexpected(fmt.Sprintf("%s in %s", word, in))
}

func (p *parser) expectSymbol(s, in string) error {
	if p.acceptSymbol(s) {
		return nil
	}
	return p.unexpected(fmt.Sprintf("%q in %s", s, in))
}

// unexpected complains about the next token.
func (p *parser) unexpected(expected string) error {
	t := p.peek()
	hint := ""
	switch {
	case reserved[strings.ToLower(t.text)] && t.kind == tokIdent:
		hint = fmt.Sprintf(`a column of that name is written in quotes, "%s"`, t.text)
	case t.is("over"):
		hint = "window functions are not supported"
	}
	return p.at(t).errorf(hint, fmt.Sprintf("found %s, expected %s", t.describe(), expected))
}

func (p *parser) at(t token) place { return place{p.src, t.pos} }

func (p *parser) end() error {
	t := p.peek()
	if t.kind == tokEnd {
		return nil
	}
	if t.symbol(")") {
		return p.at(t).errorf("", "found ), which closes nothing")
	}
	return p.unexpected("an operator or the end")
}

// enter counts nesting; leave undoes it.
func (p *parser) enter() error {
	if p.depth++; p.depth > depthMax {
		return p.at(p.peek()).errorf("", fmt.Sprintf("the expression is nested more than %d deep", depthMax))
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// operator bounds the size of the tree, values in lists apart.
func (p *parser) operator() error {
	if p.operators++; p.operators > operatorsMax {
		return p.at(p.peek()).errorf("", fmt.Sprintf("the expression has more than %d operators and calls", operatorsMax))
	}
	return nil
}

// expr reads an expression whose operators bind at least as tightly as min:
// a Pratt parser, where each operator of enough precedence takes what was read
// so far as its left operand.
func (p *parser) expr(min int) (Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	// chained is the precedence of an operator just applied that does not
	// chain: a < b < c is a mistake, not (a < b) < c.
	chained := -1
	for {
		op, prec := p.infix()
		if prec < min || op == "" {
			return left, nil
		}
		if prec == chained {
			hint := "use parentheses"
			if prec == precCompare {
				hint = "write a < b AND b < c"
			}
			return nil, p.at(p.peek()).errorf(hint, fmt.Sprintf("%s does not follow another such operator", op))
		}
		if err := p.operator(); err != nil {
			return nil, err
		}
		if left, err = p.apply(op, prec, left); err != nil {
			return nil, err
		}
		chained = -1
		if prec == precCompare || prec == precMatch {
			chained = prec
		}
	}
}

// infix names the operator that stands next without reading it; "" if the
// expression ends here.
func (p *parser) infix() (op string, prec int) {
	t := p.peek()
	switch t.kind {
	case tokSymbol:
		switch t.text {
		case "==":
			return "=", precCompare
		case "!=":
			return "<>", precCompare
		case "::":
			return "::", precPrimary
		}
		if prec, ok := binaryPrecedence[t.text]; ok {
			return t.text, prec
		}
	case tokIdent:
		word := strings.ToUpper(t.text)
		switch word {
		case "AND", "OR":
			return word, binaryPrecedence[word]
		case "IS":
			return word, precIs
		case "IN", "BETWEEN", "LIKE", "ILIKE":
			return word, precMatch
		case "NOT":
			if n := p.peekAt(1); n.is("in") || n.is("between") || n.is("like") || n.is("ilike") {
				return strings.ToUpper(n.text), precMatch
			}
		}
	}
	return "", precLowest
}

// apply reads the operator and what stands behind it.
func (p *parser) apply(op string, prec int, left Node) (Node, error) {
	t := p.next()
	at := p.at(t)
	not := t.is("not")
	if not {
		p.next()
	}
	switch op {
	case "::":
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &Cast{place: at, X: left, Type: typ}, nil
	case "IS":
		return p.is(at, left)
	case "IN":
		return p.in(at, left, not)
	case "BETWEEN":
		low, err := p.expr(precMatch + 1)
		if err != nil {
			return nil, err
		}
		if err := p.expect("AND", "BETWEEN"); err != nil {
			return nil, err
		}
		high, err := p.expr(precMatch + 1)
		if err != nil {
			return nil, err
		}
		return &Between{place: at, X: left, Low: low, High: high, Not: not}, nil
	case "LIKE", "ILIKE":
		return p.like(at, left, not, op == "ILIKE")
	}
	right, err := p.expr(prec + 1)
	if err != nil {
		return nil, err
	}
	return &Binary{place: at, Op: op, L: left, R: right}, nil
}

func (p *parser) is(at place, left Node) (Node, error) {
	not := p.accept("not")
	switch {
	case p.accept("null"):
		return &Is{place: at, X: left, What: "NULL", Not: not}, nil
	case p.accept("unknown"):
		return &Is{place: at, X: left, What: "NULL", Not: not}, nil
	case p.accept("true"):
		return &Is{place: at, X: left, What: "TRUE", Not: not}, nil
	case p.accept("false"):
		return &Is{place: at, X: left, What: "FALSE", Not: not}, nil
	case p.accept("distinct"):
		if err := p.expect("FROM", "IS DISTINCT FROM"); err != nil {
			return nil, err
		}
		right, err := p.expr(precIs + 1)
		if err != nil {
			return nil, err
		}
		op := "IS DISTINCT FROM"
		if not {
			op = "IS NOT DISTINCT FROM"
		}
		return &Binary{place: at, Op: op, L: left, R: right}, nil
	}
	return nil, p.unexpected("NULL, TRUE, FALSE or DISTINCT FROM after IS")
}

func (p *parser) in(at place, left Node, not bool) (Node, error) {
	if err := p.expectSymbol("(", "x IN (1, 2)"); err != nil {
		return nil, err
	}
	if p.peek().symbol(")") {
		return nil, p.unexpected("at least one value in IN (…)")
	}
	if p.peek().is("select") {
		return nil, p.at(p.peek()).errorf("", "subqueries are not supported")
	}
	list, err := p.list("x IN (1, 2)")
	if err != nil {
		return nil, err
	}
	return &In{place: at, X: left, List: list, Not: not}, nil
}

// list reads expressions up to and with the closing parenthesis.
func (p *parser) list(in string) ([]Node, error) {
	var list []Node
	for {
		n, err := p.expr(precLowest)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if p.acceptSymbol(")") {
			return list, nil
		}
		if !p.acceptSymbol(",") {
			return nil, p.unexpected(fmt.Sprintf(`"," or ")" in %s`, in))
		}
	}
}

func (p *parser) like(at place, left Node, not, anyCase bool) (Node, error) {
	pattern, err := p.expr(precMatch + 1)
	if err != nil {
		return nil, err
	}
	n := &Like{place: at, X: left, Pattern: pattern, Not: not, AnyCase: anyCase}
	if p.accept("escape") {
		t := p.peek()
		if t.kind != tokString || len([]rune(t.text)) > 1 {
			return nil, p.unexpected("one character in quotes after ESCAPE")
		}
		p.next()
		n.Escape = &t.text
	}
	return n, nil
}

// prefix reads an operand with the signs and NOTs in front of it.
func (p *parser) prefix() (Node, error) {
	t := p.peek()
	at := p.at(t)
	switch {
	case t.symbol("-"):
		p.next()
		x, err := p.expr(precUnary)
		if err != nil {
			return nil, err
		}
		return &Unary{place: at, Op: "-", X: x}, nil
	case t.symbol("+"):
		p.next()
		return p.expr(precUnary)
	case t.is("not"):
		p.next()
		x, err := p.expr(precNot)
		if err != nil {
			return nil, err
		}
		return &Unary{place: at, Op: "NOT", X: x}, nil
	}
	return p.primary()
}
