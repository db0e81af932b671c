package expr

import (
	"bytes"
	"errors"
	"unicode"
	"unicode/utf8"
)

// likePattern is a compiled LIKE pattern: the pieces between the % signs. The
// first is anchored at the start and the last at the end unless a % stands
// there; the others are found from left to right, each as early as it can be,
// which finds a match if there is one.
type likePattern struct {
	pieces         []likePiece
	fromAny, toAny bool // a % stands at the start, at the end
	percent        bool // a % stands anywhere
	anyCase        bool
}

// likePiece is a part of a pattern without %. Without _ it is compared as bytes.
type likePiece struct {
	text []byte // folded for ILIKE
	any  []bool // per byte of text: it is a _ that stands for any character
	wild bool   // one of any is true
}

var errLikeEscape = errors.New("the pattern ends in its escape character; write it twice to mean itself")

// compileLike reads a pattern: % is any text, _ any one character, and the
// escape character, if there is one, takes their meaning from them.
func compileLike(pattern, escape string, anyCase bool) (*likePattern, error) {
	p := &likePattern{anyCase: anyCase}
	esc := rune(-1)
	if escape != "" {
		esc, _ = utf8.DecodeRuneInString(escape)
	}
	piece := likePiece{}
	first, last := true, false
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		last = false
		switch {
		case r == esc && !(r == utf8.RuneError && n == 1):
			i += n
			if i == len(pattern) {
				return nil, errLikeEscape
			}
			_, n = utf8.DecodeRuneInString(pattern[i:])
			piece.add(pattern[i:i+n], anyCase)
		case r == '%':
			p.percent = true
			if first && len(piece.text) == 0 {
				p.fromAny = true
			}
			if len(piece.text) > 0 {
				p.pieces = append(p.pieces, piece)
				piece = likePiece{}
			}
			last = true
		case r == '_':
			piece.text = append(piece.text, '_')
			piece.any = append(piece.any, true)
			piece.wild = true
		default:
			piece.add(pattern[i:i+n], anyCase)
		}
		first = false
		i += n
	}
	p.toAny = last
	if len(piece.text) > 0 {
		p.pieces = append(p.pieces, piece)
	}
	return p, nil
}

func (p *likePiece) add(s string, anyCase bool) {
	before := len(p.text)
	if anyCase {
		p.text = appendFolded(p.text, []byte(s))
	} else {
		p.text = append(p.text, s...)
	}
	p.any = append(p.any, make([]bool, len(p.text)-before)...)
}

// appendFolded appends s in the case that ILIKE compares in. Bytes that are no
// UTF-8 stay what they are.
func appendFolded(dst, s []byte) []byte {
	dst, rest := appendASCII(dst, s, 'A')
	return mapRunes(dst, rest, func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) })
}

// match returns how many bytes of the start of s the piece matches, -1 if it
// does not.
func (p *likePiece) match(s []byte) int {
	if !p.wild {
		if bytes.HasPrefix(s, p.text) {
			return len(p.text)
		}
		return -1
	}
	at := 0
	for i, c := range p.text {
		if at == len(s) {
			return -1
		}
		if !p.any[i] {
			if s[at] != c {
				return -1
			}
			at++
			continue
		}
		_, n := utf8.DecodeRune(s[at:])
		at += n
	}
	return at
}

// find returns where the piece matches first and where that match ends.
func (p *likePiece) find(s []byte) (start, end int) {
	if !p.wild {
		if i := bytes.Index(s, p.text); i >= 0 {
			return i, i + len(p.text)
		}
		return -1, -1
	}
	for at := 0; at < len(s); {
		if n := p.match(s[at:]); n >= 0 {
			return at, at + n
		}
		_, n := utf8.DecodeRune(s[at:])
		at += n
	}
	return -1, -1
}

// matchEnd reports whether the piece matches the end of s.
func (p *likePiece) matchEnd(s []byte) bool {
	if !p.wild {
		return bytes.HasSuffix(s, p.text)
	}
	// The piece takes one character of s for each of its own.
	at := len(s)
	for range p.characters() {
		if at == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(s[:at])
		at -= n
	}
	return p.match(s[at:]) == len(s)-at
}

// characters counts what the piece matches.
func (p *likePiece) characters() int { return utf8.RuneCount(p.text) }

// matches reports whether the whole of s, folded already for ILIKE, matches.
func (p *likePattern) matches(s []byte) bool {
	pieces := p.pieces
	if !p.percent {
		if len(pieces) == 0 {
			return len(s) == 0
		}
		return pieces[0].match(s) == len(s)
	}
	if !p.fromAny {
		n := pieces[0].match(s)
		if n < 0 {
			return false
		}
		s, pieces = s[n:], pieces[1:]
	}
	for i := range pieces {
		if i == len(pieces)-1 && !p.toAny {
			return pieces[i].matchEnd(s)
		}
		_, end := pieces[i].find(s)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	return p.toAny || len(s) == 0
}

// likeConstant matches text against one pattern.
func likeConstant(p *likePattern) kernel {
	return func(n int, live bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		clear(value)
		for i := range live.rows(n) {
			if p.matches(likeText(p, args[0].text(i), out)) {
				value.set(i)
			}
		}
		return nil
	}
}

func likeText(p *likePattern, s []byte, out *vector) []byte {
	if !p.anyCase {
		return s
	}
	out.own.text = appendFolded(out.own.text[:0], s)
	return out.own.text
}

// likeKernel matches text against a pattern of its row; the last one compiled
// is kept.
func likeKernel(escape string, anyCase bool) kernel {
	type compiled struct {
		text    string
		pattern *likePattern
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		value := out.makeBits(n)
		clear(value)
		c, _ := out.own.cache.(*compiled)
		for i := range live.rows(n) {
			text := args[1].text(i)
			if c == nil || c.text != string(text) {
				p, err := compileLike(string(text), escape, anyCase)
				if err != nil {
					return &fault{Row: i, Err: err}
				}
				c = &compiled{string(text), p}
				out.own.cache = c
			}
			if c.pattern.matches(likeText(c.pattern, args[0].text(i), out)) {
				value.set(i)
			}
		}
		return nil
	}
}
