package charset

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// multibyte is an encoding of East Asia, with the tables of golang.org/x/text.
// Those decoders put U+FFFD where something is not defined; it is looked for in
// what they write.
type multibyte struct {
	t transform.Transformer
	// stateful says that the meaning of bytes depends on those before, so that a
	// stretch cannot be converted twice.
	stateful bool
	// defined says that the encoding has a code for U+FFFD.
	defined bool
}

// stretchBytes is how much is converted before it is looked for ASCII again.
const stretchBytes = 256

var replacement = []byte("\ufffd")

func (m *multibyte) decode(dst, src []byte, final bool) (written, used int, ok bool) {
	for used < len(src) && len(dst)-written >= roomBytes {
		rest, room := src[used:], dst[written:]
		if !m.stateful && rest[0] < utf8.RuneSelf {
			n := copyASCII(room, rest)
			written += n
			used += n
			continue
		}
		stretch := rest[:min(len(rest), stretchBytes)]
		last := final && len(stretch) == len(rest)
		var w, u int
		if m.stateful {
			w, u, ok = m.step(room, stretch, last)
		} else {
			w, u, _ = m.t.Transform(room, stretch, last)
			if ok = !bytes.Contains(room[:w], replacement); !ok {
				w, u, ok = m.steps(room, stretch, u, last)
			}
		}
		written += w
		used += u
		if !ok || u == 0 {
			return written, used, ok
		}
	}
	return written, used, true
}

// steps converts the first n bytes of src, of which some part may not be defined,
// one character at a time.
func (m *multibyte) steps(dst, src []byte, n int, final bool) (written, used int, ok bool) {
	for used < n && len(dst)-written >= roomBytes {
		w, u, ok := m.step(dst[written:], src[used:], final)
		written += w
		used += u
		if !ok || u == 0 {
			return written, used, ok
		}
	}
	return written, used, true
}

// step converts one character or switch of state.
func (m *multibyte) step(dst, src []byte, final bool) (written, used int, ok bool) {
	for n := 1; n <= len(src); n++ {
		w, u, _ := m.t.Transform(dst, src[:n], final && n == len(src))
		if u > 0 {
			if bytes.Contains(dst[:w], replacement) && !(m.defined && string(src[:u]) == "\x84\x31\xa4\x37") {
				return 0, 0, false
			}
			return w, u, true
		}
	}
	return 0, 0, true
}
