package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// errIdle ends a try during which nothing arrived for too long.
var errIdle = errors.New("no data arrived within the idle time-out")

// idleTimeoutTransport ends requests whose answer, or the next piece of it,
// does not come within limit. http.Client.Timeout would bound the whole
// transfer instead, which large files need not finish in any fixed time.
type idleTimeoutTransport struct {
	base  http.RoundTripper
	limit time.Duration
}

func (t *idleTimeoutTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(t.limit, func() { cancel(errIdle) })
	resp, err := t.base.RoundTrip(r.WithContext(ctx))
	timer.Stop()
	if err != nil {
		if context.Cause(ctx) == errIdle {
			err = errIdle
		}
		cancel(nil)
		return nil, err
	}
	resp.Body = &idleTimeoutBody{body: resp.Body, ctx: ctx, cancel: cancel, timer: timer, limit: t.limit}
	return resp, nil
}

type idleTimeoutBody struct {
	body   io.ReadCloser
	ctx    context.Context // of the request, to tell why a read failed
	cancel context.CancelCauseFunc
	timer  *time.Timer // runs during Read only: a slow disk is not a slow server
	limit  time.Duration
}

func (b *idleTimeoutBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF && context.Cause(b.ctx) == errIdle {
		err = errIdle
	}
	return n, err
}

func (b *idleTimeoutBody) Close() error {
	b.timer.Stop()
	err := b.body.Close()
	b.cancel(nil)
	return err
}
