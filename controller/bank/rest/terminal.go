package rest

import (
	"context"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/profile"
)

// implementation names this software in every /config.
const implementation = "urn:x-swaperoo:bank"

// terminalConfig differs by the provider of the terminal that asks.
func (a *API) terminalConfig(w http.ResponseWriter, r *http.Request, p *profile.Principal) error {
	if err := a.refuseRemoved(r); err != nil {
		return err
	}
	provider, err := a.bank.ProviderOf(r.Context(), p.Facts[bank.FactProvider])
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the provider of this terminal is not known")
	}
	cfg := a.bank.Config()
	fees := cfg.WithdrawalFees
	if fees == (taler.Amount{}) {
		fees.Currency = cfg.Currency
	}
	out := taler.TerminalConfig{
		Name: taler.TerminalName, Version: taler.TerminalVersion, ProviderName: provider.Name, Currency: cfg.Currency,
		WithdrawalFees: fees, WireType: provider.WireType(), Implementation: implementation,
	}
	if out.Till, err = a.bank.TillFees(*p); err != nil {
		return err
	}
	out.Exchanges, err = a.choices(r)
	return answer(w, out, err)
}

func (a *API) setUp(w http.ResponseWriter, r *http.Request, p *profile.Principal) error {
	if err := a.refuseRemoved(r); err != nil {
		return err
	}
	var in taler.TerminalWithdrawalSetup
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	var err error
	if in.Exchange, err = chosen(r, in); err != nil {
		return err
	}
	out, err := a.bank.SetUp(r.Context(), *p, in)
	return answer(w, out, err)
}

func (a *API) terminalStatus(w http.ResponseWriter, r *http.Request, p *profile.Principal, valid loginCheck) error {
	return a.status(w, r, valid, func(ctx context.Context, id taler.WOPID, poll taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error) {
		return a.bank.StatusFor(ctx, p, id, poll)
	})
}

// check stores the notice; whether it is true is found out afterwards.
func (a *API) check(w http.ResponseWriter, r *http.Request, p *profile.Principal) error {
	id, err := a.wopid(r)
	if err != nil {
		return err
	}
	var in taler.TerminalWithdrawalConfirmationRequest
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	return done(w, a.bank.Confirm(r.Context(), *p, id, in))
}

// terminalAbort takes any body, or none.
func (a *API) terminalAbort(w http.ResponseWriter, r *http.Request, p *profile.Principal) error {
	id, err := a.wopid(r)
	if err != nil {
		return err
	}
	return done(w, a.bank.AbortByTerminal(r.Context(), *p, id))
}
