package charset

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
)

// Charset is an encoding of text. It is immutable.
type Charset struct {
	name string
	// start returns the decoder of one text; nil: it is UTF-8 already.
	start func() decode
	// family is the charsets of which one is meant: their order of bytes is
	// found by [Detect], and is that of the first where nothing shows it.
	family []*Charset
}

// Name is the encoding's name in lower case, such as "utf-16le" or "shift_jis".
func (c *Charset) Name() string { return c.name }

// UTF8 is the encoding that needs no conversion.
var UTF8 = &Charset{name: "utf-8"}

var (
	utf16LE = &Charset{name: "utf-16le", start: func() decode { return decodeUTF16LE }}
	utf16BE = &Charset{name: "utf-16be", start: func() decode { return decodeUTF16BE }}
	utf32LE = &Charset{name: "utf-32le", start: func() decode { return decodeUTF32LE }}
	utf32BE = &Charset{name: "utf-32be", start: func() decode { return decodeUTF32BE }}
	utf16   = &Charset{name: "utf-16", family: []*Charset{utf16LE, utf16BE}}
	utf32   = &Charset{name: "utf-32", family: []*Charset{utf32LE, utf32BE}}
)

// own are the encodings that golang.org/x/text is not asked for.
var own = map[string]*Charset{
	"utf-8": UTF8, "utf8": UTF8, "utf_8": UTF8,
	"utf-16": utf16, "utf16": utf16, "utf-32": utf32, "utf32": utf32,
	"utf-16le": utf16LE, "utf16le": utf16LE, "utf-16be": utf16BE, "utf16be": utf16BE,
	"utf-32le": utf32LE, "utf32le": utf32LE, "utf-32be": utf32BE, "utf32be": utf32BE,
	// The WHATWG takes ASCII for windows-1252; here it is what it says.
	"ascii": ascii, "us-ascii": ascii,
}

var ascii = func() *Charset {
	var t table
	for i := range utf8.RuneSelf {
		t.runes[i] = newCell(rune(i))
	}
	t.asciiBased = true
	return &Charset{name: "us-ascii", start: func() decode { return t.decode }}
}()

// aliases are names that are in use and in neither registry.
var aliases = map[string]string{
	"latin-1": "latin1", "latin-2": "latin2", "latin9": "iso-8859-15", "latin-9": "iso-8859-15",
	"eucjp": "euc-jp", "euckr": "euc-kr",
}

// Names lists the names to suggest to somebody who has misspelt one. Lookup knows
// more: all labels of the WHATWG Encoding Standard and of IANA's registry for
// these encodings.
func Names() []string {
	return []string{
		"big5", "euc-jp", "euc-kr", "gb18030", "gb2312", "gbk", "ibm437", "ibm850", "ibm852", "ibm866",
		"iso-2022-jp", "iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6",
		"iso-8859-7", "iso-8859-8", "iso-8859-9", "iso-8859-10", "iso-8859-13", "iso-8859-14",
		"iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u", "latin1", "latin2", "latin9", "macintosh", "shift_jis",
		"us-ascii", "utf-16", "utf-16be", "utf-16le", "utf-32", "utf-32be", "utf-32le", "utf-8", "windows-1250",
		"windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
		"windows-1257", "windows-1258", "windows-874",
	}
}

// Lookup returns the encoding of that name, in any case, or nil if there is none.
// Names mean what the WHATWG Encoding Standard (https://encoding.spec.whatwg.org,
// section 4.2) says, so that latin1 is windows-1252, of which it is a part as far
// as printable characters go; names that it lacks, what IANA's registry says.
func Lookup(name string) *Charset {
	name = strings.ToLower(strings.TrimSpace(name))
	if c, ok := own[name]; ok {
		return c
	}
	label := name
	if other, ok := aliases[name]; ok {
		label = other
	}
	if rest, ok := strings.CutPrefix(label, "cp"); ok && strings.HasPrefix(rest, "125") {
		label = "windows-" + rest
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		for _, index := range []*ianaindex.Index{ianaindex.IANA, ianaindex.MIME} {
			if e, err = index.Encoding(label); err == nil && e != nil {
				break
			}
		}
	}
	if err != nil || e == nil {
		return nil
	}
	canonical, err := htmlindex.Name(e)
	if err != nil {
		if canonical, err = ianaindex.MIME.Name(e); err != nil || canonical == "" {
			canonical = name
		}
	}
	canonical = strings.ToLower(canonical)
	if c, ok := own[canonical]; ok {
		return c
	}
	switch e := e.(type) {
	case *charmap.Charmap:
		t := newTable(e)
		return &Charset{name: canonical, start: func() decode { return t.decode }}
	default:
		if canonical == "replacement" || e == encoding.Replacement || e == encoding.Nop {
			return nil
		}
	}
	stateful := e == japanese.ISO2022JP
	return &Charset{name: canonical, start: func() decode {
		return (&multibyte{t: e.NewDecoder().Transformer, stateful: stateful, defined: canonical == "gb18030"}).decode
	}}
}

// Resolve returns the encoding of a text that is declared to be in c and starts
// with head, and the length of its byte order mark. A mark is certain, so it
// counts for more than what was declared. With c nil, nothing is declared: the
// result is what Detect finds, or else UTF-8. The whole says that head is the
// whole text.
func (c *Charset) Resolve(head []byte, whole bool) (found *Charset, markBytes int) {
	if found, markBytes = detectMark(head); found != nil {
		return found, markBytes
	}
	switch {
	case c == nil:
		found = detectZeros(head, whole)
	case c.family != nil:
		if found = detectZeros(head, whole); !slices.Contains(c.family, found) {
			found = c.family[0]
		}
	default:
		found = c
	}
	if found == nil {
		found = UTF8
	}
	return found, 0
}
