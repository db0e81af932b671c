package expr

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokIdent            // a word as written; keywords are words too
	tokQuoted           // "name", text without its quotes
	tokNumber           // 1, 1.5, 1e-5
	tokString           // 'text', without its quotes
	tokSymbol           // an operator or punctuation
)

type token struct {
	kind tokenKind
	text string
	pos  int // byte in the source
	end  int // byte behind it
}

// is reports whether the token is the given keyword, in any case.
func (t token) is(word string) bool {
	return t.kind == tokIdent && strings.EqualFold(t.text, word)
}

func (t token) symbol(s string) bool { return t.kind == tokSymbol && t.text == s }

// describe names the token in an error message.
func (t token) describe() string {
	switch t.kind {
	case tokEnd:
		return "the end"
	case tokString:
		return "the text " + shorten("'"+t.text+"'")
	default:
		return shorten(t.text)
	}
}

// shorten cuts text that is quoted in a message.
func shorten(s string) string {
	const runesMax = 40
	if utf8.RuneCountInString(s) <= runesMax {
		return s
	}
	return string([]rune(s)[:runesMax]) + "…"
}

// symbols are matched longest first.
var symbols = []string{
	"::", "||", "//", "<=", ">=", "<>", "!=", "==",
	"+", "-", "*", "/", "%", "<", ">", "=", "(", ")", ",",
}

// symbolHints answer operators of other dialects.
var symbolHints = map[byte]string{
	'&': "AND is spelt AND",
	'|': "text is joined with ||, and OR is spelt OR",
	'!': "write NOT, or <> for not equal",
	'^': "write power(a, b)",
	'`': `names are quoted with "double quotes"`,
	'[': `names are quoted with "double quotes", lists are written (1, 2)`,
	'.': `a name that holds a point is written "in.quotes"`,
	'~': "write regexp_matches(text, pattern)",
	';': "one expression is one statement",
	'{': "",
	':': "a cast is written with two colons, x::BIGINT",
	'@': "abs(x) is written in full",
	'?': "there are no parameters here",
	'$': "there are no parameters here",
}

// lex splits the whole source. It fails at the first byte that starts no token.
func lex(src *string) ([]token, *Error) {
	s := *src
	if len(s) > sourceBytesMax {
		return nil, place{src, 0}.errorf("", fmt.Sprintf("the expression is %d bytes long, the most is %d", len(s), sourceBytesMax))
	}
	var toks []token
	for i := 0; ; {
		n, err := skipSpace(src, i)
		if err != nil {
			return nil, err
		}
		i = n
		if i == len(s) {
			return append(toks, token{kind: tokEnd, pos: i, end: i}), nil
		}
		tok, err := lexOne(src, i)
		if err != nil {
			return nil, err
		}
		toks = append(toks, tok)
		i = tok.end
	}
}

// skipSpace passes white space, -- comments and (nested) /* comments */.
func skipSpace(src *string, i int) (int, *Error) {
	s := *src
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "--"):
			if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(s)
			}
		case strings.HasPrefix(s[i:], "/*"):
			start, depth := i, 0
			for {
				switch {
				case strings.HasPrefix(s[i:], "/*"):
					depth++
					i += 2
				case strings.HasPrefix(s[i:], "*/"):
					depth--
					i += 2
				case i >= len(s):
					return 0, place{src, start}.errorf("close it with */", "the comment does not end")
				default:
					i++
				}
				if depth == 0 {
					break
				}
			}
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !unicode.IsSpace(r) {
				return i, nil
			}
			i += n
		}
	}
	return i, nil
}

func lexOne(src *string, i int) (token, *Error) {
	s := *src
	c := s[i]
	switch {
	case c == '\'':
		text, end, ok := lexQuoted(s, i, '\'')
		if !ok {
			return token{}, place{src, i}.errorf("close it with ', and write '' for a quote inside", "the text does not end")
		}
		return token{tokString, text, i, end}, nil
	case c == '"':
		text, end, ok := lexQuoted(s, i, '"')
		if !ok {
			return token{}, place{src, i}.errorf(`close it with ", and write "" for a quote inside`, "the quoted name does not end")
		}
		if text == "" {
			return token{}, place{src, i}.errorf("empty text is written ''", "a quoted name is empty")
		}
		return token{tokQuoted, text, i, end}, nil
	case isDigit(c) || c == '.' && i+1 < len(s) && isDigit(s[i+1]):
		return lexNumber(src, i)
	}
	if r, n := utf8.DecodeRuneInString(s[i:]); isIdentStart(r) {
		end := i + n
		for end < len(s) {
			r, n := utf8.DecodeRuneInString(s[end:])
			if !isIdentPart(r) {
				break
			}
			end += n
		}
		return token{tokIdent, s[i:end], i, end}, nil
	}
	for _, sym := range symbols {
		if strings.HasPrefix(s[i:], sym) {
			return token{tokSymbol, sym, i, i + len(sym)}, nil
		}
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return token{}, place{src, i}.errorf(symbolHints[c], fmt.Sprintf("%q is not an operator", s[i:i+n]))
}

// lexQuoted reads text up to the closing quote; a doubled quote is one.
func lexQuoted(s string, i int, quote byte) (text string, end int, ok bool) {
	var b strings.Builder
	for i++; ; {
		n := strings.IndexByte(s[i:], quote)
		if n < 0 {
			return "", 0, false
		}
		b.WriteString(s[i : i+n])
		i += n + 1
		if i >= len(s) || s[i] != quote {
			return b.String(), i, true
		}
		b.WriteByte(quote)
		i++
	}
}

func lexNumber(src *string, i int) (token, *Error) {
	s := *src
	end := i
	digits := func() {
		for end < len(s) && isDigit(s[end]) {
			end++
		}
	}
	digits()
	if end < len(s) && s[end] == '.' {
		end++
		digits()
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		mark := end
		end++
		if end < len(s) && (s[end] == '+' || s[end] == '-') {
			end++
		}
		if end < len(s) && isDigit(s[end]) {
			digits()
		} else {
			end = mark
		}
	}
	if r, _ := utf8.DecodeRuneInString(s[end:]); end < len(s) && (isIdentPart(r) || r == '.') {
		return token{}, place{src, i}.errorf(`a column name that starts with a digit is written in "quotes"`,
			fmt.Sprintf("%s is not a number", shorten(wordAt(s[i:]))))
	}
	return token{tokNumber, s[i:end], i, end}, nil
}

// wordAt returns the run of name characters and points at the start of s.
func wordAt(s string) string {
	n := strings.IndexFunc(s, func(r rune) bool { return !isIdentPart(r) && r != '.' })
	if n < 0 {
		return s
	}
	return s[:n]
}

func isDigit(c byte) bool { return c-'0' < 10 }

func isIdentStart(r rune) bool { return r == '_' || r != utf8.RuneError && unicode.IsLetter(r) }

func isIdentPart(r rune) bool {
	return isIdentStart(r) || r != utf8.RuneError && (unicode.IsDigit(r) || unicode.Is(unicode.Mn, r))
}
