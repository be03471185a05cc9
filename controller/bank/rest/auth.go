package rest

import (
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
	missing taler.Code // when nothing was shown
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

// asTerminal lets only terminals in and says which one it is: by pointer, for some
// wait with it on their stack.
func (a *API) asTerminal(h func(http.ResponseWriter, *http.Request, *profile.Principal) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := a.login(r, terminals)
		if err != nil {
			return err
		}
		return h(w, r, p)
	}
}

// asGateway lets only exchanges in, each at its own account.
func (a *API) asGateway(h func(http.ResponseWriter, *http.Request, bank.Exchange) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := a.login(r, gateways)
		if err != nil {
			return err
		}
		x := a.bank.ExchangeOf(*p)
		if err := a.mayRead(r, x); err != nil {
			return err
		}
		return h(w, r, x)
	}
}

// login knows the principal of a request by its credentials, before the body is
// read. A right token always works; wrong ones are counted by address.
func (a *API) login(r *http.Request, s scheme) (*profile.Principal, error) {
	shown, err := credentials(r, s)
	if err != nil {
		return nil, err
	}
	p, err := a.bank.Profiles().Login(r.Context(), s.kind, shown.login, shown.token)
	if errors.Is(err, fault.Denied) {
		if a.o.LimitLoopback || !loopback(r) {
			if err := a.guesses.wrong(host(r)); err != nil {
				return nil, err
			}
		}
		return nil, s.refuse(shown.wrong, "login or token is not right")
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// shown is what a request shows, and what it is told if that is wrong.
type shown struct {
	login, token string
	wrong        taler.Code
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
