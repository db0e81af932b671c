package expr

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"csvloom/pipeline"
)

// Regular expressions are RE2's (https://github.com/google/re2/wiki/Syntax),
// which match in time linear in the text. Functions are DuckDB's; options are
// letters: i any case, c the case as written, s the point matches a newline
// too, m ^ and $ match at line ends, g (regexp_replace) all matches instead of
// the first.

func regexpFunctions() []function {
	overloads := func(result kind, build func(args []bound) (kernel, int, error), params ...[]kind) []overload {
		var list []overload
		for _, p := range params {
			list = append(list, overload{params: p, result: result, make: build})
		}
		return list
	}
	t, i := kVarchar, kInt
	return []function{
		{name: "regexp_matches", group: "regexp", doc: "Whether a regular expression matches a part of the text.",
			example:   "regexp_matches('abc', 'b.') = true",
			overloads: overloads(kBool, makeRegexpMatches, []kind{t, t}, []kind{t, t, t})},
		{name: "regexp_replace", group: "regexp", doc: "Text with the first match replaced, with option g every match; \\1 stands for the first group, \\0 for the match.",
			example:   "regexp_replace('a1b2', '[0-9]', '#', 'g') = 'a#b#'",
			overloads: overloads(kVarchar, makeRegexpReplace, []kind{t, t, t}, []kind{t, t, t, t})},
		{name: "regexp_extract", group: "regexp", doc: "The first match, or a group of it; empty if nothing matches.",
			example:   "regexp_extract('a1b22', '[a-z]([0-9]+)$', 1) = '22'",
			overloads: overloads(kVarchar, makeRegexpExtract, []kind{t, t}, []kind{t, t, i}, []kind{t, t, i, t})},
	}
}

// regexpOf compiles patterns; a constant one is compiled when bound, of others
// the last one is kept.
type regexpOf struct {
	pattern int // index of the argument
	options int // index of the argument, -1 without
	fixed   *compiledRegexp
}

type compiledRegexp struct {
	pattern, options string
	re               *regexp.Regexp
	global           bool
}

// patternBytesMax bounds a pattern: compiling takes some memory per byte.
const patternBytesMax = 64 << 10

func compileRegexp(pattern, options string) (*compiledRegexp, error) {
	c := &compiledRegexp{pattern: pattern, options: options}
	if len(pattern) > patternBytesMax {
		return nil, fmt.Errorf("the regular expression is %d bytes long, the most is %d", len(pattern), patternBytesMax)
	}
	flags := ""
	for _, o := range options {
		switch o {
		case 'g':
			c.global = true
		case 'i', 's', 'm':
			flags += string(o)
		case 'c':
		default:
			return nil, fmt.Errorf("regular expression option %q is unknown, expected some of c, i, g, m, s", o)
		}
	}
	text := pattern
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		reason := err.Error()
		if s, ok := err.(*syntax.Error); ok {
			reason = s.Code.String()
			if s.Expr != "" {
				reason += " in " + pipeline.Excerpt(s.Expr)
			}
		}
		return nil, fmt.Errorf("regular expression %s: %s", pipeline.Excerpt(pattern), reason)
	}
	c.re = re
	return c, nil
}

// newRegexp prepares the pattern of a call. arg is the argument an error is
// about.
func newRegexp(args []bound, pattern, options int) (r *regexpOf, arg int, err error) {
	r = &regexpOf{pattern: pattern, options: options}
	if options >= len(args) {
		r.options = -1
	}
	p, ok := args[pattern].(*constant)
	if !ok || p.v.null {
		return r, 0, nil
	}
	opts := ""
	if r.options >= 0 {
		o, ok := args[r.options].(*constant)
		if !ok || o.v.null {
			return r, 0, nil
		}
		opts = string(o.v.text(0))
		if _, err := compileRegexp("", opts); err != nil {
			return nil, r.options, err
		}
	}
	r.fixed, err = compileRegexp(string(p.v.text(0)), opts)
	return r, pattern, err
}

// at returns the expression of row i.
func (r *regexpOf) at(args []*vector, i int, out *vector) (*compiledRegexp, error) {
	if r.fixed != nil {
		return r.fixed, nil
	}
	pattern := args[r.pattern].text(i)
	var options []byte
	if r.options >= 0 {
		options = args[r.options].text(i)
	}
	if c, ok := out.own.cache.(*compiledRegexp); ok && c.pattern == string(pattern) && c.options == string(options) {
		return c, nil
	}
	c, err := compileRegexp(string(pattern), string(options))
	if err != nil {
		return nil, &fault{Row: i, Err: err}
	}
	out.own.cache = c
	return c, nil
}

