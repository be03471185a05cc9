package https

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Fetch implements comm.Fetcher. Before a connection is there, a failure is
// fault.Unavailable, or fault.Timeout if ctx itself ended: nothing happened. From
// then on it is fault.Unknown, whatever the method, until the answer is
// complete; an answer over the limit never is, nor one in an encoding that cannot
// be read. A GET or HEAD may arrive twice, if
// the server closed a kept connection under it; nothing else does.
func (f *Fetcher) Fetch(ctx context.Context, r comm.Fetch) (comm.Fetched, error) {
	u, err := f.check(r)
	if err != nil {
		return comm.Fetched{}, err
	}
	limit := cmp.Or(r.Limit, defaultLimit)
	within, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, f.o.Timeout))
	defer cancel()
	for hop := 0; ; hop++ {
		var connected atomic.Bool
		answer, next, err := f.once(within, r, u, limit, &connected)
		if err != nil {
			return comm.Fetched{}, failure(ctx, u, connected.Load(), err)
		}
		if next == nil || !r.Redirects || hop == maxRedirects {
			return answer, nil
		}
		u = next
	}
}

// once sends one request and reads its whole answer. It sets connected as soon
// as anything may have been sent.
func (f *Fetcher) once(ctx context.Context, r comm.Fetch, u *url.URL, limit int64, connected *atomic.Bool) (comm.Fetched, *url.URL, error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return comm.Fetched{}, nil, invalid("url-malformed", "no request can be made of this URL")
	}
	// Without it the library cannot send a body a second time by itself.
	req.GetBody = nil
	for name, value := range r.Header {
		// In small letters, or the library would take an Idempotency-Key as leave
		// to repeat the request.
		req.Header[strings.ToLower(name)] = []string{value}
	}
	req.Header.Set("User-Agent", UserAgent)
	resp, err := f.transport.RoundTrip(req)
	if err != nil {
		return comm.Fetched{}, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return comm.Fetched{}, nil, err
	}
	if int64(len(body)) > limit {
		return comm.Fetched{}, nil, tooBig(u, limit)
	}
	if body, err = plain(u, r.Header, resp, body, limit); err != nil {
		return comm.Fetched{}, nil, err
	}
	answer := comm.Fetched{Status: resp.StatusCode, Header: headers(resp.Header), Body: body}
	return answer, redirect(r, u, resp.StatusCode, resp.Header.Get("Location")), nil
}

// headers joins repeated ones as RFC 9110 §5.3 says. Cookies stay here.
func headers(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if name != "Set-Cookie" {
			out[name] = strings.Join(values, ", ")
		}
	}
	return out
}

// failure says what can be known about a request without an answer.
func failure(ctx context.Context, u *url.URL, connected bool, err error) error {
	var known *fault.Fault
	switch {
	case errors.As(err, &known):
		return known
	case connected:
		return fault.Wrap(err, fault.Unknown, "%s gave no complete answer; the request may have arrived", u.Host).
			Because("answer-missing")
	case ctx.Err() != nil:
		return fault.Wrap(ctx.Err(), fault.Timeout, "there was no time left to connect to %s", u.Host).Because("connect-timeout")
	}
	return comm.Unreached(err, u.Host)
}
