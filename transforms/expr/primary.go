package expr

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// primary reads an operand: a literal, a column, a call, a parenthesis or one
// of the forms that start with a word.
func (p *parser) primary() (Node, error) {
	t := p.peek()
	at := p.at(t)
	switch t.kind {
	case tokNumber:
		p.next()
		return &Literal{place: at, Kind: LiteralNumber, Text: t.text}, nil
	case tokString:
		p.next()
		return &Literal{place: at, Kind: LiteralString, Text: t.text}, nil
	case tokQuoted:
		p.next()
		if p.peek().symbol("(") {
			return p.call(at, t.text)
		}
		return &Column{place: at, Name: t.text}, nil
	case tokSymbol:
		if t.text == "(" {
			p.next()
			if p.peek().is("select") {
				return nil, p.at(p.peek()).errorf("", "subqueries are not supported")
			}
			n, err := p.expr(precLowest)
			if err != nil {
				return nil, err
			}
			return n, p.expectSymbol(")", "parentheses")
		}
	case tokIdent:
		return p.word()
	}
	return nil, p.unexpected("an expression")
}

// word reads what starts with an unquoted word.
func (p *parser) word() (Node, error) {
	t := p.peek()
	at := p.at(t)
	word := strings.ToLower(t.text)
	switch word {
	case "null":
		p.next()
		return &Literal{place: at, Kind: LiteralNull}, nil
	case "true", "false":
		p.next()
		return &Literal{place: at, Kind: LiteralBool, Text: word}, nil
	case "case":
		p.next()
		return p.caseOf(at)
	}
	if reserved[word] {
		return nil, p.unexpected("an expression")
	}
	if typed, ok, err := p.typedLiteral(); ok || err != nil {
		return typed, err
	}
	p.next()
	if !p.peek().symbol("(") {
		if niladic[word] {
			return &Call{place: at, Name: word}, nil
		}
		return &Column{place: at, Name: t.text}, nil
	}
	switch word {
	case "cast", "try_cast":
		return p.cast(at, word == "try_cast")
	case "extract":
		return p.extract(at)
	case "position":
		return p.position(at)
	case "trim":
		return p.trim(at)
	case "substring":
		return p.substring(at)
	}
	return p.call(at, t.text)
}

// typedLiteral reads DATE '…', TIMESTAMP [WITH TIME ZONE] '…', TIME '…' and
// INTERVAL '…' [unit] or INTERVAL n unit. Without the literal behind them
// these words are ordinary names.
func (p *parser) typedLiteral() (Node, bool, error) {
	t := p.peek()
	at := p.at(t)
	var typ arrow.DataType
	words := 1
	switch {
	case t.is("date"):
		typ = sqltype.Date
	case t.is("time"):
		typ = sqltype.Time
	case t.is("timestamptz"):
		typ = sqltype.TimestampTZ
	case t.is("interval"):
		typ = sqltype.Interval
	case t.is("timestamp"):
		typ = sqltype.Timestamp
		with, zone := p.peekAt(1), p.peekAt(2).is("time") && p.peekAt(3).is("zone")
		switch {
		case with.is("with") && zone:
			typ, words = sqltype.TimestampTZ, 4
		case with.is("without") && zone:
			words = 4
		}
	default:
		return nil, false, nil
	}
	v := p.peekAt(words)
	isInterval := arrow.TypeEqual(typ, sqltype.Interval)
	if v.kind != tokString && !(isInterval && v.kind == tokNumber) {
		return nil, false, nil
	}
	p.i += words + 1
	text := v.text
	if isInterval {
		if unit := p.peek(); unit.kind == tokIdent && intervalUnits[strings.ToLower(unit.text)] {
			p.next()
			text += " " + strings.ToLower(unit.text)
		} else if v.kind == tokNumber {
			return nil, false, p.unexpected("a unit such as DAY after the number of INTERVAL")
		}
	}
	return &Literal{place: at, Kind: LiteralTyped, Text: text, Type: typ}, true, nil
}

var intervalUnits = wordSet("microsecond", "microseconds", "millisecond", "milliseconds", "second", "seconds",
	"minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months",
	"quarter", "quarters", "year", "years", "decade", "decades", "century", "centuries")

