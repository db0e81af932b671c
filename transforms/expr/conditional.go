package expr

import (
	"csvloom/pipeline/sqltype"
)

func conditionalFunctions() []function {
	return []function{
		{name: "coalesce", aliases: []string{"ifnull"}, group: "conditional", doc: "The first argument that is not NULL; those behind it are not computed.",
			example: "coalesce(NULL, 2, 1 // 0) = 2", usage: []string{"coalesce(ANY, …) → ANY"}, bind: bindCoalesce},
		{name: "nullif", group: "conditional", doc: "NULL if both arguments are equal, else the first.",
			example: "nullif(1, 2) = 1", usage: []string{"nullif(ANY, ANY) → ANY"}, bind: bindNullif},
		{name: "greatest", group: "conditional", doc: "The largest argument; NULL is passed over.",
			example: "greatest(1, 3, NULL) = 3", usage: []string{"greatest(ANY, …) → ANY"}, bind: bindGreatest(false)},
		{name: "least", group: "conditional", doc: "The smallest argument; NULL is passed over.",
			example: "least(1, 3, NULL) = 1", usage: []string{"least(ANY, …) → ANY"}, bind: bindGreatest(true)},
	}
}

func bindCoalesce(b *binder, n *Call) bound {
	if len(n.Args) == 0 {
		return b.fail(n, "it is called as coalesce(a, b, …)", "%s does not take 0 arguments", n.Name)
	}
	args, ok := make([]bound, len(n.Args)), true
	for i, arg := range n.Args {
		args[i] = b.bindFirst(arg, i == 0)
		ok = ok && args[i] != nil
	}
	if !ok {
		return nil
	}
	b.guarded++
	t, ok := b.unify(n.Name, n.Args, args)
	b.guarded--
	if !ok {
		return nil
	}
	return b.fold(n, &coalesce{t: t, args: args, slot: b.slot()})
}

// bindNullif types nullif(a, b), which is CASE WHEN a = b THEN NULL ELSE a END.
func bindNullif(b *binder, n *Call) bound {
	if len(n.Args) != 2 {
		return b.fail(n, "it is called as nullif(a, b)", "nullif does not take %s", plural(len(n.Args), "argument"))
	}
	args, ok := b.bindAll(n.Args)
	if !ok {
		return nil
	}
	x := b.share(args[0])
	equal := b.compare(n, "=", n.Args[0], n.Args[1], x, args[1])
	if equal == nil {
		return nil
	}
	t := x.typ()
	if kindOf(t) == kNull {
		return x
	}
	return b.fold(n, &caseOf{t: t, whens: []boundWhen{{equal, nullOf(t)}}, otherwise: x, slot: b.slot()})
}

func bindGreatest(least bool) func(b *binder, n *Call) bound {
	return func(b *binder, n *Call) bound {
		if len(n.Args) == 0 {
			return b.fail(n, "it is called as "+n.Name+"(a, b, …)", "%s does not take 0 arguments", n.Name)
		}
		args, ok := b.bindAll(n.Args)
		if !ok {
			return nil
		}
		t, ok := b.unify(n.Name, n.Args, args)
		if !ok {
			return nil
		}
		if kindOf(t) == kNull {
			return nullOf(sqltype.Varchar)
		}
		return b.applyLenient(n, t, greatestKernel(kindOf(t), least), args...)
	}
}
