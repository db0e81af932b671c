package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Destination receives a download. Its Write fails only for reasons of its
// own, which end the download at once and are returned as they are.
type Destination interface {
	io.Writer
	// Size returns how many bytes were written since the last Restart.
	Size() int64
	// Restart drops what was written.
	Restart()
}

// copyBytes is how much of an answer is read at a time.
const copyBytes = 64 << 10

// Download writes the target's content to dst, which is empty. When the length
// becomes known, announce is called with it and may end the download with an
// error. The error returned is a *Error, one of dst or announce, or ctx's
// cause.
func (c *Client) Download(ctx context.Context, t *Target, dst Destination, announce func(bytes int64) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.Timeout, errTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), nil)
	if err != nil {
		return &Error{Reason: "the URL cannot be requested", Tries: 0}
	}
	r.Header = t.headers.Clone()
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Accept-Encoding", "identity")

	d := &download{config: &c.config, target: t, dst: dst, announce: announce, total: -1}
	retrying := &retryablehttp.Client{
		HTTPClient:     c.http,
		RetryWaitMin:   c.config.WaitMin,
		RetryWaitMax:   c.config.WaitMax,
		RetryMax:       triesMax - 1, // checkRetry gives up, mostly long before
		RequestLogHook: func(retryablehttp.Logger, *http.Request, int) { d.tries++ },
		CheckRetry:     d.checkRetry,
		Backoff:        d.backoff,
		PrepareRetry:   d.prepareRetry,
		ErrorHandler:   giveUp,
	}
	request, err := retryablehttp.FromRequest(r)
	if err != nil {
		return &Error{Reason: "the URL cannot be requested", Tries: 0}
	}
	request.SetResponseHandler(d.receive)
	if _, err = retrying.Do(request); err == nil {
		return nil
	}
	return d.explain(ctx, err)
}

// giveUp hands the last error on as it is; the library's own would show the
// URL.
func giveUp(resp *http.Response, err error, _ int) (*http.Response, error) {
	if resp != nil {
		_ = resp.Body.Close() // nothing of it is wanted any more
	}
	if err == nil {
		err = errTriesMax
	}
	return nil, err
}

var (
	errTimeout  = errors.New("the download did not finish within the time-out")
	errTriesMax = errors.New("given up although each try brought something")
)

// download is the state of one download. Its methods are called by
// retryablehttp, one after the other, on one goroutine:
// receive → checkRetry → backoff → prepareRetry → receive …
type download struct {
	config   *Config
	target   *Target
	dst      Destination
	announce func(int64) error

	tries     int    // requests made
	fruitless int    // tries in a row that brought nothing new
	most      int64  // most bytes that dst has held
	total     int64  // length of the file; -1 when not known
	validator string // ETag or Last-Modified of what dst holds; empty: cannot resume
	ranged    bool   // the running request asks for the rest only
	last      error  // why the last try failed
}

// statusError is an answer that is not the file.
type statusError struct{ code int }

func (e *statusError) Error() string {
	if text := http.StatusText(e.code); text != "" {
		return fmt.Sprintf("HTTP %d %s", e.code, text)
	}
	return fmt.Sprintf("HTTP %d", e.code)
}

// shortError is an answer that ended before the file did.
type shortError struct{ got, want int64 }

func (e *shortError) Error() string {
	if e.want < 0 {
		return fmt.Sprintf("the connection was closed after %d bytes, before the end of the file", e.got)
	}
	return fmt.Sprintf("only %d of %d bytes arrived", e.got, e.want)
}

// localError is a failure on our side: of dst or announce.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }

// answerError is an answer that makes no sense.
type answerError struct {
	reason    string
	transient bool
}

func (e *answerError) Error() string { return e.reason }

