package rest

import (
	"net/http"

	"github.com/swaperoo/swaperoo/comm/taler"
)

func (a *API) integrationConfig(w http.ResponseWriter, _ *http.Request) error {
	cfg := a.bank.Config()
	spec := taler.PlainCurrency(cfg.Currency)
	return answer(w, taler.IntegrationConfig{
		Name: taler.IntegrationName, Version: taler.IntegrationVersion, Currency: cfg.Currency,
		CurrencySpecification: &spec, Implementation: implementation,
	}, nil)
}

func (a *API) operation(w http.ResponseWriter, r *http.Request) error {
	return a.status(w, r, nil, a.bank.Status)
}

func (a *API) selectReserve(w http.ResponseWriter, r *http.Request) error {
	id, err := a.wopid(r)
	if err != nil {
		return err
	}
	var in taler.BankWithdrawalOperationPostRequest
	if err := a.read(w, r, &in); err != nil {
		return err
	}
	out, err := a.bank.Select(r.Context(), id, in)
	return answer(w, out, err)
}

// operationAbort takes any body, or none.
func (a *API) operationAbort(w http.ResponseWriter, r *http.Request) error {
	id, err := a.wopid(r)
	if err != nil {
		return err
	}
	return done(w, a.bank.AbortByWallet(r.Context(), id))
}
