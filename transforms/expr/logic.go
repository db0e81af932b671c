package expr

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// logical is AND or OR in three-valued logic, 64 rows at a time. The right
// side is computed only for rows that the left side does not decide.
type logical struct {
	or   bool
	l, r bound
	slot int
}

func (g *logical) typ() arrow.DataType { return sqltype.Boolean }

func (g *logical) eval(e *Eval, active bitmap) (*vector, error) {
	l, err := g.l.eval(e, active)
	if err != nil {
		return nil, err
	}
	out := &e.slots[g.slot]
	out.reset()
	words := wordsFor(e.n)
	rest := bitmap(grow((*[]uint64)(&out.own.rest), words))
	undecided := uint64(0)
	for w := range rest {
		t, f := l.truth(w)
		if g.or {
			f = t
		}
		rest[w] = active.word(w, e.n) &^ f
		undecided |= rest[w]
	}
	r := nullConstant
	if undecided != 0 {
		if r, err = g.r.eval(e, rest); err != nil {
			return nil, err
		}
	}
	value := out.makeBits(e.n)
	valid := bitmap(grow((*[]uint64)(&out.own.valid), words))
	for w := range value {
		lt, lf := l.truth(w)
		rt, rf := r.truth(w)
		t, f := lt&rt, lf|rf
		if g.or {
			t, f = lt|rt, lf&rf
		}
		value[w] = t
		valid[w] = (t | f) & bitmap(nil).word(w, e.n)
	}
	out.valid = valid
	return out, nil
}

// notKernel negates; NULL stays NULL.
func notKernel(n int, _ bitmap, args []*vector, out *vector) error {
	value := out.makeBits(n)
	for w := range value {
		value[w] = ^args[0].bits[w]
	}
	return nil
}

// isKernel returns the kernel of IS [NOT] NULL, TRUE or FALSE, which is never
// NULL itself.
func isKernel(what string, not bool) kernel {
	return func(n int, _ bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		for w := range value {
			var v uint64
			switch what {
			case "NULL":
				v = ^args[0].nonNull(w, n)
			case "TRUE":
				v, _ = args[0].truth(w)
			default:
				_, v = args[0].truth(w)
			}
			if not {
				v = ^v
			}
			value[w] = v
		}
		return nil
	}
}
