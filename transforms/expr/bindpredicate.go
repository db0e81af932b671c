package expr

import (
	"csvloom/pipeline/sqltype"
)

func (b *binder) is(n *Is) bound {
	x := b.bind(n.X)
	if x != nil && n.What != "NULL" {
		x = b.condition("IS "+n.What, n.X, x)
	}
	if x == nil {
		return nil
	}
	return b.applyLenient(n, sqltype.Boolean, isKernel(n.What, n.Not), x)
}

// share makes a node that several others read be computed once.
func (b *binder) share(x bound) bound {
	switch x.(type) {
	case *constant, *column, nil:
		return x
	}
	return &shared{x: x, slot: b.slot()}
}

func (b *binder) negate(at Node, x bound, not bool) bound {
	if !not || x == nil {
		return x
	}
	return b.apply(at, sqltype.Boolean, notKernel, x)
}

// between is Low <= X AND X <= High.
func (b *binder) between(n *Between) bound {
	x, low := b.bind(n.X), b.bind(n.Low)
	high := b.guard(n.High)
	if x == nil || low == nil || high == nil {
		return nil
	}
	x = b.share(x)
	above := b.compare(n, ">=", n.X, n.Low, x, low)
	below := b.compare(n, "<=", n.X, n.High, x, high)
	if above == nil || below == nil {
		return nil
	}
	return b.negate(n, b.logical(n, false, above, below), n.Not)
}

func (b *binder) like(n *Like) bound {
	op := "LIKE"
	if n.AnyCase {
		op = "ILIKE"
	}
	x, p := b.bind(n.X), b.bind(n.Pattern)
	if x == nil || p == nil {
		return nil
	}
	for _, s := range []struct {
		at Node
		x  bound
	}{{n.X, x}, {n.Pattern, p}} {
		if k := kindOf(s.x.typ()); k != kVarchar && k != kNull {
			return b.fail(s.at, castHint(s.at, sqltype.Varchar), "%s needs text, found %s", op, sqltype.Name(s.x.typ()))
		}
	}
	x, p = b.convert(n.X, x, sqltype.Varchar), b.convert(n.Pattern, p, sqltype.Varchar)
	escape := `\`
	if n.Escape != nil {
		escape = *n.Escape
	}
	k := likeKernel(escape, n.AnyCase)
	if c, ok := p.(*constant); ok && !c.v.null {
		m, err := compileLike(string(c.v.text(0)), escape, n.AnyCase)
		if err != nil {
			return b.fail(n.Pattern, "", "%s", err)
		}
		k = likeConstant(m)
	}
	return b.negate(n, b.apply(n, sqltype.Boolean, k, x, p), n.Not)
}

// caseOf types both forms of CASE.
func (b *binder) caseOf(n *Case) bound {
	var operand bound
	if n.Operand != nil {
		if operand = b.bind(n.Operand); operand == nil {
			return nil
		}
		operand = b.share(operand)
	}
	conds := make([]bound, len(n.Whens))
	var at []Node
	var branches []bound
	ok := true
	for i, w := range n.Whens {
		cond := b.bindFirst(w.If, i == 0)
		switch {
		case cond == nil:
		case n.Operand != nil:
			cond = b.compare(w.If, "=", n.Operand, w.If, operand, cond)
		default:
			cond = b.condition("WHEN", w.If, cond)
		}
		conds[i] = cond
		then := b.guard(w.Then)
		at, branches = append(at, w.Then), append(branches, then)
		ok = ok && cond != nil && then != nil
	}
	if n.Else != nil {
		otherwise := b.guard(n.Else)
		at, branches = append(at, n.Else), append(branches, otherwise)
		ok = ok && otherwise != nil
	}
	if !ok {
		return nil
	}
	b.guarded++
	t, ok := b.unify("CASE", at, branches)
	b.guarded--
	if !ok {
		return nil
	}
	c := &caseOf{t: t, otherwise: nullOf(t), slot: b.slot()}
	for i, cond := range conds {
		c.whens = append(c.whens, boundWhen{cond, branches[i]})
	}
	if n.Else != nil {
		c.otherwise = branches[len(branches)-1]
	}
	return b.fold(n, c)
}

// bindFirst binds what is computed for every row if it comes first.
func (b *binder) bindFirst(n Node, first bool) bound {
	if first {
		return b.bind(n)
	}
	return b.guard(n)
}

// cast types CAST and TRY_CAST.
func (b *binder) cast(n *Cast) bound {
	x := b.bind(n.X)
	if x == nil {
		return nil
	}
	from, to := kindOf(x.typ()), kindOf(n.Type)
	c, isConstant := x.(*constant)
	switch {
	case from == kNull:
		return nullOf(n.Type)
	case from == to && (from != kDecimal || *decimalOf(x) == *decimalOf(nullOf(n.Type))):
		if isConstant {
			return &constant{t: n.Type, v: c.v} // text is no literal any more
		}
		return x
	}
	k, ok := castKernel(x.typ(), n.Type, n.Try)
	if !ok {
		return b.fail(n, "", "there is no cast of %s to %s", sqltype.Name(x.typ()), sqltype.Name(n.Type))
	}
	return b.apply(n, n.Type, k, x)
}
