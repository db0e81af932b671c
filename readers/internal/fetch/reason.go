package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Error says why a download failed for good. It holds no credentials.
type Error struct {
	Status int    // of the last answer; 0 when the last try ended without one
	Tries  int    // requests made
	Reason string // what went wrong last
}

func (e *Error) Error() string {
	if e.Tries == 1 {
		return e.Reason + " (1 try)"
	}
	return fmt.Sprintf("%s (%d tries)", e.Reason, e.Tries)
}

// transient reports whether it makes sense to try again after err.
func transient(err error) bool {
	var (
		status   *statusError
		answer   *answerError
		local    *localError
		redirect *redirectError
		dns      *net.DNSError
		record   tls.RecordHeaderError
		cert     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &status):
		switch status.code {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
			return false
		}
		return status.code >= 500
	case errors.As(err, &answer):
		return answer.transient
	case errors.As(err, &local), errors.As(err, &redirect), errors.Is(err, errProxy):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.As(err, &record), errors.As(err, &cert):
		return false
	}
	// What is left are broken connections, time-outs and bad answers.
	return !strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// explain makes the error that the caller sees.
func (d *download) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil && context.Cause(ctx) != errTimeout {
		return context.Cause(ctx)
	}
	var local *localError
	if errors.As(err, &local) {
		return local.err
	}
	e := &Error{Tries: d.tries}
	var status *statusError
	if errors.As(err, &status) {
		e.Status = status.code
	}
	if ctx.Err() != nil {
		e.Reason = fmt.Sprintf("not finished after %v", d.config.Timeout)
		if d.last != nil {
			e.Reason += "; last: " + d.reason(d.last)
		}
		return e
	}
	e.Reason = d.reason(err)
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		e.Reason += "; the server wants other credentials"
	}
	return e
}

// reasonBytesMax bounds how much of somebody else's message is passed on.
const reasonBytesMax = 300

// reason says in words that hold no secret why a try failed. Errors of
// net/http quote URLs, of redirects too, and pieces of the server's answer:
// only those parts are passed on that are known to be harmless.
func (d *download) reason(err error) string {
	var (
		status     *statusError
		short      *shortError
		answer     *answerError
		retryAfter *retryAfterError
		redirect   *redirectError
		dns        *net.DNSError
		hostname   x509.HostnameError
		authority  x509.UnknownAuthorityError
		invalid    x509.CertificateInvalidError
		record     tls.RecordHeaderError
		errno      syscall.Errno
		operation  *net.OpError
		urlErr     *url.Error
	)
	switch {
	case errors.As(err, &retryAfter):
		return retryAfter.Error()
	case errors.As(err, &status):
		return status.Error()
	case errors.As(err, &short):
		return short.Error()
	case errors.As(err, &answer):
		return answer.Error()
	case errors.As(err, &redirect):
		return redirect.Error()
	case errors.Is(err, errIdle):
		return fmt.Sprintf("no data for %v", d.config.IdleTimeout)
	case errors.Is(err, errProxy):
		return errProxy.Error()
	case errors.Is(err, errTriesMax):
		return errTriesMax.Error()
	case errors.As(err, &dns):
		return d.target.scrub(fmt.Sprintf("cannot find the host %q: %s", dns.Name, dns.Err))
	case errors.As(err, &hostname):
		return "the server's certificate is for another host"
	case errors.As(err, &authority):
		return "the server's certificate is signed by an authority that is not trusted here"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + d.target.scrub(invalid.Error())
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server does not speak TLS on this port; is it http:// instead of https://?"
	case errors.As(err, &errno):
		if errors.As(err, &operation) && operation.Op == "dial" {
			return "cannot connect: " + errno.Error()
		}
		return "the connection broke: " + errno.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection without an answer"
	}
	for errors.As(err, &urlErr) {
		err, urlErr = urlErr.Err, nil
	}
	text := d.target.scrub(err.Error())
	if i := strings.Index(text, "://"); i >= 0 { // a URL that we do not know
		text = "the request failed"
	}
	return text[:min(len(text), reasonBytesMax)]
}
