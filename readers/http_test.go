package readers

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"csvloom/readers/internal/fetch"
)

// quick are settings with which failures take milliseconds.
func quick() Options {
	return Options{HTTP: HTTPOptions{
		RetryWaitMin: time.Millisecond, RetryWaitMax: 4 * time.Millisecond,
		RetryAfterMax: 3 * time.Second, IdleTimeout: 5 * time.Second,
		Getenv: func(string) string { return "" },
	}}
}

// server answers with handler and counts requests.
func server(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &requests
}

// fetched opens the one input that a URL is.
func fetched(t *testing.T, o Options, rawURL string) (string, error) {
	t.Helper()
	return content(t.Context(), discover(t, o, rawURL).Inputs()[0])
}

var body = strings.Repeat("0123456789abcdef", 1<<15) // 512 KiB

// cut writes part of a body of the declared length and breaks the connection.
func cut(w http.ResponseWriter, part string) {
	_, _ = io.WriteString(w, part)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestURL(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding: %q", got)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(w, body)
	})
	set := discover(t, quick(), s.URL+"/a.csv?x=1#frag", s.URL+"/a.csv?x=1", s.URL+"/a.csv?x=2")
	if got, want := names(set), s.URL+"/a.csv?x=*** "+s.URL+"/a.csv?x=***#2"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	if len(set.Notes()) != 1 {
		t.Errorf("notes: %q", set.Notes())
	}
	for range 2 {
		for _, in := range set.Inputs() {
			if mustContent(t, in) != body {
				t.Error("content differs")
			}
		}
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}
	if n := set.Inputs()[0].SizeHint(); n != int64(len(body)) {
		t.Errorf("size %d", n)
	}
	if ended, total, bytes := set.FetchProgress(); ended != 2 || total != 2 || bytes != 2*int64(len(body)) {
		t.Errorf("progress %d of %d, %d bytes", ended, total, bytes)
	}
	if err := set.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestURLCompressed(t *testing.T) {
	plain := text()
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/labelled":
			w.Header().Set("Content-Encoding", "gzip")
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
		}
		_, _ = w.Write(gzipped(t, plain, ""))
	})
	for _, path := range []string{"/x.csv.gz", "/labelled"} {
		if got, err := fetched(t, quick(), s.URL+path); got != string(plain) || err != nil {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	_, err := fetched(t, quick(), s.URL+"/brotli")
	if err == nil || !strings.HasSuffix(err.Error(), "although it was asked not to (1 try)") {
		t.Errorf("brotli: %v", err)
	}
}

func TestURLRetries(t *testing.T) {
	for _, c := range []struct {
		name     string
		statuses []int // the last one goes on
		tries    int64
		want     string // of the error; empty: succeeds
	}{
		{"at once", []int{200}, 1, ""},
		{"500 then fine", []int{500, 502, 503, 504, 429, 200}, 6, ""},
		{"408 then fine", []int{408, 425, 200}, 3, ""},
		{"500 for good", []int{500}, 6, "HTTP 500 Internal Server Error (6 tries)"},
		{"404", []int{404}, 1, "HTTP 404 Not Found (1 try)"},
		{"404 after 500", []int{500, 404}, 2, "HTTP 404 Not Found (2 tries)"},
		{"401", []int{401}, 1, "HTTP 401 Unauthorized; the server wants other credentials (1 try)"},
		{"501", []int{501}, 1, "HTTP 501 Not Implemented (1 try)"},
		{"204", []int{204}, 1, "HTTP 204 No Content (1 try)"},
		{"206 unasked", []int{206}, 1, "HTTP 206 Partial Content (1 try)"},
		{"unknown", []int{599}, 6, "HTTP 599 (6 tries)"},
		{"redirect to nowhere", []int{304}, 1, "HTTP 304 Not Modified (1 try)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n atomic.Int64
			s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
				i := min(int(n.Add(1)), len(c.statuses)) - 1
				w.WriteHeader(c.statuses[i])
				if c.statuses[i] == 200 {
					_, _ = io.WriteString(w, "fine")
				}
			})
			got, err := fetched(t, quick(), s.URL+"/x")
			if c.want == "" && (got != "fine" || err != nil) {
				t.Errorf("got %q, %v", got, err)
			}
			if want := fmt.Sprintf("cannot fetch %q: %s", s.URL+"/x", c.want); c.want != "" && (err == nil || err.Error() != want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if requests.Load() != c.tries {
				t.Errorf("%d requests, want %d", requests.Load(), c.tries)
			}
			var failed *fetch.Error
			if c.want != "" && (!errors.As(err, &failed) || failed.Status != c.statuses[len(c.statuses)-1] || int64(failed.Tries) != c.tries) {
				t.Errorf("%+v", failed)
			}
		})
	}
}

