package expr

import (
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// Limits on what a user may write; they bound recursion and memory.
const (
	sourceBytesMax = 1 << 20 // a list of 100,000 keys in an IN fits
	depthMax       = 400     // parentheses, calls and the like inside each other
	operatorsMax   = 5000    // each holds a column while a record is computed
)

// Node is an expression. Nodes are immutable once parsed; [Rewrite] makes
// changed copies.
type Node interface {
	// Pos is the byte of the source that the node is best pointed out by.
	Pos() int
	// String is SQL text that parses back to the same tree.
	String() string

	where() place
	write(s *strings.Builder)
	// precedence says how tightly the node's outermost operator binds.
	precedence() int
}

// Column names a column of the input.
type Column struct {
	place
	Name string // as written, without quotes
}

// LiteralKind says what a [Literal] is.
type LiteralKind uint8

// The kinds of literals.
const (
	LiteralNull   LiteralKind = iota // NULL
	LiteralBool                      // TRUE or FALSE
	LiteralNumber                    // 12, 1.5, 1e5
	LiteralString                    // 'text'
	LiteralTyped                     // DATE '2020-01-01', INTERVAL '1 day'
)

// Literal is a constant as written.
type Literal struct {
	place
	Kind LiteralKind
	Text string         // true, false, the number, or the text without quotes
	Type arrow.DataType // of a LiteralTyped
}

// Unary is an operator before its operand: - or NOT.
type Unary struct {
	place
	Op string
	X  Node
}

// Binary is an operator between two operands: + - * / // % || = <> < <= > >=
// AND OR, IS DISTINCT FROM, IS NOT DISTINCT FROM.
type Binary struct {
	place
	Op   string
	L, R Node
}

// Is tests a state: X IS [NOT] NULL, TRUE or FALSE.
type Is struct {
	place
	X    Node
	What string // NULL, TRUE or FALSE
	Not  bool
}

// In is X [NOT] IN (list).
type In struct {
	place
	X    Node
	List []Node
	Not  bool
}

// Between is X [NOT] BETWEEN Low AND High, both ends included.
type Between struct {
	place
	X, Low, High Node
	Not          bool
}

// Like is X [NOT] LIKE Pattern, or ILIKE.
type Like struct {
	place
	X, Pattern Node
	Not        bool
	AnyCase    bool    // ILIKE
	Escape     *string // nil: the backslash; empty: no character
}

// When is one branch of a [Case].
type When struct{ If, Then Node }

// Case is CASE [Operand] WHEN … THEN … [ELSE …] END.
type Case struct {
	place
	Operand Node // nil in the form that tests conditions
	Whens   []When
	Else    Node // nil means NULL
}

// Cast is CAST(X AS Type), X::Type or TRY_CAST(X AS Type).
type Cast struct {
	place
	X    Node
	Type arrow.DataType
	Try  bool
}

// Call is a call of a function or aggregate.
type Call struct {
	place
	Name     string // in lower case
	Args     []Node
	Star     bool        // count(*)
	Distinct bool        // count(DISTINCT x)
	OrderBy  []OrderItem // string_agg(x ORDER BY y)
	Filter   Node        // sum(x) FILTER (WHERE …); nil without
}

// OrderItem is one key of an ordering.
type OrderItem struct {
	Expr       Node
	Desc       bool
	NullsFirst bool
}

// Ident is a name in a list of names.
type Ident struct {
	Name string
	Pos  int // byte in the source
}

// SelectItem is one element of a select list.
type SelectItem struct {
	Expr   Node    // nil for a star
	Alias  string  // name of the result: given, or the column's, or Text
	Named  bool    // Alias was given with AS
	Star   bool    // * or * EXCEPT (…)
	Except []Ident // columns that the star leaves out
	Text   string  // source text of the element, without its alias
}
