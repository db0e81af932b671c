package hive

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirectory(t *testing.T) {
	for value, want := range map[string]string{
		"12": "z=12", "": "z=", "a b": "z=a%20b", "é/x": "z=%C3%A9%2Fx", "..": "z=.%2E", "../../etc/passwd": "z=..%2F..%2Fetc%2Fpasswd",
		"a=b%c": "z=a%3Db%25c", `q"'\:*?`: "z=q%22%27%5C%3A%2A%3F", "~-_.x": "z=~-_.x", "x.": "z=x%2E", "\n\x00": "z=%0A%00",
		"NULL": "z=NULL", "1e+300": "z=1e%2B300", NullValue: "z=%5F_HIVE_DEFAULT_PARTITION__", "A": "z=A", "a": "z=a", "con": "z=con",
		strings.Repeat("x", 253): "z=" + strings.Repeat("x", 253),
	} {
		if got, err := Directory("z", []byte(value), false); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", value, got, err, want)
		}
	}
	if got, err := Directory("z", nil, true); got != "z=__HIVE_DEFAULT_PARTITION__" || err != nil {
		t.Errorf("NULL: %q, %v", got, err)
	}
	if got, err := Directory("../a b", []byte("1"), false); got != "..%2Fa%20b=1" || err != nil {
		t.Errorf("a column with a path for a name: %q, %v", got, err)
	}
	if _, err := Directory("z", []byte(strings.Repeat("é", 43)), false); err == nil || !strings.Contains(err.Error(), "260 bytes") || !strings.Contains(err.Error(), `column "z"`) {
		t.Errorf("a long name: %v", err)
	}
}

// A name stays in its directory, is no other value's, and decodes to the value.
func FuzzDirectory(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a/b", "a\\b", "\x00", "é", "%41", NullValue, "x.", "x "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		name, err := Directory("z", []byte(value), false)
		if err != nil {
			if len(value)*3+2 <= nameBytesMax {
				t.Fatalf("%q: %v", value, err)
			}
			return
		}
		if len(name) > nameBytesMax || !filepath.IsLocal(name) || filepath.Base(name) != name || strings.HasSuffix(name, ".") {
			t.Fatalf("%q: the name %q", value, name)
		}
		back, err := url.PathUnescape(strings.TrimPrefix(name, "z="))
		if err != nil || back != value || name == "z="+NullValue {
			t.Fatalf("%q became %q, which reads as %q, %v", value, name, back, err)
		}
	})
}
