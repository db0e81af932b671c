// Package fetch downloads files over HTTP so that what arrives is the whole
// file or an error: retried, resumed, checked for length, bounded in time.
//
// Start at [Client.Download]; receive in download.go decides what an answer
// means. Nothing in an [Error] is secret.
package fetch

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Config says how patient a client is. All durations must be positive.
type Config struct {
	// Transport carries the requests; nil means one of the client's own,
	// which takes its proxy from the environment as curl does.
	Transport http.RoundTripper
	// Retries is how many tries in a row may bring nothing new after the
	// first; a try that brings more of the file starts the count again.
	Retries int
	// WaitMin is the pause before the first retry; it doubles with each
	// further one up to WaitMax. Half of it is random.
	WaitMin, WaitMax time.Duration
	// RetryAfterMax is the longest pause that a server may ask for.
	RetryAfterMax time.Duration
	// IdleTimeout ends a try that has brought no byte for so long.
	IdleTimeout time.Duration
	// Timeout ends a download, all tries and pauses together.
	Timeout time.Duration
	// Connections is how many unused connections to one host are kept.
	Connections int
}

const (
	connectTimeout = 15 * time.Second
	redirectsMax   = 10
	// triesMax bounds the tries of one download even if each brings
	// something new.
	triesMax  = 1000
	userAgent = "csvloom"
)

// Client downloads files. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	own    *http.Transport // nil when the transport is somebody else's
}

// NewClient returns a client; Close it after use.
func NewClient(config Config) *Client {
	c := &Client{config: config}
	transport := config.Transport
	if transport == nil {
		c.own = &http.Transport{
			Proxy:                 proxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout:   connectTimeout,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          config.Connections,
			MaxIdleConnsPerHost:   config.Connections,
			IdleConnTimeout:       config.IdleTimeout,
			ExpectContinueTimeout: time.Second,
			// A Content-Encoding that is undone on the way makes
			// Content-Length and Range speak of other bytes than ours.
			DisableCompression: true,
		}
		transport = c.own
	}
	c.http = &http.Client{
		Transport:     &idleTimeoutTransport{base: transport, limit: config.IdleTimeout},
		CheckRedirect: checkRedirect,
	}
	return c
}

// Close closes unused connections. Downloads must have ended.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// errProxy replaces an error that quotes the proxy's URL, password and all.
var errProxy = errors.New("the proxy address in the environment (HTTPS_PROXY, HTTP_PROXY) is not valid")

func proxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errProxy
	}
	return u, nil
}

// redirectError is a redirect that is not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// checkRedirect bounds redirects and keeps credentials at home. net/http has
// copied the first request's headers to r by now; it strips some of them on
// some changes of host, we strip all secret ones on any.
func checkRedirect(r *http.Request, via []*http.Request) error {
	first, last := via[0], via[len(via)-1]
	switch {
	case len(via) > redirectsMax:
		return &redirectError{"redirected more than 10 times"}
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return &redirectError{"redirected to something that is not http or https"}
	case last.URL.Scheme == "https" && r.URL.Scheme == "http":
		return &redirectError{"redirected from https to http, which is not followed"}
	}
	// A Referer would carry the query, signature and all, to the next host.
	r.Header.Del("Referer")
	for _, hop := range append(via[1:len(via):len(via)], r) {
		if !sameOrigin(first.URL, hop.URL) {
			for name := range r.Header {
				if !plainHeaders[name] {
					r.Header.Del(name)
				}
			}
			break
		}
	}
	return nil
}

// plainHeaders are the headers of ours that are no secret.
var plainHeaders = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "User-Agent": true, "Range": true, "If-Range": true,
}

// sameOrigin reports whether b is where a's credentials may go: the same host
// and port, or the step from http to https at their usual ports.
func sameOrigin(a, b *url.URL) bool {
	if a.Hostname() != b.Hostname() {
		return false
	}
	return port(a) == port(b) && a.Scheme == b.Scheme ||
		a.Scheme == "http" && b.Scheme == "https" && port(a) == "80" && port(b) == "443"
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