func (p *parser) caseOf(at place) (Node, error) {
	n := &Case{place: at}
	err := p.operator()
	if err != nil {
		return nil, err
	}
	if !p.peek().is("when") {
		if n.Operand, err = p.expr(precLowest); err != nil {
			return nil, err
		}
	}
	for p.accept("when") {
		var w When
		if w.If, err = p.expr(precLowest); err != nil {
			return nil, err
		}
		if err = p.expect("THEN", "CASE"); err != nil {
			return nil, err
		}
		if w.Then, err = p.expr(precLowest); err != nil {
			return nil, err
		}
		n.Whens = append(n.Whens, w)
	}
	if len(n.Whens) == 0 {
		return nil, p.unexpected("WHEN in CASE")
	}
	if p.accept("else") {
		if n.Else, err = p.expr(precLowest); err != nil {
			return nil, err
		}
	}
	if !p.accept("end") {
		return nil, p.unexpected("WHEN, ELSE or END in CASE")
	}
	return n, nil
}

func (p *parser) cast(at place, try bool) (Node, error) {
	p.next()
	x, err := p.expr(precLowest)
	if err != nil {
		return nil, err
	}
	if err := p.expect("AS", "CAST(x AS type)"); err != nil {
		return nil, err
	}
	typ, err := p.typeName()
	if err != nil {
		return nil, err
	}
	return &Cast{place: at, X: x, Type: typ, Try: try}, p.expectSymbol(")", "CAST(x AS type)")
}

// typeName reads the name of a type: its words and parameters. Of the names of
// several words it takes only those that SQL has, since behind x::int may stand
// an alias.
func (p *parser) typeName() (arrow.DataType, error) {
	t := p.peek()
	if t.kind != tokIdent {
		return nil, p.unexpected("a type")
	}
	p.next()
	name := t.text
	follow := func(words ...string) {
		for i, w := range words {
			if !p.peekAt(i).is(w) {
				return
			}
		}
		p.i += len(words)
		name += " " + strings.Join(words, " ")
	}
	switch {
	case t.is("double"):
		follow("precision")
	case t.is("character"):
		follow("varying")
	}
	if p.acceptSymbol("(") {
		params := []string{}
		for {
			n := p.peek()
			if n.kind != tokNumber {
				return nil, p.unexpected("a number in the type's parameters")
			}
			p.next()
			params = append(params, n.text)
			if !p.acceptSymbol(",") {
				break
			}
		}
		if err := p.expectSymbol(")", "the type's parameters"); err != nil {
			return nil, err
		}
		name += "(" + strings.Join(params, ",") + ")"
	}
	if t.is("timestamp") || t.is("time") {
		follow("with", "time", "zone")
		follow("without", "time", "zone")
	}
	typ, err := sqltype.Parse(name)
	if err != nil {
		return nil, p.at(t).errorf("", err.Error())
	}
	return typ, nil
}

// call reads the arguments of a call and what aggregates have behind them.
func (p *parser) call(at place, name string) (Node, error) {
	if err := p.operator(); err != nil {
		return nil, err
	}
	p.next()
	n := &Call{place: at, Name: strings.ToLower(name)}
	in := n.Name + "(…)"
	switch {
	case p.acceptSymbol("*"):
		n.Star = true
		if err := p.expectSymbol(")", in); err != nil {
			return nil, err
		}
	case p.acceptSymbol(")"):
	default:
		n.Distinct = p.accept("distinct")
		if err := p.arguments(n, in); err != nil {
			return nil, err
		}
	}
	if p.peek().is("filter") && p.peekAt(1).symbol("(") {
		p.i += 2
		if err := p.expect("WHERE", "FILTER (WHERE …)"); err != nil {
			return nil, err
		}
		var err error
		if n.Filter, err = p.expr(precLowest); err != nil {
			return nil, err
		}
		if err := p.expectSymbol(")", "FILTER (WHERE …)"); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); t.is("over") && p.peekAt(1).symbol("(") {
		return nil, p.at(t).errorf("", "window functions are not supported")
	}
	return n, nil
}