func makeRegexpMatches(args []bound) (kernel, int, error) {
	r, arg, err := newRegexp(args, 1, 2)
	return func(n int, live bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		clear(value)
		for i := range live.rows(n) {
			c, err := r.at(args, i, out)
			if err != nil {
				return err
			}
			if c.re.Match(args[0].text(i)) {
				value.set(i)
			}
		}
		return nil
	}, arg, err
}

func makeRegexpExtract(args []bound) (kernel, int, error) {
	r, arg, err := newRegexp(args, 1, 3)
	if err != nil {
		return nil, arg, err
	}
	if len(args) > 2 && r.fixed != nil {
		if c, ok := args[2].(*constant); ok && !c.v.null {
			if err := r.fixed.checkGroup(c.v.i64[0]); err != nil {
				return nil, 2, err
			}
		}
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.makeViews(n)
		out.data = args[0].data
		for i := range live.rows(n) {
			c, err := r.at(args, i, out)
			if err != nil {
				return err
			}
			group := int64(0)
			if len(args) > 2 {
				group = args[2].i64[args[2].at(i)]
				if err := c.checkGroup(group); err != nil {
					return &fault{Row: i, Err: err}
				}
			}
			at := args[0].at(i)
			from := args[0].lo[at]
			out.lo[i], out.hi[i] = from, from
			var loc []int
			if group == 0 {
				loc = c.re.FindIndex(args[0].text(i))
			} else if loc = c.re.FindSubmatchIndex(args[0].text(i)); loc != nil {
				loc = loc[2*group:]
			}
			if loc != nil && loc[0] >= 0 {
				out.lo[i], out.hi[i] = from+int32(loc[0]), from+int32(loc[1])
			}
		}
		return nil
	}, 0, nil
}

func (c *compiledRegexp) checkGroup(group int64) error {
	if group < 0 || group > int64(c.re.NumSubexp()) {
		return fmt.Errorf("regular expression %s has %d groups, found group %d", pipeline.Excerpt(c.pattern), c.re.NumSubexp(), group)
	}
	return nil
}

func makeRegexpReplace(args []bound) (kernel, int, error) {
	r, arg, err := newRegexp(args, 1, 3)
	return func(n int, live bitmap, args []*vector, out *vector) error {
		out.makeText(n)
		var template, last []byte
		for i := range live.rows(n) {
			c, err := r.at(args, i, out)
			if err != nil {
				return err
			}
			if with := args[2].text(i); template == nil || !bytes.Equal(with, last) {
				template, last = regexpTemplate(with), with
			}
			start := len(out.own.data)
			if out.own.data, err = c.replace(out.own.data, args[0].text(i), template); err != nil {
				return &fault{Row: i, Err: err}
			}
			if err := out.put(i, start); err != nil {
				return err
			}
		}
		return nil
	}, arg, err
}

func (c *compiledRegexp) replace(dst, s, template []byte) ([]byte, error) {
	start := len(dst)
	at := 0
	matches := c.re.FindAllSubmatchIndex(s, map[bool]int{true: -1, false: 1}[c.global])
	for _, loc := range matches {
		dst = append(dst, s[at:loc[0]]...)
		dst = c.re.Expand(dst, template, s, loc)
		at = loc[1]
		if len(dst)-start > resultBytesMax {
			return dst, fmt.Errorf("regexp_replace: the text grows beyond %d bytes", resultBytesMax)
		}
	}
	return append(dst, s[at:]...), nil
}

// regexpTemplate turns a replacement in SQL's form, \1 for a group and \& or
// \0 for the match, into Go's.
func regexpTemplate(with []byte) []byte {
	var t strings.Builder
	for i := 0; i < len(with); i++ {
		c := with[i]
		switch {
		case c == '$':
			t.WriteString("$$")
		case c != '\\' || i+1 == len(with):
			t.WriteByte(c)
		default:
			i++
			switch next := with[i]; {
			case isDigit(next):
				t.WriteString("${" + string(next) + "}")
			case next == '&':
				t.WriteString("${0}")
			case next == '\\':
				t.WriteByte('\\')
			default:
				t.WriteByte('\\')
				i-- // the character stands for itself, and may be a $
			}
		}
	}
	return []byte(t.String())
}
