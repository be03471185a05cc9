package rest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/profile"
)

// TestWhoWasLetGoHearsNothing: a terminal or an exchange whose login was rotated or
// disabled while it waited is refused when what it waited for is there.
func TestWhoWasLetGoHearsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		as   func(*banktest.House) request
		ends func(context.Context, *banktest.House) error
		code taler.Code
	}{
		"a terminal that got another token": {
			as: atTill,
			ends: func(ctx context.Context, h *banktest.House) error {
				_, _, err := h.Bank.RotateTerminal(ctx, h.Terminal.Name)
				return err
			},
			code: taler.CodeUnauthorized,
		},
		"a terminal that was disabled": {
			as: atTill,
			ends: func(ctx context.Context, h *banktest.House) error {
				return h.Bank.DisableTerminal(ctx, h.Terminal.Name)
			},
			code: taler.CodeUnauthorized,
		},
		"an exchange with a new password": {as: atGateway, ends: rotatesGateway, code: taler.CodeUnauthorized},
		"an exchange with a new token": {
			as: func(h *banktest.House) request {
				r := atGateway(h)
				r.login, r.header = banktest.Login{}, http.Header{"Authorization": {"Bearer " + h.Gateway.Token}}
				return r
			},
			ends: rotatesGateway,
			code: taler.CodeTokenUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{})
			h.API.Moment(0)
			id := selected(t, h, "u", key(1))
			r := c.as(h)
			if r.path == "" {
				r.path = "/withdrawals/" + id.Text() + "?timeout_ms=100000&old_state=selected"
			}
			ctx := withTimeout(t)
			till, err := h.Bank.Profiles().Login(ctx, profile.Terminal, h.Terminal.Name, h.Terminal.Token)
			if err != nil {
				t.Fatal(err)
			}
			waits := later(ctx, h.URL, r)
			public := later(ctx, h.URL, request{method: "GET", path: "/taler-integration/withdrawal-operation/" + id.Text() + "?timeout_ms=100000&old_state=selected"})
			allWait(ctx, t, h, 0, 2)
			if err := c.ends(ctx, h); err != nil {
				t.Fatal(err)
			}
			pay(t, h, id, "tx")
			if err := h.Bank.Confirm(ctx, till, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"}); err != nil {
				t.Fatal(err)
			}
			(<-waits).want(t, 401, c.code)
			(<-public).want(t, 200, 0)
		})
	}
}

func atTill(h *banktest.House) request { return request{method: "GET", login: h.Terminal} }

func atGateway(h *banktest.House) request {
	return request{method: "GET", path: "/taler-wire-gateway/history/incoming?limit=5&timeout_ms=100000", login: exchange(h)}
}

func rotatesGateway(ctx context.Context, h *banktest.House) error {
	_, err := h.Bank.RotateGateway(ctx, h.Gateway.User)
	return err
}
