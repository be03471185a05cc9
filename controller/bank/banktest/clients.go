package banktest

import "github.com/swaperoo/swaperoo/comm/taler"

// Till is a client of the Terminal API.
func (h *House) Till(l Login) *taler.Client { return h.Client("", taler.Basic(l.Name, l.Token)) }

// Wallet is a client of the Bank Integration API.
func (h *House) Wallet() *taler.Client { return h.Client("taler-integration/", taler.Anonymous()) }

// Exchange is a client of the Wire Gateway API.
func (h *House) Exchange() *taler.Client {
	return h.Client("taler-wire-gateway/", taler.Basic(h.Gateway.User, h.Gateway.Password))
}

// Client is one of any of its APIs, at a path below the house's URL.
func (h *House) Client(path string, as taler.Authorization) *taler.Client {
	h.tb.Helper()
	c, err := taler.NewClient(h.URL+path, nil, as)
	if err != nil {
		h.tb.Fatal(err)
	}
	return c
}
