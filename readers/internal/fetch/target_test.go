package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTargetName(t *testing.T) {
	for raw, want := range map[string]string{
		"http://host/a/b.csv":                          "http://host/a/b.csv",
		"HTTPS://user:pa%40ss@Host:8443/x?sig=abc&n=1": "https://Host:8443/x?sig=***&n=***",
		"http://token@host/":                           "http://host/",
		"http://host/x?abcdef":                         "http://host/x?***",
		"http://host/x?a=1;b=2":                        "http://host/x?a=***",
		"http://host/x?a;b=2":                          "http://host/x?***",
		"http://host/x?a==&&b":                         "http://host/x?a=***&***&***",
		"http://host/x?#secret":                        "http://host/x",
		"http://host/a@b":                              "http://host/a@b",
		"http://host/a%2Fb%20c":                        "http://host/a%2Fb%20c",
		"http://[::1]:80/":                             "http://[::1]:80/",
		"http:///x":                                    "",
		"http://user:p@ss/word@host/":                  "", // as parsed, "ss" is the host and "word@host" the path
		"http://host:port/":                            "",
		"http:host":                                    "",
		"http://us er@host/":                           "",
		"http://host/\x7f":                             "",
		"ftp://host/":                                  "",
	} {
		target, err := ParseTarget(raw, nil)
		switch {
		case want == "":
			if !errors.Is(err, ErrURL) {
				t.Errorf("%s: %v", raw, err)
			}
		case err != nil:
			t.Errorf("%s: %v", raw, err)
		case target.Name() != want:
			t.Errorf("%s is shown as %s, want %s", raw, target.Name(), want)
		}
	}
}

func TestCredentials(t *testing.T) {
	c, err := ParseCredentials("# comment\n\n example.org  Authorization: Bearer abc \r\nExample.org X-Key: 1\nb.org:81 X-Key: 2\n[::1]:80 X-Key: 3\n")
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"https://example.org/":      "map[Authorization:[Bearer abc] X-Key:[1]]",
		"http://EXAMPLE.org:8080/":  "map[Authorization:[Bearer abc] X-Key:[1]]",
		"http://www.example.org/":   "map[]",
		"http://b.org/":             "map[]",
		"http://b.org:81/":          "map[X-Key:[2]]",
		"http://[::1]:80/":          "map[X-Key:[3]]",
		"http://u:pw@example.org/x": "map[Authorization:[Basic dTpwdw==] X-Key:[1]]",
	} {
		target, err := ParseTarget(raw, c)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(target.headers); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	for _, text := range []string{"secret", "host secret", "host :secret", "host Name:", "http://host Name: secret", "u@host Name: secret", "host Na me: secret", "host Host: secret"} {
		if _, err := ParseCredentials("\n" + text); err == nil ||
			err.Error() != "line 2 does not read HOST NAME: VALUE, such as example.org Authorization: Bearer abc" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"http://h/a", "http://h/b", true},
		{"http://h/", "http://h:80/", true},
		{"http://h/", "https://h/", true},
		{"http://h:8080/", "https://h:8443/", false},
		{"http://h:8080/", "http://h/", false},
		{"https://h/", "http://h/", false},
		{"https://h/", "https://sub.h/", false},
		{"https://h:443/", "https://h/", true},
	} {
		a, _ := url.Parse(c.a)
		b, _ := url.Parse(c.b)
		if sameOrigin(a, b) != c.want {
			t.Errorf("%s to %s: %v", c.a, c.b, !c.want)
		}
	}
}

func TestContentRange(t *testing.T) {
	for s, want := range map[string]string{
		"bytes 5-9/10": "5 10 true", "bytes 0-0/1": "0 1 true", "bytes 5-9/*": "5 -1 true",
		"bytes 5-10/10": "false", "bytes 9-5/10": "false", "bytes -5-9/10": "false", "bytes */10": "false",
		"5-9/10": "false", "": "false", "bytes 5-9": "false", "bytes a-9/10": "false", "bytes 5-9/a": "false",
		"bytes 5-99999999999999999999/*": "false",
	} {
		start, total, ok := parseContentRange(s)
		got := fmt.Sprint(start, total, ok)
		if !ok {
			got = "false"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	answer := func(code int, value string) *http.Response {
		return &http.Response{StatusCode: code, Header: http.Header{"Retry-After": {value}}}
	}
	for _, c := range []struct {
		resp *http.Response
		want time.Duration
		ok   bool
	}{
		{nil, 0, false},
		{answer(503, ""), 0, false},
		{answer(503, "soon"), 0, false},
		{answer(503, "-1"), 0, false},
		{answer(429, "7"), 7 * time.Second, true},
		{answer(429, "99999999999999999999"), 0, false},
		{answer(429, "4294967295"), 4294967295 * time.Second, true},
		{answer(200, "7"), 0, false},
		{answer(503, "Mon, 02 Jan 2006 15:04:05 GMT"), 0, true},
	} {
		if got, ok := retryAfter(c.resp); got != c.want || ok != c.ok {
			t.Errorf("%v: %v, %v", c.resp, got, ok)
		}
	}
	in := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if got, ok := retryAfter(answer(503, in)); !ok || got < 59*time.Minute || got > time.Hour {
		t.Errorf("in an hour: %v, %v", got, ok)
	}
}

func TestBackoff(t *testing.T) {
	d := &download{config: &Config{}}
	for fruitless, most := range []time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1000, 30: 1000, 99: 1000} {
		if most == 0 {
			continue
		}
		most *= time.Millisecond
		d.fruitless = fruitless
		seen := make(map[time.Duration]bool)
		for range 20 {
			wait := d.backoff(100*time.Millisecond, time.Second, 0, nil)
			if wait < most/2 || wait > most {
				t.Errorf("after %d tries: %v, want %v to %v", fruitless, wait, most/2, most)
			}
			seen[wait] = true
		}
		if len(seen) < 2 {
			t.Error("no jitter")
		}
	}
}

func FuzzTargetName(f *testing.F) {
	for _, raw := range []string{"http://u:secret@h/", "http://h/?a=secret", "https://h/#secret", "http://u:secret@h:1/?secret&b=secret;secret"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		target, err := ParseTarget(raw, nil)
		if err != nil {
			return
		}
		shown, err := url.Parse(target.Name())
		if err != nil {
			t.Skip() // a masked query may not parse; it is never requested
		}
		if shown.User != nil || shown.Fragment != "" {
			t.Errorf("%q is shown as %q", raw, target.Name())
		}
		for key, values := range shown.Query() {
			for _, v := range values {
				if v != mask && v != "" || v == "" && key != mask {
					t.Errorf("%q is shown as %q", raw, target.Name())
				}
			}
		}
	})
}
