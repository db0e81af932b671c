package readers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestURLRedirects(t *testing.T) {
	other, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if s := strings.Join(values, " "); name == "Referer" || strings.Contains(s, "secret") || name == "Authorization" {
				t.Errorf("%s: %s went to another host", name, s)
			}
		}
		if back := r.URL.Query().Get("back"); back != "" {
			http.Redirect(w, r, back, http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "other")
	})
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:secretword"))
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		switch {
		case r.URL.Path == "/away":
			if r.Header.Get("Authorization") != basic || r.Header.Get("X-Key") != "secretkey" {
				t.Errorf("credentials are missing: %v", r.Header)
			}
			http.Redirect(w, r, other.URL+"/x?back="+url.QueryEscape(r.URL.Query().Get("back")), http.StatusFound)
		case r.URL.Path == "/back":
			if r.Header.Get("Authorization") != "" || r.Header.Get("X-Key") != "" {
				t.Errorf("credentials after a detour: %v", r.Header)
			}
			_, _ = io.WriteString(w, "back")
		case r.URL.Path == "/ftp":
			http.Redirect(w, r, "ftp://u:secretftp@host/?sig=secretsig", http.StatusFound)
		case n > 0:
			if r.Header.Get("Authorization") != basic {
				t.Errorf("credentials are missing after a redirect: %v", r.Header)
			}
			http.Redirect(w, r, fmt.Sprintf("/?n=%d", n-1), http.StatusMovedPermanently)
		default:
			_, _ = io.WriteString(w, "here")
		}
	})
	o := quick()
	host := strings.TrimPrefix(s.URL, "http://")
	o.HTTP.Getenv = func(name string) string {
		if name != HeaderVariable {
			t.Errorf("reads %s", name)
		}
		return host + " X-Key: secretkey"
	}
	withUser := "http://user:secretword@" + host
	for path, want := range map[string]string{
		"/?n=10": "here",
		"/away":  "other",
		"/away?back=" + url.QueryEscape(s.URL+"/back"): "back",
	} {
		if got, err := fetched(t, o, withUser+path); got != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{
		"/?n=11": `/?n=***": redirected more than 10 times (1 try)`,
		"/ftp":   `/ftp": redirected to something that is not http or https (1 try)`,
	} {
		requests.Store(0)
		_, err := fetched(t, o, withUser+path)
		if err == nil || err.Error() != `cannot fetch "`+s.URL+want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestURLSecurityOfTransport(t *testing.T) {
	plain, _ := server(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "plain") })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plain.URL+"/?sig=secret", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "secure")
	}))
	defer secure.Close()
	up, _ := server(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, secure.URL, http.StatusFound) })
	o := quick()
	o.HTTP.Transport = secure.Client().Transport
	if got, err := fetched(t, o, up.URL); got != "secure" || err != nil {
		t.Errorf("http to https: %q, %v", got, err)
	}
	_, err := fetched(t, o, secure.URL+"/down")
	if err == nil || !strings.HasSuffix(err.Error(), "redirected from https to http, which is not followed (1 try)") {
		t.Errorf("https to http: %v", err)
	}
}

// Nothing secret may be in any error, name or note, whatever goes wrong.
func TestURLSecretsAreNotShown(t *testing.T) {
	release := make(chan struct{})
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		everything := r.URL.String() + " " + r.Header.Get("Authorization") + " " + r.Header.Get("X-Key")
		switch r.URL.Path {
		case "/malformed":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "NOHTTP "+everything+"\r\n\r\n")
			_ = conn.Close()
		case "/badheader":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+everything+"\r\n\r\n")
			_ = conn.Close()
		case "/redirect":
			http.Redirect(w, r, "http://user9:secret4word@127.0.0.1:1/?sig=secret5sig", http.StatusFound)
		case "/badredirect":
			w.Header().Set("Location", "http://user9:secret4word@host:port/?sig=secret5sig%zz")
			w.WriteHeader(302)
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			cut(w, everything)
		case "/hang":
			<-release
		case "/encoding":
			w.Header().Set("Content-Encoding", everything)
		default:
			w.Header().Set("Retry-After", "9999")
			w.WriteHeader(429)
			_, _ = io.WriteString(w, everything)
		}
	})
	defer close(release)
	o := quick()
	o.HTTP.Retries = 1
	o.HTTP.IdleTimeout = 50 * time.Millisecond
	o.OnSourceError = Skip
	host := strings.TrimPrefix(s.URL, "http://")
	o.HTTP.Getenv = func(string) string { return "127.0.0.1 X-Key: Token secret3key" }
	var shown []string
	show := func(values ...any) {
		for _, v := range values {
			shown = append(shown, fmt.Sprintf("%v %+v %#v", v, v, v))
		}
	}
	secret := func(where string) string {
		return "http://secret0user:secret1%40word@" + where + "?sig=secret2sig%2B&secret6token"
	}
	args := []string{secret("no-such-host.invalid/"), secret("127.0.0.1:1/"), secret(host + "/"), secret(host + "/")}
	for _, path := range []string{"malformed", "badheader", "redirect", "badredirect", "cut", "hang", "encoding"} {
		args = append(args, secret(host+"/"+path))
	}
	set := discover(t, o, args...)
	for _, in := range set.Inputs() {
		_, err := content(t.Context(), in)
		if err == nil {
			t.Errorf("%s did not fail", in.Name)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			show(err)
		}
		show(in.Name)
	}
	show(set.Failures())
	for _, n := range set.Notes() {
		show(n)
	}
	if len(set.Failures()) != len(args)-1 || len(set.Notes()) != 1 {
		t.Errorf("%d failures, notes %q", len(set.Failures()), set.Notes())
	}
	for _, arg := range []string{
		"http://user:secret1%zz@host/", "http://user:secret 1@host/", "http://user:secret1@host:secret2/", "http://user:p@secret1/secret2@host/",
		"s3://user:secret1@bucket/", "http://secret1:secret2@/", "http://h\x00/?secret1",
	} {
		_, err := Discover(t.Context(), []string{arg}, o)
		if err == nil {
			t.Errorf("%s is accepted", arg)
		}
		show(err, Redacted(arg))
	}
	show(Redacted(args[0]))
	for _, text := range shown {
		for _, s := range []string{"secret", base64.StdEncoding.EncodeToString([]byte("secret0user:secret1@word"))} {
			if strings.Contains(text, s) {
				t.Errorf("%s is shown: %s", s, text)
			}
		}
	}
}
