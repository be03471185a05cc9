package taler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// What a client grants a bank.
const (
	maxAnswer      = 1 << 20          // bytes of an answer
	requestTimeout = 30 * time.Second // beyond the long poll that was asked for
	maxRedirects   = 5
)

// Client asks one API of a bank by the same table of routes that a bank mounts.
// It works with every server of these APIs, ours or not. It is safe for
// concurrent use and keeps no state.
//
// Errors are faults. A refusal has the kind and reason of the server's error
// code. fault.Unavailable and fault.Timeout mean that nothing was changed;
// fault.Unknown, only of requests that change something, that it may have been:
// repeat the request, which every route allows, or look. fault.Unsupported with
// ReasonAnswerMalformed means that no Taler server is there.
type Client struct {
	base string // ends with one slash
	http *http.Client
	auth Authorization
}

// NewClient makes a client for the API at base. Of httpClient the transport is
// used, nil means the default one; redirects and deadlines are the client's own.
// Whether base may be called at all (CheckURL) is the caller's decision.
func NewClient(base string, httpClient *http.Client, auth Authorization) (*Client, error) {
	u, err := CheckURL(base, true)
	if err != nil {
		return nil, err
	}
	own := &http.Client{CheckRedirect: checkRedirect}
	if httpClient != nil {
		own.Transport = httpClient.Transport
	}
	return &Client{strings.TrimSuffix(u.String(), "/") + "/", own, auth}, nil
}

// As is the client with another proof of who it is, at the same API.
func (c *Client) As(auth Authorization) *Client {
	other := *c
	other.auth = auth
	return &other
}

// BaseURL is where the API is; it ends with a slash.
func (c *Client) BaseURL() string { return c.base }

// call is one request by the table and where its answer goes: into out, or as it
// came into raw, or nowhere.
type call struct {
	route RouteName
	vars  Vars
	query url.Values
	wait  time.Duration
	in    any
	out   any
	raw   *[]byte
}

// do sends the request. found is false when no document came although the status
// is a success (204), or none was wanted.
func (c *Client) do(ctx context.Context, k call) (found bool, err error) {
	route, ok := RouteOf(k.route)
	if !ok {
		return false, fault.New(fault.Internal, "there is no route %s", k.route)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+k.wait)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := c.request(ctx, route, k)
	if err != nil {
		return false, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return false, c.broken(err, changes(route) && sent.Load())
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return false, c.broken(err, changes(route))
	}
	if len(body) > maxAnswer {
		return false, c.unreadable(route, nil, "is longer than 1 MiB", ReasonAnswerTooLarge)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return false, refusal(route, res.StatusCode, body)
	}
	if res.StatusCode == http.StatusNoContent || k.out == nil && k.raw == nil {
		return false, nil
	}
	if k.raw != nil {
		*k.raw = body
		return true, nil
	}
	if err := Unmarshal(body, k.out); err != nil {
		what := "is not the document of this API"
		if looksLikeHTML(body) {
			what = "is a web page"
		}
		return false, c.unreadable(route, err, what, ReasonAnswerMalformed)
	}
	return true, nil
}

func (c *Client) request(ctx context.Context, route Route, k call) (*http.Request, error) {
	target := c.base + strings.TrimPrefix(route.Path(k.vars), "/")
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	var body io.Reader
	if k.in != nil {
		text, err := json.Marshal(k.in)
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "the request cannot be written")
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, route.Method, target, body)
	if err != nil {
		return nil, fault.New(fault.Internal, "the request cannot be made")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	c.auth.apply(req)
	return req, nil
}

// refusal is the fault of a status that is not 2xx. Only a request that changes
// something can have an unknown outcome.
func refusal(route Route, status int, body []byte) error {
	f := fault.From(FaultOf(status, body)).Foreign()
	if f.Kind == fault.Unknown && !changes(route) {
		f.Kind = fault.Unavailable
	}
	return f
}

// broken is the fault of a connection that gave no answer. The cause loses the
// URL that net/http puts around it: it holds the WOPID.
func (c *Client) broken(err error, maybeDone bool) error {
	if around, ok := errors.AsType[*url.Error](err); ok {
		err = around.Err
	}
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f // the guard at the dialer or the redirect said no
	}
	host := c.host()
	switch {
	case comm.Untrusted(err):
		return comm.Unreached(err, host)
	case maybeDone:
		return fault.Wrap(err, fault.Unknown, "%s did not answer; the request may have arrived", host).Because("answer-missing").WithHint("ask again")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Late(err, "%s did not answer in time", host).Because("answer-late")
	}
	return comm.Unreached(err, host)
}

// unreadable is the fault of a 2xx answer that says nothing: the request may have
// been done, but not by a server that we understand.
func (c *Client) unreadable(route Route, cause error, what string, reason fault.Reason) error {
	kind := fault.Unsupported
	if changes(route) {
		kind = fault.Unknown
	}
	return fault.Wrap(cause, kind, "what %s answered %s", c.host(), what).Because(reason).
		WithHint("is this the address of a Taler bank, with nothing in between?")
}

func (c *Client) host() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return "the server"
	}
	return u.Host
}

func changes(route Route) bool { return route.Method != http.MethodGet }

// checkRedirect follows as Taler's clients do: 307 and 308 with method and body,
// 301 and 302 for GET only, never from https to http, nor over http from this machine to
// another, and without credentials to another origin.
func checkRedirect(next *http.Request, before []*http.Request) error {
	first, last := before[0], before[len(before)-1]
	switch {
	case len(before) > maxRedirects:
		return fault.New(fault.Unavailable, "%s redirects too often", first.URL.Host).Because(ReasonRedirectRefused)
	case next.Method != first.Method:
		return http.ErrUseLastResponse // a POST would arrive as a GET; the 30x becomes the answer
	case next.URL.Scheme != "https" && (next.URL.Scheme != last.URL.Scheme || IsLoopbackName(last.URL.Hostname()) && !IsLoopbackName(next.URL.Hostname())):
		return fault.New(fault.Denied, "%s redirects to an address without encryption", first.URL.Host).Because(ReasonRedirectRefused)
	}
	next.Header.Del("Referer") // it would hold the WOPID
	if next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme {
		next.Header.Del("Authorization")
	}
	return nil
}
