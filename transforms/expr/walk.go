package expr

// Walk calls f for n and everything inside it, a node before its operands, in
// the order of the source. Where f returns false the operands are passed over.
func Walk(n Node, f func(Node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, c := range children(n) {
		Walk(c, f)
	}
}

// children returns the operands of n in the order of the source.
func children(n Node) []Node {
	switch n := n.(type) {
	case *Unary:
		return []Node{n.X}
	case *Binary:
		return []Node{n.L, n.R}
	case *Is:
		return []Node{n.X}
	case *In:
		return append([]Node{n.X}, n.List...)
	case *Between:
		return []Node{n.X, n.Low, n.High}
	case *Like:
		return []Node{n.X, n.Pattern}
	case *Cast:
		return []Node{n.X}
	case *Case:
		var list []Node
		if n.Operand != nil {
			list = append(list, n.Operand)
		}
		for _, w := range n.Whens {
			list = append(list, w.If, w.Then)
		}
		if n.Else != nil {
			list = append(list, n.Else)
		}
		return list
	case *Call:
		list := append([]Node(nil), n.Args...)
		for _, o := range n.OrderBy {
			list = append(list, o.Expr)
		}
		if n.Filter != nil {
			list = append(list, n.Filter)
		}
		return list
	}
	return nil
}

// Rewrite returns a copy of n in which f has replaced nodes: f is called for
// every node, operands first, and returns what stands in its place. Trees that
// f leaves alone are shared, not copied.
func Rewrite(n Node, f func(Node) Node) Node {
	if n == nil {
		return nil
	}
	changed := false
	sub := func(c Node) Node {
		if c == nil {
			return nil
		}
		r := Rewrite(c, f)
		if r != c {
			changed = true
		}
		return r
	}
	subs := func(list []Node) []Node {
		out := make([]Node, len(list))
		for i, c := range list {
			out[i] = sub(c)
		}
		return out
	}
	var m Node
	switch n := n.(type) {
	case *Unary:
		c := *n
		c.X = sub(n.X)
		m = &c
	case *Binary:
		c := *n
		c.L, c.R = sub(n.L), sub(n.R)
		m = &c
	case *Is:
		c := *n
		c.X = sub(n.X)
		m = &c
	case *In:
		c := *n
		c.X, c.List = sub(n.X), subs(n.List)
		m = &c
	case *Between:
		c := *n
		c.X, c.Low, c.High = sub(n.X), sub(n.Low), sub(n.High)
		m = &c
	case *Like:
		c := *n
		c.X, c.Pattern = sub(n.X), sub(n.Pattern)
		m = &c
	case *Cast:
		c := *n
		c.X = sub(n.X)
		m = &c
	case *Case:
		c := *n
		c.Operand, c.Else = sub(n.Operand), sub(n.Else)
		c.Whens = make([]When, len(n.Whens))
		for i, w := range n.Whens {
			c.Whens[i] = When{If: sub(w.If), Then: sub(w.Then)}
		}
		m = &c
	case *Call:
		c := *n
		c.Args, c.Filter = subs(n.Args), sub(n.Filter)
		c.OrderBy = append([]OrderItem(nil), n.OrderBy...)
		for i, o := range n.OrderBy {
			c.OrderBy[i].Expr = sub(o.Expr)
		}
		m = &c
	}
	if changed {
		return f(m)
	}
	return f(n)
}