func (p *parser) arguments(n *Call, in string) error {
	for {
		arg, err := p.expr(precLowest)
		if err != nil {
			return err
		}
		n.Args = append(n.Args, arg)
		if !p.acceptSymbol(",") {
			break
		}
	}
	if p.peek().is("order") && p.peekAt(1).is("by") {
		p.i += 2
		var err error
		if n.OrderBy, err = p.orderItems(); err != nil {
			return err
		}
	}
	if p.acceptSymbol(")") {
		return nil
	}
	return p.unexpected(fmt.Sprintf(`"," or ")" in %s`, in))
}

// extract reads EXTRACT(field FROM x), which is date_part('field', x).
func (p *parser) extract(at place) (Node, error) {
	const form = "EXTRACT(field FROM x)"
	p.next()
	t := p.peek()
	if t.kind != tokIdent && t.kind != tokString {
		return nil, p.unexpected("a field such as YEAR in " + form)
	}
	p.next()
	if err := p.expect("FROM", form); err != nil {
		return nil, err
	}
	x, err := p.expr(precLowest)
	if err != nil {
		return nil, err
	}
	field := &Literal{place: p.at(t), Kind: LiteralString, Text: strings.ToLower(t.text)}
	return &Call{place: at, Name: "date_part", Args: []Node{field, x}}, p.expectSymbol(")", form)
}

// position reads POSITION(part IN text), which is strpos(text, part).
func (p *parser) position(at place) (Node, error) {
	const form = "POSITION(part IN text)"
	p.next()
	part, err := p.expr(precMatch + 1)
	if err != nil {
		return nil, err
	}
	if err := p.expect("IN", form); err != nil {
		return nil, err
	}
	x, err := p.expr(precMatch + 1)
	if err != nil {
		return nil, err
	}
	return &Call{place: at, Name: "strpos", Args: []Node{x, part}}, p.expectSymbol(")", form)
}

// trim reads TRIM([LEADING|TRAILING|BOTH] [characters] FROM text) and the
// plain call trim(text[, characters]).
func (p *parser) trim(at place) (Node, error) {
	const form = "TRIM(BOTH characters FROM text)"
	name, side := "trim", true
	switch t, n := p.peekAt(1), p.peekAt(2); {
	case n.symbol(")") || n.symbol(","):
		side = false // a column named leading
	case t.is("leading"):
		name = "ltrim"
	case t.is("trailing"):
		name = "rtrim"
	case t.is("both"):
	default:
		side = false
	}
	if !side {
		return p.trimPlain(at, form)
	}
	p.i += 2
	n := &Call{place: at, Name: name}
	var characters []Node
	if !p.peek().is("from") {
		c, err := p.expr(precLowest)
		if err != nil {
			return nil, err
		}
		characters = []Node{c}
	}
	if err := p.expect("FROM", form); err != nil {
		return nil, err
	}
	x, err := p.expr(precLowest)
	if err != nil {
		return nil, err
	}
	n.Args = append([]Node{x}, characters...)
	return n, p.expectSymbol(")", form)
}

func (p *parser) trimPlain(at place, form string) (Node, error) {
	n, err := p.call(at, "trim")
	if err == nil || !p.peek().is("from") {
		return n, err
	}
	return nil, p.at(p.peek()).errorf("write "+form, "FROM needs LEADING, TRAILING or BOTH in front")
}

// substring reads SUBSTRING(text FROM start FOR count) and the plain call.
func (p *parser) substring(at place) (Node, error) {
	const form = "SUBSTRING(text FROM start FOR count)"
	mark := p.i
	p.next()
	if t := p.peek(); t.symbol(")") || t.symbol("*") || t.is("distinct") {
		p.i = mark
		return p.call(at, "substring")
	}
	x, err := p.expr(precLowest)
	if err != nil {
		return nil, err
	}
	if !p.peek().is("from") && !p.peek().is("for") {
		p.i = mark
		return p.call(at, "substring")
	}
	n := &Call{place: at, Name: "substring", Args: []Node{x}}
	if p.accept("from") {
		start, err := p.expr(precLowest)
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, start)
	} else {
		n.Args = append(n.Args, &Literal{place: p.at(p.peek()), Kind: LiteralNumber, Text: "1"})
	}
	if p.accept("for") {
		count, err := p.expr(precLowest)
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, count)
	}
	return n, p.expectSymbol(")", form)
}