// receive takes in an answer. It returns nil once dst holds the whole file.
func (d *download) receive(resp *http.Response) error {
	held := d.dst.Size()
	switch {
	case resp.StatusCode == http.StatusOK:
		// The start of the file, also if the rest of it was asked for.
		d.dst.Restart()
		d.total = resp.ContentLength
		d.validator = validator(resp.Header)
	case resp.StatusCode == http.StatusPartialContent && d.ranged:
		start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if !ok || start != held || d.total >= 0 && total >= 0 && total != d.total ||
			resp.Header.Get("ETag") != "" && strings.HasPrefix(d.validator, `"`) && resp.Header.Get("ETag") != d.validator {
			d.validator = ""
			return &answerError{"the server answered a request for the rest of the file with something else", true}
		}
		if d.total < 0 {
			d.total = total
		}
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && d.ranged:
		// Nothing is left to send if what we hold is all there is.
		if total, ok := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes */"); ok && d.total < 0 {
			if n, err := strconv.ParseInt(total, 10, 64); err == nil && n == held {
				return nil
			}
		}
		d.validator = ""
		return &answerError{"the server refused to send the rest of the file", true}
	default:
		return &statusError{resp.StatusCode}
	}
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity", "gzip", "x-gzip", "zstd":
		// Compression is found by content, whoever applied it.
	default:
		return &answerError{reason: "the server compressed the file in a way that is not understood (Content-Encoding) although it was asked not to"}
	}
	if d.total >= 0 {
		if err := d.announce(d.total); err != nil {
			return &localError{err}
		}
	}
	return d.copyBody(resp.Body)
}

// copyBody appends an answer's body to dst. It closes the body, since what
// retryablehttp would do, reading on, is of no use after a failed read.
func (d *download) copyBody(body io.ReadCloser) error {
	defer body.Close()
	buf := make([]byte, copyBytes)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, err := d.dst.Write(buf[:n]); err != nil {
				return &localError{err}
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			if err != io.EOF || d.total >= 0 && d.dst.Size() != d.total {
				return &shortError{d.dst.Size(), d.total}
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// validator returns what If-Range may name: a strong ETag, or else the date of
// last modification (RFC 9110, section 13.1.5). Empty: the server cannot say
// whether the file is still the same, or does not serve parts.
func validator(h http.Header) string {
	if strings.EqualFold(h.Get("Accept-Ranges"), "none") {
		return ""
	}
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return h.Get("Last-Modified")
}

// parseContentRange reads "bytes 5-9/10" or "bytes 5-9/*" (RFC 9110, section
// 14.4); total is -1 for the latter.
func parseContentRange(s string) (start, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, size, found := strings.Cut(s, "/")
	first, last, found2 := strings.Cut(span, "-")
	if !ok || !found || !found2 {
		return 0, 0, false
	}
	start, err := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if err != nil || err2 != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return start, total, err == nil && end < total
}

// checkRetry is asked twice a try: for the answer's head, and for what receive
// made of it.
func (d *download) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err == nil {
		return false, nil
	}
	d.last = err
	if !transient(err) {
		return false, err
	}
	if size := d.dst.Size(); size > d.most {
		d.most, d.fruitless = size, 0
	}
	d.fruitless++
	if d.fruitless > d.config.Retries {
		return false, err
	}
	if wait, ok := retryAfter(resp); ok && wait > d.config.RetryAfterMax {
		return false, &retryAfterError{err, wait}
	}
	return true, nil
}

// retryAfterError is a server that wants to be left alone for too long.
type retryAfterError struct {
	err  error
	wait time.Duration
}

func (e *retryAfterError) Error() string {
	return fmt.Sprintf("%v; the server asks to come back in %v", e.err, e.wait)
}

func (e *retryAfterError) Unwrap() error { return e.err }

// backoff is the pause before the next try: what the server asks for, or else
// exponential with jitter, so that many downloads that failed together do not
// come back together.
func (d *download) backoff(waitMin, waitMax time.Duration, _ int, resp *http.Response) time.Duration {
	wait := waitMax
	if doublings := d.fruitless - 1; doublings < 20 {
		wait = min(waitMin<<doublings, waitMax)
	}
	wait = wait/2 + rand.N(wait/2+1)
	if asked, ok := retryAfter(resp); ok {
		return max(asked, wait)
	}
	return wait
}

// retryAfter reads the Retry-After header of an answer (RFC 9110, section
// 10.2.3): seconds or a date.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil || resp.StatusCode < 400 {
		return 0, false
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// prepareRetry asks for the rest of the file only, if the server can tell that
// it is still the same one.
func (d *download) prepareRetry(r *http.Request) error {
	r.Header = r.Header.Clone() // net/http may still be looking at the old one
	r.Header.Del("Range")
	r.Header.Del("If-Range")
	held := d.dst.Size()
	d.ranged = held > 0 && d.validator != ""
	if d.ranged {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", held))
		r.Header.Set("If-Range", d.validator)
	}
	return nil
}
