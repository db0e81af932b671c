package expr

import (
	"github.com/apache/arrow/go/v17/arrow"
)

// caseOf is CASE WHEN … THEN … ELSE … END. Each condition is computed for the
// rows that no earlier one took, each branch for the rows that take it.
type caseOf struct {
	t         arrow.DataType
	whens     []boundWhen
	otherwise bound
	slot      int
}

type boundWhen struct{ cond, then bound }

func (c *caseOf) typ() arrow.DataType { return c.t }

func (c *caseOf) eval(e *Eval, active bitmap) (*vector, error) {
	out := &e.slots[c.slot]
	l := layoutOf(c.t)
	out.begin(l, e.n)
	rest := remaining(out, active, e.n)
	hit := bitmap(grow((*[]uint64)(&out.own.hit), len(rest)))
	for _, when := range c.whens {
		if !rest.any() {
			return out, nil
		}
		cond, err := when.cond.eval(e, rest)
		if err != nil {
			return nil, err
		}
		for w := range rest {
			t, _ := cond.truth(w)
			hit[w] = rest[w] & t
			rest[w] &^= t
		}
		if err := mergeBranch(e, out, l, when.then, hit); err != nil {
			return nil, err
		}
	}
	if err := mergeBranch(e, out, l, c.otherwise, rest); err != nil {
		return nil, err
	}
	return out, nil
}

// mergeBranch computes x for the given rows and copies them to out.
func mergeBranch(e *Eval, out *vector, l layout, x bound, rows bitmap) error {
	if !rows.any() {
		return nil
	}
	v, err := x.eval(e, rows)
	if err != nil {
		return err
	}
	return out.merge(l, v, rows, e.n)
}

// remaining returns a copy of the active rows that may be changed.
func remaining(out *vector, active bitmap, n int) bitmap {
	rest := bitmap(grow((*[]uint64)(&out.own.rest), wordsFor(n)))
	for w := range rest {
		rest[w] = active.word(w, n)
	}
	return rest
}

// coalesce is the first argument that is not NULL; later arguments are
// computed only for the rows that need them.
type coalesce struct {
	t    arrow.DataType
	args []bound
	slot int
}

func (c *coalesce) typ() arrow.DataType { return c.t }

func (c *coalesce) eval(e *Eval, active bitmap) (*vector, error) {
	out := &e.slots[c.slot]
	l := layoutOf(c.t)
	out.begin(l, e.n)
	rest := remaining(out, active, e.n)
	hit := bitmap(grow((*[]uint64)(&out.own.hit), len(rest)))
	for _, arg := range c.args {
		if !rest.any() {
			break
		}
		v, err := arg.eval(e, rest)
		if err != nil {
			return nil, err
		}
		for w := range rest {
			hit[w] = rest[w] & v.nonNull(w, e.n)
			rest[w] &^= hit[w]
		}
		if err := out.merge(l, v, hit, e.n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// greatestKernel returns the kernel of greatest and least: the largest (or
// smallest) argument that is not NULL.
func greatestKernel(k kind, least bool) kernel {
	l := k.layout()
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.begin(l, n)
		wins := bitmap(grow((*[]uint64)(&out.own.hit), wordsFor(n)))
		for _, arg := range args {
			for w := range wins {
				wins[w] = live.word(w, n) & arg.nonNull(w, n)
			}
			for i := range wins.rows(n) {
				if out.isNull(i) {
					continue
				}
				c := compareAt(k, arg, i, out, i)
				if !least && c <= 0 || least && c >= 0 {
					wins.clear(i)
				}
			}
			if err := out.merge(l, arg, wins, n); err != nil {
				return err
			}
		}
		return nil
	}
}
