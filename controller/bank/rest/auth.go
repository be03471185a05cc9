package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/profile"
)

// challenge is a refusal for want of credentials. It says which would do.
type challenge struct {
	error
	code    taler.Code
	schemes []string
}

func (c *challenge) Unwrap() error { return c.error }

// scheme is how an API wants to be shown credentials.
type scheme struct {
	realm   string
	kind    profile.Kind
	bearer  bool       // tokens as well as login and password
	missing taler.Code // of the answer 401 if nothing was shown
}

var (
	terminals = scheme{"taler-terminal", profile.Terminal, false, taler.CodeUnauthorized}
	gateways  = scheme{"taler-wire-gateway", profile.Gateway, true, taler.CodeParameterMissing} // as libeufin says it
)

func (s scheme) refuse(code taler.Code, sentence string) error {
	c := &challenge{
		error:   fault.New(fault.Denied, "%s", sentence).Because(taler.ReasonUnauthorized),
		code:    code,
		schemes: []string{`Basic realm="` + s.realm + `", charset="UTF-8"`},
	}
	if s.bearer {
		c.schemes = append(c.schemes, `Bearer realm="`+s.realm+`"`)
	}
	return c
}

// loginCheck looks at the login of a request again, after the request has waited: it may have
// been disabled, or have another password or token. The error is the refusal (401).
type loginCheck func(context.Context) error

// asTerminal serves terminals only, and tells the handler which one asks.
func (a *API) asTerminal(h func(http.ResponseWriter, *http.Request, *profile.Principal) error) handler {
	return a.asWaitingTerminal(func(w http.ResponseWriter, r *http.Request, p *profile.Principal, _ loginCheck) error {
		return h(w, r, p)
	})
}

// asWaitingTerminal is asTerminal for a handler that may hold the request, and gets what checks
// the login again then. The terminal is a pointer because thousands of held requests would each
// have it on the stack.
func (a *API) asWaitingTerminal(h func(http.ResponseWriter, *http.Request, *profile.Principal, loginCheck) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, valid, err := a.login(r, terminals)
		if err != nil {
			return err
		}
		return h(w, r, p, valid)
	}
}

// asGateway serves exchanges only, each at its own account.
func (a *API) asGateway(h func(http.ResponseWriter, *http.Request, bank.Exchange) error) handler {
	return a.asWaitingGateway(func(w http.ResponseWriter, r *http.Request, x bank.Exchange, _ loginCheck) error { return h(w, r, x) })
}

// asWaitingGateway is asGateway for a handler that may hold the request.
func (a *API) asWaitingGateway(h func(http.ResponseWriter, *http.Request, bank.Exchange, loginCheck) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, valid, err := a.login(r, gateways)
		if err != nil {
			return err
		}
		x := a.bank.ExchangeOf(*p)
		if err := a.mayRead(r, x); err != nil {
			return err
		}
		return h(w, r, x, valid)
	}
}

const notRight = "login or token is not right"

// login finds the principal of a request by its credentials, before the body is read, and
// returns what checks the login again later. Wrong credentials are 401; after too many of one
// address they are 429 (see guesses). Right ones always work, whatever came from there before.
func (a *API) login(r *http.Request, s scheme) (*profile.Principal, loginCheck, error) {
	shown, err := credentials(r, s)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.bank.Profiles().Login(r.Context(), s.kind, shown.login, shown.token)
	if errors.Is(err, fault.Denied) {
		if !loopback(r) {
			if err := a.guesses.wrong(host(r)); err != nil {
				return nil, nil, err
			}
		}
		return nil, nil, s.refuse(shown.refusal, notRight)
	}
	if err != nil {
		return nil, nil, err
	}
	refusal := shown.refusal
	return &p, func(ctx context.Context) error {
		_, err := a.bank.Profiles().Present(ctx, p)
		if errors.Is(err, fault.Denied) {
			return s.refuse(refusal, notRight)
		}
		return err
	}, nil
}

// shown are the credentials that a request shows.
type shown struct {
	login, token string
	refusal      taler.Code // of the answer 401 if they are wrong
}

// credentials reads the Authorization header: Basic (RFC 7617) and, where the
// scheme has it, Bearer (RFC 6750).
func credentials(r *http.Request, s scheme) (shown, error) {
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return shown{}, s.refuse(s.missing, "this needs credentials")
	}
	kind, value, blank := strings.Cut(given[0], " ")
	if !blank || len(given) > 1 {
		return shown{}, badHeader()
	}
	value = strings.TrimSpace(value)
	switch {
	case strings.EqualFold(kind, "Basic"):
		text, err := base64.StdEncoding.DecodeString(value)
		login, token, colon := strings.Cut(string(text), ":")
		if err != nil || !colon {
			return shown{}, badHeader()
		}
		return shown{login, token, taler.CodeUnauthorized}, nil
	case strings.EqualFold(kind, "Bearer") && s.bearer:
		login, token := bank.ReadBearer(value) // both empty if it is not one of ours
		return shown{login, token, taler.CodeTokenUnknown}, nil
	}
	return shown{}, s.refuse(taler.CodeUnauthorized, "these are not credentials that are known here")
}

func badHeader() error {
	return fault.New(fault.Invalid, "the Authorization header cannot be read").Because(taler.ReasonHeadersMalformed)
}
