package expr

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// function is one entry of the registry.
type function struct {
	name    string
	aliases []string
	group   string
	doc     string // one sentence
	example string // a call and its value
	// overloads are tried together; the one with the least casting wins.
	overloads []overload
	// bind replaces overloads for functions that are typed in their own way
	// or do not compute all arguments; usage shows how they are called.
	bind  func(b *binder, n *Call) bound
	usage []string
}

// overload is one signature of a function.
type overload struct {
	params   []kind
	variadic bool // the last parameter may be repeated
	result   kind // kAny: see typ
	// typ computes a result type that depends on the arguments.
	typ func(args []bound) arrow.DataType
	// make returns the kernel. args are of the parameters' types; constants
	// among them may be prepared, such as compiled. Its error is about the
	// argument whose index it returns.
	make    func(args []bound) (k kernel, arg int, err error)
	lenient bool // the kernel sees NULLs
}

// fixed wraps a kernel that needs no preparation.
func fixed(k kernel) func([]bound) (kernel, int, error) {
	return func([]bound) (kernel, int, error) { return k, 0, nil }
}

// fn is the overload of a plain kernel.
func fn(result kind, k kernel, params ...kind) overload {
	return overload{params: params, result: result, make: fixed(k)}
}

// sameType is the typ of functions that return what they are given.
func sameType(args []bound) arrow.DataType { return args[0].typ() }

// functions is the registry by name and alias, made when it is first asked for.
var functions struct {
	once   sync.Once
	byName map[string]*function
}

// registry maps names and aliases to functions.
func registry() map[string]*function {
	functions.once.Do(func() {
		functions.byName = map[string]*function{}
		for _, f := range allFunctions() {
			functions.byName[f.name] = f
			for _, a := range f.aliases {
				functions.byName[a] = f
			}
		}
	})
	return functions.byName
}

// allFunctions lists every function, by family.
func allFunctions() []*function {
	var all []*function
	for _, family := range [][]function{
		conditionalFunctions(), mathFunctions(), textFunctions(), sliceFunctions(), padFunctions(),
		searchFunctions(), regexpFunctions(), hashFunctions(),
		datepartFunctions(), datetruncFunctions(), timebucketFunctions(), dateformatFunctions(), clockFunctions(),
	} {
		for i := range family {
			all = append(all, &family[i])
		}
	}
	return all
}

func functionNames() []string {
	names := make([]string, 0, len(registry()))
	for name := range registry() {
		names = append(names, name)
	}
	for name := range aggregates {
		names = append(names, name)
	}
	return names
}

// Function describes a function for help and documentation.
type Function struct {
	Name       string
	Aliases    []string
	Group      string   // conditional, math, text, regexp, date
	Signatures []string // such as `round(DOUBLE, BIGINT) → DOUBLE`
	Doc        string   // one sentence
	Example    string   // such as `round(2.5) = 3`
}

// Functions lists every scalar function by group and name.
func Functions() []Function {
	var list []Function
	for _, f := range allFunctions() {
		list = append(list, Function{
			Name: f.name, Aliases: f.aliases, Group: f.group, Doc: f.doc, Example: f.example,
			Signatures: f.signatures(),
		})
	}
	slices.SortStableFunc(list, func(a, b Function) int {
		if c := strings.Compare(a.Group, b.Group); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

func (f *function) signatures() []string {
	if f.bind != nil {
		return f.usage
	}
	list := make([]string, len(f.overloads))
	for i, o := range f.overloads {
		result := o.result.String()
		if o.result == kAny {
			result = o.params[0].String()
		}
		list[i] = fmt.Sprintf("%s → %s", o.call(f.name), result)
	}
	return list
}

func (o *overload) call(name string) string {
	params := make([]string, len(o.params))
	for i, p := range o.params {
		params[i] = p.String()
	}
	s := strings.Join(params, ", ")
	if o.variadic {
		s += ", …"
	}
	return name + "(" + s + ")"
}

// cost sums up the implicit casts that a call needs; -1 if it does not fit.
func (o *overload) cost(args []bound) int {
	if len(args) < len(o.params) || len(args) > len(o.params) && !o.variadic {
		return -1
	}
	total := 0
	for i, arg := range args {
		to := o.params[min(i, len(o.params)-1)]
		from := kindOf(arg.typ())
		c := implicitCost(from, to)
		if c < 0 && isTextLiteral(arg) {
			// Reading text as another type is the last resort, and of
			// numbers and dates the most general is preferred.
			c = 11
			if to == kDouble || to == kTimestamp {
				c = 10
			}
		}
		if c < 0 {
			return -1
		}
		total += c
	}
	return total
}

func isTextLiteral(x bound) bool {
	c, ok := x.(*constant)
	return ok && c.literal
}

// overload picks the signature that fits best and converts the arguments.
func (b *binder) overload(f *function, n *Call, args []bound) bound {
	var best *overload
	bestCost := -1
	for i := range f.overloads {
		o := &f.overloads[i]
		if c := o.cost(args); c >= 0 && (bestCost < 0 || c < bestCost) {
			best, bestCost = o, c
		}
	}
	if best == nil {
		return b.noOverload(f, n, args)
	}
	for i := range args {
		to := best.params[min(i, len(best.params)-1)]
		var t arrow.DataType
		switch from := kindOf(args[i].typ()); {
		case to == kAny || to == from:
			continue
		case to == kDecimal:
			t = decimalOf(args[i])
		default:
			t = to.dataType()
		}
		if args[i] = b.convert(n.Args[i], args[i], t); args[i] == nil {
			return nil
		}
	}
	k, arg, err := best.make(args)
	if err != nil {
		return b.fail(n.Args[arg], "", "%s", err)
	}
	t := best.result.dataType()
	if best.typ != nil {
		t = best.typ(args)
	}
	if best.lenient {
		return b.applyLenient(n, t, k, args...)
	}
	return b.apply(n, t, k, args...)
}

func (b *binder) noOverload(f *function, n *Call, args []bound) bound {
	calls := make([]string, len(f.overloads))
	counts := false
	for i, o := range f.overloads {
		calls[i] = o.call(f.name)
		counts = counts || len(args) == len(o.params) || len(args) > len(o.params) && o.variadic
	}
	hint := "it is called as " + strings.Join(calls, " or ")
	if !counts {
		return b.fail(n, hint, "%s does not take %s", n.Name, plural(len(args), "argument"))
	}
	return b.fail(n, hint+"; CAST what differs", "there is no %s(%s)", n.Name, typeList(args))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func typeList(args []bound) string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = sqltype.Name(a.typ())
	}
	return strings.Join(names, ", ")
}
