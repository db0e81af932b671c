package readers

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
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
