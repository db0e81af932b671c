package expr

import (
	"fmt"
	"strings"
)

// ParseSelect reads a select list: `a, b*2 as c, *, * except (x, y)`. An
// element without a name is called after its column or else by its source
// text. The error is an [*Error].
func ParseSelect(src string) ([]SelectItem, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	var items []SelectItem
	for {
		item, err := p.selectItem()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.acceptSymbol(",") {
			return items, p.end()
		}
	}
}

func (p *parser) selectItem() (SelectItem, error) {
	first := p.peek()
	if p.acceptSymbol("*") {
		item := SelectItem{Star: true}
		if p.accept("except") || p.accept("exclude") {
			names, err := p.exceptNames()
			if err != nil {
				return SelectItem{}, err
			}
			item.Except = names
		}
		item.Text = p.sourceFrom(first)
		return item, nil
	}
	n, err := p.expr(precLowest)
	if err != nil {
		return SelectItem{}, err
	}
	item := SelectItem{Expr: n, Text: p.sourceFrom(first)}
	item.Alias = item.Text
	if c, ok := n.(*Column); ok {
		item.Alias = c.Name
	}
	// Without AS a word is a name only where nothing else can follow, so
	// that a misspelt operator is not taken for one.
	t, after := p.peek(), p.peekAt(1)
	bare := isName(t) && (after.kind == tokEnd || after.symbol(","))
	if as := p.accept("as"); as || bare {
		if t = p.peek(); !isName(t) {
			return SelectItem{}, p.unexpected("a name after AS")
		}
		p.next()
		item.Alias, item.Named = t.text, true
	}
	return item, nil
}

// exceptNames reads (x, y) or one bare name.
func (p *parser) exceptNames() ([]Ident, error) {
	var names []Ident
	name := func() error {
		t := p.peek()
		if !isName(t) {
			return p.unexpected("a column name in * EXCEPT (…)")
		}
		p.next()
		names = append(names, Ident{Name: t.text, Pos: t.pos})
		return nil
	}
	if !p.acceptSymbol("(") {
		return names, p.unexpected(`"(" in * EXCEPT (…)`)
	}
	for {
		if err := name(); err != nil {
			return nil, err
		}
		if p.acceptSymbol(")") {
			return names, nil
		}
		if !p.acceptSymbol(",") {
			return nil, p.unexpected(`"," or ")" in * EXCEPT (…)`)
		}
	}
}

// sourceFrom returns the text from a token up to the one to be read next.
func (p *parser) sourceFrom(first token) string {
	return (*p.src)[first.pos:p.toks[p.i-1].end]
}

func isName(t token) bool {
	return t.kind == tokQuoted || t.kind == tokIdent && !reserved[strings.ToLower(t.text)]
}

// ParseOrder reads the keys of an ordering: `a desc nulls last, b`. NULL is
// larger than any value unless NULLS FIRST or LAST says otherwise, as in
// PostgreSQL. The error is an [*Error].
func ParseOrder(src string) ([]OrderItem, error) {
	p, err := newParser(src)
	if err != nil {
		return nil, err
	}
	items, err := p.orderItems()
	if err != nil {
		return nil, err
	}
	return items, p.end()
}

func (p *parser) orderItems() ([]OrderItem, error) {
	var items []OrderItem
	for {
		n, err := p.expr(precLowest)
		if err != nil {
			return nil, err
		}
		item := OrderItem{Expr: n}
		if !p.accept("asc") {
			item.Desc = p.accept("desc")
		}
		item.NullsFirst = item.Desc
		if p.accept("nulls") {
			switch {
			case p.accept("first"):
				item.NullsFirst = true
			case p.accept("last"):
				item.NullsFirst = false
			default:
				return nil, p.unexpected("FIRST or LAST after NULLS")
			}
		}
		items = append(items, item)
		if !p.acceptSymbol(",") {
			return items, nil
		}
	}
}

// ParseDerive reads `name = expression`, the definition of a column. The error
// is an [*Error].
func ParseDerive(src string) (name string, n Node, err error) {
	p, err := newParser(src)
	if err != nil {
		return "", nil, err
	}
	t := p.peek()
	if !isName(t) {
		return "", nil, p.unexpected("the new column's name, as in total = price * quantity")
	}
	p.next()
	if !p.acceptSymbol("=") {
		return "", nil, p.unexpected(fmt.Sprintf(`"=" after the name %s, as in total = price * quantity`, shorten(t.text)))
	}
	if n, err = p.expr(precLowest); err != nil {
		return "", nil, err
	}
	return t.text, n, p.end()
}