func TestURLRetryAfter(t *testing.T) {
	var first, second time.Time
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/long":
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(503)
		case first.IsZero():
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
		default:
			second = time.Now()
		}
	})
	if _, err := fetched(t, quick(), s.URL); err != nil {
		t.Error(err)
	}
	if waited := second.Sub(first); waited < 900*time.Millisecond || waited > 3*time.Second {
		t.Errorf("waited %v", waited)
	}
	requests.Store(0)
	_, err := fetched(t, quick(), s.URL+"/long")
	if err == nil || !strings.HasSuffix(err.Error(), "HTTP 503 Service Unavailable; the server asks to come back in 1h0m0s (1 try)") || requests.Load() != 1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

// pieces serves body a piece at a time, the connection breaking after each, as
// http.ServeContent would if nothing broke.
type pieces struct {
	mu       sync.Mutex
	served   []string // Range headers, "" for none
	sent     []int    // bytes of each answer, the last one for all further ones
	etag     func(n int) string
	modified string
	ranges   bool
	wrong    bool // answer range requests with another range
	total    bool // tell the length in Content-Range
	chunked  bool // do not tell the length
}

func (p *pieces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	n := len(p.served)
	p.served = append(p.served, r.Header.Get("Range"))
	p.mu.Unlock()
	etag := ""
	if p.etag != nil {
		etag = p.etag(n)
		w.Header().Set("ETag", etag)
	}
	if p.modified != "" {
		w.Header().Set("Last-Modified", p.modified)
	}
	start := 0
	match := r.Header.Get("If-Range")
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start); err == nil && p.ranges && (match == etag || match == p.modified) {
		total := "*"
		if p.total {
			total = strconv.Itoa(len(body))
		}
		if start >= len(body) {
			w.Header().Set("Content-Range", "bytes */"+strconv.Itoa(len(body)))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		if p.wrong {
			start--
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%s", start, len(body)-1, total))
		w.Header().Set("Content-Length", strconv.Itoa(len(body)-start))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		start = 0
		if !p.chunked {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
	}
	size := p.sent[min(n, len(p.sent)-1)]
	if rest := body[start:]; size < len(rest) || p.chunked && size == len(rest) {
		cut(w, rest[:size])
	} else {
		_, _ = io.WriteString(w, rest)
	}
}

func TestURLResume(t *testing.T) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	always := func(tag string) func(int) string { return func(int) string { return tag } }
	all := len(body)
	for _, c := range []struct {
		name   string
		server *pieces
		want   string // the ranges asked for; "-" for the whole file
		err    string
	}{
		{"by ETag", &pieces{sent: []int{100_000, 200_000, all}, etag: always(`"v1"`), ranges: true, total: true}, "- 100000 300000", ""},
		{"by date", &pieces{sent: []int{100_000, all}, modified: date, ranges: true, total: true}, "- 100000", ""},
		{"length untold", &pieces{sent: []int{100_000, all}, etag: always(`"v1"`), ranges: true}, "- 100000", ""},
		{"chunked", &pieces{sent: []int{100_000, all}, etag: always(`"v1"`), ranges: true, total: true, chunked: true}, "- 100000", ""},
		{"chunked, cut at the very end", &pieces{sent: []int{all, all}, etag: always(`"v1"`), ranges: true, chunked: true}, "- 524288", ""},
		{"ranges not served", &pieces{sent: []int{100_000, all}, etag: always(`"v1"`)}, "- 100000", ""},
		{"no validator", &pieces{sent: []int{100_000, all}, ranges: true}, "- -", ""},
		{"weak validator", &pieces{sent: []int{100_000, all}, etag: always(`W/"v1"`), ranges: true}, "- -", ""},
		{"file changed", &pieces{sent: []int{100_000, all}, etag: func(n int) string { return fmt.Sprintf(`"v%d"`, n) }, ranges: true}, "- 100000", ""},
		{"another range than asked for", &pieces{sent: []int{100_000, all}, etag: always(`"v1"`), ranges: true, wrong: true}, "- 100000 -", ""},
		// Each piece is progress: more tries than may fail in a row.
		{"many pieces", &pieces{sent: []int{40_000}, etag: always(`"v1"`), ranges: true}, "- 40000 80000 120000 160000 200000 240000 280000 320000 360000 400000 440000 480000 520000", ""},
		{"never whole", &pieces{sent: []int{100_000}}, "- - - - - -", "only 100000 of 524288 bytes arrived (6 tries)"},
		{"nothing comes", &pieces{sent: []int{0}, etag: always(`"v1"`), ranges: true}, "- - - - - -", "only 0 of 524288 bytes arrived (6 tries)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(c.server)
			defer s.Close()
			got, err := fetched(t, quick(), s.URL)
			if c.err == "" && (got != body || err != nil) {
				t.Errorf("%d of %d bytes, %v", len(got), len(body), err)
			}
			if c.err != "" && (err == nil || !strings.HasSuffix(err.Error(), c.err)) {
				t.Errorf("got  %v\nwant %s", err, c.err)
			}
			var ranges []string
			for _, r := range c.server.served {
				r = strings.TrimSuffix(strings.TrimPrefix(r, "bytes="), "-")
				if r == "" {
					r = "-"
				}
				ranges = append(ranges, r)
			}
			if got := strings.Join(ranges, " "); got != c.want {
				t.Errorf("ranges %s, want %s", got, c.want)
			}
		})
	}
}

