package word

import (
	"bytes"
	"testing"
)

// Both forms access exactly these bytes, whatever the alignment.
func TestPlaces(t *testing.T) {
	text := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	for i := range len(text) - Bytes {
		want := uint64(0)
		for k := range 8 {
			want |= uint64(text[i+k]) << (8 * k)
		}
		if got := Load64(text, i); got != want {
			t.Errorf("Load64 at %d: %x, want %x", i, got, want)
		}
		for _, c := range []struct {
			stored string
			store  func(b []byte)
		}{
			{"\x34\x12", func(b []byte) { Store16(b, i, 0x1234) }},
			{"\x08\x07\x06\x05\x04\x03\x02\x01", func(b []byte) { Store64(b, i, 0x0102030405060708) }},
			{string(text[3 : 3+Bytes]), func(b []byte) { Copy(b, i, 3) }},
		} {
			got, want := bytes.Clone(text), bytes.Clone(text)
			copy(want[i:], c.stored)
			if c.store(got); !bytes.Equal(got, want) {
				t.Errorf("at %d: %q, want %q", i, got, want)
			}
		}
	}
}