func TestURLTimeouts(t *testing.T) {
	release := make(chan struct{})
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/body":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "some")
			_ = http.NewResponseController(w).Flush()
		case "/error":
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(500)
			_ = http.NewResponseController(w).Flush()
		case "/trickle":
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
			return
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	o := quick()
	o.HTTP.Retries = 1
	o.HTTP.IdleTimeout = 50 * time.Millisecond
	for path, want := range map[string]string{
		"/head":  "no data for 50ms (2 tries)",
		"/body":  "no data for 50ms (2 tries)",
		"/error": "HTTP 500 Internal Server Error (2 tries)",
	} {
		requests.Store(0)
		start := time.Now()
		_, err := fetched(t, o, s.URL+path)
		if err == nil || !strings.HasSuffix(err.Error(), want) || requests.Load() != 2 {
			t.Errorf("%s: %d requests, %v", path, requests.Load(), err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v", path, took)
		}
	}
	o.HTTP.Timeout = 100 * time.Millisecond
	if _, err := fetched(t, o, s.URL+"/trickle"); err == nil || !strings.HasSuffix(err.Error(), "not finished after 100ms (1 try)") {
		t.Errorf("trickle: %v", err)
	}
}

func TestURLNoServer(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := fetched(t, quick(), s.URL)
	if err == nil || !strings.HasSuffix(err.Error(), "cannot connect: connection refused (6 tries)") && runtime.GOOS != "windows" {
		t.Errorf("got %v", err)
	}
	s, _ = server(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	_, err = fetched(t, quick(), s.URL)
	if err == nil || !strings.HasSuffix(err.Error(), "the server closed the connection without an answer (6 tries)") {
		t.Errorf("got %v", err)
	}
	_, err = fetched(t, quick(), strings.Replace(s.URL, "http://", "https://", 1))
	if err == nil || !strings.HasSuffix(err.Error(), "is it http:// instead of https://? (1 try)") {
		t.Errorf("got %v", err)
	}
	_, err = fetched(t, quick(), "http://no-such-host.invalid/")
	if err == nil || !strings.Contains(err.Error(), `cannot find the host "no-such-host.invalid"`) {
		t.Logf("without DNS this says something else: %v", err)
	}
}

func TestURLCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, err := fetched(t, quick(), s.URL)
	if err == nil || !strings.HasSuffix(err.Error(), "signed by an authority that is not trusted here (1 try)") {
		t.Errorf("got %v", err)
	}
}

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

func TestURLsAreFetchedTogether(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		_, _ = io.WriteString(w, r.URL.Path)
	})
	var args []string
	for i := range 100 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	start := time.Now()
	o := quick()
	set := discover(t, o, args...)
	for i, in := range set.Inputs() {
		if got := mustContent(t, in); got != fmt.Sprintf("/%d", i) {
			t.Errorf("input %d is %q", i, got)
		}
	}
	took := time.Since(start)
	t.Logf("100 URLs of 200 ms in %v", took)
	if took > time.Second || requests.Load() != 100 {
		t.Errorf("took %v and %d requests", took, requests.Load())
	}
}

func TestURLConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int64
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
	})
	var args []string
	for i := range 30 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	o := quick()
	o.FetchConcurrency = 3
	if err := discover(t, o, args...).Wait(t.Context()); err != nil || most.Load() != 3 {
		t.Errorf("%d at once, %v", most.Load(), err)
	}
}

// The failure that is reported is the first in input order, however late it
// comes; downloads after it are given up.
func TestURLFirstFailure(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1":
			time.Sleep(100 * time.Millisecond)
			w.WriteHeader(410)
		case "/2":
			w.WriteHeader(404)
		case "/3":
			<-r.Context().Done()
		default:
			_, _ = io.WriteString(w, "fine")
		}
	})
	var args []string
	for i := range 100 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	o := quick()
	o.FetchConcurrency = 4
	set := discover(t, o, args...)
	want := fmt.Sprintf("cannot fetch %q: HTTP 410 Gone (1 try)", s.URL+"/1")
	if err := set.Wait(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, i := range []int{1, 3, 99} {
		if _, err := set.Inputs()[i].Open(t.Context()); err == nil || err.Error() != want {
			t.Errorf("input %d: %v", i, err)
		}
	}
	if got := mustContent(t, set.Inputs()[0]); got != "fine" {
		t.Errorf("input 0: %q", got)
	}
	if n := requests.Load(); n > 10 {
		t.Errorf("%d requests although the run had failed", n)
	}

	o.OnSourceError = Skip
	set = discover(t, o, args[0], args[1], args[2], args[4])
	if err := set.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	var got []string
	for _, in := range set.Inputs() {
		text, err := content(t.Context(), in)
		if err != nil && !errors.Is(err, ErrSkipped) {
			t.Error(err)
		}
		got = append(got, text)
	}
	if strings.Join(got, ",") != "fine,,,fine" {
		t.Errorf("got %q", got)
	}
	if f := set.Failures(); len(f) != 2 || f[0].Name != s.URL+"/1" || f[1].Name != s.URL+"/2" {
		t.Errorf("failures: %v", f)
	}
}

func TestURLCancelled(t *testing.T) {
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/retry" {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(503)
			return
		}
		<-r.Context().Done()
	})
	for name, end := range map[string]func(*Set, context.CancelFunc){
		"the caller's context": func(_ *Set, cancel context.CancelFunc) { cancel() },
		"Close":                func(s *Set, _ context.CancelFunc) { _ = s.Close() },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		set, err := Discover(ctx, []string{s.URL + "/a", s.URL + "/retry", s.URL + "/c"}, quick())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(30*time.Millisecond, func() { end(set, cancel) })
		start := time.Now()
		for _, in := range set.Inputs() {
			if _, err := in.Open(t.Context()); !errors.Is(err, context.Canceled) && !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			if err := set.Close(); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		cancel()
	}
	// Waiting can be given up while the download goes on.
	set := discover(t, quick(), s.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := set.Inputs()[0].Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestURLSpoolLimits(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/told" {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		_, _ = io.WriteString(w, body)
	})
	o := quick()
	o.OnSourceError = Skip // our own limits are no fault of the source
	o.Limits.SpoolBytes = 100_000
	for path, want := range map[string]string{
		"/told":   "cannot keep the data in a temporary file: 524288 bytes are more than the limit of 100000",
		"/untold": "cannot keep the data in a temporary file: the limit of 100000 bytes for all such data is reached",
	} {
		requests.Store(0)
		_, err := fetched(t, o, s.URL+path)
		if err == nil || !strings.HasSuffix(err.Error(), want) || requests.Load() != 1 || errors.Is(err, ErrSkipped) {
			t.Errorf("%s: %v", path, err)
		}
	}
	o = quick()
	o.TempDir = t.TempDir() + "/none"
	if _, err := fetched(t, o, s.URL); err == nil || !strings.HasSuffix(err.Error(), "choose another directory for temporary files") {
		t.Errorf("got %v", err)
	}
}
